"""By which facts a policy excludes: what must not be so, in its conditions (负面清单)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from language.expression import (
    Comparison,
    DoesNotApply,
    Expression,
    Literal,
    Logic,
    Not,
    names_in,
)
from policies.policy import Clause, Leaf, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A fact by which a provision excludes.

    `when` is what must not be so; where `says_what_is_so` it is the other way round: what must be
    so, being the opposite. `alone`: it excludes by itself, else only where another thing is so too.
    """

    fact: str
    leaf: Leaf
    when: Expression
    says_what_is_so: bool
    alone: bool


def find_exclusions(policy: Policy) -> list[Exclusion]:
    """Every fact by which a policy excludes, in the order of its provisions."""
    found = list(_of_clauses(policy.clauses, negated=False, alone=True))
    if policy.each is not None:
        found += _of_clauses(policy.each.clauses, negated=False, alone=True)
    parameters = {parameter.name for parameter in policy.parameters}
    outputs = {output.name for table in policy.tables for output in table.outputs}
    return [one for one in found if one.fact not in parameters | outputs | _DATES]


_DATES = {"as_of", "period_start", "period_end"}


def _of_clauses(clauses: Iterable[Clause], *, negated: bool, alone: bool) -> Iterator[Exclusion]:
    for clause in clauses:
        if isinstance(clause, Leaf):
            if clause.when is not None:
                yield from _of(clause.when, clause, negated=negated, alone=alone)
            continue
        below = negated
        match clause.group:
            case "all":
                joined = not negated
            case "any":
                joined = negated
            case "none":
                # none of several: not the one, and not the other
                joined, below = not negated, not negated
        single = len(clause.members) == 1
        yield from _of_clauses(clause.members, negated=below, alone=alone and (joined or single))


def _of(when: Expression, leaf: Leaf, *, negated: bool, alone: bool) -> Iterator[Exclusion]:
    match when:
        case Not(operand=operand):
            yield from _of(operand, leaf, negated=not negated, alone=alone)
            return
        case Logic(operator=operator, operands=operands):
            joined = (operator == "and") is not negated
            for operand in operands:
                yield from _of(operand, leaf, negated=negated, alone=alone and joined)
            return
        case Comparison(operator="eq" | "ne", right=Literal(value=bool() as value), left=left):
            asks_for_true = (when.operator == "eq") is value
            yield from _of(
                left, leaf, negated=negated if asks_for_true else not negated, alone=alone
            )
            return
        case Comparison(operator="ne"):
            excludes = not negated
        case DoesNotApply():
            excludes = not negated
        case _:
            excludes = negated
    if excludes:
        for name in sorted(names_in(when)):
            yield Exclusion(
                fact=name, leaf=leaf, when=when, says_what_is_so=not negated, alone=alone
            )
