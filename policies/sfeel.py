"""Cells of DMN decision tables: S-FEEL unary tests and values, put into the cells of ours.

OMG DMN 1.3, chapter 9 (S-FEEL) and 8.3.3 (unary tests). A cell that names something, calls a
function or reckons has no meaning here, and so has null: in DMN it is a value, here what is missing
is unknown. Each is refused with its reason.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

FeelType = Literal["number", "string", "boolean", "date"]
TYPES: dict[str, FeelType] = {
    "number": "number", "integer": "number", "long": "number", "double": "number",
    "decimal": "number", "string": "string", "boolean": "boolean", "date": "date",
}  # fmt: skip
"""Types of DMN (and of the programs that write it), and which of ours they are."""

_NUMBER = r"[+-]?\d+(?:\.\d+)?|[+-]?\.\d+"
_TEXT = r'"(?:[^"\\]|\\.)*"'
_DAY = r'date\s*\(\s*"(?P<day>[^"]*)"\s*\)'
_VALUE = re.compile(rf"(?P<number>{_NUMBER})|(?P<text>{_TEXT})|(?P<truth>true|false)|{_DAY}")
_COMPARED = re.compile(r"(?P<sign><=|>=|<|>)\s*(?P<end>.+)", re.S)
_INTERVAL = re.compile(r"(?P<left>[\[\](])(?P<first>.+?)\.\.(?P<last>.+)(?P<right>[\[\])])", re.S)
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", '\\"': '"', "\\\\": "\\", "\\'": "'"}


class NotKept(ValueError):
    """A cell or part of a DMN file that cannot be kept without a change of meaning."""


def read_unary_tests(text: str, feel: FeelType) -> str:
    """An input cell as a cell of ours. Raises NotKept with the reason."""
    words = text.strip()
    if words in ("", "-"):
        return "-"  # an empty cell is what some programs write for it
    negated = re.fullmatch(r"not\s*\((.*)\)", words, re.S)
    if negated is not None:
        return f"not({_read_tests(negated[1], feel)})"
    return _read_tests(words, feel)


def _read_tests(text: str, feel: FeelType) -> str:
    return ", ".join(_read_test(part.strip(), feel) for part in _split(text))


def _read_test(text: str, feel: FeelType) -> str:
    if text == "null":
        raise NotKept(
            "null is a value there; here what is missing is unknown (write - or leave it)"
        )
    compared = _COMPARED.fullmatch(text)
    if compared is not None:
        return f"{compared['sign']} {_end(compared['end'], feel)}"
    interval = _INTERVAL.fullmatch(text)
    if interval is not None:
        first, last = (_end(interval[name], feel) for name in ("first", "last"))
        left = "[" if interval["left"] == "[" else "("
        right = "]" if interval["right"] == "]" else ")"
        return f"{left}{first}..{last}{right}"
    value = read_value(text, feel)
    return _as_key(value) if feel == "string" else value


def _end(text: str, feel: FeelType) -> str:
    if feel not in ("number", "date"):
        raise NotKept(f'"{text.strip()}": only numbers and days have an order here')
    return read_value(text, feel)


def read_value(text: str, feel: FeelType) -> str:
    """A literal of a type as its plain value. Raises NotKept with the reason."""
    words = text.strip()
    found = _VALUE.fullmatch(words)
    if found is None:
        raise NotKept(f'"{words}" {_why(words)}')
    kind: FeelType
    if found["number"] is not None:
        kind, value = "number", _plain_number(found["number"])
    elif found["text"] is not None:
        kind, value = "string", _unquote(found["text"])
    elif found["truth"] is not None:
        kind, value = "boolean", found["truth"]
    else:
        kind, value = "date", _day(found["day"])
    if kind != feel:
        raise NotKept(f'"{words}" is a {kind}, here stands a {feel}')
    return value


def _plain_number(text: str) -> str:
    number = text.removeprefix("+")
    return number.replace(".", "0.", 1) if number.lstrip("-").startswith(".") else number


def _unquote(text: str) -> str:
    inner = text[1:-1]
    value = re.sub(r"\\.", lambda found: _ESCAPES.get(found[0], found[0]), inner)
    if value != value.strip() or not value or "\n" in value:
        raise NotKept(f"{text}: an empty text, or one that begins or ends with a space or a line")
    return value


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise NotKept(f'date("{text}") is no day like date("2024-05-01")') from None


def _as_key(value: str) -> str:
    """A text that a cell of ours takes for this text alone."""
    if '"' in value:
        raise NotKept(f"{value}: a text with a quotation mark inside")
    return f'"{value}"'


def _why(text: str) -> str:
    """Why something that is no literal cannot be kept."""
    if text == "null":
        return "is a value there; here what is missing is unknown"
    if re.match(r"(date and time|time|duration|years and months duration)\s*\(", text):
        return "is no day: times and durations are not kept"
    if re.search(r"\w\s*\(", text):
        return "calls a function; a cell holds values alone"
    if re.fullmatch(r"[^\W\d][\w .]*", text):
        return 'names something; a cell holds values alone (a text stands in quotes: "…")'
    if re.search(r"\be\d|\dE\d", text, re.I) and re.match(r"[\d.]", text):
        return "is a number with an exponent; write its digits"
    return "is neither a number, a text in quotes, true, false nor a day"


def _split(text: str) -> Iterator[str]:
    """The tests between commas that stand in no quotes and no brackets of a call."""
    part, depth, place = "", 0, 0
    quoted = re.compile(_TEXT)
    while place < len(text):
        whole = quoted.match(text, place)
        sign = whole[0] if whole is not None else text[place]
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth <= 0:
            yield part
            part = ""
        else:
            part += sign
        place += len(sign)
    yield part
