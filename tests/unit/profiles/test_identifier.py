import base64
import hashlib
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from profiles.errors import WrongKey
from profiles.identifier import (
    check_identifiers,
    mask,
    mask_long_numbers,
    mask_series,
    normalise,
    subject_ids,
)
from tests.unit.profiles.delivery_world import KEY, credit_code, resident_number

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def reason(identifier: str, value: str | None) -> str | None:
    found: str | None = check_identifiers(identifier, pl.Series([value], dtype=pl.String))[
        "reason"
    ][0]
    return found


def accepted(identifier: str, values: list[str]) -> list[bool]:
    return check_identifiers(identifier, pl.Series(values))["reason"].is_null().to_list()


def stdnum_takes_credit_code(value: str) -> bool:
    return uscc.is_valid(value)


def stdnum_takes_resident_number(value: str) -> bool:
    """Without python-stdnum's table of birth places, which knows no region 99."""
    try:
        if len(value) != 18 or not (value[:17].isascii() and value[:17].isdigit()):
            return False
        ric.get_birth_date(value)
        return value[17] == ric.calc_check_digit(value)
    except (ValidationError, ValueError):
        return False


def corrupted(draw: random.Random, value: str, alphabet: str) -> str:
    place = draw.randrange(18)
    match draw.randrange(4):
        case 0:
            return value[:place] + draw.choice(alphabet) + value[place + 1 :]
        case 1:
            other = draw.randrange(17)
            cells = list(value)
            cells[other], cells[other + 1] = cells[other + 1], cells[other]
            return "".join(cells)
        case 2:
            return value[:place] + value[place + 1 :]
        case _:
            return value


def test_credit_codes_are_judged_as_by_python_stdnum():
    draw = random.Random(7)
    values = []
    for _ in range(6_000):
        body = "91" + f"{draw.randrange(110000, 660000)}" + "".join(draw.choices(ALPHABET, k=9))
        value = body + uscc.calc_check_digit(body)
        values.append(corrupted(draw, value, ALPHABET + "IOSVZ"))
    expected = [stdnum_takes_credit_code(value) for value in values]
    assert accepted("uscc", values) == expected
    assert 1_000 < sum(expected) < 5_000


def test_resident_numbers_are_judged_as_by_python_stdnum():
    draw = random.Random(8)
    values = []
    for _ in range(6_000):
        born = f"{draw.randrange(1900, 2030)}{draw.randrange(1, 14):02}{draw.randrange(1, 33):02}"
        value = resident_number(draw.randrange(1000), born)
        values.append(corrupted(draw, value, "0123456789X"))
    expected = [stdnum_takes_resident_number(value) for value in values]
    assert accepted("resident_id", values) == expected
    assert 1_000 < sum(expected) < 5_000


@given(st.lists(st.text(max_size=20), max_size=20))
def test_no_text_at_all_breaks_the_checks(values):
    for identifier in ("uscc", "resident_id"):
        checked = check_identifiers(identifier, pl.Series(values, dtype=pl.String))
        assert checked.height == len(values)


def test_full_width_lower_case_and_spaced_numbers_are_brought_to_one_form():
    number = next(n for n in map(resident_number, range(99)) if n.endswith("X"))
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in number)
    written = pl.Series([number.lower(), wide, f" {number[:6]} {number[6:]}　", wide.lower()])
    assert normalise(written).to_list() == [number] * 4
    assert accepted("resident_id", written.to_list()) == [True] * 4


@pytest.mark.parametrize("letter", list("IOSVZ"))
def test_letters_that_no_credit_code_has_are_named_as_wrong_characters(letter):
    assert reason("uscc", credit_code(1)[:10] + letter + credit_code(1)[11:]) == "character"


def test_each_fault_has_its_own_reason():
    good = resident_number(123)
    wrong = good[:-1] + ("1" if good[-1] != "1" else "2")
    assert reason("resident_id", good) is None
    assert reason("resident_id", wrong) == "check_digit"
    assert reason("resident_id", "") == "empty"
    assert reason("resident_id", None) == "empty"
    assert reason("resident_id", good[:-1]) == "length"
    assert reason("resident_id", "A" + good[1:]) == "character"
    assert reason("resident_id", resident_number(5, "19900230")) == "birth_date"
    assert reason("resident_id", resident_number(5, "17991231")) == "birth_date"


@pytest.mark.parametrize(
    "lost", ["9.90101199001E+17", "990101199001011000", "990101199001011000.0"]
)
def test_numbers_that_a_spreadsheet_cut_short_are_told_from_mistyped_ones(lost):
    assert reason("resident_id", lost) == "lost_digits"


def test_a_true_number_that_ends_in_zeros_is_not_taken_for_a_cut_one():
    ending = [resident_number(n) for n in range(0, 1000, 100)]
    true = [number for number in ending if number.endswith("000")]
    assert true
    assert accepted("resident_id", true) == [True] * len(true)


def test_subject_ids_are_keyed_blake2b_in_base32():
    number = resident_number(1)
    digest = hashlib.blake2b(number.encode(), key=KEY, digest_size=10, person=b"resident").digest()
    expected = "R" + base64.b32encode(digest).decode().lower()
    ids = subject_ids("resident", pl.Series([number, None, number]), KEY)
    assert ids.to_list() == [expected, None, expected]
    assert len(expected) == 17


def test_subject_ids_differ_by_kind_and_by_key():
    code = pl.Series([credit_code(1)])
    ids = {
        subject_ids("enterprise", code, KEY)[0][1:],
        subject_ids("resident", code, KEY)[0][1:],
        subject_ids("enterprise", code, bytes(32))[0][1:],
    }
    assert len(ids) == 3


def test_a_short_key_is_refused():
    with pytest.raises(WrongKey, match="4 bytes"):
        subject_ids("resident", pl.Series(["x"]), b"1234")


def test_no_identifiers_give_no_ids():
    assert subject_ids("resident", pl.Series([], dtype=pl.String), KEY).len() == 0


@given(st.text(min_size=1, max_size=40))
def test_a_mask_never_shows_more_than_four_characters(value):
    shown = mask(value)
    assert len(shown) == len(value)
    assert sum(a == b != "*" for a, b in zip(shown, value, strict=True)) <= 4


def test_masked_columns_hide_lengths_and_keep_nulls():
    masked = mask_series(pl.Series([resident_number(1), "short", None]))
    assert masked.to_list() == [f"99{'*' * 14}{resident_number(1)[-2:]}", "******", None]


def test_phones_and_accounts_inside_a_text_are_starred():
    texts = pl.Series(
        ["call 000 1234 5678", "２０２４－０５－０１", resident_number(1), "2024-05-01"]
    )
    assert mask_long_numbers(texts).to_list() == [
        "call *********",
        "2024-05-01",
        "*********",
        "2024-05-01",
    ]
