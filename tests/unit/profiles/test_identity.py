"""Former identifiers, and which identifier counts, against python-stdnum and a plain walk."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric
from stdnum.iso7064 import mod_11_10

from profiles.former_identifier import Whose, organisation_codes, read_former
from profiles.identity import (
    changes_by_code,
    follow,
    list_troubles,
    read_changes,
    resolve,
    trace,
)
from tests.unit.profiles.delivery_world import credit_code, resident_number

DAY = date(2025, 6, 1)
NAMES = [f"N{number}" for number in range(8)]


def registration_number(number: int) -> str:
    body = f"990101{number:08d}"
    return body + mod_11_10.calc_check_digit(body)


def organisation_code(body: str) -> str:
    """By the standard's formula, written out for one code (GB 11714-1997)."""
    values = [int(c) if c.isdigit() else ord(c) - ord("A") + 10 for c in body]
    check = 11 - sum(v * w for v, w in zip(values, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    return body + {10: "X", 11: "0"}.get(check, str(check))


def changes(*rows: tuple[str | None, str | None, date]) -> pl.DataFrame:
    schema = {"old": pl.String, "new": pl.String, "effective_on": pl.Date}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def read(whose: Whose, *values: str | None) -> list[tuple[str | None, ...]]:
    return list(read_former(whose, pl.Series(values, dtype=pl.String)).iter_rows())


@given(st.integers(0, 10**8 - 1))
def test_registration_numbers_are_right_by_their_last_digit(number: int) -> None:
    right = registration_number(number)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    assert read("enterprise", right, wrong) == [
        (right, "registration_number", None),
        (wrong, "registration_number", "check_digit"),
    ]


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8))
def test_organisation_codes_are_right_by_their_last_character(body: str) -> None:
    right = organisation_code(body)
    hyphened = f"{right[:8]}-{right[8]}"
    wrong = right[:8] + ("1" if right[8] != "1" else "2")
    assert read("enterprise", hyphened, wrong) == [
        (right, "organisation_code", None),
        (wrong, "organisation_code", "check_digit"),
    ]


def test_the_published_example_of_an_organisation_code_is_right():
    # the code that GB 11714-1997 itself works out
    assert read("enterprise", "D2143569-X") == [("D2143569X", "organisation_code", None)]


@given(st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(0, 995))
def test_short_identity_numbers_become_the_long_ones(born: date, serial: int) -> None:
    short = f"990101{born:%y%m%d}{serial:03d}"
    body = f"990101{born:%Y%m%d}{serial:03d}"
    assert read("resident", short) == [
        (body + ric.calc_check_digit(body + "0"), "short_number", None)
    ]


def test_what_cannot_be_told_is_not_guessed():
    assert read("resident", "990101900101997", "990101900230001", None, "１２３") == [
        ("990101900101997", "short_number", "century"),
        ("990101900230001", "short_number", "birth_date"),
        (None, None, "empty"),
        ("123", None, "form"),
    ]
    wrong = credit_code(1)[:-1] + ("0" if credit_code(1)[-1] != "0" else "1")
    assert read("enterprise", credit_code(1), wrong, "1" * 17 + "I") == [
        (credit_code(1), "credit_code", None),
        (wrong, "credit_code", "check_digit"),
        ("1" * 17 + "I", "credit_code", "form"),
    ]
    assert read("resident", resident_number(1)) == [(resident_number(1), "identity_number", None)]


def walk(start: str, rows: list[tuple[str, str, date]], as_of: date) -> tuple[str | None, str]:
    """What a careful clerk does: one step at a time."""
    successors: dict[str, set[str]] = {}
    for old, new, day in rows:
        if day <= as_of and old != new:
            successors.setdefault(old, set()).add(new)
    seen, here = {start}, start
    while here in successors:
        if len(successors[here]) > 1:
            return None, "fork"
        (here,) = successors[here]
        if here in seen:
            return None, "cycle"
        seen.add(here)
    return here, ""


ROWS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.integers(-3, 3).map(lambda days: DAY + timedelta(days=days)),
    ),
    max_size=9,
)


@given(ROWS)
def test_every_chain_ends_where_a_clerk_ends(rows: list[tuple[str, str, date]]) -> None:
    found = trace(pl.Series([*NAMES, "stranger"]), changes(*rows), DAY)
    for name, resolved, trouble in found.iter_rows():
        assert (resolved, trouble or "") == walk(name, rows, DAY), name


@given(ROWS, st.randoms())
def test_the_order_of_changes_does_not_matter(rows, random) -> None:
    shuffled = random.sample(rows, len(rows))
    first = resolve(pl.Series("s", NAMES), changes(*rows), DAY)
    assert first.equals(resolve(pl.Series("s", NAMES), changes(*shuffled), DAY))
    assert first.name == "s"


def test_a_long_chain_is_followed_to_its_end():
    chain = changes(*((f"C{n}", f"C{n + 1}", DAY) for n in range(5000)))
    assert resolve(pl.Series(["C0", "C4999", "C5000"]), chain, DAY).to_list() == ["C5000"] * 3


def test_changes_of_later_days_and_without_successor_are_not_seen():
    rows = changes(
        ("A", "B", DAY), ("B", "C", date(2025, 6, 2)), ("D", None, DAY), (None, "E", DAY)
    )
    found = resolve(pl.Series(["A", "B", "D", "E", None]), rows, DAY)
    assert found.to_list() == ["B", "B", "D", "E", None]
    assert follow(rows, date(2025, 5, 31)).is_empty()
    assert resolve(pl.Series([], dtype=pl.String), rows, DAY).is_empty()


def test_a_merged_firm_is_found_by_its_number_of_long_ago():
    rows = pl.DataFrame(
        {
            "uscc": [credit_code(1), credit_code(2)],
            "old_identifier": [" " + registration_number(7), credit_code(1)],
            "change": ["coded", "merged"],
            "effective_on": [date(2016, 1, 4), date(2024, 7, 1)],
        }
    )
    known = read_changes("enterprise", rows, "uscc")
    old = pl.Series([registration_number(7), credit_code(1)])
    assert resolve(old, known, date(2020, 1, 1)).to_list() == [credit_code(1)] * 2
    assert resolve(old, known, DAY).to_list() == [credit_code(2)] * 2


def test_a_cancelled_number_in_short_form_leads_to_the_one_that_stayed():
    rows = pl.DataFrame(
        {
            "id_number": [resident_number(2)],
            "old_identifier": ["990101900101001"],
            "effective_on": [date(2010, 1, 1)],
        }
    )
    known = read_changes("resident", rows, "id_number")
    assert resolve(pl.Series([resident_number(1)]), known, DAY).to_list() == [resident_number(2)]


def test_a_credit_code_holds_its_organisation_code():
    codes = pl.Series([credit_code(1), credit_code(2), None])
    known = changes_by_code(codes, date(2015, 10, 1))
    assert resolve(organisation_codes(codes), known, DAY).to_list() == codes.to_list()


def test_troubles_are_listed_masked():
    rows = changes(
        (credit_code(1), credit_code(2), DAY),
        (credit_code(1), credit_code(3), DAY),
        (resident_number(1), resident_number(2), DAY),
        (resident_number(2), resident_number(1), DAY),
    )
    found = list_troubles(rows, DAY)
    assert sorted(found["trouble"]) == ["cycle", "cycle", "fork"]
    assert found.filter(trouble="fork")["successors"].to_list() == [2]
    text = str(found.to_dicts())
    assert not any(number in text for number in (credit_code(1), resident_number(1)))


@pytest.mark.parametrize("whose", ["enterprise", "resident"])
def test_an_empty_column_is_read(whose):
    found = read_former(whose, pl.Series([], dtype=pl.String))
    assert found.columns == ["value", "form", "reason"]
    assert found.is_empty()
