"""How well a domain edits, by its own oracle; and how far an edit should reach.

    success       of the pictures that lack an attribute: the share that has it after its prompt
    side effect   mean change of all other factors

The settings, strength and threshold, are chosen on pictures that the card does not use: the pair
with the highest  success - PRICE max(0, side effect - AIM), the smaller strength where two tie.
"""

from __future__ import annotations

import json
from itertools import product

import pandas as pd
import torch
from torch import Tensor

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.domain.oracle import Attribute
from deltaedit_kit.editor import Editor
from deltaedit_kit.io.declaration import FILE_NAME
from deltaedit_kit.labs.metrics.edit_success import lacking, side_effect, succeeded
from deltaedit_kit.labs.own_domain.context import BuildContext
from deltaedit_kit.labs.own_domain.editing import domain_of
from deltaedit_kit.labs.own_domain.generator import psnr_to_renders
from deltaedit_kit.labs.own_domain.oracle import GUESS, reading_errors
from deltaedit_kit.support.atomic import write_text

TUNING_SEED, EVALUATION_SEED = 600_000, 700_000
STRENGTHS = (0.7, 1.0, 1.4, 2.0, 2.8)
KEPT = (1.0, 0.5, 0.25)  # shares of the channels that a sentence may touch
PRICE, AIM = 5.0, 0.04
REGRESSION = """\
Oracle, generator and CLIP learned from renders with known factors, CLIP from captions too."""
CRITIC = """\
Oracle and CLIP learned from renders with known factors, CLIP from captions too; the generator
from renders alone, by a critic."""


class EditEvaluation:
    """Pictures that lack each attribute, read once; asked again for every setting."""

    def __init__(self, domain: Domain, pictures: int, seed: int) -> None:
        oracle = domain.oracle
        assert oracle is not None
        self.domain, self.oracle = domain, oracle
        pool = domain.sample(4 * pictures, seed)
        read = oracle.read(pool.images)
        self.tasks: list[tuple[Attribute, Faces, Tensor]] = []
        for target in domain.attributes.values():
            rows = lacking(oracle, read, [target]).nonzero().flatten()[:pictures].tolist()
            if rows:
                self.tasks.append((target, pool.select(rows), read[rows]))

    def evaluate(
        self, strength: float | None = None, threshold: float | None = None
    ) -> pd.DataFrame:
        """Edit and count; None: the domain's settings.

        A row an attribute: `prompt`, number of `pictures`, and over these the share `success` and
        the mean `side_effect`.
        """
        editor, rows = Editor(self.domain), {}
        for target, faces, before in self.tasks:
            edit = editor.edit(faces, target.prompt, strength=strength, threshold=threshold)
            read = (self.oracle, before, self.oracle.read(edit.after), [target])
            reached = succeeded(*read).float().mean().item()
            beside = side_effect(*read).mean().item()
            rows[target.name] = (target.prompt, len(before), reached, beside)
        names = ["prompt", "pictures", "success", "side_effect"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=names)


def make_settings(context: BuildContext) -> None:
    """Choose strength and threshold, write them into the declaration."""
    domain = domain_of(context)
    edits = EditEvaluation(domain, max(context.sizes.evaluation_faces // 2, 4), TUNING_SEED)
    deltas = domain.delta_texts([target.prompt for target in domain.attributes.values()])
    says = (deltas @ domain.relevance.T).abs().flatten()
    grid = list(product(KEPT, STRENGTHS))
    best, chosen = float("-inf"), (0.0, 1.0)
    for done, (share, strength) in enumerate(grid):
        threshold = 0.0 if share == 1 else torch.quantile(says, 1 - share).item()
        quality = edits.evaluate(strength, threshold)
        beside = quality.side_effect.mean()
        score = quality.success.mean() - PRICE * max(0.0, beside - AIM)
        if score > best + 1e-6:
            best, chosen = score, (threshold, strength)
        context.progress(done + 1, len(grid))
    path = context.project.folder / FILE_NAME
    content = json.loads(path.read_text(encoding="utf-8"))
    content["threshold"], content["strength"] = round(chosen[0], 4), chosen[1]
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def make_card(context: BuildContext) -> str:
    """Write card.md; its two numbers."""
    domain = domain_of(context)
    quality = EditEvaluation(domain, context.sizes.evaluation_faces, EVALUATION_SEED).evaluate()
    clean, augmented = reading_errors(context), reading_errors(context, augmented=True)
    drawn = None if context.adversarial else psnr_to_renders(domain.generator, context.world())
    text = card(domain, quality, clean, augmented, drawn, context)
    write_text(context.project.folder / "card.md", text)
    return means(quality)


def means(quality: pd.DataFrame) -> str:
    """The two numbers over all attributes, in words."""
    beside = quality.side_effect.mean()
    return f"mean success {quality.success.mean():.0%}, mean side effect {beside:.3f}"


def card(
    domain: Domain,
    quality: pd.DataFrame,
    clean: dict[str, float],
    augmented: dict[str, float],
    drawn: float | None,
    context: BuildContext,
) -> str:
    """What was made and how good it is."""
    spec = domain.spec
    rows = "\n".join(
        f"| {name} | {prompt} | {pictures} | {success:.0%} | {beside:.3f} |"
        for name, prompt, pictures, success, beside in quality.itertuples()
    )
    read = "\n".join(f"| {name} | {clean[name]:.3f} | {augmented[name]:.3f} |" for name in clean)
    taught = CRITIC if context.adversarial else REGRESSION
    close = "" if drawn is None else f"; PSNR {drawn:.1f} dB to unseen renders of the same z"
    return f"""# {spec.name}: {spec.title}

{spec.resolution} px, {domain.layout.total} style channels, CLIP width {domain.clip.width}; strength
{spec.strength:g}, threshold {spec.threshold:g}{close}. Made by `{context.made_by}`.

## Edits, by the oracle

{means(quality).capitalize()}, on generated pictures that lack the attribute and on which no
setting was chosen.

| Attribute | Prompt | Pictures | Success | Side effect |
| --- | --- | --- | --- | --- |
{rows}

## The oracle

Mean error on renders that it never saw, as they are and augmented; a guess is {GUESS:.2f}.

| Factor | Renders | Augmented |
| --- | --- | --- |
{read}

## Supervision, said plainly

{taught}
The mapper saw generated pictures and their CLIP embeddings: no text, no factor. The oracle's own
errors are in every number above.
"""
