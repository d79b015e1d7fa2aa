"""The columns agree with the reference on every row, whatever the expression."""

import os
from collections import Counter
from fractions import Fraction
from random import Random

import pytest

from language.check import check
from language.expression import Coalesce, parse, unparse, walk
from language.reference import NONE, evaluate
from language.types import Kind
from tests.support.compared import agree, evaluate_columns
from tests.support.generated import (
    DATE_FORMS,
    NUMBER_FORMS,
    TRUTH_FORMS,
    build_frame,
    build_scope,
    draw_rows,
    draw_values,
    facts_of,
    write_form,
    write_number,
    write_truth,
)

SCOPE = build_scope()
PAIRS = int(os.environ.get("ZHIDA_FUZZ", "100000"))
ROWS, EXPRESSIONS = 125, 25
BATCHES = -(-PAIRS // (ROWS * EXPRESSIONS))
SHARDS = 4
ALL_FORMS = {**TRUTH_FORMS, **NUMBER_FORMS, **DATE_FORMS}


@pytest.mark.parametrize("shard", range(SHARDS))
def test_columns_agree_with_the_reference_on_every_row(shard: int) -> None:
    pairs = too_wide = 0
    for batch in range(shard, BATCHES, SHARDS):
        rng = Random(batch)
        rows = draw_rows(rng, ROWS)
        facts = [facts_of(row) for row in rows]
        texts = [
            write_truth(rng, rng.randint(1, 4))
            if rng.random() < 0.7
            else write_number(rng, rng.randint(1, 2))
            for _ in range(EXPRESSIONS)
        ]
        expressions = [parse(text) for text in texts]
        for expression in expressions:
            check(expression, SCOPE, amount=True)
        columns = evaluate_columns(expressions, SCOPE, build_frame(rows))
        too_wide += EXPRESSIONS - len(columns)
        for position, found in columns.items():
            for row, subject, value in zip(rows, facts, found, strict=True):
                wanted = evaluate(expressions[position], SCOPE, subject)
                pairs += 1
                assert agree(wanted.value, value), (texts[position], row, wanted, value)
    assert pairs >= 0.95 * PAIRS / SHARDS
    assert too_wide <= 0.05 * EXPRESSIONS * BATCHES


def _question(name: str, form: str, kind: Kind, rng: Random, rows: list[dict[str, object]]) -> str:
    """The form as a yes-or-no question; a number or day is compared with one of its own values."""
    if name in ("==", "!="):
        # two numbers drawn alone are rarely equal, so the right one is the left one's usual value
        text = rng.choice(("small", "ratio", "by_whole", "by_two", "(small + 1)"))
        values = [evaluate(parse(text), SCOPE, facts_of(row)).value for row in rows]
        usual, _ = Counter(value for value in values if value is not None).most_common(1)[0]
        assert isinstance(usual, Fraction)
        return f"({text} {name} ({usual.numerator} / {usual.denominator}))"
    text = write_form(form, rng, 0)
    if kind is Kind.BOOLEAN:
        return text
    values = [evaluate(parse(text), SCOPE, facts_of(row)).value for row in rows]
    known = sorted({value for value in values if value is not None})
    if not known:
        return ""
    middle = known[len(known) // 2]
    if isinstance(middle, Fraction):
        sign = rng.choice(("<", "<=", ">", ">="))
        return f"({text} {sign} ({middle.numerator} / {middle.denominator}))"
    sign = rng.choice(("<", ">="))
    return f"({text} {sign} $date({middle.year}, {middle.month}, {middle.day}))"  # type: ignore[union-attr]


@pytest.mark.parametrize("name", list(ALL_FORMS))
def test_every_operator_is_true_false_and_unknown_often_and_the_columns_agree(name: str) -> None:
    form = ALL_FORMS[name]
    kind = Kind.BOOLEAN
    if name not in TRUTH_FORMS:
        kind = Kind.NUMBER if name in NUMBER_FORMS else Kind.DATE
    rng = Random(name)
    seen: Counter[object] = Counter()
    questions: list[str] = []
    rows = draw_rows(rng, 80, missing=0.35)
    facts = [facts_of(row) for row in rows]
    while len(questions) < 12:
        question = _question(name, form, kind, rng, rows)
        questions += [question] if question else []
    expressions = [parse(question) for question in questions]
    columns = evaluate_columns(expressions, SCOPE, build_frame(rows))
    for position, found in columns.items():
        for subject, value in zip(facts, found, strict=True):
            wanted = evaluate(expressions[position], SCOPE, subject).value
            assert agree(wanted, value), (questions[position], subject)
            seen[wanted] += 1
    least = 0.05 * seen.total()
    assert all(seen[value] >= least for value in (True, False, None)), (name, seen)


def test_filling_a_missing_fact_never_turns_yes_into_no() -> None:
    settled = 0
    for seed in range(700):
        rng = Random(f"filling {seed}")
        expression = parse(write_truth(rng, 3))
        if any(isinstance(part, Coalesce) for part in walk(expression)):
            continue  # ?? is for amounts, where the author states what missing counts as
        for row in draw_rows(rng, 12, missing=0.5):
            before = evaluate(expression, SCOPE, facts_of(row)).value
            if before is None:
                continue
            settled += 1
            for _ in range(3):
                drawn = draw_values(rng)
                filled = {
                    name: drawn[name] if value is None and rng.random() < 0.7 else value
                    for name, value in row.items()
                }
                assert evaluate(expression, SCOPE, facts_of(filled)).value is before, (
                    unparse(expression),
                    row,
                    filled,
                )
    assert settled > 1000


def test_an_unknown_value_names_the_facts_that_could_settle_it() -> None:
    """With every named fact filled, and no reason beside them, the value is known."""
    rng = Random("named")
    checked = 0
    for seed in range(300):
        expression = parse(write_truth(Random(f"named {seed}"), 2))
        for row in draw_rows(rng, 8, missing=0.3):
            asked = row
            for _ in range(len(row) + 1):
                value = evaluate(expression, SCOPE, facts_of(asked))
                if value.value is not None or not value.missing:
                    break
                drawn = draw_values(rng)
                asked = {n: drawn[n] if n in value.missing else v for n, v in asked.items()}
            assert value.value is not None or value.reasons, (unparse(expression), asked)
            checked += 1
    assert checked == 2400


def test_a_printed_expression_reads_as_the_same_expression() -> None:
    for seed in range(1500):
        text = write_truth(Random(f"printed {seed}"), 4)
        printed = unparse(parse(text))
        assert unparse(parse(printed)) == printed, text


def test_a_fact_that_does_not_apply_is_no_missing_fact() -> None:
    values = {"maybe": NONE, "code": NONE}
    for text, wanted in (
        ("maybe == null", True),
        ("maybe != null", False),
        ('code == "A"', False),
        ('code != "A"', True),
        ('code in ["A"]', False),
        ("$has(by_two)", False),
    ):
        assert evaluate(parse(text), SCOPE, values).value is wanted, text
