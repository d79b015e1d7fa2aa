"""Defects as deliveries have them, planted in rows in known shares and counted.

A row has at most one of them, and has it in every delivery, but for missing values: about half of
these are filled in by the epoch day and some more in every month.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from profiles.sample_city.city import HISTORY_FROM, HISTORY_TO, City
from profiles.sample_city.columns import ROW
from profiles.sample_city.draw import Ints, uniform, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Blemish:
    """One kind of defect in a column of about `share` of the rows."""

    kind: str
    column: str
    share: float


def _of(column: str, **shares: float) -> tuple[Blemish, ...]:
    return tuple(Blemish(kind=kind, column=column, share=share) for kind, share in shares.items())


def _missing(**shares: float) -> tuple[Blemish, ...]:
    return tuple(
        Blemish(kind="missing", column=name, share=share) for name, share in shares.items()
    )


BLEMISHES: dict[str, tuple[Blemish, ...]] = {
    "registration": (
        *_of("uscc", bad_check_digit=0.002, full_width=0.002, exact_duplicate=0.002),
        *_of("address", contradiction=0.002),
        *_of("ent_type", unknown_code=0.002),
        *_of("registered_on", slashed_date=0.01, compact_date=0.005),
        *_of("registered_capital", thousands=0.1),
        *_missing(industry_code=0.06, registered_capital=0.06, business_scope=0.05,
                  legal_representative=0.04, region=0.004),
    ),
    "size-class": (
        *_of("uscc", exact_duplicate=0.002),
        *_of("ent_size", contradiction=0.002, unknown_code=0.001),
    ),
    "unemployment-insurance": (
        *_of("uscc", bad_check_digit=0.0005, full_width=0.0005, exact_duplicate=0.0005),
        *_of("premium", contradiction=0.0005, thousands=0.03),
    ),
    "unemployment-benefit": (
        *_of("uscc", exact_duplicate=0.002),
        *_of("person_id", bad_check_digit=0.002),
        *_of("started_on", slashed_date=0.03),
    ),
    "vat-filing": (
        *_of("uscc", exact_duplicate=0.001),
        *_of("vat_sales", contradiction=0.0005, thousands=0.05),
        *_of("filed_on", slashed_date=0.02),
        *_missing(filed_on=0.03),
    ),
    "annual-accounts": (
        *_of("uscc", exact_duplicate=0.002),
        *_of("revenue", contradiction=0.002, thousands=0.05),
        *_missing(staff=0.06, average_wage=0.06, revenue=0.04, rd_expense=0.06),
    ),
    "disabled-staff": _of("uscc", exact_duplicate=0.003, full_width=0.003),
    "abnormal-operation-list": _of("listed_on", slashed_date=0.05, compact_date=0.05),
    "serious-dishonesty-list": _of("listed_on", compact_date=0.05),
    "employment": (
        *_of("uscc", bad_check_digit=0.001, exact_duplicate=0.002),
        *_of("person_id", lower_case_x=0.05),
        *_missing(contract_months=0.05),
    ),
    "household-register": (
        *_of("id_number", bad_check_digit=0.001, full_width=0.001, exact_duplicate=0.001,
             lower_case_x=0.03),
        *_of("sex", contradiction=0.001, unknown_code=0.001),
        *_of("birth_date", slashed_date=0.005, compact_date=0.005),
        *_missing(phone=0.06, relation=0.04, region=0.004),
    ),
    "social-assistance": (
        *_of("id_number", exact_duplicate=0.005, lower_case_x=0.05),
        *_of("from_on", compact_date=0.02),
    ),
    "disability-certificates": (
        *_of("id_number", full_width=0.003),
        *_of("disability_type", unknown_code=0.002),
        *_missing(valid_to=0.05),
    ),
    "kindergarten": (*_of("from_on", compact_date=0.03), *_missing(public_fee_month=0.06)),
    "graduation": (
        *_of("education_level", unknown_code=0.002),
        *_of("graduated_on", slashed_date=0.03),
    ),
    "employee-insurance": _of("id_number", exact_duplicate=0.001, lower_case_x=0.01),
    "flexible-employment": _missing(years_to_retirement_at_first=0.06),
    "flexible-contributions": _of("own_paid", thousands=0.05),
}  # fmt: skip

_REPEATED = ("exact_duplicate", "contradiction")
_FULL_WIDTH = [chr(0xFF10 + digit) for digit in range(10)]
_OTHER_CODES = {
    "large": "micro", "medium": "large", "small": "large", "micro": "large",
    "male": "female", "female": "male",
}  # fmt: skip


def plant_blemishes(
    city: City, dataset: str, frame: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The frame with its defects, and how many there are by `kind:column`."""
    row = frame[ROW].to_numpy()
    lot = uniform(city.seed, "blemish/" + dataset, row)
    counts: dict[str, int] = {}
    repeated: list[tuple[Blemish, Ints]] = []
    low = 0.0
    for blemish in BLEMISHES.get(dataset, ()):
        places = np.flatnonzero((lot >= low) & (lot < low + blemish.share))
        low += blemish.share
        if blemish.kind == "missing":
            places = places[_filled_in(city, dataset, row[places]) > city.today]
        if blemish.kind in _REPEATED:
            repeated.append((blemish, places))
            count = len(places)
        else:
            frame, count = _spoil(frame, blemish, places)
        counts[f"{blemish.kind}:{blemish.column}"] = count
    return _repeat(frame, repeated), counts


def _filled_in(city: City, dataset: str, row: Ints) -> Ints:
    return HISTORY_FROM + whole(city.seed, "filled/" + dataset, row, HISTORY_TO - HISTORY_FROM)


def _spoil(frame: pl.DataFrame, blemish: Blemish, places: Ints) -> tuple[pl.DataFrame, int]:
    """Spoil a column at these places, and count the cells that changed."""
    column = frame[blemish.column]
    old = column.gather(pl.Series(places))
    new = _SPOILERS[blemish.kind](old)
    changed = int(old.ne_missing(new).sum())
    if not changed:
        return frame, 0
    return frame.with_columns(column.scatter(pl.Series(places), new)), changed


def _repeat(frame: pl.DataFrame, repeated: list[tuple[Blemish, Ints]]) -> pl.DataFrame:
    """Write the rows at these places twice; of contradictions the second differs."""
    times = np.ones(len(frame), dtype=np.int64)
    for _, places in repeated:
        times[places] = 2
    second = np.cumsum(times) - 1
    frame = frame[np.repeat(np.arange(len(frame)), times)]
    for blemish, places in repeated:
        if blemish.kind == "contradiction":
            frame, _ = _spoil(frame, blemish, second[places])
    return frame


def _blank(column: pl.Series) -> pl.Series:
    return pl.Series(column.name, [None], dtype=column.dtype).new_from_index(0, len(column))


def _wrong_check_digit(column: pl.Series) -> pl.Series:
    last = column.str.slice(17)
    digits = [str(digit) for digit in range(10)]
    shifted = last.replace_strict(digits, digits[1:] + digits[:1], default="0")
    return column.str.slice(0, 17) + shifted


def _full_width(column: pl.Series) -> pl.Series:
    return _apply(column, lambda text: text.str.replace_many(list("0123456789"), _FULL_WIDTH))


def _slashed(column: pl.Series) -> pl.Series:
    return column.str.to_date("%Y-%m-%d").dt.to_string("%Y/%-m/%-d")


def _with_thousands(column: pl.Series) -> pl.Series:
    def spoil(text: pl.Expr) -> pl.Expr:
        whole_part = text.str.extract(r"^(-?\d+)").str.reverse()
        marked = whole_part.str.replace_all(r"(\d{3})", "${1},").str.reverse().str.strip_chars(",")
        return marked + text.str.extract(r"(\..*)$").fill_null("")

    return _apply(column, spoil)


def _other_value(column: pl.Series) -> pl.Series:
    """Another lawful value: the other code, another amount, another text."""

    def spoil(text: pl.Expr) -> pl.Expr:
        code = text.replace_strict(list(_OTHER_CODES), list(_OTHER_CODES.values()), default=None)
        amount = pl.when(text.str.contains(r"^\d+\.\d\d$")).then(pl.lit("9") + text)
        return code.fill_null(amount.otherwise(text + pl.lit("附1号")))

    return _apply(column, spoil)


def _apply(column: pl.Series, spoil: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    return column.to_frame().select(spoil(pl.col(column.name)).alias(column.name)).to_series()


_SPOILERS: dict[str, Callable[[pl.Series], pl.Series]] = {
    "missing": _blank,
    "bad_check_digit": _wrong_check_digit,
    "full_width": _full_width,
    "lower_case_x": lambda column: column.str.to_lowercase(),
    "slashed_date": _slashed,
    "compact_date": lambda column: column.str.replace_all("-", ""),
    "thousands": _with_thousands,
    "unknown_code": lambda column: _blank(column).fill_null("其他"),
    "contradiction": _other_value,
}
