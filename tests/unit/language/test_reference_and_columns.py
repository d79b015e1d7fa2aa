"""What holds for the reference whatever the expression; that the columns agree with it shows
`test_million_pairs`."""

from random import Random

from language.expression import Coalesce, walk
from language.parse import parse
from language.reference import NONE, evaluate
from language.unparse import unparse
from tests.support.generated import (
    build_scope,
    draw_rows,
    draw_values,
    facts_of,
    write_truth,
)

SCOPE = build_scope()


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
