"""Versions of one policy in time: which follows which, where none is in force, what looks back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Literal

from language.errors import Problem
from policies.change import Change
from policies.period import period_of
from policies.policy import Policy

_DAY = timedelta(days=1)
Relation = Literal["follows", "gap", "overlap", "before", "same"]
"""How the newer version stands to the older: right after it, after days without any, on some of
its days too, before it. `same` is one version in two states of its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """How a newer version stands to an older one; `first` and `last` are the days that it is about.

    Of a gap the days without a version, of an overlap those with two, else those of the newer one.
    """

    relation: Relation
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Retroaction:
    """What a newer version says of days that had passed on `day`.

    `first` and `last` are the days of runs among them (`first` after `last`: none), `periods` what
    such runs decided. `causes` names what looks back: effective, window, the parameters whose past
    values are others, or rule: all else of a version that is in force already.
    """

    day: date
    first: date
    last: date
    periods: tuple[str, ...]
    causes: tuple[str, ...]


def span_of(policy: Policy) -> tuple[date, date]:
    """The days of a version: of the run, or of the subjects' own day where one decides."""
    if policy.effective_at is None:
        return policy.starts_on, policy.ends_on
    return policy.effective_from, policy.effective_to or date.max


def succeed(old: Policy, new: Policy) -> Succession:
    """How the newer version stands to the older."""
    (old_first, old_last), (first, last) = span_of(old), span_of(new)
    if old.version == new.version:
        return Succession(relation="same", first=first, last=last)
    if first <= old_last and old_first <= last:
        return Succession(relation="overlap", first=max(first, old_first), last=min(last, old_last))
    if last < old_first:
        return Succession(relation="before", first=first, last=last)
    if first == old_last + _DAY:
        return Succession(relation="follows", first=first, last=last)
    return Succession(relation="gap", first=old_last + _DAY, last=first - _DAY)


def find_gaps(policies: Iterable[Policy]) -> list[Problem]:
    """Days between two versions of one policy on which none is in force."""
    ordered = sorted(policies, key=lambda policy: (policy.id, *span_of(policy)))
    problems = []
    for policy_id, versions in groupby(ordered, key=lambda policy: policy.id):
        for older, newer in pairwise(versions):
            found = succeed(older, newer)
            if found.relation == "gap" and older.effective_at == newer.effective_at:
                days = (
                    f"on {found.first}"
                    if found.first == found.last
                    else f"from {found.first} to {found.last}"
                )
                problems.append(
                    Problem(
                        file=newer.file,
                        line=0,
                        column=0,
                        message=f'no version of "{policy_id}" is in force {days}: '
                        f"{older.version} has ended and {newer.version} has not begun",
                        remedy="begin the newer one the day after the older ends, "
                        "unless nothing is meant to be paid then",
                        code="version-gap",
                    )
                )
    return problems


def look_back(old: Policy, new: Policy, changes: Iterable[Change], day: date) -> Retroaction | None:
    """What the newer version decides otherwise of days before `day`; None where it looks ahead."""
    deciding = [change for change in changes if change.decides and change.section != "version"]
    if not deciding:
        return None
    passed = [(first, min(last, day - _DAY)) for first, last in _touched(old, new, deciding)]
    passed = [(first, last) for first, last in passed if first <= last]
    causes = tuple(_causes(old, new, deciding, day, touched=bool(passed)))
    if not causes:
        return None
    first = min((first for first, _ in passed), default=day)
    last = max((last for _, last in passed), default=day - _DAY)
    periods: dict[str, None] = {}
    for start, end in passed:
        if start.year > 1:
            periods |= dict.fromkeys(_periods(new, start, end))
    return Retroaction(day=day, first=first, last=last, periods=tuple(periods), causes=causes)


def _touched(old: Policy, new: Policy, changes: list[Change]) -> list[tuple[date, date]]:
    """Days on which the newer version says something else than what held before, from and to.

    Another version takes the days that are its own. Of one version in two states these are the
    days on which one of them alone is in force, and those on which both are and differ.
    """
    (old_first, old_last), (first, last) = span_of(old), span_of(new)
    rules = [change for change in changes if change.section not in ("effective", "window")]
    begun = [_begins(change, new) for change in rules]
    from_day = first
    if rules and all(start is not None for start in begun):
        # nothing but values from a day on changed: before the earliest all is as it was
        from_day = max(first, min(start for start in begun if start is not None))
    if old.version != new.version:
        return [(from_day, last)]
    found = [(from_day, last)] if rules else []
    if old_first != first:
        found.append((min(old_first, first), max(old_first, first) - _DAY))
    if old_last != last:
        found.append((min(old_last, last) + _DAY, max(old_last, last)))
    return found


def _causes(
    old: Policy, new: Policy, changes: list[Change], day: date, *, touched: bool
) -> Iterator[str]:
    """What looks back; a value that another day than the run's chooses does whenever it begins."""
    sections = {change.section for change in changes}
    if touched:
        yield from (name for name in ("effective", "window") if name in sections)
    past: dict[str, None] = {}
    for change in changes:
        if change.section == "parameters":
            start = _written_day(change)
            chosen = next((p.at for p in new.parameters if p.name == change.name), None)
            of_run = chosen in (None, "as_of")
            if start is None and of_run and old.version != new.version:
                continue  # it came with the version, whose first day says it
            if (start is None or start < day) and (touched or not of_run):
                past.setdefault(change.name)
    yield from (f"parameters {name}" for name in past)
    if touched and old.version == new.version and sections - {"effective", "window", "parameters"}:
        yield "rule"


def _begins(change: Change, policy: Policy) -> date | None:
    """The first day of a run on which a changed value of a parameter counts; None of all else."""
    chosen = [p.at for p in policy.parameters if p.name == change.name]
    if change.section != "parameters" or chosen not in ([None], ["as_of"]):
        return None
    return _written_day(change)


def _written_day(change: Change) -> date | None:
    for word in change.detail.split():
        try:
            return date.fromisoformat(word)
        except ValueError:
            continue
    return None


def _periods(policy: Policy, first: date, last: date) -> Iterator[str]:
    """The names of the periods that runs on these days decide, in order, each once."""
    named: dict[str, None] = {}
    day = first
    while day <= last:
        period = period_of(
            policy.per, policy.period, day, policy.effective_from, policy.effective_to
        )
        named.setdefault(period.name)
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    yield from named
