"""Cells of a department's file turned into typed values, with a reason for each bad one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

import polars as pl

from profiles.complaint import Complaint, complain, quote_texts
from profiles.dataset import Column
from profiles.date_texts import parse_date, parse_month, parse_year
from profiles.identifier import (
    REASONS,
    check_identifiers,
    to_ascii_width,
)
from profiles.number_texts import (
    FEN_DIGITS,
    parse_integer,
    parse_money,
    parse_number,
    parse_ratio,
)
from profiles.plain_values import read_plain
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

BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
BOOLEANS |= {"是": True, "否": False, "y": True, "n": False}
_INDUSTRY = r"^[A-T][0-9]{0,4}$"
LONGEST_TEXT = 20_000
"""Characters of a text, far more than any name, address or scope of business has."""
_SPREADSHEET_ERRORS = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"]
_OF_FEW_VALUES = ("boolean", "date", "month", "year", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The typed values of a column, null where empty or bad, and the complaints."""

    values: pl.Series
    complaints: tuple[Complaint, ...]


def parse_column(column: Column, cells: pl.Series) -> Parsed:
    """The values of a column's cells, as text or typed as their source holds them.

    Every cell that is not empty has a value or a complaint, the same whether it came as text or
    typed.
    """
    plain = read_plain(column, cells, fen_digits=FEN_DIGITS[column.unit or "元"])
    if plain is None and cells.dtype != pl.String:
        parsed = parse_column(column, write_texts(cells))  # decimals and floats are mostly digits
        if not cells.dtype.is_float() or column.type not in ("code", "text"):
            return parsed
        # Of a code `44` it holds 44.0, of nothing perhaps NaN, which are texts as well.
        held = cells.is_not_null()
        reason = "a floating-point number where a text is due: write it as text"
        return Parsed(
            values=parsed.values.set(held, None),
            complaints=(*parsed.complaints, complain(column, reason, held)),
        )
    if plain is None:
        return _parse_distinct(column, cells)
    sure = plain.sure
    for complaint in _check_range(column, plain.values):
        sure &= ~complaint.rows
    if not column.required:
        sure |= cells.is_null()
    values = plain.values.alias(column.name)
    if sure.all():
        return Parsed(values=values, complaints=())
    unsure = ~sure
    looked_at = _parse_distinct(column, write_texts(cells.filter(unsure)))
    places = pl.Series(unsure.cum_sum() - 1).set(sure, None)
    # Series.scatter changes what it is called on: a copy of the values.
    return Parsed(
        values=values.clone().scatter(unsure.arg_true(), looked_at.values),
        complaints=_spread(looked_at.complaints, places),
    )


def _parse_distinct(column: Column, texts: pl.Series) -> Parsed:
    """As `_parse_texts`; where a column has few values each of them is read once."""
    if column.type not in _OF_FEW_VALUES or (column.type == "code" and not _is_checked(column)):
        return _parse_texts(column, texts)
    encoded = texts.to_arrow().dictionary_encode()
    distinct = pl.Series(texts.name, pl.from_arrow(encoded.dictionary), dtype=pl.String)
    places = pl.Series(pl.from_arrow(encoded.indices))
    if places.has_nulls():
        # An empty cell is a value of its own: it may be complained about.
        places = places.fill_null(len(distinct))
        distinct = distinct.append(pl.Series([None], dtype=pl.String))
    parsed = _parse_texts(column, distinct)
    return Parsed(
        values=parsed.values.gather(places), complaints=_spread(parsed.complaints, places)
    )


def _spread(complaints: Iterable[Complaint], places: pl.Series) -> tuple[Complaint, ...]:
    """Complaints about cells, each for the rows that have the cell's place; null has none."""
    return tuple(
        Complaint(
            reason=complaint.reason,
            rows=complaint.rows.gather(places).fill_null(False),
            words=None if complaint.words is None else complaint.words.gather(places),
        )
        for complaint in complaints
    )


def write_texts(cells: pl.Series) -> pl.Series:
    """Typed cells as the texts that say the same; texts as they stand."""
    if cells.dtype.base_type() == pl.Datetime:
        return cells.dt.to_string("%Y-%m-%d %H:%M:%S")
    return cells.cast(pl.String)


def _parse_texts(column: Column, texts: pl.Series) -> Parsed:
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
        complaints.append(complain(column, "empty, but required", stripped.is_null()))
    kept = tuple(complaint for complaint in complaints if complaint.rows.any())
    return Parsed(values=values.alias(column.name), complaints=kept)


def _parse_identifiers(column: Column, texts: pl.Series) -> Parsed:
    checked = check_identifiers(str(column.identifier), texts)
    if checked["reason"].null_count() == len(texts):
        return Parsed(values=checked["value"].alias(column.name), complaints=())
    complaints = []
    for code, words in REASONS.items():
        if code == "empty" and not column.required:
            continue
        rows = (checked["reason"] == code).fill_null(False)
        if rows.any():
            words = "empty, but required" if code == "empty" else words
            complaints.append(complain(column, words, rows))
    right = checked["value"].set(checked["reason"].is_not_null(), None)
    return Parsed(values=right.alias(column.name), complaints=tuple(complaints))


def _parse_boolean(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    values = texts.str.to_lowercase().replace_strict(
        list(BOOLEANS.keys()), list(BOOLEANS.values()), default=None, return_dtype=pl.Boolean
    )
    bad = texts.is_not_null() & values.is_null()
    rest = "is neither true, 1, 是, Y nor false, 0, 否, N"
    return values, [complain(column, "not yes or no", bad, quote_texts(column, texts, rest))]


def _is_checked(column: Column) -> bool:
    """Whether a code must be one of a list or of a known system."""
    return bool(column.values) or column.system.startswith(("GB/T 2260", "GB/T 4754"))


def _parse_code(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    if column.system == "GB/T 2260":
        codes = region_codes(texts)
        bad = texts.is_not_null() & codes.is_null()
        rest = "is no region that can be told: write its GB/T 2260 code"
        return codes, [complain(column, "unknown region", bad, quote_texts(column, texts, rest))]
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
    return values, [complain(column, reason, bad, quote_texts(column, texts, rest))]


def _parse_text(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    return texts, _check_characters(column, texts)


def _check_characters(column: Column, texts: pl.Series) -> list[Complaint]:
    control = texts.str.contains(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
    # No character takes more than four bytes, and bytes are sooner counted.
    long = texts.str.len_bytes() > LONGEST_TEXT
    if long.any():
        long = texts.str.len_chars() > LONGEST_TEXT
    return [
        complain(column, "holds a control character", control),
        complain(column, "a spreadsheet's error", texts.is_in(_SPREADSHEET_ERRORS)),
        complain(column, f"longer than {LONGEST_TEXT:,} characters", long),
    ]


def _check_range(column: Column, values: pl.Series) -> list[Complaint]:
    complaints = []
    for bound, sign, word in ((column.at_least, 1, "below"), (column.at_most, -1, "above")):
        if bound is None:
            continue
        limit = Fraction(bound)
        if column.type == "money":
            limit *= 10 ** FEN_DIGITS[column.unit or "元"]
        number = int(limit) if limit.denominator == 1 else float(limit)
        outside = values < number if sign == 1 else values > number
        complaints.append(complain(column, f"out of range, {word} {bound}", outside))
    return complaints


_PARSERS: Mapping[str, Callable[[Column, pl.Series], tuple[pl.Series, list[Complaint]]]] = (
    MappingProxyType(
        {
            "boolean": _parse_boolean,
            "integer": parse_integer,
            "money": parse_money,
            "ratio": parse_ratio,
            "number": parse_number,
            "date": parse_date,
            "month": parse_month,
            "year": parse_year,
            "code": _parse_code,
            "text": _parse_text,
        }
    )
)
