"""One subject and one policy, decided row by row by the reference: the verdict and every reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from engine.program import Bound
from language.functions import round_half_up
from language.reference import (
    Facts,
    Reference,
    Value,
    kleene_and,
    kleene_not,
    kleene_or,
)
from policies.policy import HIGHEST_PORTION, Clause, ClauseGroup, Leaf, Step

Verdict = Literal["eligible", "ineligible", "unknown"]
WAITING = "not yet"
JUDGED = "judged by "


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """A step of an amount as it came out; `applied` is None where its condition is unknown."""

    step: Step
    applied: bool | None
    result: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a policy means for one subject.

    `clauses` holds the value of every leaf and group by id, `scope` those of effective, window
    and region where they do not simply hold. Amounts are in yuan, not yet rounded to fen.
    `missing` are the facts whose arrival could settle the verdict or, once eligible, the amount.
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

    @property
    def amount_fen(self) -> int | None:
        """The amount in fen, rounded half up; None while it is open or not due."""
        return to_fen(self.amount) if self.verdict == "eligible" else None


def to_fen(value: Value) -> int | None:
    """Yuan as whole fen, rounded half up."""
    if value.value is None:
        return None
    assert isinstance(value.value, Fraction)
    return round_half_up(value.value * 100).numerator


def decide(bound: Bound, facts: Facts, *, by_hand: bool = False) -> Decision:
    """Decide a policy for one subject.

    `by_hand`: the facts were given by hand, so a region that is not among them does not scope.
    """
    reference = Reference(bound.scope, facts)
    policy = bound.policy
    scope = scope_values(bound, reference, facts, by_hand=by_hand)
    values: dict[str, Value] = {}
    clause_values = [_clause(clause, reference, values) for clause in policy.clauses]
    portions = {
        portion.id: Value(True) if portion.when is None else reference.value(portion.when)
        for portion in policy.portions
    }
    tests = [*scope.values(), *clause_values]
    if portions:
        tests.append(kleene_or(list(portions.values())))
    verdict_value = kleene_and(tests)
    verdict: Verdict = "unknown"
    if verdict_value.value is not None:
        verdict = "eligible" if verdict_value.value else "ineligible"
    amounts = {
        portion.id: take_steps(portion.steps, reference, {})[0]
        for portion in policy.portions
        if portions[portion.id].value is True
    }
    amount, steps = take_steps(policy.steps, reference, amounts)
    also = {told.name: take_steps(told.steps, reference, amounts)[0] for told in policy.also}
    failed, unknown = _responsible(bound, scope, values, portions, verdict)
    missing, reasons = _missing(verdict, verdict_value, amount, portions, also)
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
    )


def scope_values(
    bound: Bound, reference: Reference, facts: Facts, *, by_hand: bool
) -> dict[str, Value]:
    """Whether the policy's dates and region hold for the subject."""
    found: dict[str, Value] = {}
    policy = bound.policy
    if bound.outside is not None:
        found[bound.outside] = Value(False)
    if policy.effective_at is not None:
        day = reference.of_name(policy.effective_at)
        if isinstance(day.value, date):
            inside = policy.effective_from <= day.value
            until = policy.effective_to
            found["effective"] = Value(inside and (until is None or day.value <= until))
        else:
            found["effective"] = day
    if policy.region is not None and not (by_hand and policy.region.fact not in facts):
        code = reference.of_name(policy.region.fact)
        if isinstance(code.value, str):
            inside = code.value.startswith(policy.region.within)
            found["region"] = Value(inside and not code.value.startswith(policy.region.excepted))
        else:
            found["region"] = code
    return found


def _clause(clause: Clause, reference: Reference, values: dict[str, Value]) -> Value:
    match clause:
        case Leaf(when=None, id=id_):
            value = Value(None, frozenset({f"{JUDGED}{clause.judged_by}"}))
        case Leaf(when=when, not_yet=not_yet, id=id_):
            assert when is not None
            value = reference.value(when)
            if not_yet and value.value is False:
                value = Value(None, reasons=frozenset({f"{WAITING}: {id_}"}))
        case ClauseGroup(members=members, group=group, id=id_):
            inner = [_clause(member, reference, values) for member in members]
            match group:
                case "all":
                    value = kleene_and(inner)
                case "any":
                    value = kleene_or(inner)
                case "none":
                    value = kleene_not(kleene_or(inner))
    values[id_] = value
    return value


def take_steps(
    steps: tuple[Step, ...],
    reference: Reference,
    amounts: Mapping[str, Value],
) -> tuple[Value, tuple[StepTaken, ...]]:
    """Carry out the steps of an amount in order: the value in yuan, and how each step came out."""
    value = Value(None)
    taken = []
    for step in steps:
        test = Value(True) if step.when is None else reference.value(step.when)
        if test.value is None:
            value = Value(None, test.missing, test.reasons)
        elif test.value:
            value = _apply(step, value, reference, amounts)
        applied = None if test.value is None else bool(test.value)
        taken.append(StepTaken(step=step, applied=applied, result=value))
    return value, tuple(taken)


def _apply(step: Step, value: Value, reference: Reference, amounts: Mapping[str, Value]) -> Value:
    if step.operation == "decided_by":
        return Value(None, reasons=frozenset({f"decided by {step.text}"}))
    if step.operation == "portions":
        lines = list(amounts.values())
        if step.text == HIGHEST_PORTION:
            return reference.apply(lambda *a: max(a, default=Fraction(0)), lines)
        return reference.apply(lambda *a: sum(a, Fraction(0)), lines)
    assert step.operand is not None
    operand = reference.value(step.operand)
    match step.operation:
        case "take":
            return operand
        case "plus":
            return reference.apply(lambda a, b: a + b, [value, operand])
        case "minus":
            return reference.apply(lambda a, b: a - b, [value, operand])
        case "times":
            return reference.apply(lambda a, b: a * b, [value, operand])
        case "at_most":
            return reference.apply(min, [value, operand])
        case "at_least":
            return reference.apply(max, [value, operand])
        case "nothing_below":
            return reference.apply(lambda a, b: Fraction(0) if a < b else a, [value, operand])
        case "round_down":
            return reference.apply(lambda a, b: (a // b) * b, [value, operand])
        case "round_up":
            return reference.apply(lambda a, b: -((-a) // b) * b, [value, operand])
        case "round_half_up":
            return reference.apply(lambda a, b: round_half_up(a / b) * b, [value, operand])
    raise AssertionError(step.operation)


def _responsible(
    bound: Bound,
    scope: Mapping[str, Value],
    values: Mapping[str, Value],
    portions: Mapping[str, Value],
    verdict: Verdict,
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
    holds = any(value.value is True for value in portions.values())
    if portions and not holds and all(value.value is False for value in portions.values()):
        failed += portions
    unknown += [name for name, value in portions.items() if value.value is None]
    return tuple(failed), tuple(unknown)


def find_leaves(
    clause: Clause,
    values: Mapping[str, Value],
    wanted: bool,
    failed: list[str],
    unknown: list[str],
) -> None:
    """Gather the leaves that keep `clause` from being `wanted`, and those that leave it open."""
    value = values[clause.id].value
    if isinstance(clause, Leaf):
        if value is None:
            unknown.append(clause.id)
        elif value is not wanted:
            failed.append(clause.id)
        return
    # a settled group needs nothing more of its members
    if value is wanted:
        return
    inner = not wanted if clause.group == "none" else wanted
    for member in clause.members:
        if value is None:
            find_leaves(member, values, inner, [], unknown)
        else:
            find_leaves(member, values, inner, failed, [])


def _missing(
    verdict: Verdict,
    verdict_value: Value,
    amount: Value,
    portions: Mapping[str, Value],
    also: Mapping[str, Value],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if verdict == "ineligible":
        return (), ()
    open_values = [verdict_value]
    if verdict == "eligible":
        open_values = [amount, *portions.values(), *also.values()]
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
