"""A simulation as people and programs are told it: the same numbers, and none of few."""

import csv
import io
import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
import typer

from console.page import Bars, Grid
from console.show_page import write_page
from console.simulation_data import simulation_as_json, write_csv
from console.simulation_page import HIDDEN, build_simulation, money, say_class, signed
from console.simulation_words import WORDS
from console.sweep import read_sweep
from engine.breakdown import EVENTS, ClassCount
from engine.monthly_pace import MonthPace
from engine.simulation import Simulation, SweepPoint
from engine.version_moves import Moves, Standing
from tests.support.policy_texts import load_one

POLICY = """\
effective: {from: 2025-01-01}
parameters: {least: {value: 3, source: 一}}
facts: {staff: {label: 人数, type: integer}}
clauses: [{id: big, says: 一, when: staff >= least}]
benefit: {amount: 10}
budget: {amount: 30, period: year, order: earliest}
delivery: confirm
examples: {as_of: 2025-06-30, cases: []}
"""
DAY = date(2025, 6, 30)


def class_count(name: str, *counts: int) -> ClassCount:
    return ClassCount(
        name=name,
        counts=dict(zip(EVENTS, counts, strict=True)),
        amount_fen=1_234,
        difference_fen=56,
    )


@pytest.fixture
def found(tmp_path: Path) -> Simulation:
    policy = load_one(tmp_path, POLICY)
    return Simulation(
        policy=policy,
        baseline=replace(policy, version="0"),
        as_of=DAY,
        valued_on=DAY,
        before=Standing(subjects=100, eligible=30, unknown=2, amount_fen=30_000),
        after=Standing(subjects=100, eligible=33, unknown=1, amount_fen=33_001, open_amounts=1),
        moves=Moves(gained=3, gained_fen=3_001),
        by_class={
            "size": (
                class_count("large", 40, 3, 0, 0, 0, 0, 0),
                class_count("small", 50, 20, 0, 3, 0, 0, 0),
                class_count("?", 10, 10, 1, 0, 0, 0, 0),
            )
        },
        clauses=None,
        pace=tuple(
            MonthPace(month=f"2025-{n:02d}", awards=1, amount_fen=1_000, open_amounts=0)
            for n in range(1, 13)
        ),
        sweep=(
            SweepPoint(
                values=(Fraction(11, 200),),
                standing=Standing(subjects=100, eligible=40, amount_fen=40_000),
                moves=Moves(gained=7),
            ),
        ),
    )


SWEEP = read_sweep("least=5.5%")


def test_small_classes_and_what_would_give_them_away_are_hidden(found: Simulation) -> None:
    page = build_simulation(found, [SWEEP], "en")
    (section,) = [one for one in page.sections if one.heading == "By size of enterprise"]
    grid, bars = section.blocks
    assert isinstance(grid, Grid)
    assert isinstance(bars, Bars)
    assert grid.rows == (
        # 3 of 33 are eligible; with them the next smallest class is hidden
        ("large", "40", HIDDEN, "0", "0", "…", "…"),
        ("small", "50", "20", "0", HIDDEN, "12.34", "…"),
        ("fact missing", "10", HIDDEN, HIDDEN, "0", "…", "…"),
    )
    assert [bar.label for bar in bars.bars] == ["small"]
    text = write_page([page])
    assert "&lt;5" in text
    assert "1,234" not in text


def test_programs_are_told_no_more(found: Simulation) -> None:
    told = simulation_as_json(found, [SWEEP])
    large, small, missing = told["by_class"]["size"]
    assert (large["eligible"], large["amount_fen"]) == (None, None)
    assert (small["eligible"], small["gained"], small["difference_fen"]) == (20, None, None)
    assert (missing["eligible"], missing["unknown"]) == (None, None)
    rows = list(csv.DictReader(io.StringIO(write_csv([(found, [SWEEP])]))))
    value = {(row["section"], row["name"], row["measure"]): row["value"] for row in rows}
    assert value["size", "large", "eligible"] == ""
    assert value["size", "small", "eligible"] == "20"
    assert value["result", "after", "amount_fen"] == "33001"
    assert value["sweep", "least=0.055", "eligible"] == "40"
    json.dumps(told, default=str)


def test_the_budget_is_spent_where_the_sum_exceeds_it(found: Simulation) -> None:
    assert simulation_as_json(found, [SWEEP])["budget_spent_in"] == "2025-04"
    page = build_simulation(found, [SWEEP], "zh")
    (pace,) = [one for one in page.sections if one.heading == "全年进度"]
    grid = pace.blocks[0]
    assert isinstance(grid, Grid)
    assert grid.notes[-1] == "预算30元。按此进度，预算在2025-04用完。"
    assert grid.rows[3] == ("2025-04", "1", "10.00", "40.00", "133.3%")


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_classes_are_called_by_their_names() -> None:
    assert say_class("district", "440300", "zh") == "深圳市 440300"
    assert say_class("industry", "C", "en") == "C manufacturing"
    assert say_class("industry", "?", "en") == "fact missing"
    assert say_class("age", "00-17", "zh") == "0-17"


def test_money_is_told_to_the_fen() -> None:
    assert money(10**17 + 1) == "1,000,000,000,000,000.01"
    assert (signed(-5), signed(0), signed(123)) == ("-0.05", "+0.00", "+1.23")


@pytest.mark.parametrize(
    ("text", "name", "row", "values", "percent"),
    [
        ("limit=0.03..0.08", "limit", (), ["0.03", "0.04", "0.05", "0.06", "0.07", "0.08"], False),
        ("limit=3%..5%/2", "limit", (), ["0.03", "0.04", "0.05"], True),
        ("limit=500万,800万", "limit", (), ["5000000", "8000000"], False),
        ("rate[small]=50%", "rate", ("small",), ["0.5"], True),
        ("rate[first / hnte]=1,1,2", "rate", ("first", "hnte"), ["1", "2"], False),
    ],
)
def test_a_sweep_is_read(
    text: str, name: str, row: tuple[str, ...], values: list[str], percent: bool
) -> None:
    sweep = read_sweep(text)
    assert (sweep.name, sweep.row, sweep.percent) == (name, row, percent)
    assert sweep.values == tuple(map(Fraction, values))


@pytest.mark.parametrize(
    "text", ["", "limit", "limit=", "limit=a..b", "=3", "limit=1..2/0", "限=3"]
)
def test_what_is_no_sweep_is_told(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        read_sweep(text)
