"""What is different between two outcomes of a city, counted by policy: as a run tells it, and by
hand from the baseline's files."""

from pathlib import Path

import polars as pl

from engine.changes import compare_parts
from engine.outcome import read_outcome
from engine.paired_parts import pair_parts

COUNTED = ("gained", "lost", "unsettled", "amount_changed")


def change_by_zhida(now: Path, before: Path) -> pl.DataFrame:
    """By policy, as a run compares two outcomes."""
    found = compare_parts(pair_parts(read_outcome(now), read_outcome(before)))
    return found.summary.select("policy", *COUNTED)


def change_by_hand(now: Path, before: Path) -> pl.DataFrame:
    """By policy, joining the baseline's files on policy and row."""
    counts = []
    for path in sorted(now.glob("*.parquet")):
        both = (
            pl.scan_parquet(path)
            .join(
                pl.scan_parquet(before / path.name),
                on=["policy", "row"],
                how="full",
                coalesce=True,
                suffix="_before",
            )
            .select(
                "policy",
                now="eligible",
                was=pl.col("eligible_before"),
                amount=pl.col("amount_fen").ne_missing(pl.col("amount_fen_before")),
            )
        )
        now_, was = pl.col("now").fill_null(False), pl.col("was").fill_null(False)
        counts.append(
            both.group_by("policy").agg(
                gained=(now_ & ~was).sum(),
                lost=(was & pl.col("now").is_null()).sum(),
                unsettled=(was & pl.col("now").not_()).sum(),
                amount_changed=(now_ & was & pl.col("amount")).sum(),
            )
        )
    found = pl.concat(pl.collect_all(counts))
    name = pl.lit("p") + pl.col("policy").cast(pl.String).str.zfill(4)
    return _add_up(found.with_columns(policy=name))


def _add_up(counts: pl.DataFrame) -> pl.DataFrame:
    return (
        counts.group_by("policy")
        .agg(pl.col(name).sum().cast(pl.Int64) for name in COUNTED)
        .filter(pl.sum_horizontal(COUNTED) > 0)
        .sort("policy")
    )
