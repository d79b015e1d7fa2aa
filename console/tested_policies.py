"""The examples of policies run as tests, and how far they reach."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.example_boundaries import Boundary, cover_boundaries
from engine.example_coverage import Coverage, cover_examples, see_examples
from engine.examples import ExampleResult, run_examples
from policies.policy import Policy
from profiles.fact import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTested:
    """One policy: how its examples came out, and what they reach; without a coverage where only
    some of them were run."""

    policy: Policy
    results: tuple[ExampleResult, ...]
    coverage: Coverage | None = None
    boundaries: tuple[Boundary, ...] = ()

    @property
    def passed(self) -> int:
        """How many examples came out as expected."""
        return sum(result.passed for result in self.results)

    @property
    def on_boundaries(self) -> int:
        """On how many sides of thresholds an example stands."""
        return sum(bool(side.examples) for side in self.boundaries)


def run_policies_examples(
    policies: Iterable[Policy], vocabulary: Vocabulary, name_holds: str | None = None
) -> list[PolicyTested]:
    """Run the examples of policies; `name_holds` leaves those whose name holds this text."""
    return [_test(policy, vocabulary, name_holds) for policy in policies]


def _test(policy: Policy, vocabulary: Vocabulary, name_holds: str | None) -> PolicyTested:
    if name_holds is not None:
        wanted = name_holds.casefold()
        chosen = tuple(one for one in policy.examples if wanted in one.name.casefold())
        results = run_examples(replace(policy, examples=chosen), vocabulary)
        return PolicyTested(policy=policy, results=tuple(results))
    seen = see_examples(policy, vocabulary)
    return PolicyTested(
        policy=policy,
        results=tuple(run_examples(policy, vocabulary)),
        coverage=cover_examples(policy, vocabulary, seen),
        boundaries=cover_boundaries(policy, vocabulary, seen),
    )


def count_cells(tested: Iterable[PolicyTested]) -> tuple[int, int]:
    """How many values the examples of all policies reach, and of how many."""
    coverages = [one.coverage for one in tested if one.coverage is not None]
    return sum(c.covered for c in coverages), sum(len(c.cells) for c in coverages)


def percent_covered(covered: int, total: int) -> float:
    """The share in percent; of nothing all is covered."""
    return 100.0 if total == 0 else 100 * covered / total
