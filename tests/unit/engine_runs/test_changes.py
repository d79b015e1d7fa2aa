"""Changes between runs, against a model in plain Python."""

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from engine.changes import CHANGE_SCHEMA, diff_outcomes, summarise_changes
from engine.part_outcome import OUTCOME_SCHEMA

Row = dict[str, Any]


def make_row(
    verdict: str = "eligible",
    amount_fen: int | None = 100,
    period: str = "2025-11",
    subject: str = "R1",
    **changes: str,
) -> Row:
    return {
        "policy": "one",
        "version": "1",
        "subject": subject,
        "kind": "resident",
        "period": period,
        "item": "",
        "amount_fen": amount_fen,
        "missing": "",
        "delivery": "confirm",
        "verdict": verdict,
        **changes,
    }


def make_rows(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=OUTCOME_SCHEMA)


def only_change(now: list[Row], before: list[Row]) -> tuple[Any, ...] | None:
    changes = diff_outcomes(make_rows(*now), make_rows(*before)).rows(named=True)
    if not changes:
        return None
    (row,) = changes
    names = ("change", "was", "now", "amount_before_fen", "amount_fen")
    return tuple(row[name] for name in names)


def test_a_new_match_is_gained() -> None:
    assert only_change([make_row()], []) == ("gained", "none", "eligible", None, 100)


def test_a_match_that_is_gone_is_lost() -> None:
    assert only_change([], [make_row()]) == ("lost", "eligible", "none", 100, None)


def test_unknown_to_eligible_is_gained_and_says_so() -> None:
    change = only_change([make_row()], [make_row("unknown", None)])
    assert change == ("gained", "unknown", "eligible", None, 100)


def test_eligible_to_unknown_is_unsettled_and_not_lost() -> None:
    change = only_change([make_row("unknown", None)], [make_row()])
    assert change == ("unsettled", "eligible", "unknown", 100, None)


def test_unknown_that_comes_or_goes_is_no_change() -> None:
    unknown = make_row("unknown", None)
    assert only_change([unknown], []) is None
    assert only_change([], [unknown]) is None
    assert only_change([unknown], [unknown]) is None


def test_a_benefit_that_goes_on_next_month_is_no_change() -> None:
    assert only_change([make_row(period="2025-12")], [make_row(period="2025-11")]) is None


def test_a_new_version_of_the_policy_is_no_change() -> None:
    assert only_change([make_row(version="2")], [make_row(version="1")]) is None


def test_a_different_amount_is_a_change_also_to_and_from_open() -> None:
    for before, now in ((100, 101), (None, 100), (100, None)):
        change = only_change([make_row(amount_fen=now)], [make_row(amount_fen=before)])
        assert change == ("amount_changed", "eligible", "eligible", before, now)
    assert only_change([make_row(amount_fen=None)], [make_row(amount_fen=None)]) is None


def test_items_change_by_themselves() -> None:
    now = make_rows(make_row(item="a"), make_row(item="b"))
    before = make_rows(make_row(item="a"), make_row(item=""))
    changes = diff_outcomes(now, before)
    assert changes.select("item", "change").rows() == [("", "lost"), ("b", "gained")]


def test_without_a_previous_run_all_is_gained() -> None:
    changes = diff_outcomes(make_rows(make_row(), make_row("unknown", subject="R2")), None)
    assert changes["change"].to_list() == ["gained"]
    assert changes.schema == pl.Schema(CHANGE_SCHEMA)


def test_the_summary_counts_by_policy() -> None:
    before = make_rows(
        make_row(subject="R1", amount_fen=100),
        make_row(subject="R2", amount_fen=200),
        make_row(subject="R3", amount_fen=300),
        make_row(subject="R4", amount_fen=None),
        make_row(subject="R6", amount_fen=60),
    )
    now = make_rows(
        make_row(subject="R1", amount_fen=150),
        make_row(subject="R3", amount_fen=300),
        make_row(subject="R4", amount_fen=1000),
        make_row(subject="R5", amount_fen=7),
        make_row("unknown", None, subject="R6"),
        make_row(subject="R1", policy="two", amount_fen=None),
    )
    summary = summarise_changes(diff_outcomes(now, before))
    assert summary.rows() == [
        ("one", 1, 1, 1, 2, 50 - 200 - 60 + 1000 + 7),
        ("two", 1, 0, 0, 0, 0),
    ]


rows = st.builds(
    make_row,
    verdict=st.sampled_from(["eligible", "unknown"]),
    amount_fen=st.sampled_from([None, 0, 100, 200]),
    period=st.sampled_from(["2025-10", "2025-11", "2025-12"]),
    subject=st.sampled_from(["R1", "R2", "R3"]),
    policy=st.sampled_from(["one", "two"]),
    item=st.sampled_from(["", "a"]),
)
outcomes = st.lists(
    rows, max_size=14, unique_by=lambda r: (r["policy"], r["subject"], r["period"], r["item"])
)


def latest_by_key(outcome: list[Row]) -> dict[tuple[str, str, str], Row]:
    """Of each policy, subject and item the row that counts."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in outcome:
        key = (row["policy"], row["subject"], row["item"])
        rank = (row["verdict"] == "eligible", row["period"])
        if key not in found or rank > (found[key]["verdict"] == "eligible", found[key]["period"]):
            found[key] = row
    return found


def changes_by_hand(now: list[Row], before: list[Row]) -> list[tuple[Any, ...]]:
    new, old = latest_by_key(now), latest_by_key(before)
    changes = []
    for key in sorted(new.keys() | old.keys()):
        a, b = old.get(key), new.get(key)
        was, is_now = (row["verdict"] if row else "none" for row in (a, b))
        fen_before, fen = (row["amount_fen"] if row else None for row in (a, b))
        match was, is_now:
            case "eligible", "eligible" if fen_before != fen:
                change = "amount_changed"
            case (("none" | "unknown"), "eligible"):
                change = "gained"
            case "eligible", "none":
                change = "lost"
            case "eligible", "unknown":
                change = "unsettled"
            case _:
                continue
        changes.append((*key, change, was, is_now, fen_before, fen))
    return changes


@given(now=outcomes, before=outcomes)
def test_changes_agree_with_a_model_in_plain_python(now: list[Row], before: list[Row]) -> None:
    names = ["policy", "subject", "item", "change", "was", "now", "amount_before_fen", "amount_fen"]
    changes = diff_outcomes(make_rows(*now), make_rows(*before))
    assert changes.select(names).rows() == changes_by_hand(now, before)
