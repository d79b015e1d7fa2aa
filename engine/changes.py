"""What is different from the last accepted run: gained, lost, unsettled, amount changed.

Compared by policy, subject and item, whatever the period: a monthly benefit that goes on is no
change. Two outcomes of one city are compared part by part in bits; rows are written out only for
policies that decide rows, or where somebody wants to see them.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from engine.paired_parts import Pair
from engine.part_outcome import (
    OUTCOME_SCHEMA,
    Amounts,
    PartOutcome,
    PolicyOutcome,
    list_rows,
    pack_rows,
    rows_of,
)
from engine.same_subjects import move, same_subjects
from language.bits import WORD, Words, word_count

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

SUMMARY_SCHEMA = {
    "policy": pl.String(),
    "gained": pl.Int64(),
    "lost": pl.Int64(),
    "unsettled": pl.Int64(),
    "amount_changed": pl.Int64(),
    "difference_fen": pl.Int64(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Who changed under one policy in a part: bits over its subjects."""

    policy: str
    gained: Words
    lost: Words
    unsettled: Words
    amount_changed: Words
    difference_fen: int

    @property
    def turns(self) -> tuple[Words, Words, Words, Words]:
        """In the order of a summary's columns."""
        return self.gained, self.lost, self.unsettled, self.amount_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`summary` as `summarise_changes` tells it; `samples` in the columns of CHANGE_SCHEMA."""

    summary: pl.DataFrame
    samples: pl.DataFrame


def compare_parts(
    pairs: Iterable[Pair],
    policies: Collection[str] | None = None,
    samples: int | None = 0,
) -> Comparison:
    """What changed between the parts of two outcomes (`engine.paired_parts.pair_parts`).

    Only `policies` count, where they are named: a policy that one of two runs left out was not
    decided by it. At most `samples` of each policy's changes are written out, None: all.
    """
    summaries = [pl.DataFrame(schema=SUMMARY_SCHEMA)]
    told = _Samples(samples)
    for now, before in pairs:
        if policies is not None:
            now, before = _only(now, policies), _only(before, policies)
        now, before = same_subjects(now, before)
        changed, rows = compare_part(now, before)
        lines = [
            (one.policy, *(int(np.bitwise_count(w).sum()) for w in one.turns), one.difference_fen)
            for one in changed
        ]
        summaries.append(pl.DataFrame(lines, schema=SUMMARY_SCHEMA, orient="row"))
        summaries.append(summarise_changes(rows).select(*SUMMARY_SCHEMA))
        told.add(now, before, changed, rows)
    together = pl.concat(summaries).group_by("policy").sum().sort("policy")
    turns = ("gained", "lost", "unsettled", "amount_changed")
    return Comparison(
        summary=together.filter(pl.any_horizontal(pl.col(turns) != 0)).select(*SUMMARY_SCHEMA),
        samples=told.rows(),
    )


class _Samples:
    """The first changes of each policy, as many as are wanted."""

    def __init__(self, wanted: int | None) -> None:
        self.wanted = wanted
        self.found = [pl.DataFrame(schema=CHANGE_SCHEMA)]
        self.counts: dict[str, int] = {}

    def add(
        self, now: PartOutcome, before: PartOutcome, changed: list[Changed], rows: pl.DataFrame
    ) -> None:
        if self.wanted == 0:
            return
        places = [np.zeros(0, np.uint32)]
        for one in changed:
            left = None if self.wanted is None else self.wanted - self.counts.get(one.policy, 0)
            some = rows_of(np.bitwise_or.reduce(one.turns))[:left]
            self.counts[one.policy] = self.counts.get(one.policy, 0) + len(some)
            places.append(some)
        chosen = np.unique(np.concatenate(places))
        target = np.full(now.height, -1)
        target[chosen] = np.arange(len(chosen))
        subjects = now.subjects.gather(pl.Series(chosen))
        names = [one.policy for one in changed]
        listed = (list_rows(move(part, subjects, target), names) for part in (now, before))
        self.found += [diff_outcomes(*listed), rows]

    def rows(self) -> pl.DataFrame:
        together = pl.concat(self.found).sort(_KEY)
        if self.wanted is None:
            return together
        return together.group_by("policy", maintain_order=True).head(self.wanted)


def _only(part: PartOutcome, policies: Collection[str]) -> PartOutcome:
    return replace(
        part,
        policies=tuple(outcome for outcome in part.policies if outcome.policy in policies),
        rows=part.rows.filter(pl.col("policy").is_in(list(policies))),
    )


def compare_part(now: PartOutcome, before: PartOutcome) -> tuple[list[Changed], pl.DataFrame]:
    """Each policy's changes in bits over the subjects, who are the same in both; and, in the
    columns of CHANGE_SCHEMA, those of policies that decide rows, or several periods or versions."""
    mine, theirs = _by_policy(now), _by_policy(before)
    apart = {
        policy
        for found in (mine, theirs)
        for policy, outcomes in found.items()
        if len(outcomes) > 1
    }
    apart |= {*now.rows["policy"].unique(), *before.rows["policy"].unique()}
    empty = np.zeros(word_count(now.height), np.uint64)
    compared = [
        _compare(
            policy,
            mine[policy][0] if policy in mine else None,
            theirs[policy][0] if policy in theirs else None,
            empty,
        )
        for policy in sorted((mine.keys() | theirs.keys()) - apart)
    ]
    rows = diff_outcomes(list_rows(now, apart), list_rows(before, apart))
    return compared, rows


def _by_policy(part: PartOutcome) -> dict[str, list[PolicyOutcome]]:
    found: dict[str, list[PolicyOutcome]] = {}
    for outcome in part.policies:
        found.setdefault(outcome.policy, []).append(outcome)
    return found


def _compare(
    policy: str, now: PolicyOutcome | None, before: PolicyOutcome | None, empty: Words
) -> Changed:
    is_now, was = (empty if one is None else one.eligible for one in (now, before))
    unknown = empty if now is None else now.unknown
    gone = was & ~is_now
    return Changed(
        policy=policy,
        gained=is_now & ~was,
        lost=gone & ~unknown,
        unsettled=gone & unknown,
        amount_changed=_other_amounts(now, before, empty),
        difference_fen=_known(now) - _known(before),
    )


def _known(outcome: PolicyOutcome | None) -> int:
    return 0 if outcome is None else outcome.sum_amounts()[0]


def _other_amounts(now: PolicyOutcome | None, before: PolicyOutcome | None, empty: Words) -> Words:
    """Those who are and were eligible, for another amount; an open one differs from a known."""
    if now is None or before is None:
        return empty
    both = now.eligible & before.eligible
    if isinstance(now.amounts, int) and isinstance(before.amounts, int):
        return both if now.amounts != before.amounts else empty
    rows = rows_of(both)
    differ = _amounts_at(now, both) != _amounts_at(before, both)
    return pack_rows(rows[differ], len(both) * WORD)


def _amounts_at(outcome: PolicyOutcome, chosen: Words) -> Amounts:
    """The amounts of some of those who are eligible."""
    if isinstance(outcome.amounts, int):
        return np.full(int(np.bitwise_count(chosen).sum()), outcome.amounts)
    rows = rows_of(outcome.eligible)
    held = (chosen[rows >> 6] >> (rows & 63).astype(np.uint64)) & np.uint64(1)
    some: Amounts = outcome.amounts[held.astype(np.bool_)]
    return some


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
