"""The older version with one change: that change, what it needs, and nothing else."""

from pathlib import Path

from policies.as_if import as_if_in_force
from policies.difference import Difference, compare_versions
from policies.policy import Policy, leaves_of
from policies.single_change import Part, change_alone, changes_in, parts_of
from tests.support.policy_texts import load_one, vocabulary

BASE = """\
effective: {from: 2025-01-01, to: 2025-12-31}
parameters:
  least: {value: 100, source: 一}
  rate: {source: 一, values: [{from: 2025-01-01, value: 10%}, {from: 2025-07-01, value: 20%}]}
facts:
  per_head: {says: 人均, is: revenue / staff_prev_year}
clauses:
  - {id: insured, says: 一, when: ui_paid_months >= 12}
  - {id: large, says: 二, when: revenue >= least}
  - id: either
    says: 三
    any:
      - {id: hnte, says: 三, when: hnte_valid}
      - {id: rich, says: 三, when: per_head > 5}
benefit: {amount: [revenue, {times: rate}]}
"""


def differ(folder: Path, *edits: tuple[str, str]) -> Difference:
    edited = BASE
    for before, after in edits:
        assert edited.count(before) == 1, before
        edited = edited.replace(before, after)
    found = []
    for name, text in (("old", BASE), ("new", edited)):
        (folder / name).mkdir()
        found.append(load_one(folder / name, text))
    return compare_versions(found[0], found[1], vocabulary())


def told(old: Policy, new: Policy) -> set[tuple[str, str]]:
    return {(c.section, c.name) for c in compare_versions(old, new, vocabulary()).deciding}


def test_each_part_alone_is_just_its_own_changes(tmp_path: Path) -> None:
    difference = differ(
        tmp_path,
        ("least: {value: 100", "least: {value: 200"),
        ("ui_paid_months >= 12", "ui_paid_months >= 9"),
        ("{id: rich, says: 三, when: per_head > 5}", "{id: rich, says: 三, when: per_head > 6}"),
        ("is: revenue / staff_prev_year", "is: revenue / (staff_prev_year + 1)"),
        ("{times: rate}", "{times: rate}, {at_most: 5}"),
        ("effective: {from: 2025-01-01", "region: '990100'\neffective: {from: 2025-02-01"),
    )
    parts = parts_of(difference)
    assert {(part.where, part.names) for part in parts} == {
        ("region", ()), ("parameters", ("least",)), ("facts", ("per_head",)),
        ("clauses", ("insured",)), ("clauses", ("either",)), ("amount", ()),
    }  # fmt: skip
    for part in parts:
        alone = change_alone(difference, part)
        assert alone is not None
        assert told(difference.old, alone) == {
            (change.section, change.name) for change in changes_in(part, difference)
        }


def test_a_part_brings_the_names_that_it_needs(tmp_path: Path) -> None:
    difference = differ(
        tmp_path,
        ("ui_paid_months >= 12", "ui_paid_months >= months"),
        ("  least: {", "  months: {value: 9, source: 一}\n  least: {"),
    )
    alone = change_alone(difference, Part(where="clauses", names=("insured",)))
    assert alone is not None
    assert "months" in {parameter.name for parameter in alone.parameters}
    # a parameter that nothing uses yet, or that something still uses, is no change by itself
    assert change_alone(difference, Part(where="parameters", names=("months",))) is None


def test_a_clause_that_moved_changes_together_with_where_it_came_from(tmp_path: Path) -> None:
    line = "      - {id: hnte, says: 三, when: hnte_valid}\n"
    difference = differ(
        tmp_path,
        (line, ""),
        (
            "  - {id: insured, says: 一, when: ui_paid_months >= 12}\n",
            "  - {id: hnte, says: 三, when: hnte_valid}\n"
            "  - {id: insured, says: 一, when: ui_paid_months >= 12}\n",
        ),
    )
    (part,) = parts_of(difference)
    assert set(part.names) == {"hnte", "either"}
    alone = change_alone(difference, part)
    assert alone is not None
    assert {leaf.id for leaf in leaves_of(alone.clauses)} == {"insured", "large", "hnte", "rich"}


def test_a_removed_clause_alone_is_gone(tmp_path: Path) -> None:
    difference = differ(tmp_path, ("  - {id: large, says: 二, when: revenue >= least}\n", ""))
    alone = change_alone(difference, Part(where="clauses", names=("large",)))
    assert alone is not None
    assert [clause.id for clause in alone.clauses] == ["insured", "either"]


def test_as_if_in_force_a_version_has_the_values_of_its_nearest_day(tmp_path: Path) -> None:
    from datetime import date

    policy = load_one(tmp_path, BASE)
    for day, valued, value in (
        (date(2024, 6, 1), date(2025, 1, 1), "1/10"),
        (date(2025, 8, 1), date(2025, 8, 1), "1/5"),
        (date(2027, 1, 1), date(2025, 12, 31), "1/5"),
    ):
        held, chosen = as_if_in_force(policy, day)
        assert chosen == valued
        assert held.in_force(day) is None
        (span,) = held.parameters[1].spans
        assert str(span.value.value) == value  # type: ignore[union-attr]  # a plain value
        assert held.content_hash != policy.content_hash
