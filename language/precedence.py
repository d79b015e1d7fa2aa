"""Where an expression without brackets probably means something else than its author thinks.

rule-engine's order of operators has surprises: `==` binds looser than `<`, `in` and `=~`; `??`
looser than every comparison; `not` looser than all of them. Each finding shows how the text is
read, with every bracket. A pair of brackets around the part, whichever is meant, ends the warning.
"""

from collections.abc import Iterator
from typing import Any

from rule_engine import ast

from language.errors import Finding
from language.grammar import read_tree
from language.parse import parse
from language.unparse import unparse

_EQUALITY = ast.ComparisonExpression
_ORDER = (ast.ArithmeticComparisonExpression, ast.ContainsExpression, ast.FuzzyComparisonExpression)
_TESTS = (_EQUALITY, *_ORDER)
_SIGNS = {"EQ": "==", "NE": "!=", "GT": ">", "GE": ">=", "LT": "<", "LE": "<=",
          "EQ_FZM": "=~", "EQ_FZS": "=~~", "NE_FZM": "!~", "NE_FZS": "!~~"}  # fmt: skip


def find_doubtful_order(text: str) -> list[Finding]:
    """What in a text that parses may be read otherwise, with the text as it is read."""
    found = list(_visit(read_tree(text)))
    if not found:
        return []
    read = unparse(parse(text))
    return [
        Finding(
            offset=offset,
            message=message,
            remedy=f"it is read as {read}; write the brackets",
            code="order",
        )
        for offset, message in found
    ]


def _visit(node: Any) -> Iterator[tuple[int, str]]:
    cls, at = node.cls, node.kwargs["sign"]
    inside = _parts(node)
    for part in inside:
        yield from _visit(part)
    bare = [part for part in inside if not part.kwargs.get("bracketed")]
    classes = [part.cls for part in bare]
    if cls is _EQUALITY and any(found in _ORDER for found in classes):
        other = next(part for part in bare if part.cls in _ORDER)
        yield at, f'"{_SIGNS[node.args[1]]}" binds looser than "{_sign(other)}" beside it'
    if cls is ast.CoalesceExpression and any(found in _TESTS for found in classes):
        yield at, '"??" binds looser than the comparison beside it'
    if cls is ast.UnaryExpression and node.args[1] == "NOT" and _EQUALITY in classes:
        yield at, '"not" binds looser than the comparison after it'
    if cls is ast.UnaryExpression and node.args[1] == "UMINUS" and _is_power(bare):
        yield at, '"-" binds looser than "**" after it'
    if cls is ast.LogicExpression and node.args[1] == "OR" and _has_and(bare):
        yield at, '"or" binds looser than the "and" beside it'
    if cls is ast.ArithmeticExpression and node.args[1] == "POW" and _is_power(bare[:1]):
        yield at, '"**" is taken from the left'


def _sign(node: Any) -> str:
    return "in" if node.cls is ast.ContainsExpression else _SIGNS[node.args[1]]


def _has_and(bare: list[Any]) -> bool:
    return any(part.cls is ast.LogicExpression and part.args[1] == "AND" for part in bare)


def _is_power(bare: list[Any]) -> bool:
    return any(part.cls is ast.ArithmeticExpression and part.args[1] == "POW" for part in bare)


def _parts(node: Any) -> list[Any]:
    """The nodes directly within a node."""
    parts: list[Any] = []
    for argument in node.args[1:]:
        many = isinstance(argument, tuple) or hasattr(argument, "popleft")
        parts += [part for part in (argument if many else [argument]) if hasattr(part, "cls")]
    return parts
