"""`deltaedit download DOMAIN`: fetch what a published domain needs, or list it.

deltaedit download ffhq --dry-run           every file, its size, its licence; nothing is fetched
deltaedit download ffhq --only generator,clip
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from deltaedit_kit.labs.cli.options import DOMAIN
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from deltaedit_kit.io.listing import FileRow


HELP = "fetch the files of a published domain, or list them"
OPTIONS = {
    **DOMAIN,
    "--dry-run": (bool, "list the files and fetch nothing"),
    "--only NETWORKS": (str, "only these networks, joined by commas, such as generator,clip"),
}


def run(options: argparse.Namespace) -> None:
    """List the files; without `--dry-run`, fetch those that are not here yet."""
    from deltaedit_kit.io.listing import TO_DOWNLOAD, list_files, table
    from deltaedit_kit.io.loading import find_domain_files

    rows = chosen(list_files(options.domain), options.only)
    if not rows:
        print(f"{options.domain} comes with the kit: nothing is downloaded")
        return
    print(table(rows))
    domain_files = find_domain_files(options.domain)
    print(f"folder: {domain_files.downloads}")
    if options.dry_run:
        return
    for row in rows:
        if row.state == TO_DOWNLOAD:
            print(f"{row.network}: {domain_files.path(row.network)}")


def chosen(rows: list[FileRow], only: str | None) -> list[FileRow]:
    """The rows of the networks in a list such as "generator,clip"; all of them without one.

    Raises `DeltaEditError` for a network that the kit does not know.
    """
    if only is None or not rows:
        return rows
    wanted = [name.strip() for name in only.split(",")]
    for name in wanted:
        if name not in {row.network for row in rows}:
            known = ", ".join(row.network for row in rows)
            raise DeltaEditError(f"there is no network {name[:40]!r}; choose from {known}")
    return [row for row in rows if row.network in wanted]
