"""Everything that becomes a page, gathered in one folder under the names it has in the project.

    docs/, weights' cards, CONTRIBUTING.md, ...  copied     links between them stay as they are
    notebooks/*.ipynb                            `lessons`  solutions folded, panels as pictures
    recipes/site/pages/*.md                      copied     index, gallery, how to cite
    docstrings                                   `reference`

A link from a staged document to a file that is no page, such as a module, becomes a link to the
repository on the web; one to a file that is not there is left, for Sphinx to complain about.
"""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from pathlib import Path

import nbformat

from deltaedit_kit import __version__
from recipes.site import lessons, reference, walks

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
CARDS = Path("deltaedit_kit/toyfaces/weights")
PROJECT_PAGES = ("CONTRIBUTING.md", "CHANGELOG.md")
LINK = re.compile(r"(?<=\]\()(?!\w+:|#|<)([^)#\s]+)")


def stage(folder: Path) -> None:
    """Write all sources of the site into an empty `folder`."""
    documents = [*sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / CARDS).glob("*.md"))]
    documents += [ROOT / name for name in PROJECT_PAGES]
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    pages = {path.relative_to(ROOT) for path in [*documents, *notebooks]}
    for path in documents:
        _write(folder / path.relative_to(ROOT), with_links(path, pages))
    for path in sorted((HERE / "pages").glob("*.md")):
        _write(folder / path.name, filled(path.read_text(encoding="utf-8")))
    for place in ("figures", "notebooks"):  # pictures to show; notebooks to download
        shutil.copytree(ROOT / place, folder / "files" / place)
    shutil.copy(HERE / "conf.py", folder)  # whose paths are meant from where it lies
    shutil.copytree(HERE / "static", folder / "_static")
    walks.copy(folder / "_static" / "walks")
    (folder / "notebooks").mkdir()
    for path in notebooks:
        lesson = lessons.as_page(nbformat.read(path, as_version=4), path.stem, repository())
        for cell in lesson.cells:
            if cell.cell_type == "markdown":
                cell.source = relinked(cell.source, Path("notebooks"), pages)
        nbformat.write(lesson, folder / "notebooks" / path.name)
    for name, text in reference.pages().items():
        _write(folder / "reference" / f"{name}.md", text)


def with_links(path: Path, pages: set[Path]) -> str:
    """The text of a document of the project with its links as the site needs them."""
    return relinked(path.read_text(encoding="utf-8"), path.relative_to(ROOT).parent, pages)


def relinked(text: str, folder: Path, pages: set[Path]) -> str:
    """The links of a text in `folder`: to pages as they are, to other files the web's."""

    def replaced(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(folder / link[1]))
        if target in pages or not (ROOT / target).exists():
            return link[1]
        if target.parent == Path("figures"):
            return os.path.relpath(Path("files") / target, folder)
        if target == CARDS:
            return os.path.relpath("weights.md", folder)
        kind = "tree" if (ROOT / target).is_dir() else "blob"
        return f"{repository()}/{kind}/main/{target.as_posix()}"

    return LINK.sub(replaced, text)


def repository() -> str:
    """The web address of the project, from pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["urls"]["Repository"]


def filled(page: str) -> str:
    """A page of the site itself, with `{{repository}}`, `{{version}}` and `{{walk NAME}}`
    replaced."""
    page = page.replace("{{repository}}", repository()).replace("{{version}}", __version__)
    return re.sub(r"\{\{walk (\w+)\}\}", lambda name: walks.markup(name[1], "_static"), page)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
