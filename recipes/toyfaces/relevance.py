"""Make the relevance matrix R of toyfaces: where in CLIP space each style channel leads.

    python -m recipes.toyfaces.relevance --fast     # goes on after an interruption

With our generator and our CLIP, by the slope of CLIP's view in every channel (the default here) or
by the published difference (`--method difference`, many times slower). Parts that are done lie in
runs/toyfaces/relevance/, in a folder named after the two networks and the settings, so that a
matrix never mixes two generators.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from benchmarks.machine import describe
from deltaedit_kit import load_domain
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.relevance import METHODS, Plan, compute_relevance, kept_channels
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.toyfaces.portraits import WEIGHTS

RUN = Path("runs/toyfaces/relevance")
WHAT = {
    "gradient": "the mean slope of the CLIP embedding\n  in each style channel, all pictures "
    "weighing alike",
    "difference": "the mean change of the CLIP embedding when\n  one style channel goes from its "
    "mean - {step:g} standard deviations to its mean + {step:g}",
}
CARD = """# Relevance matrix of toyfaces

- What: R [{channels}, {width}] float32, unit rows: {what}.
- Data: {pictures} pictures sampled from the shipped generator (two halves, seeds 0 and 1,
  truncation 1), embedded by the shipped CLIP; no text, no label.
- Made by: `python -m recipes.toyfaces.relevance --pictures {pictures}{options}`
- Time and machine: {seconds:.0f} s, {machine}.
- Networks: {networks} (CRC-32 of generator and image tower; make R again when either changes).
- Measured: threshold {threshold:g} keeps {kept} channels on average over the example sentences.
  Halves of the pictures agree with a median cosine of {agreement:.3f} a row.
- Limits: a row says where a channel leads on average; it cannot tell that a channel does different
  things to different faces. Rows of channels that do next to nothing are noise of unit length.
"""


def main() -> None:
    """Make both halves, join them, write matrix and card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--method", choices=METHODS, default="gradient")
    parser.add_argument("--step", type=float, default=5.0, help="of the method difference")
    parser.add_argument("--batch", type=int, help="pictures a pass")
    parser.add_argument("--fast", action="store_true", help="draw as fast as this machine can")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = parser.parse_args()
    start = time.perf_counter()
    domain = load_domain("toyfaces", device=given.device)
    # Two halves of the pictures, so that the card can say how well they agree.
    pictures = max(given.pictures // 2, 1)
    plans = [
        Plan(pictures, given.step, seed, given.batch, given.fast, given.method) for seed in (0, 1)
    ]
    halves = [
        compute_relevance(domain, plan, RUN / plan.folder(domain), Progress("relevance")).cpu()
        for plan in plans
    ]
    relevance = torch.nn.functional.normalize(halves[0] + halves[1], dim=1)
    agreement = torch.nn.functional.cosine_similarity(halves[0], halves[1], dim=1).median()
    spec = domain.spec
    deltas = [domain.delta_text(text).cpu() for text in spec.examples]
    kept = kept_channels(relevance, torch.stack(deltas), spec.threshold).sum(1).float().mean()
    header = {"domain": spec.name, "networks": domain.fingerprint()}
    save_tensors(given.out / spec.files["relevance"], {"relevance": relevance}, header)
    card = CARD.format(
        channels=relevance.shape[0],
        width=relevance.shape[1],
        what=WHAT[given.method].format(step=given.step),
        pictures=given.pictures,
        options=(
            f"{' --method difference' if given.method == 'difference' else ''}"
            f"{' --fast' if given.fast else ''}"
        ),
        seconds=time.perf_counter() - start,
        machine=describe(str(domain.device)),
        networks=domain.fingerprint(),
        threshold=spec.threshold,
        kept=f"{kept:.0f} of {relevance.shape[0]}",
        agreement=float(agreement),
    )
    (given.out / "relevance.md").write_text(card)
    print(card)


if __name__ == "__main__":
    main()
