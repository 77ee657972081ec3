"""The one chart: a row a group, its share as a dot on a line, and the rest of the school as a hollow diamond.

Drawn as SVG in the colour of the text around it, so that it reads in grey print and dark mode alike: shapes, not
colours, tell the two apart. It carries no style and no script. A withheld row has its word and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

EDGE = 14
HEAD = 40
FOOT = 26
TICKS = (0, 25, 50, 75, 100)


@dataclass(frozen=True)
class _Shape:
    """Where things stand: the plot's width, a row's height, where the line begins and ends, its height in the row."""

    width: int
    row: int
    start: int
    end: int
    line: int
    text: int
    longest_label: int

    def x(self, percent: float) -> float:
        """Where a share stands on the line."""
        return round(self.start + (self.end - self.start) * percent / 100, 1)


NARROW = _Shape(width=360, row=46, start=EDGE, end=360 - EDGE, line=27, text=12, longest_label=44)
WIDE = _Shape(width=640, row=22, start=240, end=560, line=11, text=15, longest_label=34)


@dataclass(frozen=True)
class PlotRow:
    """A group with its share and interval in whole percent, and the others' share; a share of None is withheld."""

    label: str
    percent: int | None
    low: int | None = None
    high: int | None = None
    rest_percent: int | None = None


@dataclass(frozen=True)
class PlotWords:
    """The words of a plot: its title, what a dot and a diamond stand for, and the word for a withheld row."""

    title: str
    group: str = "this group"
    rest: str = "other pupils"
    withheld: str = "withheld"


def dot_plot(rows: Sequence[PlotRow], words: PlotWords, identity: str, *, wide: bool = False) -> str:
    """The plot as an SVG element; `identity` makes its ids unique on the page. A real table must stand beside it.

    Narrow, a row's name stands above its line (a phone); `wide`, before it (paper).
    """
    shape = WIDE if wide else NARROW
    bottom = HEAD + shape.row * len(rows)
    height = bottom + FOOT
    name = escape(identity, quote=True)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dot-plot" role="img" viewBox="0 0 {shape.width} {height}"'
        f' width="{shape.width}" height="{height}" aria-labelledby="{name}-title {name}-desc"'
        ' font-family="Noto Sans, sans-serif" font-size="12" fill="currentColor">',
        f'<title id="{name}-title">{escape(words.title)}</title>',
        f'<desc id="{name}-desc">{escape(describe(rows, words))}</desc>',
        *_key(words),
        *_axis(shape, bottom),
    ]
    for number, row in enumerate(rows):
        parts += _row(row, shape, HEAD + shape.row * number, words)
    return "".join([*parts, "</svg>"])


def describe(rows: Sequence[PlotRow], words: PlotWords) -> str:
    """The same plot in words, a sentence a row."""
    sentences = []
    for row in rows:
        if row.percent is None:
            sentences.append(f"{row.label}: {words.withheld}.")
            continue
        sentence = f"{row.label}: {row.percent}%"
        if row.low is not None and row.high is not None:
            sentence += f", likely between {row.low}% and {row.high}%"
        if row.rest_percent is not None:
            sentence += f"; {words.rest} {row.rest_percent}%"
        sentences.append(sentence + ".")
    return " ".join(sentences)


def _diamond(x: float, y: float) -> str:
    return (
        f'<path class="dot-plot-rest" d="M{x} {y - 6}L{x + 6} {y}L{x} {y + 6}L{x - 6} {y}Z"'
        ' fill="none" stroke="currentColor" stroke-width="2"/>'
    )


def _dot(x: float, y: float) -> str:
    return f'<circle class="dot-plot-dot" cx="{x}" cy="{y}" r="5.5"/>'


def _key(words: PlotWords) -> list[str]:
    return [
        _dot(EDGE + 6, 12),
        f'<text x="{EDGE + 18}" y="16">{escape(words.group)}</text>',
        _diamond(EDGE + 146, 12),
        f'<text x="{EDGE + 158}" y="16">{escape(words.rest)}</text>',
    ]


def _hairline(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<line class="dot-plot-grid" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
        ' stroke="currentColor" stroke-opacity="0.3" stroke-width="1"/>'
    )


def _axis(shape: _Shape, bottom: int) -> list[str]:
    parts = []
    for tick in TICKS:
        x = shape.x(tick)
        anchor = "start" if tick == 0 else "end" if tick == 100 else "middle"
        parts.append(_hairline(x, bottom - 4 if shape is NARROW else HEAD - 8, x, bottom))
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="{anchor}">{tick}%</text>')
    if shape is NARROW:
        parts.append(_hairline(shape.start, bottom, shape.end, bottom))
    return parts


def _row(row: PlotRow, shape: _Shape, top: int, words: PlotWords) -> list[str]:
    label = row.label if len(row.label) <= shape.longest_label else row.label[: shape.longest_label - 1] + "…"
    right = shape.width - EDGE
    said = words.withheld if row.percent is None else f"{row.percent}%"
    parts = [
        f'<text class="dot-plot-label" x="{EDGE}" y="{top + shape.text}">{escape(label)}</text>',
        f'<text class="dot-plot-figure" x="{right}" y="{top + shape.text}" text-anchor="end">{escape(said)}</text>',
    ]
    if row.percent is None:
        return parts
    y = top + shape.line
    if shape is NARROW:
        parts.append(_hairline(shape.start, y, shape.end, y))
    if row.low is not None and row.high is not None:
        parts.append(
            f'<line class="dot-plot-interval" x1="{shape.x(row.low)}" y1="{y}" x2="{shape.x(row.high)}" y2="{y}"'
            ' stroke="currentColor" stroke-width="3"/>'
        )
    if row.rest_percent is not None:
        parts.append(_diamond(shape.x(row.rest_percent), y))
    parts.append(_dot(shape.x(row.percent), y))
    return parts
