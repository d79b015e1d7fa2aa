"""Clauses told in words, each with its truth value and the facts it rests on."""

from collections.abc import Mapping

from engine.deciding import truth
from engine.explanation import ClauseTold
from engine.telling import Teller
from language.reach import reachable_facts
from language.reference import Value
from policies.policy import Clause, ClauseGroup, Leaf


def tell_clauses(
    teller: Teller,
    clauses: tuple[Clause, ...],
    values: Mapping[str, Value],
    depth: int = 0,
    *,
    unwanted: bool = False,
) -> list[ClauseTold]:
    """Every group and leaf in order, each group before its members."""
    told: list[ClauseTold] = []
    for clause in clauses:
        value = truth(values[clause.id])
        if isinstance(clause, Leaf):
            told.append(_tell_leaf(teller, clause, value, depth, unwanted))
            continue
        told.append(
            ClauseTold(
                id=clause.id,
                depth=depth,
                says_zh=clause.says,
                says_en=clause.says_en or clause.id,
                source=clause.source,
                value=value,
                condition_zh="",
                condition_en="",
                group=clause.group,
                unwanted=unwanted,
            )
        )
        inside = is_unwanted_inside(clause, unwanted)
        told += tell_clauses(teller, clause.members, values, depth + 1, unwanted=inside)
    return told


def is_unwanted_inside(group: ClauseGroup, unwanted: bool) -> bool:
    """Whether the members of a group are good where they do not hold."""
    return unwanted != (group.group == "none")


def _tell_leaf(
    teller: Teller, leaf: Leaf, value: bool | None, depth: int, unwanted: bool
) -> ClauseTold:
    zh, en = teller.condition(leaf.when)
    return ClauseTold(
        id=leaf.id,
        depth=depth,
        says_zh=leaf.says,
        says_en=leaf.says_en or leaf.id,
        source=leaf.source,
        value=value,
        unwanted=unwanted,
        condition_zh=zh or f"由{leaf.judged_by}认定",
        condition_en=en or f"judged by {leaf.judged_by}",
        facts=teller.used(reachable_facts([leaf.when], teller.bound.scope)) if leaf.when else (),
    )
