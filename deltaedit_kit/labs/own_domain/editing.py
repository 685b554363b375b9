"""The last networks: codes of generated pictures, the mapper that learns from them, and R.

All three come from the kit's own parts, by `load_domain`, as for any other domain; here are only
the settings of a short run.
"""

from __future__ import annotations

import shutil

from deltaedit_kit.codes import CodeStore, make_codes
from deltaedit_kit.domain import Domain
from deltaedit_kit.io.loading import load_domain
from deltaedit_kit.labs.own_domain.bench import Bench
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.relevance import Plan, make_relevance
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.train import Run

SEED = 500_000  # nobody samples pictures up there


def domain_of(bench: Bench) -> Domain:
    """The domain as far as it is made."""
    return load_domain(bench.project.folder, bench.device)


def make_store(bench: Bench) -> None:
    """Fill codes/; what is there of other networks goes."""
    folder = bench.project.folder / "codes"
    mark = bench.workspace / f"codes-{bench.fingerprint}.txt"
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        for old in bench.workspace.glob("codes-*.txt"):
            old.unlink()
        mark.write_text("these codes are in ../codes\n")
    make_codes(domain_of(bench), folder, bench.sizes.codes, SEED, fast=True, progress=bench.tell)


def make_mapper(bench: Bench) -> None:
    """Train on the codes, write mapper.safetensors."""
    steps, domain = bench.sizes.mapper_steps, domain_of(bench)
    config = ExperimentConfig(
        steps=steps,
        batch=128,
        learning_rate=4.0,
        schedule="cosine",
        warm_up=min(200, steps // 5),
        beta2=0.99,
        orthogonal=True,
        ema=0.99,
        held_out=0.05,
        save_every=200,
    )

    def going(run: Run) -> bool:
        bench.tell(run.step, steps)
        return True

    folder = bench.workspace / f"mapper-{bench.fingerprint}"
    mapper = train_fast(
        domain, CodeStore.open(bench.project.folder / "codes"), config, folder, keep_going=going
    )
    header = bench.header | {"networks": domain.fingerprint()}
    save_tensors(bench.file("mapper"), mapper.state_dict(), header)


def make_r(bench: Bench) -> None:
    """Write relevance.safetensors, by the slope of CLIP's view in every channel."""
    plan = Plan(bench.sizes.relevance_pictures, method="gradient", fast=True)
    make_relevance(domain_of(bench), bench.file("relevance"), plan, bench.tell)
