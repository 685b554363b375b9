"""Exercises that a learner writes, and checks that say which mistake an answer looks like.

from deltaedit_kit.labs.course import check, hint, show_solution
check("method.loss", my_loss)        hint("method.loss", 1)        show_solution("method.loss")

exercise    what an exercise is: a solution, inputs to try it on, mistakes by their names;
            hints.json: three for each
training, editing   the exercises of `00b_write_the_method`
delta_space, style_space, schedules, published   those of notebooks 01, 02, 03 and 08
evaluation, comparing   those of `06_metrics_and_baselines`
asking_people       those of `07_user_study`
sentences           those of `00_quickstart` and `04_text_editing`
photos              those of `05_your_own_photo`
unarranged, drawn_worlds   those of notebooks 09 and 10
bounded     run an answer in a process of its own, for five seconds at most
checking    right, or wrong and how
seeds       every learner's checks draw inputs of their own
quiz        five questions on a lesson, each option with its feedback
marking     tags of cells -> nbgrader's metadata
files       the notebooks and tables that come with the kit; unpacked for a learner
build       one source, three editions: student, solutions, nbgrader
grading     what a submission is worth
"""

from deltaedit_kit.labs.course.checking import check, hint, show_solution
from deltaedit_kit.labs.course.quiz import quiz

__all__ = ["check", "hint", "quiz", "show_solution"]
