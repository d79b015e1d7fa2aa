"""Every way in which one leaf of a policy can be another: a walk over its dataclass fields."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from language.expression import Call, Comparison, Logic, Match, Membership, Name
from language.types import FactType, Kind

PLACES = ("offset", "file", "line", "where", "content_hash")
"""Where something was written, which is no part of what it says."""
_OPERATORS = {"eq": "ne", "ne": "eq", "lt": "le", "le": "lt", "gt": "ge", "ge": "gt",
              "and": "or", "or": "and"}  # fmt: skip


def mutations(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """The value with one leaf changed, for each of its leaves, with the path to it."""
    match value:
        case bool():
            yield path, not value
        case FactType():
            yield path, next(other for other in FactType if other is not value)
        case Kind():
            yield path, next(other for other in Kind if other is not value)
        case str():
            yield path, f"{value}x"
        case Fraction() | int():
            yield path, value + 1
        case date():
            yield path, value + timedelta(days=1) if value < date.max else date.min
        case tuple():
            for index, part in enumerate(value):
                for inner, changed in mutations(part, f"{path}[{index}]"):
                    yield inner, (*value[:index], changed, *value[index + 1 :])
            if len(value) > 1 and not path.endswith("]"):
                yield f"{path}[-]", value[:-1]
        case Mapping():
            for key, part in value.items():
                for inner, changed in mutations(part, f"{path}[{key}]"):
                    yield inner, {**value, key: changed}
            for key in value:
                yield f"{path}[-{key}]", {k: part for k, part in value.items() if k != key}
        case _ if is_dataclass(value) and not isinstance(value, type):
            yield from _of_fields(value, path)


def _of_fields(value: object, path: str) -> Iterator[tuple[str, object]]:
    for one in fields(value):  # type: ignore[arg-type]  # a dataclass, as asked before
        if one.name in PLACES:
            continue
        part = getattr(value, one.name)
        where = f"{path}.{one.name}"
        if isinstance(value, (Comparison, Logic)) and one.name == "operator":
            yield where, replace(value, operator=_OPERATORS[part])
        elif isinstance(value, (Call, Match, Membership)) and one.name in ("function", "pattern"):
            continue  # another function is another number of arguments
        elif one.name == "operator" or (one.name == "arguments" and isinstance(value, Call)):
            continue
        elif isinstance(value, Logic) and one.name == "operands":
            for inner, changed in mutations(part, where):
                if isinstance(changed, tuple) and len(changed) > 1:
                    yield inner, replace(value, operands=changed)
        elif isinstance(value, Membership) and one.name == "items" and len(part) == 1:
            continue
        elif isinstance(value, Name):
            yield where, replace(value, name=f"{part}x")
        elif part is None:
            yield from _of_none(value, one.name, where)
        else:
            for inner, changed in mutations(part, where):
                yield inner, replace(value, **{one.name: changed})  # type: ignore[type-var]


_FILLED: Mapping[str, object] = {
    "effective_to": date(2099, 12, 31), "effective_at": "approved_on",
    "window_from": date(1999, 1, 1), "window_to": date(2099, 12, 31), "at": "approved_on",
    "end": date(2099, 12, 31), "item": "subject_name", "over": "last year", "expect": 3,
    "order": "started_on", "amount": "1", "cap": Fraction(1), "default": Fraction(1),
    "absent": Fraction(0),
}  # fmt: skip


def _of_none(value: object, name: str, where: str) -> Iterator[tuple[str, object]]:
    if name in _FILLED:
        yield where, replace(value, **{name: _FILLED[name]})  # type: ignore[type-var]
