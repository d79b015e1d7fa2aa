"""What a policy's expressions say that their author probably, or surely, does not mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from language.always import find_settled
from language.definition import Scope
from language.errors import Finding
from language.expression import Expression
from language.precedence import find_doubtful_order
from language.types import FactType
from language.unit import MONEY, RATIO, Unit, parse_unit, unit_of_type
from language.unit_check import find_unfit_units
from policies.policy_file import ParameterFile
from profiles.fact import Fact

_COUNTED = frozenset({"person", "month", "year", "day", "piece", "times", "unit", "ton"})
"""Units of whole numbers that are never negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """What is known of the numbers that names stand for: their units, and which only count."""

    units: Mapping[str, Unit | None] = field(default_factory=dict)
    counts: frozenset[str] = frozenset()

    def without(self, names: frozenset[str]) -> "Quantities":
        """The same, of fewer names: these stand for something else elsewhere."""
        units = {name: unit for name, unit in self.units.items() if name not in names}
        return Quantities(units=units, counts=self.counts - names)


def know_quantities(
    facts: Mapping[str, Fact], parameters: Mapping[str, ParameterFile]
) -> Quantities:
    """The units that facts and parameters declare by their unit, their type or their values."""
    units: dict[str, Unit | None] = {}
    for name, fact in facts.items():
        if fact.unit or fact.formula is None:
            units[name] = _declared(fact.unit, fact.type)
    for name, file in parameters.items():
        units[name] = _of_parameter(file)
    counts = frozenset(
        name
        for name, fact in facts.items()
        if fact.formula is None and fact.type is FactType.INTEGER and fact.unit in _COUNTED
    )
    return Quantities(units=units, counts=counts)


def unit_shown(file: ParameterFile) -> str:
    """The unit in which people are shown a parameter; "" where neither it nor a value says one."""
    known = _of_parameter(file)
    if known == RATIO or file.type is FactType.RATIO:
        return "ratio"
    return file.unit or ("yuan" if known is MONEY else "")


def find_doubts(
    text: str, expression: Expression, scope: Scope, quantities: Quantities
) -> list[Finding]:
    """Everything that an author should look at in an expression that can be read."""
    return [
        *find_doubtful_order(text),
        *find_settled(expression, scope, quantities.counts),
        *find_unfit_units(expression, scope, quantities.units),
    ]


@lru_cache(maxsize=1024)
def _declared(unit: str | None, fact_type: FactType | None) -> Unit | None:
    by_type = None if fact_type is None else unit_of_type(fact_type)
    declared = parse_unit(unit or "")
    if by_type is MONEY and (declared is None or declared.powers.get("yuan") != 1):
        return MONEY  # money is in yuan inside conditions, whatever people are shown
    if by_type == RATIO and declared is not None and "percent" in declared.powers:
        return None  # a share that people are shown in percent: which of the two is not said
    return by_type if declared is None else declared


def _of_parameter(file: ParameterFile) -> Unit | None:
    if file.tiers is not None or any(entry.tiers is not None for entry in file.values or ()):
        return _declared(file.unit, file.type)
    written = [_of_text(text) for text in _texts(file)]
    if written and written[0] == RATIO and all(unit == RATIO for unit in written):
        return RATIO  # 5.5% is 0.055, whatever unit people are shown
    if file.unit is not None or file.type is not None:
        return _declared(file.unit, file.type)
    return MONEY if written and all(unit == MONEY for unit in written) else None


def _texts(file: ParameterFile) -> list[str]:
    """The values of a parameter as they were typed."""
    texts: list[str] = []
    for entry in (file, *(file.values or ())):
        texts += [entry.value] if entry.value is not None else []
        todo: list[object] = list((entry.rows or {}).values())
        while todo:
            value = todo.pop()
            if isinstance(value, Mapping):
                todo.extend(value.values())
            elif isinstance(value, str):
                texts.append(value)
    return texts


def _of_text(text: str) -> Unit | None:
    """What a written value alone says: `5.5%` is a ratio, `500元` is money."""
    if text.endswith(("%", "‰")):
        return RATIO
    return MONEY if text.endswith("元") else None
