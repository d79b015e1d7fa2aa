"""The steps of an amount, carried out one by one by the reference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from language.exact import INT64
from language.functions import round_half_up
from language.reference import Reference, Value
from policies.policy import HIGHEST_PORTION, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """A step of an amount as it came out; `applied` is None where its condition is unknown."""

    step: Step
    applied: bool | None
    result: Value


def to_fen(value: Value) -> int | None:
    """Yuan as whole fen, rounded half up; more than 64 bits hold is no amount and stays open."""
    if value.value is None:
        return None
    assert isinstance(value.value, Fraction)
    fen = round_half_up(value.value * 100).numerator
    return fen if abs(fen) <= INT64 else None


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
    if step.operation == "take":
        return operand
    return reference.apply(OPERATIONS[step.operation], [value, operand])


OPERATIONS: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "plus": lambda a, b: a + b,
    "minus": lambda a, b: a - b,
    "times": lambda a, b: a * b,
    "at_most": min,
    "at_least": max,
    "nothing_below": lambda a, b: Fraction(0) if a < b else a,
    "round_down": lambda a, b: (a // b) * b,
    "round_up": lambda a, b: -((-a) // b) * b,
    "round_half_up": lambda a, b: round_half_up(a / b) * b,
}
"""What a step makes of the amount before it and its own operand."""


def show_yuan(fen: int | None) -> str | None:
    """Fen as yuan with two decimals."""
    if fen is None:
        return None
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
