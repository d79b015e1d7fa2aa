"""Policies that decide rows, on rows given by hand: the reference tells about each of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.amount import show_yuan, to_fen
from engine.decision import Decision, decide
from engine.evaluate_rows import rows_by_subject
from engine.program import Bound
from engine.row_frames import as_column, row_frame_by_hand
from engine.rows import MISSING_ROWS, RowsGiven
from language.frame import facts_of_row
from policies.policy import Policy
from profiles.hand_frame import HandFrame
from profiles.row_set import RowColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """One row's verdict: `position` counts the rows as they were given, from 1."""

    position: int
    verdict: str
    amount_fen: int | None
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The row as `zhida evaluate` writes it."""
        return {
            "row": self.position,
            "verdict": self.verdict,
            "amount": show_yuan(self.amount_fen),
            "failed": list(self.failed),
            "unknown": list(self.unknown),
            "missing": list(self.missing),
        }


def row_results(decision: Decision) -> tuple[RowResult, ...]:
    """What a decision says of each row."""
    return tuple(
        RowResult(
            position=row.position,
            verdict=row.verdict,
            amount_fen=to_fen(row.amount) if row.verdict == "eligible" else None,
            failed=row.failed,
            unknown=row.unknown,
            missing=row.missing,
        )
        for row in decision.rows
    )


def row_facts_beside(policy: Policy, policies: Iterable[Policy]) -> dict[str, dict[str, RowColumn]]:
    """The facts that rows may give, by row set: the policy's own, and those of policies beside."""
    found: dict[str, dict[str, RowColumn]] = {}
    for other in (*policies, policy):
        if other.each is not None:
            known = found.setdefault(other.each.row_set.name, {})
            known |= {fact.name: as_column(fact) for fact in other.each.facts}
    return found


def rows_given_by_hand(bound: Bound, hand: HandFrame) -> list[RowsGiven]:
    """The rows of each subject, in their order; missing ones where the policy decides none."""
    subjects = hand.frame["subject"]
    if bound.policy.each is None:
        return [MISSING_ROWS] * len(subjects)
    rows = rows_by_subject(bound, subjects, row_frame_by_hand(bound, hand))
    return [rows.get(subject, MISSING_ROWS) for subject in subjects]


def decide_by_hand(bound: Bound, hand: HandFrame) -> Iterator[Decision]:
    """The decision for each subject, in their order."""
    given = rows_given_by_hand(bound, hand)
    for row, rows in zip(hand.frame.iter_rows(named=True), given, strict=True):
        yield decide(bound, facts_of_row(row, bound.types), by_hand=True, rows=rows)
