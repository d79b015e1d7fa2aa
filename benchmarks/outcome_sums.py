"""What two ways of deciding a city must agree on, policy by policy, read from what they wrote."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import polars as pl

from engine.outcome import read_outcome
from engine.outcome_parts import read_part
from engine.part_outcome import PartOutcome, list_rows
from profiles.snapshot import Snapshot
from profiles.snapshot import read_part as read_snapshot_part

KEY = ["policy", "kind"]


def sum_by_hand(folder: Path) -> pl.DataFrame:
    """Of the baseline's files, one for each part."""
    return _add_up(
        _sum(pl.read_parquet(path).with_columns(policy=_name(pl.col("policy")), kind=_kind(path)))
        for path in sorted(folder.glob("*.parquet"))
    )


def sum_outcome(path: Path, snapshot: Snapshot) -> pl.DataFrame:
    """Of an outcome; the number of a row is that of its subject in the part."""
    outcome = read_outcome(path)
    parts = {f"{part.kind}-{part.number:04d}": part for part in snapshot.all_parts}
    sums = []
    for each in outcome.parts:
        part = read_part(outcome.path, each)
        there = read_snapshot_part(snapshot, parts[each.name], datasets=[], columns=()).facts
        if not there["subject"].equals(part.subjects):
            raise SystemExit(f"{each.name} has other subjects than the snapshot")
        # some policies at a time: their rows with texts are many times as large as the bits
        for start in range(0, len(part.policies), 20):
            some = replace(part, policies=part.policies[start : start + 20], rows=part.rows[:0])
            sums.append(_sum(_place(some)))
        sums.append(_sum(_place(replace(part, policies=()))))
    return _add_up(sums)


def _place(part: PartOutcome) -> pl.DataFrame:
    numbers = pl.DataFrame({"subject": part.subjects}).with_row_index("row")
    placed = list_rows(part).join(numbers, on="subject", how="left", validate="m:1")
    return placed.with_columns(eligible=pl.col("verdict") == "eligible")


def check_equal(found: pl.DataFrame, wanted: pl.DataFrame, whose: str) -> None:
    """Raises SystemExit naming the policies whose sums differ."""
    if found.equals(wanted):
        return
    either = found.join(wanted, on=list(found.columns), how="anti", nulls_equal=True)
    other = wanted.join(found, on=list(found.columns), how="anti", nulls_equal=True)
    names = sorted({*either["policy"], *other["policy"]})
    raise SystemExit(f"{whose} differs on {len(names)} policies: {', '.join(names[:20])}")


def _sum(rows: pl.DataFrame) -> pl.DataFrame:
    eligible = pl.col("eligible")
    row = pl.col("row").cast(pl.UInt64)
    return rows.group_by(KEY).agg(
        eligible=eligible.sum().cast(pl.UInt64),
        unknown=(~eligible).sum().cast(pl.UInt64),
        open=(eligible & pl.col("amount_fen").is_null()).sum().cast(pl.UInt64),
        amount_fen=pl.col("amount_fen").filter(eligible).sum(),
        # the sum finds what comes twice, and the weighted one who got whose amount
        rows=row.sum(),
        eligible_rows=row.filter(eligible).bitwise_xor().fill_null(0),
        weighted=(pl.col("amount_fen").fill_null(1).cast(pl.UInt64) % 65_521 * row)
        .filter(eligible)
        .sum(),
    )


def _add_up(sums: Iterable[pl.DataFrame]) -> pl.DataFrame:
    joined = pl.concat(list(sums))
    added = [name for name in joined.columns if name not in (*KEY, "eligible_rows")]
    return (
        joined.group_by(KEY)
        .agg(pl.col(added).sum(), pl.col("eligible_rows").bitwise_xor())
        .sort(KEY)
    )


def _name(number: pl.Expr) -> pl.Expr:
    return pl.lit("p") + number.cast(pl.String).str.zfill(4)


def _kind(path: Path) -> pl.Expr:
    return pl.lit(path.stem.rsplit("-", 1)[0])
