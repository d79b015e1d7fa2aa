"""What is different from the last accepted run: gained, lost, unsettled, amount changed.

Compared by policy, subject and item, whatever the period: a monthly benefit that goes on is no
change.
"""

import polars as pl

from engine.outcome import OUTCOME_SCHEMA

_KEY = ["policy", "subject", "item"]

CHANGE_SCHEMA = {
    "policy": pl.String(),
    "subject": pl.String(),
    "item": pl.String(),
    "kind": pl.String(),
    "period": pl.String(),  # of now; of before where it is lost
    "change": pl.String(),  # gained, lost, unsettled (was eligible, is unknown), amount_changed
    "was": pl.String(),  # eligible, unknown, none
    "now": pl.String(),
    "amount_before_fen": pl.Int64(),
    "amount_fen": pl.Int64(),
}


def diff_outcomes(current: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
    """One row per policy, subject and item that changed, in the columns of CHANGE_SCHEMA.

    Both frames have the columns of an outcome; no previous one means that all is gained. Eligible
    in several periods at once (back pay), the latest counts. An open amount differs from a known
    one.
    """
    before = pl.DataFrame(schema=OUTCOME_SCHEMA) if previous is None else previous
    joined = _latest(current).join(
        _latest(before), on=_KEY, how="full", coalesce=True, suffix="_before"
    )
    was = pl.col("verdict_before").fill_null("none")
    now = pl.col("verdict").fill_null("none")
    change = (
        pl.when((now == "eligible") & (was != "eligible"))
        .then(pl.lit("gained"))
        .when((now == "none") & (was == "eligible"))
        .then(pl.lit("lost"))
        # what is no longer known is not a no: it is told apart
        .when((now == "unknown") & (was == "eligible"))
        .then(pl.lit("unsettled"))
        .when((now == "eligible") & pl.col("amount_fen").ne_missing(pl.col("amount_fen_before")))
        .then(pl.lit("amount_changed"))
    )
    return (
        joined.select(
            *_KEY,
            pl.coalesce("kind", "kind_before").alias("kind"),
            pl.coalesce("period", "period_before").alias("period"),
            change.alias("change"),
            was.alias("was"),
            now.alias("now"),
            pl.col("amount_fen_before").alias("amount_before_fen"),
            pl.col("amount_fen"),
        )
        .filter(pl.col("change").is_not_null())
        .select(*CHANGE_SCHEMA)
        .sort(_KEY)
    )


def summarise_changes(changes: pl.DataFrame) -> pl.DataFrame:
    """Per policy, in order: gained, lost, unsettled, amount_changed, and difference_fen.

    The difference is that of the known amounts, one that is open or gone counting nothing.
    """
    count = [
        (pl.col("change") == name).sum().cast(pl.Int64).alias(name)
        for name in ("gained", "lost", "unsettled", "amount_changed")
    ]
    before = pl.when(pl.col("was") == "eligible").then("amount_before_fen").sum()
    after = pl.when(pl.col("now") == "eligible").then("amount_fen").sum()
    return (
        changes.group_by("policy")
        .agg(*count, (after - before).alias("difference_fen"))
        .sort("policy")
    )


def _latest(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per policy, subject and item: eligible before unknown, then the latest period."""
    return (
        rows.select(*_KEY, "kind", "period", "verdict", "amount_fen")
        .sort([*_KEY, "verdict", "period"], descending=[False, False, False, False, True])
        .unique(_KEY, keep="first", maintain_order=True)
    )
