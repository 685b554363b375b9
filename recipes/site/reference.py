"""The reference's pages: for each room its public names, their signatures and their docstrings.

Sphinx's autodoc finds what is public: what a room's `__all__` lists, or, for a room that is a
single file, what it defines with a docstring and no underscore. Docstrings are plain text with
`code` in them; `as_text` makes them reStructuredText that cannot be misread: no sentence becomes
markup because it holds an asterisk.
"""

from __future__ import annotations

import re

ROOMS = {  # page -> title, modules
    "kit": ("The kit", ("deltaedit_kit",)),
    "method": (
        "The method",
        (
            "deltaedit_kit.stylespace",
            "deltaedit_kit.mapper",
            "deltaedit_kit.clip_space",
            "deltaedit_kit.relevance",
            "deltaedit_kit.train",
            "deltaedit_kit.support.pictures",
            "deltaedit_kit.support.alt_text",
        ),
    ),
    "stylegan2": ("StyleGAN2 and codes", ("deltaedit_kit.stylegan2", "deltaedit_kit.codes")),
    "toyfaces": ("The embedded domain", ("deltaedit_kit.toyfaces",)),
    "measures": (
        "Delta space and metrics",
        (
            "deltaedit_kit.labs.delta_space.clouds",
            "deltaedit_kit.labs.delta_space.alignment",
            "deltaedit_kit.labs.metrics",
            "deltaedit_kit.labs.style_space.channels",
        ),
    ),
    "course": ("Course and studio", ("deltaedit_kit.labs.course", "deltaedit_kit.labs.studio")),
}
CODE = re.compile(r"`([^`]+)`")
SPECIAL = re.compile(r"([\\*|_])")


def pages() -> dict[str, str]:
    """Name of a page -> its MyST text; `index` has the table of contents."""
    made = {name: _page(title, modules) for name, (title, modules) in ROOMS.items()}
    listed = "\n".join(ROOMS)
    made["index"] = f"# Reference\n\n```{{toctree}}\n:maxdepth: 2\n\n{listed}\n```\n"
    return made


def _page(title: str, modules: tuple[str, ...]) -> str:
    documented = [
        f"## `{module}`\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n```\n"
        for module in modules
    ]
    return "\n".join([f"# {title}\n", *documented])


def as_text(lines: list[str]) -> list[str]:
    """A docstring as reStructuredText: prose escaped, `code` literal, indented text as it is."""
    made: list[str] = []
    for paragraph in "\n".join(lines).strip("\n").split("\n\n"):
        rows = paragraph.split("\n")
        indented = [row for row in rows if row.startswith("    ")]
        if indented:
            made += ["::", "", *(f"    {row}" for row in rows), ""]
        else:
            made += [*(_escaped(row) for row in rows), ""]
    return made


def _escaped(row: str) -> str:
    """One line of prose."""
    parts = CODE.split(row)
    prose = [SPECIAL.sub(r"\\\1", part) for part in parts[::2]]
    code = [f"``{part.strip()}``" for part in parts[1::2]]
    joined = [prose[0]]
    for literal, following in zip(code, prose[1:], strict=True):
        joined += [literal, "\\ " if following[:1].isalnum() else "", following]
    return "".join(joined)
