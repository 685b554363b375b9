"""What the panel shows, as HTML strings: pictures with a text instead, tables, one line.

    any text  --html.escape-->  a text on the screen, whatever tags it holds

Everything a person typed passes through `escape` here; plain functions, so that a test reads them.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

from deltaedit_kit.labs.studio.changes import ChannelChange, FactorChange, GroupChange
from deltaedit_kit.labs.studio.saving import Saved

CSS = (Path(__file__).parent / "studio.css").read_text(encoding="utf-8")
FACTORS_SHOWN = 8
BAR = 90  # pixels of the longest bar


def style_tag(more: str = "") -> str:
    """The style sheet for an HTML widget; `more` are rules of one panel alone."""
    return f"<style>{CSS}{more}</style>"


def data_address(content: bytes, kind: str) -> str:
    """Bytes as an address that a browser can show or save without asking anybody."""
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"


def jpeg(picture: np.ndarray) -> bytes:
    """A small file for a small picture uint8 [H, W, 3]: tiles and strips."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=88, subsampling=0)
    return buffer.getvalue()


def picture(content: bytes, kind: str, side: int, alt: str, caption: str) -> str:
    """A picture `side` pixels wide; `alt` is read to who cannot see it."""
    address = data_address(content, kind)
    # decoding=sync: the old picture stays until the new one can be shown, so nothing flickers
    image = (
        f'<img src="{address}" width="{side}" height="{side}" decoding="sync" alt="{escape(alt)}">'
    )
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"


def wiped(under: str, over: str, side: int, alt: str, caption: str) -> str:
    """Two pictures, addresses of data, one over the other, cut by the style sheet at `--place`."""
    form = f'width="{side}" height="{side}" decoding="sync" draggable="false"'
    return (
        f'<figure><div class="de-wiped"><img src="{under}" {form} alt="{escape(alt)}">'
        f'<img src="{over}" {form} alt=""><span></span></div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def line(text: str, failed: bool = False) -> str:
    """One line that a screen reader reads out when it changes; a failure is said, not coloured."""
    text = " ".join(text.split())
    if failed:
        return f'<div class="de-line de-failed" role="alert">Not done: {escape(text)}</div>'
    return f'<div class="de-line" role="status">{escape(text)}</div>'


def heading(text: str) -> str:
    """A small heading."""
    return f"<h4>{escape(text)}</h4>"


def download(saved: Saved, where: str | None) -> str:
    """A link to a file that was made, and where it lies if it was written."""
    size = f"{len(saved.content) / 1024:.0f} kB"
    text = f"saved as {where}, {size}" if where else f"{saved.name}, {size}"
    address = data_address(saved.content, saved.kind)
    link = f'<a download="{escape(saved.name)}" href="{address}">download</a>'
    return f'<div class="de-line" role="status">{escape(text)}: {link}</div>'


def changes_table(groups: Sequence[GroupChange], largest: Sequence[ChannelChange]) -> str:
    """Which groups of layers moved, how much of the step each took, and the largest channels."""
    rows = "".join(
        f"<tr><th scope=row>{escape(row.group)}</th>{_figure(f'{row.moved} of {row.channels}')}"
        f"{_figure(f'{row.share:.0%}')}<td>{_bar(row.share)}</td></tr>"
        for row in groups
    )
    table = (
        "<table><tr><th>group</th><th class=de-figure>channels moved</th>"
        f"<th class=de-figure>share of the step</th><th></th></tr>{rows}</table>"
    )
    if not largest:
        return table
    named = ", ".join(
        f"layer {one.layer} channel {one.channel} ({one.change:+z.2f})" for one in largest
    )
    return f'{table}<div class="de-line">largest: {escape(named)}</div>'


def factors_table(rows: Sequence[FactorChange]) -> str:
    """The factors that moved most, read by the oracle before and after."""
    if not rows:
        return line("this domain has no oracle that could read factors off a picture")
    cells = "".join(
        f"<tr><th scope=row>{escape(row.name)}</th>{_figure(f'{row.before:.2f}')}"
        f"{_figure(f'{row.after:.2f}')}{_figure(f'{row.change:+z.2f}')}"
        f"<td>{_bar(min(abs(row.change), 1.0))}</td></tr>"
        for row in rows[:FACTORS_SHOWN]
    )
    head = "".join(f"<th class=de-figure>{word}</th>" for word in ("before", "after", "change"))
    return f"<table><tr><th>factor</th>{head}<th></th></tr>{cells}</table>"


def _figure(text: str) -> str:
    return f"<td class=de-figure>{escape(text)}</td>"


def _bar(share: float) -> str:
    return f'<span class="de-bar" style="width:{BAR * share:.0f}px" aria-hidden="true"></span>'
