"""What a table's key means for one subject."""

from datetime import date
from fractions import Fraction

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
from language.truth import Value


def matches(matcher: Matcher, key: Value, *, none: bool) -> Value:
    """Whether a key applies; unknown where the fact is missing and it matters.

    `none`: the fact is known not to apply.
    """
    if isinstance(matcher, Anything):
        return Value(True)
    if none:
        return Value(applies_to_none(matcher))
    if key.value is None:
        return key
    return Value(applies(matcher, key.value))


def applies(matcher: Matcher, key: Scalar) -> bool:
    """Whether a key holds for a known value."""
    match matcher:
        case Equal(values=values):
            return key in values
        case Beneath(prefixes=prefixes):
            return isinstance(key, str) and key.startswith(prefixes)
        case Within(low=low, low_included=low_in, high=high, high_included=high_in):
            assert isinstance(key, Fraction)
            above = low is None or key > low or (low_in and key == low)
            return above and (high is None or key < high or (high_in and key == high))
        case During(first=first, last=last):
            assert isinstance(key, date)
            return (first is None or first <= key) and (last is None or key <= last)
        case NotApplying():
            return False
        case OneOf(members=members):
            return any(applies(member, key) for member in members)
        case Otherwise(others=others):
            return not any(applies(other, key) for other in others)
        case Anything():
            return True


def applies_to_none(matcher: Matcher) -> bool:
    """Whether a key holds for a fact that is known not to apply: `any` and `null` alone do."""
    match matcher:
        case Anything() | NotApplying():
            return True
        case OneOf(members=members):
            return any(applies_to_none(member) for member in members)
        case _:
            return False
