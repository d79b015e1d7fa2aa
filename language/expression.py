"""A condition or an amount as a tree.

Every node knows its `offset`, where it begins in the text; trees that differ only there are equal.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from language.grammar import RESERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """What begins somewhere in a text; -1 where it was not written by an author."""

    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(_Placed):
    """A value as it stands in the text; numbers are exact."""

    value: Fraction | bool | str | date


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(_Placed):
    """A fact, a parameter, or one of as_of, period_start, period_end."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(_Placed):
    """Kleene negation."""

    operand: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative(_Placed):
    """Arithmetic minus."""

    operand: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(_Placed):
    """Kleene `and` or `or` over two or more operands."""

    operator: str
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(_Placed):
    """eq, ne, lt, le, gt, ge of two values of one kind."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(_Placed):
    """add, sub, mul, div, floordiv, mod (both truncating toward zero), pow by a small literal."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(_Placed):
    """`member in [literals]`."""

    member: "Expression"
    items: tuple[Literal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(_Placed):
    """`member =~ "pattern"`, from the text's beginning, or `=~~`, `anywhere` in it.

    What patterns mean is said in `language.pattern`; `!~` and `!~~` are Not of this.
    """

    member: "Expression"
    pattern: str
    anywhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoesNotApply(_Placed):
    """`name == null`: the fact is known not to apply (declared `absent: none`)."""

    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalesce(_Placed):
    """`left ?? right`: the author states what a missing value counts as (amounts only)."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(_Placed):
    """`test ? then : otherwise`."""

    test: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(_Placed):
    """A function of the language, `$name(arguments)`."""

    function: str
    arguments: tuple["Expression", ...]


Expression = (
    Literal
    | Name
    | Not
    | Negative
    | Logic
    | Comparison
    | Arithmetic
    | Membership
    | Match
    | DoesNotApply
    | Coalesce
    | Conditional
    | Call
)


def is_name(text: str) -> bool:
    """Whether a fact or parameter may have this name; `subject` is whose facts these are."""
    return text.isascii() and text.isidentifier() and text not in RESERVED and text != "subject"


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything within it, outermost first."""
    yield expression
    match expression:
        case Not(operand=operand) | Negative(operand=operand):
            yield from walk(operand)
        case Logic(operands=operands):
            for operand in operands:
                yield from walk(operand)
        case Comparison(left=left, right=right) | Arithmetic(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Coalesce(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Membership(member=member) | Match(member=member):
            yield from walk(member)
        case DoesNotApply(name=name):
            yield name
        case Conditional(test=test, then=then, otherwise=otherwise):
            for part in (test, then, otherwise):
                yield from walk(part)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from walk(argument)
        case Literal() | Name():
            return


def names_in(expression: Expression) -> frozenset[str]:
    """Every name the expression uses directly."""
    return frozenset(part.name for part in walk(expression) if isinstance(part, Name))
