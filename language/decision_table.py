"""What a decision table gives, from which of its rows apply (OMG DMN 1.5, 8.2.8).

A row whose facts are missing may apply or not. The output is settled only where it is the same
either way, so that a fact that arrives later never turns one value into another.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import reduce

from language.definition import LISTINGS, DecisionTable, Hit, Rule, Scalar
from language.truth import LEFT_OPEN, NO_ROW, TWO_ROWS, Value, kleene_or, unknown_of

SEPARATOR = "、"
"""Between the texts of a listing."""

COMBINE: dict[Hit, Callable[[Fraction, Fraction], Fraction]] = {
    Hit.SUM: lambda a, b: a + b,
    Hit.MIN: min,
    Hit.MAX: max,
}


def decide_table(table: DecisionTable, holds: list[Value]) -> Value:
    """The output, where `holds` says for each rule whether it applies."""
    pairs = list(zip(table.rules, holds, strict=True))
    sure = [rule for rule, held in pairs if held.value is True]
    waiting = [(rule, held) for rule, held in pairs if held.value is None]
    match table.hit:
        case Hit.UNIQUE | Hit.ANY:
            outputs = {rule.value for rule in sure}
            if len(sure if table.hit is Hit.UNIQUE else outputs) > 1:
                return Value(None, reasons=frozenset({TWO_ROWS}))
            possible = [(rule, held) for rule, held in pairs if held.value is not False]
            if table.hit is Hit.UNIQUE and len(possible) > 1:
                # which of them applies is open, and a second one would contradict the first
                return unknown_of(*(held for _, held in waiting))
            return _one_of(table, possible)
        case Hit.FIRST | Hit.PRIORITY:
            return _one_of(table, _up_to_the_first(pairs))
        case Hit.COUNT:
            if waiting:
                return unknown_of(*(held for _, held in waiting))
            return Value(Fraction(len(sure)))
        case Hit.SUM | Hit.MIN | Hit.MAX:
            return _combined(table, sure, waiting, COMBINE[table.hit])
        case hit:
            assert hit in LISTINGS
            return _listed(table, sure, waiting)


def has_output(table: DecisionTable, holds: list[Value]) -> Value:
    """Whether the table has an output: a row that applies, a default, or a count."""
    if table.default is not None or table.hit is Hit.COUNT:
        return Value(True)
    return kleene_or(holds)


def _up_to_the_first(pairs: list[tuple[Rule, Value]]) -> list[tuple[Rule, Value]]:
    """The rules that could be the first to apply."""
    possible = []
    for rule, held in pairs:
        if held.value is not False:
            possible.append((rule, held))
        if held.value is True:
            break
    return possible


def _one_of(table: DecisionTable, possible: list[tuple[Rule, Value]]) -> Value:
    """The value that all these rules share, one of which counts."""
    outputs: set[Scalar | None] = {rule.value for rule, _ in possible}
    reasons = {LEFT_OPEN} if None in outputs else set()
    if not any(held.value is True for _, held in possible):
        outputs.add(table.default)
        reasons |= {NO_ROW} if not possible and table.default is None else set()
    (first, *others) = outputs
    if first is not None and not others:
        return Value(first)
    open_ = unknown_of(*(held for _, held in possible if held.value is None))
    return Value(None, open_.missing, open_.reasons | frozenset(reasons))


def _combined(
    table: DecisionTable,
    sure: list[Rule],
    waiting: list[tuple[Rule, Value]],
    combine: Callable[[Fraction, Fraction], Fraction],
) -> Value:
    if any(rule.value is None for rule in sure):
        return Value(None, reasons=frozenset({LEFT_OPEN}))
    if not sure and not waiting:
        return _no_row(table)
    total = reduce(combine, [_number(rule) for rule in sure]) if sure else table.default
    # with no sure row the default counts, unless a waiting one takes its place
    changing = [
        held
        for rule, held in waiting
        if not isinstance(total, Fraction)
        or rule.value is None
        or combine(total, _number(rule)) != total
        or (not sure and rule.value != total)
    ]
    return unknown_of(*changing) if changing else Value(total)


def _listed(table: DecisionTable, sure: list[Rule], waiting: list[tuple[Rule, Value]]) -> Value:
    if waiting:
        return unknown_of(*(held for _, held in waiting))
    if not sure:
        return _no_row(table)
    if any(rule.value is None for rule in sure):
        return Value(None, reasons=frozenset({LEFT_OPEN}))
    return Value(SEPARATOR.join(str(rule.value) for rule in sure))


def _no_row(table: DecisionTable) -> Value:
    if table.default is not None:
        return Value(table.default)
    return Value(None, reasons=frozenset({NO_ROW}))


def _number(rule: Rule) -> Fraction:
    assert isinstance(rule.value, Fraction)
    return rule.value
