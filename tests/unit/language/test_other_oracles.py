"""Two engines that share no code with ours: rule-engine's own evaluation, and DuckDB's SQL."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from random import Random

import duckdb
import pytest
import rule_engine
from rule_engine.builtins import Builtins

from language.expression import (
    Arithmetic,
    Comparison,
    Conditional,
    Expression,
    Literal,
    Logic,
    Membership,
    Name,
    Negative,
    Not,
    parse,
)
from language.reference import NotApplicable, evaluate
from tests.support.compared import agree, evaluate_columns
from tests.support.generated import TYPES, build_frame, build_scope, draw_rows, facts_of

SCOPE = build_scope()

# ---------------------------------------------------------------------------- rule-engine

_NUMBERS = ("whole", "small", "money", "number", "ratio", "7", "5.5", "0.055")
_TRUTHS = ("flag", "maybe", "true", '(code in ["A", "B", "中文"])', '(text == "中文")')
_DATES = ("day", "other_day")
_N = rule_engine.DataType.FLOAT
_D = rule_engine.DataType.DATETIME


def _context() -> rule_engine.Context:
    types = {
        name: {
            "boolean": rule_engine.DataType.BOOLEAN,
            "date": _D,
            "code": rule_engine.DataType.STRING,
            "text": rule_engine.DataType.STRING,
        }.get(kind, _N)
        for name, kind in TYPES.items()
    }
    context = rule_engine.Context(
        type_resolver=rule_engine.type_resolver_from_dict(types), default_timezone="utc"
    )
    function = rule_engine.DataType.FUNCTION
    functions = {
        "min": lambda *a: min(a),
        "max": lambda *a: max(a),
        "abs": abs,
        "year": lambda a: Decimal(a.year),
        "month": lambda a: Decimal(a.month),
        "days": lambda a, b: Decimal((b - a).days),
        "starts_with": str.startswith,
    }
    signatures = {
        "min": ((_N,) * 3, _N),
        "max": ((_N,) * 3, _N),
        "abs": ((_N,), _N),
        "year": ((_D,), _N),
        "month": ((_D,), _N),
        "days": ((_D, _D), _N),
        "starts_with": ((rule_engine.DataType.STRING,) * 2, rule_engine.DataType.BOOLEAN),
    }
    context.builtins = Builtins.from_defaults(
        values=functions,
        value_types={
            name: function(name, return_type=result, argument_types=arguments, minimum_arguments=1)
            for name, (arguments, result) in signatures.items()
        },
        timezone=context.default_timezone,
    )
    return context


def _write_number(rng: Random, depth: int) -> str:
    if depth == 0:
        return rng.choice(_NUMBERS)
    form = rng.choice(
        ("({n} + {n})", "({n} - {n})", "({n} * {n})", "(-{n})", "$min({n}, {n})",
         "$max({n}, {n}, {n})", "$abs({n})", "({b} ? {n} : {n})", "{n} + {n} * {n}",
         "$year({d})", "$month({d})", "$days({d}, {d})")
    )  # fmt: skip
    return _fill(form, rng, depth)


def _write_truth(rng: Random, depth: int) -> str:
    if depth == 0:
        return rng.choice(_TRUTHS)
    form = rng.choice(
        ("({b} and {b})", "({b} or {b})", "(not {b})", "({n} < {n})", "({n} <= {n})",
         "({n} > {n})", "({n} >= {n})", "({n} == {n})", "({n} != {n})", "({d} < {d})",
         "({d} == {d})", "({n} in [0, 1, 5.5, 100])", "({b} ? {b} : {b})", "({b} == {b})",
         '$starts_with(code, "C")', "(code == text)", "(not {b} or {b} and {b})",
         "({n} < {n} + 1 == {b})")
    )  # fmt: skip
    return _fill(form, rng, depth)


def _fill(form: str, rng: Random, depth: int) -> str:
    while "{n}" in form:
        form = form.replace("{n}", _write_number(rng, depth - 1), 1)
    while "{b}" in form:
        form = form.replace("{b}", _write_truth(rng, depth - 1), 1)
    while "{d}" in form:
        form = form.replace("{d}", rng.choice(_DATES), 1)
    return form


def _as_rule_engine_reads(row: Mapping[str, object]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, datetime.date):
            values[name] = datetime.datetime(
                value.year, value.month, value.day, tzinfo=datetime.UTC
            )
        elif isinstance(value, (bool, str)):
            values[name] = value
        elif name == "money":
            values[name] = Decimal(str(value)) / 100
        else:
            values[name] = Decimal(repr(value))
    return values


def test_where_all_facts_are_present_and_nothing_divides_rule_engine_agrees() -> None:
    context = _context()
    asked = 0
    for seed in range(400):
        rng = Random(f"rule-engine {seed}")
        text = _write_truth(rng, 3)
        rule = rule_engine.Rule(text, context=context)
        expression = parse(text)
        for row in draw_rows(rng, 12, missing=0.0):
            if any(isinstance(value, NotApplicable) for value in row.values()):
                continue
            wanted = rule.matches(_as_rule_engine_reads(row))
            assert evaluate(expression, SCOPE, facts_of(row)).value is wanted, (text, row)
            asked += 1
    assert asked > 1500


# --------------------------------------------------------------------------------- DuckDB

_SIGNS = {
    "eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "add": "+", "sub": "-", "mul": "*",
}  # fmt: skip
_DECIMALS = {"whole": 0, "small": 0, "number": 2, "money": 2}
_MAX_DECIMAL_DIGITS = 38
_FEN = "(money * CAST('0.01' AS DECIMAL(3, 2)))"


class _TooPrecise(Exception):
    """DuckDB's decimals of 38 digits cannot be sure to hold it exactly."""


def _print_number(node: Expression) -> tuple[str, int]:
    """SQL of a number, and how many digits it may have beside at most 4 decimals each factor."""
    match node:
        case Name(name=name) if name in _DECIMALS:
            return (_FEN if name == "money" else name), (18 if name == "money" else 9)
        case Literal(value=Fraction() as value):
            return f"CAST('{float(value):g}' AS DECIMAL(9, 3))", 9
        case Negative(operand=operand):
            sql, digits = _print_number(operand)
            return f"(-{sql})", digits
        case Arithmetic(operator=("floordiv" | "mod") as operator, left=left, right=right):
            names = {left, right}
            if not all(isinstance(n, Name) and n.name in ("whole", "small") for n in names):
                raise _TooPrecise
            sign = "//" if operator == "floordiv" else "%"
            top, bottom = (_print_number(side)[0] for side in (left, right))
            return f"({top}::INTEGER {sign} NULLIF({bottom}::INTEGER, 0))::DECIMAL(9, 0)", 9
        case Arithmetic(operator=("add" | "sub" | "mul") as operator, left=left, right=right):
            (a, a_digits), (b, b_digits) = _print_number(left), _print_number(right)
            digits = a_digits + b_digits if operator == "mul" else max(a_digits, b_digits) + 4
            if digits > _MAX_DECIMAL_DIGITS - 8:
                raise _TooPrecise
            return f"({a} {_SIGNS[operator]} {b})", digits
        case Conditional(test=test, then=then, otherwise=otherwise):
            # SQL's CASE reads unknown as false; ours stays unknown
            sql = _print_truth(test)
            (a, a_digits), (b, b_digits) = _print_number(then), _print_number(otherwise)
            return f"(CASE WHEN {sql} THEN {a} WHEN NOT {sql} THEN {b} END)", max(
                a_digits, b_digits
            )
    raise _TooPrecise


def _print_truth(node: Expression) -> str:
    match node:
        case Name(name="flag"):
            return "flag"
        case Literal(value=bool(value)):
            return str(value).upper()
        case Not(operand=operand):
            return f"(NOT {_print_truth(operand)})"
        case Logic(operator=operator, operands=operands):
            return "(" + f" {operator} ".join(_print_truth(part) for part in operands) + ")"
        case Comparison(operator=operator, left=Name(name="text"), right=Literal(value=str(text))):
            return f"(text {_SIGNS[operator]} '{text}')"
        case Comparison(operator=operator, left=left, right=right):
            return f"({_print_number(left)[0]} {_SIGNS[operator]} {_print_number(right)[0]})"
        case Membership(member=Name(name="text"), items=items):
            return f"(text IN ({', '.join(repr(item.value) for item in items)}))"
        case Membership(member=member, items=items):
            number = _print_number(member)[0]
            return f"({number} IN ({', '.join(_print_number(item)[0] for item in items)}))"
    raise _TooPrecise


def _write_for_sql(rng: Random, depth: int, truth: bool) -> str:
    if depth == 0:
        leaves = ("flag", '(text == "中文")', '(text in ["A", "C1"])', "(small in [0, 1, 3])")
        plain = ("whole", "small", "money", "number", "2", "5.5", "(whole // small)")
        return rng.choice(leaves if truth else plain)
    truths = ("(T and T)", "(T or T)", "(not T)", "(N < N)", "(N <= N)", "(N == N)", "(N >= N)",
              "(N != N)", "(N > N)")  # fmt: skip
    numbers = ("(N + N)", "(N - N)", "(N * N)", "(-N)", "(T ? N : N)", "(small % whole)")
    parts = []
    for letter in rng.choice(truths if truth else numbers):
        parts.append(
            _write_for_sql(rng, depth - 1, letter == "T") if letter in ("T", "N") else letter
        )
    return "".join(parts)


def test_duckdb_agrees_where_its_decimals_are_exact() -> None:
    printed: list[tuple[str, str]] = []
    rng = Random("duckdb")
    while len(printed) < 250:
        text = _write_for_sql(rng, 3, truth=True)
        try:
            printed.append((text, _print_truth(parse(text))))
        except _TooPrecise:
            continue
    rows = draw_rows(rng, 150)
    frame = build_frame(rows)
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE part (whole DECIMAL(9, 0), small DECIMAL(9, 0), money DECIMAL(18, 0), "
            "number DECIMAL(9, 2), flag BOOLEAN, text VARCHAR)"
        )
        connection.executemany(
            "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)",
            [
                [
                    row["whole"],
                    row["small"],
                    row["money"],
                    None if row["number"] is None else Decimal(repr(row["number"])),
                    row["flag"],
                    row["text"],
                ]
                for row in rows
            ],
        )
        columns = ", ".join(sql for _, sql in printed)
        answers = connection.execute(f"SELECT {columns} FROM part ORDER BY rowid").fetchall()
    expressions = [parse(text) for text, _ in printed]
    ours = evaluate_columns(expressions, SCOPE, frame)
    assert len(ours) == len(printed)
    for position, found in ours.items():
        for row, answer, value in zip(rows, answers, found, strict=True):
            assert agree(answer[position], value), (printed[position], row)
            wanted = evaluate(expressions[position], SCOPE, facts_of(row)).value
            assert agree(answer[position], wanted), (printed[position], row)


@pytest.mark.parametrize(
    "day",
    [datetime.date(2024, 2, 29), datetime.date(2023, 12, 31), datetime.date(2024, 1, 31)],
)
def test_rule_engine_reads_a_fact_of_a_day_as_that_day(day: datetime.date) -> None:
    context = _context()
    moment = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
    assert rule_engine.Rule("$month(day) == $month(other_day)", context=context).matches(
        {"day": moment, "other_day": moment}
    )
