"""From a name to a domain: find its declaration, prepare its networks, load nothing yet.

    load_domain("toyfaces")         embedded: weights come with the kit
    load_domain("ffhq")             published by others: files are fetched at their first use
    load_domain("path/to/folder")   one's own: domain.json and the files it names

Idea: `load_domain` returns at once; each network is read from its file when first used, and no
file is ever executed. The object is the same for every domain, whatever its sizes.
"""

from __future__ import annotations

import os
import stat
from importlib import import_module
from importlib.resources import files
from os import PathLike, fspath
from os.path import expanduser, isdir
from pathlib import Path
from typing import TYPE_CHECKING

from deltaedit_kit.domain import Domain
from deltaedit_kit.io.cache import downloads_folder, own_folder
from deltaedit_kit.io.declaration import FILE_NAME, read_declaration
from deltaedit_kit.io.published_domain import DomainFiles
from deltaedit_kit.support.errors import DeltaEditError, did_you_mean

if TYPE_CHECKING:
    import torch

    from deltaedit_kit.domain.networks import Networks
    from deltaedit_kit.domain.spec import DomainSpec

MOST_FILES = 100_000  # in a domain's folder; codes come in some hundred
# Their weights come with the kit: name -> module with SPEC and NETWORKS.
EMBEDDED = {
    "toyfaces": "deltaedit_kit.toyfaces.networks",
    "toyfaces-plain-clip": "deltaedit_kit.toyfaces.plain_clip",
    "toyfaces-learned": "deltaedit_kit.toyfaces.learned",
}
# Declared in published/<name>.json; the files come from those who published them.
PUBLISHED = ("ffhq", "lsun-cat", "lsun-church", "lsun-horse")


def load_domain(name: str | PathLike[str], device: str | torch.device = "cpu") -> Domain:
    """The domain called `name`, or that of the folder `name`; networks load at their first use.

    Known names win over folders of the same name. Raises `DeltaEditError` for an unknown name
    (with the nearest one), a folder without a readable declaration, and an unusable device.
    """
    if isinstance(name, str) and name in EMBEDDED:
        module = import_module(EMBEDDED[name])
        spec: DomainSpec = module.SPEC
        networks: Networks = module.NETWORKS
        return Domain(spec, networks, device, own_folder(name))
    domain_files = find_domain_files(name)
    return Domain(domain_files.spec, domain_files.networks(), device, domain_files.folder)


def find_domain_files(name: str | PathLike[str]) -> DomainFiles:
    """Declaration and folders of a domain that does not come with the kit.

    Files of a published one lie in the cache, everything of one's own in its folder. Raises
    `DeltaEditError` for a name and a folder as `load_domain` does.
    """
    if isinstance(name, str) and name in PUBLISHED:
        declaration = files("deltaedit_kit.io.published") / f"{name}.json"
        spec = read_declaration(Path(str(declaration)))
        return DomainFiles(spec, downloads_folder(), own_folder(name))
    if isinstance(name, str | PathLike) and is_folder(name):
        folder = Path(os.path.realpath(expanduser(name)))
        spec = read_declaration(folder / FILE_NAME)
        check_folder(folder)
        return DomainFiles(spec, folder, folder)
    known = (*EMBEDDED, *PUBLISHED)
    advice = did_you_mean(name.lower(), known) if isinstance(name, str) else ""
    raise DeltaEditError(
        f"unknown domain {str(name)[:60]!r}; {advice}known domains: {', '.join(known)}, or a "
        f"folder with a {FILE_NAME}"
    )


def check_folder(folder: Path) -> None:
    """Raise DeltaEditError for a link that leads out of a folder, and for pipes and devices.

    Somebody may have sent it, and what the kit writes into it (downloads, codes, a mapper) must
    not land elsewhere. Compared by where a path really leads, so that a junction of Windows counts.
    """
    seen = 0
    for place, folders, names in os.walk(folder):  # which follows no link
        for name in (*folders, *names):
            path, seen = os.path.join(place, name), seen + 1
            leads_to = os.path.realpath(path)
            if os.path.normcase(leads_to) != os.path.normcase(path) and not Path(
                leads_to
            ).is_relative_to(folder):
                raise DeltaEditError(
                    f"{path} is a link that leads out of the folder; put the file itself there"
                )
            mode = os.lstat(path).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
                raise DeltaEditError(f"{path} is a pipe or a device; a domain has none: remove it")
            if seen > MOST_FILES:
                raise DeltaEditError(
                    f"{folder} holds more than {MOST_FILES:,} files; give a folder of its own to "
                    "the domain"
                )


def is_folder(name: str | PathLike[str]) -> bool:
    """Whether `name` is meant as a folder: it is one, or is written as a path.

    A path that is not there is refused by the declaration's reader, which names it.
    """
    text = fspath(name)
    if not isinstance(text, str) or not text or "\0" in text:
        return False
    # os.path's isdir answers False where a name is longer than a file's can be; Path's raises.
    return isinstance(name, PathLike) or "/" in text or "\\" in text or isdir(text)
