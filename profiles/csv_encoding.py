"""The encoding of a CSV file, and lines that were written in another one than the rest.

Chinese departments write UTF-8 or GB 18030, which holds GBK and GB 2312. Bytes of the one read as
the other give text of wrong signs, so no line is ever read in an encoding of its own by guess.
"""

import re
from pathlib import Path

import numpy as np

FOREIGN = "is written in another encoding than the rest of the file: save all of it as UTF-8"
_READ_BYTES = 8 * 1024 * 1024
_SAMPLED_LINES = 20_000
_UTF8_OF_THREE = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")


def detect_encoding(path: Path) -> str:
    """`utf-8`, or `gb18030` where most lines that tell are not UTF-8.

    Single bad bytes do not turn a UTF-8 file into another; their lines are set aside later.
    """
    telling: list[bytes] = []
    with path.open("rb") as file:
        rest = b""
        while len(telling) < _SAMPLED_LINES and (read := file.read(_READ_BYTES)):
            lines = rest + read
            cut = lines.rfind(b"\n") + 1
            telling += _lines_not_ascii(lines[:cut])
            rest = lines[cut:]
    telling += _lines_not_ascii(rest)
    telling = telling[:_SAMPLED_LINES]
    utf8 = sum(can_be(raw, "utf-8") for raw in telling)
    return "utf-8" if 2 * utf8 >= len(telling) else "gb18030"


def to_plain(lines: bytes, encoding: str) -> tuple[bytes, list[int]]:
    """Lines as UTF-8 with LF alone, and the places of those in the other encoding.

    What is no text in the encoding becomes U+FFFD.
    """
    if b"\r" in lines:
        lines = lines.replace(b"\r\n", b"\n")
    if lines.isascii():
        return lines, []
    if encoding == "utf-8":
        if can_be(lines, encoding):
            return lines, []
        foreign = [place for place, raw in enumerate(lines.split(b"\n")) if _is_gb(raw)]
    else:
        foreign = _find_utf8(lines)
    return lines.decode(encoding, errors="replace").encode(), foreign


def can_be(raw: bytes, encoding: str) -> bool:
    """Whether bytes are text in an encoding."""
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_gb(raw: bytes) -> bool:
    """Whether a line is GB 18030 and no Chinese in it UTF-8, unlike one with a spoilt byte."""
    if raw.isascii() or can_be(raw, "utf-8") or not can_be(raw, "gb18030"):
        return False
    return max(raw.decode("utf-8", errors="ignore")) < "\u0800"


def _find_utf8(lines: bytes) -> list[int]:
    """The places of lines that are UTF-8 with signs from U+0800 on, among lines of GB 18030.

    Of one or two Chinese characters in GB 18030 the bytes may be UTF-8 of other alphabets by
    chance, but not of these.
    """
    found: list[int] = []
    place, counted, end = 0, 0, 0
    for match in _UTF8_OF_THREE.finditer(lines):
        if match.start() < end:
            continue
        start = lines.rfind(b"\n", 0, match.start()) + 1
        end = lines.find(b"\n", start)
        end = len(lines) if end < 0 else end
        if can_be(lines[start:end], "utf-8"):
            place += lines.count(b"\n", counted, start)
            counted = start
            found.append(place)
    return found


def _lines_not_ascii(lines: bytes) -> list[bytes]:
    if lines.isascii():
        return []
    signs = np.frombuffer(lines, dtype=np.uint8)
    starts = np.concatenate([[0], np.flatnonzero(signs[:-1] == 0x0A) + 1])
    telling = np.logical_or.reduceat(signs >= 0x80, starts)
    ends = np.append(starts[1:], len(lines))
    places = np.flatnonzero(telling)[:_SAMPLED_LINES]
    return [lines[starts[place] : ends[place]] for place in places]
