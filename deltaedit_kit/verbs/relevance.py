"""`deltaedit relevance DOMAIN`: make R, which says what style channels a sentence may touch.

deltaedit relevance lsun-church --pictures 100 --step 5 --device cuda

Layer after layer is stored as it is done, so a run that was stopped goes on where it was. The
result lies where `load_domain` looks for it; for the definition see `deltaedit_kit.relevance`.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from deltaedit_kit.errors import DeltaEditError

if TYPE_CHECKING:
    from torch import Tensor

    from deltaedit_kit.domains import Domain

BATCH = {"cpu": 32, "cuda": 256}  # pictures of 256 px a pass; fewer of larger ones
FULL_BATCH_UP_TO = 256  # px


def register(verbs: Any) -> None:
    """Add the verb and its options."""
    verb = verbs.add_parser("relevance", help="make the relevance matrix R of a domain")
    verb.add_argument("domain", metavar="DOMAIN", help="lsun-cat, ..., or a domain's folder")
    verb.add_argument("--pictures", type=int, default=100, help="to average over (default: 100)")
    verb.add_argument(
        "--step", type=float, default=5.0, help="standard deviations up and down (default: 5)"
    )
    verb.add_argument("--seed", type=int, default=0, help="which pictures (default: 0)")
    verb.add_argument("--batch", type=int, help="pictures a pass (default: what should fit)")
    verb.add_argument("--fast", action="store_true", help="draw in bfloat16")
    verb.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    verb.add_argument("--out", type=Path, metavar="FILE", help="default: where the domain finds it")
    verb.set_defaults(verb=relevance)


def relevance(options: argparse.Namespace) -> None:
    """Load the domain, make R and say where it is."""
    from deltaedit_kit.domains import load_domain

    domain = load_domain(options.domain, device=options.device)
    path = make_relevance(
        domain,
        options.pictures,
        options.step,
        options.seed,
        options.batch,
        options.fast,
        options.out,
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
) -> Path:
    """Make R with a progress bar, going on from stored layers; returns the path of the result.

    Raises `DeltaEditError` for wrong numbers and where the result cannot be written.
    """
    from tqdm.auto import tqdm

    from deltaedit_kit.atomic import save_tensors
    from deltaedit_kit.codes.header import networks_mark
    from deltaedit_kit.relevance import compute_relevance

    out = domain.folder / "relevance.safetensors" if out is None else out
    how = domain.spec.relevance_preprocessing or domain.spec.preprocessing
    mark = networks_mark(domain)
    parts = domain.folder / f"relevance-{mark}-{pictures}-{step:g}-{seed}-{how}-{int(fast)}"
    known = stored_layers(parts)
    widths = domain.layout.widths
    done = sum(widths[layer] for layer in known)
    header = {"domain": domain.spec.name, "networks": mark, "pictures": str(pictures)}

    def store(layer: int, rows: Tensor) -> None:
        save_tensors(parts / f"layer-{layer:02d}.safetensors", {"rows": rows})

    try:
        with tqdm(
            total=2 * pictures * sum(widths),
            initial=2 * pictures * done,
            unit="picture",
            desc="relevance",
        ) as bar:
            matrix = compute_relevance(
                seeing(domain, how),
                pictures,
                step,
                seed,
                batch or fitting_batch(domain),
                fast,
                known,
                on_layer=store,
                progress=bar.update,
            )
        save_tensors(out, {"relevance": matrix}, {**header, "step": f"{step:g}"})
    except OSError as cause:
        raise DeltaEditError(
            f"cannot write R to {out}: {cause}; make room, or give another file with --out, and "
            "run this again: finished layers are kept"
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


def stored_layers(parts: Path) -> dict[int, Tensor]:
    """Rows of the layers that an earlier run finished."""
    from safetensors.torch import load_file

    return {
        int(path.stem.split("-")[1]): load_file(path)["rows"]
        for path in sorted(parts.glob("layer-*.safetensors"))
    }


def fitting_batch(domain: Domain) -> int:
    """Pictures a pass that should fit into memory: a quarter for each doubling of their side."""
    shrink = max(domain.spec.resolution // FULL_BATCH_UP_TO, 1) ** 2
    return max(BATCH.get(domain.device.type, BATCH["cpu"]) // shrink, 4)
