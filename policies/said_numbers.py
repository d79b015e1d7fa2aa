"""Numbers that a clause tells people and its condition does not know: slips of text or condition.

The words of a provision and its condition are written by hand side by side. Where the words say
12个月 and the condition compares with 6, one of the two is wrong, and people are told the other.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from fractions import Fraction

from pydantic import BaseModel

from language.definition import Scope
from language.expression import Call, Expression, Literal
from language.reach import reachable_facts

_DIGITS = "零〇一二三四五六七八九"
_TENS = {"十": 10, "百": 100, "千": 1000}
_COUNTED = "个月|个自然月|个季度|季度|周岁|岁|年|人|名|户|倍|天|日|亩|台|万元|亿元|元"
_CHINESE = re.compile(
    rf"(?<![第每其之])(?P<number>[一二两三四五六七八九十百千]+|半)(?P<unit>{_COUNTED})(?![次性])"
)
_ARABIC = re.compile(
    r"(?<![A-Za-z0-9_.,，〔第])(?P<number>\d+(?:[,，]\d{3})*(?:\.\d+)?)\s*"
    rf"(?P<scale>[万亿]?)(?P<unit>%|％|‰|个百分点|{_COUNTED})?(?![\d〕号条款])"
)
_RANGE = re.compile(r"(\d+)\s*(?:[周岁个月年人]{0,2})\s*[至到~～—-]\s*(\d+)")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|年(\d{1,2})月(\d{1,2})日)")
_DOCUMENT = re.compile(r"〔\d{4}〕\s*\d+\s*号|《[^》]*》|第?\d+\s*[号条款项]|\d{4}\s*年(?!\d)")
_SHARES = {"%": 100, "％": 100, "‰": 1000, "个百分点": 100}
_SCALES = {"": 1, "万": 10_000, "亿": 100_000_000}


@dataclass(frozen=True, slots=True)
class Said:
    """A number in words for people: as it stands there, and what it may be in a condition."""

    text: str
    values: frozenset[Fraction]


def find_unknown_numbers(
    says: str,
    condition: Expression,
    scope: Scope,
    described: Callable[[str], object],
    dates: Sequence[date | None] = (),
) -> list[str]:
    """The numbers and days of `says` that neither the condition nor what it uses knows.

    `described` gives what else is known of a name: its label, what it is measured from. `dates` are
    days of the policy itself, which its words may repeat. Years, numbers of documents and of
    articles are passed over.
    """
    used = reachable_facts([condition], scope) - {"as_of", "period_start", "period_end"}
    known = set(_numbers_in(condition))
    for name in used:
        known |= set(_numbers_in((name, scope.get(name), described(name))))
    compared = {value for value in known if isinstance(value, date)}
    days = compared | {day for day in dates if day is not None}
    numbers = {abs(value) for value in known if isinstance(value, Fraction)}
    found = [text for text, day in _days_said(says) if not _near(day, days)]
    rest = _DOCUMENT.sub(" ", _DAY.sub(" ", says))
    loose = {word for ends in _RANGE.findall(rest) for word in ends}
    for said in _numbers_said(rest):
        wanted = said.values
        if said.text.strip("周岁个月年人") in loose:
            # 60至69周岁 may be written < 70
            wanted |= {value + step for value in said.values for step in (1, -1)}
        if not wanted & numbers and not (compared and said.text.endswith(("岁", "年"))):
            # an age or a number of years may be compared as a day of birth or of registration
            found.append(said.text)
    return list(dict.fromkeys(found))


def _numbers_said(text: str) -> Iterator[Said]:
    for match in _ARABIC.finditer(text):
        number = Fraction(re.sub("[,，]", "", match["number"]))
        unit = match["unit"] or ""
        scale = _SCALES[match["scale"]]
        if unit in ("万元", "亿元"):
            scale, unit = _SCALES[unit[0]], "元"
        yield Said(match[0].strip(), _may_be(number, unit, scale))
    for match in _CHINESE.finditer(text):
        number = Fraction(1, 2) if match["number"] == "半" else Fraction(_read(match["number"]))
        scale = _SCALES[match["unit"][0]] if match["unit"] in ("万元", "亿元") else 1
        yield Said(match[0], _may_be(number, match["unit"], scale))


def _may_be(number: Fraction, unit: str, scale: int) -> frozenset[Fraction]:
    """What a number with its unit may be in a condition: 5.5% is 0.055, and two years 24 months."""
    values = {number, number * scale}
    if unit in _SHARES:
        values |= {number / _SHARES[unit], 1 - number / _SHARES[unit], 100 - number}
    if unit == "倍":
        values |= {number - 1}
    if unit in ("年", "周岁", "岁"):
        values |= {number * 12, number * 365, number * 4}
    if unit in ("个月", "个自然月"):
        values |= {number / 12, number / 3, number * 30}
    if unit in ("季度", "个季度"):
        values |= {number * 3}
    return frozenset(values)


def _read(text: str) -> int:
    """A Chinese number below ten thousand: 十二, 两百, 三十."""
    total, digit = 0, 0
    for sign in text:
        if sign in _TENS:
            total += (digit or 1) * _TENS[sign]
            digit = 0
        else:
            digit = 2 if sign == "两" else _DIGITS.index(sign) - 1
    return total + digit


def _days_said(text: str) -> Iterator[tuple[str, date]]:
    for match in _DAY.finditer(text):
        year, *rest = (int(part) for part in match.groups() if part)
        try:
            yield match[0], date(year, *rest)
        except ValueError:
            continue  # a day that does not exist is a word to people, and no number here


def _near(day: date, days: set[date]) -> bool:
    """The day itself, or the next to it: 至12月31日 may be written < 1 January."""
    return any(abs(day - other) <= timedelta(days=1) for other in days)


def _numbers_of_text(text: str) -> set[Fraction | date]:
    """Every number in a name: months_paid_12, 近12个月."""
    found: set[Fraction | date] = {Fraction(digits) for digits in re.findall(r"\d+", text)}
    return found | {value for said in _numbers_said(text) for value in said.values}


def _day_of(arguments: tuple[Expression, ...]) -> date | None:
    """The day that `$date(y, m, d)` writes, None where it is worked out."""
    parts = [part.value for part in arguments if isinstance(part, Literal)]
    try:
        return date(*(int(part) for part in parts if isinstance(part, Fraction)))
    except (TypeError, ValueError):
        return None


def _numbers_in(value: object) -> Iterator[Fraction | date]:
    """Every number and day within an expression or a definition."""
    todo: list[object] = [value]
    while todo:
        part = todo.pop()
        match part:
            case bool():
                continue
            case Fraction() | date():
                yield part
            case int():
                yield Fraction(part)
            case str():
                yield from _numbers_of_text(part) if len(part) < 100 else ()
            case tuple() | list() | frozenset() | set():
                todo.extend(part)
            case Call(function="date", arguments=arguments):
                day = _day_of(arguments)
                todo.extend(arguments if day is None else [day])
            case Mapping():
                todo.extend(part.values())
            case BaseModel():
                todo.extend(value for _, value in part)
            case _ if is_dataclass(part) and not isinstance(part, type):
                todo.extend(
                    getattr(part, field.name) for field in fields(part) if field.name != "offset"
                )
