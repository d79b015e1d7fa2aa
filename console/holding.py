"""Matches that must not become awards: each is counted, told and entered in the journal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Engine

from ledger.journal import record
from policies.policy import Policy
from policies.terms import reasons_to_hold

BELOW_ZERO = "their amount is below zero"


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
) -> tuple[pl.DataFrame, tuple[Held, ...]]:
    """The matches that can become awards, and what is held of the others.

    A policy whose terms are not acted on yet could be paid wrongly: all its matches are held. An
    amount below zero is a slip of the rule: that match is held. The other matches go on.
    """
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
    held = []
    for row in counted.sort("policy", "version").iter_rows(named=True):
        if row["terms"]:
            why = reasons[f"{row['policy']}@{row['version']}"]
            held.append(Held(policy=row["policy"], matches=row["terms"], why=why))
        if row["below"]:
            held.append(Held(policy=row["policy"], matches=row["below"], why=(BELOW_ZERO,)))
    if not held:
        return matches, ()
    with engine.begin() as connection:
        for part in held:
            body = {
                "policy": part.policy,
                "matches": part.matches,
                "run": run_id,
                "why": list(part.why),
            }
            record(connection, kind="matches.held", actor=actor, body=body, now=now)
    return matches.filter(~of_terms & ~below), tuple(held)
