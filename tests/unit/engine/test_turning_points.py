"""The values that are tried for a missing fact: beside every figure that its policy names."""

import textwrap
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine.program import bind
from engine.turning_points import MAX_POINTS, turning_points
from language.functions import add_months
from language.reference import NONE
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 9, 1)
LADDER = {Fraction(10) ** power for power in range(10)}
FACTS = """
facts:
  n: {label: 数, type: integer}
  m: {label: 钱, type: money}
  r: {label: 率, type: ratio}
  x: {label: 量, type: number}
  f: {label: 是, type: boolean}
  c: {label: 码, type: code}
  k: {label: 类, type: code, values: [one, two, three]}
  d: {label: 日, type: date}
  o: {label: 另, type: date, absent: none}
"""


def points(
    folder: Path, when: str, facts: Mapping[str, Any] | None = None, more: str = "", keys: str = ""
) -> Mapping[str, set[Any]]:
    text = FACTS + textwrap.indent(textwrap.dedent(more), "  ") + keys
    text += f"\nclauses: [{{id: a, says: 一, when: '{when}'}}]\nbenefit: {{amount: 1}}\n"
    found = turning_points(bind(load_one(folder, text), vocabulary(), DAY), facts or {})
    for tried in found.values():
        assert len(tried) == len(set(tried)) <= MAX_POINTS + 5
    return {name: set(tried) for name, tried in found.items()}


def beside(step: str, *numbers: str) -> set[Fraction]:
    shifts = (Fraction(0), Fraction(step), -Fraction(step))
    return {Fraction(number) + shift for number in numbers for shift in shifts}


@pytest.mark.parametrize(
    ("fact", "wanted"),
    [
        ("m", {Fraction(0)} | LADDER | beside("0.01", "7", "2.5", "1")),
        ("r", {Fraction(0)} | LADDER | beside("0.01", "7", "2.5", "1")),
        ("x", {Fraction(0)} | LADDER | beside("1", "7", "2.5", "1")),
        ("n", {Fraction(0)} | LADDER | {Fraction(n) for n in (6, 7, 8, 1, 2)}),
    ],
)
def test_a_number_is_tried_at_each_figure_and_one_step_beside_it(
    tmp_path: Path, fact: str, wanted: set[Fraction]
) -> None:
    """In money and shares a step is a hundredth; a number of things is whole and not negative."""
    assert points(tmp_path, f"{fact} > 7 or {fact} < 2.5") == {fact: wanted}
    assert points(tmp_path, f"{fact} in [7, 2.5]") == {fact: wanted}


def test_only_missing_facts_are_tried_and_given_ones_give_their_values(tmp_path: Path) -> None:
    found = points(tmp_path, "n > 7 and x > n", {"x": Fraction(40)})
    assert found == {
        "n": {Fraction(0)} | LADDER | {Fraction(n) for n in (6, 7, 8, 39, 40, 41, 1, 2)}
    }
    assert points(tmp_path, "n > 7", {"n": Fraction(3)}) == {}
    assert points(tmp_path, "o == null", {"o": NONE}) == {}


def test_other_kinds_are_tried_at_what_conditions_name_and_beyond(tmp_path: Path) -> None:
    assert points(tmp_path, "f") == {"f": {True, False}}
    assert points(tmp_path, 'c == "A1"') == {"c": {"A1", "~"}}
    assert points(tmp_path, '$starts_with(c, "B") or c in ["C", "D"]') == {
        "c": {"B", "C", "D", "~"}
    }
    assert points(tmp_path, 'k == "one"') == {"k": {"one", "two", "three"}}
    assert points(tmp_path, 'c == "A1" and k == "two"', {"k": "three"}) == {
        "c": {"A1", "two", "three", "~"}
    }


def around(*days: date) -> set[date]:
    return {day + timedelta(days=shift) for day in days for shift in (-1, 0, 1)}


ALWAYS = around(DAY, date(2025, 1, 1), date(2025, 12, 31)) | {date(1900, 1, 1)}


def test_a_day_is_tried_at_the_days_named_and_at_those_numbers_of_months_and_years_away(
    tmp_path: Path,
) -> None:
    keys = "\nper: year\n"
    assert points(tmp_path, "d <= as_of", keys=keys) == {"d": ALWAYS | _moved(1)}
    found = points(tmp_path, "d >= $date(2020, 2, 29)", keys=keys)
    assert found["d"] >= ALWAYS | around(date(2020, 2, 29))
    found = points(tmp_path, "$years(d, as_of) >= 60", keys=keys)
    assert found == {"d": ALWAYS | _moved(60) | _moved(1)}
    # months beyond twelve years and a half are no years; a day before 1900 or after 2100 is none
    found = points(tmp_path, "$months(d, as_of) >= 151 or n > 150", keys=keys)
    assert found["d"] == ALWAYS | _moved(151, years=False) | _moved(150) | _moved(1)
    found = points(tmp_path, "n > 1200 or n > 1201 or n > 2.5 or $days(d, as_of) > 0", keys=keys)
    assert found["d"] == ALWAYS | _moved(1200, years=False) | _moved(1)
    found = points(tmp_path, "o > as_of", keys=keys)
    assert found == {"o": ALWAYS | _moved(1) | {NONE}}


def _moved(number: int, *, years: bool = True) -> set[date]:
    found = set()
    for months in (number, 12 * number) if years else (number,):
        for sign in (-1, 1):
            year = DAY.year + sign * months // 12
            if 1890 <= year <= 2110:
                day = add_months(DAY, Fraction(sign * months))
                found |= {day, day + timedelta(days=1)} if 1900 <= day.year <= 2100 else set()
    return found


TABLES = """
parameters:
  line: {label: 线, value: 33}
  care: {label: 表, by: n, rows: {10: 1, 20 to 30: 2, else: 3}}
  trade: {label: 业, by: c, rows: {A: 1, B: 2, else: 3}}
  scale: {label: 阶, by: n, tiers: [{over: 0, up_to: 44, rate: 0.5}, {over: 44, rate: 0.7}]}
  dated:
    label: 时
    at: d
    values: [{from: 2021-02-03, to: 2022-03-04, value: 55}, {from: 2022-03-05, value: 77}]
"""


def test_figures_of_parameters_and_tables_are_tried_too(tmp_path: Path) -> None:
    found = points(tmp_path, "n > line", keys=TABLES)
    assert found["n"] == {Fraction(0)} | LADDER | {Fraction(n) for n in (2, 32, 33, 34)}
    found = points(tmp_path, "care > 1", keys=TABLES)
    # what a table gives is no figure that the fact is compared with
    wanted = {Fraction(n) for n in (9, 10, 11, 19, 20, 21, 29, 30, 31, 1, 2, 0)}
    assert found["n"] == wanted | LADDER
    assert points(tmp_path, "trade > 5", keys=TABLES) == {"c": {"A", "B", "~"}}
    found = points(tmp_path, "scale > 1", keys=TABLES)
    assert found["n"] == {Fraction(n) for n in (0, 1, 2, 43, 44, 45)} | LADDER
    found = points(tmp_path, "dated > n", keys=TABLES)
    assert found["d"] >= around(date(2021, 2, 3), date(2022, 3, 5))
    assert {Fraction(n) for n in (54, 55, 56, 76, 77, 78)} <= found["n"]


def test_the_region_is_tried_within_and_elsewhere(tmp_path: Path) -> None:
    keys = "\nregion: {in: ['990100', '990203']}\n"
    elsewhere = {"990100", "990203", "110000", "990000"}
    found = points(tmp_path, "f", keys=keys)
    assert found["ent_region"] == elsewhere | {"~"}
    assert found["f"] == {True, False}
    found = points(tmp_path, "not f", {"ent_region": "990300"}, keys=keys)
    assert found["ent_region"] == elsewhere


def test_of_very_many_figures_the_first_are_tried(tmp_path: Path) -> None:
    found = points(tmp_path, f"n in [{', '.join(str(10 * n) for n in range(1, 60))}]")
    assert len(found["n"]) == MAX_POINTS
    assert {Fraction(10), Fraction(9), Fraction(11)} <= found["n"]
