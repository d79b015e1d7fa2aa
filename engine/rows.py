"""The rows of one subject, decided one by one by the reference: hires, products, loans, members.

A row holds, does not, or is undecided. What rows share (a limit) and what they use up (a claim) is
settled among those that hold, in an order that does not depend on how the rows came in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from engine.amount import StepTaken, take_steps, to_fen
from engine.clause_tree import Verdict, clause_value, find_leaves, verdict_of
from engine.program import Bound
from language.reference import (
    Facts,
    NotApplicable,
    Reference,
    Value,
    kleene_and,
    kleene_or,
)
from policies.policy import Each, Limit

_NO_STEPS: tuple[StepTaken, ...] = ()
EFFECTIVE, CLAIM, ITEM, SEEN = "effective", "claim", "item", "as_of"
"""What may keep a row from holding beside its clauses: its day, another row with the same claimed
value, that it is not known which award it belongs to, and that it is after the day of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsGiven:
    """A subject's rows of one row set, as facts by name; `complete`: these are all there are."""

    rows: tuple[Facts, ...]
    complete: bool = True


MISSING_ROWS = RowsGiven(rows=(), complete=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDecision:
    """What a policy means for one row.

    `position` counts the rows as they were given, from 1. `clauses` holds the value of every leaf
    and group of the row by id, `scope` those of EFFECTIVE, CLAIM, ITEM and SEEN where they do not
    simply hold. `shared` is what each limit leaves the row, by the limit's name. The amount is in
    yuan; only of a row that holds it is due. `facts` are the row's own, without the subject's.
    """

    position: int
    verdict: Verdict
    clauses: Mapping[str, Value]
    scope: Mapping[str, Value]
    shared: Mapping[str, Value]
    amount: Value
    steps: tuple[StepTaken, ...]
    claimed: str | None
    item: str | None
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDecision:
    """One award of a policy that makes one for each value of a column: its rows, and its amount.

    `item` is "" for what cannot be told apart (rows that are not known).
    """

    item: str
    verdict: Verdict
    amount: Value
    missing: tuple[str, ...]
    rows: int
    undecided: int
    claims: tuple[str, ...]

    @property
    def amount_fen(self) -> int | None:
        """The amount in fen, rounded half up; None while it is open or not due."""
        return to_fen(self.amount) if self.verdict == "eligible" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsDecided:
    """All rows of a subject: whether one holds, what they come to, and how many hold.

    `total` counts rows that hold only: undecided ones add nothing yet.
    """

    rows: tuple[RowDecision, ...]
    values: tuple[Value, ...]
    complete: bool
    holds: Value
    total: Value

    @property
    def count(self) -> int:
        """How many rows hold."""
        return sum(row.verdict == "eligible" for row in self.rows)


@dataclass(slots=True, kw_only=True)
class _Row:
    """A row on its way: `value` is whether it holds."""

    position: int
    facts: Facts
    reference: Reference
    clauses: dict[str, Value]
    scope: dict[str, Value]
    value: Value
    shared: dict[str, Value]


def decide_rows(
    bound: Bound, facts: Facts, given: RowsGiven, *, by_hand: bool = False
) -> RowsDecided:
    """Decide every row of a subject; the decisions come in the order in which the rows did.

    `by_hand`: the rows were given by hand, so a claim or a time that none of them gives does not
    scope.
    """
    each = bound.policy.each
    assert each is not None
    column = each.row_set.columns.get(each.claim.of) if each.claim else None
    name = column.name if column is not None and column.formula is None else None
    if by_hand and name is not None and all(row.get(name) is None for row in given.rows):
        each = replace(each, claim=None)
    begins = next(iter(each.row_set.time_columns), None)
    if by_hand and begins is not None and all(row.get(begins) is None for row in given.rows):
        begins = None
    rows = [
        _decide_row(bound, each, facts, row, position, begins)
        for position, row in enumerate(given.rows, start=1)
    ]
    rows.sort(key=lambda row: order_of(each, row.facts))
    if each.claim is not None:
        _settle_claims(each.claim.of, rows)
    for limit in each.limits:
        _share(limit, rows)
    decided = [_tell(each, row) for row in rows]
    pairs = sorted(zip(decided, rows, strict=True), key=lambda pair: pair[0].position)
    values = [row.value for _, row in pairs]
    holds = any_row(each, values, given.complete)
    decisions = tuple(decision for decision, _ in pairs)
    return RowsDecided(
        rows=decisions,
        values=tuple(values),
        complete=given.complete,
        holds=holds,
        total=sum_rows(decisions),
    )


def any_row(each: Each, values: Sequence[Value], complete: bool) -> Value:
    """Whether a row holds; where more rows may exist than are seen, none is unknown."""
    held = kleene_or(list(values))
    if held.value is True or complete:
        return held
    unseen = Value(None, frozenset({each.row_set.name}))
    return kleene_or([held, unseen])


def sum_rows(rows: Iterable[RowDecision]) -> Value:
    """The amounts of the rows that hold; unknown while one of them is."""
    amounts = [row.amount for row in rows if row.verdict == "eligible"]
    return _add(amounts)


def _add(values: Sequence[Value]) -> Value:
    if any(value.value is None for value in values):
        return _unknown_because(values)
    return Value(sum((_number(value) for value in values), Fraction(0)))


def _number(value: Value) -> Fraction:
    assert isinstance(value.value, Fraction)
    return value.value


def _unknown_because(values: Iterable[Value]) -> Value:
    unknown = [value for value in values if value.value is None]
    return Value(
        None,
        frozenset().union(*(value.missing for value in unknown)),
        frozenset().union(*(value.reasons for value in unknown)),
    )


def order_of(each: Each, facts: Facts) -> tuple[tuple[int, Any], ...]:
    """Where a row stands among the others: by its time, then by every column; missing is last."""
    return tuple(_place(facts.get(name)) for name in order_columns(each))


def order_columns(each: Each) -> list[str]:
    """The columns that put rows in order: times, the other columns, then what else was given."""
    columns = each.row_set.columns
    times = [name for name in each.row_set.time_columns if name in columns]
    others = [name for name in columns if name not in times]
    facts = sorted(fact.name for fact in each.facts)
    return [*times, *others, *facts]


def _place(value: Any) -> tuple[int, Any]:
    if value is None:
        return (1, 0)
    return (2, 0) if isinstance(value, NotApplicable) else (0, value)


def _decide_row(
    bound: Bound, each: Each, facts: Facts, row: Facts, position: int, begins: str | None
) -> _Row:
    reference = Reference(bound.row_scope, {**facts, **row})
    clauses: dict[str, Value] = {}
    values = [clause_value(clause, reference, clauses) for clause in each.clauses]
    scope: dict[str, Value] = {}
    if each.dated:
        assert bound.policy.effective_at is not None
        day = reference.of_name(bound.policy.effective_at)
        scope[EFFECTIVE] = inside_dates(bound, day)
    if begins is not None:
        # what does not say its time may be later than the run: unknown is not yes
        time, missing = row.get(begins), Value(None, frozenset({begins}))
        scope[SEEN] = Value(time <= bound.as_of) if isinstance(time, date) else missing
    for key, name in ((CLAIM, each.claim.of if each.claim else None), (ITEM, each.item)):
        if name is not None:
            known = reference.of_name(name)
            # what is used up must be known: unknown is not yes
            scope[key] = known if known.value is None else Value(True)
    return _Row(
        position=position,
        facts=row,
        reference=reference,
        clauses=clauses,
        scope=scope,
        value=kleene_and([*scope.values(), *values]),
        shared={},
    )


def inside_dates(bound: Bound, day: Value) -> Value:
    """Whether a day lies in the dates of the rule."""
    if not isinstance(day.value, date):
        return day
    policy = bound.policy
    begun = policy.effective_from <= day.value
    return Value(begun and (policy.effective_to is None or day.value <= policy.effective_to))


def _settle_claims(name: str, rows: list[_Row]) -> None:
    """Of rows that hold and claim the same, the first stays."""
    taken: set[Any] = set()
    for row in rows:
        if row.value.value is not True:
            continue
        claimed = row.reference.of_name(name).value
        if claimed in taken:
            row.scope[CLAIM] = row.value = Value(False)
        taken.add(claimed)


def _share(limit: Limit, rows: list[_Row]) -> None:
    """Give each row that holds its part of a limit, one after the other."""
    groups: dict[tuple[Any, ...], list[_Row]] = {}
    unsure: list[Value] = []
    holding = [row for row in rows if row.value.value is True]
    for row in holding:
        keys = [row.reference.of_name(name) for name in limit.per]
        unsure += [key for key in keys if key.value is None]
        groups.setdefault(tuple(key.value for key in keys), []).append(row)
    for members in groups.values():
        open_values = list(unsure)
        if limit.order is not None and len(members) > 1:
            places = {id(row): row.reference.of_name(limit.order) for row in members}
            open_values += [place for place in places.values() if place.value is None]
            if not open_values:
                # the sort is stable: rows of the same place stay as they stood
                members = sorted(members, key=lambda row: places[id(row)].value)  # type: ignore[arg-type, return-value]
        if open_values:
            # who comes first, or among whom, is not known
            parts = [_unknown_because(open_values) for _ in members]
        else:
            parts = _parts(limit, members)
        for row, part in zip(members, parts, strict=True):
            row.shared[limit.name] = row.reference.known[limit.name] = part


def _parts(limit: Limit, members: list[_Row]) -> list[Value]:
    parts = []
    taken = Value(Fraction(0))
    for row in members:
        whole = Value(Fraction(1))
        if limit.quantity is not None:
            whole = row.reference.value(limit.quantity)
        up_to = row.reference.value(limit.up_to)
        part = row.reference.apply(
            lambda q, most, before: max(min(q, most - before), Fraction(0)), [whole, up_to, taken]
        )
        taken = row.reference.apply(lambda a, b: a + b, [taken, part])
        parts.append(part)
    return parts


def _tell(each: Each, row: _Row) -> RowDecision:
    verdict = verdict_of(row.value)
    amount, steps = Value(None), _NO_STEPS
    if verdict == "eligible":
        amount, steps = take_steps(each.steps, row.reference, {})
    failed = [name for name, value in row.scope.items() if value.value is False]
    unknown = [name for name, value in row.scope.items() if value.value is None]
    if not failed or failed == [CLAIM]:
        for clause in each.clauses:
            find_leaves(clause, row.clauses, True, failed, unknown)
    open_value = Value(True)
    if verdict == "unknown":
        open_value = row.value
    elif verdict == "eligible" and each.steps:
        open_value = amount
    is_open = open_value.value is None
    claimed = row.reference.of_name(each.claim.of).value if each.claim else None
    item = row.reference.of_name(each.item).value if each.item else None
    return RowDecision(
        position=row.position,
        verdict=verdict,
        clauses=row.clauses,
        scope={name: value for name, value in row.scope.items() if value.value is not True},
        shared=row.shared,
        amount=amount,
        steps=steps,
        claimed=None if claimed is None else item_text(claimed),
        item=None if item is None else item_text(item),
        failed=tuple(failed) if verdict == "ineligible" else (),
        unknown=tuple(unknown),
        missing=tuple(sorted(open_value.missing)) if is_open else (),
        reasons=tuple(sorted(open_value.reasons)) if is_open else (),
        facts=row.facts,
    )


def item_text(value: Any) -> str:
    """What is claimed, or what an award is for, as text: a code, a day, a whole number."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def group_items(decided: RowsDecided) -> dict[str, list[int]]:
    """The places of the rows of each item, by item; rows of no known item under ""."""
    found: dict[str, list[int]] = {}
    for index, row in enumerate(decided.rows):
        found.setdefault(row.item or "", []).append(index)
    return found
