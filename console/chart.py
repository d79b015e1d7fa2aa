"""Small charts as SVG: geometry worked out here, drawn by a template, readable without scripts.

Widths are in hundredths of a chart's breadth, heights from its top.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A rectangle: where, how large, in which tone, and what it stands for."""

    x: str
    y: str
    width: str
    height: str
    tone: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Rectangles in a box of this size; `title` says in words what is seen."""

    width: int
    height: int
    title: str
    pieces: tuple[Piece, ...]


def stacked_bar(parts: Iterable[tuple[str, float, str]], title: str, height: int = 12) -> Chart:
    """Shares of a whole side by side: (tone, share, what), each share from 0 to 1."""
    pieces, at = [], 0.0
    for tone, share, what in parts:
        if share > 0:
            pieces.append(_piece(at, 0, share * 100, height, tone, what))
            at += share * 100
    return Chart(width=100, height=height, title=title, pieces=tuple(pieces))


def columns_over_time(
    values: Sequence[tuple[Sequence[tuple[str, float]], str]], title: str, height: int = 40
) -> Chart:
    """A column for each point in time, stacked from the bottom: ((tone, value), …), what it is."""
    step = 100 / max(len(values), 1)
    gap = min(step * 0.2, 2.0)
    largest = max((sum(v for _, v in parts) for parts, _ in values), default=0) or 1
    pieces = []
    for number, (parts, what) in enumerate(values):
        bottom = float(height)
        for tone, value in parts:
            tall = value / largest * height
            if tall > 0:
                bottom -= tall
                pieces.append(_piece(number * step, bottom, step - gap, tall, tone, what))
    return Chart(width=100, height=height, title=title, pieces=tuple(pieces))


def ranges(
    before: Sequence[float], now: Sequence[float], title: str, what: tuple[str, str]
) -> Chart:
    """Five quantiles before (above) and now (below) on one scale: the outer pairs thin, the middle
    half thick, the median a mark."""
    low, high = min(*before, *now), max(*before, *now)
    breadth = (high - low) or 1.0
    pieces = []
    rows = ((before, 1, "soft", what[0]), (now, 15, "ink", what[1]))
    for quantiles, top, tone, told in rows:
        places = [0.6 + (value - low) / breadth * 98 for value in quantiles]
        heights = (2, 10, 10, 2)
        for (left, right), tall in zip(pairwise(places), heights, strict=True):
            pieces.append(
                _piece(left, top + (10 - tall) / 2, max(right - left, 0.2), tall, tone, told)
            )
        pieces.append(_piece(places[2] - 0.6, top - 1, 1.2, 12, "mark", told))
    return Chart(width=100, height=28, title=title, pieces=tuple(pieces))


def _piece(x: float, y: float, width: float, height: float, tone: str, title: str) -> Piece:
    return Piece(
        x=f"{x:.2f}",
        y=f"{y:.2f}",
        width=f"{width:.2f}",
        height=f"{height:.2f}",
        tone=tone,
        title=title,
    )
