"""All exercises by their keys; a file holds those of one idea.

training, editing   those of `00b_write_the_method`
sentences           of `00_quickstart` and `04_text_editing`
delta_space, style_space, schedules, photos, published   of notebooks 01, 02, 03, 05 and 08
evaluation, comparing      of `06_metrics_and_baselines`
asking_people              of `07_user_study`
unarranged, drawn_worlds   of notebooks 09 and 10

To add one: the solution and its row in a file, three hints in `hints.json`, a cell that checks it.
"""

from deltaedit_kit.labs.course.exercises import (
    asking_people,
    comparing,
    delta_space,
    drawn_worlds,
    editing,
    evaluation,
    photos,
    published,
    schedules,
    sentences,
    style_space,
    training,
    unarranged,
)

EXERCISES = {
    exercise.key: exercise
    for file in (
        training,
        editing,
        delta_space,
        style_space,
        schedules,
        published,
        evaluation,
        comparing,
        asking_people,
        sentences,
        photos,
        unarranged,
        drawn_worlds,
    )
    for exercise in file.EXERCISES
}
