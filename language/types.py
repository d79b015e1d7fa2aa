"""What a fact may be, and what its value is inside a condition."""

from enum import StrEnum


class FactType(StrEnum):
    """The declared type of a fact, a parameter or a column.

    Money is held in whole fen (Int64) and is yuan inside conditions; ratios and numbers are
    decimals of at most 15 significant digits; codes are text of a closed system.
    """

    BOOLEAN = "boolean"
    INTEGER = "integer"
    MONEY = "money"
    RATIO = "ratio"
    NUMBER = "number"
    DATE = "date"
    CODE = "code"
    TEXT = "text"


class Kind(StrEnum):
    """What a value is to an operator: comparisons and arithmetic never cross kinds."""

    BOOLEAN = "yes or no"
    NUMBER = "a number"
    DATE = "a date"
    TEXT = "a text"


_KINDS = {
    FactType.BOOLEAN: Kind.BOOLEAN,
    FactType.INTEGER: Kind.NUMBER,
    FactType.MONEY: Kind.NUMBER,
    FactType.RATIO: Kind.NUMBER,
    FactType.NUMBER: Kind.NUMBER,
    FactType.DATE: Kind.DATE,
    FactType.CODE: Kind.TEXT,
    FactType.TEXT: Kind.TEXT,
}


def kind_of(fact_type: FactType) -> Kind:
    """The kind of a fact's values."""
    return _KINDS[fact_type]
