"""The benchmark runs, and its two ways agree; nothing is timed here."""

import pytest

from benchmarks import decisions, unknowns
from benchmarks.generated_enterprises import draw_part
from benchmarks.row_loop import decide_rows, prepare_policies, prepare_rows
from benchmarks.verdicts import race_verdicts
from engine.evaluate import evaluate_part
from tests.support.policy_texts import vocabulary


def test_the_row_loop_of_rule_engine_and_the_columns_give_the_same_sums() -> None:
    bounds = decisions.load_bounds(12, vocabulary())
    part = draw_part(150, seed=3, missing=0.1)
    outcome, _ = evaluate_part(bounds, part, "enterprise")
    sums = decisions.sum_outcome(outcome)
    assert decide_rows(prepare_policies(bounds), prepare_rows(part)) == sums
    assert min(sums.eligible, sums.unknown, sums.amount_fen) > 0


def test_the_benchmark_prints_every_way_its_baseline_and_the_machine(
    capsys: pytest.CaptureFixture[str],
) -> None:
    small = ["--rows", "300", "--policies", "4", "--sample", "20", "--compiled", "6"]
    decisions.main([*small, "--repeat", "1"])
    printed = capsys.readouterr().out
    for words in (
        "rule-engine row loop", "written by hand in Polars", "Zhida, amounts and outcome",
        "From YAML text to program", "Zhida, one subject", "plain floats", "peak memory", "polars",
    ):  # fmt: skip
        assert words in printed


def test_the_work_list_is_measured_without_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    unknowns.main(["--rows", "200", "--policies", "2"])
    printed = capsys.readouterr().out
    assert "work list" in printed
    assert "counts by clause" in printed


def test_verdicts_by_hand_in_polars_are_those_of_the_plan() -> None:
    bounds = decisions.load_bounds(40, vocabulary())
    parts = [draw_part(400, seed=1), draw_part(70, seed=2, missing=0.5)]
    raced = race_verdicts(bounds, parts, repeat=1)  # ends the run where a row differs
    assert min(raced.eligible, raced.unknown) > 0
