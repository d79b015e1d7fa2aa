"""rule-engine's grammar, stopped before it folds: a text becomes a tree that knows its places.

Every node carries `offset`, where it begins in the text, and `sign`, where the sign or word stands
that makes it what it is: its operator, bracket or point. `bracketed` says that brackets were
written around it, `inside` where the content of a text begins.
"""

import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import rule_engine
from rule_engine import ast
from rule_engine import errors as grammar_errors
from rule_engine.parser import Parser

from language.errors import ConditionRefused

RESERVED = frozenset(Parser.reserved_words) | {"elif", "else", "while"}
"""Words that no fact may be called: those of the grammar, and those it keeps for later."""

REFUSED: dict[type[Any], tuple[str, str]] = {
    ast.ArrayExpression: ('a list stands only after "in"', 'write x in ["a", "b"]'),
    ast.SetExpression: ('a list stands only after "in"', 'write x in ["a", "b"]'),
    ast.MappingExpression: ("{key: value} has no use here", "declare a parameter with rows:"),
    ast.BytesExpression: ('b"…" has no use here', 'write a text as "…"'),
    ast.DatetimeExpression: ('d"…" has no use here', "write a date as $date(2024, 5, 1)"),
    ast.TimedeltaExpression: ('t"…" has no use here', "count with $days, $months or $years"),
    ast.BitwiseExpression: ("bits have no meaning in a law", "write and, or, not"),
    ast.BitwiseShiftExpression: ("bits have no meaning in a law", "write < or >, or a product"),
    ast.GetAttributeExpression: ('facts have no parts: "." has no use here',
                                     "declare what you need as a fact of its own"),
    ast.GetItemExpression: ("values have no items: [ ] after a value has no use here",
                                "use a table parameter, or $starts_with"),
    ast.GetSliceExpression: ("values have no slices: [ : ] has no use here",
                                 'use $starts_with or a pattern (=~ "..")'),
    ast.ComprehensionExpression: ("conditions do not loop",
                                      "declare a fact that counts or sums rows"),
    ast.NullExpression: ('"null" stands only beside == or !=',
                             'it asks for "does not apply"; what is missing is unknown by itself'),
}  # fmt: skip
"""What the grammar can say and this language does not: why, and what to write instead."""

_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)", re.DOTALL)
_CODED = "xuU01234567"
_SIGNS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "b": "\b",
          "\\": "\\", '"': '"', "'": "'"}  # fmt: skip


class _Unbuilt:
    """A parsed statement that is not turned into rule-engine's folding nodes."""

    def __init__(self, root: Any) -> None:
        self.root = root

    def build(self) -> "_Unbuilt":
        return self


class _Grammar(Parser):  # type: ignore[misc]  # rule-engine ships no types
    """rule-engine's parser, stopped after its first phase."""

    start = "statement"

    def __init__(self) -> None:
        super().__init__()
        for production in self._parser.productions:
            if production.callable is not None:
                production.callable = _placed(production.callable)

    def p_statement_expr(self, p: Any) -> None:
        """
        statement : expression
                  | expression COMMENT
        """
        p[0] = _Unbuilt(p[1])

    def p_expression_string(self, p: Any) -> None:
        "object : STRING"
        typed = p[1]
        prefix = typed[0] if typed[0] in "rs" else ""
        inside = typed[len(prefix) + 1 : -1]
        # rule-engine decodes by a codec that warns of `\d`, which patterns hold
        value = inside if prefix == "r" else _unescape(inside, p.lexpos(1))
        super().p_expression_null(p)
        p[0].cls, p[0].args = ast.StringExpression, (*p[0].args, value)
        p[0].kwargs["inside"] = p.lexpos(1) + len(prefix) + 1

    def p_expression_group(self, p: Any) -> None:
        "object : LPAREN expression RPAREN"
        super().p_expression_group(p)
        p[0].kwargs["bracketed"] = True


def _placed(reduce: Callable[[Any], None]) -> Callable[[Any], None]:
    """The production, with the places of what it makes noted on it."""

    def reduce_and_place(p: Any) -> None:
        reduce(p)
        # only what the lexer made has a value that the author typed
        typed = [part.lexpos for part in p.slice[1:] if type(part).__name__ == "LexToken"]
        made = p[0]
        while hasattr(made, "kwargs") and "offset" not in made.kwargs:
            made.kwargs["offset"] = p.lexpos(0)
            made.kwargs["sign"] = typed[0] if typed else p.lexpos(0)
            made = made.args[-1]  # `not in` makes two nodes at once

    return reduce_and_place


def _unescape(text: str, offset: int) -> str:
    """The text with its escapes read as Python reads them; what is none stays as typed."""

    def read(match: re.Match[str]) -> str:
        body = match[1]
        if body[0] not in _CODED:
            return _SIGNS.get(body, match[0])
        digits, base = (body[1:], 16) if body[0] in "xuU" else (body, 8)
        code = int(digits, base) if digits else -1
        if not 0 < code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise ConditionRefused(
                f'"{match[0]}" is no sign',
                offset=offset,
                remedy=r"write the sign itself, or \u and four hexadecimal digits",
            )
        return chr(code)

    return _ESCAPE.sub(read, text)


_MEANT = {
    re.compile(r"\d\s*%"): "a share is written 0.055 here, or is a parameter like 5.5%",
    re.compile(r"\bis\b"): "write == null, or != null where it applies",
    re.compile(r"\b(between|to)\b"): "write a >= 60 and a <= 79",
}
"""What authors write that the grammar cannot read, and what to write instead."""


def _how_to_write(text: str) -> str:
    meant = (remedy for pattern, remedy in _MEANT.items() if pattern.search(text))
    return next(meant, "look for a missing operator, bracket or quote; comparisons do not chain")


_GRAMMAR = _Grammar()
_CONTEXT = rule_engine.Context(default_timezone="utc")
_LOCK = threading.Lock()  # ply's lexer and parser keep state


@lru_cache(maxsize=256)  # a text is read for its meaning, then looked at once more
def read_tree(text: str) -> Any:
    """The root of the text's tree: nodes with `cls`, `args` and `kwargs`, not yet built.

    Raises ConditionRefused with the offset where the grammar ends. The text was seen by the guard.
    """
    try:
        with _LOCK:
            statement: Any = _GRAMMAR.parse(text, _CONTEXT, tracking=True)
    except grammar_errors.RuleSyntaxError as error:
        token = getattr(error, "token", None)
        where = getattr(token, "lexpos", len(text))
        sign = f' at "{str(token.value)[:30]}"' if token is not None else " at its end"
        raise ConditionRefused(
            f"the condition cannot be read{sign}",
            offset=where,
            remedy=_how_to_write(text),
        ) from None
    except grammar_errors.EngineError as error:
        raise ConditionRefused(
            f"the condition cannot be read: {error}",
            offset=0,
            remedy="docs/language.md lists what can be written",
        ) from None
    return statement.root
