"""The brake put between a run's outcome and what follows from it: compare, limit, settle.

Each policy is compared with its own outcome that was accepted last, whatever run that was. Those
over a limit of the installation are held with what they are linked with, and nothing of them goes
on: no award, no notice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection, Engine, select

from console.settings import Settings
from engine.brake import BrakeLimits, Figures, Held, brake
from engine.changes import CHANGE_SCHEMA, SUMMARY_SCHEMA, Comparison, compare_parts
from engine.linked_policies import link_policies
from engine.outcome import Outcome, read_outcome
from engine.outcome_reading import read_parts
from engine.paired_parts import pair_parts
from engine.run import Run, find_run, run_table
from engine.run_act import check_approval
from engine.run_policy import (
    IN_FORCE,
    Decided,
    RunPolicy,
    find_accepted,
    find_bases,
    list_run_policies,
    run_policy_table,
    settle_policies,
)
from ledger.database import reading
from policies.period import period_of
from policies.policy import Policy

SAMPLES = 1_000
"""Changes of one policy that a run lists at most."""

_CHANGES = ("gained", "lost", "unsettled", "amount_changed", "difference_fen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a run found for a policy that it decided: `audience` subjects, so many matches."""

    policy: Policy
    audience: int
    eligible: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyState:
    """How a policy stands in a run; of a trial, how it would."""

    policy: str
    version: str
    state: str
    figures: Figures
    held: Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Braked:
    """A run compared and settled; `first_run`: nothing was there to compare any policy with."""

    change_rows: pl.DataFrame
    changes: pl.DataFrame
    first_run: bool
    policies: tuple[PolicyState, ...]

    @property
    def going(self) -> list[str]:
        """The policies whose matches become awards."""
        return [one.policy for one in self.policies if one.state in IN_FORCE]


def brake_run(
    settings: Settings,
    engine: Engine,
    run: Run,
    found: Sequence[Found],
    outcome: Outcome,
    *,
    limits: BrakeLimits,
    actor: str,
    now: datetime,
    recorded: bool,
) -> Braked:
    """Compare a run's outcome policy by policy, and settle which of them go on.

    A run that was settled before stays as it was settled. What is not `recorded` (a trial) is only
    told.
    """
    policies = [one.policy for one in found]
    with reading(engine) as connection:
        settled = list_run_policies(connection, run.id)
        bases = _find_bases(connection, settings, [policy.id for policy in policies])
        accepted = find_accepted(connection, bases)
        previous = _open_bases(connection, settings, bases)
        for one in settled:
            if one.state == "approved":
                check_approval(connection, one)
    compared = compare_with_bases(outcome, [policy.id for policy in policies], previous)
    former = _count_former(previous, bases.keys() - accepted.keys())
    figures = _figures(found, compared.summary, outcome, accepted, former, run.as_of)
    held = brake(figures, limits, link_policies(policies))
    verdicts = [
        Decided(
            policy=policy,
            base_run=bases.get(policy.id),
            figures=figures[policy.id],
            held=held.get(policy.id),
        )
        for policy in policies
    ]
    if recorded:
        settled = settle_policies(engine, run, verdicts, actor=actor, now=now)
    return Braked(
        change_rows=compared.samples,
        changes=compared.summary,
        first_run=not bases,
        policies=tuple(map(_state_of, settled) if settled else map(_state_it_would_have, verdicts)),
    )


def _find_bases(
    connection: Connection, settings: Settings, policies: Sequence[str]
) -> dict[str, str]:
    """The run each policy is compared with.

    Where no run has accepted it by itself, it is the last run accepted as a whole that had it and
    decided anything (`engine.run_policy.is_base` allows such a run).
    """
    bases = find_bases(connection, policies)
    missing = [policy for policy in policies if policy not in bases]
    for run in _list_whole_runs(connection) if missing else ():
        if run.outcome_path is None:
            continue
        outcome = read_outcome(settings.home / run.outcome_path)
        if outcome.counts:  # otherwise no policy was in force: it says nothing of any of them
            there = {key.partition("@")[0] for key in outcome.origin.policy_hashes}
            return bases | {policy: run.id for policy in missing if policy in there}
    return bases


def _list_whole_runs(connection: Connection) -> list[Run]:
    """The runs accepted as a whole, the last first.

    They are of the time before acceptance was per policy, or decided no policy.
    """
    columns = run_table.c
    found = connection.scalars(
        select(columns.id)
        .where(columns.state == "accepted")
        .where(
            ~select(run_policy_table.c.id).where(run_policy_table.c.run_id == columns.id).exists()
        )
        .order_by(columns.decided_at.desc(), columns.as_of.desc(), columns.id.desc())
    )
    return [run for run_id in found.all() if (run := find_run(connection, run_id)) is not None]


def _open_bases(
    connection: Connection, settings: Settings, bases: Mapping[str, str]
) -> dict[str, Outcome]:
    """The outcome that counts so far of each policy, that of the run it was accepted in."""
    opened: dict[str, Outcome] = {}
    for run_id in sorted(set(bases.values())):
        run = find_run(connection, run_id)
        if run is not None and run.outcome_path is not None:
            opened[run_id] = read_outcome(settings.home / run.outcome_path)
    return {policy: opened[run_id] for policy, run_id in bases.items() if run_id in opened}


def compare_with_bases(
    outcome: Outcome,
    policies: Sequence[str],
    bases: Mapping[str, Outcome],
    samples: int | None = SAMPLES,
) -> Comparison:
    """Each policy's changes against the outcome that counts of it; without one all is gained.

    At most `samples` of each policy's changes are listed; None lists all of them.
    """
    groups: dict[str, list[str]] = {}
    for policy in policies:
        base = bases.get(policy)
        groups.setdefault("" if base is None else base.hash, []).append(policy)
    found = []
    for names in groups.values():
        base = bases.get(names[0])
        found.append(compare_parts(pair_parts(outcome, base), frozenset(names), samples))
    return Comparison(
        summary=pl.concat(
            [pl.DataFrame(schema=SUMMARY_SCHEMA), *(one.summary for one in found)]
        ).sort("policy"),
        samples=pl.concat(
            [pl.DataFrame(schema=CHANGE_SCHEMA), *(one.samples for one in found)]
        ).sort("policy", "subject", "item"),
    )


def _figures(
    found: Sequence[Found],
    changes: pl.DataFrame,
    outcome: Outcome,
    accepted: Mapping[str, RunPolicy],
    former: Mapping[str, Figures],
    as_of: date,
) -> dict[str, Figures]:
    """What the brake looks at, by policy."""
    changed = {row["policy"]: row for row in changes.iter_rows(named=True)}
    reached = _count_subjects(
        outcome, [one.policy.id for one in found if _gives_several(one.policy)]
    )
    figures = {}
    for one in found:
        name = one.policy.id
        before = accepted[name].figures if name in accepted else former.get(name)
        figures[name] = Figures(
            audience=one.audience,
            reached=reached.get(name, one.eligible),
            eligible=one.eligible,
            amount_fen=one.amount_fen,
            before=before.eligible if before else None,
            reached_before=before.reached if before else None,
            before_fen=before.amount_fen if before else None,
            per=f"{one.policy.per} {one.policy.period}".strip(),
            per_before=before.per if before else "",
            period=_period_of(one.policy, as_of),
            **{kind: changed[name][kind] if name in changed else 0 for kind in _CHANGES},
        )
    return figures


def _period_of(policy: Policy, as_of: date) -> str:
    dates = (policy.effective_from, policy.effective_to)
    return period_of(policy.per, policy.period, as_of, *dates).name


def _gives_several(policy: Policy) -> bool:
    """Whether one subject may have several matches of it at once."""
    items = policy.item is not None or (policy.each is not None and policy.each.item is not None)
    return items or policy.terms.back_pay is not None


def _count_subjects(outcome: Outcome, policies: Sequence[str]) -> dict[str, int]:
    """How many subjects have a match, of these policies; each at least 0.

    All that one subject has of a policy stands in one part.
    """
    found = dict.fromkeys(policies, 0)
    for rows in read_parts(outcome, policies) if policies else ():
        counted = (
            rows.filter(verdict="eligible").group_by("policy").agg(pl.col("subject").n_unique())
        )
        for policy, count in counted.iter_rows():
            found[policy] += count
    return found


def _count_former(previous: Mapping[str, Outcome], policies: Iterable[str]) -> dict[str, Figures]:
    """What counted so far of these policies, where no run has noted it."""
    found = {}
    for policy in policies:
        outcome = previous.get(policy)
        eligible = reached = amount_fen = 0
        if outcome is not None:
            mine = [counts for key, counts in outcome.counts.items() if key[1] == policy]
            eligible = sum(counts.eligible for counts in mine)
            amount_fen = sum(counts.amount_fen for counts in mine)
            reached = _count_subjects(outcome, [policy])[policy]
        found[policy] = Figures(
            audience=0, reached=reached, eligible=eligible, amount_fen=amount_fen
        )
    return found


def _state_of(one: RunPolicy) -> PolicyState:
    return PolicyState(
        policy=one.policy,
        version=one.version,
        state=one.state,
        figures=one.figures,
        held=one.held,
    )


def _state_it_would_have(one: Decided) -> PolicyState:
    return PolicyState(
        policy=one.policy.id,
        version=one.policy.version,
        state="accepted" if one.held is None else "held",
        figures=one.figures,
        held=one.held or Held(),
    )
