r"""Patterns: one small regular language with one meaning everywhere, matched in linear time.

What a pattern may hold: signs as they stand, `.` (any sign but a line's end), classes like `[a-z]`
and `[^0-9]`, `\d` `\w` `\s` (and `\D` `\W` `\S`) for the ASCII digits, word signs and blanks, `?`
`*` `+` `{m}` `{m,n}` `{m,}`, `|`, `( )` and `(?: )`, `^` and `$` for the two ends of the text, and
a backslash before a sign that is meant as it stands. No back-references, look-around, flags or lazy
repetition: whether a pattern matches is all that is asked.

A pattern is read into a tree of sets of signs. From it come the program that the reference runs
(`language.automaton`) and a text for the engines of columns, in which nothing is left to their
own opinion: classes are spelled out, ends are absolute.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from language.errors import ConditionRefused

MAX_LENGTH = 256
MAX_REPEATS = 255
MAX_STEPS = 2000
"""Steps of the program a pattern becomes; repetitions are written out."""
MAX_GROUPS = 20

LAST = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]
"""Signs by their code points: sorted, apart from each other, both ends included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """One sign of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The beginning (`first`) or the end of the whole text."""

    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """One part after the other; without parts nothing at all."""

    parts: tuple["Pattern", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """One of the parts."""

    parts: tuple["Pattern", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """The part from `least` to `most` times; None is without end."""

    part: "Pattern"
    least: int
    most: int | None


Pattern = Signs | End | Sequence | Either | Repeat


def unite(ranges: list[tuple[int, int]]) -> Ranges:
    """The signs of any of the ranges."""
    united: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if united and low <= united[-1][1] + 1:
            united[-1] = (united[-1][0], max(high, united[-1][1]))
        else:
            united.append((low, high))
    return tuple(united)


def complement(ranges: Ranges) -> Ranges:
    """Every other sign."""
    gaps, start = [], 0
    for low, high in ranges:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    return tuple([*gaps, (start, LAST)] if start <= LAST else gaps)


def _signs(text: str) -> Ranges:
    return unite([(ord(sign), ord(sign)) for sign in text])


_DIGITS: Ranges = ((0x30, 0x39),)
_WORDS: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_BLANKS = _signs(" \t\n\r\f\v")
_CLASSES = {
    "d": _DIGITS, "D": complement(_DIGITS), "w": _WORDS, "W": complement(_WORDS),
    "s": _BLANKS, "S": complement(_BLANKS), "n": _signs("\n"), "t": _signs("\t"),
    "r": _signs("\r"),
}  # fmt: skip
ANY_BUT_LINE_END = complement(_signs("\n"))
_COUNTS = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}", re.ASCII)
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class _Reader:
    """One pass over the pattern's text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def refuse(self, message: str, remedy: str, at: int | None = None) -> ConditionRefused:
        where = self.at if at is None else at
        return ConditionRefused(f"the pattern: {message}", offset=where, remedy=remedy)

    def look(self, begins: str) -> bool:
        return self.text.startswith(begins, self.at)

    def either(self) -> Pattern:
        parts = [self.sequence()]
        while self.look("|"):
            self.at += 1
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def sequence(self) -> Pattern:
        start, parts = self.at, []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self.repeated())
        if not parts:
            raise self.refuse(
                "there is nothing between | or brackets", "write a part, or ? after one", start
            )
        return parts[0] if len(parts) == 1 else Sequence(parts=tuple(parts))

    def repeated(self) -> Pattern:
        part = self.part()
        sign = self.text[self.at : self.at + 1]
        if not sign or sign not in "?*+{":
            return part
        if isinstance(part, End):
            raise self.refuse(f'"{sign}" repeats an end of the text', "leave it out")
        least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(sign, (0, 0))
        if sign == "{":
            least, most = self.counts()
        else:
            self.at += 1
        if (after := self.text[self.at : self.at + 1]) and after in "?*+{":
            raise self.refuse(
                f'"{after}" after a repetition',
                "lazy and possessive repetition change nothing here: only whether it matches "
                "is asked; put brackets around what is repeated twice",
            )
        return Repeat(part=part, least=least, most=most)

    def counts(self) -> tuple[int, int | None]:
        found = _COUNTS.match(self.text, self.at)
        if found is None:
            raise self.refuse(
                '"{" begins a number of repetitions like {2} or {2,5}',
                r"a brace itself is written \{",
            )
        least = int(found[1])
        most = least if found[2] is None else int(found[3]) if found[3] else None
        if max(least, most or 0) > MAX_REPEATS or (most is not None and most < max(1, least)):
            raise self.refuse(
                f'"{found[0]}" is no number of repetitions', f"from 0 to {MAX_REPEATS}, rising"
            )
        self.at = found.end()
        return least, most

    def part(self) -> Pattern:
        sign = self.text[self.at]
        match sign:
            case "(":
                return self.group()
            case "[":
                return Signs(ranges=self.class_())
            case "\\":
                return Signs(ranges=self.escape())
            case "?" | "*" | "+" | "{":
                raise self.refuse(f'"{sign}" has nothing to repeat', rf"write \{sign} for the sign")
            case "]" | "}":
                raise self.refuse(f'"{sign}" closes nothing', rf"write \{sign} for the sign")
        if sign < " " and sign not in "\n\t\r":
            raise self.refuse(
                f"the sign {ord(sign)} cannot be seen",
                r"\b in quotes is a backspace; write out what stands at a word's end",
            )
        self.at += 1
        match sign:
            case ".":
                return Signs(ranges=ANY_BUT_LINE_END)
            case "^" | "$":
                return End(first=sign == "^")
        return Signs(ranges=_signs(sign))

    def group(self) -> Pattern:
        start = self.at
        self.at += 3 if self.look("(?:") else 1
        if self.look("?"):
            raise self.refuse(
                'only "(" and "(?:" open a group',
                "there is no look-around, no flag and no name in a pattern",
                start,
            )
        self.depth += 1
        if self.depth > MAX_GROUPS:
            raise self.refuse(f"groups nested deeper than {MAX_GROUPS}", "simplify it", start)
        inside = self.either() if self.at < len(self.text) else Sequence(parts=())
        if not self.look(")"):
            raise self.refuse('"(" is not closed', r"add ), or write \( for the sign", start)
        self.at += 1
        self.depth -= 1
        return inside

    def escape(self) -> Ranges:
        sign = self.text[self.at + 1 : self.at + 2]
        if sign in _CLASSES:
            self.at += 2
            return _CLASSES[sign]
        if sign and sign in _PUNCTUATION:
            self.at += 2
            return _signs(sign)
        raise self.refuse(
            f'"\\{sign}" has no meaning here',
            r"after a backslash stand d, w, s, D, W, S, n, t, r, or a sign meant as it is",
        )

    def class_(self) -> Ranges:
        start = self.at
        self.at += 1
        negated = self.look("^")
        self.at += negated
        ranges: list[tuple[int, int]] = []
        while not self.look("]"):
            if self.at >= len(self.text):
                raise self.refuse('"[" is not closed', r"add ], or write \[ for the sign", start)
            ranges += self.class_item()
        self.at += 1
        united = unite(ranges)
        chosen = complement(united) if negated else united
        if not united or not chosen:
            raise self.refuse("a class without signs", "name the signs between [ and ]", start)
        return chosen

    def class_item(self) -> Ranges:
        start = self.at
        low = self.class_sign()
        if not self.look("-") or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return low
        self.at += 1
        high = self.class_sign()
        single = len(low) == len(high) == 1 and low[0][0] == low[0][1] and high[0][0] == high[0][1]
        if not single or low[0][0] > high[0][0]:
            raise self.refuse(
                f'"{self.text[start : self.at]}" is no range',
                r"write the smaller sign first; a hyphen itself is written \-",
                start,
            )
        return ((low[0][0], high[0][0]),)

    def class_sign(self) -> Ranges:
        if self.look("\\"):
            return self.escape()
        if self.look("["):
            raise self.refuse('"[" within a class', r"write \[ for the sign")
        self.at += 1
        return _signs(self.text[self.at - 1])


@lru_cache(maxsize=4096)
def read_pattern(text: str) -> Pattern:
    """The tree of a pattern.

    Raises ConditionRefused with an offset into the pattern's text.
    """
    reader = _Reader(text)
    if not text:
        raise reader.refuse("it is empty", "it would match every text")
    if len(text) > MAX_LENGTH:
        raise reader.refuse(f"longer than {MAX_LENGTH} signs", "split it with or")
    pattern = reader.either()
    if reader.at < len(text):
        raise reader.refuse('")" closes nothing', r"write \) for the sign")
    if count_steps(pattern) > MAX_STEPS:
        raise reader.refuse(
            f"written out it has more than {MAX_STEPS} steps", "repeat less often", 0
        )
    return pattern


def count_steps(pattern: Pattern) -> int:
    """How many steps the pattern's program has, repetitions written out."""
    match pattern:
        case Signs() | End():
            return 1
        case Sequence(parts=parts):
            return sum(count_steps(part) for part in parts)
        case Either(parts=parts):
            return sum(count_steps(part) + 2 for part in parts)
        case Repeat(part=part, least=least, most=most):
            times = least + 1 if most is None else most
            return times * (count_steps(part) + 1)


def print_pattern(text: str, *, anywhere: bool, end: str = r"\z", sign: str = r"\x{{{:X}}}") -> str:
    r"""The pattern for the engine of columns (Rust's regex; DuckDB's RE2 reads the same).

    `end` and `sign` are how an engine writes the text's end and a code point: Python's `re`
    wants `\Z` and `\U{:08X}`.
    """

    def show(code: int) -> str:
        plain = chr(code)
        return plain if plain.isascii() and plain.isalnum() else sign.format(code)

    def show_class(ranges: Ranges) -> str:
        parts = (show(a) if a == b else f"{show(a)}-{show(b)}" for a, b in ranges)
        return f"[{''.join(parts)}]"

    def write(pattern: Pattern) -> str:
        match pattern:
            case Signs(ranges=((low, high),)) if low == high:
                return show(low)
            case Signs(ranges=ranges):
                return show_class(ranges)
            case End(first=first):
                return r"\A" if first else end
            case Sequence(parts=parts):
                return "".join(write(part) for part in parts)
            case Either(parts=parts):
                return "(?:" + "|".join(write(part) for part in parts) + ")"
            case Repeat(part=part, least=least, most=most):
                inner = write(part) if isinstance(part, Signs) else f"(?:{write(part)})"
                return f"{inner}{{{least},{'' if most is None else most}}}"

    written = write(read_pattern(text))
    return written if anywhere else rf"\A(?:{written})"
