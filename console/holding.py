"""Matches that must not become awards: each is counted, told and entered in the journal."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, Engine

from awards.award import Pace, write_slices
from awards.claims import CLAIMED_BY_AWARD
from awards.granted import read_awarded
from console.hold_words import (
    AWARDED_BEFORE,
    BELOW_ZERO,
    CLAIMED_TWICE,
    PACKAGE_REASONS,
)
from console.packaging import Packed, pack_matches, write_choices
from engine.part_outcome import KEY
from ledger.database import reading
from ledger.entries import NewEntries, record_columns
from ledger.journal import record
from policies.policy import Policy
from policies.terms import reasons_to_hold


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
    beside: pl.DataFrame | None = None,
    key: bytes = b"",
    folder: Path | None = None,
    seconds: Callable[[], float] | None = None,
    refused: Mapping[str, str] | None = None,
) -> tuple[pl.DataFrame, tuple[Held, ...]]:
    """The matches that can become awards, and what is held of the others.

    A policy whose terms are not acted on yet could be paid wrongly: all its matches are held. An
    amount below zero is a slip of the rule: that match is held. What was awarded to a subject under
    a `former` id (old, new) is not awarded again. Of a policy whose budget is `refused`, by its id
    and why, all is held. Of the others each subject's package is chosen
    by the rules between policies, and each claim given to one match; `beside` has all rows of the
    outcome, since what may come to match counts too. Who loses is held by name.

    Matches that go on have what caps leave of their amount, and where something claims, `claimed`:
    a list of group and keyed hash with a line break between, made with `key`. The journal says all
    this, and `folder` gets each choice, unless it is not `recorded`.
    """
    policies = tuple(policies)
    before = _awarded_before(engine, matches, former)
    again = matches.join(before, on=KEY, how="semi", maintain_order="left")
    matches = matches.join(before, on=KEY, how="anti", maintain_order="left")
    reasons = {
        f"{policy.id}@{policy.version}": why
        for policy in policies
        if (why := (*reasons_to_hold(policy.terms), *_of_budget(policy, refused)))
    }
    version = pl.concat_str("policy", pl.lit("@"), "version")
    of_terms = version.is_in(list(reasons))
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
    free = matches.filter(~of_terms & ~below)
    columns = [*KEY, "version"]
    may_come = matches if beside is None else beside
    may_come = may_come.select(columns).join(free, on=KEY, how="anti")
    packed = pack_matches(engine, free, may_come, policies, key=key, former=former)
    named = _name_losers(packed)
    if recorded:
        _record_held(engine, held, run_id, actor, now)
    for policy, why, count in (
        named.group_by("policy", "why").len().sort("policy", "why").iter_rows()
    ):
        held.append(Held(policy=policy, matches=count, why=(why,)))
    if recorded:

        def write(connection: Connection, some: slice) -> int:
            record_columns(connection, _entries_of(named[some], run_id, actor, now))
            return len(range(some.start, some.stop))

        write_slices(engine, named.height, write, Pace(seconds=seconds))
        if folder is not None and packed.choices.height:
            write_choices(folder, packed.choices)
    return _with_claims(packed), tuple(held)


def _name_losers(packed: Packed) -> pl.DataFrame:
    """All whom rules or claims hold, with `why` and what the journal says of each."""
    lost = packed.lost.with_columns(
        pl.concat_str("decision", pl.lit(" "), "reason")
        .replace_strict(PACKAGE_REASONS, return_dtype=pl.String)
        .alias("why")
    )
    why = pl.when("to_award").then(pl.lit(CLAIMED_BY_AWARD)).otherwise(pl.lit(CLAIMED_TWICE))
    outclaimed = packed.outclaimed.with_columns(why.alias("why"))
    return pl.concat([lost, outclaimed], how="diagonal")


def _with_claims(packed: Packed) -> pl.DataFrame:
    if packed.claims.is_empty():
        return packed.matches
    claimed = packed.claims.group_by(KEY).agg(
        pl.concat_str("group", pl.lit("\n"), "claimed").sort().alias("claimed")
    )
    return packed.matches.join(claimed, on=KEY, how="left", maintain_order="left")


def _record_held(
    engine: Engine, held: Iterable[Held], run_id: str, actor: str, now: datetime
) -> None:
    with engine.begin() as connection:
        for part in held:
            body = {
                "policy": part.policy,
                "matches": part.matches,
                "run": run_id,
                "why": list(part.why),
            }
            record(connection, kind="matches.held", actor=actor, body=body, now=now)


def _of_budget(policy: Policy, refused: Mapping[str, str] | None) -> tuple[str, ...]:
    why = (refused or {}).get(policy.id)
    return () if why is None else (why,)


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


def _entries_of(named: pl.DataFrame, run_id: str, actor: str, now: datetime) -> NewEntries:
    """Who is held because of what, by name: the subject, the others, and what they come to more."""
    by = {text: json.loads(text) for text in named["by"].drop_nulls().unique()}
    others = pl.when(pl.col("to_subject") != pl.col("subject")).then("to_subject")
    optional = named.select(
        "version",
        "difference_fen",
        "group",
        pl.col("to_policy").alias("others"),
        pl.col("to_period").alias("period_of"),
        others.alias("subject_of"),
    ).to_dict(as_series=False)
    return NewEntries(
        kind="match.held",
        actor=actor,
        now=now,
        subjects=named["subject"].to_list(),
        shared={"run": run_id},
        columns=named.select("policy", "period", "item", "why").to_dict(as_series=False),
        optional=optional | {"by": [by.get(text) for text in named["by"]]},
    )
