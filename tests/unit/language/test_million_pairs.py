"""A million pairs of an expression and a row mean the same to the reference, to the columns and to
DuckDB, and to rule-engine where it has a meaning for them.

How the pairs are made says `tests.support.three_ways`. ZHIDA_FUZZ is how many there are, ZHIDA_SEED
another seed than the usual one, `random` a new one.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import SystemRandom

import pytest

from tests.support.generated import ALL_FORMS, TRUTH_FORMS
from tests.support.three_ways import PAIRS_OF_A_BATCH, Counts, compare_batches

PAIRS = int(os.environ.get("ZHIDA_FUZZ", "1000000"))
SEED = os.environ.get("ZHIDA_SEED", "2026")
SPARE = 1.08
"""Pairs drawn for each one wanted: some are too long for DuckDB's decimals or for 128 bits."""
PROCESSES = 2
ENOUGH = 500_000


@pytest.fixture(scope="module")
def counts() -> Counts:
    seed = str(SystemRandom().randrange(10**9)) if SEED == "random" else SEED
    print(f"ZHIDA_SEED={seed}")  # shown with a failure, to repeat it
    batches = range(-(-int(PAIRS * SPARE) // PAIRS_OF_A_BATCH))
    if PAIRS < ENOUGH:
        return compare_batches(seed, batches)
    total = Counts()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        shards = [batches[shard::PROCESSES] for shard in range(PROCESSES)]
        for part in pool.map(compare_batches, [seed] * PROCESSES, shards):
            total.add(part)
    return total


def test_reference_columns_and_duckdb_agree_on_a_million_pairs(counts: Counts) -> None:
    assert not counts.disagreements, "\n".join(counts.disagreements[:10])
    assert counts.all_three >= PAIRS
    assert counts.columns >= 0.97 * counts.pairs
    assert counts.duckdb >= 0.93 * counts.pairs
    assert counts.bits >= 0.4 * counts.pairs  # conditions only


def test_rule_engine_agrees_where_all_facts_are_present_and_nothing_divides(
    counts: Counts,
) -> None:
    assert counts.rule_engine >= 0.1 * PAIRS


@pytest.mark.parametrize("form", list(ALL_FORMS))
def test_every_operator_gives_each_of_its_values_in_a_twentieth_of_its_rows(
    counts: Counts, form: str
) -> None:
    if PAIRS < ENOUGH:
        pytest.skip("too few expressions of each form to count shares")
    wanted = ("true", "false", "unknown") if form in TRUTH_FORMS else ("value", "unknown")
    values = counts.values[form]
    assert set(values) <= set(wanted)
    assert all(values[value] >= 0.05 * values.total() for value in wanted), (form, values)
