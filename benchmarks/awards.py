"""How fast awards are opened, beside the raw driver writing the same rows into the same tables.

`python -m benchmarks.awards`; `--awards` makes it shorter, `--database` leaves one out. Two
processes take turns, 50,000 awards each: Zhida opens the awards of a policy, and the raw driver
writes the rows and journal entries that came out, all ready beforehand, into a database of its own
with the same constraints and as large transactions: `executemany` on SQLite, COPY on PostgreSQL.
The tables must have the same checksum in the end. Then the journal is sealed by turns as well, and
Zhida goes on opening awards while a third process writes one row every ten milliseconds.
"""

import argparse
import hashlib
import multiprocessing
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, make_url, select

from awards.award import MOST_AWARDS, award_table
from awards.intake import open_awards
from benchmarks.decisions import describe_machine
from benchmarks.postgresql import started_postgresql
from benchmarks.timing import Spent, time_once
from engine.part_outcome import MATCH_SCHEMA
from engine.run import begin_run
from ledger.database import migrate, open_database, reading, upsert
from ledger.journal import journal_cursor, journal_entry, seal

TURN = 50_000
"""Awards of one turn: those of one policy."""
SUBJECTS = 1_000_000
WHILE_WRITING = 3
"""Turns beside the other writer."""
NOW = datetime(2025, 12, 1, 8, tzinfo=UTC)
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
COLUMNS = {
    "award": [column.name for column in award_table.c],
    "journal_entry": ["recorded_at", "kind", "actor", "subject", "body"],
}
TABLES = {"award": award_table, "journal_entry": journal_entry}


def draw_matches(turn: int, count: int) -> pl.DataFrame:
    """Matches of one policy: every so-many-th subject, each with another amount."""
    step = SUBJECTS // TURN
    numbers = [place * step + turn % step for place in range(count)]
    subjects = [
        "R" + "".join(LETTERS[n * 0x9E3779B97F4A7C15 % 2**80 >> s & 31] for s in range(75, -1, -5))
        for n in numbers
    ]
    return pl.DataFrame(
        {
            "policy": [f"generated-policy-{turn:04d}"] * count,
            "version": ["2025.1"] * count,
            "subject": subjects,
            "kind": ["resident"] * count,
            "period": ["2025-11"] * count,
            "item": [""] * count,
            "amount_fen": [10_000 + number % 7_919 for number in numbers],
            "missing": [""] * count,
            "delivery": ["direct"] * count,
        },
        schema={**MATCH_SCHEMA, "missing": pl.String(), "delivery": pl.String()},
    )


def answer(pipe: Connection, work: Callable[..., object]) -> None:
    """Do what the pipe asks for until it asks for nothing more; then tell the peak memory."""
    while (asked := pipe.recv()) is not None:
        pipe.send(work(*asked))
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


def be_zhida(pipe: Connection, url: str, run_id: str) -> None:
    """Open awards and seal."""
    engine = open_database(url)

    def work(what: str, turn: int, count: int) -> Spent:
        if what == "seal":
            return time_once(lambda: seal(engine, now=NOW))[1]
        matches = draw_matches(turn, count)
        report, spent = time_once(
            lambda: open_awards(
                engine, matches, run_id=run_id, actor="clerk", now=NOW, seconds=time.monotonic
            )
        )
        assert report.opened == count
        return spent

    answer(pipe, work)


def be_raw(pipe: Connection, url: str, source: str) -> None:
    """Write what Zhida wrote, from tuples that are ready."""
    origin = open_database(source)
    address = make_url(url)
    size = MOST_AWARDS[address.get_backend_name()]
    on_sqlite = address.get_backend_name() == "sqlite"
    write: Callable[..., None] = write_sqlite if on_sqlite else write_postgresql
    driver: Any = raw_sqlite(str(address.database)) if on_sqlite else psycopg.connect(url)

    def work(turn: int) -> Spent:
        total = Spent(0.0, 0.0)
        rows = {name: rows_of_turn(origin, name, turn) for name in TABLES}
        while batch := {name: list(islice(some, size)) for name, some in rows.items()}:
            if not batch["award"]:
                break
            spent = time_once(partial(write, driver, batch))[1]
            total = Spent(total.clock + spent.clock, total.processors + spent.processors)
        return total

    answer(pipe, work)


def raw_sqlite(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("foreign_keys = ON", "synchronous = FULL", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def write_sqlite(driver: sqlite3.Connection, batch: dict[str, list[tuple[Any, ...]]]) -> None:
    driver.execute("BEGIN IMMEDIATE")
    for name, rows in batch.items():
        marks = ", ".join("?" * len(COLUMNS[name]))
        driver.executemany(
            f"INSERT INTO {name} ({', '.join(COLUMNS[name])}) VALUES ({marks}) "
            "ON CONFLICT DO NOTHING",
            rows,
        )
    driver.execute("COMMIT")


def write_postgresql(
    driver: "psycopg.Connection[Any]", batch: dict[str, list[tuple[Any, ...]]]
) -> None:
    for name, rows in batch.items():
        statement = f"COPY {name} ({', '.join(COLUMNS[name])}) FROM STDIN".encode()
        with driver.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    driver.commit()


def rows_of_turn(origin: Engine, name: str, turn: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a turn in their order, as this database's driver takes them."""
    names = ", ".join(COLUMNS[name])
    if name == "award":
        query = f"SELECT {names} FROM award WHERE policy = '{policy_of(turn)}' ORDER BY id"
    else:
        query = (
            f"SELECT {names} FROM journal_entry WHERE kind = 'award.opened' "
            f"ORDER BY id LIMIT {TURN} OFFSET {turn * TURN}"
        )
    with reading(origin) as connection:
        yield from [tuple(row) for row in connection.exec_driver_sql(query)]


def policy_of(turn: int) -> str:
    return f"generated-policy-{turn:04d}"


def be_other_writer(pipe: Connection, url: str) -> None:
    """Write one row every ten milliseconds; in the end how long each one took, in seconds."""
    engine = open_database(url)
    waits = []
    number = 0
    pipe.send("ready")
    while not pipe.poll(0.01):
        number += 1
        started = time.perf_counter()
        with engine.begin() as connection:
            statement = upsert(connection, journal_cursor).values(reader="other", sequence=number)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["reader"], set_={"sequence": number}
                )
            )
        waits.append(time.perf_counter() - started)
    pipe.send(waits)


@contextmanager
def other(work: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """A process of its own that answers through a pipe."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=work, args=(there, *arguments))
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.join()


def ask(pipe: Connection, *what: object) -> Any:
    pipe.send(what)
    return pipe.recv()


def end(pipe: Connection) -> float:
    """Peak memory in GiB."""
    pipe.send(None)
    return float(pipe.recv())


def checksum(engine: Engine, turns: int) -> str:
    """Of all awards and their journal entries, each table in its order."""
    digest = hashlib.sha256()
    last = policy_of(turns)
    for name, table in TABLES.items():
        columns = [table.c[column] for column in COLUMNS[name]]
        query = select(*columns).order_by(table.c.id)
        if name == "award":
            query = query.where(table.c.policy < last)
        else:
            query = query.where(table.c.kind == "award.opened").limit(turns * TURN)
        with reading(engine) as connection:
            for row in connection.execution_options(yield_per=20_000).execute(query):
                digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()


def race(urls: tuple[str, str], awards: int, out: Console) -> None:
    """Fill two databases by turns and print the figures."""
    engines = [open_database(url) for url in urls]
    for engine in engines:
        migrate(engine)
        run = begin_run(
            engine,
            as_of=date(2025, 11, 30),
            snapshot_hash="a" * 64,
            program_hash="f" * 64,
            actor="clerk",
            now=NOW,
        )
        seal(engine, now=NOW)
    turns = max(1, awards // TURN)
    count = min(awards, TURN)
    pairs: list[tuple[Spent, Spent]] = []
    with other(be_zhida, urls[0], run.id) as zhida, other(be_raw, urls[1], urls[0]) as raw:
        for turn in range(turns):
            pairs.append((ask(zhida, "open", turn, count), ask(raw, turn)))
        sums = [checksum(engine, turns) for engine in engines]
        if len(set(sums)) != 1:
            raise SystemExit(f"the tables differ: {sums}")
        sealed: Spent = ask(zhida, "seal", 0, 0)
        with other(be_other_writer, urls[0]) as writer:
            assert writer.recv() == "ready"
            beside = [ask(zhida, "open", turns + n, count) for n in range(WHILE_WRITING)]
            writer.send(None)
            waits = sorted(writer.recv())
        memory = (end(zhida), end(raw))
    for engine in engines:
        engine.dispose()
    backend = make_url(urls[0]).get_backend_name()
    table = Table(title=f"{turns * count:,} awards with their journal entries, {backend}")
    table.title_justify = "left"
    for head in ("way", "seconds", "processor s", "awards a second", "best turn", "GiB"):
        table.add_column(head, justify="left" if head == "way" else "right")
    for place, name in enumerate(("Zhida", "raw driver, rows ready")):
        spent = [pair[place] for pair in pairs]
        clock, best = sum(one.clock for one in spent), min(one.clock for one in spent)
        table.add_row(
            name,
            f"{clock:.1f}",
            f"{sum(one.processors for one in spent):.1f}",
            f"{turns * count / clock:,.0f}",
            f"{count / best:,.0f}",
            f"{memory[place]:.2f}",
        )
    clock = sum(one.clock for one in beside)
    each = WHILE_WRITING * count / clock
    table.add_row("Zhida beside another writer", f"{clock:.1f}", "", f"{each:,.0f}", "", "")
    out.print(table)
    ratios = sorted(raw.clock / zhida.clock for zhida, raw in pairs)
    out.print(
        f"equal checksums; Zhida takes in {ratios[len(ratios) // 2]:.2f} times as many as the raw "
        f"driver, in the median of turns; of {len(waits):,} rows of another writer the slowest "
        f"took {waits[-1] * 1000:.0f} ms, one in a hundred more than "
        f"{waits[len(waits) * 99 // 100] * 1000:.0f} ms, the median {median(waits) * 1000:.0f} ms; "
        f"sealed {turns * count / sealed.clock:,.0f} entries a second "
        f"({sealed.clock:.1f} s, {sealed.processors:.1f} of the processor)"
    )


def median(values: list[float]) -> float:
    return values[len(values) // 2]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--awards", type=int, default=1_000_000)
    options.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asked = options.parse_args()
    out = Console(width=110)
    if asked.database != "postgresql":
        with tempfile.TemporaryDirectory(prefix="zhida-awards-") as name:
            files = (f"sqlite:///{Path(name) / 'zhida.db'}", f"sqlite:///{Path(name) / 'raw.db'}")
            race(files, asked.awards, out)
    if asked.database != "sqlite":
        with started_postgresql() as url:
            names = ("zhida", "raw")
            with psycopg.connect(url, autocommit=True) as connection:
                for name in names:
                    connection.execute(f"CREATE DATABASE {name}".encode())
            first, second = (make_url(url).set(database=name) for name in names)
            urls = (
                first.render_as_string(hide_password=False),
                second.render_as_string(hide_password=False),
            )
            race(urls, asked.awards, out)
    out.print(describe_machine())


if __name__ == "__main__":
    main()
