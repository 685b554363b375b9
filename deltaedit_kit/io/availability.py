"""Can a large domain run here? One line says why not, so that a lesson can go on with a stand-in.

    why_not_here("ffhq")  ->  None, or "torch finds no CUDA GPU on this machine"

Asked in the order of cost: the device first, then the cache, and the network last and only for
files that are missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from urllib.parse import urlsplit

from deltaedit_kit.domain.spec import PublishedFile
from deltaedit_kit.io.loading import find_domain_files
from deltaedit_kit.support.device import usable_device
from deltaedit_kit.support.errors import DeltaEditError

NEEDED = ("generator", "clip", "mapper", "relevance")  # for an edit of sampled pictures
PATIENCE = 5.0  # seconds that a server may take to answer at all


def why_not_here(name: str | PathLike[str], device: str = "cuda") -> str | None:
    """Why the domain cannot be used on this machine, in a few words; None when it can.

    Loads and downloads nothing. Raises `DeltaEditError` for an unknown domain.
    """
    domain_files = find_domain_files(name)
    try:
        usable_device(device)
    except DeltaEditError as cause:
        return str(cause).split(";")[0]
    for network in NEEDED:
        files = domain_files.spec.published.get(network, ())
        if not files and not domain_files.made(network).is_file():
            return domain_files.how_to_get(network)
        if not files or any((domain_files.downloads / file.name).is_file() for file in files):
            continue
        if not any_answers(files):
            return f"{files[0].name} is not in the cache, and no server that has it answers"
    return None


def any_answers(files: Iterable[PublishedFile]) -> bool:
    """Whether one of the servers of these files answers, whatever it says."""
    import requests

    servers = {
        f"{place.scheme}://{place.netloc}/"
        for file in files
        for place in map(urlsplit, file.addresses)
    }
    for server in sorted(servers):
        try:
            requests.head(server, timeout=PATIENCE)
        except requests.RequestException:
            continue
        return True
    return False


def skipped(what: str, reason: str | None) -> None:
    """In a lesson: say what is left out here, and why; nothing where nothing is left out."""
    if reason is not None:
        print(f"left out: {what} ({reason}); a stand-in of random numbers takes the part")
