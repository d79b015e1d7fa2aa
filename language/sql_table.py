"""What a decision table gives, in SQL: from which of its rules apply, written for three values.

`holds` is SQL for each rule, null where it is open whether the rule applies. The meaning is that
of `language.decision_table`; here it is said as which outputs are still possible.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from language import sql_number as number
from language.definition import DecisionTable, Hit, Scalar
from language.sql_number import NotExact, Number
from language.sql_value import Value, choose, write_literal, write_text

SEPARATOR = "、"
_EXTREMES: Mapping[Hit, tuple[str, str]] = {Hit.MIN: ("LEAST", "<"), Hit.MAX: ("GREATEST", ">")}


def has_output(table: DecisionTable, holds: Sequence[str]) -> str:
    """Whether there is an output."""
    if table.default is not None or table.hit is Hit.COUNT:
        return "TRUE"
    return _any(holds)


def decide(table: DecisionTable, holds: Sequence[str], null: Value) -> Value:
    """The output."""
    match table.hit:
        case Hit.UNIQUE | Hit.ANY | Hit.FIRST | Hit.PRIORITY:
            return _one_of(table, holds, null)
        case Hit.COUNT:
            count = " + ".join(f"CAST({held} AS INTEGER)" for held in holds)
            return number.whole(f"({count})", len(holds))
        case Hit.SUM:
            return _total(table, holds)
        case Hit.MIN | Hit.MAX:
            return _extreme(table, holds)
        case _:
            return _listed(table, holds)


def _any(tests: Sequence[str]) -> str:
    return "(" + " OR ".join(f"({test})" for test in tests) + ")" if tests else "FALSE"


def _surely(held: str) -> str:
    return f"(({held}) IS TRUE)"


def _possibly(held: str) -> str:
    return f"(({held}) IS NOT FALSE)"


def _one_of(table: DecisionTable, holds: Sequence[str], null: Value) -> Value:
    """The only output that is possible still; null where there are several or it is left open."""
    in_order = table.hit in (Hit.FIRST, Hit.PRIORITY)
    candidates: list[tuple[Scalar | None, str]] = []
    for place, (rule, held) in enumerate(zip(table.rules, holds, strict=True)):
        before = _any([_surely(earlier) for earlier in holds[:place]]) if in_order else "FALSE"
        candidates.append((rule.value, f"({_possibly(held)} AND NOT {before})"))
    candidates.append((table.default, f"(NOT {_any([_surely(held) for held in holds])})"))
    several = "FALSE"
    if table.hit is Hit.UNIQUE:
        several = " + ".join(f"CAST({_possibly(held)} AS INTEGER)" for held in holds) + " > 1"
    outputs = dict.fromkeys(value for value, _ in candidates if value is not None)
    cases: list[tuple[str, Value]] = []
    for output in outputs:
        others = _any([test for value, test in candidates if value != output])
        cases.append((f"NOT ({several}) AND NOT {others}", write_literal(output)))
    return choose(cases, null)


def _values(table: DecisionTable) -> tuple[list[number.Decimal | None], number.Decimal | None]:
    """The rules' numbers and the default, as decimals of one type; None is left open."""
    given = [*(rule.value for rule in table.rules), table.default]
    written = {v: number.literal(v) for v in given if isinstance(v, Fraction)}
    if any(value.bottom is not None for value in written.values()):
        raise NotExact("a decision table's output has no end of decimals")
    alike = number.make_alike([value.top for value in written.values()]) if written else []
    by_value = dict(zip(written, alike, strict=True))
    decimals = [by_value[v] if isinstance(v, Fraction) else None for v in given]
    return decimals[:-1], decimals[-1]


def _settled(table: DecisionTable, holds: Sequence[str], total: str, changes: list[str]) -> str:
    """The total, null where an open rule could change it or a rule that applies is left open."""
    left_open = [
        _surely(held) for rule, held in zip(table.rules, holds, strict=True) if rule.value is None
    ]
    return f"CASE WHEN NOT {_any([*left_open, *changes])} THEN {total} END"


def _total(table: DecisionTable, holds: Sequence[str]) -> Number:
    values, default = _values(table)
    pairs = list(zip(holds, values, strict=True))
    none_sure = f"(NOT {_any([_surely(held) for held in holds])})"
    parts = [f"CASE WHEN {held} THEN {v.sql} ELSE 0 END" for held, v in pairs if v is not None]
    most = sum(value.most for value in values if value) + (default.most if default else 0)
    scale = next((value.scale for value in [*values, default] if value), 0)
    otherwise = default.sql if default is not None else "NULL"
    total = f"CASE WHEN {none_sure} THEN {otherwise} ELSE {' + '.join(parts) or 'NULL'} END"
    changes = []
    for held, value in pairs:
        beside = none_sure if default is None else f"({none_sure} AND {_differs(value, default)})"
        adds = "TRUE" if value is None else f"{value.sql} <> 0"
        changes.append(f"(({held}) IS NULL AND ({adds} OR {beside}))")
    return Number(
        top=number.decimal(_settled(table, holds, total, changes), most=most, scale=scale)
    )


def _differs(value: number.Decimal | None, default: number.Decimal) -> str:
    return "TRUE" if value is None else f"{value.sql} <> {default.sql}"


def _extreme(table: DecisionTable, holds: Sequence[str]) -> Number:
    """LEAST and GREATEST of SQL leave out what is null: here the rules that do not surely apply."""
    function, sign = _EXTREMES[table.hit]
    values, default = _values(table)
    pairs = list(zip(holds, values, strict=True))
    none_sure = f"(NOT {_any([_surely(held) for held in holds])})"
    sure = [f"CASE WHEN {held} THEN {v.sql} END" for held, v in pairs if v is not None]
    alike = next((value for value in [*values, default] if value is not None), None)
    if alike is None:
        return number.UNKNOWN
    otherwise = default.sql if default is not None else "NULL"
    found = f"{function}({', '.join(sure)})" if sure else "NULL"
    total = f"COALESCE({found}, {otherwise})"
    changes = []
    for held, value in pairs:
        if value is None:
            changes.append(f"(({held}) IS NULL)")
            continue
        beside = none_sure if default is None else f"({none_sure} AND {_differs(value, default)})"
        changes.append(f"(({held}) IS NULL AND ({value.sql} {sign} {total} OR {beside}))")
    settled = _settled(table, holds, total, changes)
    return Number(top=number.decimal(settled, most=alike.most, scale=alike.scale))


def _listed(table: DecisionTable, holds: Sequence[str]) -> str:
    """CONCAT_WS of SQL leaves out what is null."""
    none_sure = f"(NOT {_any([_surely(held) for held in holds])})"
    texts = [
        f"CASE WHEN {held} THEN {write_text(str(rule.value))} END"
        for rule, held in zip(table.rules, holds, strict=True)
        if rule.value is not None
    ]
    joined = f"CONCAT_WS('{SEPARATOR}', {', '.join(texts)})" if texts else "NULL"
    otherwise = write_text(str(table.default)) if table.default is not None else "NULL"
    total = f"CASE WHEN {none_sure} THEN {otherwise} ELSE {joined} END"
    return _settled(table, holds, total, [f"(({held}) IS NULL)" for held in holds])
