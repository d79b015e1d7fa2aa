"""Gaps, overlaps and idle rows against a scan of every point of a small grid."""

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language.definition import (
    Anything,
    Beneath,
    During,
    Equal,
    Hit,
    Matcher,
    NotApplying,
    OneOf,
    Otherwise,
    Within,
)
from language.truth import NONE
from language.types import Kind
from policies import table_analysis
from policies.axis import OTHER, Shape, fits, sorts_of
from policies.table_analysis import MAX_GAPS, Analysis, analyse

AGE = Shape(name="age", kind=Kind.NUMBER, step=Fraction(1))
CODE = Shape(name="code", kind=Kind.TEXT, may_not_apply=True)
DAY = Shape(name="on", kind=Kind.DATE)
SHAPES = (AGE, CODE, DAY)
FIRST = date(2024, 1, 1)
GRID: tuple[list[Any], ...] = (
    [Fraction(n) for n in range(9)],
    ["A", "A1", "A2", "B", "other", NONE],
    [FIRST + timedelta(days=n) for n in range(-2, 6)],
)
"""Every value on either side of everything that the keys below name."""


def within(low: int | None, high: int | None, low_in: bool = True, high_in: bool = True) -> Within:
    return Within(
        low=None if low is None else Fraction(low),
        low_included=low_in,
        high=None if high is None else Fraction(high),
        high_included=high_in,
    )


ages: st.SearchStrategy[Matcher] = st.one_of(
    st.just(Anything()),
    st.builds(within, st.sampled_from([None, 2, 3]), st.sampled_from([4, 5]), st.booleans()),
    st.builds(within, st.sampled_from([3, 4, 6]), st.none(), st.booleans()),
    st.builds(lambda n: Equal(values=(Fraction(n),)), st.integers(1, 7)),
    st.builds(lambda n: Otherwise(others=(Equal(values=(Fraction(n),)),)), st.integers(1, 7)),
)
codes: st.SearchStrategy[Matcher] = st.sampled_from(
    [
        Anything(),
        Beneath(prefixes=("A",)),
        Beneath(prefixes=("A1", "B")),
        Equal(values=("A2",)),
        NotApplying(),
        OneOf(members=(NotApplying(), Beneath(prefixes=("B",)))),
        Otherwise(others=(Beneath(prefixes=("A",)),)),
        Otherwise(others=()),
    ]
)
days: st.SearchStrategy[Matcher] = st.builds(
    lambda low, high: During(
        first=None if low is None else FIRST + timedelta(days=low),
        last=None if high is None else FIRST + timedelta(days=high),
    ),
    st.sampled_from([None, 0, 1]),
    st.sampled_from([1, 2, 3]),
) | st.just(Anything())

Rows = list[tuple[Matcher, ...]]
rows_of_tables = st.lists(st.tuples(ages, codes, days), min_size=1, max_size=6)


def held(rows: Rows, point: Sequence[Any]) -> list[int]:
    return [index for index, row in enumerate(rows) if all(map(fits, row, point))]


def output(hit: Hit, outputs: list[Any], rows: list[int], default: Any) -> Any:
    """What a table gives where these rows apply, each known fact as it is."""
    values = [outputs[row] for row in rows]
    if not values:
        return default
    match hit:
        case Hit.MIN:
            return min(values)
        case Hit.MAX:
            return max(values)
        case _:
            return values[0]


def scan(rows: Rows, outputs: list[Any], hit: Hit, default: Any) -> Analysis:
    axes = [sorts_of(shape, [row[index] for row in rows]) for index, shape in enumerate(SHAPES)]
    return analyse(
        rows,
        [(value,) for value in outputs],
        hit,
        axes,
        default=None if default is None else (default,),
        covers=axes,
    )


@settings(max_examples=100, deadline=None)
@given(rows=rows_of_tables, data=st.data())
def test_findings_are_those_of_a_scan_of_every_point(rows: Rows, data: st.DataObject) -> None:
    hit = data.draw(
        st.sampled_from([Hit.UNIQUE, Hit.ANY, Hit.FIRST, Hit.PRIORITY, Hit.MIN, Hit.MAX])
    )
    value = st.integers(1, 2).map(Fraction)
    outputs = data.draw(st.lists(value, min_size=len(rows), max_size=len(rows)))
    default = data.draw(st.sampled_from([None, Fraction(1)]))
    points = list(itertools.product(*GRID))
    hits = [held(rows, point) for point in points]
    found = scan(rows, outputs, hit, default)
    assert found.complete
    # gaps
    assert bool(found.gaps) is any(not h for h in hits)
    assert all(not held(rows, point) for point in found.gaps)
    assert len(found.gaps) <= MAX_GAPS
    # overlaps
    clashes = {
        pair
        for h in hits
        for pair in itertools.combinations(h, 2)
        if hit is Hit.UNIQUE or (hit is Hit.ANY and outputs[pair[0]] != outputs[pair[1]])
    }
    assert {overlap.rows for overlap in found.overlaps} <= clashes
    assert bool(found.overlaps) is bool(clashes)
    assert all(set(o.rows) <= set(held(rows, o.point)) for o in found.overlaps)
    # rows that never count
    ordered = hit in (Hit.FIRST, Hit.PRIORITY)
    counting = {row for h in hits for row in (h[:1] if ordered else h)}
    assert {idle.row for idle in found.unreachable} == set(range(len(rows))) - counting
    for idle in found.unreachable:
        if idle.point is not None:
            at = held(rows, idle.point)
            assert idle.row in at
            assert at[0] == idle.instead
    # rows that are not needed: without them every output is the same, and no more can go
    if clashes:
        return
    gone = {idle.row for idle in (*found.unreachable, *found.redundant)}

    def outputs_without(rows_gone: set[int]) -> list[Any]:
        return [
            output(hit, outputs, [row for row in h if row not in rows_gone], default) for h in hits
        ]

    assert outputs_without(gone) == outputs_without(set())
    for row in set(range(len(rows))) - gone:
        assert outputs_without(gone | {row}) != outputs_without(set()), row
    assert all(idle.row in held(rows, idle.point or ()) for idle in found.redundant)


def test_neighbouring_whole_numbers_and_fen_leave_no_gap() -> None:
    keys = [within(0, 79), within(80, None)]
    money = [
        within(0, 79),
        Within(low=Fraction(7901, 100), low_included=True, high=None, high_included=False),
    ]
    for step, rows, wanted in (
        (Fraction(1), keys, False),
        (Fraction(1, 100), keys, True),
        (Fraction(1, 100), money, False),
        (None, money, True),
    ):
        shape = Shape(name="x", kind=Kind.NUMBER, step=step)
        axis = sorts_of(shape, rows)
        found = analyse(
            [(key,) for key in rows], [(True,), (False,)], Hit.UNIQUE, [axis], covers=[axis]
        )
        assert bool(found.gaps) is wanted, step


def test_closed_values_are_all_that_is_looked_at() -> None:
    key = Equal(values=("a", "b"))
    for closed, gaps in ((("a", "b"), ()), (("a", "b", "c"), (("c",),)), ((), ((OTHER,),))):
        axis = sorts_of(Shape(name="x", kind=Kind.TEXT, closed=closed), [key])
        found = analyse([(key,)], [(True,)], Hit.UNIQUE, [axis], covers=[axis])
        assert found.gaps == gaps


def test_a_table_too_large_to_follow_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_analysis, "MAX_STEPS", 20)
    rows: Rows = [(within(n, n + 1), Anything(), Anything()) for n in range(1, 7)]
    found = scan(rows, [Fraction(1)] * 6, Hit.FIRST, None)
    assert not found.complete
    assert found.unreachable == found.redundant == ()
    rows += [(within(2, 3), NotApplying(), Anything())]
    for hit, wanted in ((Hit.UNIQUE, {(0, 6), (1, 6), (2, 6)}), (Hit.ANY, {(0, 6), (2, 6)})):
        found = scan(rows, [Fraction(n) for n in (1, 2, 1, 1, 1, 1, 2)], hit, None)
        overlaps = {overlap.rows for overlap in found.overlaps if 6 in overlap.rows}
        assert overlaps == wanted
        assert all(set(o.rows) <= set(held(rows, o.point)) for o in found.overlaps)


def test_two_thousand_rows_are_followed_to_the_end() -> None:
    rows: Rows = [
        (Equal(values=(Fraction(n // 40),)), Equal(values=(f"K{n % 40:02}",)), Anything())
        for n in range(2000)
    ]
    found = scan(rows, [Fraction(n) for n in range(2000)], Hit.UNIQUE, None)
    assert found.complete
    assert found.overlaps == ()
    assert len(found.gaps) == MAX_GAPS


def test_numbers_below_zero_are_looked_at_where_a_row_speaks_of_them() -> None:
    shape = Shape(name="x", kind=Kind.NUMBER)
    below, above = within(None, 0, high_in=False), within(0, None)
    for rows, lowest in (([above], 0), ([below, above], -1), ([within(-5, None)], -6)):
        assert min(sorts_of(shape, rows)) == lowest  # type: ignore[type-var]  # numbers alone
