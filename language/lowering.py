"""Conditions as Polars columns that agree with the reference on every row.

Kleene logic is Polars' own for `&`, `|` and `~`; whatever else could read null as false
(when/otherwise, min_horizontal, filters) is written so that unknown stays unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import reduce

import polars as pl

from language import exact
from language.check import check, parts_of
from language.definition import (
    Anything,
    Beneath,
    Choice,
    Constant,
    Dated,
    Definition,
    Equal,
    Formula,
    Given,
    Matcher,
    NoValue,
    Otherwise,
    Scalar,
    Scope,
    Span,
    Table,
    Tiers,
    Within,
    kind_of_scalar,
)
from language.exact import Exact
from language.expression import (
    Arithmetic,
    Call,
    Coalesce,
    Comparison,
    Conditional,
    DoesNotApply,
    Expression,
    Literal,
    Logic,
    Membership,
    Name,
    Negative,
    Not,
    names_in,
)
from language.functions import whole_literal
from language.reference import evaluate
from language.types import FactType, Kind

MAX_MONTHS = 120_000
GIVEN = "::given"
NOT_APPLICABLE = "::none"

Column = pl.Expr | Exact
"""A number is Exact; a boolean, text or date is a plain expression. Null is unknown."""

_DTYPES: dict[Kind, type[pl.DataType]] = {
    Kind.BOOLEAN: pl.Boolean,
    Kind.TEXT: pl.String,
    Kind.DATE: pl.Date,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a part's column holds: whole numbers, each a value times `scale`."""

    low: int
    high: int
    scale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The columns of one part that conditions may use, numbers as whole numbers."""

    columns: frozenset[str]
    bounds: Mapping[str, Bounds]


class Lowering:
    """Lowers expressions of one scope over one frame; each name is lowered once."""

    def __init__(self, scope: Scope, frame: Frame) -> None:
        self.scope = scope
        self.frame = frame
        self.known: dict[str, Column] = {}
        self.fixed: dict[str, bool] = {}

    def boolean(self, expression: Expression) -> pl.Expr:
        """The Boolean column of a condition."""
        return _plain(self.lower(expression))

    def number(self, expression: Expression) -> Exact:
        """The exact column of a number."""
        return _number(self.lower(expression))

    def lower(self, expression: Expression) -> Column:
        """The column of an expression. What is the same for everybody is worked out here and now:
        Polars does not broadcast every function of a literal."""
        if not isinstance(expression, Literal) and self.is_fixed(expression):
            value = evaluate(expression, self.scope, {}).value
            return (
                _null(check(expression, self.scope, amount=True))
                if value is None
                else (_constant(value))
            )
        match expression:
            case Literal(value=value):
                return _constant(value)
            case Name(name=name):
                return self.of_name(name)
            case Not(operand=operand):
                return ~self.boolean(operand)
            case Negative(operand=operand):
                return exact.negate(self.number(operand))
            case Logic(operator="and", operands=operands):
                return reduce(lambda a, b: a & b, [self.boolean(o) for o in operands])
            case Logic(operands=operands):
                return reduce(lambda a, b: a | b, [self.boolean(o) for o in operands])
            case Comparison(operator=operator, left=left, right=right):
                compared = _compare(operator, self.lower(left), self.lower(right))
                if operator not in ("eq", "ne"):
                    return compared
                return self.with_none(operator, left, right, compared)
            case Arithmetic(operator=operator, left=left, right=right):
                return self.arithmetic(operator, left, right)
            case Membership(member=member, items=items):
                return self.without_none(member, self.membership(member, items))
            case DoesNotApply(name=Name(name=name)):
                return self.does_not_apply(name)
            case Coalesce(left=left, right=right):
                return _coalesce(self.lower(left), self.lower(right))
            case Conditional(test=test, then=then, otherwise=otherwise):
                return _choose([(self.boolean(test), self.lower(then))], self.lower(otherwise))
            case Call(function="has", arguments=(Name(name=name),)):
                return self.has(self.scope[name])
            case Call(function=function, arguments=arguments):
                return self.call(function, arguments)

    def membership(self, member: Expression, items: tuple[Literal, ...]) -> pl.Expr:
        column = self.lower(member)
        if isinstance(column, pl.Expr):
            return column.is_in([item.value for item in items])
        hits = [_compare("eq", column, _constant(item.value)) for item in items]
        return reduce(lambda a, b: a | b, hits)

    def none_flag(self, expression: Expression) -> pl.Expr | None:
        """True where this is the name of a fact that is known not to apply; else never null."""
        if not isinstance(expression, Name):
            return None
        flag = expression.name + NOT_APPLICABLE
        return pl.col(flag).fill_null(False) if flag in self.frame.columns else None

    def with_none(
        self, operator: str, left: Expression, right: Expression, compared: pl.Expr
    ) -> pl.Expr:
        """An equality where what does not apply equals no value."""
        flags = [self.none_flag(left), self.none_flag(right)]
        known = [flag for flag in flags if flag is not None]
        if not known:
            return compared
        same = known[0] & known[1] if len(known) == 2 else pl.lit(False)
        settled = same if operator == "eq" else ~same
        return pl.when(reduce(lambda a, b: a | b, known)).then(settled).otherwise(compared)

    def without_none(self, expression: Expression, test: pl.Expr) -> pl.Expr:
        """A test that is false where the fact does not apply."""
        flag = self.none_flag(expression)
        return test if flag is None else pl.when(flag).then(False).otherwise(test)

    def is_fixed(self, expression: Expression) -> bool:
        """Whether no fact of the subject goes into the expression."""
        return all(self.is_fixed_name(name) for name in names_in(expression))

    def is_fixed_name(self, name: str) -> bool:
        if name not in self.fixed:
            definition = self.scope[name]
            given = isinstance(definition, Given) or name + GIVEN in self.frame.columns
            self.fixed[name] = not given and all(map(self.is_fixed, parts_of(definition)))
        return self.fixed[name]

    def arithmetic(self, operator: str, left: Expression, right: Expression) -> Exact:
        a = self.number(left)
        if operator == "pow":
            assert isinstance(right, Literal)
            assert isinstance(right.value, Fraction)
            return exact.power(a, right.value.numerator)
        b = self.number(right)
        match operator:
            case "add":
                return exact.add(a, b)
            case "sub":
                return exact.subtract(a, b)
            case "mul":
                return exact.multiply(a, b)
            case "div":
                return exact.divide(a, b)
            case "floordiv":
                return exact.truncate(exact.divide(a, b))
            case "mod":
                whole = exact.truncate(exact.divide(a, b))
                return exact.subtract(a, exact.multiply(b, whole))
        raise AssertionError(operator)

    def of_name(self, name: str) -> Column:
        if name not in self.known:
            self.known[name] = self.resolve(name)
        return self.known[name]

    def resolve(self, name: str) -> Column:
        definition = self.scope[name]
        if isinstance(definition, Given):
            return self.given(name, definition.type)
        computed = self.of_definition(definition)
        if name + GIVEN not in self.frame.columns:
            return computed
        # a computed fact that is given by hand is not computed, even where it is given as missing
        given = self.given_like(name, computed)
        return _choose([(pl.col(name + GIVEN), given)], computed)

    def given(self, name: str, fact_type: FactType) -> Column:
        present = name in self.frame.columns
        match fact_type:
            case FactType.BOOLEAN:
                return pl.col(name) if present else pl.lit(None, dtype=pl.Boolean)
            case FactType.DATE:
                return pl.col(name) if present else pl.lit(None, dtype=pl.Date)
            case FactType.CODE | FactType.TEXT:
                return pl.col(name) if present else pl.lit(None, dtype=pl.String)
            case _:
                if not present:
                    return exact.unknown()
                bounds = self.frame.bounds[name]
                return exact.column(
                    pl.col(name), low=bounds.low, high=bounds.high, scale=bounds.scale
                )

    def given_like(self, name: str, computed: Column) -> Column:
        if isinstance(computed, pl.Expr):
            return pl.col(name)
        bounds = self.frame.bounds[name]
        return exact.column(pl.col(name), low=bounds.low, high=bounds.high, scale=bounds.scale)

    def of_definition(self, definition: Definition) -> Column:
        match definition:
            case Constant(value=value):
                return _constant(value)
            case NoValue(kind=kind):
                return _null(kind)
            case Formula(expression=expression):
                return self.lower(expression)
            case Choice(cases=cases):
                chosen = [
                    (self.boolean(test), self.lower(value))
                    for test, value in cases
                    if test is not None
                ]
                return _choose(chosen, self.lower(cases[-1][1]))
            case Table():
                return self.table(definition)
            case Tiers(by=by):
                return self.tiers(definition, self.number(by))
            case Dated(at=at, spans=spans, kind=kind):
                day = _plain(self.of_name(at.name))
                held = [(_in_span(day, span), self.of_definition(span.value)) for span in spans]
                return _choose(held, _null(kind))
            case Given(name=name, type=fact_type):
                return self.given(name, fact_type)

    def does_not_apply(self, name: str) -> pl.Expr:
        """True where known not to apply, false where known to have a value, else unknown."""
        present = pl.col(name).is_not_null() if name in self.frame.columns else pl.lit(False)
        if name + NOT_APPLICABLE in self.frame.columns:
            flagged = pl.col(name + NOT_APPLICABLE).fill_null(False)
        else:
            flagged = pl.lit(False)
        return pl.when(flagged).then(True).when(present).then(False)

    def row_holds(self, table: Table) -> list[pl.Expr]:
        keys = [self.of_name(name.name) for name in table.by]
        return [
            reduce(
                lambda a, b: a & b,
                [
                    # a key that does not apply has no row but `any`
                    _match(m, key)
                    if isinstance(m, Anything)
                    else self.without_none(name, _match(m, key))
                    for m, name, key in zip(row.matchers, table.by, keys, strict=True)
                ],
            )
            for row in table.rows
        ]

    def table(self, table: Table) -> Column:
        cases = []
        holds = self.row_holds(table)
        for hold, row in zip(holds, table.rows, strict=True):
            value = _null(table.kind) if row.value is None else _constant(row.value)
            # rows do not overlap, so an unknown row must not hide a later row that holds
            cases.append((hold.fill_null(False), value))
        return _choose(cases, _null(table.kind))

    def has(self, definition: Definition) -> pl.Expr:
        match definition:
            case Table():
                return reduce(lambda a, b: a | b, self.row_holds(definition))
            case Dated(at=at, spans=spans):
                day = _plain(self.of_name(at.name))
                cases = [(_in_span(day, span), self.has(span.value)) for span in spans]
                return _plain(_choose([(t, v) for t, v in cases], pl.lit(False)))
            case NoValue():
                return pl.lit(False)
            case _:
                return pl.lit(True)

    def tiers(self, tiers: Tiers, amount: Exact) -> Exact:
        zero = exact.literal(Fraction(0))
        total = zero
        for tier in tiers.tiers:
            inside = exact.subtract(amount, exact.literal(tier.over))
            above = exact.compare("gt", inside, zero)
            if tier.up_to is not None:
                width = exact.literal(tier.up_to - tier.over)
                inside = exact.smallest([inside, width])
            if tier.rate is not None:
                part = exact.multiply(inside, exact.literal(tier.rate))
            elif tier.each is not None:
                steps = exact.floor(exact.divide(inside, exact.literal(tier.each)))
                part = exact.multiply(steps, exact.literal(tier.gives or Fraction(0)))
            else:
                part = exact.literal(tier.gives or Fraction(0))
            total = exact.add(total, exact.choose([(above, part)], zero))
        return total

    def call(self, function: str, arguments: tuple[Expression, ...]) -> Column:
        if function == "date":
            year, month, day = (whole_literal(argument) for argument in arguments)
            return pl.lit(date(year, month, day))
        if function == "starts_with":
            prefix = arguments[1]
            assert isinstance(prefix, Literal)
            return _plain(self.lower(arguments[0])).str.starts_with(str(prefix.value))
        if function == "round":
            digits = arguments[1] if len(arguments) == 2 else Literal(value=Fraction(0))
            assert isinstance(digits, Literal)
            assert isinstance(digits.value, Fraction)
            return exact.round_to(self.number(arguments[0]), digits.value.numerator)
        return _CALLS[function]([self.lower(argument) for argument in arguments])


def _plain(column: Column) -> pl.Expr:
    assert isinstance(column, pl.Expr)
    return column


def _number(column: Column) -> Exact:
    assert isinstance(column, Exact)
    return column


def _constant(value: Scalar) -> Column:
    if isinstance(value, Fraction):
        return exact.literal(value)
    return pl.lit(value, dtype=_DTYPES[kind_of_scalar(value)])


def _null(kind: Kind) -> Column:
    return exact.unknown() if kind is Kind.NUMBER else pl.lit(None, dtype=_DTYPES[kind])


def _compare(operator: str, left: Column, right: Column) -> pl.Expr:
    if isinstance(left, Exact) and isinstance(right, Exact):
        return exact.compare(operator, left, right)
    a, b = _plain(left), _plain(right)
    match operator:
        case "eq":
            return a == b
        case "ne":
            return a != b
        case "lt":
            return a < b
        case "le":
            return a <= b
        case "gt":
            return a > b
        case "ge":
            return a >= b
    raise AssertionError(operator)


def _choose(cases: list[tuple[pl.Expr, Column]], otherwise: Column) -> Column:
    if isinstance(otherwise, Exact):
        return exact.choose([(test, _number(value)) for test, value in cases], otherwise)
    tests = [test for test, _ in cases]
    values = [_plain(value) for _, value in cases] + [otherwise]
    return exact.choose_expr(tests, values, pl.Null)


def _coalesce(left: Column, right: Column) -> Column:
    if isinstance(left, Exact):
        return exact.coalesce(left, _number(right))
    return pl.coalesce(left, _plain(right))


def _in_span(day: pl.Expr, span: Span) -> pl.Expr:
    inside = day >= pl.lit(span.start)
    return inside if span.end is None else inside & (day <= pl.lit(span.end))


def _match(matcher: Matcher, key: Column) -> pl.Expr:
    match matcher:
        case Anything():
            return pl.lit(True)
        case Equal(values=values):
            if isinstance(key, Exact):
                hits = [_compare("eq", key, _constant(value)) for value in values]
                return reduce(lambda a, b: a | b, hits)
            return key.is_in(list(values)) if len(values) > 1 else key == pl.lit(values[0])
        case Beneath(prefixes=prefixes):
            hits = [_plain(key).str.starts_with(prefix) for prefix in prefixes]
            return reduce(lambda a, b: a | b, hits)
        case Within(low=low, low_included=low_in, high=high, high_included=high_in):
            number = _number(key)
            tests = []
            if low is not None:
                tests.append(exact.compare("ge" if low_in else "gt", number, exact.literal(low)))
            if high is not None:
                tests.append(exact.compare("le" if high_in else "lt", number, exact.literal(high)))
            return reduce(lambda a, b: a & b, tests)
        case Otherwise(others=others):
            return ~reduce(lambda a, b: a | b, [_match(other, key) for other in others])


def _whole(expr: pl.Expr, low: int, high: int) -> Exact:
    return exact.column(expr.cast(pl.Int64), low=low, high=high)


def _days_in_month(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = pl.when(leap).then(29).otherwise(28)
    others = pl.when(month.is_in([4, 6, 9, 11])).then(30).otherwise(31)
    return pl.when(month == 2).then(february).otherwise(others)


def _parts(day: pl.Expr) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    return (
        day.dt.year().cast(pl.Int64),
        day.dt.month().cast(pl.Int64),
        day.dt.day().cast(pl.Int64),
    )


def _clamped(day: pl.Expr, year: pl.Expr, month: pl.Expr) -> pl.Expr:
    last = _days_in_month(year, month)
    return pl.when(day < last).then(day).otherwise(last)


def _years(start: pl.Expr, end: pl.Expr) -> Exact:
    (ay, am, ad), (by, bm, bd) = _parts(start), _parts(end)
    anniversary = am * 32 + _clamped(ad, by, am)
    return _whole(by - ay - (bm * 32 + bd < anniversary).cast(pl.Int64), -10_000, 10_000)


def _months(start: pl.Expr, end: pl.Expr) -> Exact:
    (ay, am, ad), (by, bm, bd) = _parts(start), _parts(end)
    early = (bd < _clamped(ad, by, bm)).cast(pl.Int64)
    return _whole((by - ay) * 12 + bm - am - early, -120_000, 120_000)


def _months_through(start: pl.Expr, end: pl.Expr) -> Exact:
    (ay, am, _), (by, bm, _) = _parts(start), _parts(end)
    count = (by - ay) * 12 + bm - am + 1
    return _whole(pl.when(count > 0).then(count).when(count <= 0).then(0), 0, 120_000)


def _add_months(day: pl.Expr, months: Exact) -> pl.Expr:
    whole = exact.floor(months)
    ok = exact.compare("eq", whole, months)
    y, m, d = _parts(day)
    count = whole.numerator.expr.cast(pl.Int64, strict=False)
    index = y * 12 + m - 1 + pl.when(count.abs() <= MAX_MONTHS).then(count)
    year, month = index // 12, index % 12 + 1
    inside = ok & (year >= 1) & (year <= 9999)
    year = pl.when(inside).then(year)
    return pl.when(inside).then(pl.date(year, month, _clamped(d, year, month)))


def _add_days(day: pl.Expr, days: Exact) -> pl.Expr:
    moved = day + pl.duration(days=days.numerator.expr)
    year = moved.dt.year()
    return pl.when((year >= 1) & (year <= 9999)).then(moved)


def _extreme(values: list[Column], operator: str) -> pl.Expr:
    if len(values) == 1:
        return _plain(values[0])
    half = len(values) // 2
    left, right = (_extreme(part, operator) for part in (values[:half], values[half:]))
    return exact.choose_expr([_compare(operator, left, right)], [left, right], pl.Date)


_CALLS: dict[str, Callable[[list[Column]], Column]] = {
    "years": lambda a: _years(_plain(a[0]), _plain(a[1])),
    "months": lambda a: _months(_plain(a[0]), _plain(a[1])),
    "days": lambda a: _whole((_plain(a[1]) - _plain(a[0])).dt.total_days(), -3_700_000, 3_700_000),
    "months_through": lambda a: _months_through(_plain(a[0]), _plain(a[1])),
    "year": lambda a: _whole(_plain(a[0]).dt.year(), 0, 10_000),
    "month": lambda a: _whole(_plain(a[0]).dt.month(), 1, 12),
    "add_months": lambda a: _add_months(_plain(a[0]), _number(a[1])),
    "add_days": lambda a: _add_days(_plain(a[0]), _number(a[1])),
    "month_start": lambda a: _plain(a[0]).dt.month_start(),
    "month_end": lambda a: _plain(a[0]).dt.month_end(),
    "earliest": lambda a: _extreme(a, "le"),
    "latest": lambda a: _extreme(a, "ge"),
    "min": lambda a: exact.smallest([_number(v) for v in a]),
    "max": lambda a: exact.smallest([_number(v) for v in a], largest=True),
    "abs": lambda a: exact.absolute(_number(a[0])),
    "floor": lambda a: exact.floor(_number(a[0])),
    "ceil": lambda a: exact.ceil(_number(a[0])),
}
