"""Awards of the time before Zhida: already paid, so the first run must not open them again.

A file of them is a CSV with the columns policy, kind, period, amount (in yuan) and paid_on, with
`identifier` (identity number, unified social credit code) or `subject` (surrogate id), and perhaps
`item`. What a row holds is never repeated in a message: a column may hold what belongs in another.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine

from awards.award import Pace, award_table, name_rows, write_in_batches
from awards.errors import PastAwardsRefused
from ledger.database import insert_absent
from ledger.journal import NewEntry, record_all
from profiles.identifier import REASONS, check_identifiers, normalise, subject_ids

REQUIRED = ("policy", "kind", "period", "amount", "paid_on")
_PATTERNS = {
    "policy": (r"[a-z0-9][a-z0-9-]{0,99}", "a policy's id in a-z, 0-9 and -"),
    "kind": (r"enterprise|resident|household", "enterprise, resident or household"),
    "period": (
        r"\d{4}(?:-(?:0[1-9]|1[0-2])|Q[1-4]|H[12])?|once",
        "2024-11, 2024Q4, 2024H2, 2024 or once",
    ),
    "amount": (r"\d{1,13}(?:\.\d{1,2})?", "yuan with at most two decimals, such as 1500.00"),
    "paid_on": (r"\d{4}-\d{2}-\d{2}", "a date such as 2024-11-30"),
    "item": (r"[^\x00-\x1f\x7f]{0,200}", "at most 200 characters"),
}
_SUBJECT = {"enterprise": "E", "resident": "R", "household": "H"}
_IDENTIFIER = {"enterprise": "uscc", "resident": "resident_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that was left out; `line` counts from 1, the heading's."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastReport:
    """What became of each row; the counts add up to the rows."""

    imported: int
    existing: int  # there is an award already: left as it is
    bad: tuple[BadRow, ...]


def import_past_awards(
    engine: Engine,
    path: Path,
    *,
    key: bytes,
    actor: str,
    now: datetime,
    on_progress: Callable[[int], None] | None = None,
    seconds: Callable[[], float] | None = None,
) -> PastReport:
    """Write the file's good rows as paid awards, each with its journal entry; may be repeated.

    `key` turns identifiers into surrogate ids; identifiers themselves are written nowhere.
    """
    good, bad = _read_rows(_open_text(path), path)
    known, wrong = _with_subjects(good, key)
    awards, repeated = _drop_repeated(known)
    for award_id, award in zip(name_rows(len(awards), now), awards, strict=True):
        award |= {"id": award_id, "opened_at": now}

    def write(connection: Connection, chunk: Sequence[dict[str, Any]]) -> int:
        rows = [{name: row[name] for name in row if name != "line"} for row in chunk]
        imported = set(
            connection.scalars(
                insert_absent(connection, award_table).returning(award_table.c.id), rows
            )
        )
        mine = [row for row in rows if row["id"] in imported]
        record_all(connection, [_entry_of(row, actor, now) for row in mine])
        return len(mine)

    pace = Pace(seconds=seconds, on_progress=on_progress)
    imported = write_in_batches(engine, awards, write, pace)
    return PastReport(
        imported=imported,
        existing=len(awards) - imported,
        bad=tuple(sorted([*bad, *wrong, *repeated], key=lambda row: row.line)),
    )


def _read_rows(text: str, path: Path) -> tuple[list[dict[str, Any]], list[BadRow]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    heading = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = heading
    if lacking := [name for name in REQUIRED if name not in heading]:
        raise PastAwardsRefused(f"{path}:1: the columns {', '.join(lacking)} are missing")
    if "identifier" not in heading and "subject" not in heading:
        raise PastAwardsRefused(f'{path}:1: there is neither a column "identifier" nor "subject"')
    good, bad = [], []
    for line, row in _lines(reader, path):
        try:
            good.append({"line": line, **_parse_row(row)})
        except ValueError as error:
            bad.append(BadRow(line=line, reason=str(error)))
    return good, bad


def _lines(reader: "csv.DictReader[str]", path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row with the line it ends on."""
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise PastAwardsRefused(
            f"{path}:{reader.line_num}: not a CSV row (look for a lone quote)"
        ) from error


def _parse_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row's values. ValueError says which column is wrong, never what it holds."""
    if None in row or None in row.values():
        raise ValueError("it has more or fewer columns than the heading")
    cells = {name: value.strip() for name, value in row.items()}
    for name, (pattern, meant) in _PATTERNS.items():
        if not re.fullmatch(pattern, cells.get(name, ""), re.ASCII):
            raise ValueError(f'column "{name}" is not {meant}')
    kind = cells["kind"]
    subject, identifier = cells.get("subject", ""), cells.get("identifier", "")
    if bool(subject) == bool(identifier):
        raise ValueError('give either "identifier" or "subject"')
    if subject and not re.fullmatch(_SUBJECT[kind] + "[a-z2-7]{16}", subject):
        raise ValueError(f'column "subject" is not a surrogate id of kind {kind}')
    try:
        paid_on = date.fromisoformat(cells["paid_on"])
    except ValueError:
        raise ValueError('column "paid_on" is a day that does not exist') from None
    return {
        "policy": cells["policy"],
        "policy_version": "",
        "subject": subject,
        "identifier": identifier,
        "subject_kind": kind,
        "period": cells["period"],
        "item": cells.get("item", ""),
        "amount_fen": int(Decimal(cells["amount"]) * 100),
        "state": "paid",
        "origin": "imported",
        "paid_on": paid_on,
    }


def _with_subjects(
    rows: list[dict[str, Any]], key: bytes
) -> tuple[list[dict[str, Any]], list[BadRow]]:
    """The rows with surrogate ids in place of identifiers, and those whose identifier is wrong."""
    bad = []
    for kind in _SUBJECT:
        mine = [row for row in rows if row["identifier"] and row["subject_kind"] == kind]
        texts = pl.Series([row["identifier"] for row in mine], dtype=pl.String)
        if kind in _IDENTIFIER:
            checked = check_identifiers(_IDENTIFIER[kind], texts)
        else:
            empty = pl.when(pl.col("value").is_null()).then(pl.lit("empty"))
            checked = pl.DataFrame({"value": normalise(texts)}).with_columns(reason=empty)
        subjects = subject_ids(kind, checked["value"], key)
        for row, subject, reason in zip(mine, subjects, checked["reason"], strict=True):
            row["subject"] = subject
            if reason is not None:
                words = f'column "identifier": {REASONS[reason]}'
                bad.append(BadRow(line=row["line"], reason=words))
    wrong = {row.line for row in bad}
    return [
        {name: row[name] for name in row if name != "identifier"}
        for row in rows
        if row["line"] not in wrong
    ], bad


def _drop_repeated(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[BadRow]]:
    """Each award once, in the order of the unique index; a second row for one is a bad row."""
    first: dict[tuple[str, ...], dict[str, Any]] = {}
    bad = []
    for row in rows:
        award = (row["policy"], row["period"], row["subject"], row["item"])
        if award in first:
            reason = f"the same award as in line {first[award]['line']}"
            bad.append(BadRow(line=row["line"], reason=reason))
        else:
            first[award] = row
    return [first[award] for award in sorted(first)], bad


def _entry_of(row: dict[str, Any], actor: str, now: datetime) -> NewEntry:
    body = {
        "award": row["id"],
        "policy": row["policy"],
        "period": row["period"],
        "item": row["item"],
        "amount_fen": row["amount_fen"],
        "paid_on": row["paid_on"].isoformat(),
    }
    return NewEntry(kind="award.imported", actor=actor, subject=row["subject"], body=body, now=now)


def _open_text(path: Path) -> str:
    """The file's text: UTF-8, or what Chinese spreadsheets write (GB 18030)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PastAwardsRefused(f"{path}: cannot be read ({error.strerror})") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PastAwardsRefused(f"{path}: neither UTF-8 nor GB 18030 (save it as CSV in UTF-8)")
