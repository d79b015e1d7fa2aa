"""Cheap checks on a condition's text, before the grammar sees it.

rule-engine folds constants while it parses and its parser recurses: `9**9**9` or 100,000
parentheses would hang or crash it. A text that passes here parses in milliseconds.
"""

import re

from language.errors import ConditionRefused

MAX_LENGTH = 4096
MAX_NESTING = 64
MAX_TOKENS = 1000
MAX_OPERATORS = 128
MAX_DIGITS = 24

_REFUSED_WORDS = {
    "now": "as_of is the only clock",
    "today": "as_of is the only clock",
    "random": "a decision must be the same every time",
    "range": "conditions do not loop",
    "re_groups": "patterns have no groups here",
}
_OTHER_WORDS = {
    "for": "declare a fact that counts or sums rows",
    "if": "write test ? value : other value",
    "elif": "write test ? value : other value",
    "else": "write test ? value : other value",
    "while": "conditions do not loop",
    "inf": "leave the bound out",
    "nan": "a missing number is unknown by itself",
}
_TOKEN = re.compile(
    r"""\s+|(?P<text>[rs]?"(?:[^"\\\n]|\\.)*"|[rs]?'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<special>[dtb](?="|'))|(?P<number>\d[\w.]*|\.\d[\w.]*)|(?P<word>\$?[A-Za-z_]\w*)"""
    r"""|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<operator>[=!<>?*/&|~^]+|[-+.,:%])|(?P<other>.)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_OPERATORS = {
    "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//", "%", "**", ",", "?", ":", "??",
    "=~", "=~~", "!~", "!~~",
}  # fmt: skip
_SIGNS_INSTEAD = {
    "=": 'write "=="', "===": 'write "=="', "<>": 'write "!="', "=<": 'write "<="',
    "=>": 'write ">="', "!": "write not, and, or", "&&": "write not, and, or",
    "||": "write not, and, or", "&": "write not, and, or", "|": "write not, and, or",
    "^": 'write "**" for a power', ".": "facts have no parts: declare what you need as a fact",
}  # fmt: skip
_OTHER_SIGNS = {
    "≥": ">=", "≤": "<=", "≠": "!=", "＞": ">", "＜": "<", "＝": "==", "×": "*", "÷": "/",
    "＋": "+", "－": "-", "−": "-", "（": "(", "）": ")", "，": ",", "？": "?", "：": ":",
    "“": '"', "”": '"', "‘": "'", "’": "'", "％": "a parameter like 5.5%",
    "￥": "the number alone", "¥": "the number alone",
}  # fmt: skip
"""Signs that a Chinese keyboard or a text processor gives, and what is meant."""
_UNIT_SIGNS = frozenset("元万亿‰周岁年月日天人")
_CHAINS = {
    re.compile(r"\b(?:not\s+){17}"): 'more than 16 times "not" in a row',
    re.compile(r"(?:-\s*){9}"): "more than 8 minus signs in a row",
}
_HALF_SIGN = re.compile("[\ud800-\udfff]")
_LONG_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)


def check_text(text: str) -> None:
    """Refuse a condition's text that is too large, too deep, or uses what has no meaning here."""
    # the length first: whatever else is looked at costs time for every sign
    if len(text) > MAX_LENGTH or len(text.encode(errors="surrogatepass")) > MAX_LENGTH:
        raise ConditionRefused(
            f"the condition is longer than {MAX_LENGTH} bytes",
            offset=MAX_LENGTH,
            remedy="split it into clauses",
        )
    if (half := _HALF_SIGN.search(text)) is not None:
        raise ConditionRefused(
            "the condition holds half a sign (a lone surrogate)",
            offset=half.start(),
            remedy="type the sign again",
        )
    if not text.strip():
        raise ConditionRefused("the condition is empty", offset=0, remedy="write what must hold")
    depth = tokens = operators = 0
    for match in _TOKEN.finditer(text):
        found, offset = match.lastgroup, match.start()
        if found is None:
            continue
        token = match.group()
        tokens += 1
        if tokens > MAX_TOKENS:
            raise ConditionRefused(
                f"the condition has more than {MAX_TOKENS} words and signs",
                offset=offset,
                remedy="split it into clauses, or use a parameter with a list",
            )
        if (found == "operator" and token not in (",", ".")) or token in ("and", "or", "not"):
            operators += 1
            if operators > MAX_OPERATORS:
                raise ConditionRefused(
                    f"the condition has more than {MAX_OPERATORS} operators",
                    offset=offset,
                    remedy="split it into clauses or facts",
                )
        match found:
            case "open":
                depth += 1
                if depth > MAX_NESTING:
                    raise ConditionRefused(
                        f"brackets nested deeper than {MAX_NESTING}",
                        offset=offset,
                        remedy="define parts of it as facts",
                    )
            case "close":
                depth -= 1
            case "number":
                _check_number(token, offset)
            case "operator":
                _check_operator(token, offset)
            case "word":
                _check_word(token, offset)
            case "special":
                raise ConditionRefused(
                    f"{token}'…' literals are not used here",
                    offset=offset,
                    remedy="write a date as $date(2024, 5, 1)",
                )
            case "other":
                raise ConditionRefused(
                    f'the sign "{token}" has no meaning here',
                    offset=offset,
                    remedy=f"write {_OTHER_SIGNS[token]}"
                    if token in _OTHER_SIGNS
                    else "expressions have no units: write the plain number or make it a parameter"
                    if token in _UNIT_SIGNS
                    else "facts have ASCII names; texts stand in quotes",
                )
    for pattern, what in _CHAINS.items():
        if (chain := pattern.search(text)) is not None:
            raise ConditionRefused(what, offset=chain.start(), remedy="simplify it")


def _check_number(token: str, offset: int) -> None:
    if not _LONG_NUMBER.fullmatch(token) or len(token) > MAX_DIGITS:
        raise ConditionRefused(
            f'"{token[:30]}" is not a number that can be read exactly',
            offset=offset,
            remedy="write digits, at most one point, at most 24 signs",
        )


def _check_operator(token: str, offset: int) -> None:
    if token in _OPERATORS:
        return
    if token in _SIGNS_INSTEAD:
        what = '"=" is not a comparison' if token == "=" else f'"{token}" is not used here'
        raise ConditionRefused(what, offset=offset, remedy=_SIGNS_INSTEAD[token])
    raise ConditionRefused(
        f'"{token}" is not used in conditions',
        offset=offset,
        remedy="numbers take + - * / // % **, values == != < <= > >= in =~ =~~",
    )


def _check_word(token: str, offset: int) -> None:
    if token.startswith("$") and token[1:] in _REFUSED_WORDS:
        raise ConditionRefused(
            f'"{token}" is not allowed', offset=offset, remedy=_REFUSED_WORDS[token[1:]]
        )
    if token in _OTHER_WORDS:
        raise ConditionRefused(
            f'"{token}" is not used in conditions', offset=offset, remedy=_OTHER_WORDS[token]
        )
