"""A version as if it were in force on a day, so that two can be tried on the same facts."""

import hashlib
from dataclasses import replace
from datetime import date

from policies.parameter import ALWAYS, span_on
from policies.policy import DatedParameter, Policy


def as_if_in_force(policy: Policy, day: date) -> tuple[Policy, date]:
    """The version with its time opened, and the day whose values it has.

    That is `day` where the version is in force, else the day nearest to it on which it is. Where a
    day of the subject's own decides, that goes on to decide.
    """
    valued = min(max(day, policy.starts_on), policy.ends_on)
    digest = hashlib.sha256(f"{policy.content_hash} as if in force on {day}".encode())
    opened = replace(
        policy,
        window_from=None,
        window_to=None,
        parameters=tuple(_hold(parameter, valued) for parameter in policy.parameters),
        content_hash=digest.hexdigest(),
    )
    if policy.effective_at is None:
        opened = replace(opened, effective_from=min(policy.effective_from, day), effective_to=None)
    return opened, valued


def _hold(parameter: DatedParameter, day: date) -> DatedParameter:
    """The parameter with its value of a day at all times; as it is where a fact's day chooses."""
    if parameter.at not in (None, "as_of"):
        return parameter
    span = span_on(parameter, day)
    if span is None:
        return parameter
    return replace(parameter, at=None, spans=(replace(span, start=ALWAYS, end=None),))
