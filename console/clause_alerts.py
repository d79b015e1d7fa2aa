"""Clauses that tell nobody apart any more, counted over the snapshots of two runs."""

from collections.abc import Sequence
from datetime import datetime

from console.alert import Alert
from console.population import count_by_clause
from console.run_report import open_run
from console.settings import Settings
from engine.clause_counts import ClauseCount, PolicyCounts
from engine.run import Run
from profiles.ingest import Progress

FEWEST_OTHERS = 10
"""So many have to have come out otherwise before: that none does now, is then no chance. (Of a
sample as large, none of them is seen again with a probability below 1 in 10,000.)"""


def find_constant_clauses(
    settings: Settings, runs: Sequence[Run], tell: Progress, *, sample: int | None
) -> list[Alert]:
    """Clauses that came out alike for everybody in the first of two runs, and not in the second.

    `runs` are the two accepted last, the newer first; with fewer there is nothing to compare.
    Counted over `sample` subjects of each kind, or everybody. Raises NothingThere where the
    snapshot or the policies of a run are gone.
    """
    if len(runs) < 2:
        return []
    counted = [
        {counts.policy: counts for counts in count_by_clause(*open_run(settings, run), None, tell,
                                                             sample=sample)[0]}
        for run in runs[:2]
    ]  # fmt: skip
    now, before = counted
    return [
        alert
        for policy, counts in now.items()
        if policy in before
        for alert in compare_clauses(counts, before[policy], runs[0].decided_at)
    ]


def compare_clauses(now: PolicyCounts, before: PolicyCounts, since: datetime | None) -> list[Alert]:
    """The clauses of a policy that turned constant; groups follow from their members."""
    former = {one.id: one for one in before.clauses}
    found = []
    for one in now.clauses:
        was = former.get(one.id)
        if was is None or (one.group not in ("", "portion") and one.id != "region"):
            continue
        constant, others = constant_of(one), _others(was, constant_of(one))
        if constant and others >= FEWEST_OTHERS:
            found.append(
                Alert(
                    kind="clause constant",
                    name=now.policy,
                    since=since,
                    figure=now.subjects,
                    limit=FEWEST_OTHERS,
                    detail=f"{one.id} {constant}",
                    before=others,
                )
            )
    return found


def constant_of(one: ClauseCount) -> str:
    """As what a clause came out for everybody: passes, fails, unknown; "" where it differs."""
    counts = {"passes": one.passes, "fails": one.fails, "unknown": one.unknown}
    there = [name for name, count in counts.items() if count]
    return there[0] if len(there) == 1 else ""


def _others(one: ClauseCount, constant: str) -> int:
    """How many came out otherwise."""
    counts = {"passes": one.passes, "fails": one.fails, "unknown": one.unknown}
    return sum(count for name, count in counts.items() if name != constant)
