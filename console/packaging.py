"""Packages and claims of one run: which matches go on, and why the others do not."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from awards.claims import ENDED, LOST_SCHEMA, Holder, lose_claims, read_claims, read_holders
from awards.standing import read_standing
from engine.package import CHOICE_SCHEMA, choose_packages
from engine.package_rules import PackageRules, gather_rules
from engine.part_outcome import KEY
from ledger.database import reading
from policies.policy import Policy

CHOICES = "packages.parquet"
"""The file of an outcome that says for each offer what became of it."""
_OFFER = ["subject", "policy", "period"]
_CANDIDATE = ("known", "open", "moneyless")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What goes on, with what caps leave of it; what does not; what each offer's choice was.

    `lost` has KEY, `version`, `decision`, `reason`, `by` and `difference_fen` of choices; `claims`
    what the matches that go on claim, and `outclaimed` the matches to which another one's claim
    left nothing, in the columns of awards.claims.
    """

    matches: pl.DataFrame
    lost: pl.DataFrame
    outclaimed: pl.DataFrame
    claims: pl.DataFrame
    choices: pl.DataFrame


def pack_matches(
    engine: Engine,
    matches: pl.DataFrame,
    beside: pl.DataFrame,
    policies: Sequence[Policy],
    *,
    key: bytes,
    former: Sequence[tuple[str, str]] = (),
) -> Packed:
    """Choose each subject's package and give each claim to one match.

    `beside` has the rows that may come to match later: unknown verdicts, matches that are held.
    What lost a claim is no choice for a package any more, so both are repeated until nothing more
    is lost.
    """
    occurring = {
        f"{policy}@{version}"
        for frame in (matches, beside)
        for policy, version in frame.select("policy", "version").unique().iter_rows()
    }
    rules = gather_rules(policies, occurring)
    groups = claim_groups(policies)
    claims = read_claims(matches, groups, key, former)
    with reading(engine) as connection:
        asked = {*rules.linked, *claims["policy"].unique()}
        standing = read_standing(connection, asked, dict(former))
        holders = read_holders(connection, groups.values()) if claims.height else {}
    # what was offered and is over is not offered again: it keeps nobody from a claim
    over = standing.filter(pl.col("state").is_in(ENDED))
    claims = claims.join(over, on=KEY, how="anti", maintain_order="left")
    standing = standing.filter(pl.col("policy").is_in(sorted(rules.linked)))
    left, outclaimed = matches, []
    while True:
        going, lost, choices = apply_rules(left, beside, standing, rules)
        losers = _outclaimed(going, claims, holders)
        if losers.is_empty():
            break
        outclaimed.append(losers)
        left = left.join(losers, on=KEY, how="anti", maintain_order="left")
    lost_claims = pl.concat([pl.DataFrame(schema=LOST_SCHEMA), *outclaimed])
    return Packed(
        matches=going,
        lost=lost,
        outclaimed=lost_claims,
        claims=claims.join(going.select(KEY), on=KEY, how="semi"),
        choices=pl.concat([choices, _claim_choices(lost_claims, matches)]),
    )


def claim_groups(policies: Sequence[Policy]) -> dict[str, str]:
    """The claim group of each policy that claims, by `id@version`."""
    return {
        policy.key: policy.each.claim.group
        for policy in policies
        if policy.each is not None and policy.each.claim is not None
    }


def apply_rules(
    matches: pl.DataFrame, beside: pl.DataFrame, standing: pl.DataFrame, rules: PackageRules
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The matches that go on, those that do not, and the choices, beside the awards `standing`."""
    ruled = pl.col("policy").is_in(sorted(rules.linked))
    place = matches.with_row_index("::place")
    free, asked = place.filter(~ruled), place.filter(ruled)
    if asked.is_empty():
        return matches, _lost(asked), pl.DataFrame(schema=CHOICE_SCHEMA)
    rows = asked.join(standing, on=KEY, how="left", maintain_order="left")
    # what was offered and is over is not offered again: it stands against nothing
    over = pl.col("state").is_in(ENDED).fill_null(False)
    rows = rows.filter(~over).with_columns(*_weigh(rules))
    offered = _offered(rows, beside.filter(ruled), standing, rules)
    choices = choose_packages(offered, rules)
    decided = _decide(rows, offered, choices)
    goes = pl.col("decision").is_in(["chosen", "kept"]) & ~pl.col("::nothing")
    going = decided.filter(goes).with_columns(pl.col("::fen").alias("amount_fen"))
    ended = asked.join(standing.filter(over), on=KEY, how="semi")
    kept = [frame.select(place.columns) for frame in (free, ended, going)]
    return (
        pl.concat(kept).sort("::place").drop("::place"),
        _lost(decided.filter(~goes)),
        choices,
    )


def write_choices(folder: Path, choices: pl.DataFrame) -> None:
    """Keep what was chosen beside the outcome, for whoever asks why.

    Of policies that are not among the choices what was kept before stays. A run that is repeated
    finds its own awards standing; where nothing else has changed, what it said first says more.
    """
    before = read_choices(folder)
    asked = pl.col("policy").is_in(choices["policy"].unique().implode())
    kept = pl.concat([before.filter(~asked), choices]).sort([*_OFFER, "status"])
    if _drawn(before).equals(_drawn(kept)):
        return
    path = folder / CHOICES
    partial = path.with_suffix(f".{os.getpid()}.partial")
    kept.write_parquet(partial)
    partial.replace(path)


def _drawn(choices: pl.DataFrame) -> pl.DataFrame:
    """Which offers there are, and which of them are drawn."""
    draws = pl.col("decision").is_in(["chosen", "kept"]).alias("drawn")
    return choices.select(*_OFFER, draws).unique().sort([*_OFFER, "drawn"])


def read_choices(folder: Path) -> pl.DataFrame:
    """What was chosen in a run; nothing where no rule was asked."""
    path = folder / CHOICES
    return pl.read_parquet(path) if path.is_file() else pl.DataFrame(schema=CHOICE_SCHEMA)


def _outclaimed(
    going: pl.DataFrame, claims: pl.DataFrame, holders: Mapping[tuple[str, str], Holder]
) -> pl.DataFrame:
    mine = claims.join(going.select(KEY), on=KEY, how="semi", maintain_order="left")
    return lose_claims(going, mine, holders)


def _claim_choices(lost: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """What lost a claim, as choices: by whose award or match."""
    by = [
        json.dumps([[policy, period]])
        for policy, period in lost.select("to_policy", "to_period").iter_rows()
    ]
    found = lost.with_columns(pl.Series("by", by, dtype=pl.String)).join(
        matches.select(*KEY, "amount_fen"), on=KEY, how="left"
    )
    return found.select(
        *_OFFER,
        pl.lit("known").alias("status"),
        pl.lit("held").alias("decision"),
        pl.lit("claim").alias("reason"),
        "by",
        pl.lit(None, dtype=pl.Int64).alias("difference_fen"),
        "amount_fen",
        pl.lit(None, dtype=pl.Int64).alias("paid_fen"),
    )


def _weigh(rules: PackageRules) -> list[pl.Expr]:
    """What a match is to its package: `status`, `amount`, `has_fen` and `grows_fen`."""
    award, match = pl.col("award_fen"), pl.col("amount_fen")
    there = pl.col("state").is_not_null()
    moneyless = pl.col("policy").is_in(sorted(rules.moneyless))
    adjustable = (pl.col("origin") == "run") & (pl.col("state") == "opened")
    status = (
        pl.when(~there & moneyless)
        .then(pl.lit("moneyless"))
        .when(~there & match.is_null())
        .then(pl.lit("open"))
        .when(~there)
        .then(pl.lit("known"))
        .when(moneyless)
        .then(pl.lit("received-moneyless"))
        .when(award.is_null() & ~adjustable)
        .then(pl.lit("received-unsure"))
        .when(award.is_null() & match.is_null())
        .then(pl.lit("received-open"))
        .otherwise(pl.lit("received"))
    )
    counts = there & ~moneyless
    # an award keeps what it has unless its match has become less; what it would gain comes last
    least = pl.min_horizontal(award.fill_null(0), match.fill_null(award))
    has = pl.when(counts & adjustable).then(least).when(counts).then(award).fill_null(0)
    grows = pl.when(counts & adjustable).then(match - has).fill_null(0)
    return [
        status.alias("status"),
        adjustable.alias("adjustable"),
        pl.when(~there & ~moneyless).then(match).fill_null(0).alias("amount"),
        has.alias("has_fen"),
        grows.alias("grows_fen"),
    ]


def _offered(
    rows: pl.DataFrame, beside: pl.DataFrame, standing: pl.DataFrame, rules: PackageRules
) -> pl.DataFrame:
    """All that stands beside each other: matches, what may come, and awards without a match."""
    columns = ["subject", "policy", "period", "status", "amount_fen", "has_fen", "grows_fen"]
    zero = [pl.lit(0, dtype=pl.Int64).alias(name) for name in columns[4:]]
    mine = rows.drop("amount_fen").rename({"amount": "amount_fen"}).select(columns)
    waiting = (
        beside.join(standing, on=KEY, how="anti")
        .join(rows, on=KEY, how="anti")
        .join(rows, on="subject", how="semi")
        .with_columns(pl.lit("waiting").alias("status"), *zero)
        .select(columns)
    )
    fen = pl.col("award_fen")
    moneyless = pl.col("policy").is_in(sorted(rules.moneyless))
    awards = (
        standing.filter(~pl.col("state").is_in(ENDED))
        .join(rows, on=KEY, how="anti")
        .join(rows, on="subject", how="semi")
        .with_columns(
            pl.when(moneyless)
            .then(pl.lit("received-moneyless"))
            .when(fen.is_null())
            .then(pl.lit("received-unsure"))
            .otherwise(pl.lit("received"))
            .alias("status"),
            *zero[:1],
            pl.when(~moneyless).then(fen).fill_null(0).alias("has_fen"),
            *zero[2:],
        )
        .select(columns)
    )
    return pl.concat([mine, waiting, awards])


def _decide(rows: pl.DataFrame, offered: pl.DataFrame, choices: pl.DataFrame) -> pl.DataFrame:
    """Each match with its offer's decision; `::fen` is its share of what is paid of the offer.

    The items of an offer are paid in their order; `::nothing` says that nothing is left of one.
    What awarded items have is no room for the others, also where nothing matches them any more:
    `offered` has these, too.
    """
    is_award = pl.col("status").str.starts_with("received")
    offers = choices.filter(pl.col("status") != "waiting").select(
        *_OFFER,
        is_award.alias("::award"),
        *("decision", "reason", "by", "difference_fen", "paid_fen"),
    )
    offer = [*_OFFER, "::award"]
    has = (
        offered.filter(pl.col("status") != "waiting")
        .with_columns(is_award.alias("::award"))
        .group_by(offer)
        .agg(pl.col("has_fen").sum().alias("::has"))
    )
    found = (
        rows.with_columns(is_award.alias("::award"))
        .join(offers, on=offer, how="left", maintain_order="left")
        .join(has, on=offer, how="left", maintain_order="left")
    )
    wanted = pl.col("amount") + pl.col("grows_fen")
    before = wanted.cum_sum().over(offer, order_by="item") - wanted
    room = pl.col("paid_fen") - pl.col("::has") - before
    # a cap that cannot be paid out yet leaves an award as it is
    of_room = pl.min_horizontal(pl.max_horizontal(room, 0), wanted)
    gained = pl.when(pl.col("reason") == "cap-unsure").then(0).otherwise(of_room)
    capped = pl.col("paid_fen").is_not_null() | (pl.col("reason") == "cap-unsure")
    capped &= pl.col("adjustable").fill_null(True) & pl.col("amount_fen").is_not_null()
    capped &= ~pl.col("status").str.ends_with("moneyless")
    share = pl.when(capped).then(pl.col("has_fen") + gained).otherwise(pl.col("amount_fen"))
    unsettled = (pl.col("reason") == "cap-unsure") & pl.col("award_fen").is_null()
    share = pl.when(unsettled & pl.col("::award")).then(None).otherwise(share)
    return found.with_columns(share.alias("::fen")).with_columns(
        (~pl.col("::award") & (pl.col("::fen") == 0) & (pl.col("amount_fen") > 0))
        .fill_null(False)
        .alias("::nothing")
    )


def _lost(decided: pl.DataFrame) -> pl.DataFrame:
    names = ["decision", "reason", "by", "difference_fen"]
    if "decision" not in decided.columns:
        empty: dict[str, pl.DataType] = dict.fromkeys([*KEY, "version"], pl.String())
        schema = empty | {name: CHOICE_SCHEMA[name] for name in names}
        return pl.DataFrame(schema=schema)
    # an item of which nothing is left of a cap that pays others of its offer
    nothing = pl.col("::nothing") & pl.col("decision").is_in(["chosen", "kept"])
    return decided.select(
        *KEY,
        "version",
        pl.when(nothing).then(pl.lit("lost")).otherwise("decision").alias("decision"),
        pl.when(nothing).then(pl.lit("cap")).otherwise("reason").alias("reason"),
        "by",
        "difference_fen",
    )
