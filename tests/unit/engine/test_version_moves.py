"""What moves between two versions on a sample city, confirmed by DuckDB."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import duckdb
import polars as pl
import pytest

from console.trial_city import DAY, sample_snapshot
from engine.program import bind
from engine.version_moves import Moves, prepare_trial, try_versions
from language.column import NOT_APPLICABLE
from language.definition import Definition, Given
from language.expression import Call, Expression, Literal, Logic, Name, Not
from language.reach import reachable_facts
from language.reference import NONE
from policies.as_if import as_if_in_force
from policies.difference import Difference, compare_versions
from policies.load import load_policies
from policies.policy import Clause, ClauseGroup, Policy
from policies.single_change import change_alone, parts_of
from profiles.snapshot import Snapshot, read_part
from tests.support.generated import RawRow
from tests.support.in_duckdb import Plain, evaluate_duckdb, load_table
from tests.support.policy_texts import vocabulary

ELDER = """\
region: "990100"
effective: {from: 2025-01-01, to: 2025-12-31}
per: month
parameters:
  base: {value: 100, source: 一}
  more: {source: 一, values: [{from: 2025-01-01, value: 40}]}
clauses:
  - {id: old, says: 一, when: age >= 65}
  - id: excluded
    says: 二
    none:
      - {id: destitute, says: 二, when: tekun}
benefit: {amount: [base, {plus: more, when: age >= 80}]}
delivery: confirm
"""
FIRMS = """\
region: "990100"
effective: {from: 2025-01-01, to: 2025-12-31}
parameters:
  most: {value: 900000, source: 一}
clauses:
  - {id: insured, says: 一, when: ui_paid_months >= 6}
  - id: either
    says: 二
    any:
      - {id: hnte, says: 二, when: hnte_valid}
      - {id: kind, says: 二, when: 'ent_size in ["small", "micro"]'}
benefit: {amount: [revenue, {times: 1%}, {at_most: most}]}
delivery: confirm
"""
PAIRS: Mapping[str, tuple[str, list[tuple[str, str]]]] = {
    "residents": (
        ELDER,
        [
            ("from: 2025-01-01, to: 2025-12-31", "from: 2026-01-01"),
            ("{from: 2025-01-01, value: 40}", "{from: 2026-01-01, value: 60}"),
            ("age >= 65", "age >= 60"),
            ("base: {value: 100", "base: {value: 95"),
            (
                "- id: excluded",
                "- {id: low, says: 三, when: hh_dibao or age >= 70 or age < 65}\n  - id: excluded",
            ),
        ],
    ),
    "firms": (
        FIRMS,
        [
            ("ui_paid_months >= 6", "ui_paid_months >= 12"),
            ('["small", "micro"]', '["small", "medium"]'),
            ("most: {value: 900000", "most: {value: 500000"),
            ("times: 1%", "times: 2%"),
        ],
    ),
}


@pytest.fixture(scope="module")
def city() -> Iterator[Snapshot]:
    with sample_snapshot(vocabulary(), 900, lambda what, done, total: None) as built:
        yield built


@dataclass(frozen=True)
class Told:
    """What SQL says of everybody: truth of all clauses together, and the amount in fen."""

    holds: list[Plain]
    fen: list[int | None]


def condition_of(policy: Policy) -> Expression:
    """The whole of a policy's clauses and its region as one condition."""

    def of(clause: Clause) -> Expression:
        if not isinstance(clause, ClauseGroup):
            assert clause.when is not None
            return clause.when
        members = tuple(of(member) for member in clause.members)
        operator = "and" if clause.group == "all" else "or"
        joined = Logic(operator=operator, operands=members) if len(members) > 1 else members[0]
        return Not(operand=joined) if clause.group == "none" else joined

    assert policy.region is not None
    (prefix,) = policy.region.within
    place = Call(
        function="starts_with",
        arguments=(Name(name=policy.region.fact), Literal(value=prefix)),
    )
    return Logic(operator="and", operands=(place, *(of(clause) for clause in policy.clauses)))


def ask_duckdb(policy: Policy, frame: pl.DataFrame) -> Told:
    """The same question as SQL: the conditions, and each step of the amount, over all subjects."""
    bound = bind(policy, vocabulary(), DAY)
    condition = condition_of(policy)
    steps = [part for step in policy.steps for part in (step.operand, step.when) if part]
    names = reachable_facts([condition, *steps], bound.scope)
    scope: dict[str, Definition] = {name: bound.scope[name] for name in names}
    given = [name for name, d in scope.items() if isinstance(d, Given)]
    rows: list[RawRow] = []
    for row in frame.iter_rows(named=True):
        rows.append({n: NONE if row.get(n + NOT_APPLICABLE) else row.get(n) for n in given})
    with duckdb.connect() as connection:
        table = load_table(connection, scope, rows)
        asked = [condition]
        for step in policy.steps:
            asked += [step.operand or Literal(value=True), step.when or Literal(value=True)]
        found = evaluate_duckdb(table, asked)
    fen: list[int | None] = []
    for index in range(len(rows)):
        amount: Fraction | None = Fraction(0)
        for number, step in enumerate(policy.steps):
            operand, when = found[1 + 2 * number][index], found[2 + 2 * number][index]
            if amount is None or when is None or (when and operand is None):
                amount = None
            elif when:
                assert isinstance(operand, Fraction)
                match step.operation:
                    case "take" | "plus":
                        amount = amount + operand
                    case "times":
                        amount = amount * operand
                    case "at_most":
                        amount = min(amount, operand)
                    case _:
                        raise AssertionError(step.operation)
        fen.append(None if amount is None else int(amount * 100 + Fraction(1, 2)))
    return Told(holds=found[0], fen=fen)


def moves_of(before: Told, after: Told) -> Moves:
    counted = dict.fromkeys(
        ("gained", "lost", "unsettled", "raised", "lowered", "reopened",
         "gained_fen", "lost_fen", "changed_fen"), 0,
    )  # fmt: skip
    for was, now, had, has in zip(before.holds, after.holds, before.fen, after.fen, strict=True):
        if now is True and was is not True:
            counted["gained"] += 1
            counted["gained_fen"] += has or 0
        elif was is True and now is not True:
            counted["lost" if now is False else "unsettled"] += 1
            counted["lost_fen"] += had or 0
        elif was is True and now is True and had != has:
            counted["changed_fen"] += (has or 0) - (had or 0)
            if had is None or has is None:
                counted["reopened"] += 1
            else:
                counted["raised" if has > had else "lowered"] += 1
    return Moves(**counted)


def versions(folder: Path, name: str) -> Difference:
    base, edits = PAIRS[name]
    edited = base
    for before, after in edits:
        assert edited.count(before) == 1, before
        edited = edited.replace(before, after)
    found = []
    for version, text in (("old", base), ("new", edited)):
        (folder / version).mkdir()
        path = folder / version / "written.yaml"
        audience = "resident" if name == "residents" else "enterprise"
        path.write_text(HEAD.format(audience=audience) + text, encoding="utf-8")
        found.append(load_policies([path], vocabulary()).policies[0])
    return compare_versions(found[0], found[1], vocabulary())


def frame_of(snapshot: Snapshot, kind: str) -> pl.DataFrame:
    return pl.concat(
        [read_part(snapshot, part).facts for part in snapshot.parts(kind)], how="diagonal"
    )


@pytest.mark.parametrize("name", list(PAIRS))
def test_duckdb_counts_the_same_people_and_money(tmp_path: Path, city: Snapshot, name: str) -> None:
    difference = versions(tmp_path, name)
    found = try_versions(
        prepare_trial(difference, vocabulary(), DAY), city, lambda what, done, total: None
    )
    frame = frame_of(city, difference.old.audience)
    old, new = (as_if_in_force(policy, DAY)[0] for policy in (difference.old, difference.new))
    before, after = ask_duckdb(old, frame), ask_duckdb(new, frame)
    for standing, told in ((found.before, before), (found.after, after)):
        assert standing.subjects == frame.height
        assert standing.eligible == sum(holds is True for holds in told.holds)
        assert standing.unknown == sum(holds is None for holds in told.holds)
        amounts = [fen for holds, fen in zip(told.holds, told.fen, strict=True) if holds is True]
        assert standing.amount_fen == sum(fen or 0 for fen in amounts)
        assert standing.open_amounts == amounts.count(None)
    assert found.moves == moves_of(before, after)
    assert found.moves.gained > 5
    assert found.moves.lost > 5
    assert found.after.amount_fen - found.before.amount_fen == found.moves.difference_fen

    # and each change alone
    held = replace(difference, old=old, new=new)
    assert [one.part for one in found.parts] == list(parts_of(difference))
    for one in found.parts:
        alone = change_alone(held, one.part)
        assert alone is not None
        assert one.moves == moves_of(before, ask_duckdb(alone, frame)), one.part
    moved = [one.moves for one in found.parts if one.moves is not None]
    assert sum(any((m.gained, m.lost, m.raised, m.lowered)) for m in moved) >= 4


HEAD = """\
policy: written
version: 1
title: {{zh: 测试}}
audience: {audience}
authority: 市局
level: city
basis: [{{document: 办法}}]
"""


def test_a_version_for_others_takes_from_all_and_gives_to_others(
    tmp_path: Path, city: Snapshot
) -> None:
    def version(folder: Path, audience: str, text: str) -> Policy:
        folder.mkdir()
        path = folder / "written.yaml"
        path.write_text(HEAD.format(audience=audience) + text, encoding="utf-8")
        return load_policies([path], vocabulary()).policies[0]

    old = version(tmp_path / "old", "resident", ELDER)
    text = "clauses: [{id: all, says: 一, when: ui_paid_months >= 1}]\nbenefit: {amount: 7}\n"
    new = version(tmp_path / "new", "enterprise", text)
    difference = compare_versions(old, new, vocabulary())
    found = try_versions(
        prepare_trial(difference, vocabulary(), DAY), city, lambda what, done, total: None
    )
    assert found.moves.lost == found.before.eligible > 0
    assert found.moves.gained == found.after.eligible > 0
    assert found.moves.lost_fen == found.before.amount_fen
    assert found.after.amount_fen == 700 * found.after.eligible
