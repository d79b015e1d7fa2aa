"""Charts show what the figures say: shares add up, columns are as tall as their values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.chart import Chart, columns_over_time, ranges, stacked_bar

FIGURES = st.floats(0, 1e6)


def inside(chart: Chart) -> bool:
    return all(
        float(p.x) >= -0.01
        and float(p.y) >= -0.01
        and float(p.x) + float(p.width) <= chart.width + 0.05
        and float(p.y) + float(p.height) <= chart.height + 0.05
        for p in chart.pieces
    )


def test_a_stacked_bar_has_a_piece_for_each_share_side_by_side() -> None:
    chart = stacked_bar((("good", 0.75, "known"), ("open", 0, "open"), ("bad", 0.25, "none")), "t")
    told = [(p.tone, p.x, p.width, p.title) for p in chart.pieces]
    assert told == [("good", "0.00", "75.00", "known"), ("bad", "75.00", "25.00", "none")]
    assert chart.title == "t"


def test_columns_are_stacked_from_the_bottom_in_proportion() -> None:
    values = [((("good", 30.0), ("bad", 10.0)), "may"), ((("good", 20.0), ("bad", 0.0)), "june")]
    chart = columns_over_time(values, "t", height=40)
    told = [(p.tone, float(p.y), float(p.height), p.title) for p in chart.pieces]
    assert told == [
        ("good", 10, 30, "may"),
        ("bad", 0, 10, "may"),
        ("good", 20, 20, "june"),
    ]
    assert float(chart.pieces[2].x) == 50


@settings(deadline=None)
@given(st.lists(st.tuples(FIGURES, FIGURES), max_size=24))
def test_columns_stay_inside_their_box(figures: list[tuple[float, float]]) -> None:
    values = [((("good", a), ("bad", b)), "x") for a, b in figures]
    assert inside(columns_over_time(values, "t"))


@settings(deadline=None)
@given(
    st.lists(FIGURES, min_size=5, max_size=5).map(sorted),
    st.lists(FIGURES, min_size=5, max_size=5).map(sorted),
)
def test_ranges_stay_inside_their_box(before: list[float], now: list[float]) -> None:
    chart = ranges(before, now, "t", ("before", "now"))
    assert len(chart.pieces) == 10
    assert inside(chart)


def test_ranges_share_one_scale() -> None:
    chart = ranges([0, 25, 50, 75, 100], [100, 125, 150, 175, 200], "t", ("before", "now"))
    medians = [float(p.x) for p in chart.pieces if p.tone == "mark"]
    assert medians == pytest.approx([24.5, 73.5], abs=0.01)
    assert [p.title for p in chart.pieces] == ["before"] * 5 + ["now"] * 5


def test_a_constant_has_a_range_too() -> None:
    assert inside(ranges([7] * 5, [7] * 5, "t", ("before", "now")))
