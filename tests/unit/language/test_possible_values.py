"""Values that are said never to come out never do, for any condition and any subject."""

from collections import Counter
from random import Random

from language.contrast import possible_values
from language.definition import Constant
from language.normal import normalise
from language.parse import parse
from language.reference import evaluate
from tests.support.generated import build_scope, draw_rows, facts_of, write_truth


def test_no_drawn_subject_has_a_value_that_is_ruled_out() -> None:
    scope = build_scope()
    known = {name: held.value for name, held in scope.items() if isinstance(held, Constant)}
    ruled_out: Counter[bool | None] = Counter()
    for seed in range(1500):
        rng = Random(f"possible {seed}")
        expression = parse(write_truth(rng, seed % 4))
        # with and without a value of its own for whoever misses it
        for text in (expression, parse(f"({write_truth(rng, 1)} ?? true) and not flag")):
            possible = possible_values(normalise(text, known), scope)
            if possible is None:
                continue
            ruled_out.update({True, False, None} - possible)
            for row in draw_rows(rng, 30):
                value = evaluate(text, scope, facts_of(row)).value
                assert value in possible, (seed, value)
    assert ruled_out[None] > 20
