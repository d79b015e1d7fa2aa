"""Changes of plain values: numbers, days, texts, lists, and every field of whatever else there is.

`compare_fields` walks over all fields of two values of one kind, so that no field that a policy
ever gets is passed over.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from fractions import Fraction

from policies.change import Change, Direction, Section

READ = ("label", "label_zh", "label_en", "says", "says_en", "note")
"""Keys whose texts are read by people and decide nothing."""
SOURCES = ("source", "sources")
PLACES = ("file", "line", "where", "offset")
"""Where something was written: no part of what it says."""


def compare_values(
    section: Section, name: str, detail: str, before: object, after: object
) -> Iterator[Change]:
    """The change from one plain value to another; none where they are equal."""
    if before == after and type(before) is type(after):
        return
    key = detail.rsplit(" ", 1)[-1]
    change = Change(
        kind="replaced", section=section, name=name, detail=detail, before=before, after=after
    )
    if key in READ:
        yield _with(change, "reworded")
    elif key in SOURCES:
        yield _with(change, "source")
    elif before is None:
        yield _with(change, "added")
    elif after is None:
        yield _with(change, "removed")
    elif isinstance(before, Fraction) and isinstance(after, Fraction):
        yield raised(section, name, detail, before, after)
    elif isinstance(before, date) and isinstance(after, date):
        yield _with(change, "shifted")
    else:
        yield change


def raised(section: Section, name: str, detail: str, was: Fraction, now: Fraction) -> Change:
    """A number that went up or down."""
    up = now > was
    return Change(
        kind="raised" if up else "lowered",
        section=section,
        name=name,
        detail=detail,
        before=was,
        after=now,
        direction="higher" if up else "lower",
    )


def _with(change: Change, kind: object) -> Change:
    return replace(change, kind=kind)  # type: ignore[arg-type]  # one of the kinds


def compare_fields(
    section: Section,
    name: str,
    detail: str,
    before: object,
    after: object,
    passed: Collection[str] = (),
) -> Iterator[Change]:
    """The changes of every field in two values, however deep; `passed` are told elsewhere."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{detail} {key}".strip()
            yield from compare_fields(section, name, inner, before.get(key), after.get(key))
        return
    if is_dataclass(before) and is_dataclass(after) and type(before) is type(after):
        for one in fields(before):
            if one.name not in (*passed, *PLACES):
                inner = f"{detail} {one.name}".strip()
                first, second = getattr(before, one.name), getattr(after, one.name)
                yield from compare_fields(section, name, inner, first, second)
        return
    yield from compare_values(section, name, detail, before, after)


def compare_lists(
    section: Section, name: str, detail: str, before: Collection[str], after: Collection[str]
) -> Iterator[Change]:
    """Texts that came to a list or went from it; else their order."""
    come = tuple(text for text in after if text not in before)
    gone = tuple(text for text in before if text not in after)
    if come:
        yield Change(kind="added", section=section, name=name, detail=detail, after=come)
    if gone:
        yield Change(kind="removed", section=section, name=name, detail=detail, before=gone)
    if not come and not gone and tuple(before) != tuple(after):
        yield Change(
            kind="reordered",
            section=section,
            name=name,
            detail=detail,
            before=tuple(before),
            after=tuple(after),
            direction="same",
        )


def compare_ends(
    section: Section,
    name: str,
    before: tuple[date | None, date | None],
    after: tuple[date | None, date | None],
) -> Iterator[Change]:
    """Days from which and until which something holds: earlier begun or later ended is longer."""
    for detail, was, now in (("from", before[0], after[0]), ("to", before[1], after[1])):
        if was == now:
            continue
        first = was or (date.min if detail == "from" else date.max)
        second = now or (date.min if detail == "from" else date.max)
        longer = second < first if detail == "from" else second > first
        if first == second:
            direction: Direction = "same"
        else:
            direction = "longer" if longer else "shorter"
        yield Change(
            kind="extended" if longer else "shortened",
            section=section,
            name=name,
            detail=detail,
            before=was,
            after=now,
            direction=direction,
        )
