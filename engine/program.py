"""Policies made ready for one day: periods fixed, parameters in force, names resolved."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from engine.measured import OwnMeasure, find_own_measures, outer_names
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
from language.reach import parts_of, reachable_facts
from language.types import FactType
from policies.parameter import definition_of
from policies.period import Period, period_of
from policies.policy import ROW_NUMBERS, Outside, Policy, Step, leaves_of
from profiles.fact import Vocabulary
from profiles.row_set import RowSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A policy on one day.

    `outside` says why a run on this day leaves it out. `names` are all names that its conditions
    and amounts reach, `amount_names` those that the amounts reach, `deciding_names` those whose
    value decides which others an amount rests on. `types` are the types of the facts among them,
    also of those that are worked out unless given. `own_measures` are the facts among them that the
    policy measures over rows itself, in the order in which they are worked out.

    Of a policy with `each`: `row_scope` is what names mean for a row, `row_names` are all names
    that its rows' conditions and amounts reach, `row_types` the types of the facts of a row;
    `row_sets` are those whose rows it decides or measures for each of them, by name.
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
    row_scope: Mapping[str, Definition]
    row_names: frozenset[str]
    row_types: Mapping[str, FactType]
    row_sets: Mapping[str, RowSet]


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """The policies of a run, and the vocabulary they were written in.

    A program is equal to itself alone; `hash` says whether two are the same.
    """

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
        for line in self._tell_words():
            digest.update(line)
        return digest.hexdigest()

    @cached_property
    def words_hash(self) -> str:
        """The same for the same meaning of the policies' words."""
        digest = hashlib.sha256()
        for line in self._tell_words():
            digest.update(line)
        return digest.hexdigest()

    def _tell_words(self) -> Iterator[bytes]:
        for name in sorted(self.vocabulary.facts):
            yield f"{self.vocabulary.facts[name]!r}\n".encode()
        for name in sorted(self.vocabulary.row_sets):
            yield f"{self.vocabulary.row_sets[name]!r}\n".encode()


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
    row_sets = _row_sets(policy, vocabulary)
    row_scope, row_names = _row_scope(policy, row_sets, scope)
    scope |= {name: NUMBER_OF_ROWS for name in ROW_NUMBERS if policy.each}
    names = reachable_facts(expressions_of(policy), scope)
    names |= {policy.region.fact} if policy.region else set()
    dated = policy.each is not None and policy.each.dated
    names |= {policy.effective_at} if policy.effective_at and not dated else set()
    names |= {policy.item} if policy.item else set()
    names |= {name for name in row_names if policy.each and name not in policy.each.names}
    outside = policy.in_force(as_of)
    told = amounts_of(policy)
    shared = vocabulary.facts
    types = {
        **{name: fact.type for name, fact in shared.items() if name in names},
        **{fact.name: fact.type for fact in policy.facts if fact.name in names},
    }
    return Bound(
        policy=policy,
        as_of=as_of,
        period=period,
        scope=scope,
        outside=outside,
        names=names,
        amount_names=reachable_facts(told, scope),
        deciding_names=_deciding(told, scope),
        types=types,
        own_measures=find_own_measures(policy, vocabulary, scope, names),
        row_scope=row_scope,
        row_names=row_names,
        row_types=types | row_types(policy),
        row_sets=row_sets,
    )


NUMBER_OF_ROWS = Given(name="rows", type=FactType.NUMBER)


def _row_sets(policy: Policy, vocabulary: Vocabulary) -> dict[str, RowSet]:
    """The row sets that a policy with `each` decides or measures for each row, by name."""
    if policy.each is None:
        return {}
    known = dict(vocabulary.row_sets) | dict(policy.row_sets)
    measured = [fact.measure.rows for fact in policy.each.facts if fact.measure is not None]
    return {name: known[name] for name in measured} | {
        policy.each.row_set.name: policy.each.row_set
    }


def _row_scope(
    policy: Policy, row_sets: Mapping[str, RowSet], scope: Mapping[str, Definition]
) -> tuple[dict[str, Definition], frozenset[str]]:
    """What names mean for a row, and those that its conditions and amounts reach."""
    each = policy.each
    if each is None:
        return {}, frozenset()
    found = dict(scope) | each.row_set.scope()
    found |= {fact.name: fact.formula or fact.given for fact in each.facts}
    found |= {limit.name: NUMBER_OF_ROWS for limit in each.limits}
    names = reachable_facts(row_expressions_of(policy), found)
    named = [each.claim.of if each.claim else None, each.item]
    named += [policy.effective_at] if each.dated else []
    for limit in each.limits:
        named += [limit.order, *limit.per]
    roots: list[Expression] = [Name(name=name) for name in named if name is not None]
    names |= reachable_facts(roots, found)
    for fact in each.facts:
        if fact.measure is not None:
            names |= outer_names(fact.measure, row_sets[fact.measure.rows], scope)
    return found, frozenset(names)


def row_types(policy: Policy) -> dict[str, FactType]:
    """The types of the facts that only a row has."""
    if policy.each is None:
        return {}
    columns = {name: column.type for name, column in policy.each.row_set.columns.items()}
    return columns | {fact.name: fact.type for fact in policy.each.facts}


def row_expressions_of(policy: Policy) -> list[Expression]:
    """Every condition and formula that decides something for a row."""
    if policy.each is None:
        return []
    found = [leaf.when for leaf in leaves_of(policy.each.clauses)]
    found += _of_steps(policy.each.steps)
    for limit in policy.each.limits:
        found += [limit.quantity, limit.up_to]
    return [expression for expression in found if expression is not None]


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
