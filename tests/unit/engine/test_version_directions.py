"""What a difference says of who gains and who loses is so for all whom both versions decide."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from engine.decision import decide
from engine.program import bind
from language.reference import Facts
from policies.change import Change
from policies.difference import compare_versions
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 10, 31)
BASE = """\
parameters:
  least: {value: 100, source: 一}
  rate: {by: ent_size, source: 一, rows: {large: 10%, medium: 20%, else: 30%}}
facts:
  per_head: {says: 人均, is: revenue / staff_prev_year}
  sound: {says: 正常, is: not is_zombie or per_head > 20}
clauses:
  - {id: insured, says: 一, when: ui_paid_months >= 12}
  - {id: large, says: 二, when: revenue >= least and staff_prev_year > 3}
  - id: either
    says: 三
    any:
      - {id: hnte, says: 三, when: hnte_valid}
      - {id: kind, says: 三, when: 'ent_size in ["small", "micro"]'}
      - id: both
        says: 三
        all:
          - {id: sound, says: 三, when: sound}
          - {id: new, says: 三, when: revenue < 500}
  - id: excluded
    says: 四
    none:
      - {id: dishonest, says: 四, when: credit_serious_dishonest}
      - {id: indebted, says: 四, when: rd_expense > least}
benefit:
  amount: [revenue, {plus: 50}, {at_most: 300}, {round: down to 10}]
"""
EDITS = {
    "a threshold raised": ("ui_paid_months >= 12", "ui_paid_months >= 14"),
    "a threshold lowered": ("ui_paid_months >= 12", "ui_paid_months > 9"),
    "a threshold under none": ("rd_expense > least", "rd_expense > 120"),
    "a parameter on both sides": ("least: {value: 100", "least: {value: 130"),
    "a fact loosened": ("per_head > 20", "per_head > 10"),
    "a list shortened": ('["small", "micro"]', '["micro"]'),
    "a list as a comparison": ('ent_size in ["small", "micro"]', 'ent_size != "large"'),
    "a condition added": ("staff_prev_year > 3", "staff_prev_year > 3 and not is_zombie"),
    "an alternative added": (
        "{id: hnte, says: 三, when: hnte_valid}",
        "{id: hnte, says: 三, when: hnte_valid or ui_paid_months > 12}",
    ),
    "an exclusion added": (
        "- {id: dishonest,",
        "- {id: zombie, says: 四, when: is_zombie}\n      - {id: dishonest,",
    ),
    "a member of all within any added": (
        "- {id: sound, says: 三, when: sound}",
        "- {id: sound, says: 三, when: sound}\n          - {id: more, says: 三, when: is_zombie}",
    ),
    "an exclusion removed": (
        "      - {id: dishonest, says: 四, when: credit_serious_dishonest}\n",
        "",
    ),
    "all for any": ("    any:", "    all:"),
    "any for all": ("        all:", "        any:"),
    "a cap raised": ("at_most: 300", "at_most: 400"),
    "a cap lowered": ("at_most: 300", "at_most: 105"),
    "a bonus raised": ("plus: 50", "plus: 60"),
    "a floor added": ("{at_most: 300}", "{at_most: 300}, {at_least: 200}"),
    "rounding taken away": (", {round: down to 10}", ""),
}
RANK = {False: 0, None: 1, True: 2}


def draw_facts(rng: Random) -> Facts:
    drawn: dict[str, object] = {
        "ui_paid_months": Fraction(rng.randint(8, 16)),
        "revenue": Fraction(rng.choice((0, 50, 99, 100, 101, 129, 130, 250, 400, 600))),
        "staff_prev_year": Fraction(rng.randint(1, 12)),
        "rd_expense": Fraction(rng.choice((80, 95, 100, 101, 120, 121, 131))),
        "ent_size": rng.choice(("large", "medium", "small", "micro")),
    }
    flags = ("hnte_valid", "is_zombie", "credit_serious_dishonest")
    drawn |= {name: rng.random() < 0.4 for name in flags}
    return {n: None if rng.random() < 0.12 else value for n, value in drawn.items()}  # type: ignore[misc]  # values of facts


def directions(changes: tuple[Change, ...], *wanted: str) -> set[str]:
    """Who gains by the changes and by what they do to what rests on them."""
    found: set[str] = {change.direction for change in changes if change.section == "clauses"}
    found |= {change.direction for change in changes if change.section == "amount"}
    found |= {effect.direction for change in changes for effect in change.effects}
    return found & set(wanted)


@pytest.mark.parametrize("name", list(EDITS))
def test_nobody_goes_the_other_way(tmp_path: Path, name: str) -> None:
    before, after = EDITS[name]
    assert BASE.count(before) == 1
    (tmp_path / "new").mkdir()
    old, new = load_one(tmp_path, BASE), load_one(tmp_path / "new", BASE.replace(before, after))
    changes = compare_versions(old, new, vocabulary()).changes
    who = directions(changes, "wider", "narrower")
    amount = directions(changes, "higher", "lower")
    assert who or amount
    bounds = [bind(policy, vocabulary(), DAY) for policy in (old, new)]
    rng = Random(name)
    moved = False
    for _ in range(400):
        facts = draw_facts(rng)
        was, now = (decide(bound, facts) for bound in bounds)
        if was.verdict != now.verdict:
            moved = True
            assert "wider" in who or RANK[truth(now.verdict)] < RANK[truth(was.verdict)]
            assert "narrower" in who or RANK[truth(now.verdict)] > RANK[truth(was.verdict)]
        first, second = was.amount.value, now.amount.value
        if isinstance(first, Fraction) and isinstance(second, Fraction) and first != second:
            moved = True
            assert "higher" in amount or second < first
            assert "lower" in amount or second > first
    assert moved, "nobody was drawn whom the change touches"


def truth(verdict: str) -> bool | None:
    return {"eligible": True, "ineligible": False}.get(verdict)
