"""Numbers and money as departments write them, read digit by digit.

Money and decimals never go by way of a floating-point number that could not hold them.
"""

import numpy as np
import polars as pl

from language.number import MAX_DIGITS
from profiles.complaint import Complaint, complain, quote_texts
from profiles.dataset import Column

FEN_DIGITS = {"元": 2, "万元": 6}
"""Decimal places from a unit of money to the fen."""
_NUMBER = r"^([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,40})(?:\.([0-9]{0,40}))?$"
"""Digits of other scripts, which `\\d` takes too, are read by no cast."""
_EXPONENT = r"^[+-]?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+$"


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
        complain(
            column,
            "not a number",
            no_number & ~exponent,
            quote_texts(column, texts, "is not a number"),
        ),
        complain(column, "written with an exponent, digits may be lost", exponent),
        complain(column, f"more than {MAX_DIGITS} significant digits", long),
    ]


def _scaled(digits: pl.DataFrame, places: int, usable: pl.Series) -> pl.Series:
    """The numbers times 10 to the `places`, as integers; parts longer than `places` give null."""
    text = digits["sign"] + digits["whole"] + digits["part"].str.pad_end(places, "0")
    bare = digits["sign"] + "0"
    text = text.zip_with(text.str.len_bytes() > digits["sign"].str.len_bytes(), bare)
    text = text.set(~usable | (digits["part"].str.len_bytes() > places).fill_null(False), None)
    return text.str.strip_chars_start("+").cast(pl.Int64, strict=False)


def parse_integer(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    """`1200`, `1,200`, `1200.0`."""
    digits = _split_digits(texts)
    usable, complaints = _check_digits(column, texts, digits)
    values = _scaled(digits, 0, usable)
    parts = usable & values.is_null()
    complaints.append(complain(column, "not a whole number", parts))
    return values, complaints


def parse_money(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    """An amount in the column's unit, as fen."""
    digits = _split_digits(texts)
    usable, complaints = _check_digits(column, texts, digits)
    places = FEN_DIGITS[column.unit or "元"]
    finer = usable & (digits["part"].str.len_bytes() > places)
    values = _scaled(digits, places, usable)
    complaints.append(complain(column, "finer than a fen", finer))
    huge = usable & ~finer & (values.is_null() | (values.abs() >= 10**MAX_DIGITS))
    complaints.append(complain(column, "more money than there is", huge))
    return values.set(huge.fill_null(False), None), complaints


def parse_number(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    """A decimal as the floating-point number nearest to it."""
    digits = _split_digits(texts)
    usable, complaints = _check_digits(column, texts, digits)
    whole = digits["whole"].set(digits["whole"] == "", "0")
    plain = digits["sign"] + whole + "." + digits["part"] + "0"
    values = plain.set(~usable, None).str.strip_chars_start("+").cast(pl.Float64, strict=False)
    return values.set(values == 0, 0.0), complaints


def parse_ratio(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    """A share: `0.055`, or `5.5%`, which is the same number to the last bit."""
    percent = texts.str.ends_with("%").fill_null(False)
    bare = texts.str.strip_suffix("%").str.strip_chars_end()
    values, complaints = parse_number(column, bare)
    if percent.any():
        digits = _split_digits(bare)
        places = digits["part"].str.len_bytes()
        # An integer below 2^53 over a power of ten below 10^22 rounds as the decimal itself does.
        usable = values.is_not_null() & percent
        for length in places.filter(usable).unique():
            rows = usable & (places == length)
            # Not divided by Polars, which multiplies by the reciprocal instead.
            mantissas = _scaled(digits, length, rows).filter(rows).to_numpy()
            exact = pl.Series(mantissas / np.float64(10.0 ** (length + 2)))
            values = values.scatter(rows.arg_true(), exact)
    return values, complaints
