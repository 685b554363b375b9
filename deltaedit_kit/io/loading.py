"""From a name to a domain: find its declaration, promise its networks, load nothing yet.

    load_domain("toyfaces")         embedded: weights come with the kit
    load_domain("ffhq")             published by others: files are fetched at their first use
    load_domain("path/to/folder")   one's own: domain.json and the files it names

Idea: `load_domain` returns at once; each network is read from its file when first used, and no
file is ever executed. The object is the same for every domain, whatever its sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.resources import files
from os import PathLike, fspath
from os.path import expanduser, isdir
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from deltaedit_kit.domain import Domain, Networks
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.cache import downloads_folder, own_folder
from deltaedit_kit.io.declaration import FILE_NAME, read_declaration
from deltaedit_kit.io.published_domain import Outside

if TYPE_CHECKING:
    import torch

    from deltaedit_kit.clip_space import ClipSpace
    from deltaedit_kit.domain_spec import DomainSpec
    from deltaedit_kit.mapper import DeltaMapper
    from deltaedit_kit.stylegan2 import Generator
    from deltaedit_kit.stylespace import StyleLayout

# name -> package that holds spec.py and, under weights/, the files the spec names
PACKAGES = {"toyfaces": "deltaedit_kit.toyfaces"}
# Declared in published/<name>.json; the files come from those who published them.
PUBLISHED = ("ffhq", "lsun-cat", "lsun-church", "lsun-horse")


def load_domain(name: str | PathLike[str], device: str | torch.device = "cpu") -> Domain:
    """The domain called `name`, or that of the folder `name`; networks load at their first use.

    Known names win over folders of the same name. Raises `DeltaEditError` for an unknown name
    (with the nearest one), a folder without a readable declaration, and an unusable device.
    """
    if isinstance(name, str) and name in PACKAGES:
        return embedded(name, device)
    outside = outside_of(name)
    return Domain(outside.spec, outside.networks(), device, outside.folder)


def outside_of(name: str | PathLike[str]) -> Outside:
    """Declaration and folders of a domain that does not come with the kit.

    Raises `DeltaEditError` for a name and a folder as `load_domain` does.
    """
    if isinstance(name, str) and name in PUBLISHED:
        return published(name)
    if isinstance(name, str | PathLike) and is_folder(name):
        return own(Path(expanduser(name)))
    raise DeltaEditError(unknown_name(name, (*PACKAGES, *PUBLISHED)))


def embedded(name: str, device: str | torch.device) -> Domain:
    """A domain whose weights come with the kit."""
    package = PACKAGES[name]
    spec: DomainSpec = import_module(f"{package}.spec").SPEC
    networks = Networks(
        generator=partial(_generator, spec, package),
        clip=partial(_clip, spec, package),
        mapper=partial(_mapper, spec, package),
        relevance=partial(_relevance, spec, package),
        read_factors=partial(_call, spec.oracle) if spec.oracle else None,
        relatives=partial(_call, spec.relatives) if spec.relatives else None,
        inversion=_promise(spec.inversion),
        identity=_promise(spec.identity),
    )
    return Domain(spec, networks, device)


def published(name: str) -> Outside:
    """The declaration of a published domain, its files in the cache."""
    file = files("deltaedit_kit.io.published") / f"{name}.json"
    spec = read_declaration(Path(str(file)))
    return Outside(spec, downloads_folder(), own_folder(name))


def own(folder: Path) -> Outside:
    """The declaration in a folder; everything that belongs to it stays in that folder."""
    folder = folder.resolve()
    return Outside(read_declaration(folder / FILE_NAME), folder, folder)


def is_folder(name: str | PathLike[str]) -> bool:
    """Whether `name` is meant as a folder: it is one, or is written as a path.

    A path that is not there is refused by the declaration's reader, which names it.
    """
    text = fspath(name)
    if not isinstance(text, str) or not text or "\0" in text:
        return False
    # os.path's isdir answers False where a name is longer than a file's can be; Path's raises.
    return isinstance(name, PathLike) or "/" in text or "\\" in text or isdir(text)


def unknown_name(name: Any, known: tuple[str, ...]) -> str:
    """The error text for a domain that is not there: the nearest name first, then all names."""
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.4) if isinstance(name, str) else []
    advice = f"did you mean {near[0]!r}? " if near else ""
    return (
        f"unknown domain {str(name)[:60]!r}; {advice}known domains: {', '.join(known)}, or a "
        f"folder with a {FILE_NAME}"
    )


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


def _promise(address: str | None) -> Callable[[], Callable[[torch.Tensor], torch.Tensor]] | None:
    """A network that is a function "module:function" of the package, imported at its first call."""
    return (lambda: partial(_call, address)) if address else None


def _call(address: str, *arguments: Any) -> torch.Tensor:
    """Call "module:function", importing the module only now."""
    module, function = address.split(":")
    return cast("Callable[..., torch.Tensor]", getattr(import_module(module), function))(*arguments)
