import math
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.dataset import Column, Label
from profiles.typed_values import Parsed, parse_column


def parse(kind: str, *texts: str | None, **options: object) -> Parsed:
    column = Column(name="x", type=kind, label=Label(zh="甲"), **options)  # type: ignore[arg-type]
    return parse_column(column, pl.Series("x", texts, dtype=pl.String))


def values(kind: str, *texts: str | None, **options: object) -> list[object]:
    return parse(kind, *texts, **options).values.to_list()


def reasons(kind: str, text: str | None, **options: object) -> list[str]:
    return [complaint.reason for complaint in parse(kind, text, **options).complaints]


@given(st.lists(st.text(alphabet="0123456789.,+-eE%万元naif年月日 /x٣१", max_size=14), max_size=30))
def test_every_cell_is_empty_has_a_value_or_a_complaint(texts):
    for kind in ("boolean", "integer", "money", "ratio", "number", "date", "month", "year"):
        parsed = parse(kind, *texts)
        complained = pl.Series([False] * len(texts), dtype=pl.Boolean)
        for complaint in parsed.complaints:
            complained |= complaint.rows
        for text, value, bad in zip(texts, parsed.values, complained, strict=True):
            assert bad or value is not None or not text.strip()
            assert not (bad and not text.strip())


@given(st.integers(-(10**13) + 1, 10**13 - 1))
def test_money_is_read_to_the_fen(fen):
    sign, whole, part = "-" if fen < 0 else "", abs(fen) // 100, abs(fen) % 100
    assert values("money", f"{sign}{whole}.{part:02}", f"{sign}{whole:,}.{part:02}000") == [fen] * 2


@given(st.decimals(min_value=-(10**8), max_value=10**8, places=6))
def test_money_in_units_of_ten_thousand_yuan_is_exact(amount):
    fen = (amount * 1_000_000).to_integral_value(ROUND_HALF_UP)
    assert values("money", f"{amount:f}", unit="万元") == [int(fen)]


def test_fractions_of_a_fen_are_refused_not_rounded():
    assert reasons("money", "0.005") == ["x: finer than a fen"]
    assert reasons("money", "0.0000001", unit="万元") == ["x: finer than a fen"]
    assert values("money", "0.500000") == [50]


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=8))
def test_numbers_are_the_floats_nearest_to_the_decimals(number):
    assert values("number", f"{number:f}") == [float(number) + 0.0]


@given(st.integers(0, 10**15 - 1), st.integers(0, 10))
def test_percents_are_the_floats_nearest_to_the_share(digits, places):
    percent = Decimal(digits).scaleb(-places)
    exact = Fraction(percent) / 100
    assert values("ratio", f"{percent:f}%") == [exact.numerator / exact.denominator]


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "inf", "-inf", "Infinity", "abc", "1,23", "--1", ".", "٣", "1१.5"]
)
def test_what_is_no_number_is_told(text):
    for kind in ("integer", "money", "number", "ratio"):
        assert reasons(kind, text) == ["x: not a number"]


def test_an_exponent_is_refused_since_spreadsheets_lose_digits_so():
    assert reasons("number", "1.2E+5") == ["x: written with an exponent, digits may be lost"]


def test_more_than_fifteen_significant_digits_are_refused():
    assert reasons("number", "1234567890.123456") == ["x: more than 15 significant digits"]
    assert reasons("integer", "1234567890123456") == ["x: more than 15 significant digits"]
    assert values("number", "1234567890.12345000") == [1234567890.12345]


def test_whole_numbers_may_end_in_point_zero_but_not_in_a_half():
    assert values("integer", "12.0", "1,234", "０") == [12, 1234, 0]
    assert reasons("integer", "1.5") == ["x: not a whole number"]


def test_minus_zero_is_zero():
    assert math.copysign(1, values("number", "-0")[0]) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["2024-05-01", "2024/5/1", "20240501", "2024年5月1日", "2024.5.1", "2024-05-01 00:00:00"],
)
def test_dates_as_departments_write_them(text):
    assert values("date", text, f" {text} ") == [date(2024, 5, 1)] * 2


@pytest.mark.parametrize("text", ["2024-02-30", "2023-02-29", "20241301", "24-5-1", "1600-01-01"])
def test_impossible_dates_are_told(text):
    parsed = parse("date", text)
    assert parsed.values.to_list() == [None]
    assert parsed.complaints[0].words is not None
    assert parsed.complaints[0].words[0] == f'x: "{text}" is not a date such as 2024-05-01'


@given(st.dates(date(1800, 1, 1), date(9999, 12, 31)))
def test_every_day_of_the_calendar_is_read_in_every_form(day):
    forms = [day.isoformat(), f"{day:%Y%m%d}".zfill(8), f"{day.year}年{day.month}月{day.day}日"]
    assert values("date", *forms) == [day] * 3


@pytest.mark.parametrize("text", ["2024-05", "202405", "2024年5月", "2024/5", "2024-05-01"])
def test_months_as_departments_write_them(text):
    assert values("month", text) == [date(2024, 5, 1)]


def test_a_day_inside_a_month_is_no_month():
    assert reasons("month", "2024-05-02") == ["x: not a month"]
    assert reasons("month", "2024-13") == ["x: not a month"]


def test_years_as_departments_write_them():
    assert values("year", "2024", "2024年", "2024年度", "2024-01-01") == [date(2024, 1, 1)] * 4
    assert reasons("year", "24") == ["x: not a year"]


def test_booleans_as_departments_write_them():
    assert values("boolean", "true", "TRUE", "1", "是", "Y") == [True] * 5
    assert values("boolean", "false", "False", "0", "否", "n") == [False] * 5
    assert reasons("boolean", "maybe") == ["x: not yes or no"]


def test_a_code_out_of_its_list_is_quoted_with_the_list():
    parsed = parse("code", "giant", "large", values=("large", "small"))
    (complaint,) = parsed.complaints
    assert parsed.values.to_list() == [None, "large"]
    assert complaint.words is not None
    assert complaint.words[0] == 'x: "giant" is none of large, small'


def test_what_looks_like_a_number_of_somebody_is_not_quoted():
    (complaint,) = parse("code", "990101199001011000", values=("large",)).complaints
    assert complaint.words is not None
    assert "990101" not in complaint.words[0]


def test_values_of_personal_columns_are_never_quoted():
    (complaint,) = parse("date", "某人", sensitivity="personal").complaints
    assert complaint.words is None


def test_regions_are_told_by_name_and_industries_by_form():
    assert values("code", "佛山市", "440606", system="GB/T 2260") == ["440600", "440606"]
    for text in ("nowhere", "٤٤٠٦٠٦"):
        assert reasons("code", text, system="GB/T 2260") == ["x: unknown region"]
    assert values("code", "C3512", "A", system="GB/T 4754-2017") == ["C3512", "A"]
    for text in ("3512", "C٣٥"):
        assert reasons("code", text, system="GB/T 4754-2017") == ["x: no industry code"]


def test_a_range_is_kept_in_the_unit_of_the_file():
    assert reasons("money", "-0.01", at_least="0") == ["x: out of range, below 0"]
    assert reasons("money", "3", unit="万元", at_most="2") == ["x: out of range, above 2"]
    assert values("money", "2", unit="万元", at_most="2") == [2_000_000]
    assert reasons("integer", "5", at_least="1", at_most="4") == ["x: out of range, above 4"]


def test_an_empty_cell_is_missing_and_only_a_fault_where_required():
    assert parse("money", "", " ", None, "　").complaints == ()
    assert reasons("money", " ", required=True) == ["x: empty, but required"]


@pytest.mark.parametrize("kind", ["code", "text"])
def test_a_float_is_no_code_and_no_text_and_an_empty_one_is_missing(kind):
    column = Column(name="x", type=kind, label=Label(zh="甲"))
    parsed = parse_column(column, pl.Series("x", [44.0, math.nan, math.inf, None]))
    assert parsed.values.to_list() == [None] * 4
    (complaint,) = parsed.complaints
    assert complaint.rows.to_list() == [True, True, True, False]


def test_control_characters_in_a_text_are_refused():
    assert reasons("text", "a\x00b") == ["x: holds a control character"]
    assert values("text", " 你好 ") == ["你好"]
