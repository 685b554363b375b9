"""The last networks: codes of generated pictures, the mapper that learns from them, and R.

All three come from the kit's own parts, by `load_domain`, as for any other domain; here are only
the settings of a short run.
"""

from __future__ import annotations

import shutil

from deltaedit_kit.codes import CodeStore, make_codes
from deltaedit_kit.domain import Domain
from deltaedit_kit.io.loading import load_domain
from deltaedit_kit.labs.own_domain.context import BuildContext
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.relevance import Plan, make_relevance
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.train import Run

SEED = 500_000  # nobody samples pictures up there


def domain_of(context: BuildContext) -> Domain:
    """The domain as far as it is made."""
    return load_domain(context.project.folder, context.device)


def make_store(context: BuildContext) -> None:
    """Fill codes/; what is there of other networks goes."""
    folder = context.project.folder / "codes"
    mark = context.workspace / f"codes-{context.fingerprint}.txt"
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        for old in context.workspace.glob("codes-*.txt"):
            old.unlink()
        mark.write_text("these codes are in ../codes\n")
    make_codes(
        domain_of(context), folder, context.sizes.codes, SEED, fast=True, progress=context.progress
    )


def make_mapper(context: BuildContext) -> None:
    """Train on the codes, write mapper.safetensors."""
    steps, domain = context.sizes.mapper_steps, domain_of(context)
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
        context.progress(run.step, steps)
        return True

    folder = context.workspace / f"mapper-{context.fingerprint}"
    mapper = train_fast(
        domain, CodeStore.open(context.project.folder / "codes"), config, folder, keep_going=going
    )
    header = context.header | {"networks": domain.fingerprint()}
    save_tensors(context.file("mapper"), mapper.state_dict(), header)


def make_r(context: BuildContext) -> None:
    """Write relevance.safetensors, by the slope of CLIP's view in every channel."""
    plan = Plan(context.sizes.relevance_pictures, method="gradient", fast=True)
    make_relevance(domain_of(context), context.file("relevance"), plan, context.progress)
