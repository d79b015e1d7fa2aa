"""What could still decide: exactly the smallest sets of facts by which trying every value does."""

import itertools
import random
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine.deciding import find_deciding
from engine.decision import decide
from engine.program import Bound, bind
from language.reference import Facts
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 9, 1)
DOMAINS: Mapping[str, list[Any]] = {
    "is_zombie": [True, False],
    "first_sishang": [True, False],
    "ent_size": ["large", "medium", "small", "micro"],
    "ui_paid_months": [Fraction(n) for n in range(9)],
    "staff_prev_year": [Fraction(n) for n in range(9)],
}
CONDITIONS = [
    "is_zombie",
    "not first_sishang",
    "ui_paid_months >= 3",
    "ui_paid_months + staff_prev_year < 6",
    'ent_size in ["small", "micro"]',
    "is_zombie or ui_paid_months > 4",
    "ui_paid_months > 2 and ui_paid_months < 4",
    'ent_size == "large" ? is_zombie : staff_prev_year > 5',
    "not (is_zombie and first_sishang)",
    "share_of > 2",
    "waiting",
]


def draw_policy(random_: random.Random, folder: Path) -> Bound:
    def clauses(depth: int, count: int) -> str:
        items = []
        for _ in range(count):
            number = next(numbers)
            if depth and random_.random() < 0.5:
                kind = random_.choice(["all", "any", "none"])
                items.append(f"{{id: g{number}, says: 组, {kind}: [{clauses(depth - 1, 2)}]}}")
                continue
            text = random_.choice(CONDITIONS)
            if text == "waiting":
                items.append(
                    f"{{id: c{number}, says: 等, when: ui_paid_months >= 7, not_yet: true}}"
                )
            else:
                items.append(f"{{id: c{number}, says: 条, when: '{text}'}}")
        return ", ".join(items)

    numbers = itertools.count()
    text = f"""
        parameters:
          share: {{label: 比, by: ent_size, rows: {{large: 1, small: 3, else: 2}}}}
        facts:
          share_of: {{label: 份, is: "$max(share, 2)"}}
        clauses: [{clauses(2, random_.choice([1, 2, 3]))}]
        benefit: {{amount: 1}}
    """
    return bind(load_one(folder, text), vocabulary(), DAY)


def sets_by_trying_everything(
    bound: Bound, facts: Mapping[str, Any], missing: list[str], verdict: str
) -> set[frozenset[str]]:
    found: set[frozenset[str]] = set()
    for size in range(1, len(missing) + 1):
        for names in itertools.combinations(missing, size):
            if any(smaller <= set(names) for smaller in found):
                continue
            for values in itertools.product(*(DOMAINS[name] for name in names)):
                filled = {**facts, **dict(zip(names, values, strict=True))}
                if decide(bound, filled).verdict == verdict:
                    found.add(frozenset(names))
                    break
    return found


@pytest.mark.parametrize("seed", range(16))
def test_deciding_sets_are_those_that_trying_every_value_finds(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    bound = draw_policy(random_, tmp_path)
    for _ in range(3):
        facts = {
            name: None if random_.random() < 0.6 else random_.choice(domain)
            for name, domain in DOMAINS.items()
        }
        decision = decide(bound, facts)
        found = find_deciding(bound, facts, decision)
        if decision.verdict != "unknown":
            assert found.sets == ()
            continue
        if not found.bounded:
            missing = [name for name, value in facts.items() if value is None]
            for verdict in ("eligible", "ineligible"):
                expected = sets_by_trying_everything(bound, facts, missing, verdict)
                assert {s.facts for s in found.sets if verdict in s.by} == expected
        for deciding in found.sets:
            for verdict, values in deciding.by.items():
                # what is told was tried: these values decide it so
                assert set(values) == deciding.facts
                assert decide(bound, {**facts, **values}).verdict == verdict


def test_a_fact_that_cannot_matter_any_more_is_not_told(tmp_path: Path) -> None:
    text = """
        clauses:
          - {id: a, says: 一, when: ui_paid_months >= 6}
          - id: b
            says: 二
            any:
              - {id: c, says: 三, when: is_zombie}
              - {id: d, says: 四, judged_by: 区局}
        benefit: {amount: 1}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    facts: Facts = {"ui_paid_months": None, "is_zombie": None}
    found = find_deciding(bound, facts, decide(bound, facts))
    # too few months refuse alone; to grant takes both
    assert [(set(s.facts), set(s.by)) for s in found.sets] == [
        ({"ui_paid_months"}, {"ineligible"}),
        ({"is_zombie", "ui_paid_months"}, {"eligible"}),
    ]
    known: Facts = {"ui_paid_months": Fraction(6), "is_zombie": False}
    assert find_deciding(bound, known, decide(bound, known)).sets == ()


def test_a_search_without_end_says_that_it_stopped(tmp_path: Path) -> None:
    # odd multiples of whole months never add up to a half
    wide = " or ".join(f"ui_paid_months * {n} + staff_prev_year * {n} == 0.3" for n in (2, 4, 6))
    text = f"""
        clauses: [{{id: a, says: 一, when: '({wide}) and revenue + rd_expense == 0.123'}}]
        benefit: {{amount: 1}}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    facts: Facts = {}
    found = find_deciding(bound, facts, decide(bound, facts))
    assert found.bounded
    for deciding in found.sets:
        for verdict, values in deciding.by.items():
            assert decide(bound, {**facts, **values}).verdict == verdict


NARROW = {
    "a day": "day == $date(2020, 2, 29)",
    "the day before a day": "day < $date(2020, 3, 1) and day >= $date(2020, 2, 29)",
    "the day after a day": "day > $date(2020, 2, 29) and day <= $date(2020, 3, 1)",
    "the day of the run": "day == as_of",
    "the first day of the period": "day == period_start",
    "the day after the period": "day > period_end and $days(period_end, day) == 1",
    "years": "$years(day, as_of) == 61",
    "a birthday": "$years(day, as_of) >= 61 and $years($add_days(day, 1), as_of) < 61",
    "many years": "$years(day, as_of) == 100",
    "months": "$months(day, as_of) == 7",
    "many months": "$months(day, as_of) == 1200",
    "months to come": "$months(as_of, day) == 7",
    "a day of each row": "stage == 3",
    "a fen above": "sum > 250 and sum < 250.02",
    "a fen below": "sum < 250 and sum > 249.98",
    "nothing": "sum == 0",
    "a hundredth": "share > 0.3 and share < 0.32",
    "an end of a tier": "graded > 6",
    "a row's end": "level == 2",
    "a row's code": "grade == 5",
    "one beyond": "months > 11 and months < 13",
    "a code": 'code == "B2"',
    "another code": 'code != "B2" and code != "C3"',
    "a code of a list": 'code in ["B1", "C3"] and code != "B1"',
}


@pytest.mark.parametrize("name", NARROW)
def test_a_condition_that_few_values_meet_is_known_to_turn_both_ways(
    name: str, tmp_path: Path
) -> None:
    text = f"""
        facts:
          day: {{says: 日, type: date}}
          sum: {{says: 额, type: money}}
          share: {{says: 份, type: ratio}}
          months: {{says: 月, type: integer}}
          code: {{says: 码, type: code}}
        parameters:
          stage:
            at: day
            source: 一
            values: [{{from: 2001-01-01, value: 2}}, {{from: 2031-05-06, value: 3}}]
          graded:
            by: sum
            source: 一
            tiers: [{{over: 0, up_to: 1300, gives: 6}}, {{over: 1300, gives: 7}}]
          level: {{by: months, source: 一, rows: {{up to 613: 1, from 614: 2}}}}
          grade: {{by: code, source: 一, rows: {{D4: 5, else: 6}}}}
        clauses: [{{id: a, says: 一, when: '{NARROW[name]}'}}]
        benefit: {{amount: 1}}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    facts: Facts = {}
    found = find_deciding(bound, facts, decide(bound, facts))
    ((fact, by),) = [(deciding.facts, deciding.by) for deciding in found.sets]
    assert len(fact) == 1
    assert {verdict: decide(bound, values).verdict for verdict, values in by.items()} == {
        "eligible": "eligible", "ineligible": "ineligible",
    }  # fmt: skip
