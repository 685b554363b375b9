"""From a name to a domain: find its declaration, promise its networks, load nothing yet.

Idea: `load_domain` returns at once; each network is read from its safetensors file when first
used. Safetensors are plain numbers with a header: reading one can run no code.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from deltaedit_kit.domains.domain import Domain, Networks
from deltaedit_kit.errors import DeltaEditError

if TYPE_CHECKING:
    import torch

    from deltaedit_kit.clip_space import ClipSpace
    from deltaedit_kit.domains.spec import DomainSpec
    from deltaedit_kit.mapper import DeltaMapper
    from deltaedit_kit.stylegan2 import Generator
    from deltaedit_kit.stylespace import StyleLayout

# name -> package that holds spec.py and, under weights/, the files the spec names
PACKAGES = {"toyfaces": "deltaedit_kit.domains.toyfaces"}


def load_domain(name: str, device: str | torch.device = "cpu") -> Domain:
    """The domain called `name`, its networks ready to load onto `device` at their first use.

    Raises `DeltaEditError` for an unknown name (with the nearest one) and an unusable device.
    """
    if not isinstance(name, str) or name not in PACKAGES:
        raise DeltaEditError(unknown_name(name, tuple(PACKAGES)))
    package = PACKAGES[name]
    spec: DomainSpec = import_module(f"{package}.spec").SPEC
    networks = Networks(
        generator=partial(_generator, spec, package),
        clip=partial(_clip, spec, package),
        mapper=partial(_mapper, spec, package),
        relevance=partial(_relevance, spec, package),
        read_factors=partial(_call, spec.oracle) if spec.oracle else None,
    )
    return Domain(spec, networks, device)


def unknown_name(name: Any, known: tuple[str, ...]) -> str:
    """The error text for a domain that is not there: the nearest name first, then all names."""
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.4) if isinstance(name, str) else []
    advice = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown domain {str(name)[:60]!r}; {advice}known domains: {', '.join(known)}"


def read_weights(spec: DomainSpec, package: str, network: str) -> dict[str, torch.Tensor]:
    """The tensors of one shipped network, on the CPU.

    Raises `DeltaEditError` naming the file when it is missing or not a safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    file = files(package) / "weights" / spec.files[network]
    try:
        return load(file.read_bytes())
    except (OSError, SafetensorError) as cause:
        raise DeltaEditError(
            f"cannot read the {network} of domain {spec.name!r} from {file}: {cause}; "
            "install the kit again, or make the file with its recipe in recipes/"
        ) from cause


def _generator(spec: DomainSpec, package: str) -> Generator:
    from deltaedit_kit.stylegan2 import Generator

    return Generator.from_state_dict(read_weights(spec, package, "generator"))


def _clip(spec: DomainSpec, package: str) -> ClipSpace:
    from deltaedit_kit.clip_space import ClipSpace

    return ClipSpace.from_state_dict(
        read_weights(spec, package, "clip"), preprocessing=spec.preprocessing
    )


def _mapper(spec: DomainSpec, package: str, layout: StyleLayout, clip_width: int) -> DeltaMapper:
    from deltaedit_kit.mapper import DeltaMapper

    mapper = DeltaMapper.from_state_dict(read_weights(spec, package, "mapper"), layout)
    if mapper.clip_width != clip_width:
        raise DeltaEditError(
            f"the mapper of domain {spec.name!r} reads CLIP vectors of width {mapper.clip_width}, "
            f"its CLIP writes {clip_width}; train the mapper on codes of this CLIP"
        )
    return mapper


def _relevance(spec: DomainSpec, package: str) -> torch.Tensor:
    return read_weights(spec, package, "relevance")["relevance"]


def _call(address: str, pictures: torch.Tensor) -> torch.Tensor:
    """Call "module:function", importing the module only now."""
    module, function = address.split(":")
    return cast("Callable[[torch.Tensor], torch.Tensor]", getattr(import_module(module), function))(
        pictures
    )
