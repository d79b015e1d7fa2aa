"""A tree of clauses decided by the reference, and the leaves that made it so."""

from collections.abc import Mapping
from typing import Literal

from language.reference import Reference, Value, kleene_and, kleene_not, kleene_or
from policies.policy import Clause, ClauseGroup, Leaf

Verdict = Literal["eligible", "ineligible", "unknown"]
WAITING = "not yet"
JUDGED = "judged by "


def verdict_of(value: Value) -> Verdict:
    """A truth value as a verdict."""
    if value.value is None:
        return "unknown"
    return "eligible" if value.value else "ineligible"


def clause_value(clause: Clause, reference: Reference, values: dict[str, Value]) -> Value:
    """Whether a clause holds; the value of everything in it goes into `values` by id."""
    match clause:
        case Leaf(when=None, id=id_):
            value = Value(None, frozenset({f"{JUDGED}{clause.judged_by}"}))
        case Leaf(when=when, not_yet=not_yet, id=id_):
            assert when is not None
            value = reference.value(when)
            if not_yet and value.value is False:
                value = Value(None, reasons=frozenset({f"{WAITING}: {id_}"}))
        case ClauseGroup(members=members, group=group, id=id_):
            inner = [clause_value(member, reference, values) for member in members]
            match group:
                case "all":
                    value = kleene_and(inner)
                case "any":
                    value = kleene_or(inner)
                case "none":
                    value = kleene_not(kleene_or(inner))
    values[id_] = value
    return value


def find_leaves(
    clause: Clause,
    values: Mapping[str, Value],
    wanted: bool,
    failed: list[str],
    unknown: list[str],
) -> None:
    """Gather the leaves that keep `clause` from being `wanted`, and those that leave it open."""
    value = values[clause.id].value
    if isinstance(clause, Leaf):
        if value is None:
            unknown.append(clause.id)
        elif value is not wanted:
            failed.append(clause.id)
        return
    # a settled group needs nothing more of its members
    if value is wanted:
        return
    inner = not wanted if clause.group == "none" else wanted
    for member in clause.members:
        if value is None:
            find_leaves(member, values, inner, [], unknown)
        else:
            find_leaves(member, values, inner, failed, [])
