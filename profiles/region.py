"""Administrative regions: GB/T 2260 codes, from codes, Chinese names and names in pinyin.

`regions.csv` holds provinces, prefectures and counties in force, and a sample city under 99,
a number that GB/T 2260 gives to nobody.
"""

import csv
import difflib
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import polars as pl

from profiles.identifier import to_ascii_width

TABLE = Path(__file__).parent / "regions.csv"

_CODE_FORM = r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$"
"""Two to six digits are GB/T 2260, nine and twelve the statistical codes of towns and villages."""


@cache
def region_code(name_or_code: str) -> str | None:
    """The code of a region: `佛山市`, `佛山`, `Foshan` and `4406` are all `440600`.

    Where several regions have a name, the province comes before the prefecture and that before
    the county; None where several of one level do (`鼓楼区`), unless it stands with the names
    above it (`福州市鼓楼区`). Codes of 9 and 12 digits stay as they are.
    """
    if re.fullmatch(_CODE_FORM, name_or_code):
        return name_or_code.ljust(6, "0")  # policies name most regions so
    code: str | None = region_codes(pl.Series([name_or_code], dtype=pl.String))[0]
    return code


def region_codes(names_or_codes: pl.Series) -> pl.Series:
    """As `region_code`, for a column; null gives null."""
    texts = to_ascii_width(names_or_codes.cast(pl.String)).str.replace_all(r"\s+", "")
    is_code = texts.str.contains(_CODE_FORM).fill_null(False)
    names = texts.filter(~is_code).drop_nulls().unique()
    table = _read_names()
    codes = {name: table.get(_fold(name)) for name in names}
    frame = pl.DataFrame({"text": texts, "is_code": is_code})
    return frame.select(
        pl.when("is_code")
        .then(pl.col("text").str.pad_end(6, "0"))
        .otherwise(
            pl.col("text").replace_strict(
                list(codes.keys()),
                pl.Series(list(codes.values()), dtype=pl.String),
                default=None,
                return_dtype=pl.String,
            )
        )
        .alias(names_or_codes.name)
    ).to_series()


def region_name(code: str) -> str | None:
    """The Chinese name of a code, None for one that the table does not hold."""
    return _read_table().get(code, (None,))[0]


def regions_down_to_prefectures() -> list[tuple[str, str]]:
    """Codes with their names, counties left out."""
    return [(code, name) for code, (name, *_) in _read_table().items() if _level(code) < 2]


def full_name(code: str) -> str:
    """The name of a region after those above it: `福建省福州市鼓楼区`; empty where unknown."""
    names = [region_name(part) or "" for part in reversed(region_path(code))]
    return "".join(names)


def similar_regions(name: str, limit: int = 8) -> list[str]:
    """Codes of regions whose names hold or resemble a name that tells none of them alone."""
    folded = _fold(name)
    table = _read_table()
    held = [code for code in table if folded and folded in _fold(full_name(code))]
    if not held:
        folds = {_fold(words[0]): code for code, words in table.items()}
        close = difflib.get_close_matches(folded, folds, n=limit, cutoff=0.5)
        held = [folds[found] for found in close]
    return sorted(held, key=lambda code: (_level(code), code))[:limit]


@cache
def region_words() -> Mapping[str, tuple[str, ...]]:
    """Full and short names by which texts begin (`佛山市`, `佛山`), by their first two characters.

    The longest stand first; short names of one character are left out.
    """
    words = {word for name, short, _ in _read_table().values() for word in (name, short)}
    begun: defaultdict[str, list[str]] = defaultdict(list)
    for word in sorted(words, key=lambda word: (-len(word), word)):
        if len(word) > 1:
            begun[word[:2]].append(word)
    return {start: tuple(several) for start, several in begun.items()}


def region_path(code: str) -> tuple[str, ...]:
    """A code and those above it, the nearest first: county, prefecture, province."""
    county = code[:6]
    path = [county, county[:4] + "00", county[:2] + "0000"]
    return tuple(dict.fromkeys(([code] if code != county else []) + path))


def _level(code: str) -> int:
    """0 for a province, 1 for a prefecture, 2 for a county."""
    if code.endswith("0000"):
        return 0
    return 1 if code.endswith("00") else 2


@cache
def _read_table() -> dict[str, tuple[str, str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: (row["name"], row["short"], row["pinyin"]) for row in csv.DictReader(file)
        }


@cache
def _read_names() -> dict[str, str | None]:
    """Every folded name with its code, None for a name that tells nothing apart."""
    table = _read_table()
    named: defaultdict[str, set[str]] = defaultdict(set)
    for code, (name, short, pinyin) in table.items():
        above = [table[up][0] for up in region_path(code)[1:] if up in table]
        longer = {name}
        for upper in above:
            longer |= {upper + written for written in longer}
        for written in {short, pinyin} | longer:
            named[_fold(written)].add(code)
    names: dict[str, str | None] = {}
    for written, codes in named.items():
        highest = min(_level(code) for code in codes)
        first = [code for code in codes if _level(code) == highest]
        names[written] = first[0] if len(first) == 1 else None
    return names


def _fold(name: str) -> str:
    """A name without case, spaces, hyphens and apostrophes; `ü`, `v` and `u` are one letter."""
    folded = re.sub(r"[\s'’\-·]", "", name.casefold())
    return re.sub(r"(?<=[ln])[vü]", "u", folded)
