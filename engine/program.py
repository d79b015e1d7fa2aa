"""Policies made ready for one day: periods fixed, parameters in force, names resolved."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from engine.measured import OwnMeasure, find_own_measures
from language.check import parts_of, reachable_facts
from language.definition import (
    Choice,
    Constant,
    Dated,
    DecisionTable,
    Definition,
    Given,
    Table,
    Tiers,
)
from language.expression import (
    Arithmetic,
    Call,
    Comparison,
    Conditional,
    DoesNotApply,
    Expression,
    Logic,
    Match,
    Membership,
    Name,
    Not,
    walk,
)
from language.types import FactType
from policies.parameter import definition_of
from policies.period import Period, period_of
from policies.policy import Policy, Step, leaves_of
from profiles.fact import Vocabulary

Outside = Literal["effective", "window"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A policy on one day.

    `outside` says why a run on this day leaves it out. `names` are all names that its conditions
    and amounts reach, `amount_names` those that the amounts reach, `deciding_names` those whose
    value decides which others an amount rests on. `types` are the types of the facts among them,
    also of those that are worked out unless given. `own_measures` are the facts among them that the
    policy measures over rows itself, in the order in which they are worked out.
    """

    policy: Policy
    as_of: date
    period: Period
    scope: Mapping[str, Definition]
    outside: Outside | None
    names: frozenset[str]
    amount_names: frozenset[str]
    deciding_names: frozenset[str]
    types: Mapping[str, FactType]
    own_measures: tuple[OwnMeasure, ...]


@dataclass(frozen=True, kw_only=True)
class Program:
    """The policies of a run, and the vocabulary they were written in."""

    policies: tuple[Policy, ...]
    vocabulary: Vocabulary

    @cached_property
    def hash(self) -> str:
        """The same for the same policies in any order, and the same meaning of their words.

        Facts that are worked out stand in no snapshot, so the vocabulary belongs to the program:
        else a run after its change would read the outcome of the run before.
        """
        digest = hashlib.sha256()
        for policy in sorted(self.policies, key=lambda policy: policy.key):
            digest.update(f"{policy.key} {policy.content_hash}\n".encode())
        for name in sorted(self.vocabulary.facts):
            digest.update(f"{self.vocabulary.facts[name]!r}\n".encode())
        for name in sorted(self.vocabulary.row_sets):
            digest.update(f"{self.vocabulary.row_sets[name]!r}\n".encode())
        return digest.hexdigest()


def compile_policies(policies: Iterable[Policy], vocabulary: Vocabulary) -> Program:
    """The program of these policies; of several versions of one, each counts by its own dates."""
    return Program(policies=tuple(policies), vocabulary=vocabulary)


def bind(policy: Policy, vocabulary: Vocabulary, as_of: date) -> Bound:
    """The policy as it stands on a day."""
    period = period_of(policy.per, policy.period, as_of, policy.effective_from, policy.effective_to)
    scope: dict[str, Definition] = dict(vocabulary.scope(policy.audience))
    scope |= {fact.name: fact.formula or fact.given for fact in policy.facts}
    scope |= {parameter.name: definition_of(parameter, as_of) for parameter in policy.parameters}
    scope |= {out.name: out.definition for table in policy.tables for out in table.outputs}
    scope |= {
        "as_of": Constant(value=as_of),
        "period_start": Constant(value=period.start),
        "period_end": Constant(value=period.end),
    }
    names = reachable_facts(expressions_of(policy), scope)
    names |= {policy.region.fact} if policy.region else set()
    names |= {policy.effective_at} if policy.effective_at else set()
    outside = policy.in_force(as_of)
    told = amounts_of(policy)
    shared = vocabulary.facts
    return Bound(
        policy=policy,
        as_of=as_of,
        period=period,
        scope=scope,
        outside=outside,  # type: ignore[arg-type]  # one of the two
        names=names,
        amount_names=reachable_facts(told, scope),
        deciding_names=_deciding(told, scope),
        types={
            **{name: fact.type for name, fact in shared.items() if name in names},
            **{fact.name: fact.type for fact in policy.facts if fact.name in names},
        },
        own_measures=find_own_measures(policy, vocabulary, scope, names),
    )


def expressions_of(policy: Policy) -> list[Expression]:
    """Every condition and formula that decides something for a subject."""
    found = [leaf.when for leaf in leaves_of(policy.clauses)]
    found += [case.when for case in policy.delivery]
    return [e for e in found if e is not None] + amounts_of(policy)


def amounts_of(policy: Policy) -> list[Expression]:
    """Every formula of an amount, and every condition of its steps."""
    found = _of_steps(policy.steps)
    for portion in policy.portions:
        found += [portion.when, *_of_steps(portion.steps)]
    for told in policy.also:
        found += _of_steps(told.steps)
    return [expression for expression in found if expression is not None]


def _deciding(expressions: list[Expression], scope: Mapping[str, Definition]) -> frozenset[str]:
    """The names in tests and table keys: by their values one amount rests on other facts than
    another. What stands in arithmetic alone always counts, whatever its value."""
    names = reachable_facts(expressions, scope)
    bodies = [*expressions, *(part for name in names for part in parts_of(scope.get(name)))]
    tests: list[Expression] = []
    for body in bodies:
        for part in walk(body):
            match part:
                case Conditional(test=test):
                    tests.append(test)
                case Comparison() | Logic() | Membership() | Match() | Not() | DoesNotApply():
                    tests.append(part)
                case Call():
                    tests.append(part)
                case Arithmetic(operator="div" | "floordiv" | "mod"):
                    tests.append(part)
    for name in names:
        match scope.get(name):
            case Choice(cases=cases):
                tests += [test for test, _ in cases if test is not None]
            case Table(by=by):
                tests += by
            case DecisionTable(inputs=inputs):
                tests += inputs
            case Tiers(by=tier_fact):
                tests.append(tier_fact)
            case Dated(at=at):
                tests.append(at)
    for name in names:
        definition = scope.get(name)
        if isinstance(definition, Given) and definition.type is FactType.BOOLEAN:
            tests.append(Name(name=name))
    return reachable_facts(tests, scope)


def _of_steps(steps: tuple[Step, ...]) -> list[Expression | None]:
    return [part for step in steps for part in (step.operand, step.when)]
