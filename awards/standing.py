"""Awards as they stand: what a subject has, or was offered and did not want."""

from collections.abc import Iterable, Mapping

import polars as pl
from sqlalchemy import Connection, select

from awards.award import award_table, is_recalled

STANDING_SCHEMA = {
    "policy": pl.String(),
    "subject": pl.String(),
    "period": pl.String(),
    "item": pl.String(),
    "award_fen": pl.Int64(),  # null: still open
    "state": pl.String(),
    "origin": pl.String(),
}
CHUNK = 50_000


def read_standing(
    connection: Connection, policies: Iterable[str], former: Mapping[str, str]
) -> pl.DataFrame:
    """The awards of these policies, in the columns of STANDING_SCHEMA.

    What was awarded under a `former` id (old: new) stands under the one of now. What a recall
    withdrew is as if it had never been offered.
    """
    columns = award_table.c
    query = select(
        columns.policy,
        columns.subject,
        columns.period,
        columns.item,
        columns.amount_fen,
        columns.state,
        columns.origin,
    ).where(columns.policy.in_(sorted(set(policies))), ~is_recalled())
    found = [pl.DataFrame(schema=STANDING_SCHEMA)]
    for chunk in connection.execution_options(yield_per=CHUNK).execute(query).partitions():
        rows = [tuple(row) for row in chunk]
        found.append(pl.DataFrame(rows, schema=STANDING_SCHEMA, orient="row"))
    return pl.concat(found).with_columns(pl.col("subject").replace(dict(former)))
