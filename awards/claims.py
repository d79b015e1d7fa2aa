"""What matches use up: a person, a loan, a device counts once among the policies of a group."""

from collections.abc import Mapping

import polars as pl

from engine.outcome import KEY

_NONE = pl.DataFrame(
    schema={**dict.fromkeys(KEY, pl.String), "group": pl.String, "others": pl.String}
)


def find_claimed_twice(matches: pl.DataFrame, groups: Mapping[str, str]) -> pl.DataFrame:
    """The matches that claim what another one claims as well: KEY, `group` and `others`.

    `groups` is each policy's claim group by `id@version`; `claims` of a match is a JSON list.
    `others` names the policies that claim the same, its own among them where two subjects do. Among
    the items of one policy for one subject a value counts once anyway.
    """
    if not groups or "claims" not in matches.columns:
        return _NONE
    key = pl.concat_str("policy", pl.lit("@"), "version")
    group = key.replace_strict(groups, default=None, return_dtype=pl.String)
    claiming = (
        matches.filter(pl.col("claims") != "")
        .select(*KEY, group.alias("group"), pl.col("claims").str.json_decode(pl.List(pl.String)))
        .filter(pl.col("group").is_not_null())
        .explode("claims")
    )
    twice = claiming.filter(claiming.select("group", "claims").is_duplicated())
    if twice.is_empty():
        return _NONE
    claim = ["group", "claims"]
    others = twice.join(
        twice.select(*claim, *(pl.col(name).alias(f"::{name}") for name in KEY)), on=claim
    )
    differs = pl.any_horizontal(*(pl.col(name) != pl.col(f"::{name}") for name in KEY))
    return (
        others.filter(differs)
        .group_by(*KEY, "group", maintain_order=True)
        .agg(pl.col("::policy").unique().sort().str.join(", ").alias("others"))
    )
