"""Verdicts and amounts of several policies for the same subjects, in columns beside each other.

For questions about everybody at once, where rows with their reasons would cost more than the
decisions: who has it under one version and not under another, at each value of a parameter, in each
month. A subject with several items is eligible if one of them is, for the sum of them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import polars as pl

from engine.awarding import awarded_amounts, prepare_part
from engine.evaluate import evaluate_part, split_bounds
from engine.own_measures import add_own_measures, group_bounds
from engine.program import Bound
from engine.verdicts import decide_part, plan_verdicts
from engine.version_moves import Moves, Standing
from profiles.snapshot import PartFrames

Flags = npt.NDArray[np.bool_]
Amounts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What a policy gives to each subject of a part, in the part's order.

    `amount_fen` is 0 where nothing is given and where the amount is open, which `is_open` tells.
    """

    eligible: Flags
    unknown: Flags
    amount_fen: Amounts
    is_open: Flags


def decide_side_by_side(
    bounds: Mapping[str, Bound], frames: PartFrames, kind: str
) -> dict[str, Side]:
    """Each policy over a part, by its name; a test that several share is worked out once."""
    found: dict[str, Side] = {}
    names = {id(bound): name for name, bound in bounds.items()}
    whole, apart = split_bounds(list(bounds.values()))
    for group in group_bounds(whole):
        facts = add_own_measures(group, frames.facts, frames.rows, frames.doubtful)
        part = prepare_part(group, facts, kind)
        verdicts = decide_part(plan_verdicts(group), part.prepared, part.types)
        for number, bound in enumerate(group):
            awarded = None
            if number in verdicts:
                awarded = awarded_amounts(bound, part, verdicts[number])
            if awarded is None:
                apart.append(bound)
                continue
            places = np.asarray(verdicts[number].rows, dtype=np.int64)
            found[names[id(bound)]] = _side(frames.facts.height, places, awarded)
    for bound in apart:
        found[names[id(bound)]] = _by_rows(bound, frames, kind)
    return found


def _side(height: int, places: npt.NDArray[np.int64], awarded: pl.DataFrame) -> Side:
    """The columns of a part of so many rows from those at some places."""
    gives = awarded["eligible"].to_numpy().astype(np.bool_)
    eligible, unknown, is_open = (np.zeros(height, np.bool_) for _ in range(3))
    amounts = np.zeros(height, np.int64)
    eligible[places] = gives
    unknown[places] = ~gives
    amounts[places] = awarded["amount_fen"].fill_null(0).to_numpy()
    is_open[places] = gives & awarded["amount_fen"].is_null().to_numpy()
    return Side(eligible=eligible, unknown=unknown, amount_fen=amounts, is_open=is_open)


def _by_rows(bound: Bound, frames: PartFrames, kind: str) -> Side:
    """The same from an outcome: of a policy that decides rows, or that no column holds."""
    rows, _ = evaluate_part([bound], frames.facts, kind, rows=frames.rows, doubtful=frames.doubtful)
    gives = pl.col("verdict") == "eligible"
    subjects = (
        rows.group_by("subject")
        .agg(
            gives.any().alias("eligible"),
            pl.col("amount_fen").filter(gives).null_count().alias("open"),
            pl.col("amount_fen").filter(gives).sum().alias("sum"),
        )
        .join(frames.facts.select("subject").with_row_index("place"), on="subject", how="left")
        .select(
            "place",
            "eligible",
            pl.when(pl.col("open") == 0).then("sum").alias("amount_fen"),
        )
    )
    return _side(frames.facts.height, subjects["place"].to_numpy().astype(np.int64), subjects)


def standing_of(side: Side) -> Standing:
    """What a policy gives to a part's subjects."""
    return Standing(
        subjects=len(side.eligible),
        eligible=int(side.eligible.sum()),
        unknown=int(side.unknown.sum()),
        amount_fen=int(side.amount_fen.sum()),
        open_amounts=int(side.is_open.sum()),
    )


def nobody(height: int) -> Side:
    """The side of a policy that there is not."""
    none = np.zeros(height, np.bool_)
    return Side(eligible=none, unknown=none, amount_fen=np.zeros(height, np.int64), is_open=none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Of each subject what becomes of it between two sides, and how much more it is paid."""

    gained: Flags
    lost: Flags
    unsettled: Flags
    changed: Flags
    difference_fen: Amounts


def turn_between(before: Side, after: Side) -> Turn:
    """What becomes of everybody; whose verdict becomes unknown has not lost it."""
    stays = before.eligible & after.eligible
    differs = (before.amount_fen != after.amount_fen) | (before.is_open != after.is_open)
    gained = after.eligible & ~before.eligible
    gone = before.eligible & ~after.eligible
    changed = stays & differs
    return Turn(
        gained=gained,
        lost=gone & ~after.unknown,
        unsettled=gone & after.unknown,
        changed=changed,
        difference_fen=after.amount_fen - before.amount_fen,
    )


def moves_of(turn: Turn, before: Side, after: Side) -> Moves:
    """The turns counted, with their money."""
    known = turn.changed & ~before.is_open & ~after.is_open
    more = after.amount_fen > before.amount_fen
    gone = turn.lost | turn.unsettled
    return Moves(
        gained=int(turn.gained.sum()),
        lost=int(turn.lost.sum()),
        unsettled=int(turn.unsettled.sum()),
        raised=int((known & more).sum()),
        lowered=int((known & ~more).sum()),
        reopened=int((turn.changed & ~known).sum()),
        gained_fen=int(turn.difference_fen[turn.gained].sum()),
        lost_fen=-int(turn.difference_fen[gone].sum()),
        changed_fen=int(turn.difference_fen[turn.changed].sum()),
    )


def add_standings(parts: Sequence[Standing]) -> Standing:
    """What is given in several parts together."""
    names = [field.name for field in fields(Standing)]
    return Standing(**{name: sum(getattr(part, name) for part in parts) for name in names})


def add_moves(parts: Sequence[Moves]) -> Moves:
    """What moves in several parts together."""
    names = [field.name for field in fields(Moves)]
    return Moves(**{name: sum(getattr(part, name) for part in parts) for name in names})
