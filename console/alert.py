"""An alert, and the limits from which on there is one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

Kind = Literal[
    "no run", "run unended", "unknowns jumped", "clause constant", "journal unsealed",
    "deliveries failed", "deliveries overdue", "policy held", "schedule failed", "schedule late",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on somebody is alerted.

    `jump` is by how much more of a policy's subjects are unknown, as a share of them, and at least
    by half of what was unknown before.
    """

    without_run: timedelta = timedelta(hours=24)
    unended: timedelta = timedelta(hours=4)
    jump: Fraction = Fraction(1, 100)
    unsealed: timedelta = timedelta(hours=1)
    overdue: timedelta = timedelta(hours=6)
    late: timedelta = timedelta(hours=1)
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to look at. `since`: from when on it is so, None where that is not known.

    `figure` is what was found and `limit` what is allowed, in the unit of the kind; `name` is a
    policy, a run or a channel, never anybody; `detail` is a clause or what it has become.
    """

    kind: Kind
    name: str
    since: datetime | None
    figure: float
    limit: float
    detail: str = ""
    before: float = 0.0
