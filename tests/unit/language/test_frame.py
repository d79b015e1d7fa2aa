"""A frame's row as the reference reads it: exact numbers, and missing kept apart from not given."""

from datetime import date
from fractions import Fraction

import pytest

from language.definition import Given
from language.frame import facts_of_row, flag_columns, types_of
from language.reference import NONE
from language.types import FactType

TYPES = {
    "paid": FactType.MONEY,
    "share": FactType.RATIO,
    "staff": FactType.INTEGER,
    "born": FactType.DATE,
    "size": FactType.TEXT,
}


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"paid": 12_345}, {"paid": Fraction(12_345, 100)}),
        ({"share": 0.055}, {"share": Fraction(55, 1000)}),
        ({"share": float("nan")}, {"share": None}),
        ({"share": float("-inf")}, {"share": None}),
        ({"staff": 7, "born": date(2000, 1, 2), "size": ""},
         {"staff": Fraction(7), "born": date(2000, 1, 2), "size": ""}),
        ({"staff": None}, {"staff": None}),
        ({"staff": None, "staff::none": False}, {"staff": None}),
        ({"staff": None, "staff::none": True}, {"staff": NONE}),
        ({"staff": None, "staff::given": False}, {}),
        ({"staff": None, "staff::given": True}, {"staff": None}),
        ({"staff": 7, "staff::given": False}, {}),
        ({"subject": "S1", "unheard": 5}, {}),
    ],
)  # fmt: skip
def test_a_row_is_read_exactly(row: dict[str, object], wanted: dict[str, object]) -> None:
    assert facts_of_row(row, TYPES) == wanted


def test_a_fact_has_a_column_for_given_and_one_for_what_does_not_apply() -> None:
    assert flag_columns(["staff", "size"]) == [
        "staff::given", "staff::none", "size::given", "size::none",
    ]  # fmt: skip
    given = Given(name="staff", type=FactType.INTEGER)
    assert types_of({"staff": given}) == {"staff": FactType.INTEGER}
