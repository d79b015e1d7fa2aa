"""Units through the steps of an amount: what is added to money or bounds it is money too."""

from language.document import Place
from language.expression import Expression, Literal
from language.unit import (
    MONEY,
    RATIO,
    Unit,
    differ_in_length_only,
    fit,
    join,
    multiply,
    parse_unit,
    scale,
)
from language.unit_check import UnitCheck, is_written
from policies.draft import Draft
from policies.policy import Step

_SAME = {
    "plus": "adds", "minus": "takes off", "at_most": "bounds by", "at_least": "bounds by",
    "nothing_below": "compares with",
}  # fmt: skip


def check_step_units(draft: Draft, steps: list[tuple[Step, Place]], told: str) -> None:
    """Note steps whose unit does not fit what stands before them, or the unit that is told.

    Money with a ratio, months or people is an error; money over another length of time a warning.
    """
    walk = UnitCheck(draft.scope, draft.quantities.units)
    unit: Unit | None = None
    for step, place in steps:
        if step.operand is None:
            unit = unit if step.operation.startswith("round") else None
            continue
        operand = walk.unit(step.operand)
        if step.operation == "take":
            unit = operand
        elif step.operation == "times":
            unit = _times(unit, step.operand, operand)
        elif step.operation in _SAME and unit is not None and operand is not None:
            if not fit(unit, operand):
                what = f"the step {_SAME[step.operation]} {operand} where {unit} stands"
                _note(draft, place, f"units do not fit: {what}", unit, operand)
                return
            unit = join(unit, operand)
    wanted = parse_unit(told)
    wanted = MONEY if wanted is not None and wanted.powers == {"yuan": 1} else wanted
    if unit is not None and wanted is not None and steps and not fit(unit, wanted):
        draft.warn(
            "units",
            steps[-1][1],
            f"the amount is {unit}, it is told in {wanted}",
            "correct the unit of the benefit or of a fact",
        )


def _times(unit: Unit | None, written: Expression, operand: Unit | None) -> Unit | None:
    """The unit of so many times an amount.

    A written number is a share, and money stays money over the same time; or it is a whole
    number of months, quarters or people, and money is for another time then.
    """
    if not is_written(written):
        return multiply(unit, operand)
    whole = isinstance(written, Literal) and written.value in range(2, 13)
    return (scale(unit) or unit) if whole else unit


def _note(draft: Draft, place: Place, message: str, one: Unit, two: Unit) -> None:
    certain = not differ_in_length_only(one, two) and MONEY.powers in (one.powers, two.powers)
    remedy = "a share is applied with times:" if RATIO in (one, two) else "bring both to one unit"
    if certain:
        draft.refuse(place, message, remedy, code="units")
    else:
        draft.warn("units", place, message, remedy)
