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


Block = Grid | Outline


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
