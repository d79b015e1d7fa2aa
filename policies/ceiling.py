"""Parameters that may be `unlimited`: each is a ceiling alone, and nothing else is made of it."""

from collections import Counter
from collections.abc import Iterator

from language.definition import Constant, Table
from language.expression import Expression, Name, walk
from language.number import UNLIMITED
from language.reach import parts_of
from policies.draft import Draft
from policies.policy import DatedParameter, Policy, Step


def may_be_unlimited(parameter: DatedParameter) -> bool:
    """Whether any of its values, on any day, is `unlimited`."""
    for span in parameter.spans:
        match span.value:
            case Constant(value=value):
                values = [value]
            case Table(rows=rows):
                values = [row.value for row in rows if row.value is not None]
            case _:
                values = []
        if any(value == UNLIMITED and not isinstance(value, bool) for value in values):
            return True
    return False


def refuse_other_uses(draft: Draft, policy: Policy) -> None:
    """Refuse whatever is worked out from such a parameter: a sum of it would be a number."""
    # expressions of one text may be one object, so uses are counted and not told apart by it
    ceilings = Counter(_ceilings(policy))
    alone = Counter(part.name for part in [*draft.used, *draft.row_used] if isinstance(part, Name))
    within = {
        part.name
        for expression in _expressions(draft, policy)
        for part in walk(expression)
        if isinstance(part, Name)
    }
    for parameter in policy.parameters:
        name = parameter.name
        if may_be_unlimited(parameter) and (name in within or alone[name] > ceilings[name]):
            draft.refuse(
                ("parameters", name),
                f'"{name}" may be unlimited, and is used otherwise than as a ceiling',
                f"write at_most: {name} or up_to: {name} alone; what is compared or added "
                "needs a number",
                code="parameters",
            )


def _ceilings(policy: Policy) -> Iterator[str]:
    """The names that stand alone as an `at_most` or as the limit of rows."""
    for step in _steps(policy):
        if step.operation == "at_most" and isinstance(step.operand, Name):
            yield step.operand.name
    for limit in policy.each.limits if policy.each else ():
        if isinstance(limit.up_to, Name):
            yield limit.up_to.name


def _steps(policy: Policy) -> Iterator[Step]:
    yield from policy.steps
    for portion in policy.portions:
        yield from portion.steps
    for told in policy.also:
        yield from told.steps
    if policy.each is not None:
        yield from policy.each.steps


def _expressions(draft: Draft, policy: Policy) -> Iterator[Expression]:
    """All that holds more than a name, and what facts and tables are made of."""
    for used in [*draft.used, *draft.row_used]:
        if not isinstance(used, Name):
            yield used
    for definition in [*draft.scope.values(), *draft.row_scope.values()]:
        yield from parts_of(definition)
    for fact in [*policy.facts, *(policy.each.facts if policy.each else ())]:
        for measure in fact.measures:
            if measure.where is not None:
                yield measure.where
