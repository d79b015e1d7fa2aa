"""A page for people, as data: sections of grids, outlines and lines, in one language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table; without `heads` the first column names what the second says."""

    rows: tuple[tuple[str, ...], ...]
    heads: tuple[str, ...] = ()
    caption: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of an outline; `lead` says how it counts, `mark` where it comes from."""

    depth: int
    text: str
    lead: str = ""
    mark: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Lines, one below the other, each as deep as it stands."""

    entries: tuple[Entry, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A line of a chart: its label, one value for each series (0 or more), and what they say.

    A value of None is not shown.
    """

    label: str
    values: tuple[float | None, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Values beside each other as bars on one scale; `series` says what each bar of a line is."""

    bars: tuple[Bar, ...]
    caption: str
    series: tuple[str, ...] = ("",)

    @property
    def largest(self) -> float:
        """The value of the longest bar."""
        values = [value for bar in self.bars for value in bar.values if value is not None]
        return max(values, default=0.0) or 1.0


Block = Grid | Outline | Bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a page under its heading."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is shown of one thing."""

    title: str
    subtitle: str
    language: str
    sections: tuple[Section, ...]
