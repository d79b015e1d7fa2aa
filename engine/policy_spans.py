"""The spans of days within which nothing of a policy changes: what its examples are counted by."""

from dataclasses import dataclass
from datetime import date, timedelta

from policies.parameter import DAYS_OF_RUN
from policies.period import period_of
from policies.policy import DatedParameter, Policy

FIRST, LAST = date(1900, 1, 1), date(2200, 12, 31)
"""Between these a day is looked for on which a period begins that changes a parameter."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PolicySpan:
    """Days of a run, both ends included; date.min and date.max are open ends."""

    start: date
    end: date

    @property
    def name(self) -> str:
        """The span for people."""
        if self.start == date.min:
            return "always" if self.end == date.max else f"to {self.end}"
        return f"from {self.start}" if self.end == date.max else f"{self.start} to {self.end}"

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.start <= day <= self.end


def spans_of(policy: Policy) -> tuple[PolicySpan, ...]:
    """The days on which a run decides the policy, cut where a dated value begins or has ended.

    A value that is chosen by a fact's day cuts nothing: it is the same on every day of a run.
    """
    first, last = policy.starts_on, policy.ends_on
    cuts = {day for parameter in policy.parameters for day in _cuts(policy, parameter)}
    starts = sorted({first, *(day for day in cuts if first < day <= last)})
    ends = [start - _DAY for start in starts[1:]] + [last]
    return tuple(PolicySpan(start=a, end=b) for a, b in zip(starts, ends, strict=True) if a <= b)


def _cuts(policy: Policy, parameter: DatedParameter) -> set[date]:
    if parameter.at is not None and parameter.at not in DAYS_OF_RUN:
        return set()
    days = {span.start for span in parameter.spans if span.start > date.min}
    ends = {span.end for span in parameter.spans if span.end is not None and span.end < date.max}
    days |= {end + _DAY for end in ends}
    if parameter.at in (None, "as_of"):
        return days
    found = (_first_run(policy, day, of_end=parameter.at == "period_end") for day in days)
    return {day for day in found if day is not None}


def _first_run(policy: Policy, day: date, *, of_end: bool) -> date | None:
    """The first day of a run whose period begins (or ends) on a day or later."""

    def reached(number: int) -> bool:
        as_of = date.fromordinal(number)
        period = period_of(
            policy.per, policy.period, as_of, policy.effective_from, policy.effective_to
        )
        return (period.end if of_end else period.start) >= day

    low, high = FIRST.toordinal(), LAST.toordinal()
    if reached(low) or not reached(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return date.fromordinal(high)
