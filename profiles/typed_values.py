"""Cells of a department's file, as text, turned into typed values with a reason for each bad one.

Money and decimals are read digit by digit, never by way of a floating-point number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import polars as pl

from language.number import MAX_DIGITS
from profiles.dataset import Column
from profiles.identifier import (
    REASONS,
    check_identifiers,
    mask_long_numbers,
    to_ascii_width,
)
from profiles.region import region_codes

DTYPES: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "boolean": pl.Boolean(),
        "integer": pl.Int64(),
        "money": pl.Int64(),
        "ratio": pl.Float64(),
        "number": pl.Float64(),
        "date": pl.Date(),
        "month": pl.Date(),
        "year": pl.Date(),
        "code": pl.String(),
        "text": pl.String(),
    }
)
"""How a column of each type is held: money in fen, a month or year as its first day."""

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_BOOLEANS |= {"是": True, "否": False, "y": True, "n": False}
_NUMBER = r"^([+-]?)(\d{1,3}(?:,\d{3})+|\d{1,40})(?:\.(\d{0,40}))?$"
_EXPONENT = r"^[+-]?\d+(?:\.\d+)?[eE][+-]?\d+$"
_FEN_DIGITS = {"元": 2, "万元": 6}
_INDUSTRY = r"^[A-T]\d{0,4}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Why some cells of a column cannot be used.

    `rows` is true where it applies; `reason` is what is counted, `words` what is told of each
    row where that says more.
    """

    reason: str
    rows: pl.Series
    words: pl.Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The typed values of a column, null where empty or bad, and the complaints."""

    values: pl.Series
    complaints: tuple[Complaint, ...]


def parse_column(column: Column, texts: pl.Series) -> Parsed:
    """The values of a column of texts; every cell that is not empty has a value or a complaint."""
    if column.identifier in ("uscc", "resident_id"):
        return _parse_identifiers(column, texts)
    stripped = texts.str.strip_chars()
    stripped = stripped.set(stripped == "", None)
    if column.type != "text":
        stripped = to_ascii_width(stripped).str.strip_chars()
        stripped = stripped.set(stripped == "", None)
    values, complaints = _PARSERS[column.type](column, stripped)
    complaints += _check_range(column, values)
    if column.required:
        complaints.append(_complain(column, "empty, but required", stripped.is_null()))
    kept = tuple(complaint for complaint in complaints if complaint.rows.any())
    return Parsed(values=values.alias(column.name), complaints=kept)


def _complain(
    column: Column, reason: str, rows: pl.Series, words: pl.Series | None = None
) -> Complaint:
    return Complaint(
        reason=f"{column.name}: {reason}",
        rows=rows.fill_null(False),
        words=None if words is None else (f"{column.name}: " + words),
    )


def _quote(column: Column, texts: pl.Series, rest: str) -> pl.Series | None:
    """`"giant" is none of …`, without values that may tell who somebody is."""
    if column.identifier or column.sensitivity in ("personal", "sensitive"):
        return None
    return '"' + mask_long_numbers(texts.str.head(40)) + '" ' + rest


def _parse_identifiers(column: Column, texts: pl.Series) -> Parsed:
    checked = check_identifiers(str(column.identifier), texts)
    complaints = []
    for code, words in REASONS.items():
        if code == "empty" and not column.required:
            continue
        rows = (checked["reason"] == code).fill_null(False)
        if rows.any():
            words = "empty, but required" if code == "empty" else words
            complaints.append(_complain(column, words, rows))
    right = checked["value"].set(checked["reason"].is_not_null(), None)
    return Parsed(values=right.alias(column.name), complaints=tuple(complaints))


def _parse_boolean(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    values = texts.str.to_lowercase().replace_strict(
        list(_BOOLEANS.keys()), list(_BOOLEANS.values()), default=None, return_dtype=pl.Boolean
    )
    bad = texts.is_not_null() & values.is_null()
    rest = "is neither true, 1, 是, Y nor false, 0, 否, N"
    return values, [_complain(column, "not yes or no", bad, _quote(column, texts, rest))]


def _split_digits(texts: pl.Series) -> pl.DataFrame:
    """`sign`, `whole` and `part` (no zeros at the end) of numbers; all null where it is none."""
    groups = texts.str.extract_groups(_NUMBER).struct.unnest()
    return groups.select(
        sign=pl.col("1"),
        whole=pl.col("2").str.replace_all(",", "", literal=True).str.strip_chars_start("0"),
        part=pl.when(pl.col("1").is_not_null()).then(
            pl.col("3").fill_null("").str.strip_chars_end("0")
        ),
    )


def _check_digits(
    column: Column, texts: pl.Series, digits: pl.DataFrame
) -> tuple[pl.Series, list[Complaint]]:
    """Which cells are numbers of at most 15 significant digits, and the complaints of the rest."""
    no_number = texts.is_not_null() & digits["sign"].is_null()
    exponent = no_number & texts.str.contains(_EXPONENT)
    significant = digits.select(
        pl.when(pl.col("part") == "")
        .then(pl.col("whole").str.strip_chars_end("0").str.len_bytes())
        .when(pl.col("whole") == "")
        .then(pl.col("part").str.strip_chars_start("0").str.len_bytes())
        .otherwise(pl.col("whole").str.len_bytes() + pl.col("part").str.len_bytes())
    ).to_series()
    long = (significant > MAX_DIGITS) | (digits["whole"].str.len_bytes() > MAX_DIGITS)
    usable = (texts.is_not_null() & ~no_number & ~long.fill_null(False)).fill_null(False)
    return usable, [
        _complain(
            column,
            "not a number",
            no_number & ~exponent,
            _quote(column, texts, "is not a number"),
        ),
        _complain(column, "written with an exponent, digits may be lost", exponent),
        _complain(column, f"more than {MAX_DIGITS} significant digits", long),
    ]


def _scaled(digits: pl.DataFrame, places: int, usable: pl.Series) -> pl.Series:
    """The numbers times 10 to the `places`, as integers; parts longer than `places` give null."""
    text = digits["sign"] + digits["whole"] + digits["part"].str.pad_end(places, "0")
    bare = digits["sign"] + "0"
    text = text.zip_with(text.str.len_bytes() > digits["sign"].str.len_bytes(), bare)
    text = text.set(~usable | (digits["part"].str.len_bytes() > places).fill_null(False), None)
    return text.str.strip_chars_start("+").cast(pl.Int64, strict=False)


def _parse_integer(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    digits = _split_digits(texts)
    usable, complaints = _check_digits(column, texts, digits)
    values = _scaled(digits, 0, usable)
    parts = usable & values.is_null()
    complaints.append(_complain(column, "not a whole number", parts))
    return values, complaints


def _parse_money(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    digits = _split_digits(texts)
    usable, complaints = _check_digits(column, texts, digits)
    places = _FEN_DIGITS[column.unit or "元"]
    finer = usable & (digits["part"].str.len_bytes() > places)
    values = _scaled(digits, places, usable)
    complaints.append(_complain(column, "finer than a fen", finer))
    huge = usable & ~finer & (values.is_null() | (values.abs() >= 10**MAX_DIGITS))
    complaints.append(_complain(column, "more money than there is", huge))
    return values.set(huge.fill_null(False), None), complaints


def _parse_number(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    digits = _split_digits(texts)
    usable, complaints = _check_digits(column, texts, digits)
    whole = digits["whole"].set(digits["whole"] == "", "0")
    plain = digits["sign"] + whole + "." + digits["part"] + "0"
    values = plain.set(~usable, None).str.strip_chars_start("+").cast(pl.Float64, strict=False)
    return values.set(values == 0, 0.0), complaints


def _parse_ratio(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    """A share: `0.055`, or `5.5%`, which is the same number to the last bit."""
    percent = texts.str.ends_with("%").fill_null(False)
    bare = texts.str.strip_suffix("%").str.strip_chars_end()
    values, complaints = _parse_number(column, bare)
    if percent.any():
        digits = _split_digits(bare)
        places = int(digits["part"].filter(percent).str.len_bytes().max() or 0)  # type: ignore[arg-type]
        # An integer below 2^53 over a power of ten below 10^22 rounds as the decimal itself does.
        usable = values.is_not_null() & percent
        for length in range(places + 1):
            rows = usable & (digits["part"].str.len_bytes() == length)
            if rows.any():
                # Not divided by Polars, which multiplies by the reciprocal instead.
                mantissas = _scaled(digits, length, rows).filter(rows).to_numpy()
                exact = pl.Series(mantissas / np.float64(10.0 ** (length + 2)))
                values = values.scatter(rows.arg_true(), exact)
    return values, complaints


def _parse_date(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    dates = texts.str.to_date("%Y-%m-%d", strict=False)
    dates = dates.set(~texts.str.contains(r"^\d{4}-\d{2}-\d{2}$").fill_null(True), None)
    rest = texts.is_not_null() & dates.is_null()
    if rest.any():
        unread = texts.filter(rest)
        parts = unread.str.extract_groups(
            r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00(?:\.0+)?)?)?$"
        ).struct.unnest()
        compact = unread.str.extract_groups(r"^(\d{4})(\d{2})(\d{2})$").struct.unnest()
        dates = dates.scatter(rest.arg_true(), _join_dates(parts, compact))
    return _check_dates(column, texts, dates, "not a date", "2024-05-01")


def _parse_month(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    """`2024-05`, or its first day as a date."""
    parts = texts.str.extract_groups(
        r"^(\d{4})[-/.年](\d{1,2})(?:月|-01|-01 00:00:00)?$"
    ).struct.unnest()
    compact = texts.str.extract_groups(r"^(\d{4})(\d{2})$").struct.unnest()
    months = _join_dates(parts, compact)
    return _check_dates(column, texts, months, "not a month", "2024-05")


def _parse_year(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    numbers = texts.str.extract(r"^(\d{4})(?:年度?|\.0|-01-01(?: 00:00:00)?)?$")
    years = (numbers + "-01-01").str.to_date("%Y-%m-%d", strict=False)
    return _check_dates(column, texts, years, "not a year", "2024")


def _join_dates(*readings: pl.DataFrame) -> pl.Series:
    """The first reading (year, month and day; a day left out is the first) that is a date."""
    texts = [
        frame.select(
            pl.concat_str(
                pl.col("1"),
                pl.col("2").str.zfill(2),
                pl.col("3").str.zfill(2) if "3" in frame.columns else pl.lit("01"),
                separator="-",
            ).alias("date")
        ).to_series()
        for frame in readings
    ]
    first = texts[0]
    for text in texts[1:]:
        first = first.zip_with(first.is_not_null(), text)
    return first.str.to_date("%Y-%m-%d", strict=False)


def _check_dates(
    column: Column, texts: pl.Series, dates: pl.Series, reason: str, example: str
) -> tuple[pl.Series, list[Complaint]]:
    early = (dates.dt.year() < 1800).fill_null(False)
    bad = texts.is_not_null() & (dates.is_null() | early)
    words = _quote(column, texts, f"is {reason} such as {example}")
    return dates.set(early, None), [_complain(column, reason, bad, words)]


def _parse_code(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    if column.system == "GB/T 2260":
        codes = region_codes(texts)
        bad = texts.is_not_null() & codes.is_null()
        rest = "is no region that can be told: write its GB/T 2260 code"
        return codes, [_complain(column, "unknown region", bad, _quote(column, texts, rest))]
    if column.values:
        known = texts.is_in(list(column.values))
        rest = f"is none of {', '.join(column.values)}"
        reason = f"none of {', '.join(column.values)}"
    elif column.system.startswith("GB/T 4754"):
        known = texts.str.contains(_INDUSTRY)
        rest = "is no industry code: write a letter and up to four digits"
        reason = "no industry code"
    else:
        return texts, _check_characters(column, texts)
    bad = texts.is_not_null() & ~known
    values = texts.set(bad.fill_null(False), None)
    return values, [_complain(column, reason, bad, _quote(column, texts, rest))]


def _parse_text(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    return texts, _check_characters(column, texts)


def _check_characters(column: Column, texts: pl.Series) -> list[Complaint]:
    bad = texts.str.contains(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
    return [_complain(column, "holds a control character", bad)]


def _check_range(column: Column, values: pl.Series) -> list[Complaint]:
    complaints = []
    for bound, sign, word in ((column.at_least, 1, "below"), (column.at_most, -1, "above")):
        if bound is None:
            continue
        limit = Fraction(bound)
        if column.type == "money":
            limit *= 10 ** _FEN_DIGITS[column.unit or "元"]
        number = int(limit) if limit.denominator == 1 else float(limit)
        outside = values < number if sign == 1 else values > number
        complaints.append(_complain(column, f"out of range, {word} {bound}", outside))
    return complaints


_PARSERS: Mapping[str, Callable[[Column, pl.Series], tuple[pl.Series, list[Complaint]]]] = (
    MappingProxyType(
        {
            "boolean": _parse_boolean,
            "integer": _parse_integer,
            "money": _parse_money,
            "ratio": _parse_ratio,
            "number": _parse_number,
            "date": _parse_date,
            "month": _parse_month,
            "year": _parse_year,
            "code": _parse_code,
            "text": _parse_text,
        }
    )
)
