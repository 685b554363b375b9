"""From a generator and a CLIP to a domain that edits: codes, mapper, relevance, and their card.

    codes    (s, i) of sampled pictures at truncation 1
    mapper   the published loss on independent pairs of them; start and rate are for few steps
    R        the published difference of every channel, or its slope, which costs a fraction

    python -m recipes.toyfaces_learned.clip && python -m recipes.toyfaces_learned.finish
    python -m recipes.toyfaces_learned.generator
    python -m recipes.toyfaces_learned.finish --world toyfaces-learned

Resumes by itself; all files go to the world's folder of weights. Uses no text and no factor.
"""

from __future__ import annotations

import argparse
import shutil
import time
from dataclasses import asdict, replace
from types import ModuleType

import torch

from benchmarks.machine import describe
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.relevance import METHODS, Plan, make_relevance
from deltaedit_kit.toyfaces import learned, plain_clip
from recipes.toyfaces.mapper import codes_of, learn
from recipes.toyfaces_learned.generator import RUN
from recipes.toyfaces_learned.widen import widen

SEED = 600_000  # nobody samples faces up there
# World -> its module, and the network that its own recipe trains.
WORLDS: dict[str, tuple[ModuleType, str]] = {
    "toyfaces-plain-clip": (plain_clip, "clip"),
    "toyfaces-learned": (learned, "generator"),
}
CONFIG = ExperimentConfig(
    steps=4000,
    batch=128,
    learning_rate=4.0,
    schedule="cosine",
    warm_up=300,
    beta2=0.99,
    orthogonal=True,
    ema=0.999,
    held_out=0.05,
    report_every=250,
    save_every=250,
)
CARD = """# Mapper and relevance matrix of {name}

- What: DeltaMapper (arXiv:2303.06285), {channels} style channels, CLIP width {width}; and R
  [{channels}, {width}], unit rows, by the method "{method}" on {pictures} pictures.
- Data: {codes:,} codes (s, i) sampled at truncation 1, **independent pairs**; no text, no factor.
- Made by: `python -m recipes.toyfaces_learned.finish --world {name} --pictures {pictures}`,
  settings {config}
- Time and machine: {seconds:.0f} s, {machine}.
- Networks: {networks} (CRC-32 of generator and image tower; make both again when either changes).
- Measured on held-out pairs: loss {validation:.4f}, cosine {cosine:.4f}, mean squared error
  {l2:.4f}. Edits: `python -m benchmarks.worlds`.
- Limits: see the CLIP's card; an independent pair differs in every factor at once.
"""

RELEVANCE_CARD = """# Relevance matrix of {name}

- What: R [{channels}, {width}], unit rows, by the method "{method}" on {pictures} pictures.
  No text, no factor.
- Made by: `python -m recipes.toyfaces_learned.finish --world {name} --pictures {pictures}`,
  seed 0, together with the mapper, whose card beside it says the rest.
- Networks: {networks} (CRC-32 of generator and image tower; make it again when either changes).
"""


def main() -> None:
    """Make what is missing, then the card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--world", choices=WORLDS, default="toyfaces-plain-clip")
    parser.add_argument("--codes", type=int, default=12_000)
    parser.add_argument("--steps", type=int, default=CONFIG.steps)
    parser.add_argument("--pictures", type=int, default=100, help="that R looks at")
    parser.add_argument("--method", choices=METHODS, default="gradient", help="of R")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = parser.parse_args()
    start = time.perf_counter()
    module, own = WORLDS[given.world]
    module.FOLDER.mkdir(exist_ok=True)
    if (trained := RUN / f"{own}.safetensors").exists():  # else the shipped network stays
        copy = widen if own == "generator" else shutil.copyfile
        copy(trained, module.FOLDER / f"{own}.safetensors")
    domain = Domain(module.SPEC, module.NETWORKS, given.device, RUN / module.SPEC.name)
    folder = domain.folder / domain.fingerprint()
    config = replace(CONFIG, steps=given.steps)
    codes = codes_of(domain, folder / "codes", given.codes, SEED).resident(limit=given.codes)
    _, last = learn(domain, codes, config, folder / "mapper", module.FOLDER)
    plan = Plan(given.pictures, seed=0, fast=True, method=given.method)
    out = module.FOLDER / domain.spec.files["relevance"]
    make_relevance(domain, out, plan, Progress("relevance"))
    about = {
        "name": domain.spec.name,
        "channels": domain.layout.total,
        "width": domain.clip.width,
        "method": given.method,
        "pictures": given.pictures,
        "networks": domain.fingerprint(),
    }
    card = CARD.format(
        **about,
        codes=given.codes,
        config=", ".join(f"{key} {value}" for key, value in asdict(config).items()),
        seconds=time.perf_counter() - start,
        machine=describe(str(domain.device)),
        validation=last.validation,
        cosine=last.validation_cosine,
        l2=last.validation_l2,
    )
    (module.FOLDER / "mapper.md").write_text(card, encoding="utf-8")
    relevance_card = RELEVANCE_CARD.format(**about)
    (module.FOLDER / "relevance.md").write_text(relevance_card, encoding="utf-8")
    print(card)


if __name__ == "__main__":
    main()
