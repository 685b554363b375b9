"""Formulas as MathML: browsers draw it by themselves, and screen readers read it.

    $...$, $$...$$ ─► docutils `math` nodes ─► latex2mathml ─► <math>     no script, no font

A Sphinx extension: `html_math_renderer = "mathml"`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes
from latex2mathml.converter import convert

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

# Widths "more than now" are MathML 3, not MathML Core: browsers take them for whole widths, and
# the words over an arrow run into its neighbours.
PADDED = re.compile(r'<mpadded width="\+[^>]*>(.*?)</mpadded>')
SPACE = '<mspace width="0.2em" />'


def to_mathml(formula: str, display: str = "inline") -> str:
    """A formula of LaTeX as MathML Core; `display` is "inline" or "block"."""
    spaced = rf"<mrow>{SPACE}\1{SPACE}</mrow>"
    return PADDED.sub(spaced, convert(formula, display=display))


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line of text."""
    self.body.append(to_mathml(node.astext()))
    raise nodes.SkipNode


def block(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on a line of its own."""
    self.body.append(to_mathml(node.astext(), "block"))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the renderer known to Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
