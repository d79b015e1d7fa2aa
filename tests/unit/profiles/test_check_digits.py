import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.check_digits import right_as_written
from profiles.identifier import check_identifiers
from tests.unit.profiles.delivery_world import credit_code, resident_number
from tests.unit.profiles.test_identifier import (
    stdnum_takes_credit_code,
    stdnum_takes_resident_number,
)

NUMBER = {"uscc": credit_code, "resident_id": resident_number}
ORACLE = {"uscc": stdnum_takes_credit_code, "resident_id": stdnum_takes_resident_number}
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZx０佛 -"


@pytest.mark.parametrize("identifier", ["uscc", "resident_id"])
def test_one_wrong_identifier_among_many_is_found_wherever_it_stands(identifier):
    # More than the rows that are looked at together, thrice.
    good = [NUMBER[identifier](number) for number in range(900)]
    values = [good[place % 900] for place in range(50_000)]
    assert right_as_written(identifier, pl.Series(values)).all()
    draw = random.Random(11)
    places = {0, 16_383, 16_384, 32_767, 32_768, 49_999, *draw.sample(range(50_000), 500)}
    for place in places:
        digit = draw.randrange(8, 17)
        value = values[place]
        other = draw.choice([sign for sign in "0123456789" if sign != value[digit]])
        values[place] = value[:digit] + other + value[digit + 1 :]
    wrong = (~right_as_written(identifier, pl.Series(values))).arg_true().to_list()
    assert set(wrong) == {place for place in places if not ORACLE[identifier](values[place])}
    assert len(wrong) > 490


@pytest.mark.parametrize("identifier", ["uscc", "resident_id"])
@given(data=st.data())
def test_any_eighteen_signs_are_judged_as_by_python_stdnum(identifier, data):
    values = []
    for _ in range(data.draw(st.integers(0, 12))):
        value = NUMBER[identifier](data.draw(st.integers(0, 999)))
        place = data.draw(st.integers(0, 17))
        values.append(value[:place] + data.draw(st.sampled_from(SIGNS)) + value[place + 1 :])
    # Only what stands there in normal form is right as it is written.
    expected = [
        ORACLE[identifier](value) and value.isascii() and value == value.upper().strip()
        for value in values
    ]
    assert right_as_written(identifier, pl.Series(values, dtype=pl.String)).to_list() == expected


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ("19000228", True),
        ("19000229", False),
        ("20000229", True),
        ("20230229", False),
        ("20240229", True),
        ("20240431", False),
        ("20241301", False),
        ("20240100", False),
        ("17991231", False),
        ("22000101", False),
    ],
)
def test_days_of_birth_are_those_of_the_calendar(body, right):
    number = resident_number(7, body)
    assert right_as_written("resident_id", pl.Series([number])).to_list() == [right]


def test_a_part_of_a_column_is_read_from_where_it_begins():
    values = ["short", resident_number(1), None, resident_number(2), "x" * 18]
    column = pl.Series(values)
    assert right_as_written("resident_id", column[1:]).to_list() == [True, False, True, False]
    assert right_as_written("resident_id", column[3:4]).to_list() == [True]
    assert right_as_written("resident_id", column[:0]).to_list() == []


def test_looking_at_identifiers_changes_nothing_of_the_column():
    column = pl.Series([resident_number(1), " " + resident_number(2), "wrong"])
    before = column.to_list()
    checked = check_identifiers("resident_id", column)
    assert checked.rows() == [
        (resident_number(1), None),
        (resident_number(2), None),
        ("WRONG", "length"),
    ]
    assert column.to_list() == before
