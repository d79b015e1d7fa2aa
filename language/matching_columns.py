"""What a table's key means for a column: true, false, or null where the fact is missing."""

from functools import reduce

import polars as pl

from language import exact
from language.column import Column, compare, constant, number_of, plain
from language.definition import (
    Anything,
    Beneath,
    During,
    Equal,
    Matcher,
    NotApplying,
    OneOf,
    Otherwise,
    Within,
)
from language.exact import Exact
from language.matching import applies_to_none


def match_column(matcher: Matcher, key: Column, not_applicable: pl.Expr | None) -> pl.Expr:
    """Whether a key applies; `not_applicable` is true where the fact is known not to apply."""
    test = _match(matcher, key)
    if not_applicable is None or isinstance(matcher, Anything):
        return test
    return pl.when(not_applicable).then(applies_to_none(matcher)).otherwise(test)


def _match(matcher: Matcher, key: Column) -> pl.Expr:
    match matcher:
        case Anything():
            return pl.lit(True)
        case Equal(values=values):
            if isinstance(key, Exact):
                hits = [compare("eq", key, constant(value)) for value in values]
                return reduce(lambda a, b: a | b, hits)
            return key.is_in(list(values)) if len(values) > 1 else key == pl.lit(values[0])
        case Beneath(prefixes=prefixes):
            hits = [plain(key).str.starts_with(prefix) for prefix in prefixes]
            return reduce(lambda a, b: a | b, hits)
        case Within(low=low, low_included=low_in, high=high, high_included=high_in):
            number = number_of(key)
            tests = []
            if low is not None:
                tests.append(exact.compare("ge" if low_in else "gt", number, exact.literal(low)))
            if high is not None:
                tests.append(exact.compare("le" if high_in else "lt", number, exact.literal(high)))
            return reduce(lambda a, b: a & b, tests)
        case During(first=first, last=last):
            day = plain(key)
            tests = [day >= pl.lit(first)] if first is not None else []
            tests += [day <= pl.lit(last)] if last is not None else []
            return reduce(lambda a, b: a & b, tests)
        case NotApplying():
            return known(key, held=False)
        case OneOf(members=members):
            return reduce(lambda a, b: a | b, [_match(member, key) for member in members])
        case Otherwise(others=()):
            return known(key, held=True)
        case Otherwise(others=others):
            return ~reduce(lambda a, b: a | b, [_match(other, key) for other in others])


def known(key: Column, *, held: bool) -> pl.Expr:
    """`held` where the key has a value, null where it is missing."""
    present = exact.known_expr(key) if isinstance(key, Exact) else key.is_not_null()
    return pl.when(present).then(held)
