"""Units of numbers: what money, months, people and shares may be added to and compared with.

A unit is a product of powers of base units. What is not known fits everything, and so do written
numbers, so that only what is surely wrong is found: a number multiplied by a written one may have
become anything, but for money, which stays money over some length of time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from language.types import FactType

_TIMES = ("day", "month", "quarter", "year")
_NAMES = {
    "yuan": "yuan", "元": "yuan", "cny": "yuan",
    "percent": "percent", "%": "percent", "百分点": "percent",
    "day": "day", "days": "day", "天": "day", "日": "day",
    "month": "month", "months": "month", "月": "month", "个月": "month",
    "quarter": "quarter", "季": "quarter", "季度": "quarter",
    "year": "year", "years": "year", "年": "year", "岁": "year",
    "person": "person", "persons": "person", "people": "person", "人": "person",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """Powers of base units by name; `loose` where the length of time it is for is not known."""

    powers: Mapping[str, int] = field(default_factory=dict)
    loose: bool = False

    def __str__(self) -> str:
        above = [name for name, power in self.powers.items() if power > 0 for _ in range(power)]
        below = [name for name, power in self.powers.items() if power < 0 for _ in range(-power)]
        if not above and not below:
            return "a ratio"
        return "/".join(["·".join(above) or "1", *below])


RATIO = Unit()
MONEY = Unit({"yuan": 1}, loose=True)
YEARS, MONTHS, DAYS = Unit({"year": 1}), Unit({"month": 1}), Unit({"day": 1})


def parse_unit(text: str) -> Unit | None:
    """The unit that a fact declares, as `yuan/month`; None where it is no single unit."""
    words = text.strip().lower()
    if words in ("ratio", "1"):
        return RATIO
    if not words or " " in words:
        return None
    powers: dict[str, int] = {}
    for position, name in enumerate(words.split("/")):
        base = _NAMES.get(name, name)
        powers[base] = powers.get(base, 0) + (-1 if position else 1)
    return Unit(_tidy(powers))


def unit_of_type(fact_type: FactType) -> Unit | None:
    """What a type alone says of the unit."""
    match fact_type:
        case FactType.MONEY:
            return MONEY
        case FactType.RATIO:
            return RATIO
        case _:
            return None


def multiply(left: Unit | None, right: Unit | None, power: int = 1) -> Unit | None:
    """The unit of a product, or with a `power` of -1 of a quotient."""
    if left is None or right is None:
        return None
    powers = dict(left.powers)
    for name, count in right.powers.items():
        powers[name] = powers.get(name, 0) + power * count
    return Unit(_tidy(powers), loose=left.loose or right.loose)


def scale(unit: Unit | None) -> Unit | None:
    """The unit of so many times a value, the number being written out: money stays money."""
    if unit is None or unit.powers.get("yuan") != 1 or set(unit.powers) - {"yuan", *_TIMES}:
        return None
    return MONEY


def fit(left: Unit, right: Unit) -> bool:
    """Whether values of the units may be added and compared."""
    return (
        _without_times(left) == _without_times(right)
        if _loose(left, right)
        else (dict(left.powers) == dict(right.powers))
    )


def differ_in_length_only(left: Unit, right: Unit) -> bool:
    """Whether the units are the same but for a length of time, like yuan/month and yuan/year."""
    return bool(_without_times(left)) and _without_times(left) == _without_times(right)


def join(left: Unit, right: Unit) -> Unit:
    """The unit of either of two values that fit."""
    return right if left.loose else left


def _loose(left: Unit, right: Unit) -> bool:
    return left.loose or right.loose


def _without_times(unit: Unit) -> dict[str, int]:
    return {name: power for name, power in unit.powers.items() if name not in _TIMES}


def _tidy(powers: dict[str, int]) -> dict[str, int]:
    return {name: power for name, power in powers.items() if power}
