"""Publication: who may take which step, kept by the database itself, whoever writes into it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger.actor import (
    ROLES,
    Role,
    actor_table,
    change_role,
    find_actor,
    list_actors,
    retire_actor,
    role_table,
)
from ledger.database import reading
from ledger.errors import ActorRefused, ChangeRefused, KeyRefused
from ledger.journal import seal, sealed_entries
from ledger.refusal import refusals
from ledger.signing import is_signed, make_private_key, sign
from policies.act import Act, Standing, Step, act_table, find_standing, list_standings, signed_text
from policies.errors import PublicationRefused
from policies.load import Loaded, load_policies
from policies.policy import Policy
from policies.publication import Signer, submit, take_step
from policies.published import check_acts, choose_published
from policies.release import (
    file_table,
    files_of,
    list_releases,
    load_releases,
    release_file_table,
    release_table,
)
from tests.storage_world import NOW, all_rows
from tests.support.policy_texts import vocabulary
from tests.support.publishing import make_actor, take_steps

TODAY = NOW.date()
LATER = NOW + timedelta(hours=1)
TEXT = """
policy: city-grant
version: {version}
title: {{zh: 示范补贴, en: Grant of the sample city}}
audience: enterprise
authority: 示范市人社局
level: city
basis: [{{document: 示范市补贴办法}}]
effective: {{from: {begins}{ends}}}
clauses: [{{id: large, says: 人数不少于{people}人, source: 二, when: ui_insured_count >= {people}}}]
benefit: {{amount: 1000}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Three people: one writes, one decides, one holds every role there is."""

    engine: Engine
    folder: Path
    author: Signer
    other: Signer
    all: Signer

    def load(self, **changes: Any) -> tuple[Policy, Loaded]:
        values = {"version": "1", "begins": "2026-01-01", "ends": "", "people": 5, **changes}
        path = self.folder / "city-grant.yaml"
        path.write_text(TEXT.format(**values), encoding="utf-8")
        loaded = load_policies([path], vocabulary())
        return loaded.policies[0], loaded

    def submit(self, signer: Signer | None = None, **changes: Any) -> Standing:
        policy, loaded = self.load(**changes)
        with self.engine.begin() as connection:
            return submit(
                connection,
                policy,
                files_of(policy, loaded),
                signer=signer or self.author,
                now=NOW,
            )

    def take(self, standing: Standing, *steps: Step, signer: Signer | None = None) -> Standing:
        with self.engine.begin() as connection:
            return take_steps(connection, standing, *steps, signer=signer or self.other, now=NOW)

    def publish(self, **changes: Any) -> Standing:
        return self.take(self.submit(**changes), "reviewed", "approved", "published")


@pytest.fixture
def world(database: Engine, tmp_path: Path) -> World:
    with database.begin() as connection:
        return World(
            engine=database,
            folder=tmp_path,
            author=make_actor(connection, "wang", "author", now=NOW),
            other=make_actor(connection, "li", "reviewer", "approver", "operator", now=NOW),
            all=make_actor(connection, "zhao", *ROLES, now=NOW),
        )


def insert_act(
    connection: Connection, standing: Standing, step: str, signer: Signer, **changes: Any
) -> None:
    """An act as somebody writes it who goes round the program, signed with a true key."""
    act = Act(step=step, actor=signer.name, at=NOW, day=TODAY, reason="why", signature="")
    act = replace(act, **changes)
    values = {
        "content_hash": standing.release.content_hash,
        "step": act.step,
        "actor": act.actor,
        "at": act.at,
        "day": act.day,
        "reason": act.reason,
        "signature": sign(signer.private_key, signed_text(standing.release, act)),
    }
    with refusals():
        connection.execute(insert(act_table).values(values))


def refused(engine: Engine, what: Callable[[Connection], object]) -> str:
    """The message with which the database refuses a statement; nothing of it is written."""
    with pytest.raises(ChangeRefused) as caught, engine.begin() as connection, refusals():
        what(connection)
    return str(caught.value)


def test_a_policy_goes_from_draft_to_publication_by_two_people(world: World) -> None:
    standing = world.publish()
    assert [(act.step, act.actor) for act in standing.acts] == [
        ("submitted", "wang"),
        ("reviewed", "li"),
        ("approved", "li"),
        ("published", "li"),
    ]
    with reading(world.engine) as connection:
        assert choose_published(connection, TODAY) == [standing]
        (policy,) = load_releases(connection, [standing.release], vocabulary())
    assert policy.content_hash == standing.release.content_hash
    assert replace(policy, file="") == replace(world.load()[0], file="")


def test_every_act_stands_in_the_journal(world: World) -> None:
    standing = world.take(world.publish(), "withdrawn")
    seal(world.engine, now=NOW)
    with reading(world.engine) as connection:
        entries = sealed_entries(connection, 0)
    steps = [e for e in entries if e.kind.startswith("policy.")]
    assert [(e.kind, e.actor) for e in steps] == [
        (f"policy.{act.step}", act.actor) for act in standing.acts
    ]
    assert {e.body["content_hash"] for e in steps} == {standing.release.content_hash}
    assert {e.body["policy"] for e in steps} == {"city-grant@1"}
    roles = [e.body["role"] for e in entries if e.kind == "actor.role-granted"]
    assert sorted(roles) == sorted(["author", "reviewer", "approver", "operator", *ROLES])


@pytest.mark.parametrize("step", ["reviewed", "approved", "published"])
def test_an_author_with_every_role_decides_nothing_of_their_own(world: World, step: Step) -> None:
    standing = world.submit(world.all)
    before: dict[Step, tuple[Step, ...]] = {
        "reviewed": (),
        "approved": ("reviewed",),
        "published": ("reviewed", "approved"),
    }
    standing = world.take(standing, *before[step])
    with pytest.raises(ChangeRefused, match="whoever wrote or submitted a policy cannot"):
        world.take(standing, step, signer=world.all)
    message = refused(world.engine, lambda c: insert_act(c, standing, step, world.all))
    assert "whoever wrote or submitted a policy cannot review, approve or publish it" in message
    world.take(standing, step)


def test_an_author_who_becomes_approver_later_is_refused_in_sql_and_by_the_program(
    world: World,
) -> None:
    standing = world.take(world.submit(), "reviewed")
    with world.engine.begin() as connection:
        change_role(connection, "wang", "author", "revoked", by="clerk", now=LATER)
        change_role(connection, "wang", "approver", "granted", by="clerk", now=LATER)
    with (
        pytest.raises(ChangeRefused, match="whoever wrote"),
        world.engine.begin() as connection,
    ):
        take_step(connection, standing, "approved", signer=world.author, now=LATER)
    message = refused(
        world.engine, lambda c: insert_act(c, standing, "approved", world.author, at=LATER)
    )
    assert "whoever wrote" in message


def test_whoever_submits_the_same_content_again_is_an_author_of_it_too(world: World) -> None:
    standing = world.submit()
    again = world.submit(world.all)
    assert again.release == standing.release
    assert [act.actor for act in again.acts] == ["wang", "zhao"]
    assert "whoever wrote" in refused(
        world.engine, lambda c: insert_act(c, standing, "reviewed", world.all)
    )
    world.take(standing, "reviewed", "approved")
    fourth = NOW
    with world.engine.begin() as connection:
        late = make_actor(connection, "sun", "author", now=fourth)
    with pytest.raises(ChangeRefused, match="its review has begun"):
        world.submit(late)


def test_of_two_at_once_nobody_is_both_author_and_reviewer(world: World) -> None:
    standing = world.submit()
    start = Barrier(2)

    def try_to(step: str) -> bool:
        start.wait()
        try:
            with world.engine.begin() as connection:
                insert_act(connection, standing, step, world.all)
        except ChangeRefused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(try_to, ("submitted", "reviewed")))
    assert done.count(True) == 1


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (release_table, "author"),
        (release_table, "content_hash"),
        (release_table, "effective_from"),
        (act_table, "actor"),
        (act_table, "step"),
        (act_table, "reason"),
        (act_table, "signature"),
        (role_table, "role"),
        (role_table, "actor"),
        (file_table, "content"),
        (release_file_table, "file_hash"),
    ],
)
def test_nothing_that_was_submitted_or_signed_is_updated(
    world: World, table: Any, column: str
) -> None:
    world.publish()
    values: dict[str, Any] = {
        "effective_from": date(2030, 1, 1),
        "content": b"policy: other",
        "role": "approver",
        "step": "withdrawn",
        "author": "li",
        "actor": "zhao",
    }
    value = values.get(column, "0" * 64)
    message = refused(world.engine, lambda c: c.execute(update(table).values({column: value})))
    assert "never changed" in message


@pytest.mark.parametrize(
    "table", [act_table, release_file_table, release_table, file_table, role_table, actor_table]
)
def test_nothing_that_was_submitted_or_signed_is_deleted(world: World, table: Any) -> None:
    world.publish()
    before = all_rows(world.engine, table)
    message = refused(world.engine, lambda c: c.execute(delete(table)))
    assert "never changed" in message or "nothing is changed but its end" in message
    if world.engine.dialect.name == "postgresql":
        refused(world.engine, lambda c: c.execute(text(f"TRUNCATE {table.name} CASCADE")))
    assert all_rows(world.engine, table) == before


def test_replacing_a_row_is_refused_like_its_deletion(world: World) -> None:
    if world.engine.dialect.name != "sqlite":
        pytest.skip("REPLACE is a word of SQLite")
    standing = world.take(world.submit(), "reviewed")
    for table in (release_table, act_table, actor_table, role_table, file_table):
        with reading(world.engine) as connection:
            row = connection.execute(select(table)).first()
        assert row is not None
        statement = insert(table).prefix_with("OR REPLACE").values(**row._mapping)
        refused(world.engine, lambda c, s=statement: c.execute(s))  # type: ignore[misc]
    with reading(world.engine) as connection:
        assert list_standings(connection) == [standing]


ORDERS: list[tuple[tuple[Step, ...], Step, str]] = [
    ((), "approved", "the step before is missing"),
    ((), "published", "the step before is missing"),
    ((), "withdrawn", "the step before is missing"),
    (("reviewed",), "published", "the step before is missing"),
    (("reviewed",), "reviewed", "this step is done already"),
    (("reviewed", "approved"), "withdrawn", "the step before is missing"),
    (("reviewed", "approved", "published"), "published", "this step is done already"),
    (("reviewed", "approved", "published"), "imported", "only a release of an archive"),
]


@pytest.mark.parametrize(("done", "step", "message"), ORDERS)
def test_steps_are_taken_in_their_order_and_once(
    world: World, done: tuple[Step, ...], step: Step, message: str
) -> None:
    standing = world.take(world.submit(), *done)
    assert message in refused(world.engine, lambda c: insert_act(c, standing, step, world.other))


NEEDED: dict[Step, tuple[Role, ...]] = {
    "reviewed": ("reviewer",),
    "approved": ("approver",),
    "published": ("operator",),
    "withdrawn": ("approver", "operator"),
}


@pytest.mark.parametrize("step", list(NEEDED))
def test_a_step_needs_its_role_at_the_time_of_the_act(world: World, step: Step) -> None:
    steps: tuple[Step, ...] = ("reviewed", "approved", "published", "withdrawn")
    standing = world.take(world.submit(), *steps[: steps.index(step)])
    for role in ROLES:
        with world.engine.begin() as connection:
            alone = make_actor(connection, f"only-{role}", role, now=NOW)
        if role in NEEDED[step]:
            continue
        message = refused(world.engine, lambda c, a=alone: insert_act(c, standing, step, a))  # type: ignore[misc]
        assert "does not hold the role" in message
        with pytest.raises(ActorRefused, match="that needs the role"):
            world.take(standing, step, signer=alone)
    with world.engine.begin() as connection:
        before = make_actor(connection, "before", *NEEDED[step], now=NOW)
        for role in NEEDED[step]:
            change_role(connection, "before", role, "revoked", by="clerk", now=NOW)
    assert "role" in refused(world.engine, lambda c: insert_act(c, standing, step, before))


def test_an_act_is_not_dated_back_to_when_the_role_was_held(world: World) -> None:
    standing = world.submit()
    with world.engine.begin() as connection:
        change_role(connection, "li", "reviewer", "revoked", by="clerk", now=LATER)
    # while it was held: by the rows of that day it would have been allowed
    assert "cannot be dated before" in refused(
        world.engine, lambda c: insert_act(c, standing, "reviewed", world.other, at=NOW)
    ) or "does not hold" in refused(
        world.engine, lambda c: insert_act(c, standing, "reviewed", world.other, at=NOW)
    )


def test_a_role_is_not_granted_back_to_before_an_act(world: World) -> None:
    world.take(world.submit(), "reviewed")
    row = {"actor": "li", "role": "author", "change": "granted", "by": "clerk"}
    early = NOW - timedelta(minutes=1)
    message = refused(world.engine, lambda c: c.execute(insert(role_table).values(**row, at=early)))
    assert "before an actor begins" in message or "cannot be dated before" in message


def test_whoever_has_ended_does_nothing_more(world: World) -> None:
    standing = world.submit()
    with world.engine.begin() as connection:
        retire_actor(connection, "li", by="clerk", now=LATER)
        assert find_actor(connection, "li").roles == ()
    assert "not active" in refused(
        world.engine, lambda c: insert_act(c, standing, "reviewed", world.other, at=LATER)
    )
    row = {"actor": "li", "role": "author", "change": "granted", "by": "clerk", "at": LATER}
    assert "after it has ended" in refused(
        world.engine, lambda c: c.execute(insert(role_table).values(**row))
    )
    for change in ({"until": None}, {"public_key": "0" * 64}, {"until": LATER}):
        refused(world.engine, lambda c, v=change: c.execute(update(actor_table).values(**v)))  # type: ignore[misc]


def test_one_key_belongs_to_one_actor(world: World) -> None:
    with reading(world.engine) as connection:
        key = find_actor(connection, "wang").public_key
    row = {"name": "wang-again", "public_key": key, "since": NOW}
    assert "key already" in refused(
        world.engine, lambda c: c.execute(insert(actor_table).values(**row))
    )


def test_an_edit_after_approval_is_another_content_without_any_approval(world: World) -> None:
    approved = world.take(world.submit(people=5), "reviewed", "approved")
    edited = world.submit(people=6)
    assert edited.release.content_hash != approved.release.content_hash
    assert [act.step for act in edited.acts] == ["submitted"]
    with reading(world.engine) as connection:
        assert find_standing(connection, "city-grant@1") == edited
    with pytest.raises(ChangeRefused, match="the step before is missing"):
        world.take(edited, "published")


def test_a_version_is_published_with_one_content_only(world: World) -> None:
    draft = world.take(world.submit(people=6), "reviewed", "approved")
    world.publish(people=5)
    with pytest.raises(PublicationRefused, match="give what has changed a new version"):
        world.take(draft, "published")
    assert "published already with other content" in refused(
        world.engine, lambda c: insert_act(c, draft, "published", world.other)
    )


def test_two_versions_are_not_in_force_on_one_day(world: World) -> None:
    first = world.publish()
    draft = world.take(world.submit(version="2", begins="2026-03-01"), "reviewed", "approved")
    with pytest.raises(PublicationRefused, match="--from 2026-03-01"):
        world.take(draft, "published")
    with world.engine.begin() as connection:
        take_step(
            connection,
            first,
            "withdrawn",
            signer=world.other,
            now=NOW,
            day=date(2026, 3, 1),
            reason="replaced",
        )
    world.take(draft, "published")
    with reading(world.engine) as connection:
        before = choose_published(connection, date(2026, 2, 28))
        after = choose_published(connection, date(2026, 3, 1))
    assert [one.release.version for one in before] == ["1", "2"]
    assert [one.release.version for one in after] == ["2"]


def test_what_begins_before_its_publication_needs_a_reason(world: World) -> None:
    draft = world.take(world.submit(begins="2025-01-01"), "reviewed", "approved")
    with (
        pytest.raises(PublicationRefused, match="--retroactive"),
        world.engine.begin() as connection,
    ):
        take_step(connection, draft, "published", signer=world.other, now=NOW)
    assert "that needs a reason" in refused(
        world.engine, lambda c: insert_act(c, draft, "published", world.other, reason=" ")
    )
    # nor is the day of its publication told as an earlier one
    assert "the day on which it is done" in refused(
        world.engine,
        lambda c: insert_act(c, draft, "published", world.other, reason="", day=date(2025, 1, 1)),
    )
    with world.engine.begin() as connection:
        take_step(
            connection, draft, "published", signer=world.other, now=NOW, reason="the text is late"
        )
    seal(world.engine, now=NOW)
    with reading(world.engine) as connection:
        (entry,) = [e for e in sealed_entries(connection, 0) if e.kind == "policy.published"]
    assert entry.body["reason"] == "the text is late"
    assert entry.body["retroactive_from"] == "2025-01-01"


def test_a_withdrawal_needs_a_reason(world: World) -> None:
    standing = world.publish()
    assert "a withdrawal needs a reason" in refused(
        world.engine, lambda c: insert_act(c, standing, "withdrawn", world.other, reason="")
    )


def test_a_key_that_is_not_the_actors_signs_nothing(world: World) -> None:
    standing = world.submit()
    false = Signer(name="li", private_key=make_private_key())
    with pytest.raises(KeyRefused, match="not the one of li"):
        world.take(standing, "reviewed", signer=false)


@pytest.mark.parametrize("step", ["published", "withdrawn"])
def test_an_act_written_into_the_database_without_the_key_runs_and_stops_nothing(
    world: World, step: Step
) -> None:
    before: tuple[Step, ...] = ("reviewed", "approved", "published")
    standing = world.take(world.submit(), *(before if step == "withdrawn" else before[:2]))
    false = Signer(name="li", private_key=make_private_key())
    with world.engine.begin() as connection:
        insert_act(connection, standing, step, false)
    with (
        reading(world.engine) as connection,
        pytest.raises(PublicationRefused, match="li has not signed"),
    ):
        choose_published(connection, TODAY)


def test_a_signature_is_over_policy_content_step_actor_and_time(world: World) -> None:
    standing = world.publish()
    act = standing.acts[-1]
    with reading(world.engine) as connection:
        key = find_actor(connection, "li").public_key
    signed = signed_text(standing.release, act)
    assert is_signed(key, act.signature, signed)
    for name in signed:
        assert not is_signed(key, act.signature, {**signed, name: "other"})
    for change in ({"step": "approved"}, {"at": LATER}, {"reason": "x"}, {"actor": "wang"}):
        altered = replace(standing, acts=(*standing.acts[:-1], replace(act, **change)))
        with reading(world.engine) as connection, pytest.raises(PublicationRefused):
            check_acts(connection, [altered])


def test_content_altered_under_the_triggers_runs_nothing(world: World) -> None:
    """Whoever drops the guards and edits the files is found by the content's hash."""
    standing = world.publish()
    with world.engine.begin() as connection:
        if world.engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER policy_file_no_update"))
        else:
            connection.execute(text("ALTER TABLE policy_file DISABLE TRIGGER ALL"))
        old = connection.scalars(select(file_table.c.content)).one()
        content = bytes(old).replace(b">= 5", b">= 1")
        connection.execute(update(file_table).values(content=content))
    with (
        reading(world.engine) as connection,
        pytest.raises(PublicationRefused, match="not what was submitted"),
    ):
        load_releases(connection, [standing.release], vocabulary())


def test_no_file_is_added_to_what_was_submitted(world: World) -> None:
    standing = world.submit()
    with reading(world.engine) as connection:
        name = connection.scalars(select(file_table.c.hash)).one()
    row = {
        "content_hash": standing.release.content_hash,
        "path": "policy/more.csv",
        "file_hash": name,
    }
    refused(world.engine, lambda c: c.execute(insert(release_file_table).values(**row)))


def test_a_release_is_submitted_by_its_author_and_no_other(world: World) -> None:
    policy, _ = world.load()
    row = {
        "content_hash": policy.content_hash,
        "policy": policy.id,
        "version": policy.version,
        "adopted_by": "",
        "title_zh": policy.title_zh,
        "title_en": policy.title_en,
        "effective_from": policy.effective_from,
        "first_day": policy.starts_on,
        "author": "wang",
    }
    with world.engine.begin() as connection:
        connection.execute(insert(release_table).values(**row))
        (release,) = list_releases(connection)
    draft = Standing(release=release, acts=())
    assert "first submitted by its author" in refused(
        world.engine, lambda c: insert_act(c, draft, "submitted", world.all)
    )


def test_states_follow_from_acts_and_dates(world: World) -> None:
    standing = world.submit(ends=", to: 2026-06-30")
    assert standing.state(TODAY) == "submitted"
    for step in ("reviewed", "approved", "published"):
        standing = world.take(standing, step)
        assert standing.state(TODAY) == step
    assert standing.state(date(2026, 6, 30)) == "published"
    assert standing.state(date(2026, 7, 1)) == "expired"
    with world.engine.begin() as connection:
        standing = take_step(
            connection,
            standing,
            "withdrawn",
            signer=world.other,
            now=NOW,
            day=date(2026, 2, 1),
            reason="the text is void",
        )
    assert standing.state(date(2026, 1, 31)) == "published"
    assert standing.state(date(2026, 2, 1)) == "withdrawn"
    assert (standing.runs_on(date(2026, 1, 31)), standing.runs_on(date(2026, 2, 1))) == (
        True,
        False,
    )


def test_roles_are_told_with_the_days_on_which_they_were_held(world: World) -> None:
    with world.engine.begin() as connection:
        change_role(connection, "wang", "author", "revoked", by="clerk", now=LATER)
        change_role(connection, "wang", "author", "granted", by="clerk", now=LATER)
        spans = find_actor(connection, "wang").spans
        assert [(span.since, span.until) for span in spans] == [(NOW, LATER), (LATER, None)]
        with pytest.raises(ActorRefused, match="holds the role"):
            change_role(connection, "wang", "author", "granted", by="clerk", now=LATER)


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", ".x", "13800000000", "a b", "9901011944030712"]
)
def test_a_name_that_is_a_path_or_a_number_is_refused(world: World, name: str) -> None:
    with pytest.raises(ActorRefused), world.engine.begin() as connection:
        make_actor(connection, name, now=NOW)
    with reading(world.engine) as connection:
        assert len(list_actors(connection)) == 3


def test_what_is_no_rule_of_ours_stays_an_error_of_the_database(world: World) -> None:
    with pytest.raises(IntegrityError), world.engine.begin() as connection, refusals():
        connection.execute(insert(actor_table).values(name="x", since=NOW))
    with pytest.raises(DBAPIError), world.engine.begin() as connection, refusals():
        connection.execute(text("SELECT 1 FROM nowhere"))
