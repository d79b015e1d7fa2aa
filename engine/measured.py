"""A policy's own facts that are measured over rows: which it needs, and in which order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from language.definition import Definition, Scope
from language.expression import Expression, Name
from language.reach import reachable_facts
from language.types import FactType
from policies.policy import Policy
from profiles.fact import Fact, Vocabulary
from profiles.measure import Measure
from profiles.row_set import RowSet


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMeasure:
    """One measured fact of a policy.

    `scope` is what names mean in its filter: the row's columns, then the policy's names. `uses`
    are the subject's facts that the filter reaches, with `types`.
    """

    fact: Fact
    row_set: RowSet
    scope: Scope
    uses: frozenset[str]
    types: Mapping[str, FactType]

    @property
    def measure(self) -> Measure:
        """How the fact is measured."""
        assert self.fact.measure is not None
        return self.fact.measure


def find_own_measures(
    policy: Policy, vocabulary: Vocabulary, scope: Mapping[str, Definition], names: Iterable[str]
) -> tuple[OwnMeasure, ...]:
    """The policy's measured facts among `names`, and those that they rest on, which come first."""
    measured = {fact.name: fact for fact in policy.facts if fact.measure is not None}
    row_sets = dict(vocabulary.row_sets) | dict(policy.row_sets)
    types = {name: fact.type for name, fact in vocabulary.facts.items()}
    types |= {fact.name: fact.type for fact in policy.facts}
    found: dict[str, OwnMeasure] = {}

    def add(name: str) -> None:
        fact = measured[name]
        assert fact.measure is not None
        row_set = row_sets[fact.measure.rows]
        uses = outer_names(fact.measure, row_set, scope)
        for used in sorted(uses):
            if used in measured and used not in found:
                add(used)
        found[name] = OwnMeasure(
            fact=fact,
            row_set=row_set,
            scope={**scope, **row_set.scope()},
            uses=uses,
            types={used: types[used] for used in uses if used in types},
        )

    for name in sorted(set(names)):
        if name in measured and name not in found:
            add(name)
    return tuple(found.values())


def outer_names(
    measure: Measure, row_set: RowSet, scope: Mapping[str, Definition]
) -> frozenset[str]:
    """What a measure reaches beside the columns of its rows, by its filter and its day."""
    starts: list[Expression] = [Name(name=measure.on)] if measure.on is not None else []
    if measure.where is not None:
        within = reachable_facts([measure.where], {**scope, **row_set.scope()})
        starts += [Name(name=name) for name in within if name not in row_set.columns]
    return reachable_facts(starts, scope)
