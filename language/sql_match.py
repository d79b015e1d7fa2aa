"""Whether a table's key applies, in SQL; null where the fact is missing."""

from fractions import Fraction

from language import sql_number as number
from language.definition import (
    Anything,
    Beneath,
    During,
    Equal,
    Matcher,
    NotApplying,
    OneOf,
    Otherwise,
    Scalar,
    Within,
)
from language.sql_number import NotExact, Number
from language.sql_value import Value, compare, write_literal


def match(matcher: Matcher, key: Value, none_flag: str | None) -> str:
    """`none_flag` is the column that says that the fact does not apply, where it may not."""
    if isinstance(matcher, Anything):
        return "TRUE"
    test = _match(matcher, key)
    if none_flag is None:
        return test
    return f"CASE WHEN {none_flag} THEN {_holds_for_none(matcher)} ELSE {test} END"


def _holds_for_none(matcher: Matcher) -> str:
    match matcher:
        case NotApplying():
            return "TRUE"
        case OneOf(members=members) if any(isinstance(m, NotApplying) for m in members):
            return "TRUE"
        case _:
            return "FALSE"


def _match(matcher: Matcher, key: Value) -> str:
    match matcher:
        case Anything():
            return "TRUE"
        case Equal(values=values):
            return _any([_equals(key, value) for value in values])
        case Beneath(prefixes=prefixes):
            return _any([f"STARTS_WITH({key}, {write_literal(prefix)})" for prefix in prefixes])
        case Within(low=low, low_included=low_in, high=high, high_included=high_in):
            ends = [(">=" if low_in else ">", low), ("<=" if high_in else "<", high)]
            return _all([_compare(sign, key, end) for sign, end in ends if end is not None])
        case During(first=first, last=last):
            days = [(">=", first), ("<=", last)]
            return _all([f"({key} {s} {write_literal(day)})" for s, day in days if day is not None])
        case NotApplying():
            # false for every known value, null for a missing one
            return f"({_is_missing(key)} AND NULL)"
        case OneOf(members=members):
            return _any([_match(member, key) for member in members])
        case Otherwise(others=others):
            return f"(NOT {_any([_match(other, key) for other in others])})"
        case _:
            raise NotExact(f"{type(matcher).__name__} is not printed")


def _any(tests: list[str]) -> str:
    return "(" + " OR ".join(tests) + ")"


def _all(tests: list[str]) -> str:
    return "(" + " AND ".join(tests) + ")"


def _equals(key: Value, value: Scalar) -> str:
    return compare("=", key, write_literal(value))


def _compare(sign: str, key: Value, end: Fraction) -> str:
    assert isinstance(key, Number)
    return number.compare(sign, key, number.literal(end))


def _is_missing(key: Value) -> str:
    return f"(NOT {number.known(key)})" if isinstance(key, Number) else f"({key} IS NULL)"
