"""Worked pairs of versions: what changed, where, and which way."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from policies.change import Change
from policies.difference import Difference, compare_versions
from policies.policy import Policy
from policies.written_places import find_document, place_of
from tests.support.policy_texts import load_one, vocabulary

BASE = """\
region: {in: ["990100"]}
effective: {from: 2025-01-01, to: 2025-12-31}
period: this
parameters:
  least: {value: 100, source: 一}
  rate:
    by: ent_size
    source: 一
    values:
      - {from: 2025-01-01, rows: {large: 10%, medium: 20%, else: 30%}}
  named: {by: gbt4754_code, system: GB/T 4754-2017, source: 一, list: [C, F51]}
  scale:
    by: revenue
    source: 一
    tiers: [{over: 0, up_to: 100, rate: 5%}, {over: 100, rate: 1%}]
facts:
  per_head: {says: 人均, is: revenue / staff_prev_year}
  sound: {says: 正常, is: not is_zombie}
clauses:
  - {id: insured, says: 参保满12个月, source: 二, when: ui_paid_months >= 12}
  - {id: large, says: 收入, source: 二, when: revenue >= least and staff_prev_year > 3}
  - id: either
    says: 二选一
    any:
      - {id: hnte, says: 高新, when: hnte_valid}
      - {id: kind, says: 规模, when: 'ent_size in ["small", "micro"]'}
  - id: excluded
    says: 除外
    none:
      - {id: dishonest, says: 失信, when: credit_serious_dishonest}
      - {id: indebted, says: 欠税, when: rd_expense > 500}
benefit:
  amount: [revenue, {times: rate}, {at_most: 5000}, {round: down to 10}]
delivery: confirm
deadlines: {pay: 5 working days}
budget: {amount: 100万}
contact: {office: 示范处, phone: '12345'}
"""


def load(folder: Path, text: str) -> Policy:
    folder.mkdir(exist_ok=True)
    return load_one(folder, text)


def compare(folder: Path, *edits: tuple[str, str], base: str = BASE) -> Difference:
    """The changes from the base to the base with these texts replaced."""
    edited = base
    for before, after in edits:
        assert edited.count(before) == 1, before
        edited = edited.replace(before, after)
    old, new = load(folder / "old", base), load(folder / "new", edited)
    return compare_versions(old, new, vocabulary())


def told(change: Change) -> tuple[str, str, str, str, str]:
    return (change.kind, change.section, change.name, change.detail, change.direction)


EDITS: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str, str, str, str]]]] = {
    "a threshold raised": (
        [("ui_paid_months >= 12", "ui_paid_months >= 18")],
        [("raised", "clauses", "insured", "when", "narrower")],
    ),
    "a threshold lowered": (
        [("ui_paid_months >= 12", "ui_paid_months >= 6")],
        [("lowered", "clauses", "insured", "when", "wider")],
    ),
    "a threshold raised under none": (
        [("rd_expense > 500", "rd_expense > 600")],
        [("raised", "clauses", "indebted", "when", "wider")],
    ),
    "from at least to more than": (
        [("ui_paid_months >= 12", "ui_paid_months > 12")],
        [("comparison", "clauses", "insured", "when", "narrower")],
    ),
    "more than one less of whole numbers is the same": (
        [("ui_paid_months >= 12", "ui_paid_months > 11")],
        [("respelled", "clauses", "insured", "when", "same")],
    ),
    "a member added to a list": (
        [('["small", "micro"]', '["small", "micro", "medium"]')],
        [("members", "clauses", "kind", "when", "wider")],
    ),
    "a member taken from a list": (
        [('ent_size in ["small", "micro"]', 'ent_size == "micro"')],
        [("members", "clauses", "kind", "when", "narrower")],
    ),
    "a condition added within a clause": (
        [("and staff_prev_year > 3", "and staff_prev_year > 3 and not is_zombie")],
        [("condition added", "clauses", "large", "when", "narrower")],
    ),
    "a condition taken from a clause": (
        [(" and staff_prev_year > 3", "")],
        [("condition removed", "clauses", "large", "when", "wider")],
    ),
    "another condition": (
        [("when: ui_paid_months >= 12", "when: staff_prev_year >= 12")],
        [("rewritten", "clauses", "insured", "when", "")],
    ),
    "a condition put in another order": (
        [("revenue >= least and staff_prev_year > 3", "3 < staff_prev_year and 100 <= revenue")],
        [("respelled", "clauses", "large", "when", "same")],
    ),
    "a figure that becomes a parameter of another value": (
        [("ui_paid_months >= 12", "ui_paid_months >= least")],
        [("raised", "clauses", "insured", "when", "narrower")],
    ),
    "a clause added at the top": (
        [("  - id: either\n", "  - {id: new, says: 新, when: revenue > 1}\n  - id: either\n")],
        [("added", "clauses", "new", "", "narrower")],
    ),
    "a clause added as an alternative": (
        [("- {id: hnte,", "- {id: new, says: 新, when: revenue > 1}\n      - {id: hnte,")],
        [("added", "clauses", "new", "either", "wider")],
    ),
    "a clause added to the exclusions": (
        [
            (
                "      - {id: dishonest,",
                "      - {id: new, says: 新, when: is_zombie}\n      - {id: dishonest,",
            )
        ],
        [("added", "clauses", "new", "excluded", "narrower")],
    ),
    "an exclusion removed": (
        [("      - {id: dishonest, says: 失信, when: credit_serious_dishonest}\n", "")],
        [("removed", "clauses", "dishonest", "excluded", "wider")],
    ),
    "alternatives that must all hold": (
        [("    any:", "    all:")],
        [("regrouped", "clauses", "either", "", "narrower")],
    ),
    "other words": (
        [("says: 参保满12个月", "says: 失业保险参保满12个月")],
        [("reworded", "clauses", "insured", "says", "")],
    ),
    "not yet": (
        [("when: ui_paid_months >= 12", "when: ui_paid_months >= 12, not_yet: true")],
        [("replaced", "clauses", "insured", "not_yet", "")],
    ),
    "a parameter raised": (
        [("least: {value: 100,", "least: {value: 120,")],
        [("raised", "parameters", "least", "", "higher")],
    ),
    "another document for the same value": (
        [("least: {value: 100, source: 一}", "least: {value: 100, source: 二}")],
        [("source", "parameters", "least", "source", "")],
    ),
    "a row of a table raised": (
        [("medium: 20%", "medium: 25%")],
        [("raised", "parameters", "rate", "2025-01-01 [medium]", "higher")],
    ),
    "a row of a table removed": (
        [("medium: 20%, ", "")],
        [("removed", "parameters", "rate", "2025-01-01 [medium]", "")],
    ),
    "another key for a row of a table": (
        [("medium: 20%", '"medium, small": 20%')],
        [("replaced", "parameters", "rate", "2025-01-01 [medium, small]", "")],
    ),
    "a later value added": (
        [("else: 30%}}\n", "else: 30%}}\n      - {from: 2025-07-01, rows: {else: 40%}}\n")],
        [("added", "parameters", "rate", "from 2025-07-01", "")],
    ),
    "a code put on a list": (
        [("list: [C, F51]", "list: [C, F51, F52]")],
        [("members", "parameters", "named", "", "higher")],
    ),
    "a tier's rate lowered": (
        [("up_to: 100, rate: 5%", "up_to: 100, rate: 4%")],
        [("lowered", "parameters", "scale", "tier 1 rate", "lower")],
    ),
    "a tier's end moved": (
        [("{over: 0, up_to: 100,", "{over: 0, up_to: 90,")],
        [("lowered", "parameters", "scale", "tier 1 up_to", "")],
    ),
    "a cap raised": (
        [("{at_most: 5000}", "{at_most: 6000}")],
        [("raised", "amount", "", "3", "higher")],
    ),
    "a cap taken away": (
        [("{at_most: 5000}, ", "")],
        [("removed", "amount", "", "3", "higher")],
    ),
    "a minimum added between steps": (
        [("{at_most: 5000}, ", "{at_most: 5000}, {at_least: 100}, ")],
        [("added", "amount", "", "4", "higher")],
    ),
    "a deduction added before a rate": (
        [("[revenue, ", "[revenue, {minus: 100}, ")],
        [("added", "amount", "", "2", "")],
    ),
    "rounding up": (
        [("round: down to 10", "round: up to 10")],
        [("rewritten", "amount", "", "4", "")],
    ),
    "a coarser rounding": (
        [("round: down to 10", "round: down to 100")],
        [("raised", "amount", "", "4", "")],
    ),
    "a longer time in force": (
        [("to: 2025-12-31", "to: 2026-12-31")],
        [("extended", "effective", "", "to", "longer")],
    ),
    "no end": (
        [(", to: 2025-12-31", "")],
        [("extended", "effective", "", "to", "longer")],
    ),
    "a later beginning": (
        [("effective: {from: 2025-01-01", "effective: {from: 2025-02-01")],
        [("shortened", "effective", "", "from", "shorter")],
    ),
    "a wider region": (
        [('in: ["990100"]', 'in: ["990000"]')],
        [("widened", "region", "", "", "wider")],
    ),
    "a place excepted": (
        [('in: ["990100"]', 'in: ["990100"], except: ["990101"]')],
        [("narrowed", "region", "", "", "narrower")],
    ),
    "everywhere": (
        [('region: {in: ["990100"]}\n', "")],
        [("widened", "region", "", "", "wider")],
    ),
    "the last period": (
        [("period: this", "period: last")],
        [("replaced", "period", "", "", "")],
    ),
    "paid without asking": (
        [("delivery: confirm", "delivery: direct")],
        [("replaced", "delivery", "", "by", "")],
    ),
    "a shorter deadline": (
        [("pay: 5 working days", "pay: 3 working days")],
        [("shortened", "deadlines", "pay", "", "shorter")],
    ),
    "a larger budget": (
        [("amount: 100万", "amount: 200万")],
        [("raised", "budget", "", "amount", "higher")],
    ),
    "a formula in another order": (
        [("is: revenue / staff_prev_year", "is: (revenue) / staff_prev_year")],
        [],
    ),
    "another formula": (
        [("is: revenue / staff_prev_year", "is: revenue / (staff_prev_year + 1)")],
        [("rewritten", "facts", "per_head", "", "")],
    ),
    "a phone": (
        [("phone: '12345'", "phone: '12333'")],
        [("replaced", "contact", "", "phone", "")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(EDITS))
def test_a_change_is_told_with_its_place_and_direction(tmp_path: Path, name: str) -> None:
    edits, expected = EDITS[name]
    found = compare(tmp_path, *edits)
    if expected:
        assert [told(change) for change in found.changes] == expected
    else:
        assert [change for change in found.changes if change.decides] == []


@pytest.mark.parametrize("name", [name for name in EDITS if EDITS[name][1]])
def test_back_again_it_is_the_opposite(tmp_path: Path, name: str) -> None:
    """Who may be gained one way may be lost the other way, and a higher figure is a lower one."""
    opposite = {"wider": "narrower", "higher": "lower", "longer": "shorter"}
    opposite |= {there: back for back, there in opposite.items()} | {"": "", "same": "same"}
    edits, _ = EDITS[name]
    there = compare(tmp_path, *edits)
    back = compare_versions(there.new, there.old, vocabulary())
    assert sorted((c.section, c.name, opposite[c.direction]) for c in there.changes) == sorted(
        (c.section, c.name, c.direction) for c in back.changes
    )


def test_a_moved_clause_is_moved_and_not_new(tmp_path: Path) -> None:
    line = "      - {id: hnte, says: 高新, when: hnte_valid}\n"
    found = compare(tmp_path, (line, ""), ("  - id: either\n", line[4:] + "  - id: either\n"))
    assert [told(change)[:3] for change in found.changes] == [("moved", "clauses", "hnte")]
    assert (found.changes[0].before, found.changes[0].after) == ("either", "")


def test_clauses_put_into_a_new_group_say_nothing_of_its_direction(tmp_path: Path) -> None:
    members = ("{id: a, says: 一, when: hnte_valid}", "{id: b, says: 二, when: revenue > 1}")
    benefit = "benefit: {amount: 1}\n"
    base = f"clauses: [{', '.join(members)}]\n{benefit}"
    grouped = f"clauses: [{{id: g, says: 组, any: [{', '.join(members)}]}}]\n{benefit}"
    found = compare(tmp_path, (base, grouped), base=base)
    kinds = {(change.kind, change.name, change.direction) for change in found.changes}
    assert kinds == {("added", "g", ""), ("moved", "a", ""), ("moved", "b", "")}


def test_a_raised_parameter_says_what_it_does_to_clauses_and_amounts(tmp_path: Path) -> None:
    (change,) = compare(tmp_path, ("least: {value: 100,", "least: {value: 120,")).changes
    effects = [(effect.section, effect.name, effect.direction) for effect in change.effects]
    assert effects == [("clauses", "large", "narrower")]


def test_a_changed_fact_says_what_rests_on_it(tmp_path: Path) -> None:
    base = BASE.replace("when: hnte_valid", "when: sound and per_head > 5")
    (change,) = compare(
        tmp_path, ("is: not is_zombie", "is: not is_zombie or hnte_valid"), base=base
    ).changes
    assert told(change) == ("condition added", "facts", "sound", "", "wider")
    assert [(e.section, e.name, e.direction) for e in change.effects] == [
        ("clauses", "hnte", "wider")
    ]


def test_a_change_shows_somebody_for_whom_it_matters(tmp_path: Path) -> None:
    raised = compare(tmp_path, ("ui_paid_months >= 12", "ui_paid_months >= 18")).changes[0]
    assert raised.gains is None
    assert raised.loses == {"ui_paid_months": Fraction(12)}
    none = compare(tmp_path, ("rd_expense > 500", "rd_expense > 600")).changes[0]
    assert none.loses is None
    assert none.gains is not None
    assert Fraction(500) < none.gains["rd_expense"] <= Fraction(600)  # type: ignore[operator]


def test_comments_spaces_and_the_order_of_keys_are_no_change(tmp_path: Path) -> None:
    spaced = "# a note\n" + BASE.replace(
        "deadlines: {pay: 5 working days}\nbudget: {amount: 100万}\n",
        "budget:   {amount: 100万}   # as before\ndeadlines: {pay:  5 working days}\n",
    )
    old, new = load(tmp_path / "old", BASE), load(tmp_path / "new", spaced)
    assert old.content_hash == new.content_hash
    assert compare_versions(old, new, vocabulary()).changes == ()


def test_a_number_spelled_otherwise_is_told_as_that(tmp_path: Path) -> None:
    found = compare(tmp_path, ("budget: {amount: 100万}", "budget: {amount: 1000000}"))
    assert [told(change) for change in found.changes] == [("respelled", "text", "", "", "same")]
    assert found.deciding == ()


def test_examples_are_counted(tmp_path: Path) -> None:
    cases = "examples: {as_of: 2025-06-30, cases: [{name: a, expect: {verdict: unknown}}]}\n"
    found = compare(tmp_path, ("period: this\n", "period: this\n" + cases))
    assert [(c.kind, c.detail, c.after) for c in found.changes] == [("counted", "added", 1)]


def test_another_version_is_told_and_decides_nothing(tmp_path: Path) -> None:
    old = load(tmp_path / "old", BASE)
    new = replace(old, version="2", content_hash="other")
    (change,) = compare_versions(old, new, vocabulary()).changes
    assert (change.section, change.decides) == ("version", False)


@pytest.mark.parametrize("name", [name for name in EDITS if EDITS[name][1]])
def test_a_change_is_placed_where_the_texts_differ(tmp_path: Path, name: str) -> None:
    """In the key of the file that holds the edit; of clauses and parameters in their own lines."""
    found = compare(tmp_path, *EDITS[name][0])
    texts = [Path(policy.file).read_text(encoding="utf-8") for policy in (found.old, found.new)]
    documents = [find_document(policy) for policy in (found.old, found.new)]
    for change in found.changes:
        if change.section == "text":
            continue
        side = 0 if change.after is None or change.kind == "removed" else 1
        document = documents[side]
        assert document is not None
        place = place_of(document, change)
        if not place:  # the key is only in the other version
            document, side = documents[1 - side], 1 - side
            assert document is not None
            place = place_of(document, change)
        file, line, _ = place.rsplit(":", 2)
        assert file == (found.old, found.new)[side].file
        lines = texts[side].splitlines()
        others = set(texts[1 - side].splitlines())
        differing = [number for number, text in enumerate(lines, 1) if text not in others]
        if change.kind == "removed" and not differing:
            continue
        key = top_key(lines, int(line))
        assert any(top_key(lines, number) == key for number in differing) or not differing
        if change.section == "clauses" and change.kind != "regrouped":
            assert int(line) in differing


def top_key(lines: list[str], line: int) -> str:
    """The key at the left margin under which a line stands."""
    while not lines[line - 1][:1].isalpha():
        line -= 1
    return lines[line - 1].split(":")[0]
