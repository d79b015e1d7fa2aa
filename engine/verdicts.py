"""The verdicts of many policies over one part: every distinct test once, then words of bits.

Policies of one city ask the same things again and again. A plan gathers their distinct tests and
the ways in which these are joined; over a part each test is worked out once, 64 rows to a word.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from engine.program import Bound
from engine.settling import Settled, settle
from language.bits import (
    WORD,
    Bits,
    Flags,
    Rows,
    Words,
    both,
    constant,
    either,
    find_rows,
    opposite,
    pack,
    word_count,
)
from language.coded import Coded
from language.definition import Formula, Scope
from language.expression import Call, Comparison, Expression, Literal, Logic, Name, Not
from language.frame import Prepared
from language.ladder import TOGETHER, Ladder, in_runs, make_ladder
from language.predicate import Predicate, predicate_of
from language.reference import evaluate
from language.settle import Run, Test
from language.types import FactType
from policies.policy import Clause, ClauseGroup, Leaf

BLOCK_ROWS = 262_144
"""Rows that are decided together at most: a column's codes and bits fit the processor's cache, and
the words of one operation are many enough that threads do not wait for the interpreter."""

Node = tuple[str, tuple[int, ...]]
"""How tests are joined: `is` a predicate, `value` -1 unknown, 0 or 1, `all`, `any`, `not` or
`not_yet` of other nodes, by their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The tests of policies, each once; `roots` is the node of each policy's verdict, `tests` the
    predicates it rests on."""

    predicates: tuple[Predicate, ...]
    nodes: tuple[Node, ...]
    roots: tuple[int, ...]
    tests: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Who is eligible or unknown under one policy: rows of the part, and which are eligible."""

    rows: Rows
    eligible: Flags


def plan_verdicts(bounds: Iterable[Bound], given: frozenset[str] = frozenset()) -> Plan:
    """The plan of policies on one day.

    `given` are facts that are worked out unless they were given by hand: not looked through.
    """
    gathering = _Gathering(given=given)
    return gathering.finish([gathering.of_policy(bound) for bound in bounds])


def plan_conditions(
    conditions: Iterable[Expression], scope: Scope, given: frozenset[str] = frozenset()
) -> Plan:
    """The plan of single conditions, each in the place of a policy."""
    gathering = _Gathering(given=given)
    return gathering.finish([gathering.of_expression(c, scope) for c in conditions])


def list_tests(bound: Bound) -> list[Predicate | bool | None]:
    """The tests of a policy in the order in which they are written; a value stands for a test that
    is the same for everybody.

    Of the same policy on two days the lists have the same length, test for test.
    """
    gathering = _Gathering(given=frozenset())
    gathering.of_policy(bound)
    return gathering.order


def plan_predicates(predicates: Sequence[Predicate]) -> Plan:
    """The plan of single predicates, each in the place of a policy."""
    numbers = range(len(predicates))
    return Plan(
        predicates=tuple(predicates),
        nodes=tuple(("is", (number,)) for number in numbers),
        roots=tuple(numbers),
        tests=tuple(frozenset({number}) for number in numbers),
    )


@dataclass(slots=True, kw_only=True)
class _Gathering:
    """A plan in the making; what is there already is found again by its content."""

    given: frozenset[str]
    order: list[Predicate | bool | None] = field(default_factory=list)
    predicates: dict[Predicate, int] = field(default_factory=dict)
    nodes: dict[Node, int] = field(default_factory=dict)

    def finish(self, roots: list[int]) -> Plan:
        return Plan(
            predicates=tuple(self.predicates),
            nodes=tuple(self.nodes),
            roots=tuple(roots),
            tests=tuple(self.tests_of(root) for root in roots),
        )

    def node(self, kind: str, *members: int) -> int:
        return self.nodes.setdefault((kind, members), len(self.nodes))

    def join(self, kind: str, members: Sequence[int]) -> int:
        """`all` or `any` of these, which may come in any order; one alone stands for itself."""
        distinct = sorted(set(members)) or [self.value(True)]
        return distinct[0] if len(distinct) == 1 else self.node(kind, *distinct)

    def value(self, value: bool | None) -> int:
        return self.node("value", -1 if value is None else int(value))

    def of_policy(self, bound: Bound) -> int:
        policy = bound.policy
        tests = [self.of_expression(test, bound.scope) for test in _scope_tests(bound)]
        if bound.outside is not None:
            tests.append(self.value(False))
        tests += [self.of_clause(clause, bound.scope) for clause in policy.clauses]
        if policy.portions:
            portions = [
                self.value(True) if p.when is None else self.of_expression(p.when, bound.scope)
                for p in policy.portions
            ]
            tests.append(self.join("any", portions))
        return self.join("all", tests)

    def of_clause(self, clause: Clause, scope: Scope) -> int:
        match clause:
            case Leaf(when=None):
                return self.value(None)
            case Leaf(when=when, not_yet=not_yet):
                assert when is not None
                test = self.of_expression(when, scope)
                return self.node("not_yet", test) if not_yet else test
            case ClauseGroup(members=members, group=group):
                inner = [self.of_clause(member, scope) for member in members]
                if group == "none":
                    return self.node("not", self.join("any", inner))
                return self.join(group, inner)

    def of_expression(self, expression: Expression, scope: Scope) -> int:
        match expression:
            case Not(operand=operand):
                return self.node("not", self.of_expression(operand, scope))
            case Logic(operator=operator, operands=operands):
                inner = [self.of_expression(operand, scope) for operand in operands]
                return self.join("all" if operator == "and" else "any", inner)
            case Name(name=name) if name not in self.given:
                definition = scope[name]
                if isinstance(definition, Formula):
                    return self.of_expression(definition.expression, scope)
        predicate = predicate_of(expression, scope)
        if not predicate.given and not self.given.intersection(predicate.worked_out):
            # the same for everybody
            value = evaluate(predicate.expression, predicate.scope, {}).value
            assert value is None or isinstance(value, bool)
            self.order.append(value)
            return self.value(value)
        self.order.append(predicate)
        number = self.predicates.setdefault(predicate, len(self.predicates))
        return self.node("is", number)

    def tests_of(self, root: int) -> frozenset[int]:
        nodes = list(self.nodes)
        found: set[int] = set()
        todo = [root]
        while todo:
            kind, members = nodes[todo.pop()]
            if kind == "is":
                found.update(members)
            elif kind != "value":
                todo += members
        return frozenset(found)


def _scope_tests(bound: Bound) -> list[Expression]:
    """Where and when a policy holds, as conditions: what is most selective stands first."""
    policy = bound.policy
    tests: list[Expression] = []
    if policy.region is not None:
        code = Name(name=policy.region.fact)
        within = [_begins(code, prefix) for prefix in policy.region.within]
        tests.append(_any_of(within))
        tests += [Not(operand=_begins(code, prefix)) for prefix in policy.region.excepted]
    if policy.effective_at is not None:
        day = Name(name=policy.effective_at)
        start = Literal(value=policy.effective_from)
        tests.append(Comparison(operator="ge", left=day, right=start))
        if policy.effective_to is not None:
            end = Literal(value=policy.effective_to)
            tests.append(Comparison(operator="le", left=day, right=end))
    return tests


def _begins(code: Name, prefix: str) -> Expression:
    return Call(function="starts_with", arguments=(code, Literal(value=prefix)))


def _any_of(tests: list[Expression]) -> Expression:
    return tests[0] if len(tests) == 1 else Logic(operator="or", operands=tuple(tests))


def decide_part(
    plan: Plan, prepared: Prepared, types: Mapping[str, FactType]
) -> dict[int, Verdicts]:
    """The verdicts of each policy of the plan, by its number, over a part.

    A policy one of whose tests no column can hold is left out: the reference decides it.
    """
    decided = decide_bits(plan, prepared, types)

    def find(number: int) -> Verdicts:
        rows, eligible = find_rows(decided[number].possible, decided[number].true)
        return Verdicts(rows=rows, eligible=eligible)

    with ThreadPoolExecutor(pl.thread_pool_size()) as executor:
        return dict(zip(decided, executor.map(find, decided), strict=True))


def decide_bits(plan: Plan, prepared: Prepared, types: Mapping[str, FactType]) -> dict[int, Bits]:
    """As `decide_part`, in bits; those beyond the last row are not set."""
    height = prepared.frame.height
    threads = pl.thread_pool_size()
    block_rows = _share(height, threads)
    with ThreadPoolExecutor(threads) as executor:
        settled = settle(plan.predicates, prepared, types, executor)
        decidable = [number for number, tests in enumerate(plan.tests) if tests <= settled.keys()]
        ladders = _gather_ladders(settled)
        true, possible = (np.empty((len(decidable), word_count(height)), np.uint64) for _ in "tp")

        def decide(start: int) -> None:
            block = _Block(plan, settled, ladders, start, min(start + block_rows, height))
            words = slice(start // WORD, start // WORD + block.words)
            for place, number in enumerate(decidable):
                bits = block.of_node(plan.roots[number])
                np.bitwise_and(bits.true, block.inside, out=true[place, words])
                np.bitwise_and(bits.possible, block.inside, out=possible[place, words])

        list(executor.map(decide, range(0, height, block_rows)))
    return {number: Bits(true[place], possible[place]) for place, number in enumerate(decidable)}


def _gather_ladders(settled: Settled) -> dict[int, Ladder]:
    """The ladder of each coded column, by its identity: numbers of several facts have no name."""
    columns: dict[int, Coded] = {}
    tests: dict[int, list[Test]] = {}
    for how in settled.values():
        if not isinstance(how, Bits):
            test, coded = how
            columns[id(coded)] = coded
            tests.setdefault(id(coded), []).append(test)
    return {key: make_ladder(coded, tests[key]) for key, coded in columns.items()}


def _share(height: int, threads: int) -> int:
    """Rows of a block, whole words: as many blocks for each thread, none beyond BLOCK_ROWS."""
    rounds = -(-height // (threads * BLOCK_ROWS)) or 1
    return max(word_count(-(-height // (threads * rounds))), 1) * WORD


class _Block:
    """Some rows of a part, and the bits of the nodes that were worked out for them."""

    def __init__(
        self, plan: Plan, settled: Settled, ladders: Mapping[int, Ladder], start: int, stop: int
    ) -> None:
        self.plan = plan
        self.settled = settled
        self.ladders = ladders
        self.start, self.stop = start, stop
        self.words = word_count(stop - start)
        self.known: dict[int, Bits] = {}
        self.inside = pack(np.ones(stop - start, np.bool_))
        self.room = np.empty((TOGETHER, self.words * WORD), np.bool_)
        self.climbed: dict[int, npt.NDArray[np.uint64]] = {}

    def of_node(self, node: int) -> Bits:
        bits = self.known.get(node)
        if bits is None:
            bits = self.known[node] = self.work_out(node)
        return bits

    def work_out(self, node: int) -> Bits:
        kind, members = self.plan.nodes[node]
        match kind:
            case "is":
                return self.of_test(members[0])
            case "value":
                return constant(None if members[0] < 0 else bool(members[0]), self.words)
            case "not":
                return opposite(self.of_node(members[0]))
            case "not_yet":
                bits = self.of_node(members[0])
                return Bits(bits.true, constant(True, self.words).true)
            case "all":
                return both([self.of_node(member) for member in members])
            case "any":
                return either([self.of_node(member) for member in members])
        raise AssertionError(kind)

    def of_test(self, number: int) -> Bits:
        how = self.settled[number]
        if isinstance(how, Bits):
            first = self.start // WORD
            words = slice(first, first + self.words)
            if how.true is how.possible:
                return Bits(same := how.true[words], same)
            return Bits(how.true[words], how.possible[words])
        test, coded = how
        hits = self.in_runs(test.runs, coded)
        if not test.holds:
            hits = ~hits
        if test.unknown is None:
            if coded.missing is None:
                return Bits(hits, hits)
            first = self.start // WORD
            unknown = coded.missing[first : first + self.words]
        elif not test.unknown:
            return Bits(hits, hits)
        else:
            unknown = self.in_runs(test.unknown, coded)
        return Bits(hits & ~unknown, hits | unknown)

    def in_runs(self, runs: tuple[Run, ...], coded: Coded) -> Words:
        """The rows whose code is in one of the runs."""
        ladder = self.ladders[id(coded)]
        if id(coded) not in self.climbed:
            self.climbed[id(coded)] = ladder.climb(self.start, self.stop, self.room)
        return in_runs(runs, ladder, self.climbed[id(coded)], self.start, self.stop)
