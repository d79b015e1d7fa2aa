"""The terms of a policy: what it says beside verdict and amount, as it was understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from policies.terms_file import Answer, BudgetOrder, BudgetPeriod, GroupRule, Late, Silence

SUBJECT = "subject"
"""The one whom the facts are about: told and paid unless a policy names another."""

Unit = Literal["day", "working day", "month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackingGroup:
    """Policies under one rule; `cap` in yuan, for `sum-capped` only."""

    name: str
    rule: GroupRule
    cap: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacking:
    """Ids of the policies that must not, and of those that must, be drawn beside this one."""

    excludes: tuple[str, ...]
    requires: tuple[str, ...]
    group: StackingGroup | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What there is in a period, in yuan, and who comes first where it is too little."""

    amount: Fraction
    period: BudgetPeriod
    order: BudgetOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """A length of time, `30 working days`."""

    count: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """So long after an event (of the step before, where `after` is empty)."""

    length: Length
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDay:
    """A day of every month."""

    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Fixed days, both included; without `start` only the last counts."""

    start: date | None
    end: date


Deadline = Within | OnDay | Between


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicNotice:
    """How long a list is shown to the public, and what of each award it shows."""

    length: Length
    show: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a delivery case asks: how long ahead, how long an answer holds, what silence means."""

    ahead: Length | None = None
    answer: Answer | None = None
    late: Late | None = None
    silence: Silence | None = None


UNASKED = Asking()

Element = str | int | bool | date | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All of it. `recipient` is told and answers, `payee` is paid, `through` settles it.

    `lead`: it is a check, from which nothing follows but that a person looks.
    """

    stacking: Stacking | None = None
    budget: Budget | None = None
    back_pay: Length | None = None
    recipient: str = SUBJECT
    payee: str = SUBJECT
    through: str = ""
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    public_notice: PublicNotice | None = None
    service: Mapping[str, Element] = field(default_factory=dict)
    lead: bool = False


def reasons_to_hold(terms: Terms) -> tuple[str, ...]:
    """Why a run must not open awards yet: to pass over these keys could misspend money."""
    reasons = []
    if terms.lead:
        reasons.append("it is a check: each match is a lead for a person, and gives nothing")
    if terms.recipient != SUBJECT:
        reasons.append(f"nobody but the subject is told yet, not its {terms.recipient}")
    if terms.payee not in (SUBJECT, terms.recipient):
        reasons.append(f"nobody but the subject is paid yet, not {terms.payee}")
    return tuple(reasons)
