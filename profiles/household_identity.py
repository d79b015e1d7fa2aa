"""A household keeps its id while its books, heads and members change: splits and mergers.

Police registers number household books, and give another number where a family moves or a book is
renewed. The rule, in this order:

1. A household goes on in the book that has its number, if any of its members still is in it; else
   in the book that its head went to; else in the one with most of its members; else in the one
   with the smallest identifier among them. So of a split one part keeps the id.
2. Where several households would go on in one book, that of the same number keeps its id; else the
   one with most members in it; else the smaller id. The others end: they were merged into it.
3. Every other book is a new household, whose id is the book's number. If a household has or had
   that id, the number was used again, and nobody says which of the two is meant.

For whoever prepares the datasets of households: ingest takes their ids as they are delivered.
"""

import polars as pl

HOUSEHOLD = {"book": pl.String, "household": pl.String, "origin": pl.String}


def carry_households(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """The household of every book of today: `book`, `household`, `origin`.

    `before` has the columns `household`, `book`, `person` and `head` (whether the person is the
    head), one line a member, of the households as last known, the ended ones with their last
    members; `now` has `book` and `person`. Who stands in two books today says nothing. `origin` is
    `kept`, `new`, or `used again`, where `household` is null.
    """
    alone = now.unique(["book", "person"]).filter(pl.col("person").is_unique())
    shared = (
        before.join(alone.rename({"book": "goes_to"}), on="person")
        .group_by("household", "goes_to")
        .agg(
            (pl.col("book") == pl.col("goes_to")).any().alias("same"),
            pl.col("head").fill_null(False).any().alias("head"),
            pl.col("person").n_unique().alias("members"),
            pl.col("person").min().alias("least"),
        )
    )
    goes_on = shared.sort(
        "household", "same", "head", "members", "least", descending=[False, True, True, True, False]
    ).unique("household", keep="first", maintain_order=True)
    kept = goes_on.sort(
        "goes_to", "same", "members", "household", descending=[False, True, True, False]
    ).unique("goes_to", keep="first", maintain_order=True)
    books = now.select("book").drop_nulls().unique().sort("book")
    told = books.join(
        kept.select(pl.col("goes_to").alias("book"), "household"), on="book", how="left"
    )
    used = pl.col("book").is_in(before["household"].implode())
    return told.select(
        "book",
        pl.coalesce("household", pl.when(~used).then(pl.col("book"))),
        pl.when(pl.col("household").is_not_null())
        .then(pl.lit("kept"))
        .when(used)
        .then(pl.lit("used again"))
        .otherwise(pl.lit("new"))
        .alias("origin"),
    ).sort("book")


def list_merged(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """The households of `before` that go on under another's id: `household`, `merged_into`."""
    carried = carry_households(before, now).drop_nulls("household")
    here = now.join(carried.select("book", pl.col("household").alias("merged_into")), on="book")
    found = before.select("household", "person").join(
        here.select("person", "merged_into"), on="person"
    )
    ended = found.filter(~pl.col("household").is_in(carried["household"].implode()))
    return ended.select("household", "merged_into").unique().sort("household", "merged_into")
