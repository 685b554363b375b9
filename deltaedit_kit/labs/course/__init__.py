"""Exercises that a learner writes, and checks that say which mistake an answer looks like.

from deltaedit_kit.labs.course import check, hint, show_solution
check("method.loss", my_loss)        hint("method.loss", 1)        show_solution("method.loss")

exercise    what an exercise is: a solution, inputs to try it on, mistakes by their names
exercises/  all of them, and three hints for each
bounded     run an answer in a process of its own, for five seconds at most
checking    right, or wrong and how; what a submission is worth
seeds       every learner's checks draw inputs of their own
quiz        five questions on a lesson, each option with its feedback
marking     tags of cells -> nbgrader's metadata
files       the notebooks and tables that come with the kit; unpacked for a learner
build       one source, three editions: student, solutions, nbgrader
"""

from deltaedit_kit.labs.course.checking import check, hint, show_solution
from deltaedit_kit.labs.course.quiz import quiz

__all__ = ["check", "hint", "quiz", "show_solution"]
