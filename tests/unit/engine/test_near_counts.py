"""Who is how far off, against asking everybody's corrections and measuring by plain arithmetic."""

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from engine.alternatives import find_why_not
from engine.clause_counts import find_one_short
from engine.decision import decide
from engine.near_counts import MOST, count_near
from engine.program import Bound, bind
from language.frame import facts_of_row
from policies.policy import leaves_of
from tests.support.policy_texts import load_one, vocabulary
from tests.unit.engine.test_clause_counts import POLICY, draw

DAY = date(2025, 9, 1)
FLOOR = 1_000_000
NEAR = """
facts: {born: {label: 生, type: date}, old: {label: 龄, is: "$years(born, as_of)"}}
clauses:
  - {id: rich, says: 富, when: revenue >= 1000000}
  - {id: aged, says: 老, when: old >= 80}
  - {id: sound, says: 好, none: [{id: zombie, says: 僵, when: is_zombie}]}
  - {id: paid, says: 缴, when: ui_paid_months >= 6 and staff_prev_year >= 3}
benefit: {amount: 10}
"""


def load(tmp_path: Path, text: str) -> Bound:
    return bind(load_one(tmp_path, text), vocabulary(), DAY)


def test_one_short_are_those_with_a_correction_of_that_clause_alone(tmp_path: Path) -> None:
    bound, frame = load(tmp_path, POLICY), draw(2000, 3)
    expected: dict[str, list[int]] = {leaf.id: [] for leaf in leaves_of(bound.policy.clauses)}
    for number, row in enumerate(frame.iter_rows(named=True)):
        decision = decide(bound, facts_of_row(row, bound.types))
        if decision.verdict != "ineligible":
            continue
        for found in find_why_not(bound, decision).corrections:
            if len(found.change) == 1 and not found.settle and found.change[0] in expected:
                expected[found.change[0]].append(number)
    assert {k: v.to_list() for k, v in find_one_short(bound, frame).items()} == expected
    assert sum(map(len, expected.values())) > 50


def people(**columns: list[object]) -> pl.DataFrame:
    """Everybody as they must be, but for what is said; `revenue` in fen."""
    count = len(next(iter(columns.values())))
    good: dict[str, list[object]] = {
        "subject": [f"E{n}" for n in range(count)],
        "revenue": [FLOOR * 100] * count,
        "born": [date(1940, 1, 1)] * count,
        "is_zombie": [False] * count,
        "ui_paid_months": [6] * count,
        "staff_prev_year": [3] * count,
    }
    return pl.DataFrame(good | columns)


def test_shares_of_the_threshold_fall_into_their_bands(tmp_path: Path) -> None:
    yuan = [FLOOR, FLOOR - 1, 950_000, 949_999, 900_000, 750_000, 500_000, 499_999, 0]
    frame = people(revenue=[value * 100 for value in yuan])
    (rich,) = count_near(load(tmp_path, NEAR), vocabulary(), [frame[:4], frame[4:]])
    shares = [Fraction(FLOOR - value, FLOOR) for value in yuan if value < FLOOR]
    ends = [Fraction(5, 100), Fraction(1, 10), Fraction(1, 4), Fraction(1, 2), Fraction(9)]
    expected = Counter(next(n for n, end in enumerate(ends) if share <= end) for share in shares)
    (distance,) = rich.distances
    assert (rich.clause, rich.one_short, rich.asked, distance.measure) == ("rich", 8, 8, "share")
    assert list(distance.bands) == [expected[n] for n in range(5)] == [2, 2, 1, 1, 2]
    assert (distance.direction, distance.limit_en) == ("below", "1,000,000.00 yuan")


def test_what_time_brings_is_counted_by_the_day_on_which_it_does(tmp_path: Path) -> None:
    turns_80 = [DAY + timedelta(days=days) for days in (1, 31, 32, 92, 366, 367, 4000)]
    born: list[object] = [day.replace(year=day.year - 80) for day in turns_80]
    (aged,) = count_near(load(tmp_path, NEAR), vocabulary(), [people(born=born)])
    (distance,) = aged.distances
    assert (aged.clause, distance.measure, distance.bands) == ("aged", "by time", (2, 2, 0, 1, 2))


def test_what_no_single_comparison_measures_is_counted_apart(tmp_path: Path) -> None:
    frame = people(
        is_zombie=[True, True, False, False],
        ui_paid_months=[6, 6, 5, 3],
        staff_prev_year=[3, 3, 2, 3],
    )
    zombie, paid = count_near(load(tmp_path, NEAR), vocabulary(), [frame])
    assert (zombie.clause, zombie.unmeasured, zombie.distances) == ("zombie", 2, ())
    assert (paid.clause, paid.one_short, paid.several, paid.unmeasured) == ("paid", 2, 1, 0)
    assert [distance.bands for distance in paid.distances] == [(0, 0, 0, 1, 0)]


def test_of_many_only_some_are_looked_at_closely_and_all_are_counted(tmp_path: Path) -> None:
    frame = people(revenue=[1] * (MOST + 7))
    (rich,) = count_near(load(tmp_path, NEAR), vocabulary(), [frame])
    assert (rich.one_short, rich.asked) == (MOST + 7, MOST)


@pytest.mark.parametrize("revenue", [None, FLOOR * 100])
def test_nobody_is_near_where_nobody_fails(tmp_path: Path, revenue: int | None) -> None:
    frame = people(revenue=[revenue]).with_columns(pl.col("revenue").cast(pl.Int64))
    assert count_near(load(tmp_path, NEAR), vocabulary(), [frame]) == []
