"""A budget as plain Python would keep it: a list of awards, one sum of money, one order."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(slots=True, kw_only=True)
class Kept:
    """One award and what it has."""

    subject: str
    seen_on: date
    wanted: int | None
    reserved: int = 0
    state: str = "waiting"


@dataclass(slots=True, kw_only=True)
class BudgetModel:
    """All awards of a budget by subject; `anew`: a change of its amount is not shared out yet."""

    amount: int
    order: str
    awards: dict[str, Kept] = field(default_factory=dict)
    anew: bool = False

    @property
    def left(self) -> int:
        return self.amount - sum(one.reserved for one in self.awards.values())

    def run(self, batch: dict[str, int | None], day: date) -> None:
        """Amounts change that are there already, then new awards ask in their order.

        New ones get of what was left before, and nobody of them overtakes who waited before.
        """
        left, waited = self.left, self._queue()[:1]
        first = self._place(waited[0]) if waited else None
        new = [
            Kept(subject=subject, seen_on=day, wanted=wanted)
            for subject, wanted in batch.items()
            if subject not in self.awards
        ]
        there = {s: fen for s, fen in batch.items() if s in self.awards and fen is not None}
        asked = sum(one.wanted or 0 for one in new)
        asked += sum(max(0, fen - (self.awards[s].wanted or 0)) for s, fen in there.items())
        if self.order == "ratio":
            asked += sum((one.wanted or 0) - one.reserved for one in self._living())
        enough = asked <= self.left and not (self.order != "ratio" and self._queue())
        self._adjust(there)
        if enough and any(self.awards[s].state != "returned" for s in there):
            self._serve()
        known = [one for one in new if one.wanted is not None]
        for one in sorted(known, key=self._place):
            assert one.wanted is not None
            scarce = self.order == "ratio" and not enough
            place = self._place(one)
            overtakes = any(self._place(other) < place for other in self._queue())
            overtakes |= first is not None and self.order != "ratio" and first < place
            if one.wanted == 0 or (
                not scarce and not overtakes and one.wanted <= min(left, self.left)
            ):
                one.reserved, one.state = one.wanted, "reserved"
                left -= one.wanted
            self.awards[one.subject] = one
        self.awards |= {one.subject: one for one in new}

    def _adjust(self, amounts: dict[str, int]) -> None:
        for subject, amount in amounts.items():
            one = self.awards[subject]
            if one.state == "returned" or one.wanted == amount:
                continue
            share_lowered = one.state == "reserved" and amount <= (one.wanted or 0)
            one.wanted = amount
            one.reserved = min(one.reserved, amount)
            one.state = "reserved" if one.reserved == amount or share_lowered else "waiting"

    def decline(self, subject: str) -> None:
        one = self.awards[subject]
        one.state, one.reserved = "returned", 0

    def set(self, amount: int) -> bool:
        if amount < self.amount - self.left:
            return False
        self.amount, self.anew = amount, self.order == "ratio"
        return True

    def advance(self) -> None:
        if self.order != "ratio":
            self._serve()
        elif self.anew or self._queue():
            known = [one for one in self._living() if one.wanted is not None]
            wanted = sum(one.wanted or 0 for one in known)
            for one in known:
                asks = one.wanted or 0
                one.reserved = asks if wanted <= self.amount else asks * self.amount // wanted
                one.state = "reserved"
            self.anew = False

    def _serve(self) -> None:
        for one in self._queue():
            assert one.wanted is not None
            if one.wanted - one.reserved > self.left:
                return
            one.reserved, one.state = one.wanted, "reserved"

    def _queue(self) -> list[Kept]:
        waiting = [
            one for one in self.awards.values() if one.state == "waiting" and one.wanted is not None
        ]
        return sorted(waiting, key=self._place)

    def _living(self) -> list[Kept]:
        return [one for one in self.awards.values() if one.state != "returned"]

    def _place(self, one: Kept) -> Any:
        amount = one.wanted or 0
        rank = {"highest": -amount, "lowest": amount}.get(self.order, 0)
        return (rank, one.seen_on, one.subject)
