"""Which policies are due for review, and why: what ends, what is old, what is promised late."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from policies.dating import span_of
from policies.policy import BasisLine, Policy
from policies.running_out import find_end

ReviewReason = Literal[
    "ends", "ended", "cancelled", "value ends", "old basis", "undated basis",
    "promise missing", "promise late", "promise unclear",
]  # fmt: skip
OLD_YEARS = 5
_YEAR = re.compile(r"〔(\d{4})〕|\[(\d{4})\]|（(\d{4})）|(\d{4})年", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One reason to look at a policy; `day` is the one it is about, `about` what of the policy."""

    policy: Policy
    reason: ReviewReason
    day: date | None = None
    about: str = ""


def find_due(policies: Iterable[Policy], day: date, within: timedelta) -> list[Due]:
    """All reasons on a day, policy by policy."""
    known = list(policies)
    found: list[Due] = []
    for policy in known:
        later = any(
            other.id == policy.id and span_of(other)[0] > span_of(policy)[0] for other in known
        )
        if not later:
            found += _ends(policy, day, within)
        if policy.ends_on >= day:
            found += _values(policy, day, within)
            found += _basis(policy, day)
            found += _promise(policy)
    return found


def _ends(policy: Policy, day: date, within: timedelta) -> Iterator[Due]:
    ends = {
        "effective.to": policy.effective_to,
        "window.to": policy.window_to,
    }
    for about, end in ends.items():
        if end is not None and end < day:
            yield Due(policy=policy, reason="ended", day=end, about=about)
        elif end is not None and end <= day + within:
            yield Due(policy=policy, reason="ends", day=end, about=about)
    cancelled = policy.terms.service.get("plan_cancel_date")
    if isinstance(cancelled, date) and cancelled < day:
        yield Due(policy=policy, reason="cancelled", day=cancelled, about="plan_cancel_date")


def _values(policy: Policy, day: date, within: timedelta) -> Iterator[Due]:
    for parameter in policy.parameters:
        if parameter.at in (None, "as_of"):
            end = find_end(parameter, day, min(day + within, policy.ends_on))
            if end is not None:
                yield Due(policy=policy, reason="value ends", day=end, about=parameter.name)


def _basis(policy: Policy, day: date) -> Iterator[Due]:
    for line in policy.basis:
        issued = issued_on(line)
        about = line.number or line.document
        if issued is None:
            yield Due(policy=policy, reason="undated basis", about=about)
        elif _years_later(issued, OLD_YEARS) < day:
            yield Due(policy=policy, reason="old basis", day=issued, about=about)


def issued_on(line: BasisLine) -> date | None:
    """The day on which a document was issued at the latest; None where nothing says it.

    Of a month or a year, such as that in its number, that is the last day.
    """
    try:
        return date.fromisoformat(line.issued)
    except ValueError:
        pass
    if month := re.fullmatch(r"(\d{4})-(\d{2})", line.issued, re.ASCII):
        year, number = int(month[1]), int(month[2])
        if 1 <= number <= 12:
            first = date(year + number // 12, number % 12 + 1, 1)
            return first - timedelta(days=1)
    if re.fullmatch(r"[12]\d{3}", line.issued, re.ASCII):
        return date(int(line.issued), 12, 31)
    found = _YEAR.search(line.number)
    year_text = next((group for group in found.groups() if group), "") if found else ""
    return date(int(year_text), 12, 31) if "1900" <= year_text <= "2199" else None


def _years_later(day: date, years: int) -> date:
    last = day.month == 2 and day.day == 29
    return day.replace(year=day.year + years, day=28 if last else day.day)


def _promise(policy: Policy) -> Iterator[Due]:
    service = policy.terms.service
    promised, statutory = service.get("promise_day"), service.get("anticipate_day")
    if policy.terms.lead:
        return
    if not isinstance(promised, int):
        yield Due(policy=policy, reason="promise missing", about="promise_day")
        return
    if not isinstance(statutory, int):
        return
    units = (service.get("promise_type"), service.get("anticipate_type"))
    about = " > ".join(
        f"{days}{unit or ''}" for days, unit in zip((promised, statutory), units, strict=True)
    )
    if units[0] != units[1]:
        about = about.replace(" > ", " ? ")
        yield Due(policy=policy, reason="promise unclear", about=about)
    elif promised > statutory:
        yield Due(policy=policy, reason="promise late", about=about)
