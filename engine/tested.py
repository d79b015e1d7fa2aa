"""What of a policy its examples can test: conditions, and the rows of its tables, one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.decision import Decision, decide
from engine.explain_rows import hand_on
from engine.program import Bound
from engine.rows import RowsGiven
from engine.table_rows_used import TableRowUsed, counts_for, table_rows_of
from language.contrast import possible_values
from language.definition import Constant, Scalar, Scope
from language.expression import Expression, Name
from language.normal import normalise
from language.reach import reachable_facts
from language.reference import Facts, Reference
from policies.parameter import DAYS_OF_RUN
from policies.policy import Leaf, Step, leaves_of
from profiles.fact import Fact

Truth = bool | None
TRUTHS: tuple[Truth, ...] = (True, False, None)
Sort = Literal["clause", "row clause", "portion", "delivery", "step", "row step", "table row"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A condition, or a row of a table, which is only ever used or not.

    `of_row` says that it is asked of each row of the policy's `each`. `possible` are the values
    that examples are looked for; the others are proved never to come out. `fails` is the value
    by which a clause stands in the way: true beneath a `none`.
    """

    sort: Sort
    id: str
    says: str
    of_row: bool
    when: Expression | None
    possible: tuple[Truth, ...]
    fails: bool = False
    row: TableRowUsed | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The same on every day."""
        return self.sort, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came out for one subject: its decision, and the walks of the subject and of its rows."""

    decision: Decision
    subject: Reference
    rows: tuple[Reference, ...]

    def walks(self, tested: Tested) -> tuple[Reference, ...]:
        """Of whom something is asked."""
        return self.rows if tested.of_row else (self.subject,)


def see(bound: Bound, facts: Facts, rows: RowsGiven) -> Seen:
    """Decide a subject whose facts and rows were given by hand, and keep the walks."""
    decision = decide(bound, facts, by_hand=True, rows=rows)
    subject = Reference(bound.scope, facts)
    hand_on(subject, decision)
    walks = []
    for row in decision.rows:
        walk = Reference(bound.row_scope, {**facts, **row.facts})
        walk.known.update(row.shared)
        walks.append(walk)
    return Seen(decision=decision, subject=subject, rows=tuple(walks))


def values_of(tested: Tested, seen: Seen) -> frozenset[Truth]:
    """The values that it has for a subject: several where several rows are asked."""
    decision = seen.decision
    match tested.sort:
        case "clause":
            return frozenset({_truth(decision.clauses[tested.id].value)})
        case "row clause":
            return frozenset(_truth(row.clauses[tested.id].value) for row in decision.rows)
        case "portion":
            return frozenset({_truth(decision.portions[tested.id].value)})
        case "table row":
            assert tested.row is not None
            used = tested.row
            return frozenset(True for walk in seen.walks(tested) if counts_for(used, walk))
    assert tested.when is not None
    return frozenset(_truth(walk.value(tested.when).value) for walk in seen.walks(tested))


def _truth(value: object) -> Truth:
    assert value is None or isinstance(value, bool)
    return value


def tested_of(bound: Bound, facts: Mapping[str, Fact]) -> tuple[Tested, ...]:
    """Everything of a policy on a day that examples can test; `facts` put keys into words."""
    return (*_of_conditions(bound), *_of_tables(bound, facts))


def _of_conditions(bound: Bound) -> Iterator[Tested]:
    policy, each = bound.policy, bound.policy.each
    known = {
        name: definition.value
        for name, definition in bound.scope.items()
        if isinstance(definition, Constant) and name not in DAYS_OF_RUN
    }

    def of(sort: Sort, id_: str, says: str, when: Expression, *, of_row: bool = False) -> Tested:
        scope = bound.row_scope if of_row else bound.scope
        possible = possible_truths(when, scope, known)
        return Tested(sort=sort, id=id_, says=says, of_row=of_row, when=when, possible=possible)

    of_clauses: list[tuple[Sort, tuple[Leaf, ...], frozenset[str]]] = [
        ("clause", tuple(leaves_of(policy.clauses)), _within_none(policy.clauses)),
    ]
    if each is not None:
        leaves = tuple(leaves_of(each.clauses))
        of_clauses.append(("row clause", leaves, _within_none(each.clauses)))
    for sort, leaves, turned in of_clauses:
        of_row = sort == "row clause"
        for leaf in leaves:
            possible: tuple[Truth, ...] = (None,)
            if leaf.when is not None:
                scope = bound.row_scope if of_row else bound.scope
                possible = possible_truths(leaf.when, scope, known)
                if leaf.not_yet:
                    # what is not yet so is unknown, never false
                    open_ = {None if truth is False else truth for truth in possible}
                    possible = tuple(truth for truth in TRUTHS if truth in open_)
            yield Tested(
                sort=sort,
                id=leaf.id,
                says=leaf.says,
                of_row=of_row,
                when=leaf.when,
                possible=possible,
                fails=leaf.id in turned,
            )
    for portion in policy.portions:
        if portion.when is not None:
            yield of("portion", portion.id, portion.says, portion.when)
    for number, case in enumerate(policy.delivery, start=1):
        if case.when is not None:
            yield of("delivery", f"delivery {number}", case.says, case.when)
    of_steps: list[tuple[str, tuple[Step, ...]]] = [("amount", policy.steps)]
    of_steps += [(f"amount of {portion.id}", portion.steps) for portion in policy.portions]
    of_steps += [(f"also {told.name}", told.steps) for told in policy.also]
    for name, steps in of_steps:
        for number, step in enumerate(steps, start=1):
            if step.when is not None:
                yield of("step", f"{name}, step {number}", step.says, step.when)
    for number, step in enumerate(each.steps if each else (), start=1):
        if step.when is not None:
            id_ = f"amount of a row, step {number}"
            yield of("row step", id_, step.says, step.when, of_row=True)


def possible_truths(
    when: Expression, scope: Scope, known: Mapping[str, Scalar]
) -> tuple[Truth, ...]:
    """The values that a condition may have for somebody; all three unless others are ruled out."""
    found = possible_values(normalise(when, known), scope)
    return TRUTHS if found is None else tuple(truth for truth in TRUTHS if truth in found)


def _within_none(clauses: tuple[object, ...], turned: bool = False) -> frozenset[str]:
    """The leaves beneath a `none` (an odd number of them): they stand in the way when they hold."""
    found: set[str] = set()
    for clause in clauses:
        if isinstance(clause, Leaf):
            found |= {clause.id} if turned else set()
        else:
            group, members = getattr(clause, "group", ""), getattr(clause, "members", ())
            found |= _within_none(members, turned != (group == "none"))
    return frozenset(found)


def _of_tables(bound: Bound, facts: Mapping[str, Fact]) -> Iterator[Tested]:
    policy = bound.policy
    own = policy.each.names if policy.each is not None else frozenset()
    for used in table_rows_of(bound, facts):
        scope = bound.scope if policy.each is None else bound.row_scope
        yield Tested(
            sort="table row",
            id=used.label,
            says="",
            of_row=bool(reachable_facts([Name(name=used.name)], scope) & own),
            when=None,
            possible=(True,),
            row=used,
        )
