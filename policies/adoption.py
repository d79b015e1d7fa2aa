"""Adopting another place's policy: the same rule, tried on one's own region."""

import hashlib
from dataclasses import replace

from policies.cell import region_prefix
from policies.policy import Policy, Region


def adopt(policy: Policy, region: str) -> Policy:
    """The policy as if `region` (a GB/T 2260 code) had issued it; a national one stays as it is.

    Its content hash changes with the region, so an adopted policy is never taken for the original.
    """
    if policy.region is None or not policy.region.within or policy.level == "national":
        return policy
    place = Region(fact=policy.region.fact, within=(region_prefix(region),), excepted=())
    digest = hashlib.sha256(f"{policy.content_hash} adopted by {region}".encode())
    return replace(policy, region=place, content_hash=digest.hexdigest())
