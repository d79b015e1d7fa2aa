"""One policy over a frame, in columns and row by row: every value must be the same."""

from collections import Counter

import polars as pl

from engine.columns import lower_policy
from engine.decision import decide, to_fen
from engine.program import Bound
from language.frame import facts_of_row, prepare

VERDICTS = {True: "eligible", False: "ineligible", None: "unknown"}


def compare_both_ways(bound: Bound, frame: pl.DataFrame, *, by_hand: bool) -> Counter[str]:
    """The verdicts by count; fails with the row where the two ways differ."""
    prepared = prepare(frame, bound.types, bound.types)
    columns = lower_policy(bound, prepared.known, by_hand=by_hand)
    decided = prepared.frame.select(
        "subject",
        verdict=columns.verdict,
        amount=columns.amount_fen,
        by=columns.delivery,
        **{f"test::{n}": expr for n, expr in {**columns.clauses, **columns.portions}.items()},
        **{f"scope::{n}": expr for n, expr in columns.scope.items()},
        **{f"fen::{n}": expr for n, expr in {**columns.also_fen, **columns.portion_fen}.items()},
    )
    verdicts: Counter[str] = Counter()
    pairs = zip(frame.iter_rows(named=True), decided.iter_rows(named=True), strict=True)
    for row, found in pairs:
        wanted = decide(bound, facts_of_row(row, bound.types), by_hand=by_hand)
        verdicts[wanted.verdict] += 1
        assert VERDICTS[found["verdict"]] == wanted.verdict, row
        assert found["amount"] == wanted.amount_fen, row
        assert found["by"] == wanted.delivery, row
        for name, value in {**wanted.clauses, **wanted.portions}.items():
            assert found[f"test::{name}"] is value.value, (name, row)
        for name in columns.scope:
            held = wanted.scope[name].value if name in wanted.scope else True
            assert found[f"scope::{name}"] is held, (name, row)
        due = wanted.verdict == "eligible"
        for name, value in {**wanted.also, **wanted.portion_amounts}.items():
            assert found[f"fen::{name}"] == (to_fen(value) if due else None), (name, row)
    return verdicts
