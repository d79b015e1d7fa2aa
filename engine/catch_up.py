"""What becomes of fire times: run, left out because they were missed, or because one still runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

CatchUp = Literal["latest", "all", "none"]
Overlap = Literal["skip", "queue"]
Reason = Literal["", "missed", "overlap"]
CATCH_UPS: tuple[CatchUp, ...] = ("latest", "all", "none")
OVERLAPS: tuple[Overlap, ...] = ("skip", "queue")
ON_TIME = timedelta(minutes=5)
"""A fire time that nobody saw for longer was missed: no worker was at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A fire time and why it is not run; it is, where `reason` is empty."""

    fire_at: datetime
    reason: Reason


def plan_instances(
    due: Sequence[datetime],
    *,
    now: datetime,
    catch_up: CatchUp,
    overlap: Overlap,
    unfinished: bool,
    more: bool = False,
) -> list[Planned]:
    """What becomes of the fire times that have come since the last look, given in order.

    After a time without workers `all` runs each of them, `latest` the last one, `none` the last
    one if it is on time. `unfinished` says that an instance of before is waiting or running: with
    `skip` a fire time that is on time is then left out. One that was missed is not, for nothing
    tells what of it has outlasted what. `more` says that later fire times are due too.
    """
    planned = []
    for number, fire_at in enumerate(due, start=1):
        late = now - fire_at > ON_TIME
        newest = number == len(due) and not more
        wanted = catch_up == "all" or (newest and (catch_up == "latest" or not late))
        reason: Reason = ""
        if not wanted:
            reason = "missed"
        elif overlap == "skip" and unfinished and not late:
            reason = "overlap"
        planned.append(Planned(fire_at=fire_at, reason=reason))
    return planned
