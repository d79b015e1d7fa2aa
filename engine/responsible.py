"""Which clause made a subject's verdict another one, and what about it: facts, values or its text.

Two decisions are compared: of the earlier version on the earlier snapshot, and of the present ones.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.decision import Decision
from engine.program import Bound
from language.definition import Given
from language.expression import Expression
from language.reach import reachable_facts
from language.reference import Facts, Reference
from policies.policy import leaves_of

Why = Literal["facts", "values", "text", "missing", "came", "gone", "other"]
"""Facts of the subject are other; a parameter is; the clause was changed, added or taken out;
facts are missing now; the subject is new in the snapshot, or gone from it; none of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One subject as it was decided: by which policy on which day, on which facts, with what."""

    bound: Bound
    facts: Facts
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A clause by its id ("" where the subject came or went), why it is other, and by which facts
    or parameters."""

    clause: str
    why: Why
    names: tuple[str, ...] = ()


Causes = tuple[Cause, ...]


def find_causes(before: Judged | None, now: Judged | None) -> Causes:
    """What made the verdict another one; () where it is none.

    Named are the clauses that keep the subject from the benefit now and did not before, or did
    before and do not now. `before` and `now` are None where the subject is not in that snapshot.
    """
    if before is None or now is None:
        return (Cause(clause="", why="gone" if now is None else "came"),)
    was, is_ = before.decision, now.decision
    if was.verdict == is_.verdict:
        return ()
    blocked_before = {*was.failed, *was.unknown}
    blocked_now = {*is_.failed, *is_.unknown}
    # unknown to ineligible: what fails now was not known before
    changed = [name for name in (*is_.failed, *is_.unknown) if name not in blocked_before]
    changed += [name for name in (*was.failed, *was.unknown) if name not in blocked_now]
    changed += [name for name in is_.failed if name in was.unknown and name not in changed]
    changed += [name for name in is_.unknown if name in was.failed and name not in changed]
    names = list(dict.fromkeys(changed))
    # a member of a group may fail before and now, and count only now: others made the difference
    turned = [name for name in names if _turned(name, before, now)]
    return tuple(_cause(name, before, now) for name in turned or names)


def count_causes(found: Iterable[Causes]) -> list[tuple[Causes, int]]:
    """How many subjects have each combination of causes, the most frequent first."""
    counted = Counter(found)
    return sorted(counted.items(), key=lambda one: (-one[1], len(one[0]), str(one[0])))


def _turned(name: str, before: Judged, now: Judged) -> bool:
    """Whether a clause asks or says something else; what has no value of its own counts as such."""
    values = [judged.decision.clauses.get(name) for judged in (before, now)]
    tests = [_tests_of(judged.bound).get(name) for judged in (before, now)]
    if tests[0] != tests[1] or values[0] is None or values[1] is None:
        return True
    return values[0].value != values[1].value


def _cause(name: str, before: Judged, now: Judged) -> Cause:
    tests = [_tests_of(judged.bound).get(name) for judged in (before, now)]
    if tests[0] != tests[1]:
        return Cause(clause=name, why="text")
    names = _names_behind(name, before.bound) | _names_behind(name, now.bound)
    was = Reference(before.bound.scope, before.facts)
    is_ = Reference(now.bound.scope, now.facts)
    other = []
    for used in sorted(names):
        if used in before.bound.scope and used in now.bound.scope:
            left, right = was.of_name(used).value, is_.of_name(used).value
            if left != right:
                other.append((used, right is None))
    given = [one for one in other if isinstance(now.bound.scope[one[0]], Given)]
    if given:
        missing = name in now.decision.unknown and all(gone for _, gone in given)
        return Cause(
            clause=name,
            why="missing" if missing else "facts",
            names=tuple(used for used, _ in given),
        )
    if other:
        return Cause(clause=name, why="values", names=tuple(used for used, _ in other))
    return Cause(clause=name, why="other")


def _tests_of(bound: Bound) -> dict[str, tuple[str, str, bool]]:
    """What each clause asks, by its id, as its author wrote it."""
    policy = bound.policy
    found = {
        leaf.id: (leaf.text, leaf.judged_by, leaf.not_yet) for leaf in leaves_of(policy.clauses)
    }
    found |= {portion.id: (portion.text, "", False) for portion in policy.portions}
    if policy.each is not None:
        rows = leaves_of(policy.each.clauses)
        found |= {leaf.id: (leaf.text, leaf.judged_by, leaf.not_yet) for leaf in rows}
    if policy.region is not None:
        found["region"] = (f"{policy.region.within} but {policy.region.excepted}", "", False)
    return found


def _names_behind(name: str, bound: Bound) -> frozenset[str]:
    """Every name that a clause rests on, down to given facts; of a row's clause none is told."""
    policy = bound.policy
    expressions: Mapping[str, Expression | None] = {
        **{leaf.id: leaf.when for leaf in leaves_of(policy.clauses)},
        **{portion.id: portion.when for portion in policy.portions},
    }
    if name == "region" and policy.region is not None:
        return frozenset({policy.region.fact})
    test = expressions.get(name)
    return frozenset() if test is None else reachable_facts([test], bound.scope)
