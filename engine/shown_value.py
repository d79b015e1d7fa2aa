"""Values as people read them: numbers with their units, amounts, days, codes; in two languages."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.decision import to_fen
from language.definition import Scalar
from language.expression import Arithmetic, Call, Coalesce, Conditional, Expression, Name, Negative
from language.number import UNLIMITED, significant_digits
from language.reference import Value
from language.types import FactType
from profiles.fact import Fact
from profiles.region import region_name

YUAN, RATIO, DATE = "yuan", "ratio", "date"
HIDDEN = ("（文字，不显示）", "(a text, not shown)")
"""In place of a free text, which may hold a name or an address."""

_UNITS = {
    YUAN: ("元", " yuan"),
    "month": ("个月", " months"),
    "year": ("年", " years"),
    "age": ("岁", " years"),
    "day": ("天", " days"),
    "hour": ("小时", " hours"),
    "person": ("人", " people"),
    "percent": ("%", "%"),
    "m2": ("平方米", " m²"),
    "m3": ("立方米", " m³"),
    "ton": ("吨", " t"),
    "unit": ("套", " units"),
    "piece": ("件", " pieces"),
    "times": ("次", " times"),
    "USD": ("美元", " USD"),
    "kWh": ("千瓦时", " kWh"),
}
_FOR_EACH = {
    YUAN: ("元", "yuan"), "month": ("月", "month"), "year": ("年", "year"), "day": ("天", "day"),
    "quarter": ("季度", "quarter"), "person": ("人", "person"), "m2": ("平方米", "m²"),
    "m3": ("立方米", "m³"), "ton": ("吨", "t"),
}  # fmt: skip
"""What stands in a rate like yuan/month/person."""
_PERSONAL = re.compile(
    r"(?<![0-9A-Za-z])(\d{2})(?:\d{7,27}|\d{6}[0-9A-Z]{9})(\d|[A-Zx])(?![0-9A-Za-z])", re.ASCII
)
"""Shaped like an identity number, a credit code, a phone or an account; hashes are not."""


def mask(text: str) -> str:
    """A text for people to see, without long numbers that may be somebody's."""
    return _PERSONAL.sub(r"\1********\2", text)


def unit_words(unit: str) -> tuple[str, str]:
    """What stands behind a number of this unit, in Chinese and English."""
    if "/" in unit:
        parts = [_FOR_EACH.get(part, (part, part)) for part in unit.split("/")]
        return "/".join(zh for zh, _ in parts), " " + "/".join(en for _, en in parts)
    return _UNITS.get(unit, (f" {unit}", f" {unit}") if unit else ("", ""))


def unit_of(expression: Expression, facts: Mapping[str, Fact]) -> str:
    """The unit of a formula's value; "" where it has none or it cannot be told."""
    match expression:
        case Name(name=name):
            return unit_of_fact(facts[name]) if name in facts else ""
        case Negative(operand=operand):
            return unit_of(operand, facts)
        case Arithmetic(operator=operator, left=left, right=right):
            return _unit_of_arithmetic(operator, unit_of(left, facts), unit_of(right, facts))
        case Conditional(then=first, otherwise=second) | Coalesce(left=first, right=second):
            return unit_of(first, facts) or unit_of(second, facts)
        case Call(function=function, arguments=arguments):
            if function in _UNIT_OF_CALL:
                return _UNIT_OF_CALL[function]
            if function in ("min", "max", "abs", "round", "floor", "ceil"):
                return next((u for a in arguments if (u := unit_of(a, facts))), "")
    return ""


_UNIT_OF_CALL = {
    "years": "year", "months": "month", "months_through": "month", "days": "day", "date": DATE,
    "year_start": DATE, "year_end": DATE,
    "add_months": DATE, "add_days": DATE, "month_start": DATE, "month_end": DATE,
    "earliest": DATE, "latest": DATE,
}  # fmt: skip


def _unit_of_arithmetic(operator: str, left: str, right: str) -> str:
    match operator:
        case "add" | "sub" | "mod":
            return left or right
        case "mul":
            if RATIO in (left, right):
                return right if left == RATIO else left
            return "" if left and right else left or right
        case "div" | "floordiv":
            return left if right in ("", RATIO) else ""
    return ""


def unit_of_fact(fact: Fact) -> str:
    """The unit of a fact's values."""
    match fact.type:
        case FactType.MONEY:
            return fact.unit or YUAN
        case FactType.RATIO:
            return RATIO
        case FactType.DATE:
            return DATE
    if fact.unit == "year" and fact.label_zh.endswith(("年龄", "周岁")):
        return "age"
    return fact.unit


def show_value(
    value: Value | Scalar | None, fact: Fact | None = None, unit: str | None = None
) -> tuple[str | None, str | None]:
    """A value in Chinese and English, in its unit; None where it is missing."""
    plain = value.value if isinstance(value, Value) else value
    if unit is None:
        unit = unit_of_fact(fact) if fact is not None else ""
    match plain:
        case None:
            return None, None
        case bool(truth):
            return ("是", "yes") if truth else ("否", "no")
        case Fraction() as number:
            return show_number_in(number, unit)
        case date() as day:
            return f"{day.year}年{day.month}月{day.day}日", day.isoformat()
        case str(text):
            return _show_text(text, fact)


def _show_text(text: str, fact: Fact | None) -> tuple[str, str]:
    if fact is None:
        return mask(text), mask(text)
    if fact.system.startswith("GB/T 2260"):
        named = region_name(text)
        return (f"{named}（{text}）", f"{named} ({text})") if named else (mask(text), mask(text))
    # a text that a policy works out is its own; one that is given may be a name or an address
    free = fact.type is FactType.TEXT and fact.formula is None
    # of a code without a list of its own only short words in small letters are taken for one
    unlisted = fact.type is FactType.CODE and not (fact.values or fact.system)
    if free or (unlisted and not re.fullmatch(r"[a-z][a-z_0-9]{0,39}", text)):
        return HIDDEN
    return mask(text), mask(text)


def show_number_in(number: Fraction, unit: str) -> tuple[str, str]:
    """A number in its unit: money with two decimals, ratios in percent."""
    if number == UNLIMITED:
        return "不封顶", "unlimited"
    if unit == RATIO:
        percent = show_plain(number * 100)
        return f"{percent}%", f"{percent}%"
    if unit.split("/")[0] == YUAN:
        shown = show_fen(to_fen(Value(number))) or ""
        if (number * 100).denominator != 1:
            # beyond the fen: what lies beside a threshold must not look like it
            shown = f"≈ {Decimal(int(abs(number) * 10_000 + Fraction(1, 2))).scaleb(-4):,}"
            shown = shown.replace("≈ ", "≈ -") if number < 0 else shown
    else:
        shown = show_plain(number)
        if unit and "/" in shown:
            shown = f"≈ {float(number):.6g}"
    zh, en = unit_words(unit)
    if number == 1 and en.endswith("s") and len(en) > 2:
        en = en.removesuffix("s")
    return shown + zh, shown + en


def show_plain(number: Fraction) -> str:
    """A number for people: exact where it ends within 15 digits, else to six with ≈."""
    sign = "-" if number < 0 else ""
    digits = significant_digits(number)
    if digits is not None and digits <= 15:
        whole, rest = divmod(abs(number), 1)
        if not rest:
            return f"{sign}{_group(whole)}"
        places = next(n for n in range(1, 60) if (rest * 10**n).denominator == 1)
        decimals = str((rest * 10**places).numerator).rjust(places, "0")
        return f"{sign}{_group(whole)}.{decimals}"
    if max(abs(number.numerator), number.denominator) < 1000:
        return f"{number.numerator}/{number.denominator}"
    if abs(number) >= 1000:
        # eight digits: what lies beside a round threshold must not look like it
        places = max(0, 8 - len(str(int(abs(number)))))
        whole, rest = divmod(int(abs(number) * 10**places + Fraction(1, 2)), 10**places)
        decimals = f".{rest:0{places}d}".rstrip("0").rstrip(".") if places else ""
        return f"≈ {sign}{_group(whole)}{decimals}"
    return f"≈ {float(number):.6g}"


def _group(whole: int) -> str:
    return f"{whole:,}" if whole >= 10_000 else str(whole)


def show_fen(fen: int | None) -> str | None:
    """Fen as yuan with two decimals and commas between thousands."""
    if fen is None:
        return None
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def show_yuan(value: Value) -> str | None:
    """An amount as it would be paid: rounded to a fen, half up."""
    return show_fen(to_fen(value)) if isinstance(value.value, Fraction) else None


def plain_value(value: Value | Scalar | None) -> bool | str | None:
    """A value for a program: numbers and days as exact text, `1/3` where no decimal ends."""
    plain = value.value if isinstance(value, Value) else value
    match plain:
        case None | bool():
            return plain
        case Fraction() as number:
            digits = significant_digits(number)
            if digits is None or digits > 40:
                return f"{number.numerator}/{number.denominator}"
            return show_plain(number).replace(",", "") if digits <= 15 else str(number)
        case date() as day:
            return day.isoformat()
        case str(text):
            return mask(text)
