"""What the names in a policy's conditions are, without a day: their types and what they rest on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from language.contrast import Witness
from language.definition import Constant, Definition, Given, Scalar
from language.expression import Name
from language.reach import reachable_facts
from policies.each import facts_of_rows
from policies.policy import DatedParameter, Policy
from profiles.fact import Fact, Vocabulary


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Two versions of a policy side by side, and the vocabulary that both are read with."""

    old: Policy
    new: Policy
    vocabulary: Vocabulary

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Every fact and column of rows that a condition of either may name."""
        found = dict(self.vocabulary.facts)
        for policy in (self.old, self.new):
            if policy.each is not None:
                found |= facts_of_rows(policy.each)
            found |= {fact.name: fact for fact in policy.facts}
        return found

    @cached_property
    def scope(self) -> Mapping[str, Given]:
        """Each fact as one that may have any value of its type."""
        return {name: fact.given for name, fact in self.facts.items()}

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        """What each fact rests on."""
        return {name: fact.formula or fact.given for name, fact in self.facts.items()}

    def values(self, names: Iterable[str]) -> tuple[dict[str, Scalar], dict[str, Scalar]]:
        """Of the two versions the values of parameters that have one value at all times.

        Of `names`, which both use, only those that are the same in both: what else becomes of a
        parameter is told where it stands.
        """
        old, new = _plain_values(self.old), _plain_values(self.new)
        for name in names:
            if name not in old or name not in new or old[name] != new[name]:
                old.pop(name, None)
                new.pop(name, None)
        return old, new

    def independent(self, witness: Witness) -> bool:
        """Whether no two of the facts rest on a third one, so that each may have any value."""
        seen: set[str] = set()
        for name in witness:
            rests_on = reachable_facts([Name(name=name)], self.definitions)
            if seen & rests_on:
                return False
            seen |= rests_on
        return True


def _plain_values(policy: Policy) -> dict[str, Scalar]:
    return {p.name: value for p in policy.parameters if (value := plain_value(p)) is not None}


def plain_value(parameter: DatedParameter) -> Scalar | None:
    """The one value of a parameter for everybody and at all times, None where it has several."""
    if parameter.at is not None or len(parameter.spans) != 1:
        return None
    (span,) = parameter.spans
    if span.end is not None or span.start.year > 1 or not isinstance(span.value, Constant):
        return None
    return span.value.value
