"""What changed in the figures of a policy: parameters, dated values, rows, lists and tiers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from language.definition import (
    Beneath,
    Constant,
    Equal,
    Matcher,
    OneOf,
    Otherwise,
    Row,
    Scalar,
    Table,
    Tiers,
)
from policies.axis import show_key, show_sort
from policies.change import Change, Direction
from policies.effects import effects_of
from policies.parameter import ALWAYS, span_on
from policies.plain_change import compare_ends, compare_fields, compare_values
from policies.policy import DatedParameter, ParameterSpan
from policies.setting import Setting


def compare_parameters(setting: Setting) -> Iterator[Change]:
    """The changes of every parameter, with what they do to clauses and amounts."""
    before, after = ({p.name: p for p in side.parameters} for side in (setting.old, setting.new))
    for name in dict.fromkeys([*after, *before]):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            yield from compare_values("parameters", name, "", was, now)
            continue
        changes = list(_compare(was, now))
        direction = _common([change for change in changes if change.decides])
        for change in changes:
            if change.decides:
                change = replace(change, effects=effects_of(name, direction, setting))
            yield change


def _common(changes: Sequence[Change]) -> Direction:
    """The one direction of all changes of a parameter."""
    directions = {change.direction for change in changes}
    return directions.pop() if len(directions) == 1 else ""


def day_of(span: ParameterSpan) -> str:
    """The first day of a value, "" where it holds from the beginning."""
    return "" if span.start == ALWAYS else span.start.isoformat()


def _compare(was: DatedParameter, now: DatedParameter) -> Iterator[Change]:
    name = now.name
    for key in ("label", "label_en", "unit", "at"):
        yield from compare_values("parameters", name, key, getattr(was, key), getattr(now, key))
    if len(was.spans) == len(now.spans) == 1:
        yield from _compare_spans(name, was.spans[0], now.spans[0])
        return
    before, after = ({span.start: span for span in side.spans} for side in (was, now))
    for start in sorted({*before, *after}):
        one, other = before.get(start), after.get(start)
        if one is not None and other is not None:
            yield from _compare_spans(name, one, other)
        elif other is not None:
            instead = span_on(was, start)
            yield _of_span("added", name, instead, other, other)
        elif one is not None:
            instead = span_on(now, start)
            yield _of_span("removed", name, one, instead, one)


def _of_span(
    kind: str,
    name: str,
    was: ParameterSpan | None,
    now: ParameterSpan | None,
    span: ParameterSpan,
) -> Change:
    """A value for days on which another, or none, held: `before` and `after` are of that day."""
    return Change(
        kind="added" if kind == "added" else "removed",
        section="parameters",
        name=name,
        detail=f"from {day_of(span)}",
        before=was,
        after=now,
        direction=_moved(was, now),
    )


def _moved(was: ParameterSpan | None, now: ParameterSpan | None) -> Direction:
    """Whether all that one value says is more than what the other one says."""
    if was is None or now is None:
        return ""
    return _common([change for change in _compare_contents("", "", was, now) if change.decides])


def _compare_spans(name: str, was: ParameterSpan, now: ParameterSpan) -> Iterator[Change]:
    day = day_of(now)
    if was.start != now.start or was.end != now.end:
        ends = [(None if span.start == ALWAYS else span.start, span.end) for span in (was, now)]
        for change in compare_ends("parameters", name, ends[0], ends[1]):
            yield replace(change, detail=f"{day} {change.detail}".strip(), direction="")
    yield from compare_values("parameters", name, f"{day} source".strip(), was.source, now.source)
    yield from _compare_contents(name, day, was, now)


def _compare_contents(
    name: str, day: str, was: ParameterSpan, now: ParameterSpan
) -> Iterator[Change]:
    match was.value, now.value:
        case Constant(value=one), Constant(value=other):
            yield from compare_values("parameters", name, day, one, other)
        case Table() as one, Table() as other:
            yield from _compare_tables(name, day, one, other)
        case Tiers() as one, Tiers() as other:
            yield from _compare_tiers(name, day, one, other)
        case _:
            yield from compare_values("parameters", name, day, was.value, now.value)


def _compare_tables(name: str, day: str, was: Table, now: Table) -> Iterator[Change]:
    if was.by != now.by or was.kind != now.kind:
        yield Change(
            kind="replaced", section="parameters", name=name, detail=day, before=was, after=now
        )
        return
    lists = (_list_of(was), _list_of(now))
    if lists[0] is not None and lists[1] is not None:
        come = tuple(item for item in lists[1] if item not in lists[0])
        gone = tuple(item for item in lists[0] if item not in lists[1])
        if come or gone:
            direction: Direction = "" if come and gone else "higher" if come else "lower"
            yield Change(
                kind="members",
                section="parameters",
                name=name,
                detail=day,
                before=gone or None,
                after=come or None,
                direction=direction,
            )
        elif was.rows != now.rows:
            yield Change(kind="reordered", section="parameters", name=name, detail=day,
                         before=lists[0], after=lists[1], direction="same")  # fmt: skip
        return
    before, after = (_by_key(table.rows) for table in (was, now))
    found = False
    for old_key, key in _rekeyed(before, after):
        found = True
        yield Change(
            kind="replaced",
            section="parameters",
            name=name,
            detail=f"{day} [{key}]".strip(),
            before=before.pop(old_key),
            after=after.pop(key),
        )
    for key in dict.fromkeys([*after, *before]):
        detail = f"{day} [{key}]".strip()
        for change in _compare_rows(name, detail, before.get(key), after.get(key)):
            found = True
            yield change
    if not found and was.rows != now.rows:
        yield Change(kind="reordered", section="parameters", name=name, detail=day,
                     before=tuple(before), after=tuple(after), direction="same")  # fmt: skip


def _rekeyed(before: dict[str, Row], after: dict[str, Row]) -> list[tuple[str, str]]:
    """Rows that stand in the same place of a table as long as before, with another key."""
    pairs = list(zip(before, after, strict=False)) if len(before) == len(after) else []
    return [(old, new) for old, new in pairs if old not in after and new not in before]


def _compare_rows(name: str, detail: str, was: Row | None, now: Row | None) -> Iterator[Change]:
    if was is None or now is None:
        row = now or was
        assert row is not None
        yield Change(
            kind="added" if was is None else "removed",
            section="parameters",
            name=name,
            detail=detail,
            before=None if was is None else _shown(was.value),
            after=None if now is None else _shown(now.value),
        )
        return
    if was.value is None or now.value is None:
        if was.value != now.value:  # left open by the text, or no longer
            yield Change(
                kind="replaced",
                section="parameters",
                name=name,
                detail=detail,
                before=_shown(was.value),
                after=_shown(now.value),
            )
        return
    yield from compare_values("parameters", name, detail, was.value, now.value)


def _shown(value: Scalar | None) -> Scalar:
    return "unknown" if value is None else value


def _by_key(rows: Sequence[Row]) -> dict[str, Row]:
    return {" / ".join(show_key(key) for key in row.matchers): row for row in rows}


def _list_of(table: Table) -> tuple[str, ...] | None:
    """What stands on a list: the keys of its rows that are true, all others being false."""
    if len(table.by) != 1 or len(table.rows) < 2:
        return None
    *listed, rest = table.rows
    if rest.value is not False or not isinstance(rest.matchers[0], Otherwise):
        return None
    if any(row.value is not True for row in listed):
        return None
    return tuple(text for row in listed for text in _texts(row.matchers[0]))


def _texts(matcher: Matcher) -> tuple[str, ...]:
    match matcher:
        case Equal(values=values):
            return tuple(show_sort(value) for value in values)
        case Beneath(prefixes=prefixes):
            return prefixes
        case OneOf(members=members):
            return tuple(text for member in members for text in _texts(member))
        case _:
            return (show_key(matcher),)


def _compare_tiers(name: str, day: str, was: Tiers, now: Tiers) -> Iterator[Change]:
    yield from compare_values("parameters", name, f"{day} by".strip(), was.by.name, now.by.name)
    for number in range(max(len(was.tiers), len(now.tiers))):
        detail = f"{day} tier {number + 1}".strip()
        if number >= len(was.tiers):
            yield Change(kind="added", section="parameters", name=name, detail=detail,
                         after=now.tiers[number])  # fmt: skip
        elif number >= len(now.tiers):
            yield Change(kind="removed", section="parameters", name=name, detail=detail,
                         before=was.tiers[number])  # fmt: skip
        else:
            one, other = was.tiers[number], now.tiers[number]
            for change in compare_fields("parameters", name, detail, one, other):
                gives = change.detail.endswith((" rate", " gives"))
                yield change if gives else replace(change, direction="")
