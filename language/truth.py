"""Three values: yes, no and unknown, with what could settle the unknown."""

from dataclasses import dataclass, field

from language.definition import Scalar

UNDEFINED = "undefined"
NO_ROW = "no row"
NO_VALUE = "no value in force"
LEFT_OPEN = "left open"
TWO_ROWS = "two rows"


class NotApplicable:
    """The value of a fact that is known not to apply to the subject."""

    def __repr__(self) -> str:
        return "does not apply"


NONE = NotApplicable()


@dataclass(frozen=True, slots=True)
class Value:
    """A value, or unknown (None) with the facts whose arrival could settle it.

    `reasons` says what else leaves it unknown: "undefined", "no row", "two rows".
    """

    value: Scalar | None
    missing: frozenset[str] = field(default_factory=frozenset)
    reasons: frozenset[str] = field(default_factory=frozenset)


def unknown_of(*values: Value) -> Value:
    """Unknown because some of these are."""
    unknown = [value for value in values if value.value is None]
    return Value(
        None,
        frozenset().union(*(value.missing for value in unknown)),
        frozenset().union(*(value.reasons for value in unknown)),
    )


def kleene_and(values: list[Value]) -> Value:
    """False if any is false, else unknown if any is unknown, else true."""
    if any(value.value is False for value in values):
        return Value(False)
    return unknown_of(*values) if any(value.value is None for value in values) else Value(True)


def kleene_or(values: list[Value]) -> Value:
    """True if any is true, else unknown if any is unknown, else false."""
    if any(value.value is True for value in values):
        return Value(True)
    return unknown_of(*values) if any(value.value is None for value in values) else Value(False)


def kleene_not(value: Value) -> Value:
    """The opposite; unknown stays unknown."""
    return value if value.value is None else Value(not value.value)
