"""Matches that must not become awards: nothing is opened for them, the journal says why."""

import json
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, select, update

from awards.award import award_table
from console.hold_words import AWARDED_BEFORE, BELOW_ZERO, CLAIMED_TWICE
from console.holding import Held, hold_matches
from engine.part_outcome import MATCH_SCHEMA
from ledger.database import reading
from ledger.journal import journal_entry
from policies.load import load_policies
from policies.policy import Policy
from tests.storage_world import ACTOR, NOW, make_match, make_matches, take_in
from tests.support.policy_texts import load_text, vocabulary, write_policies

CLAUSE = "clauses: [{id: a, says: 一, source: 一, when: is_zombie}]\nbenefit: {amount: 1}\n"


def load_policy(folder: Path, text: str) -> Policy:
    (policy,) = load_text(folder, CLAUSE + text).policies
    return policy


def entries(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        query = select(journal_entry.c.body).where(journal_entry.c.kind == "matches.held")
        return [row.body for row in connection.execute(query)]


def hold(
    engine: Engine, matches: pl.DataFrame, *policies: Policy
) -> tuple[pl.DataFrame, tuple[Held, ...]]:
    return hold_matches(engine, matches, policies, "run-1", actor=ACTOR, now=NOW)


def test_matches_of_a_policy_for_another_recipient_are_held(
    database: Engine, tmp_path: Path
) -> None:
    policy = load_policy(tmp_path, "recipient: guardian\n")
    of_policy = {"policy": "written", "version": "1"}
    matches = make_matches(
        make_match(1, **of_policy), make_match(2, **of_policy, amount_fen=-1), make_match(3)
    )
    left, held = hold(database, matches, policy)
    assert left["policy"].to_list() == ["elder-allowance"]
    assert held == (
        Held(
            policy="written",
            matches=2,
            why=("nobody but the subject is told yet, not its guardian",),
        ),
    )
    (body,) = entries(database)
    assert '"nobody but the subject is told yet, not its guardian"' in body


def test_matches_of_a_check_are_leads_and_no_award_is_opened(
    database: Engine, tmp_path: Path
) -> None:
    clause = CLAUSE.replace("benefit: {amount: 1}\n", "kind: check\n")
    (policy,) = load_text(tmp_path, clause).policies
    matches = make_matches(make_match(1, policy="written", version="1", amount_fen=None))
    left, held = hold(database, matches, policy)
    assert left.is_empty()
    assert [(one.policy, one.matches) for one in held] == [("written", 1)]
    (body,) = entries(database)
    assert "each match is a lead for a person" in body


def test_an_amount_below_zero_is_held_and_an_open_one_is_not(
    database: Engine, tmp_path: Path
) -> None:
    policy = load_policy(tmp_path, "")
    matches = make_matches(
        make_match(1, amount_fen=-1), make_match(2, amount_fen=None), make_match(3, amount_fen=0)
    )
    left, held = hold(database, matches, policy)
    assert left["amount_fen"].to_list() == [None, 0]
    assert held == (Held(policy="elder-allowance", matches=1, why=(BELOW_ZERO,)),)


def test_another_version_of_a_held_policy_goes_on(database: Engine, tmp_path: Path) -> None:
    policy = load_policy(tmp_path, "recipient: guardian\n")
    matches = make_matches(make_match(1, policy="written", version="2"))
    left, held = hold(database, matches, policy)
    assert left.height == 1
    assert held == ()
    assert entries(database) == []


CLAIMING = """\
rows: {{crew: {{columns: {{person: {{says: 人员, type: text}}}}}}}}
each:
  row: crew
  claim: {{of: person, group: {group}}}
  clauses: [{{id: b, says: 二, when: is_zombie}}]
"""


def claiming(number: int, policy: str, *claimed: str, **changes: object) -> dict[str, object]:
    claims = json.dumps(list(claimed), ensure_ascii=False)
    return make_match(number, policy=policy, version="1", **changes) | {"claims": claims}


def load_claiming(folder: Path, **groups: str) -> list[Policy]:
    texts = {name: CLAUSE + CLAIMING.format(group=group) for name, group in groups.items()}
    return list(load_policies(write_policies(folder, texts), vocabulary()).policies)


def test_what_two_matches_claim_goes_to_the_higher_and_the_other_is_held_by_name(
    database: Engine, tmp_path: Path
) -> None:
    policies = load_claiming(tmp_path, one="hiring", two="hiring", other="training")
    matches = pl.DataFrame(
        [
            claiming(1, "one", "p1", "p2", amount_fen=100),
            claiming(2, "one", "p2", amount_fen=300),  # another subject claims p2
            claiming(3, "two", "p3", amount_fen=None),
            claiming(3, "one", "p3", amount_fen=0),  # another policy of the group claims p3
            claiming(4, "one", "p4", "p1", amount_fen=50),  # p1 is free: the first has nothing
            claiming(5, "other", "p4"),  # another group
            claiming(6, "one"),
            make_match(7) | {"claims": ""},
        ],
        schema={**MATCH_SCHEMA, "claims": pl.String()},
    )
    left, held = hold(database, matches, *policies)
    places = [1, 3, 4, 5, 6, 7]
    assert left.drop("claimed").rows() == [matches.rows()[place] for place in places]
    assert left["claimed"].list.len().to_list() == [1, 1, 2, 1, None, None]
    assert [(part.policy, part.matches, part.why) for part in held] == [
        ("one", 1, (CLAIMED_TWICE,)),
        ("two", 1, (CLAIMED_TWICE,)),
    ]
    with reading(database) as connection:
        query = select(journal_entry.c.subject, journal_entry.c.body)
        named = connection.execute(query.where(journal_entry.c.kind == "match.held")).all()
    told = {row.subject: json.loads(row.body) for row in named}
    first, second, third = matches["subject"].to_list()[:3]
    assert set(told) == {first, third}
    assert (told[first]["others"], told[first]["subject_of"]) == ("one", second)
    assert (told[third]["others"], told[third]["policy"]) == ("one", "two")
    assert "subject_of" not in told[third]
    assert not any("p2" in row.body for row in named)


def test_what_was_awarded_under_a_former_id_is_not_awarded_again(
    database: Engine, tmp_path: Path
) -> None:
    policy = load_policy(tmp_path, "")
    first = make_matches(make_match(1), make_match(2))
    take_in(database, first)
    old, kept = first["subject"].to_list()
    now_called = first.with_columns(pl.col("subject").replace(old, "Snew"))
    left, held = hold_matches(
        database, now_called, [policy], "run-1", actor=ACTOR, now=NOW, former=[(old, "Snew")]
    )
    assert left["subject"].to_list() == [kept]
    assert held == (Held(policy="elder-allowance", matches=1, why=(AWARDED_BEFORE,)),)
    later = now_called.with_columns(pl.lit("2031-01").alias("period"))
    left, held = hold_matches(
        database, later, [policy], "run-1", actor=ACTOR, now=NOW, former=[(old, "Snew")]
    )
    assert left["subject"].to_list() == ["Snew", kept]
    assert held == ()


def test_what_was_declined_under_a_former_id_is_not_offered_again(
    database: Engine, tmp_path: Path
) -> None:
    policy = load_policy(tmp_path, "")
    first = make_matches(make_match(1))
    take_in(database, first)
    with database.begin() as connection:
        connection.execute(update(award_table).values(state="declined"))
    now_called = first.with_columns(pl.lit("Snew").alias("subject"))
    former = [(first["subject"].item(), "Snew")]
    left, held = hold_matches(
        database, now_called, [policy], "run-1", actor=ACTOR, now=NOW, former=former
    )
    assert left.height == 0
    assert held == (Held(policy="elder-allowance", matches=1, why=(AWARDED_BEFORE,)),)


@pytest.mark.parametrize("state", ["declined", "withdrawn"])
def test_an_award_that_is_over_wins_no_claim(database: Engine, tmp_path: Path, state: str) -> None:
    policies = load_claiming(tmp_path, one="hiring", two="hiring")
    schema = {**MATCH_SCHEMA, "claims": pl.String()}
    first = claiming(1, "one", "p1", amount_fen=300)
    take_in(database, pl.DataFrame([first], schema=schema))
    with database.begin() as connection:
        connection.execute(update(award_table).values(state=state))
    second = claiming(2, "two", "p1", amount_fen=100)
    left, held = hold(database, pl.DataFrame([first, second], schema=schema), *policies)
    assert held == ()
    claimed = {row["policy"]: row["claimed"] for row in left.iter_rows(named=True)}
    assert claimed["one"] is None
    assert len(claimed["two"]) == 1
