"""`deltaedit relevance DOMAIN`: make R, which says what style channels a sentence may touch.

deltaedit relevance lsun-church --pictures 100 --step 5 --device cuda
deltaedit relevance my/domain --method gradient --fast

Layer after layer, or batch after batch of pictures, is stored as it is done, so a run that was
stopped goes on where it was. The result lies where `load_domain` looks for it; for a domain that
has an R already, say with --out where it goes. Definitions: the published one in
`deltaedit_kit.relevance`, a faster one in `deltaedit_kit.relevance_gradient`.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from deltaedit_kit.errors import DeltaEditError, finite_number, whole_number
from deltaedit_kit.labs.cli.places import check_tensors, home_of

if TYPE_CHECKING:
    from torch import Tensor

    from deltaedit_kit.domain import Domain

METHODS = ("difference", "gradient")
BATCH = {"cpu": 32, "cuda": 256}  # pictures of 256 px a pass; fewer of larger ones
GRADIENT_SHARE = 4  # a picture with its graph takes several times the memory of a picture alone
FULL_BATCH_UP_TO = 256  # px


def register(verbs: Any) -> None:
    """Add the verb and its options."""
    verb = verbs.add_parser("relevance", help="make the relevance matrix R of a domain")
    verb.add_argument("domain", metavar="DOMAIN", help="lsun-cat, ..., or a domain's folder")
    verb.add_argument(
        "--method", choices=METHODS, default=METHODS[0], help="difference (default) is the paper's"
    )
    verb.add_argument("--pictures", type=int, default=100, help="to average over (default: 100)")
    verb.add_argument(
        "--step", type=float, default=5.0, help="standard deviations up and down (default: 5)"
    )
    verb.add_argument("--seed", type=int, default=0, help="which pictures (default: 0)")
    verb.add_argument("--batch", type=int, help="pictures a pass (default: what should fit)")
    verb.add_argument("--fast", action="store_true", help="draw in bfloat16")
    verb.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    verb.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="default: where the domain finds it, if it has no R yet",
    )
    verb.set_defaults(verb=relevance)


def relevance(options: argparse.Namespace) -> None:
    """Load the domain, make R and say where it is."""
    from deltaedit_kit.io.loading import load_domain

    domain = load_domain(options.domain, device=options.device)
    path = make_relevance(
        domain,
        options.pictures,
        options.step,
        options.seed,
        options.batch,
        options.fast,
        options.out,
        options.method,
    )
    print(f"saved {path}")


def make_relevance(
    domain: Domain,
    pictures: int = 100,
    step: float = 5.0,
    seed: int = 0,
    batch: int | None = None,
    fast: bool = False,
    out: Path | None = None,
    method: str = "difference",
) -> Path:
    """Make R with a progress bar, going on from stored parts; returns the path of the result.

    `step` is for the method "difference" only. Raises `DeltaEditError` for wrong numbers, where
    the result cannot be written, and for a domain that has an R already when there is no `out`.
    """
    from tqdm.auto import tqdm

    from deltaedit_kit.atomic import save_tensors
    from deltaedit_kit.codes.header import networks_mark
    from deltaedit_kit.domain import HIGHEST_SEED
    from deltaedit_kit.relevance import compute_relevance
    from deltaedit_kit.relevance_gradient import gradient_relevance

    out = check_tensors(home_of(domain, "relevance") if out is None else out)
    how = domain.spec.relevance_preprocessing or domain.spec.preprocessing
    pictures, step = whole_number("pictures", pictures, 1), finite_number("step", step)
    seed = whole_number("seed", seed, 0, HIGHEST_SEED)
    size = fitting_batch(domain, method) if batch is None else whole_number("batch", batch, 1)
    mark = networks_mark(domain)
    settings = f"{step:g}" if method == "difference" else f"gradient-{size}"
    parts = domain.folder / f"relevance-{mark}-{pictures}-{settings}-{seed}-{how}-{int(fast)}"
    known = stored_parts(parts)
    header = {"domain": domain.spec.name, "networks": mark, "pictures": str(pictures)}
    header |= {"method": method} if method == "gradient" else {"method": method, "step": settings}

    def store(part: int, rows: Tensor) -> None:
        save_tensors(parts / f"part-{part:04d}.safetensors", {"rows": rows})

    try:
        with tqdm(unit="picture", desc="relevance") as bar:
            seer = seeing(domain, how)
            if method == "gradient":
                bar.total = pictures * domain.clip.width
                bar.update(domain.clip.width * sum(min(size, pictures - k) for k in known))
                matrix = gradient_relevance(
                    seer, pictures, seed, size, fast, known, store, bar.update
                )
            else:
                bar.total = 2 * pictures * domain.layout.total
                bar.update(2 * pictures * sum(domain.layout.widths[k] for k in known))
                matrix = compute_relevance(
                    seer, pictures, step, seed, size, fast, known, store, bar.update
                )
        save_tensors(out, {"relevance": matrix}, header)
    except OSError as cause:
        raise DeltaEditError(
            f"cannot write R to {out}: {cause}; make room, or give another file with --out, and "
            "run this again: finished parts are kept"
        ) from cause
    shutil.rmtree(parts, ignore_errors=True)
    return out


def seeing(domain: Domain, preprocessing: str) -> Any:
    """What `compute_relevance` asks of a domain, its CLIP taking pictures in the given way."""
    from deltaedit_kit.clip_space import ClipSpace

    clip = ClipSpace(domain.clip.model, domain.clip.tokenize, preprocessing)
    return SimpleNamespace(
        generator=domain.generator, clip=clip, layout=domain.layout, device=domain.device
    )


def stored_parts(parts: Path) -> dict[int, Tensor]:
    """Rows of the layers, or sums of the batches, that an earlier run finished."""
    from safetensors.torch import load_file

    return {
        int(path.stem.split("-")[1]): load_file(path)["rows"]
        for path in sorted(parts.glob("part-*.safetensors"))
    }


def fitting_batch(domain: Domain, method: str = "difference") -> int:
    """Pictures a pass that should fit into memory: a quarter for each doubling of their side."""
    shrink = max(domain.spec.resolution // FULL_BATCH_UP_TO, 1) ** 2
    pictures = BATCH.get(domain.device.type, BATCH["cpu"]) // shrink
    return max(pictures // GRADIENT_SHARE, 1) if method == "gradient" else max(pictures, 4)
