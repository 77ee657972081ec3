"""The one chart: a row a group, its share as a dot on a line, and the rest of the school as a hollow diamond.

Drawn as SVG in the colour of the text around it, so that it reads in grey print and dark mode alike: shapes, not
colours, tell the two apart. It carries no style and no script. A withheld row has its word and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 360
EDGE = 14
ROW = 46
HEAD = 40
FOOT = 26
TICKS = (0, 25, 50, 75, 100)
LONGEST_LABEL = 44


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


def dot_plot(rows: Sequence[PlotRow], words: PlotWords, identity: str) -> str:
    """The plot as an SVG element; `identity` makes its ids unique on the page. A real table must stand beside it."""
    height = HEAD + ROW * len(rows) + FOOT
    name = escape(identity, quote=True)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dot-plot" role="img" viewBox="0 0 {WIDTH} {height}"'
        f' width="{WIDTH}" height="{height}" aria-labelledby="{name}-title {name}-desc"'
        ' font-family="sans-serif" font-size="12" fill="currentColor">',
        f'<title id="{name}-title">{escape(words.title)}</title>',
        f'<desc id="{name}-desc">{escape(describe(rows, words))}</desc>',
        *_key(words),
        *_axis(HEAD + ROW * len(rows)),
    ]
    for number, row in enumerate(rows):
        parts += _row(row, HEAD + ROW * number, words)
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


def _x(percent: float) -> float:
    return round(EDGE + (WIDTH - 2 * EDGE) * percent / 100, 1)


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


def _axis(bottom: int) -> list[str]:
    parts = []
    for tick in TICKS:
        x = _x(tick)
        anchor = "start" if tick == 0 else "end" if tick == 100 else "middle"
        parts.append(
            f'<line class="dot-plot-grid" x1="{x}" y1="{HEAD - 8}" x2="{x}" y2="{bottom}"'
            ' stroke="currentColor" stroke-opacity="0.25" stroke-width="1"/>'
        )
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="{anchor}">{tick}%</text>')
    return parts


def _row(row: PlotRow, top: int, words: PlotWords) -> list[str]:
    label = row.label if len(row.label) <= LONGEST_LABEL else row.label[: LONGEST_LABEL - 1] + "…"
    said = words.withheld if row.percent is None else f"{row.percent}%"
    parts = [
        f'<text class="dot-plot-label" x="{EDGE}" y="{top + 12}">{escape(label)}</text>',
        f'<text class="dot-plot-figure" x="{WIDTH - EDGE}" y="{top + 12}" text-anchor="end">{escape(said)}</text>',
    ]
    if row.percent is None:
        return parts
    y = top + 27
    if row.low is not None and row.high is not None:
        parts.append(
            f'<line class="dot-plot-interval" x1="{_x(row.low)}" y1="{y}" x2="{_x(row.high)}" y2="{y}"'
            ' stroke="currentColor" stroke-width="3"/>'
        )
    if row.rest_percent is not None:
        parts.append(_diamond(_x(row.rest_percent), y))
    parts.append(_dot(_x(row.percent), y))
    return parts
