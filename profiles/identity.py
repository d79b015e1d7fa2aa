"""One subject under several identifiers: which one counts on a day.

A firm had a registration number before its credit code, or was merged into another; a person had
15 digits, or two numbers of which the police cancelled one. Each change says which identifier took
the place of which, from which day. Chains are followed; where two successors are named, or changes
lead back to where they began, nobody is chosen.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.former_identifier import Whose, organisation_codes, read_former
from profiles.identifier import mask_series

Places = npt.NDArray[np.int64]

TROUBLES: Mapping[str, str] = MappingProxyType(
    {
        "fork": "two successors are named for one identifier",
        "cycle": "the changes lead back to where they began",
    }
)
"""Why an identifier is not resolved."""


def resolve(identifiers: pl.Series, changes: pl.DataFrame, as_of: date) -> pl.Series:
    """The identifier that counts on `as_of` for each of these, null where nobody can tell.

    `changes` has the columns `old`, `new` and `effective_on`; those after `as_of` are not seen, a
    row without a successor or that names the same again changes nothing. An identifier that no
    change names is its own. Values are compared as they stand: `read_changes` and `read_former`
    bring them to one form. Null gives null. The name of the series stays.
    """
    return trace(identifiers, changes, as_of)["resolved"].alias(identifiers.name)


def trace(identifiers: pl.Series, changes: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """As `resolve`, with the reason: columns `identifier`, `resolved`, `trouble`.

    `trouble` is a code of `TROUBLES` where `resolved` is null although an identifier was given.
    """
    known = identifiers.alias("identifier")
    told = follow(changes, as_of)
    found = known.to_frame().join(told, on="identifier", how="left", maintain_order="left")
    own = pl.when(pl.col("trouble").is_null()).then(
        pl.coalesce(pl.col("resolved"), pl.col("identifier"))
    )
    return found.select("identifier", own.alias("resolved"), "trouble")


def follow(changes: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Every identifier that is no longer used on `as_of`: `identifier`, `resolved`, `trouble`."""
    edges = (
        changes.filter(pl.col("effective_on") <= as_of)
        .select("old", "new")
        .drop_nulls()
        .filter(pl.col("old") != pl.col("new"))
        .unique()
    )
    names = pl.concat([edges["old"], edges["new"].alias("old")]).unique().sort()
    numbers = pl.DataFrame({"name": names}).with_row_index("number")
    old, new = (
        edges.select(side)
        .join(numbers, left_on=side, right_on="name", how="left", maintain_order="left")["number"]
        .to_numpy()
        .astype(np.int64)
        for side in ("old", "new")
    )
    ends = len(names)  # one more place, where forks end
    nexts = np.arange(ends + 1, dtype=np.int64)
    nexts[old] = new
    several = np.bincount(old, minlength=ends) > 1
    nexts[:ends][several] = ends
    last = _walk(nexts)
    stays = nexts[last] == last
    moved = np.arange(ends) != last[:ends]
    trouble = np.where(last == ends, 1, np.where(stays, 0, 2))[:ends]
    codes = pl.Series([None, "fork", "cycle"], dtype=pl.String).gather(pl.Series(trouble))
    targets = names.gather(pl.Series(np.minimum(last[:ends], max(ends - 1, 0))))
    frame = pl.DataFrame({"identifier": names, "target": targets, "trouble": codes})
    return frame.filter(pl.Series(moved | (trouble > 0))).select(
        "identifier",
        pl.when(pl.col("trouble").is_null()).then(pl.col("target")).alias("resolved"),
        "trouble",
    )


def find_unclear(changes: pl.DataFrame, as_of: date, doubtful: pl.Series) -> pl.Series:
    """Every identifier of which nobody can tell whose it is on `as_of`, sorted.

    These are the identifiers of forks and circles, the `doubtful` ones, of which a change could not
    be read, and all that changes link to one of them, in whichever direction: any of them may be
    the subject that another one names too.
    """
    edges = changes.filter(pl.col("effective_on") <= as_of).select("old", "new").drop_nulls()
    links = pl.concat([edges, edges.select(pl.col("new").alias("old"), pl.col("old").alias("new"))])
    troubled = follow(changes, as_of).drop_nulls("trouble")["identifier"]
    found = pl.concat([troubled, doubtful.alias(troubled.name)]).unique()
    fresh = found
    while len(fresh):
        beside = links.filter(pl.col("old").is_in(fresh.implode()))["new"].unique()
        fresh = beside.filter(~beside.is_in(found.implode()))
        found = pl.concat([found, fresh])
    return found.sort()


def _walk(nexts: Places) -> Places:
    """Where every place ends after more steps than there are places: twice as far each time."""
    for _ in range(len(nexts).bit_length()):
        further = nexts[nexts]
        if np.array_equal(further, nexts):
            break
        nexts = further
    return nexts


def list_troubles(changes: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The identifiers that nobody can resolve, masked, with the changes that name each as old:
    `identifier`, `trouble`, `successors`; for a list that people read."""
    told = follow(changes, as_of).drop_nulls("trouble")
    named = (
        changes.filter(pl.col("effective_on") <= as_of)
        .drop_nulls(["old", "new"])
        .group_by("old")
        .agg(pl.col("new").n_unique().alias("successors"))
    )
    found = told.join(named, left_on="identifier", right_on="old", how="left")
    return found.sort("identifier").select(
        mask_series(found.sort("identifier")["identifier"]),
        "trouble",
        pl.col("successors").fill_null(0),
    )


def read_changes(whose: Whose, rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Rows of a dataset of identifier changes as `resolve` takes them: `old`, `new`,
    `effective_on`.

    `key` is the column of the identifier that counts, beside `old_identifier` and `effective_on`.
    Old identifiers are brought to one form; a row whose old identifier is mistyped stays as it is
    written, and so leads nobody anywhere.
    """
    old = read_former(whose, rows["old_identifier"])["value"]
    return pl.DataFrame({"old": old, "new": rows[key], "effective_on": rows["effective_on"]})


def changes_by_code(credit_codes: pl.Series, since: date) -> pl.DataFrame:
    """What credit codes say by themselves: the organisation code within each leads to it.

    For files that still name firms by organisation codes. A code that two credit codes hold is a
    fork, as it should be.
    """
    known = credit_codes.drop_nulls().unique()
    return pl.DataFrame(
        {
            "old": organisation_codes(known),
            "new": known,
            "effective_on": pl.Series([since], dtype=pl.Date).new_from_index(0, len(known)),
        }
    )
