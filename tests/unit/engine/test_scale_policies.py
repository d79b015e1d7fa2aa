"""The policies of the benchmark of a run over a city: they load, and mean what they say by hand."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from benchmarks.catalogue_conditions import DAY, share_at_least
from benchmarks.catalogue_shapes import (
    DISTRICTS,
    Draft,
    change_some,
    draw_drafts,
    write_policies,
    write_policy,
)
from benchmarks.city_by_hand import decide_city_by_hand
from benchmarks.city_changes import change_by_hand
from benchmarks.outcome_sums import KEY, check_equal, sum_by_hand, sum_outcome
from benchmarks.scale_city import find_city, make_city
from console.deciding import evaluate_snapshot
from engine.changes import diff_outcomes, summarise_changes
from engine.evaluate import bind_audience
from engine.evaluate_rows import outcome_by_reference
from engine.program import Program, compile_policies
from policies.load import load_policies
from profiles.snapshot import Snapshot, read_part
from tests.support.policy_texts import vocabulary

COUNT = 250
SUBJECTS = 900
BY_REFERENCE = 5
"""One policy of so many is decided row by row."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scale")


@pytest.fixture(scope="module")
def city(folder: Path) -> Snapshot:
    return make_city(folder / "cities", SUBJECTS)


@pytest.fixture(scope="module")
def program(folder: Path) -> Program:
    write_policies(folder / "policies", draw_drafts(COUNT))
    return compile_policies(
        load_policies([folder / "policies"], vocabulary()).policies, vocabulary()
    )


@pytest.fixture(scope="module")
def sums(folder: Path, city: Snapshot, program: Program) -> pl.DataFrame:
    _, parts = evaluate_snapshot(program, city, folder / "zhida", lambda *told: None)
    assert parts
    assert not any(part.by_reference for part in parts)
    return sum_outcome(folder / "zhida", city)


def test_the_policies_are_the_same_in_every_process() -> None:
    written = [[write_policy(draft) for draft in draw_drafts(60)] for _ in range(2)]
    assert written[0] == written[1]
    assert len(set(written[0])) == 60


def test_half_are_for_residents_and_half_for_one_district() -> None:
    drafts = list(draw_drafts(COUNT))
    audiences = Counter(draft.shape.audience for draft in drafts)
    districts = Counter(draft.district for draft in drafts)
    assert 0.45 < audiences["resident"] / COUNT < 0.6
    assert 0.4 < audiences["enterprise"] / COUNT < 0.5
    assert audiences["household"]
    assert 0.4 < districts.pop(None) / COUNT < 0.6
    assert set(districts) == set(DISTRICTS)
    assert {draft.shape.per for draft in drafts} == {"month", "quarter", "year", "once"}


def test_the_sums_are_those_of_the_reference_row_by_row(
    city: Snapshot, program: Program, sums: pl.DataFrame
) -> None:
    decided = []
    for kind in ("enterprise", "resident", "household"):
        bounds = bind_audience(program, kind, DAY)[::BY_REFERENCE]
        (part,) = city.parts(kind)
        facts = read_part(city, part, datasets=[]).facts
        rows = pl.concat([outcome_by_reference(bound, facts, kind) for bound in bounds])
        decided.append(
            rows.group_by(KEY).agg(
                eligible=(pl.col("verdict") == "eligible").sum().cast(pl.UInt64),
                unknown=(pl.col("verdict") != "eligible").sum().cast(pl.UInt64),
                amount_fen=pl.col("amount_fen").sum(),
            )
        )
    wanted = pl.concat(decided).sort(KEY)
    assert wanted.height > 30
    assert wanted["eligible"].sum() > 100
    assert wanted["unknown"].sum() > 100
    found = sums.join(wanted, on=KEY, how="semi").select(wanted.columns).sort(KEY)
    assert found.equals(wanted)


def test_by_hand_in_polars_the_same_rows_and_amounts_come_out(
    folder: Path, city: Snapshot, sums: pl.DataFrame
) -> None:
    decide_city_by_hand(list(draw_drafts(COUNT)), city, folder / "hand")
    by_hand = sum_by_hand(folder / "hand")
    check_equal(sums, by_hand, "by hand")
    assert by_hand["eligible"].sum() > 500
    wrong = by_hand.with_columns(pl.col("rows") + 1)
    with pytest.raises(SystemExit, match=f"differs on {by_hand.height} policies"):
        check_equal(sums, wrong, "by hand")


def test_what_changed_is_counted_by_hand_as_a_run_counts_it(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "policy": [1, 1, 1, 1, 2],
            "row": [0, 1, 2, 3, 0],
            "eligible": [True, True, False, True, True],
            "amount_fen": [100, None, None, 5, 9],
        },
        schema={
            "policy": pl.UInt16, "row": pl.UInt32, "eligible": pl.Boolean, "amount_fen": pl.Int64,
        },
    )  # fmt: skip
    # lost: row 3 is gone; unsettled: row 1; gained: rows 2 and 4; another amount: row 0
    later = pl.DataFrame(
        {
            "policy": [1, 1, 1, 1, 2],
            "row": [0, 1, 2, 4, 0],
            "eligible": [True, False, True, True, True],
            "amount_fen": [101, None, None, 5, 9],
        },
        schema=rows.schema,
    )
    for name, frame in (("before", rows), ("now", later)):
        (tmp_path / name).mkdir()
        frame.write_parquet(tmp_path / name / "resident-0000.parquet")
    found = change_by_hand(tmp_path / "now", tmp_path / "before")
    assert found.rows() == [("p0001", 2, 1, 1, 1)]
    outcomes = [
        frame.select(
            policy=pl.lit("p0001"), version=pl.lit("1"), subject=pl.col("row").cast(pl.String),
            kind=pl.lit("resident"), period=pl.lit("2025"), item=pl.lit(""),
            amount_fen="amount_fen",
            missing=pl.lit(""), delivery=pl.lit(""),
            verdict=pl.when("eligible").then(pl.lit("eligible")).otherwise(pl.lit("unknown")),
            rows=pl.lit(None, dtype=pl.Int64), rows_open=pl.lit(None, dtype=pl.Int64),
            claims=pl.lit(""),
        )
        for frame in (later.head(4), rows.head(4))
    ]  # fmt: skip
    told = summarise_changes(diff_outcomes(*outcomes))
    assert told.drop("difference_fen").rows() == found.rows()


def test_a_share_of_decimals_is_compared_by_hand_without_the_error_of_floats() -> None:
    asked = share_at_least("disabled_staff_prev_year", "staff_prev_year", 1)
    firms = pl.DataFrame(
        {"disabled_staff_prev_year": [0.58, 0.57, None, 1.0], "staff_prev_year": [58, 58, 1, 0]},
        schema_overrides={"staff_prev_year": pl.Float64},
    )
    assert 0.58 * 100 < 58
    assert firms.select(asked.hand.alias("held"))["held"].to_list() == [True, False, None, None]


def test_policies_of_before_differ_in_one_of_twenty() -> None:
    now, before = list(draw_drafts(COUNT)), list(change_some(draw_drafts(COUNT)))

    def texts(drafts: list[Draft]) -> list[str]:
        return [write_policy(draft) for draft in drafts]

    differ = [a != b for a, b in zip(texts(now), texts(before), strict=True)]
    assert sum(differ) > COUNT // 25


def test_a_city_is_made_once_and_found_again(folder: Path, city: Snapshot) -> None:
    found = find_city(folder / "cities", SUBJECTS)
    assert found is not None
    assert found.hash == city.hash == make_city(folder / "cities", SUBJECTS).hash
    assert not list((folder / "cities").rglob("releases"))
    assert find_city(folder / "cities", SUBJECTS + 1) is None
