"""A policy tried on a sample city: counted again by DuckDB and by plain Python."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.trial_city import DAY, sample_snapshot
from engine.breakdown import AGES, UNKNOWN, dimensions_of, hide_few
from engine.monthly_pace import MonthPace, month_spent
from engine.simulation import Simulation, Variant, simulate
from policies.load import load_policies
from policies.policy import Policy
from policies.varied import NotVaried, vary_parameter
from profiles.snapshot import Snapshot, read_part
from tests.support.policy_texts import HEAD, load_one, vocabulary

ELDER = """\
effective: {from: 2025-01-01}
per: month
parameters:
  least: {value: 65, source: 一}
  base: {source: 一, by: age, rows: {up to 79: 100, from 80: 300}}
clauses:
  - {id: old, says: 一, when: age >= least}
  - {id: not-destitute, says: 二, when: not tekun}
benefit: {amount: base}
delivery: confirm
examples: {as_of: 2025-06-30, cases: []}
"""
FIRMS = """\
effective: {from: 2025-01-01}
parameters:
  months: {value: 12, source: 一}
  rate: {source: 一, by: ent_size, rows: {large: 30%, "medium, small, micro": 60%}}
clauses:
  - {id: insured, says: 一, when: ui_paid_months >= months}
  - {id: few, says: 二, when: ui_insured_count <= 20}
benefit: {amount: ui_premium_prev_year * rate}
delivery: confirm
examples: {as_of: 2025-06-30, cases: []}
"""


@pytest.fixture(scope="module")
def city() -> Iterator[Snapshot]:
    with sample_snapshot(vocabulary(), 2400, lambda what, done, total: None) as snapshot:
        yield snapshot


def residents(folder: Path, text: str = ELDER) -> Policy:
    folder.mkdir(exist_ok=True)
    path = folder / "elders.yaml"
    head = HEAD.format(name="written").replace("audience: enterprise", "audience: resident")
    path.write_text(head + text, encoding="utf-8")
    (policy,) = load_policies([path], vocabulary()).policies
    return policy


def facts_of(city: Snapshot, kind: str) -> pl.DataFrame:
    return pl.concat([read_part(city, part).facts for part in city.parts(kind)])


@pytest.fixture(scope="module")
def elders(city: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    folder = tmp_path_factory.mktemp("elders")
    proposal = residents(folder / "new", ELDER.replace("value: 65", "value: 60"))
    return simulate(proposal, residents(folder / "old"), vocabulary(), city)


def test_each_class_is_counted_as_duckdb_counts_it(city: Snapshot, elders: Simulation) -> None:
    facts = facts_of(city, "resident").select("birth_date", "hukou_region", "tekun")  # noqa: F841
    counted = duckdb.sql(f"""
        WITH aged AS (
            SELECT *, CASE WHEN birth_date IS NULL THEN NULL ELSE
                date_diff('year', birth_date, DATE '{DAY}')
                - CAST(month(birth_date) * 100 + day(birth_date) > {DAY.month * 100 + DAY.day}
                       AS INTEGER) END AS years
            FROM facts),
        decided AS (
            SELECT *, years >= 65 AND NOT tekun AS before, years >= 60 AND NOT tekun AS after,
                CASE WHEN years >= 80 THEN 30000 ELSE 10000 END AS fen
            FROM aged)
        SELECT coalesce(substr(hukou_region, 1, 6), '?'), count(*),
            count(*) FILTER (after), count(*) FILTER (after IS NULL),
            count(*) FILTER (after AND before IS DISTINCT FROM TRUE),
            count(*) FILTER (before AND after IS NOT TRUE),
            coalesce(sum(fen) FILTER (after), 0)
        FROM decided GROUP BY 1
    """)
    assert counted is not None
    wanted = {row[0]: tuple(map(int, row[1:])) for row in counted.fetchall()}
    keys = ("subjects", "eligible", "unknown", "gained", "lost")
    found = {
        one.name: (*(one.counts[key] for key in keys), one.amount_fen)
        for one in elders.by_class["district"]
    }
    assert found == wanted
    assert elders.before is not None
    assert elders.moves.gained == sum(row[3] for row in wanted.values()) > 0
    assert elders.after.amount_fen == sum(row[5] for row in wanted.values())
    assert elders.after.eligible - elders.before.eligible == elders.moves.gained


def test_age_bands_are_those_of_completed_years(city: Snapshot, elders: Simulation) -> None:
    def band(born: date | None) -> str:
        if born is None:
            return UNKNOWN
        years = DAY.year - born.year - ((DAY.month, DAY.day) < (born.month, born.day))
        starts = [0, *AGES]
        low = max(start for start in starts if start <= years)
        higher = [start for start in starts if start > low]
        return f"{low:02d}-{higher[0] - 1}" if higher else f"{low:02d}+"

    born = facts_of(city, "resident")["birth_date"].to_list()
    assert {one.name: one.counts["subjects"] for one in elders.by_class["age"]} == Counter(
        band(one) for one in born
    )


def test_the_months_are_those_of_a_run_on_each_last_day(city: Snapshot, elders: Simulation) -> None:
    people = facts_of(city, "resident").select("birth_date", "tekun").rows()

    def due(last: date) -> tuple[int, int]:
        amounts = []
        for born, tekun in people:
            if born is None or tekun is not False:
                continue
            years = last.year - born.year - ((last.month, last.day) < (born.month, born.day))
            if years >= 60:
                amounts.append(30_000 if years >= 80 else 10_000)
        return len(amounts), sum(amounts)

    lasts = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    wanted = [due(date(2025, month, last)) for month, last in enumerate(lasts, start=1)]
    assert [(m.awards, m.amount_fen) for m in elders.pace] == wanted
    assert len(set(wanted)) > 6  # people come to the age during the year


def test_a_yearly_benefit_is_due_once_in_the_year(city: Snapshot, tmp_path: Path) -> None:
    yearly = residents(tmp_path, ELDER.replace("per: month", "per: year"))
    months = simulate(yearly, None, vocabulary(), city).pace
    monthly = simulate(residents(tmp_path / "m"), None, vocabulary(), city).pace
    assert months[0].awards == monthly[0].awards
    # afterwards only those who come to the age; by December all who were ever due have one award
    assert [m.awards for m in months[1:]] == [
        now.awards - before.awards for before, now in pairwise(monthly)
    ]


def test_no_baseline_means_that_all_is_gained(city: Snapshot, tmp_path: Path) -> None:
    found = simulate(residents(tmp_path), None, vocabulary(), city)
    assert found.before is None
    assert found.moves.gained == found.after.eligible > 0
    assert found.moves.gained_fen == found.after.amount_fen


def test_a_sweep_gives_what_each_edited_file_gives(city: Snapshot, tmp_path: Path) -> None:
    policy = load_one(tmp_path, FIRMS)
    limits = [Fraction(6), Fraction(12), Fraction(24)]
    variants = [
        Variant(values=(n,), policy=vary_parameter(policy, "months", (), n, DAY)) for n in limits
    ]
    swept = simulate(policy, None, vocabulary(), city, variants=variants, by_month=False)
    for point in swept.sweep:
        folder = tmp_path / str(point.values[0])
        folder.mkdir()
        text = FIRMS.replace("months: {value: 12", f"months: {{value: {point.values[0]}")
        alone = simulate(load_one(folder, text), policy, vocabulary(), city, by_month=False)
        assert point.standing == alone.after
        assert point.moves == alone.moves
    assert swept.sweep[0].moves.gained > 0
    assert swept.sweep[2].moves.lost > 0


def test_one_value_of_a_row_for_several_is_varied_alone(city: Snapshot, tmp_path: Path) -> None:
    policy = load_one(tmp_path, FIRMS)
    varied = vary_parameter(policy, "rate", ("small",), Fraction(9, 10), DAY)
    found = simulate(varied, policy, vocabulary(), city, by_month=False)
    sizes = {one.name: one for one in found.by_class["size"]}
    assert sizes["small"].counts["changed"] == sizes["small"].counts["eligible"] > 0
    assert all(one.counts["changed"] == 0 for name, one in sizes.items() if name != "small")


@pytest.mark.parametrize(
    ("name", "row", "told"),
    [
        ("nothing", (), 'has no parameter "nothing" (it has: months, rate)'),
        ("rate", (), "is a table: name a row"),
        ("rate", ("giant",), "there are: large; medium, small, micro"),
        ("months", ("large",), "is no number or table row"),
    ],
)
def test_what_cannot_be_varied_is_told(
    tmp_path: Path, name: str, row: tuple[str, ...], told: str
) -> None:
    with pytest.raises(NotVaried) as refusal:
        vary_parameter(load_one(tmp_path, FIRMS), name, row, Fraction(1), DAY)
    assert told in str(refusal.value)


def test_who_is_one_clause_short_is_counted_row_by_row(city: Snapshot, tmp_path: Path) -> None:
    found = simulate(load_one(tmp_path, FIRMS), None, vocabulary(), city, by_month=False)
    rows = facts_of(city, "enterprise").select("ui_paid_months", "ui_insured_count").rows()
    short = Counter(
        "insured" if few else "few"
        for months, staff in rows
        if months is not None and staff is not None
        for insured, few in [(months >= 12, staff <= 20)]
        if insured != few
    )
    assert found.clauses is not None
    assert {c.id: c.one_short for c in found.clauses.clauses} == short


def test_the_month_in_which_a_budget_is_spent() -> None:
    months = [
        MonthPace(month=f"2025-{n:02d}", awards=1, amount_fen=100, open_amounts=0)
        for n in range(1, 13)
    ]
    assert month_spent(months, Fraction(3)) == "2025-04"
    assert month_spent(months, Fraction(12)) is None
    assert month_spent(months, Fraction(0)) == "2025-01"


@given(st.lists(st.integers(0, 12), max_size=8))
def test_no_hidden_number_follows_from_the_sum(counts: list[int]) -> None:
    hidden = hide_few(counts)
    assert all(index in hidden for index, count in enumerate(counts) if 0 < count < 5)
    positive = sum(count > 0 for count in counts)
    assert len(hidden) != 1 or positive == 1
    assert not hidden or min(counts[index] for index in hidden) < 5


def test_facts_that_are_not_there_make_no_classes() -> None:
    assert dimensions_of("resident", ["subject"], DAY) == {}
    assert list(dimensions_of("enterprise", ["ent_size", "ent_region"], DAY)) == [
        "district",
        "size",
    ]
