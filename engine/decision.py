"""One subject and one policy, decided row by row by the reference: the verdict and every reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from engine.amount import StepTaken, take_steps, to_fen
from engine.clause_tree import Verdict, clause_value, find_leaves, verdict_of
from engine.program import Bound
from engine.rows import (
    ITEM,
    MISSING_ROWS,
    ItemDecision,
    RowDecision,
    RowsDecided,
    RowsGiven,
    any_row,
    decide_rows,
    group_items,
    inside_dates,
    item_text,
    sum_rows,
)
from language.reference import Facts, Reference, SharedValues, Value, kleene_and, kleene_or
from policies.policy import ROWS_THAT_HOLD, SUM_OF_ROWS

__all__ = [
    "Decision",
    "StepTaken",
    "Verdict",
    "decide",
    "find_leaves",
    "scope_values",
    "take_steps",
    "to_fen",
]


_HOLDS, _NOTHING = Value(True), Value(Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a policy means for one subject.

    `clauses` holds the value of every leaf and group by id, `scope` those of effective, window
    and region where they do not simply hold. Amounts are in yuan, not yet rounded to fen.
    `missing` are the facts whose arrival could settle the verdict or, once eligible, the amount.
    `rows` are the decisions of a policy with `each`, in the order in which the rows were given.
    `items` are its awards where each value of a column makes one; `item` is what the one award is
    for where each value of a fact does ("": the subject as a whole). `holding` is how many rows
    hold, None where there is no `each`; `rows_hold` whether any does, `rows_total` their sum.
    """

    verdict: Verdict
    clauses: Mapping[str, Value]
    portions: Mapping[str, Value]
    scope: Mapping[str, Value]
    amount: Value
    steps: tuple[StepTaken, ...]
    portion_amounts: Mapping[str, Value]
    also: Mapping[str, Value]
    delivery: str | None
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    rows: tuple[RowDecision, ...] = ()
    items: tuple[ItemDecision, ...] = ()
    item: str = ""
    holding: int | None = None
    rows_hold: Value = _HOLDS
    rows_total: Value = _NOTHING

    @property
    def amount_fen(self) -> int | None:
        """The amount in fen, rounded half up; None while it is open or not due."""
        return to_fen(self.amount) if self.verdict == "eligible" else None


def decide(
    bound: Bound,
    facts: Facts,
    *,
    by_hand: bool = False,
    rows: RowsGiven = MISSING_ROWS,
    shared: SharedValues | None = None,
) -> Decision:
    """Decide a policy for one subject.

    `by_hand`: the facts were given by hand, so a region that is not among them does not scope.
    `rows` are those of the policy's `each`, where it has one. `shared` are values of conditions
    that were asked for other policies already.
    """
    reference = Reference(bound.scope, facts, shared)
    policy = bound.policy
    scope = scope_values(bound, reference, facts, by_hand=by_hand)
    values: dict[str, Value] = {}
    clause_values = [clause_value(clause, reference, values) for clause in policy.clauses]
    portions = {
        portion.id: Value(True) if portion.when is None else reference.value(portion.when)
        for portion in policy.portions
    }
    tests = [*scope.values(), *clause_values]
    if portions:
        tests.append(kleene_or(list(portions.values())))
    decided: RowsDecided | None = None
    if policy.each is not None:
        decided = decide_rows(bound, facts, rows, by_hand=by_hand)
        _hand_on(reference, decided.total, decided.count)
    verdict_value = kleene_and(tests if decided is None else [*tests, decided.holds])
    verdict = verdict_of(verdict_value)
    amounts = {
        portion.id: take_steps(portion.steps, reference, {})[0]
        for portion in policy.portions
        if portions[portion.id].value is True
    }
    amount, steps = take_steps(policy.steps, reference, amounts)
    also = {told.name: take_steps(told.steps, reference, amounts)[0] for told in policy.also}
    items: tuple[ItemDecision, ...] = ()
    if decided is not None and policy.each is not None and policy.each.item is not None:
        items = _decide_items(bound, reference, decided, kleene_and(tests))
        amount = _total_of(items)
    failed, unknown = _responsible(bound, scope, values, portions, verdict, decided)
    told_values = [*portions.values(), *also.values()]
    if decided is not None:
        told_values += [value for value in decided.values if value.value is None]
    missing, reasons = _missing(verdict, verdict_value, amount, told_values)
    return Decision(
        verdict=verdict,
        clauses=values,
        portions=portions,
        scope=scope,
        amount=amount,
        steps=steps,
        portion_amounts=amounts,
        also=also,
        delivery=_delivery(bound, reference),
        failed=failed,
        unknown=unknown,
        missing=missing,
        reasons=reasons,
        rows=decided.rows if decided else (),
        items=items,
        item=item_of(bound, reference),
        holding=decided.count if decided else None,
        rows_hold=decided.holds if decided else _HOLDS,
        rows_total=decided.total if decided else _NOTHING,
    )


def _hand_on(reference: Reference, total: Value, count: int) -> None:
    """Let the amounts know what the rows came to."""
    reference.known[SUM_OF_ROWS] = total
    reference.known[ROWS_THAT_HOLD] = Value(Fraction(count))


def _decide_items(
    bound: Bound, reference: Reference, decided: RowsDecided, subject: Value
) -> tuple[ItemDecision, ...]:
    """One award for each item of which at least one row holds or is undecided.

    `subject` is whether everything but the rows holds.
    """
    each = bound.policy.each
    assert each is not None
    found = []
    for item, places in sorted(group_items(decided).items()):
        rows = [decided.rows[place] for place in places]
        held = any_row(each, [decided.values[place] for place in places], True)
        value = kleene_and([subject, held])
        if value.value is False:
            continue
        holding = [row for row in rows if row.verdict == "eligible"]
        _hand_on(reference, sum_rows(rows), len(holding))
        amount = take_steps(bound.policy.steps, reference, {})[0] if value.value else Value(None)
        settles = amount if value.value else value
        found.append(
            ItemDecision(
                item=item,
                verdict=verdict_of(value),
                amount=amount,
                missing=tuple(sorted(settles.missing)),
                rows=len(holding),
                undecided=sum(row.verdict == "unknown" for row in rows),
                claims=claims_of(holding),
            )
        )
    if not found and kleene_and([subject, decided.holds]).value is None:
        # nobody knows yet which items there are
        found.append(
            ItemDecision(
                item="",
                verdict="unknown",
                amount=Value(None),
                missing=tuple(sorted(decided.holds.missing)),
                rows=0,
                undecided=0,
                claims=(),
            )
        )
    return tuple(found)


def claims_of(rows: Iterable[RowDecision]) -> tuple[str, ...]:
    """What rows that hold use up."""
    held = [row.claimed for row in rows if row.verdict == "eligible"]
    return tuple(sorted({claimed for claimed in held if claimed is not None}))


def _total_of(items: Iterable[ItemDecision]) -> Value:
    """The awards of all items together, each rounded to fen as it is paid."""
    amounts = [item.amount for item in items if item.verdict == "eligible"]
    unknown = [amount for amount in amounts if amount.value is None]
    if unknown:
        missing = frozenset().union(*(amount.missing for amount in unknown))
        return Value(None, missing, frozenset().union(*(amount.reasons for amount in unknown)))
    return Value(sum((Fraction(to_fen(amount) or 0, 100) for amount in amounts), Fraction(0)))


def item_of(bound: Bound, reference: Reference) -> str:
    """What a policy's one award for this subject is for; "" for the subject as a whole."""
    if bound.policy.item is None:
        return ""
    value = reference.of_name(bound.policy.item).value
    return "" if value is None else item_text(value)


def scope_values(
    bound: Bound, reference: Reference, facts: Facts, *, by_hand: bool
) -> dict[str, Value]:
    """Whether the policy's dates and region hold for the subject."""
    found: dict[str, Value] = {}
    policy = bound.policy
    if bound.outside is not None:
        found[bound.outside] = Value(False)
    if policy.effective_at is not None and not (policy.each and policy.each.dated):
        found["effective"] = inside_dates(bound, reference.of_name(policy.effective_at))
    if policy.region is not None and not (by_hand and policy.region.fact not in facts):
        code = reference.of_name(policy.region.fact)
        if isinstance(code.value, str):
            inside = code.value.startswith(policy.region.within)
            found["region"] = Value(inside and not code.value.startswith(policy.region.excepted))
        else:
            found["region"] = code
    if policy.item is not None:
        item = reference.of_name(policy.item)
        found[ITEM] = item if item.value is None else Value(True)
    return found


def _responsible(
    bound: Bound,
    scope: Mapping[str, Value],
    values: Mapping[str, Value],
    portions: Mapping[str, Value],
    verdict: Verdict,
    decided: RowsDecided | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids of what failed, and of what is unknown.

    Outside the dates or region only these count. Of a group the leaves that made it so are named:
    every member of an `any` that failed, the members of a `none` that hold.
    """
    outside = tuple(name for name, value in scope.items() if value.value is False)
    if outside:
        return outside, ()
    failed: list[str] = []
    unknown = [name for name, value in scope.items() if value.value is None]
    for clause in bound.policy.clauses:
        find_leaves(clause, values, True, failed, unknown)
    if portions and all(value.value is False for value in portions.values()):
        failed += portions
    unknown += [name for name, value in portions.items() if value.value is None]
    if decided is not None and bound.policy.each is not None:
        name = bound.policy.each.row_set.name
        if decided.holds.value is False:
            failed += _ids((row.failed for row in decided.rows), name)
        elif decided.holds.value is None or any(v.value is None for v in decided.values):
            undecided = (row.unknown for row in decided.rows if row.verdict == "unknown")
            unknown += _ids(undecided, name)
    return tuple(failed), tuple(unknown)


def _ids(of_rows: Iterable[tuple[str, ...]], row_set: str) -> list[str]:
    """What made the rows so, each once; the row set itself where no row did."""
    return list(dict.fromkeys(name for names in of_rows for name in names)) or [row_set]


def _missing(
    verdict: Verdict,
    verdict_value: Value,
    amount: Value,
    told: Iterable[Value],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is missing, and why else something is open; `told` are the award's other figures."""
    if verdict == "ineligible":
        return (), ()
    open_values = [verdict_value]
    if verdict == "eligible":
        open_values = [amount, *told]
    missing = {
        name.split("::")[0]
        for value in open_values
        if value.value is None
        for name in value.missing
    }
    reasons = {r for value in open_values if value.value is None for r in value.reasons}
    return tuple(sorted(missing)), tuple(sorted(reasons))


def _delivery(bound: Bound, reference: Reference) -> str | None:
    for case in bound.policy.delivery:
        test = Value(True) if case.when is None else reference.value(case.when)
        if test.value is None:
            return None
        if test.value:
            return case.by
    return None
