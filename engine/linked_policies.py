"""Policies that are decided together: by their stacking rules, or by what both of them claim."""

from collections.abc import Iterable

from policies.policy import Policy


def link_policies(policies: Iterable[Policy]) -> list[tuple[str, ...]]:
    """The ids of policies that hang together, each group sorted, in order; lone ones are left out.

    Linked are who excludes or requires whom, the members of one stacking group, and those that
    claim within one group. What is linked with a third is linked with each other.
    """
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    known = set()
    for policy in policies:
        known.add(policy.id)
        for other in _ties(policy):
            root[find(policy.id)] = find(other)
    groups: dict[str, list[str]] = {}
    for name in sorted(known):
        groups.setdefault(find(name), []).append(name)
    return sorted(tuple(group) for group in groups.values() if len(group) > 1)


def _ties(policy: Policy) -> list[str]:
    """What a policy is tied to: policies by id, groups by a name that no policy has."""
    ties = []
    if policy.terms.stacking is not None:
        stacking = policy.terms.stacking
        ties += [*stacking.excludes, *stacking.requires]
        if stacking.group is not None:
            ties.append(f"group: {stacking.group.name}")
    if policy.each is not None and policy.each.claim is not None:
        ties.append(f"claim: {policy.each.claim.group}")
    return ties
