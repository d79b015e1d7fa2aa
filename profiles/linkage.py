"""Rows without a key, linked to the register (关联): by one clear candidate, or by a person."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from profiles.linkage_model import LinkModel, score_pairs, settle_rows
from profiles.linkage_pairs import Floats, compare_pairs
from profiles.linkage_register import (
    BLOCK_ROWS,
    Ints,
    Register,
    find_candidates,
    part_fields,
    transform,
)

LINKED, REVIEW, NONE = "linked", "review", "none"
SHOWN = 3
"""Candidates told for each row."""

LINK_SCHEMA = {
    "row": pl.Int64(),
    "decision": pl.String(),
    "rank": pl.Int64(),
    "key": pl.String(),
    "score": pl.Float64(),
    "ahead": pl.Float64(),
}
Progress = Callable[[str, int, int], None]


def link_rows(
    rows: pl.DataFrame,
    register: Register,
    model: LinkModel,
    *,
    excluded: pl.DataFrame | None = None,
    on_progress: Progress | None = None,
) -> pl.DataFrame:
    """The best candidates of each row, and what the model decides.

    `rows` has the columns `name`, `address`, `representative`, `region`, any of them null.
    `excluded` are pairs `row` and `key` that a person has ruled out: they are no candidates, and
    such a row is never linked without a person again.

    Gives up to three candidates a row: `row` (its place), `rank` from 1, `key`, `score` (the
    probability that it is this firm, between 0 and 1, to four places), `ahead` (by how much it is
    ahead of the next), and `decision`: `linked` where the first is likely and clearly ahead,
    `review` where a person should look, else `none`. A row without a name has no candidates.
    """
    found = [pl.DataFrame(schema=LINK_SCHEMA)]
    for start in range(0, rows.height, BLOCK_ROWS):
        block = rows.slice(start, BLOCK_ROWS)
        scored = _score_block(block, register, model)
        scored = scored.with_columns(pl.col("row") + start)
        found.append(_decide(scored, model, excluded))
        if on_progress is not None:
            on_progress("linking rows", start + block.height, rows.height)
    return pl.concat(found)


def compare_block(block: pl.DataFrame, register: Register) -> tuple[Ints, pl.Series, Floats]:
    """The pairs of a block of rows: place of the row (sorted), key of the firm, features."""
    parted = part_fields(block)
    matrices: dict[str, Any] = transform(register, parted)
    rows, firms = find_candidates(register, parted, matrices)
    features = compare_pairs(register, parted, matrices, rows, firms)
    return rows, register.keys.gather(pl.Series(firms)), features


def _score_block(block: pl.DataFrame, register: Register, model: LinkModel) -> pl.DataFrame:
    rows, keys, features = compare_block(block, register)
    return pl.DataFrame({"row": rows, "key": keys, "log_odds": score_pairs(model, features)})


def _decide(scored: pl.DataFrame, model: LinkModel, excluded: pl.DataFrame | None) -> pl.DataFrame:
    touched = pl.lit(False)
    if excluded is not None and excluded.height:
        scored = scored.join(excluded, on=["row", "key"], how="anti", maintain_order="left")
        touched = pl.col("row").is_in(excluded["row"].implode())
    number = scored["row"].rank("dense").to_numpy().astype(np.int64) - 1
    scores = settle_rows(scored["log_odds"].to_numpy(), number)
    ranked = (
        scored.with_columns(score=pl.Series(scores).round(4))
        .sort("row", "log_odds", "key", descending=[False, True, False])
        .with_columns(
            rank=pl.int_range(1, pl.len() + 1).over("row"),
            ahead=(pl.col("score") - pl.col("score").shift(-1).over("row").fill_null(0.0)).round(4),
        )
        .filter(pl.col("rank") <= SHOWN)
    )
    likely = (pl.col("score") >= model.link_from) & (pl.col("ahead") >= model.margin) & ~touched
    first = pl.col("rank") == 1
    decision = (
        pl.when(first & likely)
        .then(pl.lit(LINKED))
        .when(first & (pl.col("score") >= model.review_from))
        .then(pl.lit(REVIEW))
        .when(first)
        .then(pl.lit(NONE))
    )
    return ranked.with_columns(decision=decision.forward_fill().over("row")).select(
        pl.col(name).cast(dtype) for name, dtype in LINK_SCHEMA.items()
    )
