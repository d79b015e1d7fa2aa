"""What could still decide: the smallest sets of missing facts whose arrival settles the verdict.

Every set that is told was tried: some values of its facts, put in, decide the verdict while the
other facts stay missing. Which clauses have to come out how follows from the tree; which values
bring them to it is found by trying those at which the conditions turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.decision import Decision, Verdict, scope_values
from engine.program import Bound
from engine.rows import MISSING_ROWS, RowsGiven, decide_rows
from engine.turning_points import turning_points
from engine.why_not import WhyNot, find_corrections, wanted_values
from language.definition import Scalar
from language.expression import Expression
from language.reference import Facts, NotApplicable, Reference, Value
from policies.policy import Leaf, leaves_of

MAX_TRIES = 2_000
MAX_LEAF_SETS = 64

Given = Mapping[str, Scalar | NotApplicable]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidingSet:
    """Missing facts of which none can be spared for some verdict; `by` has values for each."""

    facts: frozenset[str]
    by: Mapping[Verdict, Given]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """The smallest sets for each verdict; `bounded`: not everything could be tried."""

    sets: tuple[DecidingSet, ...]
    bounded: bool


@dataclass(slots=True, kw_only=True)
class _Search:
    """One search for values that bring some tests to what is wanted of them."""

    bound: Bound
    facts: Facts
    by_hand: bool
    rows: RowsGiven
    conditions: Mapping[str, Expression | None]
    not_yet: frozenset[str]
    candidates: Mapping[str, tuple[Scalar | NotApplicable, ...]]
    tries: int = MAX_TRIES
    found: dict[frozenset[str], Given] = field(default_factory=dict)
    seen: set[tuple[object, ...]] = field(default_factory=set)

    def solve(
        self, tests: list[tuple[str, bool]], given: dict[str, Scalar | NotApplicable]
    ) -> None:
        names = frozenset(given)
        if any(smaller <= names for smaller in self.found):
            return
        if not tests:
            self.found[names] = dict(given)
            return
        mark = (tuple(tests), frozenset(given.items()))
        if mark in self.seen or self.tries <= 0:
            return
        self.seen.add(mark)
        self.tries -= 1
        (test, wanted), rest = tests[0], tests[1:]
        value = self.value(test, given)
        if value.value is wanted:
            self.solve(rest, given)
        elif value.value is None:
            for name in sorted(value.missing - names):
                for candidate in self.candidates.get(name, ()):
                    self.solve(tests, {**given, name: candidate})

    def value(self, test: str, given: Given) -> Value:
        facts = {**self.facts, **given}
        reference = Reference(self.bound.scope, facts)
        each = self.bound.policy.each
        if each is not None and test == each.row_set.name:
            return decide_rows(self.bound, facts, self.rows, by_hand=self.by_hand).holds
        if test not in self.conditions:
            return scope_values(self.bound, reference, facts, by_hand=self.by_hand)[test]
        condition = self.conditions[test]
        if condition is None:
            return Value(None)
        value = reference.value(condition)
        return Value(None) if test in self.not_yet and value.value is False else value


def find_deciding(
    bound: Bound,
    facts: Facts,
    decision: Decision,
    *,
    by_hand: bool = False,
    rows: RowsGiven = MISSING_ROWS,
) -> Deciding:
    """The smallest sets of missing facts whose arrival could settle an unknown verdict.

    They are the smallest for each verdict: what can refuse is often less than what it takes to
    grant.
    """
    if decision.verdict != "unknown":
        return Deciding(sets=(), bounded=False)
    leaves = leaves_of(bound.policy.clauses)
    conditions: dict[str, Expression | None] = {leaf.id: leaf.when for leaf in leaves}
    conditions |= {portion.id: portion.when for portion in bound.policy.portions}
    candidates = turning_points(bound, facts)
    sets: dict[frozenset[str], dict[Verdict, Given]] = {}
    bounded = False
    for verdict, wanted in (("ineligible", False), ("eligible", True)):
        search = _Search(
            bound=bound,
            facts=facts,
            by_hand=by_hand,
            rows=rows,
            conditions=conditions,
            not_yet=frozenset(leaf.id for leaf in leaves if leaf.not_yet),
            candidates=candidates,
        )
        ways = _ways(bound, decision, leaves, wanted)
        bounded |= ways.bounded
        aims = wanted_values(bound.policy.clauses, wanted=wanted)
        for correction in ways.corrections:
            search.solve([(name, aims.get(name, wanted)) for name in correction.settle], {})
        bounded |= search.tries <= 0
        # the figures of the rows' own conditions are not among the values that are tried
        bounded |= bound.policy.each is not None and decision.rows_hold.value is None
        for names, given in search.found.items():
            if not any(smaller < names for smaller in search.found):
                sets.setdefault(names, {})[verdict] = given  # type: ignore[index]  # of these two
    smallest = sorted(sets, key=lambda names: (len(names), sorted(names)))
    return Deciding(
        sets=tuple(DecidingSet(facts=names, by=sets[names]) for names in smallest),
        bounded=bounded,
    )


def _ways(bound: Bound, decision: Decision, leaves: list[Leaf], wanted: bool) -> WhyNot:
    return find_corrections(
        bound.policy.clauses,
        {leaf.id: truth(decision.clauses[leaf.id]) for leaf in leaves},
        scope=tests_beside(bound, decision),
        alternatives={name: truth(value) for name, value in decision.portions.items()},
        wanted=wanted,
        changeable=False,
        limit=MAX_LEAF_SETS,
    )


def tests_beside(bound: Bound, decision: Decision) -> dict[str, bool | None]:
    """What must hold beside the clauses: dates, region, item, and of rows that one holds."""
    found = {name: truth(value) for name, value in decision.scope.items()}
    if bound.policy.each is not None:
        found[bound.policy.each.row_set.name] = truth(decision.rows_hold)
    return found


def truth(value: Value) -> bool | None:
    """A test's value as plain truth, None where it is unknown."""
    return None if value.value is None else bool(value.value)
