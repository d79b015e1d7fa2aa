"""What an expression rests on: names, through what they stand for, down to given facts."""

from collections.abc import Mapping

from language.definition import Choice, Dated, DecisionTable, Definition, Formula, Table, Tiers
from language.expression import Expression, Name, walk


def reachable_facts(
    expressions: list[Expression], scope: Mapping[str, Definition]
) -> frozenset[str]:
    """Every name that the expressions use, through definitions, down to given facts."""
    seen: set[str] = set()
    todo = list(expressions)
    while todo:
        for part in walk(todo.pop()):
            if isinstance(part, Name) and part.name not in seen:
                seen.add(part.name)
                todo.extend(parts_of(scope.get(part.name)))
    return frozenset(seen)


def parts_of(definition: Definition | None) -> list[Expression]:
    """The expressions that a definition is made of."""
    match definition:
        case Formula(expression=expression):
            return [expression]
        case Choice(cases=cases):
            return [part for case in cases for part in case if part is not None]
        case Table(by=by):
            return list(by)
        case DecisionTable(inputs=inputs):
            return list(inputs)
        case Tiers(by=by):
            return [by]
        case Dated(at=at, spans=spans):
            return [at, *(part for span in spans for part in parts_of(span.value))]
        case _:
            return []
