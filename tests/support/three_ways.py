"""Many generated pairs of an expression and a row, each worked out in every way there is.

A batch is some rows and some expressions, one for each form of the language in turn, so that every
operator stands at the root of as many expressions as any other. Below the root stand facts,
parameters, tables or, in half of the expressions, up to two further levels of any operators. Rows
miss none, a seventh or half of their values; values lie on and beside the boundaries that the
expressions and tables ask for; a fact may not apply; texts are Latin, Chinese, empty or quoted.
Every third batch has rows with numbers as long as columns hold them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from random import Random

import duckdb

from engine.verdicts import decide_part, plan_conditions
from language.check import check
from language.expression import Expression, names_in
from language.frame import prepare
from language.parse import parse
from language.reference import Facts, evaluate
from tests.support.compared import Plain, agree, evaluate_columns
from tests.support.generated import (
    ALL_FORMS,
    TRUTH_FORMS,
    TYPES,
    RawRow,
    build_frame,
    build_scope,
    draw_rows,
    facts_of,
    write_form,
)
from tests.support.in_duckdb import evaluate_duckdb, load_table
from tests.support.in_rule_engine import RuleEngine, is_present

SCOPE = build_scope()
ROWS, EXPRESSIONS = 500, 50
PAIRS_OF_A_BATCH = ROWS * EXPRESSIONS


@dataclass(slots=True)
class Counts:
    """What was compared; `values` counts by form the values at the root of its expressions."""

    pairs: int = 0
    columns: int = 0
    duckdb: int = 0
    bits: int = 0
    all_three: int = 0
    rule_engine: int = 0
    values: dict[str, Counter[str]] = field(default_factory=dict)
    disagreements: list[str] = field(default_factory=list)

    def add(self, other: "Counts") -> None:
        for name in ("pairs", "columns", "duckdb", "bits", "all_three", "rule_engine"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for form, values in other.values.items():
            self.values.setdefault(form, Counter()).update(values)
        self.disagreements += other.disagreements


def compare_batches(seed: str, batches: Sequence[int]) -> Counts:
    """Draw and compare these batches; each follows from the seed and its number alone."""
    counts = Counts()
    engine = RuleEngine()
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for batch in batches:
            _compare_batch(f"{seed} {batch}", batch, engine, connection, counts)
    return counts


def _compare_batch(
    seed: str,
    batch: int,
    engine: RuleEngine,
    connection: duckdb.DuckDBPyConnection,
    counts: Counts,
) -> None:
    rng = Random(seed)
    wide = batch % 3 == 2
    rows = draw_rows(rng, ROWS, wide=wide)
    facts = [facts_of(row) for row in rows]
    names = list(ALL_FORMS)
    forms = [names[(batch * EXPRESSIONS + n) % len(names)] for n in range(EXPRESSIONS)]
    texts = [_write_rooted(name, rng, facts) for name in forms]
    expressions = [parse(text) for text in texts]
    for expression in expressions:
        check(expression, SCOPE, amount=True)
    in_columns = evaluate_columns(expressions, SCOPE, build_frame(rows))
    truths = [n for n, name in enumerate(forms) if name in TRUTH_FORMS]
    in_bits = evaluate_bits(expressions, truths, rows)
    in_sql = evaluate_duckdb(load_table(connection, SCOPE, rows), expressions)
    for position, expression in enumerate(expressions):
        wanted = [evaluate(expression, SCOPE, subject).value for subject in facts]
        counts.pairs += ROWS
        counts.values.setdefault(forms[position], Counter()).update(map(_class_of, wanted))
        ways = (("columns", in_columns), ("bits", in_bits), ("duckdb", in_sql))
        for way, answers in ways:
            if position not in answers:
                continue
            setattr(counts, way, getattr(counts, way) + ROWS)
            for row, value, found in zip(rows, wanted, answers[position], strict=True):
                if not agree(value, found):
                    counts.disagreements.append(
                        f"{seed}: {texts[position]} is {value!r}, {way}: {found!r}, for {row}"
                    )
                    break
        if position in in_columns and position in in_sql:
            counts.all_three += ROWS
        if not wide and engine.reads(expression):
            used = names_in(expression)
            for row, value in zip(rows, wanted, strict=True):
                complete = {name: row[name] for name in used if is_present(row[name])}
                if len(complete) < len(used):
                    continue
                counts.rule_engine += 1
                found = engine.value(texts[position], complete)
                if not agree(value, found):
                    counts.disagreements.append(
                        f"{seed}: {texts[position]} is {value!r}, rule-engine: {found!r}, {row}"
                    )


def evaluate_bits(
    expressions: Sequence[Expression], truths: Sequence[int], rows: Sequence[RawRow]
) -> dict[int, list[Plain]]:
    """By the position of each condition its value in every row, as a run decides it."""
    plan = plan_conditions([expressions[position] for position in truths], SCOPE)
    found = decide_part(plan, prepare(build_frame(rows), TYPES, TYPES), TYPES)
    answers: dict[int, list[Plain]] = {}
    for number, decided in found.items():
        values: list[Plain] = [False] * len(rows)
        for row, eligible in zip(decided.rows.tolist(), decided.eligible.tolist(), strict=True):
            values[row] = True if eligible else None
        answers[truths[number]] = values
    return answers


def _class_of(value: Plain) -> str:
    """Truths by value; other kinds only by whether there is one."""
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else "value"


def _write_rooted(name: str, rng: Random, facts: Sequence[Facts]) -> str:
    """An expression with this form at its root.

    Two values drawn alone are rarely equal, so the right one is mostly the left one's usual value.
    """
    depth = rng.choice((0, 0, 1, 2))
    kind = {"==": "{n}", "!=": "{n}", "dates ==": "{d}", "dates !=": "{d}"}.get(name)
    if kind is not None and rng.random() < 0.8:
        left = write_form(kind, rng, depth)
        usual = _usual(parse(left), facts[:60])
        if usual is not None:
            return f"({left} {name[-2:]} {usual})"
    return write_form(ALL_FORMS[name], rng, depth)


def _usual(expression: Expression, facts: Sequence[Facts]) -> str | None:
    values = Counter(evaluate(expression, SCOPE, subject).value for subject in facts)
    values.pop(None, None)
    match values.most_common(1):
        case [(Fraction() as number, _)]:
            return f"({number.numerator} / {number.denominator})"
        case [(date() as day, _)]:
            return f"$date({day.year}, {day.month}, {day.day})"
    return None
