"""Counts by clause agree with counting row by row, and "one short" with the corrections."""

from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from engine.alternatives import find_why_not
from engine.clause_counts import PolicyCounts, count_clauses
from engine.deciding import truth
from engine.decision import decide
from engine.program import Bound, bind
from engine.why_not import wanted_values
from language.frame import facts_of_row
from policies.policy import leaves_of
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 9, 1)
POLICY = """
region: "440000"
clauses:
  - {id: paid, says: 缴, when: ui_paid_months >= 6}
  - {id: soon, says: 等, when: staff_prev_year >= 3, not_yet: true}
  - id: one-of
    says: 其一
    any:
      - {id: first, says: 首, when: first_sishang}
      - {id: small, says: 小, when: 'ent_size in ["small", "micro"]'}
  - id: none-of
    says: 无
    none:
      - {id: zombie, says: 僵, when: is_zombie}
      - id: both
        says: 并
        all:
          - {id: listed, says: 名, when: credit_serious_dishonest}
          - {id: rich, says: 富, when: revenue > 500}
benefit:
  portions:
    - {id: base, says: 基, when: revenue > 100, amount: 10}
    - {id: more, says: 加, when: first_sishang, amount: 20}
"""


def draw(count: int, seed: int) -> pl.DataFrame:
    def column(values: list[object], kind: type[pl.DataType], shift: int) -> pl.Series:
        drawn = pl.Series(range(count)).hash(seed + shift) % len(values)
        return pl.Series([values[n] for n in drawn], dtype=kind)

    return pl.DataFrame(
        {
            "subject": pl.Series([f"E{n}" for n in range(count)]),
            "ent_region": column(["440100", "440300", "440100", "110000", None], pl.String, 1),
            "ui_paid_months": column([5, 6, 7, 8, 9, None], pl.Int64, 2),
            "staff_prev_year": column([2, 3, 4, 5, None], pl.Int64, 3),
            "first_sishang": column([True, False, None], pl.Boolean, 4),
            "ent_size": column(["large", "small", "micro", None], pl.String, 5),
            "is_zombie": column([False, False, False, True, None], pl.Boolean, 6),
            "credit_serious_dishonest": column([True, False, None], pl.Boolean, 7),
            "revenue": column([9_999, 10_001, 50_001, 60_000, None], pl.Int64, 8),
        }
    )


@pytest.fixture
def bound(tmp_path: Path) -> Bound:
    return bind(load_one(tmp_path, POLICY), vocabulary(), DAY)


def by_row(bound: Bound, frame: pl.DataFrame) -> Counter[tuple[str, str]]:
    """Row by row; "one short" is a correction of one clause, as why-not finds it."""
    found: Counter[tuple[str, str]] = Counter()
    leaves = {leaf.id for leaf in leaves_of(bound.policy.clauses)}
    wanted = wanted_values(bound.policy.clauses)
    for row in frame.iter_rows(named=True):
        decision = decide(bound, facts_of_row(row, bound.types))
        found[("", decision.verdict)] += 1
        truths = {**decision.scope, **decision.clauses, **decision.portions}
        for name, value in truths.items():
            if name in decision.clauses and name not in leaves:
                continue
            plain = truth(value)
            good = None if plain is None else plain is wanted.get(name, True)
            found[(name, {True: "passes", False: "fails", None: "unknown"}[good])] += 1
        for correction in find_why_not(bound, decision).corrections:
            refused = decision.verdict == "ineligible"
            if refused and len(correction.change) == 1 and not correction.settle:
                found[(correction.change[0], "one_short")] += 1
            if len(correction.settle) == 1 and not correction.change:
                found[(correction.settle[0], "one_open")] += 1
    return found


def test_counts_are_those_of_counting_row_by_row(bound: Bound) -> None:
    frame = draw(3000, 1)
    counts = count_clauses(bound, [frame[:1000], frame[1000:1001], frame[1001:]])
    expected = by_row(bound, frame)
    assert counts.subjects == 3000
    for verdict in ("eligible", "ineligible", "unknown"):
        assert getattr(counts, verdict) == expected[("", verdict)] > 0
    leaves = {leaf.id for leaf in leaves_of(bound.policy.clauses)}
    seen = set()
    for clause in counts.clauses:
        assert clause.passes + clause.fails + clause.unknown == 3000
        if clause.id not in leaves and clause.group not in ("portion", "scope"):
            continue
        for kind in ("passes", "fails", "unknown", "one_short", "one_open"):
            assert getattr(clause, kind) == expected[(clause.id, kind)], (clause.id, kind)
            seen.add(kind)
    assert sum(clause.one_short for clause in counts.clauses) > 100
    assert sum(clause.one_open for clause in counts.clauses) > 10


def only(counts: PolicyCounts, name: str) -> tuple[int, int, int, int]:
    (clause,) = [c for c in counts.clauses if c.id == name]
    return clause.passes, clause.fails, clause.one_short, clause.depth


def test_a_group_is_one_short_where_making_it_so_is_enough(bound: Bound) -> None:
    frame = pl.DataFrame(
        {
            "subject": ["E1", "E2"],
            "ent_region": ["440100", "440100"],
            "ui_paid_months": [6, 6],
            "staff_prev_year": [3, 3],
            "first_sishang": [False, False],
            "ent_size": ["large", "large"],
            "is_zombie": [False, True],
            "credit_serious_dishonest": [False, False],
            "revenue": [20_000, 20_000],
        }
    )
    counts = count_clauses(bound, [frame])
    # either member of the group would do, and so would the group; the zombie fails twice
    assert only(counts, "one-of") == (0, 2, 1, 0)
    assert only(counts, "first") == (0, 2, 1, 1)
    assert only(counts, "zombie") == (1, 1, 0, 1)


def test_numbers_beyond_any_column_are_counted_by_the_reference(bound: Bound) -> None:
    frame = draw(40, 2)
    text = frame.with_columns(pl.Series("staff_prev_year", [1e-9, 3e15] * 20))
    assert by_row(bound, text)[("", "ineligible")] == count_clauses(bound, [text]).ineligible


def test_nobody_at_all_counts_nothing(bound: Bound) -> None:
    counts = count_clauses(bound, [draw(1, 1)[:0]])
    assert (counts.subjects, counts.eligible, counts.clauses[0].passes) == (0, 0, 0)


SCOPED = """
effective: {from: 2024-01-01, to: 2026-12-31, at: d}
region: "440000"
facts: {d: {label: 日, type: date}}
clauses:
  - {id: one, says: {zh: 甲, en: first}, when: is_zombie}
  - id: group
    says: {zh: 组, en: group}
    none: [{id: two, says: 乙, when: first_sishang}]
benefit:
  portions:
    - {id: base, says: {zh: 基, en: base}, when: revenue > 100, amount: 10}
"""


def labels(counts: PolicyCounts) -> list[tuple[str, str, str, str, int]]:
    return [(c.id, c.says_zh, c.says_en, c.group, c.depth) for c in counts.clauses]


def test_what_scopes_a_policy_stands_first_and_each_has_its_words(tmp_path: Path) -> None:
    bound = bind(load_one(tmp_path, SCOPED), vocabulary(), DAY)
    found = labels(count_clauses(bound, [draw(1, 1).with_columns(d=pl.lit(DAY))]))
    assert found == [
        ("effective", "政策有效期", "in force", "scope", 0),
        ("region", "适用地区", "region", "scope", 0),
        ("one", "甲", "first", "", 0),
        ("group", "组", "group", "none", 0),
        ("two", "乙", "乙", "", 1),
        ("base", "基", "base", "portion", 0),
    ]


@pytest.mark.parametrize(
    ("keys", "day", "told"),
    [
        ("effective: {from: 2024-01-01, to: 2024-12-31}",
         date(2026, 1, 1), ("effective", "政策有效期", "in force", "scope", 0)),
        ("effective: {from: 2024-01-01}", date(2023, 1, 1),
         ("effective", "政策有效期", "in force", "scope", 0)),
    ],
)  # fmt: skip
def test_a_policy_outside_its_days_fails_everybody_by_that(
    tmp_path: Path, keys: str, day: date, told: tuple[str, str, str, str, int]
) -> None:
    text = f"{keys}\nclauses: [{{id: a, says: 一, when: is_zombie}}]\nbenefit: {{amount: 1}}\n"
    frame = draw(50, 3)
    counts = count_clauses(bind(load_one(tmp_path, text), vocabulary(), day), [frame])
    assert labels(counts)[0] == told
    assert (counts.clauses[0].fails, counts.ineligible) == (50, 50)
    assert counts.clauses[0].one_short == frame["is_zombie"].sum()
    assert (counts.title_zh, counts.title_en) == ("测试", "测试")
