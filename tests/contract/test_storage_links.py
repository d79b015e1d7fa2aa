"""Links: the machine's are made anew by every run, a person's stay, and the journal says who."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError

from ledger.database import reading
from ledger.journal import journal_entry
from profiles.errors import LinkRefused
from profiles.link import (
    BY_MACHINE,
    Link,
    Settled,
    State,
    decide_link,
    link_table,
    name_link,
    read_links,
    settle_links,
)
from tests.storage_world import ACTOR, NOW, minutes_later, subject_of

ALL: tuple[State, ...] = ("linked", "review", "accepted", "rejected")


def make_link(row: str, firm: int, state: State = "linked", **changes: object) -> Link:
    candidate = subject_of(firm).replace("R", "E", 1)
    link = Link(
        id=name_link("park-tenants", row, candidate),
        dataset="park-tenants",
        row=row,
        candidate=candidate,
        state=state,
        score=9_000,
        ahead=8_000,
        line=2,
        source="s" * 64,
        register="r" * 64,
        model="m" * 64,
        shown='{"row": {}, "firm": {}}',
        decided_by=BY_MACHINE,
        decided_at=NOW,
    )
    return replace(link, **changes)  # type: ignore[arg-type]


def settle(engine: Engine, *links: Link, rows: tuple[str, ...] = ()) -> Settled:
    names = tuple(dict.fromkeys((*rows, *(link.row for link in links))))
    return settle_links(engine, "park-tenants", names, links, now=NOW)


def states(engine: Engine) -> dict[str, State]:
    with reading(engine) as connection:
        return {link.id: link.state for link in read_links(connection, "park-tenants", ALL)}


def journal(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        query = select(journal_entry.c.kind).order_by(journal_entry.c.id)
        return list(connection.scalars(query))


def decide(engine: Engine, link: Link, decision: Literal["accepted", "rejected"]) -> Link:
    with engine.begin() as connection:
        return decide_link(connection, link.id, decision, actor=ACTOR, now=minutes_later(1))


def test_a_run_is_repeated_without_a_trace(database: Engine) -> None:
    linked, doubtful = make_link("a", 1), make_link("b", 2, "review")
    first = settle(database, linked, doubtful, rows=("c",))
    assert first == Settled(made=1, dropped=0, review=1, by_person=0)
    assert states(database) == {linked.id: "linked", doubtful.id: "review"}
    assert settle(database, linked, doubtful, rows=("c",)) == first
    assert journal(database) == ["link.made"]


def test_a_link_says_from_what_it_was_made(database: Engine) -> None:
    link = make_link("a", 1)
    settle(database, link)
    with reading(database) as connection:
        assert read_links(connection, None, ("linked",)) == [link]
        (entry,) = connection.execute(select(journal_entry)).all()
    assert (entry.actor, entry.subject, entry.recorded_at) == (BY_MACHINE, link.candidate, NOW)
    told = json.loads(entry.body)
    assert told["row"] == "a"
    assert (told["score"], told["ahead"], told["line"]) == (9_000, 8_000, 2)
    assert (told["model"], told["register"], told["source"]) == ("m" * 64, "r" * 64, "s" * 64)


def test_a_later_run_takes_back_what_it_does_not_find_again(database: Engine) -> None:
    first, second, other = make_link("a", 1), make_link("a", 2), make_link("b", 3, "review")
    settle(database, first, other)
    assert settle(database, second, rows=("b",)).dropped == 1
    assert states(database) == {second.id: "linked"}
    assert journal(database) == ["link.made", "link.made", "link.dropped"]
    # rows of another file are not touched
    settle(database, make_link("c", 1))
    assert len(states(database)) == 2


def test_another_model_is_another_link(database: Engine) -> None:
    settle(database, make_link("a", 1))
    settle(database, make_link("a", 1, model="n" * 64, score=9_500))
    assert journal(database) == ["link.made", "link.made"]
    with reading(database) as connection:
        (link,) = read_links(connection, None, ("linked",))
    assert (link.model, link.score) == ("n" * 64, 9_500)


def test_what_a_person_accepted_stays_whatever_runs_find(database: Engine) -> None:
    first, second = make_link("a", 1, "review"), make_link("a", 2, "review")
    settle(database, first, second)
    accepted = decide(database, second, "accepted")
    assert (accepted.state, accepted.decided_by) == ("accepted", ACTOR)
    assert states(database) == {second.id: "accepted"}
    for proposal in (make_link("a", 1), make_link("a", 2, "review"), make_link("a", 3, "review")):
        assert settle(database, proposal).by_person == 1
        assert states(database) == {second.id: "accepted"}
    settle(database, rows=("a",))
    assert states(database) == {second.id: "accepted"}
    assert journal(database) == ["link.accepted"]


def test_what_a_person_rejected_is_never_proposed_again(database: Engine) -> None:
    link = make_link("a", 1)
    settle(database, link)
    decide(database, link, "rejected")
    settle(database, link, make_link("a", 2, "review"))
    assert states(database) == {link.id: "rejected", make_link("a", 2).id: "review"}
    assert journal(database) == ["link.made", "link.rejected"]


def test_a_person_may_think_again_but_not_accept_two(database: Engine) -> None:
    first, second = make_link("a", 1, "review"), make_link("a", 2, "review")
    settle(database, first, second)
    decide(database, first, "rejected")
    decide(database, second, "accepted")
    with pytest.raises(LinkRefused, match=f"{second.id} has been accepted"):
        decide(database, first, "accepted")
    decide(database, second, "rejected")
    decide(database, first, "accepted")
    assert states(database) == {first.id: "accepted", second.id: "rejected"}


def test_a_link_that_is_not_there_is_refused(database: Engine) -> None:
    with pytest.raises(LinkRefused, match="zhida link list"):
        decide(database, make_link("a", 1), "accepted")
    assert journal(database) == []


def test_the_database_lets_no_row_be_two_firms(database: Engine) -> None:
    settle(database, make_link("a", 1))
    second = make_link("a", 2, "accepted")
    query = link_table.insert().values({name: getattr(second, name) for name in Link.__slots__})
    with database.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(query)


def test_a_run_that_began_before_a_decision_does_not_undo_it(
    open_engine: Callable[[], Engine],
) -> None:
    run, person = open_engine(), open_engine()
    link, other = make_link("a", 1, "review"), make_link("a", 2)
    settle(run, link)
    decide(person, link, "accepted")
    # a proposal that was worked out before the decision
    assert settle(run, other).made == 0
    assert states(run) == {link.id: "accepted"}


def test_many_rows_are_settled_in_parts(database: Engine) -> None:
    links = [make_link(f"{number:032x}", number) for number in range(2_500)]
    assert settle(database, *links).made == 2_500
    with reading(database) as connection:
        assert connection.scalar(select(func.count()).select_from(link_table)) == 2_500
