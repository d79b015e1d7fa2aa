"""The older version of a policy with one of the changes made to it, to see what that change does.

What a part of the newer version uses and the older does not have comes with it; what both have
stays as it was.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeVar

from policies.change import Change, Section
from policies.difference import Difference
from policies.fact_change import HIDDEN
from policies.policy import Clause, ClauseGroup, DatedParameter, Policy, PolicyTable
from profiles.fact import Fact

Where = Literal["clauses", "parameters", "facts", "tables", "region", "time", "amount", "each"]
"""What can be changed by itself and decides who gets what."""

_WHERE: Mapping[Section, Where] = {
    "clauses": "clauses", "parameters": "parameters", "facts": "facts", "tables": "tables",
    "region": "region", "effective": "time", "window": "time", "period": "time", "per": "time",
    "amount": "amount", "portions": "amount", "unit": "amount", "benefit kind": "amount",
    "row clauses": "each", "row facts": "each", "row amount": "each", "row set": "each",
    "limits": "each", "claim": "each", "item": "each",
}  # fmt: skip
_FIELDS: Mapping[Where, tuple[str, ...]] = {
    "region": ("region",),
    "time": ("effective_from", "effective_to", "effective_at", "window_from", "window_to",
             "per", "period"),
    "amount": ("steps", "portions", "unit", "benefit_kind"),
    "each": ("each", "item"),
}  # fmt: skip
_Named = TypeVar("_Named", DatedParameter, Fact, PolicyTable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part that one or several changes are in; of clauses the topmost ones, by their ids."""

    where: Where
    names: tuple[str, ...] = ()


def parts_of(difference: Difference) -> tuple[Part, ...]:
    """The parts in which something changed that decides who gets what, in order."""
    tops = _tops(difference)
    found: dict[Part, None] = {}
    dated = difference.old.effective_at is not None or difference.new.effective_at is not None
    for change in difference.deciding:
        where = _WHERE.get(change.section)
        if change.section in ("effective", "window") and not dated:
            continue  # when a version counts is no matter of who is eligible by it
        match where:
            case None:
                continue
            case "clauses":
                found.setdefault(Part(where=where, names=tops[change.name]))
            case "parameters" | "facts" | "tables":
                found.setdefault(Part(where=where, names=(change.name,)))
            case _:
                found.setdefault(Part(where=where))
    return tuple(found)


def changes_in(part: Part, difference: Difference) -> tuple[Change, ...]:
    """The deciding changes of a part."""
    tops = _tops(difference)

    def within(change: Change) -> bool:
        if _WHERE.get(change.section) != part.where:
            return False
        names = tops[change.name] if part.where == "clauses" else (change.name,)
        return not part.names or names == part.names

    return tuple(change for change in difference.deciding if within(change))


def change_alone(difference: Difference, part: Part) -> Policy | None:
    """The older version with only this part of the newer; None where it would make no sense.

    That is where names are missing: a parameter that went cannot go before what uses it.
    """
    old, new = difference.old, difference.new
    made: dict[str, object] = {}
    match part.where:
        case "clauses":
            made["clauses"] = _with_clauses(old.clauses, new.clauses, part.names)
        case "parameters":
            made["parameters"] = _with_named(old.parameters, new.parameters, part.names[0])
        case "facts":
            made["facts"] = _with_fact(old.facts, new.facts, part.names[0])
        case "tables":
            made["tables"] = _with_named(old.tables, new.tables, part.names[0])
        case where:
            made = {field: getattr(new, field) for field in _FIELDS[where]}
    if None in made.values() and part.where in ("parameters", "facts", "tables"):
        return None
    digest = hashlib.sha256(f"{old.content_hash} {new.content_hash} {part}".encode())
    alone = replace(old, **made, content_hash=digest.hexdigest())  # type: ignore[arg-type]  # of its fields
    return _with_names(alone, new)


def _with_names(policy: Policy, new: Policy) -> Policy:
    """The policy with the names that only the newer version has: its part may use them."""
    return replace(
        policy,
        parameters=_and_more(policy.parameters, new.parameters),
        facts=_and_more(policy.facts, new.facts),
        tables=_and_more(policy.tables, new.tables),
        row_sets={**new.row_sets, **policy.row_sets},
    )


def _and_more(old: tuple[_Named, ...], new: tuple[_Named, ...]) -> tuple[_Named, ...]:
    found = list(old)
    found += [one for one in new if all(one.name != other.name for other in old)]
    return tuple(found)


def _with_named(
    old: tuple[_Named, ...], new: tuple[_Named, ...], name: str
) -> tuple[_Named, ...] | None:
    """With the newer version's part of this name; None where either has none."""
    now = next((one for one in new if one.name == name), None)
    if now is None or all(one.name != name for one in old):
        return None
    return tuple(now if one.name == name else one for one in old)


def _with_fact(old: tuple[Fact, ...], new: tuple[Fact, ...], name: str) -> tuple[Fact, ...] | None:
    """A fact goes with those that are worked out on the way to it."""

    def belongs(fact: Fact) -> bool:
        return fact.name.partition(HIDDEN)[0] == name

    now = [fact for fact in new if belongs(fact)]
    if not now or not any(belongs(fact) for fact in old):
        return None
    return (*(fact for fact in old if not belongs(fact)), *now)


def _with_clauses(
    old: tuple[Clause, ...], new: tuple[Clause, ...], names: Iterable[str]
) -> tuple[Clause, ...]:
    wanted = set(names)
    now = {clause.id: clause for clause in new if clause.id in wanted}
    kept = [now.pop(clause.id, None) if clause.id in wanted else clause for clause in old]
    return (*(clause for clause in kept if clause is not None), *now.values())


def _tops(difference: Difference) -> Mapping[str, tuple[str, ...]]:
    """For each clause the topmost clauses that must change with it.

    A clause that moved from one to another binds the two together.
    """
    above: dict[str, set[str]] = {}
    for policy in (difference.old, difference.new):
        for top in policy.clauses:
            for name in _ids(top):
                above.setdefault(name, set()).add(top.id)
    groups = [set(tops) for tops in above.values()]
    merged: list[set[str]] = []
    for group in groups:
        touching = [other for other in merged if other & group]
        merged = [other for other in merged if not other & group]
        merged.append(group.union(*touching))
    order = [clause.id for policy in (difference.new, difference.old) for clause in policy.clauses]
    bound = {
        top: tuple(dict.fromkeys(name for name in order if name in group))
        for group in merged
        for top in group
    }
    return {name: bound[next(iter(tops))] for name, tops in above.items()} | {"": ()}


def _ids(clause: Clause) -> Iterable[str]:
    yield clause.id
    if isinstance(clause, ClauseGroup):
        for member in clause.members:
            yield from _ids(member)


assert {name for names in _FIELDS.values() for name in names} <= {f.name for f in fields(Policy)}
