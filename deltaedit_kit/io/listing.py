"""What a domain needs from elsewhere: every file, its size and licence, and whether it is here.

network     file                          MB  state         licence
generator   stylegan2-ffhq-config-f.pkl  382  to download   NVIDIA Source Code License-NC: ...
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike

from deltaedit_kit.domain.spec import NETWORKS
from deltaedit_kit.io.loading import EMBEDDED, find_domain_files
from deltaedit_kit.io.published_domain import DomainFiles

HERE, TO_DOWNLOAD, MADE, ABSENT = "here", "to download", "made here", "none"


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
