"""One policy over one part: its verdicts and amounts as Polars columns.

Agrees with `engine.decision` on every row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

import polars as pl

from engine.program import Bound, row_expressions_of
from language import exact
from language.column import GIVEN, Frame
from language.exact import Exact, TooWide
from language.expression import Name
from language.lowering import Lowering
from language.shelf import Shelf
from language.size import CHOICE, MAX_SIZE, Sizes
from policies.policy import (
    HIGHEST_PORTION,
    ROWS_THAT_HOLD,
    SUM_OF_ROWS,
    Clause,
    ClauseGroup,
    Leaf,
    Step,
    leaves_of,
)

ZERO = exact.literal(Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyColumns:
    """Expressions over a prepared frame; booleans are null where unknown, amounts in fen."""

    verdict: pl.Expr
    amount_fen: pl.Expr
    also_fen: Mapping[str, pl.Expr]
    portion_fen: Mapping[str, pl.Expr]
    clauses: Mapping[str, pl.Expr]
    portions: Mapping[str, pl.Expr]
    scope: Mapping[str, pl.Expr]
    delivery: pl.Expr
    item: pl.Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsLowered:
    """What the rows of each subject came to: whether one holds, their sum, and how many hold."""

    holds: pl.Expr
    total: Exact
    count: Exact


def lower_policy(
    bound: Bound, frame: Frame, *, by_hand: bool = False, rows: RowsLowered | None = None
) -> PolicyColumns:
    """The columns of a policy over a part; `rows` is needed where it decides rows.

    Raises TooWide where 128 bits do not hold its numbers.
    """
    check_size(bound)
    lowering = Lowering(bound.scope, frame)
    policy = bound.policy
    clauses: dict[str, pl.Expr] = {}
    tests = [lower_clause(clause, lowering, clauses) for clause in policy.clauses]
    if rows is not None:
        tests.append(rows.holds)
        lowering.known |= {SUM_OF_ROWS: rows.total, ROWS_THAT_HOLD: rows.count}
    portions = _portions(bound, lowering)
    if portions:
        tests.append(reduce(lambda a, b: a | b, portions.values()))
    scope = _scope(bound, lowering, frame, by_hand=by_hand)
    verdict = reduce(lambda a, b: a & b, [*scope.values(), *tests])
    amounts = {
        portion.id: lower_steps(portion.steps, lowering, {}, {}) for portion in policy.portions
    }
    amount = lower_steps(policy.steps, lowering, portions, amounts)
    due = pl.when(verdict)  # null and false alike: nothing is due yet
    return PolicyColumns(
        verdict=verdict,
        amount_fen=due.then(exact.to_fen(amount)),
        also_fen={
            told.name: due.then(exact.to_fen(lower_steps(told.steps, lowering, portions, amounts)))
            for told in policy.also
        },
        portion_fen={
            name: pl.when(verdict & portions[name]).then(exact.to_fen(value))
            for name, value in amounts.items()
        },
        clauses=clauses,
        portions=portions,
        scope=scope,
        delivery=_delivery(bound, lowering),
        item=pl.lit("") if policy.item is None else lower_text(policy.item, lowering),
    )


def lower_text(name: str, lowering: Lowering) -> pl.Expr:
    """What an award is for, or what a row claims, as text: a code, a day, a whole number."""
    column = lowering.lower(Name(name=name))
    if isinstance(column, Exact):
        return column.numerator.expr.cast(pl.String)
    return column.cast(pl.String)


def lower_award(bound: Bound, frame: Frame, shelf: Shelf | None = None) -> tuple[pl.Expr, pl.Expr]:
    """What those who are eligible get, in fen, and how it reaches them: the columns of a policy
    whose verdicts are known already, over a frame that the `shelf` has filled.

    Raises TooWide as `lower_policy` does.
    """
    check_size(bound)
    lowering = Lowering(bound.scope, frame, shelf)
    policy = bound.policy
    amounts = {
        portion.id: lower_steps(portion.steps, lowering, {}, {}) for portion in policy.portions
    }
    amount = lower_steps(policy.steps, lowering, _portions(bound, lowering), amounts)
    return exact.to_fen(amount), _delivery(bound, lowering)


def lower_at_most(bound: Bound, frame: Frame) -> pl.Expr:
    """What is due at most to those whose verdict is open, in fen: as if everything open held.

    An undecided portion counts as one that holds; null where a missing fact leaves the amount open.
    Raises TooWide as `lower_policy` does.
    """
    check_size(bound)
    lowering = Lowering(bound.scope, frame)
    policy = bound.policy
    held = {name: test.fill_null(True) for name, test in _portions(bound, lowering).items()}
    amounts = {
        portion.id: lower_steps(portion.steps, lowering, {}, {}) for portion in policy.portions
    }
    return exact.to_fen(lower_steps(policy.steps, lowering, held, amounts))


def _portions(bound: Bound, lowering: Lowering) -> dict[str, pl.Expr]:
    return {
        portion.id: pl.lit(True) if portion.when is None else lowering.boolean(portion.when)
        for portion in bound.policy.portions
    }


def check_size(bound: Bound) -> None:
    """Raise TooWide where the policy's columns would grow beyond measure."""
    sizes = Sizes(bound.scope)
    policy = bound.policy
    verdict = sum(sizes.of(leaf.when) for leaf in leaves_of(policy.clauses) if leaf.when)
    verdict += sum(sizes.of(portion.when) for portion in policy.portions if portion.when)
    portions = [size_of_steps(portion.steps, sizes) for portion in policy.portions]
    held = [2 * sizes.of(portion.when) for portion in policy.portions if portion.when]
    lines = sum(portions) + sum(held)
    amounts = [*portions, size_of_steps(policy.steps, sizes, lines, len(portions))]
    amounts += [size_of_steps(told.steps, sizes, lines, len(portions)) for told in policy.also]
    total = verdict + sum(verdict + amount for amount in amounts)  # it stands beside each amount
    if policy.each is not None:
        rows = Sizes(bound.row_scope)
        total += sum(rows.of(expression) for expression in row_expressions_of(policy))
        total += size_of_steps(policy.each.steps, rows)
    if total > MAX_SIZE:
        raise TooWide("the policy's conditions and amounts are too large for columns")


def size_of_steps(steps: tuple[Step, ...], sizes: Sizes, lines: int = 0, count: int = 0) -> int:
    """The estimated size of an amount's columns; `lines` is that of its `count` portions."""
    size = 1
    for step in steps:
        if step.operation == "portions":
            # summed each stands once, the highest is found in pairs that repeat what is below
            halvings = (count - 1).bit_length() if step.text == HIGHEST_PORTION else 0
            size = min(2 * lines * (2 * CHOICE) ** halvings + 1, MAX_SIZE + 1)
            continue
        operand = sizes.of(step.operand) if step.operand else 0
        test = 2 * sizes.of(step.when) if step.when else 0
        factor = 2 * CHOICE if step.operation in _REPEATING else 1
        size = min(factor * (size + operand) + test + (size if step.when else 0), MAX_SIZE + 1)
    return size


_REPEATING = (
    "at_most", "at_least", "nothing_below", "round_down", "round_up", "round_half_up",
)  # fmt: skip


def _scope(bound: Bound, lowering: Lowering, frame: Frame, *, by_hand: bool) -> dict[str, pl.Expr]:
    policy = bound.policy
    found: dict[str, pl.Expr] = {}
    if bound.outside is not None:
        found[bound.outside] = pl.lit(False)
    if policy.effective_at is not None and not (policy.each and policy.each.dated):
        found["effective"] = lower_dates(bound, lowering)
    region = policy.region
    if region is not None:
        code = lowering.of_name(region.fact)
        assert isinstance(code, pl.Expr)
        inside = reduce(lambda a, b: a | b, [code.str.starts_with(p) for p in region.within])
        for prefix in region.excepted:
            inside = inside & ~code.str.starts_with(prefix)
        if by_hand and region.fact + GIVEN in frame.columns:
            inside = ~pl.col(region.fact + GIVEN) | inside
        elif by_hand:
            inside = pl.lit(True)
        found["region"] = inside
    if policy.item is not None:
        item = lowering.lower(Name(name=policy.item))
        known = item.numerator.expr if isinstance(item, Exact) else item
        found["item"] = pl.when(known.is_not_null()).then(True)
    return found


def lower_dates(bound: Bound, lowering: Lowering) -> pl.Expr:
    """Whether the day that decides lies in the dates of the rule."""
    policy = bound.policy
    assert policy.effective_at is not None
    day = lowering.of_name(policy.effective_at)
    assert isinstance(day, pl.Expr)
    inside = day >= pl.lit(policy.effective_from)
    if policy.effective_to is not None:
        inside = inside & (day <= pl.lit(policy.effective_to))
    return inside


def lower_clause(clause: Clause, lowering: Lowering, found: dict[str, pl.Expr]) -> pl.Expr:
    """The truth of a clause; the columns of everything in it go into `found` by id."""
    match clause:
        case Leaf(when=None):
            value = pl.lit(None, dtype=pl.Boolean)
        case Leaf(when=when, not_yet=not_yet):
            assert when is not None
            value = lowering.boolean(when)
            if not_yet:
                value = pl.when(value).then(True)
        case ClauseGroup(members=members, group=group):
            inner = [lower_clause(member, lowering, found) for member in members]
            if group == "all":
                value = reduce(lambda a, b: a & b, inner)
            else:
                value = reduce(lambda a, b: a | b, inner)
            if group == "none":
                value = ~value
    found[clause.id] = value
    return value


def lower_steps(
    steps: tuple[Step, ...],
    lowering: Lowering,
    portions: Mapping[str, pl.Expr],
    amounts: Mapping[str, Exact],
) -> Exact:
    """The amount after all steps, in yuan."""
    value = exact.unknown()
    for step in steps:
        result = _apply(step, value, lowering, portions, amounts)
        if step.when is None:
            value = result
        else:
            value = exact.choose([(lowering.boolean(step.when), result)], value)
    return value


def _apply(
    step: Step,
    value: Exact,
    lowering: Lowering,
    portions: Mapping[str, pl.Expr],
    amounts: Mapping[str, Exact],
) -> Exact:
    if step.operation == "decided_by":
        return exact.unknown()
    if step.operation == "portions":
        # an undecided portion adds nothing yet; it follows as an adjustment
        held = {name: portions[name].fill_null(False) for name in amounts}
        if step.text == HIGHEST_PORTION:
            lowest = exact.literal(min(exact.lower_bound(amount) for amount in amounts.values()))
            lines = [exact.choose([(held[n], amount)], lowest) for n, amount in amounts.items()]
            return exact.smallest(lines, largest=True)
        lines = [exact.choose([(held[n], amount)], ZERO) for n, amount in amounts.items()]
        return reduce(exact.add, lines)
    assert step.operand is not None
    operand = lowering.number(step.operand)
    match step.operation:
        case "take":
            return operand
        case "plus":
            return exact.add(value, operand)
        case "minus":
            return exact.subtract(value, operand)
        case "times":
            return exact.multiply(value, operand)
        case "at_most":
            return exact.smallest([value, operand])
        case "at_least":
            return exact.smallest([value, operand], largest=True)
        case "nothing_below":
            return exact.choose([(exact.compare("lt", value, operand), ZERO)], value)
        case "round_down":
            return exact.multiply(exact.floor(exact.divide(value, operand)), operand)
        case "round_up":
            return exact.multiply(exact.ceil(exact.divide(value, operand)), operand)
        case "round_half_up":
            return exact.multiply(exact.round_to(exact.divide(value, operand), 0), operand)
    raise AssertionError(step.operation)


def _delivery(bound: Bound, lowering: Lowering) -> pl.Expr:
    cases = bound.policy.delivery
    tests = [lowering.boolean(case.when) for case in cases if case.when is not None]
    values = [pl.lit(case.by, dtype=pl.String) for case in cases]
    return exact.choose_expr(tests, values, pl.String)
