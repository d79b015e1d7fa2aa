"""The rules between policies, of all policies of a run together: what may stand beside what."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from policies.period import parse_period
from policies.policy import Policy
from policies.terms import Stacking, StackingGroup
from policies.terms_file import GroupRule

ONCE = "once"
MONEY_KINDS = ("cash", "relief")
"""Kinds of benefit that are money in the recipient's hand, fen for fen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Policies under one rule; `cap_fen` for `sum-capped` only."""

    name: str
    rule: GroupRule
    cap_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRules:
    """All rules by policy id.

    `excludes` has both directions: what one file says holds for both. `linked` gives policies that
    a chain of rules connects one number: only they can depend on each other. `unclear` says why the
    rules of a policy cannot be applied. `moneyless` gives no money that could be weighed.
    """

    excludes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group_of: Mapping[str, Group] = field(default_factory=dict)
    linked: Mapping[str, int] = field(default_factory=dict)
    unclear: Mapping[str, str] = field(default_factory=dict)
    moneyless: frozenset[str] = frozenset()


def gather_rules(policies: Iterable[Policy], occurring: Collection[str]) -> PackageRules:
    """The rules of a run's policies.

    `occurring` are the policies, `id@version`, of which there is a match: of a policy with several
    versions these speak, all of them, or where none occurs the newest.
    """
    speaking = _speaking(policies, occurring)
    excludes: dict[str, set[str]] = {}
    requires: dict[str, tuple[str, ...]] = {}
    groups: dict[str, list[tuple[str, StackingGroup]]] = {}
    for policy in speaking:
        stacking = policy.terms.stacking or Stacking(excludes=(), requires=(), group=None)
        for other in stacking.excludes:
            excludes.setdefault(policy.id, set()).add(other)
            excludes.setdefault(other, set()).add(policy.id)
        if stacking.requires:
            before = requires.get(policy.id, ())
            requires[policy.id] = tuple(dict.fromkeys(before + stacking.requires))
        if stacking.group is not None:
            groups.setdefault(stacking.group.name, []).append((policy.id, stacking.group))
    group_of, unclear = _settle_groups(groups)
    return PackageRules(
        excludes={policy: frozenset(others) for policy, others in excludes.items()},
        requires=requires,
        group_of=group_of,
        linked=_link(excludes, requires, groups),
        unclear=unclear,
        moneyless=frozenset(policy.id for policy in speaking if not _gives_money(policy)),
    )


def overlap(one: str, other: str) -> bool:
    """Whether two periods share a day; `once` has no length and is for good, beside any other."""
    if one == other or ONCE in (one, other):
        return True
    try:
        first, second = parse_period(one), parse_period(other)
    except ValueError:
        return False
    return first.start <= second.end and second.start <= first.end


def _speaking(policies: Iterable[Policy], occurring: Collection[str]) -> list[Policy]:
    by_id: dict[str, list[Policy]] = {}
    for policy in policies:
        by_id.setdefault(policy.id, []).append(policy)
    found = []
    for versions in by_id.values():
        newest = max(versions, key=lambda policy: (policy.starts_on, policy.version))
        found += [policy for policy in versions if policy.key in occurring] or [newest]
    return found


def _settle_groups(
    groups: Mapping[str, list[tuple[str, StackingGroup]]],
) -> tuple[dict[str, Group], dict[str, str]]:
    """The group of each policy, and the policies of whose groups the files say different things."""
    group_of: dict[str, Group] = {}
    unclear: dict[str, str] = {}
    for name, members in groups.items():
        written = {(group.rule, group.cap) for _, group in members}
        if len(written) > 1:
            for policy, _ in members:
                others = ", ".join(sorted({other for other, _ in members} - {policy}))
                unclear[policy] = (
                    f'the group "{name}" has another rule or cap in {others or policy}'
                )
            continue
        rule, cap = written.pop()
        group = Group(name=name, rule=rule, cap_fen=None if cap is None else int(cap * 100))
        for policy, _ in members:
            if group_of.setdefault(policy, group) != group:
                unclear[policy] = f'its versions stand in the groups "{group_of[policy].name}" and '
                unclear[policy] += f'"{name}"'
    return group_of, unclear


def _link(
    excludes: Mapping[str, Collection[str]],
    requires: Mapping[str, Collection[str]],
    groups: Mapping[str, list[tuple[str, StackingGroup]]],
) -> dict[str, int]:
    """A number for each policy that a rule speaks of; one for all that are connected."""
    root: dict[str, str] = {}

    def find(policy: str) -> str:
        root.setdefault(policy, policy)
        while root[policy] != policy:
            root[policy] = root[root[policy]]
            policy = root[policy]
        return policy

    for rules in (excludes, requires):
        for policy, others in rules.items():
            for other in others:
                root[find(other)] = find(policy)
    for members in groups.values():
        for policy, _ in members:
            root[find(policy)] = find(members[0][0])
    roots = {policy: find(policy) for policy in sorted(root)}
    numbers = {name: number for number, name in enumerate(sorted(set(roots.values())))}
    return {policy: numbers[name] for policy, name in roots.items()}


def _gives_money(policy: Policy) -> bool:
    """Whether its amount is yuan for the whole period, so that two can be added and compared."""
    units = ("yuan", f"yuan/{policy.per}")
    return policy.benefit_kind in MONEY_KINDS and policy.unit in units
