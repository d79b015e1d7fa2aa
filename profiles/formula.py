"""Formulas and plain values as authors write them."""

from datetime import date

from language.definition import Choice, Formula, Scalar
from language.document import Document, Place
from language.errors import ConditionRefused, Problem
from language.expression import Expression, Literal
from language.number import parse_number
from language.parse import parse
from profiles.fact_file import ValueFile


def build_formula(
    entry: ValueFile, document: Document, place: Place
) -> tuple[Formula | Choice | None, list[Problem]]:
    """What `is` or `choose` says; None where neither is written, or after a problem."""
    if entry.is_ is not None and entry.choose is not None:
        return None, [document.problem(place, 'write "is" or "choose", not both')]
    if entry.is_ is not None:
        parsed, problem = parse_at(entry.is_, document, (*place, "is"))
        return (Formula(expression=parsed), []) if parsed is not None else (None, problem)
    if entry.choose is None:
        return None, []
    problems: list[Problem] = []
    cases: list[tuple[Expression | None, Expression]] = []
    for index, case in enumerate(entry.choose):
        at = (*place, "choose", index)
        last = index == len(entry.choose) - 1
        if (case.when is None) != last:
            problems.append(
                document.problem(at, 'every case but the last has "when", the last has none')
            )
            continue
        if (case.value is None) == (case.is_ is None):
            problems.append(document.problem(at, 'a case has either "value" or "is"'))
            continue
        test: Expression | None = None
        if case.when is not None:
            test, found = parse_at(case.when, document, (*at, "when"))
            problems += found
        if case.is_ is not None:
            value, found = parse_at(case.is_, document, (*at, "is"))
            problems += found
        else:
            value = literal_of(parse_scalar(case.value or ""))
        if value is not None:
            cases.append((test, value))
    return (None, problems) if problems else (Choice(cases=tuple(cases)), [])


def literal_of(value: Scalar) -> Expression:
    """A plain value as an expression."""
    return Literal(value=value)


def parse_at(
    text: str, document: Document, place: Place
) -> tuple[Expression | None, list[Problem]]:
    """Parse a condition that stands at a place of a document."""
    try:
        return parse(text), []
    except ConditionRefused as refusal:
        return None, [
            document.problem(
                place, refusal.message, refusal.remedy, refusal.offset, code="condition"
            )
        ]


def parse_scalar(text: str) -> Scalar:
    """A value by its looks: true/false, a date, a number, else text."""
    words = text.strip()
    if words in ("true", "false"):
        return words == "true"
    parts = words.split("-")
    if [len(part) for part in parts] == [4, 2, 2] and all(part.isdigit() for part in parts):
        try:
            return date.fromisoformat(words)
        except ValueError:
            return words
    try:
        return parse_number(words)
    except ValueError:
        return words
