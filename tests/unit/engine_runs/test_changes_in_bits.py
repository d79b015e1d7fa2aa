"""Two outcomes compared part by part in bits say what comparing their rows says."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.changes import CHANGE_SCHEMA, compare_parts, diff_outcomes, summarise_changes
from engine.outcome import finish_outcome, read_outcome
from engine.outcome_parts import write_rows
from engine.paired_parts import pair_parts
from engine.part_outcome import OUTCOME_SCHEMA, PartOutcome, count_part, gather_part, list_rows
from engine.same_subjects import join_subjects, lay_out, same_subjects
from tests.unit.engine_runs.test_outcome_files import ORIGIN

Row = dict[str, Any]
KEY = ["policy", "subject", "period", "item"]


def make_row(draw: Any) -> Row:
    verdict = draw(st.sampled_from(["eligible", "eligible", "unknown"]))
    policy = draw(st.sampled_from(["plain", "plain", "fixed", "rows", "twice"]))
    amount = draw(st.sampled_from([None, 100, 200, 2**50]))
    if policy == "fixed":
        amount = 500
    eligible = verdict == "eligible"
    return {
        "policy": policy,
        "version": draw(st.sampled_from(["1", "2"])) if policy == "twice" else "1",
        "subject": f"R{draw(st.integers(0, 140)):03d}",
        "kind": "resident",
        "period": "2025-11",
        "item": draw(st.sampled_from(["", "甲"])) if policy == "rows" else "",
        "amount_fen": amount if eligible else None,
        "missing": "birth_date" if eligible and amount is None else "",
        "delivery": draw(st.sampled_from(["direct", "confirm"])) if eligible else "",
        "verdict": verdict,
        "rows": 1 if policy == "rows" else None,
        "rows_open": 0 if policy == "rows" else None,
        "claims": "",
    }


@st.composite
def outcomes(draw: Any) -> pl.DataFrame:
    rows = [make_row(draw) for _ in range(draw(st.integers(0, 40)))]
    frame = pl.DataFrame(rows, schema=OUTCOME_SCHEMA).unique(
        ["policy", "version", "subject", "item"], keep="first", maintain_order=True
    )
    # of two versions one at most gives something: their dates do not meet
    eligible = pl.col("verdict") == "eligible"
    return frame.filter(~eligible | (eligible.cum_sum().over(KEY) == 1))


def gather(rows: pl.DataFrame, more: list[int]) -> PartOutcome:
    """The part of those in the rows and of some more."""
    others = pl.Series("subject", [f"R{number:03d}" for number in more], dtype=pl.String)
    subjects = pl.concat([rows["subject"], others]).unique().sort()
    return gather_part("resident", subjects, rows)


numbers = st.lists(st.integers(0, 140), max_size=5)


@settings(max_examples=40)
@given(outcomes(), outcomes(), numbers, numbers)
def test_bits_and_rows_tell_the_same_changes(
    now: pl.DataFrame, before: pl.DataFrame, more: list[int], others: list[int]
) -> None:
    found = compare_parts([(gather(now, more), gather(before, others))], samples=None)
    wanted = diff_outcomes(now, before)
    assert found.samples.equals(wanted)
    assert found.summary.to_dicts() == summarise_changes(wanted).to_dicts()
    one = compare_parts([(gather(now, more), gather(before, others))], samples=1).samples
    assert one.height == wanted["policy"].n_unique()
    assert one.join(wanted, on=list(CHANGE_SCHEMA), nulls_equal=True).height == one.height


@settings(max_examples=40)
@given(outcomes(), numbers)
def test_rows_that_were_gathered_are_listed_again(rows: pl.DataFrame, more: list[int]) -> None:
    part = gather(rows, more)
    listed = list_rows(part)
    assert listed.sort(*KEY, "version").equals(rows.sort(*KEY, "version"))
    counts = count_part(part)
    assert sum(one.eligible + one.unknown for one in counts.values()) == rows.height
    assert sum(one.amount_fen for one in counts.values()) == sum(
        fen or 0 for fen in rows["amount_fen"]
    )


@settings(max_examples=40)
@given(outcomes(), numbers, st.integers(0, 140))
def test_parts_brought_together_hold_what_they_held_apart(
    rows: pl.DataFrame, more: list[int], border: int
) -> None:
    low = pl.col("subject") < f"R{border:03d}"
    parts = [
        gather(rows.filter(low), [n for n in more if n < border]),
        gather(rows.filter(~low), [n for n in more if n >= border]),
    ]
    whole, together = gather(rows, more), join_subjects("resident", parts)
    assert list_rows(together).sort(*KEY, "version").equals(list_rows(whole).sort(*KEY, "version"))
    assert together.subjects.equals(whole.subjects)
    assert {k: v for k, v in count_part(together).items() if v.eligible or v.unknown} == {
        k: v for k, v in count_part(whole).items() if v.eligible or v.unknown
    }
    # back to those of one part: what the others have is left out
    back = lay_out(together, parts[0].subjects)
    assert list_rows(back).sort(*KEY, "version").equals(list_rows(parts[0]).sort(*KEY, "version"))
    one, other = same_subjects(*parts)
    assert one.subjects.equals(other.subjects)
    assert one.subjects.equals(whole.subjects)


@pytest.mark.parametrize("parting", [{}, {"resident": 2}])
@pytest.mark.parametrize("other_parting", [{}, {"resident": 2}, {"resident": 3}])
def test_parts_are_paired_however_the_subjects_were_parted(
    tmp_path: Path, parting: dict[str, int], other_parting: dict[str, int]
) -> None:
    names = [f"R{number:03d}" for number in range(90)]

    def write(folder: str, moved: bool, parting: dict[str, int]) -> Any:
        def row(number: int, name: str) -> Row:
            amount = 100 + number % 7 + (number % 11 == 0 and moved)
            return {
                **dict.fromkeys(OUTCOME_SCHEMA, ""), "policy": "plain", "version": "1",
                "subject": name, "kind": "resident", "period": "2025", "verdict": "eligible",
                "amount_fen": amount, "rows": None, "rows_open": None,
            }  # fmt: skip

        several = parting.get("resident", 2)
        parts = []
        for part in range(several):
            rows = [row(n, name) for n, name in enumerate(names) if n % several == part]
            rows = [r for r in rows if not (moved and r["subject"] == "R017")]
            frame = pl.DataFrame(rows, schema=OUTCOME_SCHEMA)
            part_name = f"resident-{part:04d}"
            parts.append(
                write_rows(tmp_path / folder, part_name, "resident", frame["subject"], frame)
            )
        finish_outcome(tmp_path / folder, ORIGIN, parts, parting=parting)
        return read_outcome(tmp_path / folder)

    before, now = write("before", False, other_parting), write("now", True, parting)
    found = compare_parts(pair_parts(now, before), samples=None)
    assert found.summary.to_dicts() == [
        {
            "policy": "plain",
            "gained": 0,
            "lost": 1,
            "unsettled": 0,
            "amount_changed": 9,
            "difference_fen": 9 - (100 + 17 % 7),
        }
    ]
    assert found.samples.filter(change="lost")["subject"].to_list() == ["R017"]
    first = compare_parts(pair_parts(now, None)).summary.to_dicts()
    assert [line["gained"] for line in first] == [89]


def test_a_policy_that_was_not_decided_is_not_compared() -> None:
    rows = pl.DataFrame(
        [
            {
                **dict.fromkeys(OUTCOME_SCHEMA, ""), "policy": policy, "subject": "R1",
                "verdict": "eligible", "amount_fen": 1, "rows": None, "rows_open": None,
            }
            for policy in ("one", "two")
        ],
        schema=OUTCOME_SCHEMA,
    )  # fmt: skip
    pairs = [(gather(rows.clear(), []), gather(rows, []))]
    assert compare_parts(pairs).summary["policy"].to_list() == ["one", "two"]
    assert compare_parts(pairs, {"one", "three"}).summary["policy"].to_list() == ["one"]
