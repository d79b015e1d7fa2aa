"""Packages from matches to awards: what is chosen is opened, what is not is held by name."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, select, update

from awards.award import award_table
from awards.intake import open_awards
from console.holding import Held, hold_matches
from console.packaging import read_choices
from engine.part_outcome import MATCH_SCHEMA
from ledger.database import reading
from ledger.journal import journal_entry
from policies.load import load_policies
from policies.policy import Policy
from tests.storage_world import ACTOR, NOW, make_match, make_run, subject_of
from tests.support.policy_texts import vocabulary, write_policies

TEXT = "clauses: [{{id: a, says: 一, source: 一, when: is_zombie}}]\nbenefit: {benefit}\n{stacking}"


def load(folder: Path, **policies: str) -> list[Policy]:
    """Policies by name, each with what its `stacking` says, `| ` and another benefit after it."""
    texts = {}
    for name, text in policies.items():
        stacking, _, benefit = text.partition(" | ")
        texts[name.replace("_", "-")] = TEXT.format(
            benefit=benefit or "{amount: 1}", stacking=f"stacking: {stacking}\n" if stacking else ""
        )
    return list(load_policies(write_policies(folder, texts), vocabulary()).policies)


def match(policy: str, amount: int | None, number: int = 1, **changes: Any) -> dict[str, Any]:
    return make_match(number, policy=policy, version="1", amount_fen=amount, **changes)


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=MATCH_SCHEMA)


def run(
    engine: Engine,
    policies: list[Policy],
    matches: pl.DataFrame,
    *unknown: dict[str, Any],
    snapshot: str = "a",
    folder: Path | None = None,
    first: int | None = None,
) -> tuple[Held, ...]:
    """What a run does with matches; with `first` it is killed after so many awards."""
    run_id = make_run(engine, snapshot).id
    free, held = hold_matches(
        engine,
        matches,
        policies,
        run_id,
        actor=ACTOR,
        now=NOW,
        beside=pl.concat([matches, frame(*unknown)]),
        key=b"k" * 32,
        folder=folder,
    )
    open_awards(engine, free.head(first or free.height), run_id=run_id, actor=ACTOR, now=NOW)
    return held


def awards(engine: Engine) -> dict[tuple[str, str, str], int | None]:
    """The amounts of awards by policy, period and item, of subject 1."""
    query = select(award_table).where(award_table.c.subject == subject_of(1))
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    return {(row.policy, row.period, row.item): row.amount_fen for row in rows}


def opened(engine: Engine) -> dict[str, int | None]:
    return {policy: fen for (policy, _, _), fen in awards(engine).items()}


def losers(engine: Engine) -> list[dict[str, Any]]:
    query = select(journal_entry.c.body).where(journal_entry.c.kind == "match.held")
    with reading(engine) as connection:
        return [json.loads(body) for body in connection.scalars(query)]


def test_the_better_of_two_that_exclude_each_other_is_opened(
    database: Engine, tmp_path: Path
) -> None:
    policies = load(tmp_path, one="{excludes: [two]}", two="", free="")
    matches = frame(match("one", 500), match("two", 320_500), match("free", 7))
    held = run(database, policies, matches, folder=tmp_path)
    assert opened(database) == {"two": 320_500, "free": 7}
    assert held == (Held(policy="one", matches=1, why=("what they exclude is worth more",)),)
    (body,) = losers(database)
    assert body["difference_fen"] == 320_000
    assert body["by"] == [["two", "2025-11"]]
    choices = read_choices(tmp_path)
    assert choices["decision"].to_list() == ["lost", "chosen"]


def test_what_an_award_excludes_is_not_chosen_until_that_is_declined(
    database: Engine, tmp_path: Path
) -> None:
    policies = load(tmp_path, one="{excludes: [two]}", two="")
    run(database, policies, frame(match("one", 500)))
    both = frame(match("one", 500), match("two", 9_000))
    run(database, policies, both, snapshot="b")
    assert opened(database) == {"one": 500}
    assert losers(database)[-1]["why"] == "an award that the subject has excludes them"
    with database.begin() as connection:
        connection.execute(update(award_table).values(state="declined"))
    run(database, policies, both, snapshot="c")
    assert opened(database) == {"one": 500, "two": 9_000}


def test_what_excludes_an_unknown_one_is_held(database: Engine, tmp_path: Path) -> None:
    policies = load(tmp_path, one="{excludes: [two]}", two="", other="")
    held = run(database, policies, frame(match("one", 500), match("other", 1)), match("two", None))
    assert opened(database) == {"other": 1}
    assert held[0].why == ("what they exclude, or share a cap with, is not decided yet",)
    (body,) = losers(database)
    assert body["by"] == [["two", "2025-11"]]


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_a_cap_is_paid_out_alike_after_a_crash(
    database: Engine, tmp_path: Path, first: int
) -> None:
    group = "{group: {name: care, rule: sum-capped, cap: 12}}"
    policies = load(tmp_path, one=group, two=group, three=group)
    matches = frame(
        match("one", 1_000), match("two", 500, item="a"), match("two", 100, item="b"),
        match("three", 50),
    )  # fmt: skip
    if first:
        run(database, policies, matches, first=first)
    for _ in range(2):
        run(database, policies, matches)
        assert awards(database) == {
            ("one", "2025-11", ""): 1_000,
            ("two", "2025-11", "a"): 200,
        }


def test_an_award_under_a_cap_grows_into_what_is_left(database: Engine, tmp_path: Path) -> None:
    group = "{group: {name: care, rule: sum-capped, cap: 12}}"
    policies = load(tmp_path, one=group, two=group)
    run(database, policies, frame(match("one", 1_000), match("two", 500)))
    run(database, policies, frame(match("one", 300), match("two", 500)), snapshot="b")
    assert opened(database) == {"one": 300, "two": 500}
    run(database, policies, frame(match("one", 2_000), match("two", 500)), snapshot="c")
    assert opened(database) == {"one": 700, "two": 500}


def test_a_cap_counts_an_awarded_item_that_matches_no_more(
    database: Engine, tmp_path: Path
) -> None:
    policies = load(tmp_path, one="{group: {name: care, rule: sum-capped, cap: 12}}")
    both = frame(match("one", 600, item="a"), match("one", 300, item="b"))
    run(database, policies, both)
    run(database, policies, frame(match("one", 900, item="b")), snapshot="b")
    assert awards(database) == {("one", "2025-11", "a"): 600, ("one", "2025-11", "b"): 600}


def test_an_open_amount_gets_what_is_left_when_it_is_known(
    database: Engine, tmp_path: Path
) -> None:
    group = "{group: {name: care, rule: sum-capped, cap: 12}}"
    policies = load(tmp_path, one=group, two=group)
    run(database, policies, frame(match("one", 1_000), match("two", None)))
    assert opened(database) == {"one": 1_000, "two": None}
    run(database, policies, frame(match("one", 1_000), match("two", 700)), snapshot="b")
    assert opened(database) == {"one": 1_000, "two": 200}


def test_a_required_benefit_may_be_awarded_already(database: Engine, tmp_path: Path) -> None:
    policies = load(tmp_path, one="{requires: [two]}", two="")
    run(database, policies, frame(match("one", 500)))
    assert opened(database) == {}
    run(database, policies, frame(match("two", 5, period="2025")), snapshot="b")
    run(database, policies, frame(match("one", 500)), snapshot="c")
    assert opened(database) == {"one": 500, "two": 5}


def test_only_the_highest_of_a_group_is_opened(database: Engine, tmp_path: Path) -> None:
    group = "{group: {name: care, rule: highest}}"
    policies = load(tmp_path, one=group, two=group, three=group)
    held = run(database, policies, frame(match("one", 100), match("two", 300), match("three", 200)))
    assert opened(database) == {"two": 300}
    assert [(one.policy, one.why) for one in held] == [
        ("one", ("another one of their group is higher",)),
        ("three", ("another one of their group is higher",)),
    ]


def test_money_is_not_weighed_against_what_is_none(database: Engine, tmp_path: Path) -> None:
    service = "{kind: service}"
    policies = load(tmp_path, one="{excludes: [two]}", two=f" | {service}", three=f" | {service}")
    held = run(
        database, policies, frame(match("one", 500), match("two", None), match("three", None))
    )
    assert opened(database) == {"three": None}
    assert [one.policy for one in held] == ["one", "two"]


def test_groups_that_their_files_write_differently_are_held(
    database: Engine, tmp_path: Path
) -> None:
    policies = load(
        tmp_path,
        one="{group: {name: care, rule: sum-capped, cap: 12}}",
        two="{group: {name: care, rule: sum-capped, cap: 13}}",
        three="",
    )
    held = run(database, policies, frame(match("one", 1), match("two", 1), match("three", 1)))
    assert opened(database) == {"three": 1}
    assert {one.why for one in held} == {("the files of their group contradict each other",)}


def test_what_is_held_for_its_terms_may_come_and_so_holds_its_package(
    database: Engine, tmp_path: Path
) -> None:
    policies = load(tmp_path, one="{excludes: [two]}", two=" | {amount: 1}\nrecipient: guardian")
    held = run(database, policies, frame(match("one", 500), match("two", 1)))
    assert opened(database) == {}
    assert [one.policy for one in held] == ["two", "one"]


def test_a_trial_writes_nothing(database: Engine, tmp_path: Path) -> None:
    policies = load(tmp_path, one="{excludes: [two]}", two="")
    folder = tmp_path / "outcome"
    folder.mkdir()
    free, held = hold_matches(
        database,
        frame(match("one", 1), match("two", 2)),
        policies,
        "run-1",
        actor=ACTOR,
        now=NOW,
        recorded=False,
        folder=folder,
    )
    assert (free["policy"].to_list(), [one.policy for one in held]) == (["two"], ["one"])
    assert losers(database) == []
    assert list(folder.iterdir()) == []
