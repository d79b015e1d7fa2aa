"""A few subjects against many policies: what policies share is asked once for each subject.

The verdict of whoever is ineligible falls out of the shared tests, and so do plain amounts. What is
left, above all what an unknown verdict waits for, the reference says, which takes the values of
conditions that were asked already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache

from engine.amount import OPERATIONS, to_fen
from engine.decision import Decision, decide
from engine.program import Bound, Program, bind
from language.asking import Answers, Ask, Gathering, Truth, ask
from language.definition import Given
from language.expression import Comparison, Expression, Literal, Logic, Name
from language.predicate import predicate_of
from language.reference import Facts, SharedValues, Value, evaluate
from policies.policy import Clause, Leaf, Policy, Step, leaves_of
from profiles.fact import Vocabulary

FEW = 8
"""For more subjects than these columns are quicker."""

_PLAIN_STEPS = ("take", "plus", "minus", "times", "at_most", "at_least", "nothing_below")
_VALUES = {True: Value(True), False: Value(False)}

Term = str | Fraction
"""What a step of an amount takes: a fact's name, or the same for everybody."""


@dataclass(frozen=True, slots=True)
class Node:
    """A clause by the number of its test; a leaf has no members."""

    id: str
    test: int
    group: str
    members: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A policy in terms of the tests that policies share; `slots` are the numbers of its
    conditions by their ids, `amount` its steps where they are plain arithmetic on facts."""

    bound: Bound
    clauses: tuple[Node, ...]
    portions: Mapping[str, int]
    effective: int | None
    slots: Mapping[int, int]
    amount: tuple[tuple[str, Term], ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The policies for one kind of subjects on a day, and their distinct tests.

    `alone` are policies that share nothing: they decide rows or measure them, or what they declare
    has another type or another use elsewhere.
    """

    bounds: tuple[Bound, ...]
    shared: tuple[Shared, ...]
    alone: tuple[Bound, ...]
    tests: tuple[Ask, ...]


@lru_cache(maxsize=16)
def policies_standing(program: Program, audience: str, as_of: date) -> Standing:
    """The policies of a program for one kind of subjects, bound to a day."""
    bounds = tuple(
        bind(policy, program.vocabulary, as_of)
        for policy in program.policies
        if policy.audience == audience
    )
    alone = _find_alone(bounds, program.vocabulary)
    gathering = Gathering()
    shared = tuple(_share(bound, gathering) for bound in bounds if bound not in alone)
    return Standing(bounds=bounds, shared=shared, alone=alone, tests=tuple(gathering.tests))


def _find_alone(bounds: Sequence[Bound], vocabulary: Vocabulary) -> tuple[Bound, ...]:
    uses: dict[str, set[str]] = {name: {"shared"} for name in vocabulary.facts}
    declared = []
    for bound in bounds:
        policy = bound.policy
        names = {fact.name: f"fact {fact.type}" for fact in policy.facts}
        names |= {parameter.name: "parameter" for parameter in policy.parameters}
        names |= {out.name: "table" for table in policy.tables for out in table.outputs}
        declared.append((bound, names))
        for name, use in names.items():
            uses.setdefault(name, set()).add(use)
    several = {name for name, found in uses.items() if len(found) > 1}
    return tuple(
        bound
        for bound, names in declared
        if bound.policy.each or bound.own_measures or not several.isdisjoint(names)
    )


def rows_that_may_be_given(standing: Standing, vocabulary: Vocabulary) -> frozenset[str]:
    """The names under which a subject may give rows instead of facts."""
    names = set(vocabulary.row_sets)
    for bound in standing.bounds:
        names |= {*bound.policy.row_sets}
        names |= {bound.policy.each.row_set.name} if bound.policy.each else set()
    return frozenset(names)


def _share(bound: Bound, gathering: Gathering) -> Shared:
    policy, scope = bound.policy, bound.scope
    conditions = [leaf.when for leaf in leaves_of(policy.clauses)]
    conditions += [portion.when for portion in policy.portions]
    always = Literal(value=True)
    return Shared(
        bound=bound,
        clauses=tuple(_node(clause, bound, gathering) for clause in policy.clauses),
        portions={p.id: gathering.number(p.when or always, scope) for p in policy.portions},
        effective=None if policy.effective_at is None else _effective(bound, gathering),
        slots={id(when): gathering.number(when, scope) for when in conditions if when is not None},
        amount=_plain_amount(policy, bound),
    )


def _node(clause: Clause, bound: Bound, gathering: Gathering) -> Node:
    if isinstance(clause, Leaf):
        if clause.when is None:
            return Node(clause.id, gathering.unknown(), "", ())
        number = gathering.number(clause.when, bound.scope)
        return Node(clause.id, gathering.not_yet(number) if clause.not_yet else number, "", ())
    members = tuple(_node(member, bound, gathering) for member in clause.members)
    number = gathering.join([m.test for m in members], settling=clause.group != "all")
    if clause.group == "none":
        number = gathering.opposite(number)
    return Node(clause.id, number, clause.group, members)


def _effective(bound: Bound, gathering: Gathering) -> int:
    policy = bound.policy
    day = Name(name=policy.effective_at or "")
    test: Expression = Comparison(
        operator="ge", left=day, right=Literal(value=policy.effective_from)
    )
    if policy.effective_to is not None:
        until = Comparison(operator="le", left=day, right=Literal(value=policy.effective_to))
        test = Logic(operator="and", operands=(test, until))
    return gathering.number(test, bound.scope)


def _plain_amount(policy: Policy, bound: Bound) -> tuple[tuple[str, Term], ...] | None:
    if policy.portions or policy.also:
        return None
    steps = [(step.operation, _plain_operand(step, bound)) for step in policy.steps]
    plain = tuple((operation, term) for operation, term in steps if term is not None)
    return plain if plain and len(plain) == len(steps) else None


def _plain_operand(step: Step, bound: Bound) -> Term | None:
    if step.when is not None or step.operation not in _PLAIN_STEPS:
        return None
    if isinstance(step.operand, Name) and isinstance(bound.scope[step.operand.name], Given):
        return step.operand.name
    assert step.operand is not None
    predicate = predicate_of(step.operand, bound.scope)
    if predicate.given or predicate.worked_out:
        return None
    value = evaluate(step.operand, bound.scope, {}).value
    return value if isinstance(value, Fraction) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """A verdict that is known; the amount in fen where eligible, or what it waits for."""

    eligible: bool
    amount_fen: int | None = None
    failed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A subject's facts, and the answers of all tests for it."""

    facts: Facts
    answers: Answers
    known: list[Value | None]


def ask_all(standing: Standing, facts: Facts) -> Asked:
    """The answers of all tests for one subject."""
    answers = ask(standing.tests, facts)
    known = [_VALUES[value] if isinstance(value, bool) else None for value in answers]
    return Asked(facts, answers, known)


def decide_asked(asked: Asked, shared: Shared) -> Quick | Decision:
    """One policy for the subject: as `decide` has it, given by hand."""
    return _decide_quickly(asked, shared) or decide(
        shared.bound,
        asked.facts,
        by_hand=True,
        shared=SharedValues(shared.slots, asked.known),
    )


def _decide_quickly(asked: Asked, shared: Shared) -> Quick | None:
    """The verdict without the reference; None where it is unknown or its amount not plain."""
    answers = asked.answers
    scope = _scope(asked, shared)
    outside = tuple(name for name, held in scope.items() if held is False)
    if outside:
        return Quick(eligible=False, failed=outside)
    found = [answers[node.test] for node in shared.clauses]
    portions = {name: answers[test] for name, test in shared.portions.items()}
    none_holds = bool(portions) and all(held is False for held in portions.values())
    if False in found or none_holds:
        failed: list[str] = []
        unknown = [name for name, held in scope.items() if held is None]
        for node in shared.clauses:
            _find_leaves(node, answers, True, failed, unknown)
        if none_holds:
            failed += portions
        unknown += [name for name, held in portions.items() if held is None]
        return Quick(eligible=False, failed=tuple(failed), unknown=tuple(unknown))
    if None in found or None in scope.values() or shared.amount is None:
        return None
    amount, missing = _work_out(shared.amount, asked.facts)
    if amount is None:
        return Quick(eligible=True, missing=tuple(sorted(missing)))
    return Quick(eligible=True, amount_fen=to_fen(Value(amount)))


def _scope(asked: Asked, shared: Shared) -> dict[str, Truth]:
    """Whether the policy's dates and region hold; a region that was not given does not scope."""
    policy, scope = shared.bound.policy, dict[str, Truth]()
    if shared.bound.outside is not None:
        scope[shared.bound.outside] = False
    if shared.effective is not None:
        scope["effective"] = asked.answers[shared.effective]
    region = policy.region
    if region is not None and region.fact in asked.facts:
        code = asked.facts[region.fact]
        inside = isinstance(code, str) and code.startswith(region.within)
        scope["region"] = None
        if isinstance(code, str):
            scope["region"] = inside and not code.startswith(region.excepted)
    return scope


def _find_leaves(
    node: Node, answers: Answers, wanted: bool, failed: list[str], unknown: list[str]
) -> None:
    """As `find_leaves` of a decision."""
    value = answers[node.test]
    if value is wanted:
        return
    if not node.group:
        (unknown if value is None else failed).append(node.id)
        return
    inner = not wanted if node.group == "none" else wanted
    for member in node.members:
        if value is None:
            _find_leaves(member, answers, inner, [], unknown)
        else:
            _find_leaves(member, answers, inner, failed, [])


def _work_out(
    steps: tuple[tuple[str, Term], ...], facts: Facts
) -> tuple[Fraction | None, frozenset[str]]:
    """A plain amount in yuan, or None and the facts that it waits for."""
    value: Fraction | None = None
    missing: frozenset[str] = frozenset()
    for operation, term in steps:
        operand = facts.get(term) if isinstance(term, str) else term
        waits = frozenset({term}) if isinstance(term, str) and operand is None else frozenset()
        missing = waits if operation == "take" else missing | waits
        if not isinstance(operand, Fraction):
            value = None
        elif operation == "take":
            value = operand
        elif value is not None:
            value = OPERATIONS[operation](value, operand)
    return value, missing
