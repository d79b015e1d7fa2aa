"""Matches that must not become awards: each is counted, told and entered in the journal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine

from awards.claims import find_claimed_twice
from awards.granted import read_awarded
from engine.outcome import KEY
from ledger.database import reading
from ledger.journal import NewEntry, record, record_all
from policies.policy import Policy
from policies.terms import reasons_to_hold

BELOW_ZERO = "their amount is below zero"
CLAIMED_TWICE = "they claim what another match claims as well"
AWARDED_BEFORE = "there is an award for it under an identifier that the subject had before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Matches of one policy for which no award was opened, and why."""

    policy: str
    matches: int
    why: tuple[str, ...]


def hold_matches(
    engine: Engine,
    matches: pl.DataFrame,
    policies: Iterable[Policy],
    run_id: str,
    *,
    actor: str,
    now: datetime,
    former: Sequence[tuple[str, str]] = (),
    recorded: bool = True,
) -> tuple[pl.DataFrame, tuple[Held, ...]]:
    """The matches that can become awards, and what is held of the others.

    A policy whose terms are not acted on yet could be paid wrongly: all its matches are held. An
    amount below zero is a slip of the rule: that match is held. What two matches claim counts once,
    and which of them is right is for people: both are held, each by name. What was awarded to a
    subject under a `former` id (old, new) is not awarded again. The others go on. The journal says
    so, unless it is not `recorded`.
    """
    policies = tuple(policies)
    before = _awarded_before(engine, matches, former)
    again = matches.join(before, on=KEY, how="semi", maintain_order="left")
    matches = matches.join(before, on=KEY, how="anti", maintain_order="left")
    reasons = {
        f"{policy.id}@{policy.version}": why
        for policy in policies
        if (why := reasons_to_hold(policy.terms))
    }
    key = pl.concat_str("policy", pl.lit("@"), "version")
    of_terms = key.is_in(list(reasons))
    below = (pl.col("amount_fen") < 0).fill_null(False) & ~of_terms
    counted = matches.group_by("policy", "version", maintain_order=True).agg(
        of_terms.sum().alias("terms"), below.sum().alias("below")
    )
    held = [
        Held(policy=policy, matches=count, why=(AWARDED_BEFORE,))
        for policy, count in again.group_by("policy").len().sort("policy").iter_rows()
    ]
    for row in counted.sort("policy", "version").iter_rows(named=True):
        if row["terms"]:
            why = reasons[f"{row['policy']}@{row['version']}"]
            held.append(Held(policy=row["policy"], matches=row["terms"], why=why))
        if row["below"]:
            held.append(Held(policy=row["policy"], matches=row["below"], why=(BELOW_ZERO,)))
    twice = find_claimed_twice(matches.filter(~below), claim_groups(policies))
    free = matches.filter(~of_terms & ~below)
    claimed = free.join(twice, on=KEY, how="inner", maintain_order="left")
    for policy, count in claimed.group_by("policy").len().sort("policy").iter_rows():
        held.append(Held(policy=policy, matches=count, why=(CLAIMED_TWICE,)))
    if not held:
        return matches, ()
    free = free.join(claimed, on=KEY, how="anti", maintain_order="left")
    if not recorded:
        return free, tuple(held)
    with engine.begin() as connection:
        for part in held:
            body = {
                "policy": part.policy,
                "matches": part.matches,
                "run": run_id,
                "why": list(part.why),
            }
            record(connection, kind="matches.held", actor=actor, body=body, now=now)
        entries = [_claim_entry(row, run_id, actor, now) for row in claimed.iter_rows(named=True)]
        record_all(connection, entries)
    return free, tuple(held)


def _awarded_before(
    engine: Engine, matches: pl.DataFrame, former: Sequence[tuple[str, str]]
) -> pl.DataFrame:
    """What subjects with a match were awarded under their former ids, under their own: `KEY`."""
    ids = pl.DataFrame(list(former), schema={"subject": pl.String, "new": pl.String}, orient="row")
    ids = ids.filter(pl.col("new").is_in(matches["subject"].implode()))
    with reading(engine) as connection:
        awarded = read_awarded(connection, ids["subject"].to_list())
    found = awarded.join(ids, on="subject", how="inner")
    return found.select(pl.col("new").alias(name) if name == "subject" else name for name in KEY)


def claim_groups(policies: Iterable[Policy]) -> dict[str, str]:
    """The claim group of each policy that claims, by `id@version`."""
    return {
        policy.key: policy.each.claim.group
        for policy in policies
        if policy.each is not None and policy.each.claim is not None
    }


def _claim_entry(row: Mapping[str, Any], run_id: str, actor: str, now: datetime) -> NewEntry:
    """Who is held because of whom, by name: which claim is right is for people to settle."""
    body = {name: row[name] for name in ("policy", "version", "period", "item", "group")}
    body |= {"run": run_id, "why": CLAIMED_TWICE, "others": row["others"]}
    return NewEntry(kind="match.held", actor=actor, subject=row["subject"], body=body, now=now)
