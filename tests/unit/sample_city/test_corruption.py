"""Rows without a key: what is done to them is what is written down, and hard enough."""

import random
from collections import Counter

import polars as pl
import pytest

from profiles.linkage_text import normalise_name
from profiles.sample_city.corruption import (
    ALIKE,
    SHARES,
    SHORTENED,
    TRADITIONAL,
    Fields,
    corrupt_row,
    write_unkeyed_rows,
)

FIRMS, ROWS = 20_000, 4_000


@pytest.fixture(scope="module")
def written() -> tuple[pl.DataFrame, pl.DataFrame]:
    return write_unkeyed_rows(11, FIRMS, ROWS)


def test_the_same_seed_writes_the_same_rows(written: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    again = write_unkeyed_rows(11, FIRMS, ROWS)
    assert all(first.equals(second) for first, second in zip(written, again, strict=True))
    assert not write_unkeyed_rows(12, FIRMS, ROWS)[1].equals(written[1])


def test_rows_are_about_firms_here_elsewhere_and_not_registered(
    written: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    register, rows = written
    shares = {kind: count / ROWS for kind, count in Counter(rows["kind"].to_list()).items()}
    assert shares == pytest.approx(
        {"registered": 0.8, "elsewhere": 0.1, "unregistered": 0.1}, abs=0.02
    )
    meant = rows.filter(pl.col("kind") == "registered")
    assert meant["truth"].is_in(register["uscc"].implode()).all()
    assert rows.filter(pl.col("kind") != "registered")["truth"].is_null().all()
    away = rows.filter(pl.col("kind") == "elsewhere")
    assert away["region"].drop_nulls().str.starts_with("9902").all()


def test_nothing_is_done_that_is_not_noted(written: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    register, rows = written
    untouched = rows.filter((pl.col("done") == "") & pl.col("truth").is_not_null())
    meant = untouched.join(register, left_on="truth", right_on="uscc", maintain_order="left")
    assert untouched.height > 50
    assert (meant["name"] == meant["name_right"]).all()
    assert (meant["address"] == meant["address_right"]).all()
    assert (meant["representative"] == meant["legal_representative"]).all()
    assert (meant["region"] == meant["region_right"]).all()


def test_each_thing_is_done_as_often_as_its_share_says(
    written: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    done = Counter(part for text in written[1]["done"] for part in text.split("; "))
    assert done.keys() - {""} == SHARES.keys()
    always_possible = ("no address", "no representative", "no region", "moved", "traditional")
    for what in always_possible:
        assert done[what] / ROWS == pytest.approx(SHARES[what], abs=0.02), what
    for what, share in SHARES.items():
        # where a name has no brackets, or a place is not named, nothing could be done
        assert done[what] / ROWS < share + 0.02, what


def test_the_tables_hold_one_character_for_another() -> None:
    assert all(len(sign) == 1 and sign not in others for sign, others in ALIKE.items())
    assert all(len(a) == len(b) == 1 and a != b for a, b in TRADITIONAL.items())
    assert all(len(short) < len(word) for word, short in SHORTENED.items())


def test_a_row_may_lose_everything_but_its_name() -> None:
    for number in range(300):
        row = Fields(
            name="晨", address="示范市示范一区样泉路1号", representative="王示明", region="990101"
        )
        corrupt_row(row, random.Random(number), moved_to="示范市", instead="李样芳")
        assert row.name


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_exact_matching_after_normalisation_finds_seven_of_ten_at_most(seed: int) -> None:
    register, rows = write_unkeyed_rows(seed, FIRMS, ROWS)
    named: dict[str, list[str]] = {}
    for name, code in register.select("name", "uscc").iter_rows():
        named.setdefault(normalise_name(name), []).append(code)
    meant = rows.drop_nulls("truth")
    found = [named.get(normalise_name(name), []) for name in meant["name"]]
    among = sum(code in codes for code, codes in zip(meant["truth"], found, strict=True))
    alone = sum([code] == codes for code, codes in zip(meant["truth"], found, strict=True))
    print(f"seed {seed}: exact finds {alone / meant.height:.3f}, {among / meant.height:.3f} if any")
    assert 0.3 < alone / meant.height <= among / meant.height <= 0.7
