"""What a domain needs from elsewhere, whether it is here, and whether a large domain can run here.

network     file                          MB  state         licence
generator   stylegan2-ffhq-config-f.pkl  382  to download   NVIDIA Source Code License-NC: ...

    why_not_here("ffhq")  ->  None, or "torch finds no CUDA GPU on this machine"

Asked in the order of cost: the device first, then the cache, and the network last and only for
files that are missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from urllib.parse import urlsplit

from deltaedit_kit.domain.spec import NETWORKS, PublishedFile
from deltaedit_kit.io.loading import EMBEDDED, find_domain_files
from deltaedit_kit.io.published_domain import DomainFiles
from deltaedit_kit.support.device import usable_device
from deltaedit_kit.support.errors import DeltaEditError

HERE, TO_DOWNLOAD, MADE, ABSENT = "here", "to download", "made here", "none"
NEEDED = ("generator", "clip", "mapper", "relevance")  # for an edit of sampled pictures
PATIENCE = 5.0  # seconds that a server may take to answer at all


@dataclass(frozen=True)
class FileRow:
    """One network of a domain and the file that it comes from."""

    network: str
    file: str  # empty where there is none
    megabytes: float | None  # None where nobody published it
    state: str  # one of the four words above
    note: str  # its licence, or why it is not there and what makes it


def list_files(name: str | PathLike[str]) -> list[FileRow]:
    """One row for each network of a domain, in the order of the spec; empty for embedded ones.

    The file in the row is the one that is used, or would be downloaded first. No network is
    asked. Raises `DeltaEditError` for unknown domains as `load_domain` does.
    """
    if isinstance(name, str) and name in EMBEDDED:
        return []
    domain_files = find_domain_files(name)
    return [row_of(domain_files, network) for network in NETWORKS]


def row_of(domain_files: DomainFiles, network: str) -> FileRow:
    """The row of one network."""
    files = domain_files.spec.published.get(network, ())
    for file in files:
        if (domain_files.downloads / file.name).is_file():
            return FileRow(network, file.name, file.megabytes, HERE, file.licence)
    if files:
        first = files[0]
        return FileRow(network, first.name, first.megabytes, TO_DOWNLOAD, first.licence)
    made = domain_files.made(network)
    if made.is_file():
        return FileRow(network, made.name, made.stat().st_size / 1e6, MADE, "yours")
    return FileRow(network, "", None, ABSENT, domain_files.how_to_get(network))


def table(rows: Iterable[FileRow]) -> str:
    """The rows as text, one a line, with a line for their sum."""
    rows = list(rows)
    width = max(len(row.file) for row in rows)
    lines = [f"{'network':10} {'file':{width}}  {'MB':>5}  {'state':11}  licence or reason"]
    for row in rows:
        size = "?" if row.megabytes is None and row.file else f"{row.megabytes or 0:.0f}"
        size = size if row.file else "-"
        lines.append(
            f"{row.network:10} {row.file or '-':{width}}  {size:>5}  {row.state:11}  {row.note}"
        )
    wanted = [row for row in rows if row.state == TO_DOWNLOAD]
    known = sum(row.megabytes or 0.0 for row in wanted)
    more = sum(row.megabytes is None for row in wanted)
    unknown = f", and {more} file{'s' * (more > 1)} whose size nobody published" if more else ""
    lines.append(f"to download: {known:.0f} MB{unknown}")
    return "\n".join(lines)


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
        row = row_of(domain_files, network)
        if row.state == ABSENT:
            return row.note
        if row.state == TO_DOWNLOAD and not any_answers(domain_files.spec.published[network]):
            return f"{row.file} is not in the cache, and no server that has it answers"
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
