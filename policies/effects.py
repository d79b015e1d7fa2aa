"""What a changed parameter, fact or table does to the clauses and amounts that rest on it."""

from collections.abc import Iterator, Sequence

from language.definition import Definition
from language.monotone import Trend, trend
from language.reach import reachable_facts
from policies.change import Direction, Effect, Section
from policies.parameter import definition_of
from policies.policy import Clause, ClauseGroup, Policy, Step
from policies.setting import Setting

_GROWS = {"take": 1, "plus": 1, "minus": -1, "at_most": 1, "at_least": 1}
"""What a larger operand does to the amount, whatever the amount is."""
_KEEP_ORDER = ("plus", "minus", "at_most", "at_least", "nothing_below", "round_down", "round_up",
               "round_half_up")  # fmt: skip
_RISING: Sequence[Direction] = ("higher", "wider")
_FALLING: Sequence[Direction] = ("lower", "narrower")


def effects_of(name: str, direction: Direction, setting: Setting) -> tuple[Effect, ...]:
    """What of the later version rests on `name`, and whether that is looser or tighter by it.

    `direction` is where the value of `name` went for everybody; empty where it cannot be told.
    """
    policy = setting.new
    scope = scope_of(policy, setting)
    moved = 1 if direction in _RISING else -1 if direction in _FALLING else 0
    found = list(_of_clauses(policy.clauses, name, moved, scope, "clauses", 1))
    if policy.each is not None:
        rows = policy.each.clauses
        found += _of_clauses(rows, name, moved, scope, "row clauses", 1)
        found += _of_steps(policy.each.steps, name, moved, scope, "row amount", "")
        for limit in policy.each.limits:
            used = [part for part in (limit.quantity, limit.up_to) if part is not None]
            if name in reachable_facts(used, scope):
                found.append(Effect(section="limits", name=limit.name, direction=""))
    for portion in policy.portions:
        grown = None if portion.when is None else trend(portion.when, name, scope)
        if grown is not None:
            found.append(Effect(section="portions", name=portion.id, direction=_who(grown * moved)))
        found += _of_steps(portion.steps, name, moved, scope, "portions", portion.id)
    found += _of_steps(policy.steps, name, moved, scope, "amount", "")
    for told in policy.also:
        found += _of_steps(told.steps, name, moved, scope, "also", told.name)
    whens = [case.when for case in policy.delivery if case.when is not None]
    if name in reachable_facts(whens, scope):
        found.append(Effect(section="delivery", name="", direction=""))
    return tuple(dict.fromkeys(found))


def scope_of(policy: Policy, setting: Setting) -> dict[str, Definition]:
    """What each name of the policy stands for, its parameters by the day of their last value."""
    scope: dict[str, Definition] = dict(setting.vocabulary.definitions)
    scope |= {
        p.name: definition_of(p, max(span.start for span in p.spans)) for p in policy.parameters
    }
    facts = (*policy.facts, *(policy.each.facts if policy.each else ()))
    scope |= {fact.name: fact.formula or fact.given for fact in facts}
    scope |= {output.name: output.definition for t in policy.tables for output in t.outputs}
    return scope


def _of_clauses(
    clauses: tuple[Clause, ...],
    name: str,
    moved: int,
    scope: dict[str, Definition],
    section: Section,
    sign: int,
) -> Iterator[Effect]:
    for clause in clauses:
        if isinstance(clause, ClauseGroup):
            inner = -sign if clause.group == "none" else sign
            yield from _of_clauses(clause.members, name, moved, scope, section, inner)
            continue
        grown: Trend | None = None if clause.when is None else trend(clause.when, name, scope)
        if grown is not None:
            yield Effect(section=section, name=clause.id, direction=_who(grown * moved * sign))


def _who(sign: int) -> Direction:
    return "wider" if sign > 0 else "narrower" if sign < 0 else ""


def _of_steps(
    steps: tuple[Step, ...],
    name: str,
    moved: int,
    scope: dict[str, Definition],
    section: Section,
    part: str,
) -> Iterator[Effect]:
    for number, step in enumerate(steps):
        used = [expression for expression in (step.operand, step.when) if expression is not None]
        if name not in reachable_facts(used, scope):
            continue
        sign = 0
        alone = step.when is None or name not in reachable_facts([step.when], scope)
        if alone and step.operand is not None and _keeps(steps[number + 1 :]):
            sign = (trend(step.operand, name, scope) or 0) * _GROWS.get(step.operation, 0) * moved
        direction: Direction = "higher" if sign > 0 else "lower" if sign < 0 else ""
        yield Effect(section=section, name=part, direction=direction)


def _keeps(later: Sequence[Step]) -> bool:
    """Whether the steps after one never turn a larger amount into a smaller one."""
    return all(step.operation in _KEEP_ORDER for step in later)
