"""Where a sign of a value stands in the file: across folded lines, quotes and escapes.

YAML folds lines and reads escapes, so the value of a condition over several lines is not what
stands in the file. Its signs are there in the same order, though; only blanks come and go.
"""

import re

_BLANK = " \t\r\n"
_ESCAPED = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r\n|.)", re.DOTALL)
_BLANK_ESCAPES = {"\\n", "\\t", "\\r", "\\ ", "\\\n", "\\\r\n", "\\N", "\\_", "\\L", "\\P"}


def find_place(source: str, style: str | None, value: str, offset: int) -> tuple[int, int]:
    """The line and column of the value's sign at `offset`, both counted from the source's first.

    `source` is the scalar as it stands in the file, from its first sign; `style` is YAML's mark of
    it, one of `'` `"` `|` `>` or None.
    """
    wanted = sum(sign not in _BLANK for sign in value[:offset])
    at = last = _content(source, style)
    seen = 0
    while at < len(source):
        length, blank = _sign(source, style, at)
        if not blank:
            if seen == wanted:
                break
            seen += 1
            last = at
        at += length
    else:
        at = last + 1  # beyond the last sign: where it ends
    before = source[:at]
    line = before.count("\n")
    return line, at - (before.rfind("\n") + 1)


def _content(source: str, style: str | None) -> int:
    """Where the value begins: after the quote, or after the line of `|` or `>`."""
    if style in ("|", ">"):
        return source.find("\n") + 1
    return 1 if style in ("'", '"') else 0


def _sign(source: str, style: str | None, at: int) -> tuple[int, bool]:
    """How long the sign at a place of the source is, and whether it counts as blank."""
    if style == '"' and (escaped := _ESCAPED.match(source, at)):
        return len(escaped[0]), escaped[0] in _BLANK_ESCAPES
    if style == "'" and source.startswith("''", at):
        return 2, False
    return 1, source[at] in _BLANK
