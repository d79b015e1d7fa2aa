"""Whose verdict is open under a policy, and what for: subjects that it cannot tell apart are asked
about once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from engine.alike import alike_keys
from engine.awarding import PreparedPart, waits_for
from engine.columns import lower_at_most, lower_award
from engine.decision import decide
from engine.program import Bound
from language.column import Frame
from language.exact import TooWide
from language.frame import facts_of_row

Asked = dict[tuple[object, ...], tuple[tuple[str, ...], tuple[str, ...]]]
"""What was asked: by policy and by what sets rows apart, the missing facts, and what else leaves it
open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Open decisions and what they are about.

    `amount_fen` is what is due at most if all of them come out eligible, over those whose amount
    is known already; of `unpriced` it is not known.
    """

    decisions: int = 0
    amount_fen: int = 0
    unpriced: int = 0

    def __add__(self, other: "Held") -> "Held":
        return Held(
            decisions=self.decisions + other.decisions,
            amount_fen=self.amount_fen + other.amount_fen,
            unpriced=self.unpriced + other.unpriced,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows of a part that wait for the same under one policy: for facts, and for `reasons`."""

    rows: np.ndarray[tuple[int], np.dtype[np.uint32]]
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    held: Held

    @property
    def whole(self) -> bool:
        """Whether they wait for nothing but facts."""
        return not self.reasons


def open_awards(bound: Bound, part: PreparedPart, rows: pl.Series) -> dict[str, int]:
    """Of these rows, which are eligible, how many wait for each fact with their amount."""
    if rows.is_empty() or not bound.policy.steps:
        return {}
    amounts = _amounts(bound, part, rows, lambda known: lower_award(bound, known)[0])
    waiting = rows.filter(amounts.is_null())
    found: dict[str, int] = {}
    for names in waits_for(bound, part.frame, waiting):
        for name in filter(None, names.split(",")):
            found[name] = found.get(name, 0) + 1
    return found


def waiting_groups(
    bound: Bound, part: PreparedPart, truths: pl.DataFrame, rows: pl.Series, asked: Asked
) -> list[Group]:
    """These rows of a part, whose verdict is unknown, by what they wait for.

    `asked` keeps what was asked before, of other parts of the same columns too.
    """
    if rows.is_empty():
        return []
    amounts = _amounts(bound, part, rows, lambda known: lower_at_most(bound, known))
    keys = _keys(bound, part, truths, rows)
    grouped = keys.with_columns(rows.alias("row"), amounts.alias("amount")).group_by(
        keys.columns, maintain_order=True
    ).agg(
        pl.col("row"),
        pl.col("amount").sum().alias("sum"),
        pl.col("amount").is_null().sum().alias("unpriced"),
    )  # fmt: skip
    priced = bool(bound.policy.steps)
    found = []
    signature = (bound.policy.key, part.prepared.known.columns)
    for *values, members, amount, unpriced in grouped.iter_rows():
        mark = (signature, tuple(values))
        if mark not in asked:
            facts = facts_of_row(part.frame.row(members[0], named=True), bound.types)
            decision = decide(bound, facts)
            asked[mark] = decision.missing, decision.reasons
        missing, reasons = asked[mark]
        held = Held(
            decisions=len(members),
            amount_fen=amount if priced else 0,
            unpriced=unpriced if priced else 0,
        )
        found.append(
            Group(
                rows=np.array(members, np.uint32),
                missing=missing,
                reasons=reasons,
                held=held,
            )
        )
    return found


def _amounts(
    bound: Bound, part: PreparedPart, rows: pl.Series, lower: Callable[[Frame], pl.Expr]
) -> pl.Series:
    """Amounts in fen, null where one is not known; none is, where no column holds them."""
    nothing = pl.Series([None], dtype=pl.Int64).new_from_index(0, rows.len())
    if bound.names & part.prepared.unscalable:
        return nothing
    try:
        amount = lower(part.prepared.known)
        found = part.prepared.frame[rows].select("subject", amount=amount)
        return found["amount"].cast(pl.Int64)
    except (TooWide, pl.exceptions.PolarsError):
        return nothing


def _keys(bound: Bound, part: PreparedPart, truths: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Columns that are equal for rows alike; each row a group of its own where none hold them."""
    own = pl.DataFrame({"subject": part.frame["subject"][rows]})
    if bound.names & part.prepared.unscalable:
        return own
    try:
        whole = pl.concat([part.prepared.frame[rows], truths[rows]], how="horizontal")
        keys = whole.select("subject", *alike_keys(bound, part.prepared.known))
        return keys.drop("subject")
    except (TooWide, pl.exceptions.PolarsError):
        return own
