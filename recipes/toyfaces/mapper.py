"""Train the shipped DeltaMapper: sample codes from our generator, then learn from pairs of them.

    python -m recipes.toyfaces.mapper               # resumes codes and training by itself

No text enters, and no value of a factor: the mapper learns from pairs of pictures that our
generator drew and our CLIP embedded, one in four independent, the others correlated
(`domain.sample_w(..., correlated=10)`). Codes lie in a store under runs/toyfaces/mapper/<networks>,
which grows when more are asked for; three quarters at truncation 1, the rest calmer; pictures are
drawn as fast as the machine can. Several processes make them faster:

    torchrun --nproc-per-node 2 -m recipes.toyfaces.mapper --only-codes
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch

from benchmarks.machine import describe
from deltaedit_kit import load_domain
from deltaedit_kit.codes import Codes, CodeStore, make_codes
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.processes import this_rank
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.toyfaces.portraits import WEIGHTS
from deltaedit_kit.toyfaces.shipped_codes import write_shipped_codes
from deltaedit_kit.train import Report
from recipes.weights import rounded

RUN = Path("runs/toyfaces/mapper")
CORRELATED = 10
SEED = 500_000  # nobody samples faces up there
SHIPPED_CODES = 10_000  # for classes: see shipped_codes.py
TRUNCATIONS = (1.0, 1.0, 1.0, 0.7)

# The published loss; start and rate are for few steps (see ExperimentConfig). Of ten thousand codes
# and 1,000 batches of 96, the published start reached a held-out loss of .561 at rate 2 and .520 at
# rate 5 with a warm-up, orthogonal matrices .487 with both.
CONFIG = ExperimentConfig(
    steps=15_000,
    batch=256,
    learning_rate=4.0,
    schedule="cosine",
    warm_up=500,
    beta2=0.99,
    orthogonal=True,
    ema=0.999,
    correlated=CORRELATED,
    held_out=0.05,
    report_every=500,
    save_every=500,
)
CARD = """# DeltaMapper of toyfaces

- What: the mapper of DeltaEdit (arXiv:2303.06285), published architecture, sizes of this domain:
  {channels} style channels, CLIP width {width}, {parameters:,} parameters.
- Data: {codes:,} codes (s, i) sampled from the shipped generator at truncations {truncations},
  embedded by the shipped CLIP, in correlated groups of {correlated} that differ in one to three
  coordinates of z (`deltaedit_kit/toyfaces/correlated.py`). No text, no caption was used.
  Which coordinates are redrawn at their ends, and which anywhere (four walks through colours), is
  knowledge of this domain; the mapper is not told what changed.
- Made by: `python -m recipes.toyfaces.mapper --codes {codes} --steps {steps}`, settings {config}
- Time and machine: codes {code_seconds:.0f} s, training {seconds:.0f} s, {machine} (this run).
- Networks: {networks} (CRC-32 of generator and image tower; train again when either changes).
- Measured on held-out pairs: loss {validation:.4f}, cosine {cosine:.4f} (coarse {coarse:.3f},
  medium {medium:.3f}, fine {fine:.3f}), mean squared error {l2:.4f}. Edit success:
  `python -m benchmarks.toyfaces_quality --only editing`.
- Limits: it knows the faces of this generator only. A direction has no length: strength 1 goes as
  far as correlated codes usually differ, less what least squares takes off where it is not sure;
  hence the domain's default above 1.
"""
CODES_CARD = """# Codes of toyfaces

- What: unit CLIP embeddings [{codes:,}, E] of the first codes that the shipped mapper learned from,
  float16; their s is drawn again from the seed (`deltaedit_kit/toyfaces/shipped_codes.py`).
- Data: pictures of the shipped generator, in correlated groups of {correlated}. No text was used.
- Made by: `python -m recipes.toyfaces.mapper`, seed {seed}, on the way to the mapper.
- Networks: {networks} (CRC-32 of generator and image tower; make them again when either changes).
- Measured: the tests draw pictures from s and compare their embeddings with i.
- Limits: for classes; the shipped mapper learned from more.
"""


def write_card(
    out: Path, domain: Domain, config: ExperimentConfig, last: Report, **measured: object
) -> str:
    """The card beside the weights, from what this run measured."""
    text = CARD.format(
        channels=domain.layout.total,
        width=domain.clip.width,
        correlated=CORRELATED,
        truncations=", ".join(f"{psi:g}" for psi in TRUNCATIONS),
        config=", ".join(f"{key} {value}" for key, value in asdict(config).items()),
        machine=describe(str(domain.device)),
        networks=domain.fingerprint(),
        validation=last.validation,
        l2=last.validation_l2,
        cosine=last.validation_cosine,
        coarse=last.coarse,
        medium=last.medium,
        fine=last.fine,
        **measured,
    )
    out.write_text(text)
    return text


def codes_of(
    domain: Domain,
    folder: Path,
    n: int,
    seed: int,
    truncations: Sequence[float] = (1.0,),
    correlated: int = 1,
) -> CodeStore:
    """The first n codes of a store, those made now that lack; a process makes its share."""
    rank = this_rank()
    return make_codes(
        domain,
        folder,
        n,
        seed,
        truncations,
        batch=50,
        correlated=correlated,
        fast=True,
        progress=Progress("codes"),
        part=rank.index,
        parts=rank.world,
    )


def learn(
    domain: Domain, codes: Codes, config: ExperimentConfig, run: Path, out: Path
) -> tuple[DeltaMapper, Report]:
    """A mapper that learned from `codes`, written to the folder `out`; and its last report."""
    reports: list[Report] = []

    def tell(report: Report) -> None:
        reports.append(report)
        print(
            f"step {report.step}  loss {report.loss:.4f}  held out {report.validation:.4f}  cosine "
            f"{report.validation_cosine:.4f} ({report.coarse:.3f} {report.medium:.3f} "
            f"{report.fine:.3f})",
            flush=True,
        )

    mapper = train_fast(domain, codes, config, run, tell)
    header = {"domain": domain.spec.name, "networks": domain.fingerprint()}
    save_tensors(out / domain.spec.files["mapper"], rounded(mapper.state_dict()), header)
    return mapper, reports[-1]


def main() -> None:
    """Sample, train, write weights and card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--codes", type=int, default=75_000)
    parser.add_argument("--only-codes", action="store_true", help="make the codes, do not train")
    parser.add_argument("--steps", type=int, default=CONFIG.steps)
    parser.add_argument("--batch", type=int, default=CONFIG.batch)
    parser.add_argument("--learning-rate", type=float, default=CONFIG.learning_rate)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = parser.parse_args()
    config = replace(
        CONFIG, steps=given.steps, batch=given.batch, learning_rate=given.learning_rate
    )
    domain = load_domain("toyfaces", device=given.device)
    folder = RUN / domain.fingerprint()
    start = time.perf_counter()
    store = codes_of(domain, folder, given.codes, SEED, TRUNCATIONS, CORRELATED)
    if given.only_codes:
        return
    codes = store.resident(limit=given.codes)
    sampled = time.perf_counter()
    run = folder / f"{given.codes}-{config.steps}-{config.batch}-{config.learning_rate:g}"
    mapper, last = learn(domain, codes, config, run, given.out)
    shipped = codes.clip[:SHIPPED_CODES]
    write_shipped_codes(given.out / "codes.safetensors", store.header, shipped)
    (given.out / "codes.md").write_text(
        CODES_CARD.format(
            codes=len(shipped), correlated=CORRELATED, seed=SEED, networks=domain.fingerprint()
        )
    )
    card = write_card(
        given.out / "mapper.md",
        domain,
        config,
        last,
        codes=given.codes,
        steps=config.steps,
        parameters=sum(p.numel() for p in mapper.parameters()),
        code_seconds=sampled - start,
        seconds=time.perf_counter() - sampled,
    )
    print(card)


if __name__ == "__main__":
    main()
