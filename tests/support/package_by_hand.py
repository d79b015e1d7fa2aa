"""The best package of one subject in plain Python: every subset tried, by the words of the guide.

Shares nothing with the engine but the rules' own form; no frames, no patterns, no bounds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from engine.package_rules import PackageRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What could be drawn, or what is drawn already (`has` and what the run would add to it)."""

    policy: str
    period: str
    amount: int = 0
    received: bool = False
    has: int = 0
    grows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best set, those of it that a cap leaves something of, what is paid of each and in all."""

    members: frozenset[Offer]
    chosen: frozenset[Offer]
    paid: dict[Offer, int]
    total: int


def share_a_day(one: str, other: str) -> bool:
    """By months: 2025, 2025H1, 2025Q2, 2025-04; once is beside everything."""
    if "once" in (one, other):
        return True
    return bool(_months(one) & _months(other))


def choose_by_hand(
    offers: Sequence[Offer], rules: PackageRules, must: Iterable[Offer] = ()
) -> Best | None:
    """The best of all subsets; of those that have `must`, None where there is none."""
    order = sorted((o for o in offers if not o.received), key=lambda o: (o.policy, o.period))
    awards = [o for o in offers if o.received]
    live = _without_losers(_possible(order, awards, rules), awards, rules)
    best: tuple[tuple[int, int, list[bool]], tuple[Offer, ...]] | None = None
    for chosen in _subsets(live):
        if not set(must) <= set(chosen) or not _allowed(chosen, awards, rules):
            continue
        paid = _pay(chosen, live, awards, rules)
        if any(o.amount and not paid[o] for o in chosen if _is_required(o, live, rules)):
            continue
        value = (sum(paid.values()), len(chosen), [o in chosen for o in order])
        if best is None or value > best[0]:
            best = value, chosen
    if best is None:
        return None
    paid = _pay(best[1], live, awards, rules)
    return Best(
        members=frozenset(best[1]),
        chosen=frozenset(o for o in best[1] if paid[o] or not o.amount),
        paid=paid,
        total=best[0][0],
    )


def _is_required(offer: Offer, live: Sequence[Offer], rules: PackageRules) -> bool:
    return any(
        offer.policy in rules.requires.get(o.policy, ()) and share_a_day(o.period, offer.period)
        for o in live
    )


def _subsets(offers: Sequence[Offer]) -> Iterator[tuple[Offer, ...]]:
    for size in range(len(offers) + 1):
        yield from combinations(offers, size)


def _months(period: str) -> set[str]:
    year = period[:4]
    numbers: Iterable[int] = range(1, 13)
    if "Q" in period:
        numbers = range(int(period[5]) * 3 - 2, int(period[5]) * 3 + 1)
    elif "H" in period:
        numbers = range(1, 7) if period[5] == "1" else range(7, 13)
    elif "-" in period:
        numbers = [int(period[5:])]
    return {f"{year}-{number:02d}" for number in numbers}


def _against(one: Offer, other: Offer, rules: PackageRules) -> bool:
    if one.policy == other.policy or not share_a_day(one.period, other.period):
        return False
    if other.policy in rules.excludes.get(one.policy, ()):
        return True
    group = rules.group_of.get(one.policy)
    same = group is not None and rules.group_of.get(other.policy) == group
    return same and group is not None and group.rule in ("exclusive", "highest")


def _possible(offers: list[Offer], awards: list[Offer], rules: PackageRules) -> list[Offer]:
    left = [o for o in offers if not any(_against(o, award, rules) for award in awards)]
    while True:
        fine = [o for o in left if _has_required(o, [*left, *awards], rules)]
        if fine == left:
            return left
        left = fine


def _has_required(offer: Offer, beside: Iterable[Offer], rules: PackageRules) -> bool:
    beside = list(beside)
    return all(
        any(o.policy == policy and share_a_day(o.period, offer.period) for o in beside)
        for policy in rules.requires.get(offer.policy, ())
    )


def _without_losers(offers: list[Offer], awards: list[Offer], rules: PackageRules) -> list[Offer]:
    """Without the lower ones of each highest group."""
    left = list(offers)
    names = {g.name for g in rules.group_of.values() if g.rule == "highest"}
    for name in names:
        members = [
            o for o in offers if (g := rules.group_of.get(o.policy)) is not None and g.name == name
        ]
        fitting = [
            some
            for some in _subsets(members)
            if not any(_against(a, b, rules) for a, b in combinations(some, 2))
        ]
        best = max(
            fitting,
            key=lambda some: (sum(o.amount for o in some), len(some), [o in some for o in members]),
        )
        left = [o for o in left if o not in members or o in best]
    return left


def _allowed(chosen: Sequence[Offer], awards: list[Offer], rules: PackageRules) -> bool:
    if any(_against(a, b, rules) for a, b in combinations(chosen, 2)):
        return False
    return all(_has_required(o, [*chosen, *awards], rules) for o in chosen)


def _pay(
    chosen: Sequence[Offer], live: Sequence[Offer], awards: list[Offer], rules: PackageRules
) -> dict[Offer, int]:
    """What is paid of each; of an award what it gains. `live` could be chosen."""
    paid = {o: o.amount for o in chosen} | {o: o.grows for o in awards}
    for group in {g.name: g for g in rules.group_of.values() if g.cap_fen is not None}.values():
        for some in _sharing(group.name, live, awards, rules):
            assert group.cap_fen is not None
            room = max(group.cap_fen - sum(o.has for o in some), 0)
            fresh = sorted(
                (o for o in some if o in chosen), key=lambda o: (-o.amount, o.policy, o.period)
            )
            growing = sorted(
                (o for o in some if o.received), key=lambda o: (-o.grows, o.policy, o.period)
            )
            for o in [*fresh, *growing]:
                paid[o] = min(paid[o], room)
                room -= paid[o]
    return paid


def _sharing(
    name: str, live: Sequence[Offer], awards: list[Offer], rules: PackageRules
) -> list[list[Offer]]:
    """The group's offers and awards in sets whose periods hang together."""
    left = [
        o for o in [*live, *awards]
        if (g := rules.group_of.get(o.policy)) is not None and g.name == name
    ]  # fmt: skip
    found = []
    while left:
        some, left = [left[0]], left[1:]
        grew = True
        while grew:
            joined = [o for o in left if any(share_a_day(o.period, s.period) for s in some)]
            some += joined
            left = [o for o in left if o not in joined]
            grew = bool(joined)
        found.append(some)
    return found
