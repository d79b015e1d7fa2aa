"""The brake against a plain model: which policy is over which limit, and who is held with it."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.brake import BrakeLimits, Figures, Held, Limits, brake, find_excesses

WIDE = Limits(
    gained=10**9,
    lost=10**9,
    unsettled=10**9,
    amount_fen=10**18,
    gained_share=Fraction(1000),
    lost_share=Fraction(1),
    unsettled_share=Fraction(1),
    amount_share=Fraction(1000),
    audience_share=Fraction(1),
    few=0,
)
"""Limits that nothing here is over."""


def made(**changes: Any) -> Figures:
    values: dict[str, Any] = {
        "audience": 10_000,
        "reached": 1_000,
        "eligible": 1_000,
        "amount_fen": 100_000,
        "before": 1_000,
        "reached_before": 1_000,
        "before_fen": 100_000,
    }
    return Figures(**values | changes)


def limits(**changes: Any) -> Limits:
    values = {name: getattr(WIDE, name) for name in Limits.__dataclass_fields__}
    return Limits(**values | changes)


@pytest.mark.parametrize(
    ("figure", "limit", "at", "over"),
    [
        ("gained", "gained", 300, 301),
        ("lost", "lost", 300, 301),
        ("unsettled", "unsettled", 300, 301),
        ("difference_fen", "amount_fen", 300, 301),
        ("difference_fen", "amount_fen", -300, -301),
    ],
)
def test_an_absolute_limit_itself_is_allowed_and_one_more_is_not(
    figure: str, limit: str, at: int, over: int
) -> None:
    allowed = limits(**{limit: 300})
    assert find_excesses(made(**{figure: at}), allowed) == ()
    (excess,) = find_excesses(made(**{figure: over}), allowed)
    assert (excess.figure, excess.allowed, excess.of) == (301, Fraction(300), None)
    assert excess.limit == limit.removesuffix("_fen")


@pytest.mark.parametrize("kind", ["gained", "lost", "unsettled"])
def test_a_share_is_of_those_eligible_before_and_few_are_no_alarm(kind: str) -> None:
    allowed = limits(**{f"{kind}_share": Fraction(1, 10)}, few=20)
    assert find_excesses(made(**{kind: 100}), allowed) == ()
    (excess,) = find_excesses(made(**{kind: 101}), allowed)
    assert (excess.limit, excess.figure, excess.of) == (f"{kind}_share", 101, 1_000)
    assert find_excesses(made(**{kind: 20}, before=1), allowed) == ()
    assert find_excesses(made(**{kind: 21}, before=1), allowed) != ()


def test_a_share_of_the_amounts_counts_where_more_than_few_changed() -> None:
    allowed = limits(amount_share=Fraction(1, 5), few=20)
    moved = made(difference_fen=-20_001, amount_changed=21)
    (excess,) = find_excesses(moved, allowed)
    assert (excess.limit, excess.figure, excess.of) == ("amount_share", 20_001, 100_000)
    assert find_excesses(made(difference_fen=-20_000, amount_changed=21), allowed) == ()
    assert find_excesses(made(difference_fen=90_000, amount_changed=20), allowed) == ()
    assert (
        find_excesses(made(difference_fen=90_000, amount_changed=99, before_fen=0), allowed) == ()
    )


def test_a_first_run_has_absolute_limits_and_the_share_of_the_audience_alone() -> None:
    first = {"before": None, "reached_before": None, "before_fen": None}
    strict = Limits(few=0, gained=10_000)
    usual = made(gained=1_000, difference_fen=100_000, **first)
    assert find_excesses(usual, strict) == ()
    everybody = made(reached=10_000, eligible=10_000, gained=10_000, **first)
    (excess,) = find_excesses(everybody, strict)
    assert (excess.limit, excess.figure, excess.of) == ("audience_share", 10_000, 10_000)
    assert {e.limit for e in find_excesses(everybody, limits(gained=9_999))} == {"gained"}


def test_where_nobody_was_eligible_before_more_than_few_are_too_many() -> None:
    nobody = {"before": 0, "reached_before": 0, "before_fen": 0}
    allowed = limits(gained_share=Fraction(1, 5), few=20)
    (excess,) = find_excesses(made(gained=21, **nobody), allowed)
    assert (excess.limit, excess.figure, excess.of) == ("gained_share", 21, 0)
    assert find_excesses(made(gained=20, **nobody), allowed) == ()


def test_a_share_of_the_audience_that_was_accepted_is_not_asked_about_again() -> None:
    allowed = limits(audience_share=Fraction(1, 2))
    accepted = made(reached=6_001, reached_before=6_000, before=6_000, gained=1)
    assert find_excesses(accepted, allowed) == ()
    reached = made(reached=5_001, reached_before=5_000, before=5_000, gained=1)
    assert [excess.limit for excess in find_excesses(reached, allowed)] == ["audience_share"]


def test_periods_of_another_length_hold_a_policy_whatever_its_limits_are() -> None:
    assert find_excesses(made(per="month", per_before="month"), WIDE) == ()
    assert find_excesses(made(per="month", per_before=""), WIDE) == ()
    (excess,) = find_excesses(made(per="month", per_before="year"), limits(few=999))
    assert (excess.limit, excess.figure, excess.allowed) == ("per", 1_000, Fraction(999))
    assert find_excesses(made(per="month", per_before="year"), limits(few=1_000)) == ()


def test_another_period_of_the_same_length_is_another_period() -> None:
    assert find_excesses(made(per="month last", per_before="month last"), WIDE) == ()
    (excess,) = find_excesses(made(per="month last", per_before="month this"), WIDE)
    assert excess.limit == "per"
    # what was noted before `period` was compared says only how long periods are
    assert find_excesses(made(per="month last", per_before="month"), WIDE) == ()
    assert find_excesses(made(per="month last", per_before="year"), WIDE) != ()


def test_one_over_its_limit_holds_its_group_and_nobody_else() -> None:
    figures = {name: made() for name in "abcde"} | {"b": made(lost=900), "e": made(lost=900)}
    held = brake(
        figures, BrakeLimits(usual=limits(lost=100)), [("a", "b", "elsewhere"), ("c", "d")]
    )
    assert sorted(held) == ["a", "b", "e"]
    assert held["a"] == Held(linked=("b",))
    assert held["b"].linked == ()
    assert [excess.limit for excess in held["b"].excesses] == ["lost"]


def test_a_policy_of_its_own_limits_is_held_by_these() -> None:
    allowed = BrakeLimits(usual=limits(lost=10), by_policy={"a": limits(lost=1_000)})
    assert sorted(brake({"a": made(lost=11), "b": made(lost=11)}, allowed)) == ["b"]


counts = st.integers(0, 120)
shares = st.fractions(0, 2, max_denominator=20)
NAMES = "abcdef"
some_figures = st.builds(
    Figures,
    audience=counts,
    reached=counts,
    eligible=counts,
    amount_fen=counts,
    before=st.none() | counts,
    reached_before=st.none() | counts,
    before_fen=st.none() | counts,
    gained=counts,
    lost=counts,
    unsettled=counts,
    amount_changed=counts,
    difference_fen=st.integers(-120, 120),
)
some_limits = st.builds(
    Limits,
    gained=counts,
    lost=counts,
    unsettled=counts,
    amount_fen=counts,
    gained_share=shares,
    lost_share=shares,
    unsettled_share=shares,
    amount_share=shares,
    audience_share=shares,
    few=st.integers(0, 30),
)


def is_over(f: Figures, m: Limits) -> bool:
    """The same in plain words, with quotients where the brake has products."""
    if f.gained > m.gained or f.lost > m.lost or f.unsettled > m.unsettled:
        return True
    if f.difference_fen > m.amount_fen or f.difference_fen < -m.amount_fen:
        return True
    pairs: list[tuple[int, int, Fraction, int]] = []
    if f.before is not None:
        pairs.append((f.gained, f.before, m.gained_share, f.gained))
        pairs.append((f.lost, f.before, m.lost_share, f.lost))
        pairs.append((f.unsettled, f.before, m.unsettled_share, f.unsettled))
        changed = f.gained + f.lost + f.unsettled + f.amount_changed
        if f.before_fen:
            pairs.append((abs(f.difference_fen), f.before_fen, m.amount_share, changed))
    was = f.reached_before or 0
    if was == 0 or (f.audience and Fraction(was, f.audience) <= m.audience_share):
        pairs.append((f.reached, f.audience, m.audience_share, f.reached))
    for figure, whole, share, people in pairs:
        if people <= m.few:
            continue
        if figure and (whole == 0 or Fraction(figure, whole) > share):
            return True
    return False


@given(
    st.dictionaries(st.sampled_from(NAMES), some_figures),
    some_limits,
    st.dictionaries(st.sampled_from(NAMES), some_limits),
    st.lists(st.sets(st.sampled_from(NAMES + "xy")).map(sorted), max_size=2).filter(
        lambda groups: len(groups) < 2 or not set(groups[0]) & set(groups[1])
    ),
)
def test_whoever_is_over_is_held_with_the_group_and_no_other(
    figures: dict[str, Figures],
    usual: Limits,
    own: dict[str, Limits],
    groups: list[list[str]],
) -> None:
    over = {name for name in figures if is_over(figures[name], own.get(name, usual))}
    wanted = set(over)
    for group in groups:
        if over & set(group):
            wanted |= set(group) & set(figures)
    held = brake(figures, BrakeLimits(usual=usual, by_policy=own), groups)
    assert set(held) == wanted
    for name, why in held.items():
        assert bool(why.excesses) == (name in over)
        assert why.excesses or why.linked
        assert set(why.linked) <= over - {name}
