"""A figure in words, for those who do not see it: the alternative text of a picture.

    figure ─► title. rows × columns of pictures, their captions  |  panels: axes, lines, bars. note

The words are those in the figure: its title, the captions above and beside pictures, the names of
axes, of lines with their first and last values, of bars with their lengths (WCAG 2.2, 1.1.1: the
text serves the same purpose as the picture). The conclusion is in the text around the figure, for
all readers. A figure is described whenever it is shown, so that no caller has to write a text
twice; `figure.set_label(...)` puts a text of the caller first.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.text import Text

LONGEST = 900  # characters: a screen reader reads it all, and cannot skim


def alt_text(figure: Figure) -> str:
    """One paragraph on a figure; never empty, at most `LONGEST` characters."""
    words = [_plain(str(figure.get_label())), *_once(_own_texts(figure))]
    panels = [axis for axis in figure.axes if axis.axison or not axis.images]
    pictures = [axis for axis in figure.axes if axis not in panels]
    if pictures:
        words += [_pictures(pictures)]
    words += [_panel(axis) for axis in panels]
    text = ". ".join(word.rstrip(".") for word in words if word) or "A figure without words"
    return text if len(text) <= LONGEST else text[: LONGEST - 2].rsplit(" ", 1)[0] + " …"


def _own_texts(figure: Figure) -> list[str]:
    """What is written on the figure itself, the title first."""
    own = [text for text in figure.texts if text.get_visible()]
    title = getattr(figure, "_suptitle", None)  # matplotlib's only way to the text object
    return [_plain(text.get_text()) for text in sorted(own, key=lambda text: text is not title)]


def _pictures(axes: list[Axes]) -> str:
    """How many pictures in how many rows and columns, and the captions at them."""
    boxes = [axis.get_position() for axis in axes]
    rows, columns = len({round(b.y0, 3) for b in boxes}), len({round(b.x0, 3) for b in boxes})
    count = f"{len(axes)} picture{'s' * (len(axes) > 1)}"
    shape = f", {rows} by {columns}" if rows * columns == len(axes) > 1 and rows > 1 else ""
    captions = _once([_plain(text.get_text()) for axis in axes for text in axis.texts])
    return f"{count}{shape}" + (f": {'; '.join(captions)}" if captions else "")


def _panel(axis: Axes) -> str:
    """One plot: its title, its axes, what is drawn in it."""
    names = [_plain(axis.get_title()), _plain(axis.get_title(loc="left"))]
    for letter, label in (("x", axis.get_xlabel()), ("y", axis.get_ylabel())):
        names += [f"{letter}: {_plain(label)}"] if label.strip() else []
    drawn = [*_bars(axis), *_lines(axis)]
    if axis.collections and not axis.lines and not axis.containers:
        drawn.append(f"{sum(len(np.atleast_2d(c.get_offsets())) for c in axis.collections)} points")
    if axis.images:
        drawn.append(_table(axis))
    elif not drawn:
        drawn = _once([_plain(text.get_text()) for text in axis.texts])
    return "; ".join(word for word in [*names, *drawn] if word)


def _bars(axis: Axes) -> list[str]:
    """Bars with their names, where the ticks name them, and their lengths."""
    bars = []
    for group in axis.containers:
        if not isinstance(group, BarContainer):
            continue
        if said := _histogram(group):
            bars.append(said)
            continue
        flat = group.orientation == "horizontal"
        named = _tick_names(axis, "y" if flat else "x")
        for bar in group.patches:
            middle = (
                bar.get_y() + bar.get_height() / 2 if flat else bar.get_x() + bar.get_width() / 2
            )
            length = bar.get_width() if flat else bar.get_height()
            name = next((n for place, n in named.items() if abs(place - middle) < 0.45), "bar")
            bars.append(f"{name} {length:.2f}" if np.isfinite(length) else f"{name} not counted")
    return bars


def _histogram(group: BarContainer) -> str:
    """Upright bars that touch each other: their range and the highest; "" for any others."""
    bars = group.patches
    ends = [bar.get_x() + bar.get_width() for bar in bars]
    touching = zip(bars[1:], ends, strict=False)
    if group.orientation == "horizontal" or len(bars) < 3:
        return ""
    if any(abs(bar.get_x() - end) > 1e-3 * bar.get_width() for bar, end in touching):
        return ""
    full = [bar for bar in bars if bar.get_height() > 0] or bars
    most = max(full, key=lambda bar: bar.get_height())
    name = _plain(str(bars[0].get_label()))  # where `Axes.hist` puts it
    name = "histogram" if name.startswith("_") else f"histogram of {name}"
    last = full[-1].get_x() + full[-1].get_width()
    return (
        f"{name} from {full[0].get_x():.2f} to {last:.2f}, most between {most.get_x():.2f} and "
        f"{most.get_x() + most.get_width():.2f}: {most.get_height():.0f}"
    )


def _lines(axis: Axes) -> list[str]:
    """Lines of three points or more, or with a name: where they begin and end."""
    parts = []
    for line in axis.lines:
        values = np.asarray(line.get_ydata(), dtype=float).ravel()
        name, values = str(line.get_label()), values[np.isfinite(values)]
        unnamed = name.startswith("_")
        if not len(values) or (unnamed and len(values) < 3):
            continue
        name = "line" if unnamed else _plain(name)
        parts.append(f"{name} from {values[0]:.2f} to {values[-1]:.2f}")
    return parts


def _table(axis: Axes) -> str:
    """A heat map: names of its rows, how many columns, and the largest entry of each row."""
    rows, columns = list(_tick_names(axis, "y").values()), list(_tick_names(axis, "x").values())
    table = np.asarray(axis.images[0].get_array())
    if table.ndim != 2 or (len(rows), len(columns)) != table.shape:
        return "a picture"
    most = np.abs(table).argmax(axis=1)
    said = [
        f"{row}: most in {columns[k]}, {table[r, k]:+.2f}"
        for r, (row, k) in enumerate(zip(rows, most, strict=True))
    ]
    return f"table of {len(rows)} rows and {len(columns)} columns; " + "; ".join(said)


def _tick_names(axis: Axes, letter: str) -> dict[float, str]:
    """Place -> the words at the ticks of an axis, numbers left out."""
    side = axis.xaxis if letter == "x" else axis.yaxis
    labels: list[Text] = side.get_ticklabels()
    named = zip(side.get_ticklocs(), (_plain(label.get_text()) for label in labels), strict=False)
    return {float(place): text for place, text in named if text}


def _once(texts: list[str]) -> list[str]:
    """Without empty ones and repetitions, in their order."""
    return list(dict.fromkeys(text for text in texts if text))


def _plain(text: str) -> str:
    """One line without the marks of mathematics."""
    return " ".join(text.replace("$", "").split())
