"""Codes that a fact never has: comparing with them would say no to everybody, in silence."""

import difflib
import re

from language.definition import Given, Scope
from language.errors import ConditionRefused
from language.expression import Call, Expression, Literal, Name

_SYSTEMS = {
    "GB/T 2260": (
        re.compile(r"\d{6}|\d{9}|\d{12}", re.ASCII),
        'regions are whole codes of six digits; all below one are asked by $starts_with({}, "4403")'
        ", by region: or by a list",
    ),
    "GB/T 4754": (
        re.compile(r"[A-T]\d{0,4}|\d{2,4}", re.ASCII),
        'trades are codes like "C3512"; all below one are asked by $starts_with({}, "C35") or by a '
        "list",
    ),
}
"""By code system what a value looks like, and what to write instead."""


def refuse_other_codes(side: Expression, values: list[object], scope: Scope) -> None:
    """Refuse a code that the fact's closed list does not hold: it would never be true."""
    definition = scope.get(side.name) if isinstance(side, Name) else None
    if not (isinstance(side, Name) and isinstance(definition, Given)):
        return
    _refuse_other_forms(side, definition.system, values)
    if not definition.values:
        return
    for value in values:
        if value not in definition.values:
            close = difflib.get_close_matches(str(value), definition.values, n=1)
            raise ConditionRefused(
                f'"{side.name}" is never "{value}"',
                offset=side.offset,
                remedy=f'did you mean "{close[0]}"?'
                if close
                else f"it is one of {', '.join(definition.values)}",
            )


def _refuse_other_forms(side: Name, system: str, values: list[object]) -> None:
    """Refuse what is no code of the fact's system: a name, or a region's code cut short."""
    known = next((s for s in _SYSTEMS if system.startswith(s)), None)
    if known is None:
        return
    pattern, remedy = _SYSTEMS[known]
    for value in values:
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise ConditionRefused(
                f'"{side.name}" is never "{value}": it holds codes of {system}',
                offset=side.offset,
                remedy=remedy.format(side.name),
            )


def refuse_beginning(call: Call, scope: Scope) -> None:
    """Refuse a beginning that no region below the one that is meant has."""
    side, begins = call.arguments
    definition = scope.get(side.name) if isinstance(side, Name) else None
    if not (isinstance(definition, Given) and isinstance(begins, Literal)):
        return
    code = str(begins.value)
    if not definition.system.startswith("GB/T 2260") or re.fullmatch(
        r"\d{1,3}|\d\d(?!00)\d\d|\d{5}|\d{4}(?!00)\d{2,8}", code, re.ASCII
    ):
        return
    short = re.sub("(00)+$", "", code)
    raise ConditionRefused(
        f'no region below begins with "{code}"',
        offset=call.offset,
        remedy=f'write "{short}"' if short.isdecimal() else 'write its code, like "4403"',
    )
