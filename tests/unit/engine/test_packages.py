"""The best package against every subset tried in plain Python, for random rules and offers."""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import package_solving
from engine.package import CHOICE_SCHEMA, choose_packages
from engine.package_rules import Group, PackageRules, overlap
from tests.support.package_by_hand import Offer, choose_by_hand, share_a_day

POLICIES = ["a", "b", "c", "d", "e", "f"]
PERIODS = ["2025-01", "2025-02", "2025-04", "2025Q1", "2025H1", "2025", "once", "2024-12", "2024"]
RULES = ["exclusive", "highest", "sum-capped"]
AMOUNTS = st.integers(0, 6).map(lambda number: number * 100)
INPUT = {
    "subject": pl.String(), "policy": pl.String(), "period": pl.String(), "status": pl.String(),
    "amount_fen": pl.Int64(), "has_fen": pl.Int64(), "grows_fen": pl.Int64(),
}  # fmt: skip


@st.composite
def drawn_rules(draw: st.DrawFn) -> PackageRules:
    pairs = st.tuples(st.sampled_from(POLICIES), st.sampled_from(POLICIES))
    excludes: dict[str, set[str]] = {}
    for one, other in draw(st.lists(pairs, max_size=3)):
        if one != other:
            excludes.setdefault(one, set()).add(other)
            excludes.setdefault(other, set()).add(one)
    requires: dict[str, tuple[str, ...]] = {}
    for one, other in draw(st.lists(pairs, max_size=2)):
        if one != other:
            requires[one] = (*requires.get(one, ()), other)
    groups = [
        Group(name=name, rule=rule, cap_fen=cap if rule == "sum-capped" else None)  # type: ignore[arg-type]
        for name, rule, cap in zip(
            ("one", "two"),
            draw(st.tuples(st.sampled_from(RULES), st.sampled_from(RULES))),
            draw(st.tuples(*[st.integers(1, 12).map(lambda n: n * 100)] * 2)),
            strict=True,
        )
    ]
    where = draw(st.lists(st.sampled_from([None, *groups]), min_size=6, max_size=6))
    return PackageRules(
        excludes={policy: frozenset(others) for policy, others in excludes.items()},
        requires=requires,
        group_of={p: g for p, g in zip(POLICIES, where, strict=True) if g is not None},
        linked=dict.fromkeys(POLICIES, 0),
    )


@st.composite
def drawn_offers(draw: st.DrawFn) -> list[Offer]:
    keys = st.tuples(st.sampled_from(POLICIES), st.sampled_from(PERIODS))
    offers = []
    for policy, period in draw(st.lists(keys, unique=True, min_size=1, max_size=8)):
        if draw(st.integers(0, 3)) == 0:
            has, grows = draw(AMOUNTS), draw(st.sampled_from([0, 0, 100, 300]))
            offers.append(Offer(policy=policy, period=period, received=True, has=has, grows=grows))
        else:
            offers.append(Offer(policy=policy, period=period, amount=draw(AMOUNTS)))
    return offers


def rows_of(subject: str, offers: Sequence[Offer], **statuses: str) -> list[dict[str, Any]]:
    return [
        {
            "subject": subject,
            "policy": offer.policy,
            "period": offer.period,
            "status": statuses.get(
                offer.policy + offer.period, "received" if offer.received else "known"
            ),
            "amount_fen": offer.amount,
            "has_fen": offer.has,
            "grows_fen": offer.grows,
        }
        for offer in offers
    ]


def choose(rows: list[dict[str, Any]], rules: PackageRules) -> dict[str, dict[Any, Any]]:
    """The choice's rows by subject, then by policy and period."""
    choices = choose_packages(pl.DataFrame(rows, schema=INPUT), rules)
    assert choices.schema == pl.Schema(CHOICE_SCHEMA)
    found: dict[str, dict[Any, Any]] = {}
    for row in choices.iter_rows(named=True):
        found.setdefault(row["subject"], {})[row["policy"], row["period"]] = row
    return found


def key(offer: Offer) -> tuple[str, str]:
    return offer.policy, offer.period


def compare(offers: Sequence[Offer], rules: PackageRules, found: dict[Any, Any]) -> None:
    best = choose_by_hand(offers, rules)
    assert best is not None
    chosen = {k for k, row in found.items() if row["decision"] == "chosen"}
    assert chosen == {key(offer) for offer in best.chosen}
    for offer in offers:
        row = found[key(offer)]
        assert row["decision"] == (
            "kept" if offer.received else "chosen" if offer in best.chosen else "lost"
        )
        if offer in best.chosen:
            assert row["paid_fen"] == best.paid[offer]
            assert (row["reason"] == "cut") == (best.paid[offer] < offer.amount)
        if offer.received and row["paid_fen"] is not None:
            assert row["paid_fen"] == offer.has + best.paid[offer]
        if row["reason"] in ("instead", "tie", "cap") and row["difference_fen"] is not None:
            other = choose_by_hand(offers, rules, must=[offer])
            assert other is not None
            assert best.total - other.total == row["difference_fen"]
            against = {tuple(one) for one in json.loads(row["by"])}
            assert against == {key(o) for o in best.members - other.members}


@settings(max_examples=150, deadline=None)
@given(rules=drawn_rules(), cities=st.lists(drawn_offers(), min_size=1, max_size=4))
def test_the_choice_is_the_best_of_all_subsets(
    rules: PackageRules, cities: list[list[Offer]]
) -> None:
    rows = [row for n, offers in enumerate(cities) for row in rows_of(f"R{n}", offers)]
    found = choose(rows, rules)
    for n, offers in enumerate(cities):
        compare(offers, rules, found[f"R{n}"])


@settings(max_examples=100, deadline=None)
@given(rules=drawn_rules(), offers=drawn_offers())
def test_the_search_finds_what_the_columns_find(rules: PackageRules, offers: list[Offer]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(package_solving, "MOST_SETS", 0)
        package_solving.feasible_sets.cache_clear()
        found = choose(rows_of("R1", offers), rules)
    package_solving.feasible_sets.cache_clear()
    compare(offers, rules, found["R1"])


@given(one=st.sampled_from(PERIODS), other=st.sampled_from(PERIODS))
def test_periods_overlap_where_they_share_a_month(one: str, other: str) -> None:
    assert overlap(one, other) is share_a_day(one, other)


@settings(max_examples=150, deadline=None)
@given(rules=drawn_rules(), offers=drawn_offers(), data=st.data())
def test_what_goes_on_is_never_worse_whatever_comes_later(
    rules: PackageRules, offers: list[Offer], data: st.DataObject
) -> None:
    free = [o for o in offers if not o.received]
    drawn = data.draw(
        st.lists(
            st.sampled_from(["known", "known", "open", "waiting"]),
            min_size=len(free),
            max_size=len(free),
        )
    )
    statuses = {o.policy + o.period: s for o, s in zip(free, drawn, strict=True)}
    found = choose(rows_of("R1", offers, **statuses), rules)["R1"]
    settled, committed = [], []
    paid = 0
    for offer in offers:
        row, status = found[key(offer)], statuses.get(offer.policy + offer.period, "known")
        comes = offer
        if status != "known":
            amount = data.draw(st.sampled_from([0, 100, 300, 700, 5_000]))
            comes = Offer(policy=offer.policy, period=offer.period, amount=amount)
        if status == "waiting" and data.draw(st.booleans()):
            continue
        settled.append(comes)
        if row["decision"] != "chosen":
            committed.append(comes)
            continue
        has = 0 if status == "open" else row["paid_fen"]
        paid += has
        committed.append(
            Offer(
                policy=offer.policy,
                period=offer.period,
                received=True,
                has=has,
                grows=comes.amount - has,
            )
        )
    best, after = choose_by_hand(settled, rules), choose_by_hand(committed, rules)
    assert best is not None
    assert after is not None
    assert paid + after.total == best.total
