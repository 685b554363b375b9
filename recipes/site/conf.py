"""Sphinx's configuration; `python -m recipes.site` calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltaedit_kit import __version__
from recipes.site.reference import as_text

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "DeltaEdit Kit"
author = copyright = "DeltaEdit Kit contributors"
release = version = __version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "recipes.site.mathml",
]
exclude_patterns = ["files", ".doctrees"]
myst_enable_extensions = ["dollarmath", "amsmath", "attrs_inline"]
myst_heading_anchors = 4
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}  # no kernel, no scripts of other servers
nb_number_source_lines = False
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False

html_theme = "furo"
html_title = "DeltaEdit Kit"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [(name, {"defer": "defer"}) for name in ("walk.js", "reach.js")]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e8a", "color-brand-content": "#0b6e8a"},
    "dark_css_variables": {"color-brand-primary": "#5cc3de", "color-brand-content": "#5cc3de"},
}
copybutton_exclude = ".linenos, .gp, .go"


def plain(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Docstrings are text, with `code` in it; that of a file is for those who read the file."""
    lines[:] = [] if what == "module" else as_text(lines)


def levelled(
    app: Sphinx, page: str, template: str, context: dict[str, object], tree: object
) -> None:
    """Captions of the navigation say which level of heading they are; Furo leaves it out."""
    navigation = str(context.get("furo_navigation_tree", ""))
    context["furo_navigation_tree"] = navigation.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def setup(app: Sphinx) -> None:
    """Hook into autodoc, and behind Furo."""
    app.connect("autodoc-process-docstring", plain)
    app.connect("html-page-context", levelled, priority=900)
