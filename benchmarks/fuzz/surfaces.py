"""What the kit reads, each with a generator of cases, half of them spoilt from a good one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.fuzz import folders, words
from benchmarks.fuzz.good import load_standin, standin


@dataclass(frozen=True)
class Surface:
    """A name, what to make once, and one attempt: rng, folder, what was made, changed a little?"""

    name: str
    prepare: Callable[[Path], Any]
    attempt: Callable[[random.Random, Path, Any, bool], None]


SURFACES = {
    one.name: one
    for one in (
        Surface("checkpoints", folders.prepare_checkpoints, folders.read_checkpoint),
        Surface("domain folders", standin, folders.read_domain_folder),
        Surface("codes", folders.prepare_codes, folders.read_codes),
        Surface("captions", words.prepare_captions, words.read_caption_file),
        Surface("prompts", words.prepare_nothing, words.read_prompt_file),
        Surface("recipes", words.prepare_recipe, words.replay_recipe),
        Surface("photos", folders.prepare_photos, folders.read_picture),
        Surface("evaluation folders", folders.prepare_evaluation, folders.read_evaluation),
        Surface("study files", words.prepare_study, words.read_study),
        Surface("sentences", load_standin, words.say_sentence),
        Surface("command lines", standin, words.type_command),
    )
}
