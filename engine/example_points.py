"""The values that are tried for an example's facts and for the columns of its rows, as authors
write them: on each figure that a condition names, and one step beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from engine.program import Bound
from engine.tested import Tested
from engine.turning_points import OTHER, Points, points_beside
from language.definition import Choice, Formula, Given, Scalar
from language.expression import Expression, Name
from language.reach import reachable_facts
from language.reference import NotApplicable
from policies.policy import Policy
from profiles.fact import Fact, Vocabulary
from profiles.hand_value import UNKNOWN
from profiles.row_set import RowColumn

MAX_DECIMALS = 12
REGIONS, TRADES = "GB/T 2260", "GB/T 4754"
NULL = "null"
_SECTIONS, _WORDS = "ABCDEFGHIJKLMNOPQRST", ("other", "another", "x", "y")
_ELSEWHERE = ("110000", "990100")
"""Regions that a policy's own text seldom names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """A name and the values to try of it, missing among them; `of_row`: a column of a row.

    What is `computed` is only tried where an example gives it, else what it rests on is.
    """

    name: str
    of_row: bool
    values: tuple[str, ...]
    computed: bool = False


def varied_names(
    bound: Bound, tested: Iterable[Tested], vocabulary: Vocabulary
) -> tuple[Varied, ...]:
    """Everything that an example of this policy may give, with the values to try."""
    policy = bound.policy
    roots = [_root(one) for one in tested]
    facts = dict(vocabulary.facts) | {fact.name: fact for fact in policy.facts}
    own = policy.each.names if policy.each is not None else frozenset()
    found = []
    for name in sorted((bound.names | bound.row_names) - own):
        definition, fact = bound.scope.get(name), facts.get(name)
        if isinstance(definition, (Given, Formula, Choice)) and fact is not None:
            scope = bound.row_scope if policy.each is not None else bound.scope
            near = [root for root in roots if name in reachable_facts([root], scope)]
            points = points_beside(bound, fact.given, near, scope)
            values = (*_written(points, fact.system, "day"), missing_of(fact))
            computed = not isinstance(definition, Given)
            found.append(Varied(name=name, of_row=False, values=values, computed=computed))
    found += _of_rows(bound, policy, roots)
    return tuple(found)


def _of_rows(bound: Bound, policy: Policy, roots: list[Expression]) -> list[Varied]:
    each = policy.each
    if each is None:
        return []
    columns: dict[str, RowColumn | Fact] = dict(each.row_set.columns)
    columns |= {fact.name: fact for fact in each.facts}
    found = []
    for name in sorted(bound.row_names & columns.keys()):
        definition = bound.row_scope.get(name)
        column = columns[name]
        if isinstance(definition, (Given, Formula, Choice)):
            near = [root for root in roots if name in reachable_facts([root], bound.row_scope)]
            points = points_beside(bound, column.given, near, bound.row_scope)
            written = column.written if isinstance(column, RowColumn) else "day"
            values = (*_written(points, column.system, written), missing_of(column))
            computed = not isinstance(definition, Given)
            found.append(Varied(name=name, of_row=True, values=values, computed=computed))
    return found


def _root(tested: Tested) -> Expression:
    if tested.when is not None:
        return tested.when
    return Name(name=tested.row.name if tested.row is not None else "as_of")


def missing_of(fact: Fact | RowColumn) -> str:
    """How it is written that a value is missing."""
    means_none = fact.null_is_none if isinstance(fact, Fact) else fact.may_not_apply
    return UNKNOWN if means_none else NULL


def _written(points: Points, system: str, form: str) -> list[str]:
    """The values as authors write them, each once; what has no end as a decimal is left out."""
    regions = system.startswith(REGIONS)
    named = [point for point in points if point != OTHER]
    found = [_write(point, form, regions=regions) for point in named]
    if regions:
        found += _ELSEWHERE
    elif len(named) < len(points):
        texts = [point for point in named if isinstance(point, str)]
        found.append(_another(texts, _SECTIONS if system.startswith(TRADES) else _WORDS))
    return list(dict.fromkeys(text for text in found if text is not None))


def _another(texts: list[str], words: Iterable[str]) -> str | None:
    """A code or word that is none of these, above none and beneath none of them."""
    return next((w for w in words if not any(t.startswith(w) for t in texts)), None)


def _write(value: Scalar | NotApplicable, form: str, *, regions: bool) -> str | None:
    match value:
        case NotApplicable():
            return "none"
        case bool():
            return "true" if value else "false"
        case str():
            return value.ljust(6, "0") if regions else value
        case date():
            return value.isoformat()[: {"month": 7, "year": 4}.get(form, 10)]
        case Fraction():
            return write_number(value)


def write_number(value: Fraction) -> str | None:
    """A number as a plain decimal; None where it does not end."""
    for digits in range(MAX_DECIMALS + 1):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            text = str(abs(scaled.numerator)).rjust(digits + 1, "0")
            sign = "-" if value < 0 else ""
            return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)
    return None
