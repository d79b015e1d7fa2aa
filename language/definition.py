"""What a name stands for: a given fact, a constant, a formula, a choice, or a legal table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from language.expression import Expression, Name
from language.types import FactType, Kind, kind_of

Scalar = Fraction | bool | str | date


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A fact that comes with the subject; `may_not_apply` where declared `absent: none`.

    `values` are all that a code may be; `system` names whose codes it holds.
    """

    name: str
    type: FactType
    may_not_apply: bool = False
    values: tuple[str, ...] = ()
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """One value for everybody: a parameter in force, as_of, the ends of the period."""

    value: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class NoValue:
    """A parameter without a value on this day: unknown for everybody."""

    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A fact that is worked out, unless it is given; never stored rounded."""

    expression: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The value of the first case whose condition holds; the last case has none."""

    cases: tuple[tuple[Expression | None, Expression], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Equal:
    """A table key: one of these values."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneath:
    """A table key: a code at or below one of these, given as the text their codes begin with."""

    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """A table key: a range; an end of None is open."""

    low: Fraction | None
    low_included: bool
    high: Fraction | None
    high_included: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class During:
    """A table key: the days from `first` to `last`, both included; an end of None is open."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplying:
    """A table key: the fact is known not to apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """A table key: what any of these matches."""

    members: tuple["Matcher", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """A table key: any known value that none of these matches."""

    others: tuple["Matcher", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything:
    """A table key: any value, also a missing one."""


Matcher = Equal | Beneath | Within | During | NotApplying | OneOf | Otherwise | Anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table: it applies where every matcher does. A value of None is left open."""

    matchers: tuple[Matcher, ...]
    value: Scalar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A legal table: the value of the one row that applies.

    A known key without a row has no value (`$has` is false), an unknown key an unknown one.
    """

    by: tuple[Name, ...]
    rows: tuple[Row, ...]
    kind: Kind


class Hit(StrEnum):
    """Which row of a decision table counts where several apply (OMG DMN 1.5, 8.2.8)."""

    UNIQUE = "unique"
    ANY = "any"
    FIRST = "first"
    PRIORITY = "priority"
    RULE_ORDER = "rule-order"
    OUTPUT_ORDER = "output-order"
    COLLECT = "collect"
    SUM = "collect sum"
    MIN = "collect min"
    MAX = "collect max"
    COUNT = "collect count"


LISTINGS = (Hit.RULE_ORDER, Hit.OUTPUT_ORDER, Hit.COLLECT)
"""Hit policies whose answer is a list: here the texts in order, with 、 between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of a decision table, `number` counting from 1 as its author wrote them.

    A value of None is left open.
    """

    number: int
    matchers: tuple[Matcher, ...]
    value: Scalar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTable:
    """One output of a decision table, whose rows may overlap as `hit` says.

    Under `priority` and `output-order` the rows stand highest output first. `default` is the value
    where no row applies; None where there is none.
    """

    inputs: tuple[Expression, ...]
    rules: tuple[Rule, ...]
    hit: Hit
    kind: Kind
    default: Scalar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One step of a cumulative scale: `rate` per unit, `gives` per whole `each`, or once."""

    over: Fraction
    up_to: Fraction | None
    rate: Fraction | None = None
    each: Fraction | None = None
    gives: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """A cumulative scale: each tier adds its part."""

    by: Name
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days on which a dated value holds, both ends included; `to` None is open."""

    start: date
    end: date | None
    value: "Constant | Table | Tiers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A parameter whose value is chosen by a date fact; the first span that holds counts."""

    at: Name
    spans: tuple[Span, ...]
    kind: Kind


Definition = Given | Constant | NoValue | Formula | Choice | Table | DecisionTable | Tiers | Dated
Scope = Mapping[str, Definition]


def kind_of_scalar(value: Scalar) -> Kind:
    """The kind of a plain value."""
    match value:
        case bool():
            return Kind.BOOLEAN
        case str():
            return Kind.TEXT
        case date():
            return Kind.DATE
        case _:
            return Kind.NUMBER


def declared_kind(definition: Given) -> Kind:
    """The kind of a given fact."""
    return kind_of(definition.type)
