"""What the benchmark gives to other engines is what the policies say: plain Python reads it too."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.catalogue_conditions import DAY
from benchmarks.catalogue_shapes import draw_drafts, write_policies
from benchmarks.other_engines import choose_facts, choose_simple, run_zhida, specify
from benchmarks.scale_city import make_city
from engine.program import compile_policies
from policies.load import load_policies
from profiles.snapshot import read_part
from tests.support.policy_texts import vocabulary


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    city = make_city(tmp_path_factory.mktemp("cities"), 1500)
    (part,) = city.parts("resident")
    return read_part(city, part, datasets=[]).facts


def holds(test: tuple[str, str, Any], row: dict[str, Any]) -> bool:
    fact, is_, value = test
    match is_:
        case "ge":
            return bool(row[fact] >= value)
        case "le":
            return bool(row[fact] <= value)
        case "in":
            return row[fact] in value
    return bool(row[fact]) is (is_ == "true")


def amount_of(policy: dict[str, Any], row: dict[str, Any]) -> int | None:
    for group, tests in policy["clauses"]:
        held = [holds(test, row) for test in tests]
        if not {"all": all(held), "any": any(held), "none": not any(held)}[group]:
            return None
    share = policy["share"]
    if share["fact"] is None:
        return int(share["most_fen"])
    amount = (row[share["fact"]] * share["thousandths"] + 500) // 1000
    return min(int(amount), int(share["most_fen"]))


def test_plain_python_reads_the_specification_as_zhida_decides_the_policies(
    facts: pl.DataFrame, tmp_path: Path
) -> None:
    drafts = choose_simple(draw_drafts(200), facts)
    policies = specify(drafts)
    known = choose_facts(policies, facts)
    write_policies(tmp_path, drafts)
    program = compile_policies(load_policies([tmp_path], vocabulary()).policies, vocabulary())
    part = facts.filter(pl.col("subject").is_in(known["subject"].implode()))
    told, _ = run_zhida(program, part)
    rows = known.to_dicts()
    for policy in policies:
        amounts = [amount for row in rows if (amount := amount_of(policy, row)) is not None]
        assert told.sums[policy["name"]] == [len(amounts), sum(amounts)], policy
    assert len(policies) > 40
    assert sum(count for count, _ in told.sums.values()) > 200


def test_who_misses_a_fact_is_left_out_and_ages_are_completed_years(facts: pl.DataFrame) -> None:
    policies = specify(choose_simple(draw_drafts(200), facts))
    known = choose_facts(policies, facts)
    assert 0 < known.height < facts.height
    born = dict(facts.select("subject", "birth_date").iter_rows())
    for subject, age in known.select("subject", "age").iter_rows():
        day = born[subject]
        assert age == DAY.year - day.year - ((DAY.month, DAY.day) < (day.month, day.day))


def test_policies_over_larger_sums_or_undelivered_facts_are_not_simple(facts: pl.DataFrame) -> None:
    simple = {draft.number for draft in choose_simple(draw_drafts(200), facts)}
    large = facts.with_columns(own_paid_contrib=pl.lit(2**40))
    fewer = {draft.number for draft in choose_simple(draw_drafts(200), large)}
    assert fewer < simple
    empty = facts.with_columns(local_hukou=pl.lit(None, dtype=pl.Boolean))
    assert {draft.number for draft in choose_simple(draw_drafts(200), empty)} < simple
