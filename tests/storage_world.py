"""A small world for the tests of what is stored: runs, matches, policy cards, at a fixed time."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Engine, Table, func, select

from awards.award import award_table
from awards.intake import IntakeReport, Matches, open_awards
from engine.part_outcome import MATCH_SCHEMA
from engine.run import Run, begin_run
from ledger.database import reading
from ledger.journal import journal_entry
from notifier.notice import PolicyCard

NOW = datetime(2025, 12, 1, 8, 0, tzinfo=UTC)
AS_OF = date(2025, 11, 30)
ACTOR = "clerk-1"
NATURAL_KEY = ("policy", "subject", "period", "item")


def minutes_later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def make_run(engine: Engine, snapshot: str = "a") -> Run:
    """The run over a snapshot named by one letter."""
    return begin_run(
        engine,
        as_of=AS_OF,
        snapshot_hash=snapshot * 64,
        program_hash="f" * 64,
        actor=ACTOR,
        now=NOW,
    )


def make_match(number: int = 0, **changes: Any) -> dict[str, Any]:
    """One match; `number` makes the subject and the amount."""
    return {
        "policy": "elder-allowance",
        "version": "2025.1",
        "subject": subject_of(number),
        "kind": "resident",
        "period": "2025-11",
        "item": "",
        "amount_fen": 10_000 + number,
        **changes,
    }


def make_matches(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = {**MATCH_SCHEMA, "missing": pl.String()} if _with_missing(rows) else MATCH_SCHEMA
    return pl.DataFrame(list(rows), schema=schema)


def many_matches(count: int, **changes: Any) -> pl.DataFrame:
    return make_matches(*(make_match(number, **changes) for number in range(count)))


def subject_of(number: int) -> str:
    """A surrogate id: its 16 characters spell the number in base 32."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    digits = [letters[number >> shift & 31] for shift in range(75, -1, -5)]
    return "R" + "".join(digits)


def take_in(
    engine: Engine, matches: Matches, *, snapshot: str = "a", **options: Any
) -> IntakeReport:
    run = make_run(engine, snapshot)
    options = {"now": NOW, **options}
    return open_awards(engine, matches, run_id=run.id, actor=ACTOR, **options)


def make_card(policy: str = "elder-allowance", **changes: Any) -> PolicyCard:
    values: dict[str, Any] = {
        "policy": policy,
        "version": "2025.1",
        "title_zh": "高龄津贴",
        "title_en": "Old-age allowance",
        "authority": "示范市民政局",
        "basis": ("示范市高龄津贴发放办法 第三条",),
        "reasons_zh": ("年满80周岁", "具有本市户籍"),
        "reasons_en": ("aged 80 or more", "registered in this city"),
        "delivery": "direct",
        "contact_zh": "养老服务科 990-12345",
        **changes,
    }
    return PolicyCard(**values)


def count_rows(engine: Engine, table: Table) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def all_rows(engine: Engine, table: Table) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key.columns)))


def opened_in_journal(engine: Engine) -> list[tuple[Any, ...]]:
    """Award id, natural key and amount of each opening in the journal."""
    rows = [row for row in all_rows(engine, journal_entry) if row.kind == "award.opened"]
    bodies = [json.loads(row.body) | {"subject": row.subject} for row in rows]
    return sorted(
        tuple(body[name] for name in ("award", *NATURAL_KEY, "amount_fen")) for body in bodies
    )


def opened_in_table(engine: Engine) -> list[tuple[Any, ...]]:
    rows = [row for row in all_rows(engine, award_table) if row.origin == "run"]
    return sorted(
        tuple(row._mapping[name] for name in ("id", *NATURAL_KEY, "amount_fen")) for row in rows
    )


def _with_missing(rows: tuple[dict[str, Any], ...]) -> bool:
    return any("missing" in row for row in rows)
