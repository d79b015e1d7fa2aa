"""What a run found, policy by policy, and how it is written down."""

from dataclasses import dataclass, replace

from console.run_log import PartTime
from engine.brake import Figures
from engine.city_evaluation import KINDS, PartDone
from engine.outcome import Outcome
from engine.part_outcome import Counts
from engine.program import Program
from engine.run_record import PolicyFigures
from policies.policy import Policy
from profiles.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyResult:
    """What a run found for one policy."""

    policy: Policy
    outside: str | None
    subjects: int
    eligible: int
    unknown: int
    amount_fen: int
    open_amounts: int


def count_results(
    program: Program, snapshot: Snapshot, outcome: Outcome
) -> tuple[PolicyResult, ...]:
    """What each policy came to."""
    found: dict[str, Counts] = {}
    for (_, policy_id, version, _), counts in outcome.counts.items():
        key = f"{policy_id}@{version}"
        found[key] = found.get(key, Counts()) + counts
    sizes = {kind: sum(part.subjects for part in snapshot.parts(kind)) for kind in KINDS}
    results = []
    for policy in program.policies:
        counts = found.get(policy.key, Counts())
        outside = policy.in_force(snapshot.as_of)
        results.append(
            PolicyResult(
                policy=policy,
                outside=outside,
                subjects=0 if outside else sizes[policy.audience],
                eligible=counts.eligible,
                unknown=counts.unknown,
                amount_fen=counts.amount_fen,
                open_amounts=counts.open_amounts,
            )
        )
    return tuple(results)


def time_of(done: PartDone) -> PartTime:
    """How long a part took, as it is written down."""
    return PartTime(
        part=done.part.name,
        subjects=done.part.subjects,
        seconds=done.seconds,
        processor_seconds=done.processor_seconds,
    )


def figures_of(result: PolicyResult, moved: Figures | None) -> PolicyFigures:
    """A policy's result as it is written down; `moved` is what the brake saw of it."""
    policy = result.policy
    figures = PolicyFigures(
        policy=policy.id,
        version=policy.version,
        title_zh=policy.title_zh,
        title_en=policy.title_en or policy.title_zh,
        outside=result.outside,
        subjects=result.subjects,
        eligible=result.eligible,
        unknown=result.unknown,
        amount_fen=result.amount_fen,
        open_amounts=result.open_amounts,
    )
    if moved is None or result.outside is not None:
        return figures
    return replace(
        figures,
        gained=moved.gained,
        lost=moved.lost,
        unsettled=moved.unsettled,
        amount_changed=moved.amount_changed,
        difference_fen=moved.difference_fen,
    )
