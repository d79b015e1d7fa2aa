"""What the rules make of one pattern of offers, whatever the amounts: who conflicts with whom.

Many subjects have the same offers and differ in the amounts only, so this is worked out once.
Sets of offers are whole numbers, bit i for the offer at place i.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.package_offers import Node
from engine.package_rules import PackageRules, overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """Offers that share one cap. `unsure`: what of it is left cannot be said."""

    cap_fen: int
    members: int  # those to choose from
    received: int
    unsure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """Why an offer cannot be chosen whatever the amounts: `reason`, and the offers it lost to.

    `policies` are required ones of which there is no offer.
    """

    reason: str  # received, requires
    by: int = 0
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """`live` are the offers to choose from; `fixed` the awards that stay.

    `requires` has for each offer one set for each policy that it requires: one of the set must be
    chosen. What an award fulfils already is left out.
    """

    nodes: tuple[Node, ...]
    conflicts: tuple[int, ...]
    requires: tuple[tuple[int, ...], ...]
    fixed: int
    live: int
    ruled: dict[int, Ruled] = field(default_factory=dict)
    highest: tuple[int, ...] = ()  # each: offers of a highest group that conflict
    caps: tuple[Cap, ...] = ()

    def having(self, *statuses: str) -> int:
        """The offers with one of these statuses."""
        return set_of(i for i, node in enumerate(self.nodes) if node.status in statuses)


def set_of(places: Iterable[int]) -> int:
    """The set of some places."""
    result = 0
    for place in places:
        result |= 1 << place
    return result


def places_in(members: int) -> list[int]:
    """The places of a set, in order."""
    places = []
    while members:
        lowest = members & -members
        places.append(lowest.bit_length() - 1)
        members ^= lowest
    return places


def draw_pattern(nodes: Sequence[Node], rules: PackageRules) -> Pattern:
    """The pattern of these offers of one subject."""
    fixed = set_of(i for i, node in enumerate(nodes) if node.status.startswith("received"))
    shares = [[overlap(one.period, other.period) for other in nodes] for one in nodes]
    conflicts = tuple(
        set_of(
            j
            for j, other in enumerate(nodes)
            if shares[i][j] and _exclude(one.policy, other.policy, rules)
        )
        for i, one in enumerate(nodes)
    )
    required = [
        tuple(
            (policy, set_of(j for j, o in enumerate(nodes) if o.policy == policy and shares[i][j]))
            for policy in rules.requires.get(node.policy, ())
        )
        for i, node in enumerate(nodes)
    ]
    live, ruled = _rule_out(nodes, conflicts, required, fixed)
    requires = tuple(
        tuple(of & live for _, of in sets if not of & fixed) if live >> i & 1 else ()
        for i, sets in enumerate(required)
    )
    groups = sorted({g.name for node in nodes if (g := rules.group_of.get(node.policy))})
    highest: list[int] = []
    caps: list[Cap] = []
    for name in groups:
        members = [
            i
            for i, node in enumerate(nodes)
            if (g := rules.group_of.get(node.policy)) and g.name == name
        ]
        group = rules.group_of[nodes[members[0]].policy]
        if group.rule == "highest":
            mine = set_of(members) & live
            for part in connect(mine, [conflicts[i] & mine for i in range(len(nodes))]):
                if part.bit_count() > 1:
                    highest.append(part)
        elif group.cap_fen is not None:
            caps += _caps(nodes, members, shares, live, fixed, group.cap_fen)
    return Pattern(
        nodes=tuple(nodes),
        conflicts=conflicts,
        requires=requires,
        fixed=fixed,
        live=live,
        ruled=ruled,
        highest=tuple(highest),
        caps=tuple(caps),
    )


def connect(members: int, neighbours: Sequence[int]) -> list[int]:
    """The members in sets between which no neighbours are."""
    parts = []
    while members:
        part = reached = members & -members
        while reached:
            fresh = 0
            for place in places_in(reached):
                fresh |= neighbours[place]
            reached = fresh & members & ~part
            part |= reached
        parts.append(part)
        members &= ~part
    return parts


def _exclude(one: str, other: str, rules: PackageRules) -> bool:
    """Whether two policies must not both be drawn for overlapping periods."""
    if one == other:
        return False
    if other in rules.excludes.get(one, ()):
        return True
    group = rules.group_of.get(one)
    if group is None or group.rule == "sum-capped":
        return False
    return rules.group_of.get(other) == group


def _rule_out(
    nodes: Sequence[Node],
    conflicts: Sequence[int],
    required: Sequence[Sequence[tuple[str, int]]],
    fixed: int,
) -> tuple[int, dict[int, Ruled]]:
    """What cannot be chosen because of an award, or because what it requires is not there."""
    live = set_of(range(len(nodes))) & ~fixed
    ruled: dict[int, Ruled] = {}
    for i in places_in(live):
        if against := conflicts[i] & fixed:
            ruled[i] = Ruled(reason="received", by=against)
    live &= ~set_of(ruled)
    changed = True
    while changed:
        changed = False
        for i in places_in(live):
            lacking = tuple(policy for policy, of in required[i] if not of & (live | fixed))
            if lacking:
                ruled[i] = Ruled(reason="requires", policies=lacking)
                live &= ~(1 << i)
                changed = True
    return live, ruled


def _caps(
    nodes: Sequence[Node],
    members: Sequence[int],
    shares: Sequence[Sequence[bool]],
    live: int,
    fixed: int,
    cap_fen: int,
) -> list[Cap]:
    """One cap for all members whose periods overlap, directly or through a longer one.

    What gives no money does not count. An offer that may come and would join what is apart so far
    makes all of it unsure: for which period the cap is could turn out otherwise.
    """
    counting = set_of(i for i in members if not nodes[i].status.endswith("moneyless")) & (
        live | fixed
    )
    waiting = set_of(i for i in members if nodes[i].status == "waiting") & live
    neighbours = [
        set_of(j for j in members if shares[i][j]) if i in members else 0 for i in range(len(nodes))
    ]
    unsure_ones = set_of(i for i in members if nodes[i].status == "received-unsure")
    found = []
    for whole in connect(counting, neighbours):
        parts = connect(whole & ~waiting, neighbours)
        for part in parts:
            unsure = len(parts) > 1 or bool(part & unsure_ones)
            found.append(
                Cap(
                    cap_fen=cap_fen,
                    members=(part | (whole & waiting)) & live if len(parts) == 1 else part & live,
                    received=part & fixed,
                    unsure=unsure,
                )
            )
    return found
