"""Amounts: steps carried out in order, portions, and the other figures that people are told."""

from language.document import Place
from language.expression import Expression, Name
from language.number import parse_number
from language.parse import parse
from language.types import Kind
from policies.draft import Draft, words
from policies.policy import (
    HIGHEST_PORTION,
    SUM_OF_PORTIONS,
    SUM_OF_ROWS,
    AlsoTold,
    Operation,
    Portion,
    Step,
)
from policies.policy_file import AmountFile, StepFile
from policies.step_unit import check_step_units

_OPERATIONS: dict[str, Operation] = {
    "first": "take",
    "take": "take",
    "plus": "plus",
    "minus": "minus",
    "times": "times",
    "at_most": "at_most",
    "at_least": "at_least",
    "nothing_below": "nothing_below",
    "round": "round_down",
    "decided_by": "decided_by",
}
_ROUNDINGS: dict[str, Operation] = {
    "half up": "round_half_up",
    "down": "round_down",
    "up": "round_up",
}
_PORTION_WORDS = (SUM_OF_PORTIONS, HIGHEST_PORTION)


def build_portions(draft: Draft) -> tuple[Portion, ...]:
    """The lines of an award."""
    portions = []
    for index, file in enumerate(draft.file.benefit.portions):
        place: Place = ("benefit", "portions", index)
        when = None
        if file.when is not None:
            when = draft.expression(file.when, (*place, "when"), Kind.BOOLEAN)
        says, says_en = words(file.says)
        portions.append(
            Portion(
                id=file.id,
                says=says,
                says_en=says_en,
                source=file.source or "",
                when=when,
                text=file.when or "",
                steps=build_steps(draft, file.amount, (*place, "amount")),
            )
        )
    return tuple(portions)


def build_amount(draft: Draft, portions: tuple[Portion, ...]) -> tuple[Step, ...]:
    """The steps of the whole; with portions the default is their sum."""
    benefit = draft.file.benefit
    rows = draft.file.each is not None and draft.file.each.amount is not None
    if benefit.amount is None:
        if portions and rows:
            draft.refuse(
                ("benefit",),
                "rows and portions both have amounts",
                f"say how they make the whole, like [{SUM_OF_PORTIONS}, {{plus: {SUM_OF_ROWS}}}]",
            )
        if rows:
            return (Step(operation="take", operand=Name(name=SUM_OF_ROWS), text=SUM_OF_ROWS),)
        if portions:
            return (Step(operation="portions", operand=None, text=SUM_OF_PORTIONS),)
        if benefit.kind in ("cash", "relief", "deduction"):
            draft.refuse(("benefit",), "the benefit has neither an amount nor portions")
        return ()
    place: Place = ("benefit", "amount")
    steps = build_steps(draft, benefit.amount, place, portions=bool(portions))
    if portions and steps and steps[0].operation != "portions":
        draft.refuse(
            place,
            "with portions the amount begins with sum_of_portions or highest_portion",
            "or leave the amount out: the default is the sum",
        )
    return steps


def build_also(draft: Draft) -> tuple[AlsoTold, ...]:
    """The other figures that the recipient is told."""
    told = []
    for name, file in draft.file.benefit.also.items():
        label, label_en = words(file.label)
        told.append(
            AlsoTold(
                name=name,
                label=label or name,
                label_en=label_en or name,
                unit=file.unit or "yuan",
                steps=build_steps(
                    draft,
                    file.amount,
                    ("benefit", "also", name, "amount"),
                    told=file.unit or "yuan",
                ),
            )
        )
    return tuple(told)


def build_steps(
    draft: Draft,
    amount: AmountFile,
    place: Place,
    *,
    portions: bool = False,
    told: str | None = None,
) -> tuple[Step, ...]:
    """The steps of one amount; a single step may stand without a list.

    `told` is the unit in which people are told it, by default that of the benefit.
    """
    entries = amount if isinstance(amount, list) else [amount]
    if not entries:
        draft.refuse(place, "the amount has no steps")
    steps = []
    placed: list[tuple[Step, Place]] = []
    for index, entry in enumerate(entries):
        at = (*place, index) if isinstance(amount, list) else place
        step = _build_step(draft, entry, at, portions=portions)
        if step is None:
            continue
        if index == 0 and step.operation not in ("take", "portions", "decided_by"):
            draft.refuse(at, "an amount begins with an expression", "write it as the first step")
        if index > 0 and step.operation == "portions":
            draft.refuse(at, f'"{step.text}" stands first')
        steps.append(step)
        placed.append((step, at))
    check_step_units(draft, placed, draft.file.benefit.unit if told is None else told)
    return tuple(steps)


def _build_step(
    draft: Draft, entry: str | StepFile, place: Place, *, portions: bool
) -> Step | None:
    if isinstance(entry, str):
        text = entry.strip()
        if text in _PORTION_WORDS:
            if not portions:
                draft.refuse(place, f'"{text}" needs portions')
                return None
            return Step(operation="portions", operand=None, text=text)
        if text == SUM_OF_ROWS and text not in draft.scope:
            draft.refuse(place, f'"{text}" needs each: with an amount', "add each.amount")
            return None
        return Step(operation="take", operand=build_operand(draft, entry, place), text=entry)
    chosen = [key for key in _OPERATIONS if getattr(entry, key) is not None]
    if len(chosen) != 1:
        draft.refuse(place, "a step has one operation", f"one of {', '.join(_OPERATIONS)}")
        return None
    key = chosen[0]
    text = " ".join(str(getattr(entry, key)).split())
    when = None
    if entry.when is not None:
        # in amounts the author may state what a missing fact counts as
        when = draft.expression(entry.when, (*place, "when"), Kind.BOOLEAN, amount=True)
    operation: Operation | None = _OPERATIONS[key]
    operand: Expression | None = None
    if key == "round":
        operation, operand = _rounding(draft, text, (*place, "round"))
        if operation is None:
            return None
    elif key != "decided_by":
        operand = build_operand(draft, str(getattr(entry, key)), (*place, key))
    says, says_en = words(entry.says)
    assert operation is not None
    return Step(
        operation=operation,
        operand=operand,
        text=text,
        when=when,
        says=says,
        says_en=says_en,
        source=entry.source or "",
    )


def _rounding(draft: Draft, text: str, place: Place) -> tuple[Operation | None, Expression | None]:
    """`down to 1000`, `up to 1`, `half up to 0.1`."""
    for name, operation in _ROUNDINGS.items():
        if not text.startswith(name + " to "):
            continue
        unit = text.removeprefix(name + " to ")
        try:
            above_zero = parse_number(unit) > 0
        except ValueError as error:
            draft.refuse(place, str(error))
            return None, None
        if not above_zero:
            draft.refuse(place, "the unit of a rounding is above zero")
            return None, None
        return operation, build_operand(draft, unit, place)
    draft.refuse(place, f'"{text}" is no rounding', "write: down to 1000")
    return None, None


def build_operand(draft: Draft, text: str, place: Place) -> Expression | None:
    """A number as authors write it, or a formula."""
    try:
        number = parse_number(text)
    except ValueError:
        return draft.expression(text, place, Kind.NUMBER, amount=True)
    shown = str(abs(number.numerator))
    if number.denominator != 1:
        shown += f" / {number.denominator}"
    return parse(f"-({shown})" if number < 0 else shown)
