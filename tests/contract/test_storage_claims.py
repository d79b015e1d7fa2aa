"""Claims: what is used up once is held by one award, whatever comes in between."""

import threading
from collections.abc import Callable, Sequence

import polars as pl
from sqlalchemy import Engine, select, update

from awards import claims
from awards.award import award_table
from awards.claims import claim_table, read_claims
from awards.intake import IntakeReport
from ledger.database import reading
from ledger.journal import journal_entry
from tests.storage_world import count_rows, make_match, make_matches, make_run, take_in

KEY = b"k" * 32


def claiming(*rows: tuple[int, str, Sequence[str]]) -> pl.DataFrame:
    """A match for each: whose, of which policy, and what it claims in the group `hiring`."""
    matches = make_matches(*(make_match(number, policy=policy) for number, policy, _ in rows))
    claimed = [[f"hiring\n{value}" for value in values] for *_, values in rows]
    return matches.with_columns(pl.Series("claimed", claimed, dtype=pl.List(pl.String)))


def owners(engine: Engine) -> dict[str, tuple[str, int]]:
    query = select(claim_table.c.claimed, award_table.c.policy, award_table.c.amount_fen)
    query = query.join_from(claim_table, award_table)
    with reading(engine) as connection:
        return {claimed: (policy, fen) for claimed, policy, fen in connection.execute(query)}


def end(engine: Engine, policy: str, state: str = "declined") -> None:
    with engine.begin() as connection:
        connection.execute(
            update(award_table).where(award_table.c.policy == policy).values(state=state)
        )


def test_an_award_holds_what_it_claims_and_nobody_else_gets_it(database: Engine) -> None:
    first = claiming((1, "one", ["p1", "p2"]))
    second = claiming((2, "one", ["p3"]), (3, "two", ["p2", "p4"]))
    assert take_in(database, first) == IntakeReport(opened=1)
    assert take_in(database, second) == IntakeReport(opened=1, raced=1)
    assert owners(database) == {
        "p1": ("one", 10_001),
        "p2": ("one", 10_001),
        "p3": ("one", 10_002),
    }
    opened = [r for r in journal(database) if r == "award.opened"]
    assert len(opened) == count_rows(database, award_table) == 2


def test_the_same_intake_again_changes_nothing(database: Engine) -> None:
    matches = claiming((1, "one", ["p1"]), (2, "one", ["p1"]))
    assert take_in(database, matches) == IntakeReport(opened=1, raced=1)
    before = owners(database)
    assert take_in(database, matches) == IntakeReport(unchanged=1, raced=1)
    assert owners(database) == before


def test_what_a_declined_or_withdrawn_award_held_is_free(database: Engine) -> None:
    take_in(database, claiming((1, "one", ["p1"]), (2, "two", ["p2"]), (3, "three", ["p3"])))
    end(database, "one")
    end(database, "two", "withdrawn")
    end(database, "three", "closed")
    report = take_in(
        database, claiming((4, "one", ["p1"]), (5, "two", ["p2"]), (6, "three", ["p3"]))
    )
    assert report == IntakeReport(opened=2, raced=1)
    held = owners(database)
    assert (held["p1"], held["p2"], held["p3"]) == (
        ("one", 10_004),
        ("two", 10_005),
        ("three", 10_003),
    )


def test_an_award_takes_what_it_claims_by_now(database: Engine) -> None:
    plain = claiming((1, "one", [])).drop("claimed")
    assert take_in(database, plain) == IntakeReport(opened=1)
    assert owners(database) == {}
    take_in(database, claiming((1, "one", ["p1", "p2"]), (2, "one", ["p3"])))
    assert owners(database)["p2"] == ("one", 10_001)
    # what another award holds is not taken from it
    take_in(database, claiming((1, "one", ["p1", "p2", "p3"])))
    assert owners(database)["p3"] == ("one", 10_002)


def test_an_award_is_not_raised_for_what_another_holds(database: Engine) -> None:
    take_in(database, claiming((1, "one", ["p1"]), (2, "one", ["p2"])))
    more = claiming((1, "one", ["p1", "p2"])).with_columns(
        pl.lit(20_000, dtype=pl.Int64).alias("amount_fen")
    )
    assert take_in(database, more, snapshot="b") == IntakeReport(settled=1)
    assert owners(database) == {"p1": ("one", 10_001), "p2": ("one", 10_002)}
    assert journal(database).count("match.held") == 1
    # less is no more than it has, and of its own it may have more
    less = more.with_columns(pl.lit(5_000, dtype=pl.Int64).alias("amount_fen"))
    assert take_in(database, less, snapshot="c") == IntakeReport(adjusted=1)
    own = claiming((1, "one", ["p1", "p3"]))
    assert take_in(database, own, snapshot="d") == IntakeReport(adjusted=1)


def test_intakes_at_the_same_time_give_each_claim_to_one(
    open_engine: Callable[[], Engine],
) -> None:
    engines = [open_engine() for _ in range(3)]
    make_run(engines[0])
    barrier = threading.Barrier(3)
    reports: list[IntakeReport] = []

    def work(number: int) -> None:
        rows = [(1_000 * number + i, f"policy-{number}", [f"p{i}"]) for i in range(300)]
        barrier.wait()
        reports.append(take_in(engines[number], claiming(*rows)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.opened for report in reports) == 300
    assert count_rows(engines[0], claim_table) == count_rows(engines[0], award_table) == 300


def test_more_claims_than_one_statement_takes(database: Engine) -> None:
    many = [f"p{i}" for i in range(claims._AT_ONCE * 2 + 7)]
    assert take_in(database, claiming((1, "one", many))).opened == 1
    assert count_rows(database, claim_table) == len(many)
    later = claiming((2, "one", [many[-1]]), (3, "one", ["fresh"]))
    assert take_in(database, later) == IntakeReport(opened=1, raced=1)


def test_what_is_claimed_is_stored_as_a_keyed_hash_of_its_group() -> None:
    matches = make_matches(make_match(1), make_match(2, policy="other"))
    matches = matches.with_columns(pl.lit('["loan 77", "Rnew"]').alias("claims"))
    groups = {"elder-allowance@2025.1": "loans", "other@2025.1": "hiring"}
    found = read_claims(matches, groups, KEY)
    assert found.height == 4
    assert found["claimed"].n_unique() == 4
    assert found["claimed"].str.len_chars().unique().to_list() == [64]
    assert not found["claimed"].str.contains("loan").any()
    assert set(read_claims(matches, groups, b"x" * 32)["claimed"]).isdisjoint(found["claimed"])
    # a person is the same under the id of before
    renamed = read_claims(matches, groups, KEY, former=[("Rold", "Rnew")])
    older = matches.with_columns(pl.lit('["loan 77", "Rold"]').alias("claims"))
    assert set(renamed["claimed"]) == set(read_claims(older, groups, KEY)["claimed"])


def journal(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.scalars(select(journal_entry.c.kind)))
