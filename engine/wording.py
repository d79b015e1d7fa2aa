"""A condition put into words, in Chinese or English, with brackets only where they are needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal as OneOf

from engine.shown_value import DATE, show_value, unit_of
from language.expression import (
    Arithmetic,
    Call,
    Coalesce,
    Comparison,
    Conditional,
    DoesNotApply,
    Expression,
    Literal,
    Logic,
    Match,
    Membership,
    Name,
    Negative,
    Not,
)
from language.types import FactType
from language.unparse import unparse
from profiles.fact import Fact

Language = OneOf["zh", "en"]

_COMPARES = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
_COUNTS = {"add": "+", "sub": "−", "mul": "×", "div": "÷"}
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "and": " 且 ", "or": " 或 ", "not": "并非{0}", "yes": "{0}：是", "no": "{0}：否",
        "in": "{0} 属于 {1}", "not in": "{0} 不属于 {1}", "between": "、",
        "none": "{0} 不适用", "not none": "{0} 适用", "default": "{0}（缺则按{1}）",
        "if": "若{0}则{1}，否则{2}", "floordiv": "{0} ÷ {1} 的整数部分", "mod": "{0} ÷ {1} 的余数",
        "matches": "{0} 开头符合模式 “{1}”", "not matches": "{0} 开头不符合模式 “{1}”",
        "matches within": "{0} 中有符合模式 “{1}” 之处",
        "not matches within": "{0} 中无符合模式 “{1}” 之处",
        "pow": "{0} 的 {1} 次方", "minus": "−{0}",
    },
    "en": {
        "and": " and ", "or": " or ", "not": "not {0}", "yes": "{0}: yes", "no": "{0}: no",
        "in": "{0} is one of {1}", "not in": "{0} is none of {1}", "between": ", ",
        "none": "{0} does not apply", "not none": "{0} applies",
        "default": "{0} (if missing: {1})", "if": "if {0} then {1}, else {2}",
        "floordiv": "whole part of {0} ÷ {1}", "mod": "remainder of {0} ÷ {1}",
        "matches": "{0} begins like the pattern “{1}”",
        "not matches": "{0} does not begin like the pattern “{1}”",
        "matches within": "the pattern “{1}” is found in {0}",
        "not matches within": "the pattern “{1}” is not found in {0}",
        "pow": "{0} to the power of {1}", "minus": "−{0}",
    },
}  # fmt: skip
_CALLS: Mapping[str, tuple[str, str]] = {
    "years": ("自{0}至{1}的周年数", "full years from {0} to {1}"),
    "months": ("自{0}至{1}的整月数", "full months from {0} to {1}"),
    "days": ("自{0}至{1}的天数", "days from {0} to {1}"),
    "months_through": (
        "自{0}至{1}的日历月数（首尾均计）",
        "calendar months from {0} through {1}",
    ),
    "year": ("{0}所在年份", "year of {0}"),
    "month": ("{0}所在月份", "month of {0}"),
    "add_months": ("{0}之后{1}个月", "{1} months after {0}"),
    "add_days": ("{0}之后{1}天", "{1} days after {0}"),
    "quarter": ("{0}所在季度", "quarter of {0}"),
    "year_start": ("{0}当年首日", "first day of the year of {0}"),
    "year_end": ("{0}当年末日", "last day of the year of {0}"),
    "month_start": ("{0}当月首日", "first day of the month of {0}"),
    "month_end": ("{0}当月末日", "last day of the month of {0}"),
    "earliest": ("{all}中最早者", "earliest of {all}"),
    "latest": ("{all}中最晚者", "latest of {all}"),
    "min": ("{all}中最小者", "smallest of {all}"),
    "max": ("{all}中最大者", "largest of {all}"),
    "abs": ("{0}的绝对值", "{0} without its sign"),
    "round": ("{0}四舍五入", "{0} rounded half up"),
    "floor": ("{0}向下取整", "{0} rounded down"),
    "ceil": ("{0}向上取整", "{0} rounded up"),
    "starts_with": ("{0} 以 {1} 开头", "{0} begins with {1}"),
    "has": ("“{0}”有对应标准", "there is a row of {0}"),
    "date": ("{0}年{1}月{2}日", "{0}-{1}-{2}"),
}
_ROUND_TO = ("{0}四舍五入至{1}位小数", "{0} rounded half up to {1} decimals")
_BEFORE = {
    "add_months": ("{0}之前{1}个月", "{1} months before {0}"),
    "add_days": ("{0}之前{1}天", "{1} days before {0}"),
}
WORDED_FUNCTIONS = frozenset(_CALLS)

# how tightly a phrase holds together, loosest first
_IF, _OR, _AND, _TEST, _SUM, _PRODUCT, _ATOM = range(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What names are called in one language, and the facts whose units numbers take."""

    language: Language
    labels: Mapping[str, str]
    facts: Mapping[str, Fact]

    def words(self, expression: Expression, unit: str = "") -> str:
        """A condition in words, or an amount whose plain numbers are of a unit."""
        return self._phrase(expression, unit)[0]

    def number(self, value: Fraction, unit: str) -> str:
        """A number in its unit."""
        zh, en = show_value(value, unit=unit)
        return (zh if self.language == "zh" else en) or ""

    def _say(self, key: str, *parts: str) -> str:
        return _WORDS[self.language][key].format(*parts)

    def _inside(self, expression: Expression, tightness: int, unit: str = "") -> str:
        """The phrase in brackets if it is looser than what stands around it."""
        text, own = self._phrase(expression, unit)
        return text if own >= tightness else f"（{text}）" if self.language == "zh" else f"({text})"

    def _phrase(self, expression: Expression, unit: str = "") -> tuple[str, int]:
        match expression:
            case Literal(value=value):
                return self._literal(value, unit), _ATOM
            case Name(name=name):
                return self._name(name)
            case Not(operand=DoesNotApply(name=name)):
                return self._say("not none", self._label(name.name)), _TEST
            case Not(operand=Membership() as membership):
                return self._membership("not in", membership), _TEST
            case Not(operand=Match() as match):
                return self._match("not ", match), _TEST
            case Not(operand=Name(name=name)):
                return self._say("no", self._label(name)), _TEST
            case Not(operand=operand):
                return self._say("not", self._inside(operand, _ATOM)), _TEST
            case Negative(operand=operand):
                return self._say("minus", self._inside(operand, _ATOM, unit)), _PRODUCT
            case Logic(operator=operator, operands=operands):
                own = _AND if operator == "and" else _OR
                joint = _WORDS[self.language][operator]
                return joint.join(self._inside(operand, own + 1) for operand in operands), own
            case Comparison(operator=operator, left=left, right=right):
                both = unit_of(left, self.facts) or unit_of(right, self.facts)
                both = "" if both == DATE else both
                sides = [
                    self._label(side.name)
                    if isinstance(side, Name)
                    else self._inside(side, _SUM, both)
                    for side in (left, right)
                ]
                return f"{sides[0]} {_COMPARES[operator]} {sides[1]}", _TEST
            case Arithmetic():
                return self._arithmetic(expression, unit)
            case Membership():
                return self._membership("in", expression), _TEST
            case Match():
                return self._match("", expression), _TEST
            case DoesNotApply(name=name):
                return self._say("none", self._label(name.name)), _TEST
            case Coalesce(left=left, right=right):
                money = unit or unit_of(left, self.facts)
                parts = [self._inside(side, _SUM, money) for side in (left, right)]
                return self._say("default", *parts), _ATOM
            case Conditional(test=test, then=then, otherwise=otherwise):
                parts = [
                    self._inside(test, _OR),
                    self._inside(then, _OR, unit),
                    self._inside(otherwise, _OR, unit),
                ]
                return self._say("if", *parts), _IF
            case Call(function=function, arguments=arguments):
                return self._call(function, arguments, unit)

    def _arithmetic(self, expression: Arithmetic, unit: str) -> tuple[str, int]:
        operator, left, right = expression.operator, expression.left, expression.right
        own = _SUM if operator in ("add", "sub") else _PRODUCT
        # only what is added has the unit of the whole: a factor has its own
        given = unit or unit_of(expression, self.facts) if own == _SUM else ""
        first = self._inside(left, own, given)
        second = self._inside(right, own + 1, given)
        if operator in _COUNTS:
            return f"{first} {_COUNTS[operator]} {second}", own
        return self._say(operator, first, second), own

    def _name(self, name: str) -> tuple[str, int]:
        fact = self.facts.get(name)
        if fact is not None and fact.type is FactType.BOOLEAN:
            return self._say("yes", self._label(name)), _TEST
        return self._label(name), _ATOM

    def _label(self, name: str) -> str:
        return self.labels.get(name, name)

    def _literal(self, value: Fraction | bool | str | date, unit: str) -> str:
        if isinstance(value, str):
            return f"“{value}”"
        zh, en = show_value(value, unit=unit)
        return (zh if self.language == "zh" else en) or ""

    def _match(self, negation: str, expression: Match) -> str:
        key = "matches within" if expression.anywhere else "matches"
        member = self._inside(expression.member, _SUM)
        return self._say(negation + key, member, expression.pattern)

    def _membership(self, key: str, expression: Membership) -> str:
        unit = unit_of(expression.member, self.facts)
        items = [self._literal(item.value, unit) for item in expression.items]
        member = self._inside(expression.member, _SUM)
        return self._say(key, member, _WORDS[self.language]["between"].join(items))

    def _call(self, function: str, arguments: tuple[Expression, ...], unit: str) -> tuple[str, int]:
        if function not in _CALLS:
            return unparse(Call(function=function, arguments=arguments)), _ATOM
        passed = unit if function in ("min", "max", "abs", "round", "floor", "ceil") else ""
        parts = [self._inside(argument, _ATOM, passed) for argument in arguments]
        pattern = _CALLS[function]
        if function == "round" and len(arguments) == 2:
            pattern = _ROUND_TO
            parts[1] = self._inside(arguments[1], _ATOM)
        if function == "has" and isinstance(arguments[0], Name):
            parts = [self._label(arguments[0].name)]
        if function in _BEFORE and isinstance(arguments[1], Negative):
            pattern = _BEFORE[function]
            parts[1] = self._inside(arguments[1].operand, _ATOM)
        if function == "date" and self.language == "en" and all(p.isdigit() for p in parts):
            parts = [parts[0].rjust(4, "0"), *(part.rjust(2, "0") for part in parts[1:])]
        template = pattern[0] if self.language == "zh" else pattern[1]
        if function in _BEFORE and parts[1] == "1":
            template = template.replace("months", "month").replace("days", "day")
        joined = _WORDS[self.language]["between"].join(parts)
        tight = _TEST if function in ("starts_with", "has") else _ATOM
        return template.format(*parts, all=joined), tight
