"""What those who are eligible get: the amounts of many policies over one part.

A city has hundreds of policies with a few thousand people each, so what counts is how often columns
are asked, not how many rows they have. Policies whose awards rest on the same facts are asked
together, once for each combination of values that occurs; those that rest on nobody's facts once.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import polars as pl

from engine.columns import lower_award
from engine.decision import decide
from engine.evaluate_rows import UNDECIDED_DELIVERY, used_columns
from engine.part_outcome import (
    NOTHING,
    OPEN,
    Amounts,
    PolicyOutcome,
    Texts,
    alike_or_each,
    texts_of,
)
from engine.program import Bound
from engine.verdicts import Verdicts
from language.bits import Bits, Rows
from language.column import NOT_APPLICABLE
from language.exact import TooWide
from language.frame import Prepared, facts_of_row, flag_columns, prepare
from language.reach import reachable_facts
from language.shelf import AS_IT_STANDS, Shelf
from language.types import FactType


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPart:
    """A part as it was read, and with its numbers made whole."""

    kind: str
    frame: pl.DataFrame
    prepared: Prepared
    types: Mapping[str, FactType]


def prepare_part(bounds: Sequence[Bound], frame: pl.DataFrame, kind: str) -> PreparedPart:
    """The part made ready for these policies."""
    types: dict[str, FactType] = {}
    for bound in bounds:
        types |= bound.types
    return PreparedPart(kind=kind, frame=frame, prepared=prepare(frame, types, types), types=types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What some subjects get, in fen (`OPEN` where open), and how it reaches them; with `alike` all
    get the same, which is told once."""

    amounts: Amounts
    delivery: Texts
    alike: bool = False


def find_awards(
    bounds: Sequence[Bound], part: PreparedPart, eligible: Mapping[int, Rows]
) -> dict[int, Award]:
    """What the rows of the part get that are eligible, by the policy's number.

    A policy whose amounts no column holds is left out: the reference decides it.
    """
    alike: dict[tuple[str, ...], list[int]] = {}
    for number in eligible:
        if not bounds[number].names & part.prepared.unscalable:
            names = _columns_of(part.frame, award_names(bounds[number]))
            alike.setdefault(tuple(sorted(set(names) - {"subject"})), []).append(number)
    found: dict[int, Award] = {}
    for columns, numbers in alike.items():
        chosen = {number: bounds[number] for number in numbers}
        found |= _find_together(chosen, part, eligible, columns)
    return found


def _find_together(
    bounds: Mapping[int, Bound],
    part: PreparedPart,
    eligible: Mapping[int, Rows],
    columns: Sequence[str],
) -> dict[int, Award]:
    """As `find_awards`, of policies whose awards rest on the same columns."""
    shelf, lowered = Shelf(), {}
    for number, bound in bounds.items():
        with suppress(TooWide):
            lowered[number] = lower_award(bound, part.prepared.known, shelf)
    if not lowered:
        return {}
    everybody = _gather_rows([eligible[number] for number in lowered], part.frame.height)
    given = part.prepared.frame.select("subject", *columns)[everybody]
    # what rests on nobody's facts is asked once
    distinct = given.select(columns).unique(maintain_order=True) if columns else given[:1]
    try:
        told = _ask(lowered, shelf.fill(distinct))
    except pl.exceptions.PolarsError:
        if len(bounds) == 1:
            return {}
        # one of them does not fit: each by itself
        alone = [_find_together({n: b}, part, eligible, columns) for n, b in bounds.items()]
        return {number: award for one in alone for number, award in one.items()}
    places = _places_in(distinct, given.select(columns)) if columns else None
    found = {}
    for number, (amounts, delivery) in told.items():
        rows = eligible[number]
        if places is None:
            chosen = np.zeros(min(len(rows), 1), np.uint32)
        else:
            chosen = places[np.searchsorted(everybody, rows)]
        ways = bounds[number].policy.delivery
        found[number] = Award(
            amounts=amounts.to_numpy()[chosen],
            delivery=(
                Texts(words=(ways[0].by,))
                if len(ways) == 1 and len(rows)
                else texts_of(delivery.gather(pl.Series(chosen)))
            ),
            alike=places is None,
        )
    return found


def _gather_rows(rows: Sequence[Rows], height: int) -> Rows:
    """The rows that stand in one of several lists, in their order."""
    inside = np.zeros(height, np.bool_)
    for some in rows:
        inside[some] = True
    return np.flatnonzero(inside).astype(np.uint32)


def _ask(
    lowered: Mapping[int, tuple[pl.Expr, pl.Expr]], frame: pl.DataFrame
) -> dict[int, tuple[pl.Series, pl.Series]]:
    """Amount and delivery of each policy, for each row of a frame."""
    asked = {}
    for number, (amount, delivery) in lowered.items():
        asked[f"::amount{number}"] = amount.cast(pl.Int64).fill_null(OPEN)
        asked[f"::delivery{number}"] = delivery.fill_null(UNDECIDED_DELIVERY)
    told = frame.lazy().with_columns(**asked).collect(optimizations=AS_IT_STANDS)
    return {number: (told[f"::amount{number}"], told[f"::delivery{number}"]) for number in lowered}


def _places_in(distinct: pl.DataFrame, given: pl.DataFrame) -> Rows:
    """Where each row of a frame stands among its distinct rows."""
    if distinct.height == given.height:
        return np.arange(given.height, dtype=np.uint32)
    numbered = distinct.with_row_index("::place")
    joined = given.join(
        numbered, on=given.columns, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["::place"].cast(pl.UInt32).to_numpy()


def award_bits(
    bound: Bound, part: PreparedPart, found: Bits, rows: Rows, award: Award
) -> PolicyOutcome:
    """The outcome of one policy; `rows` are those that are eligible, and `award` what they get."""
    asked = rows[:1] if award.alike else rows
    is_open = award.amounts == OPEN
    missing = NOTHING
    if is_open.any():
        none = pl.Series([""]).new_from_index(0, len(asked))
        waiting = waits_for(bound, part.frame, pl.Series(asked[is_open]))
        missing = texts_of(none.scatter(np.flatnonzero(is_open), waiting))
    return PolicyOutcome(
        policy=bound.policy.id,
        version=bound.policy.version,
        period=bound.period.name,
        eligible=found.true,
        unknown=found.possible & ~found.true,
        amounts=alike_or_each(award.amounts),
        delivery=award.delivery,
        missing=missing,
    )


def awarded_amounts(bound: Bound, part: PreparedPart, found: Verdicts) -> pl.DataFrame | None:
    """The amounts of those whom a verdict concerns: subject, eligible, amount_fen, delivery.

    None where no column holds the amounts, or the policy's conditions grow beyond measure.
    """
    if bound.names & part.prepared.unscalable:
        return None
    try:
        amount, delivery = lower_award(bound, part.prepared.known)
        wanted = _columns_of(part.frame, award_names(bound))
        concerned = part.prepared.frame.select(wanted)[found.rows]
        return (
            concerned.lazy()
            .select(
                "subject",
                eligible=pl.lit(pl.Series(found.eligible)),
                amount_fen=pl.when(pl.lit(pl.Series(found.eligible))).then(amount).cast(pl.Int64),
                delivery=delivery.fill_null(UNDECIDED_DELIVERY),
            )
            .collect()
        )
    except (TooWide, pl.exceptions.PolarsError):
        return None


def award_names(bound: Bound) -> frozenset[str]:
    """The names that amounts and delivery reach."""
    tests = [case.when for case in bound.policy.delivery if case.when is not None]
    return bound.amount_names | reachable_facts(tests, bound.scope)


def waits_for(bound: Bound, frame: pl.DataFrame, rows: pl.Series) -> pl.Series:
    """Of these rows of the part the facts that an open amount waits for, with commas between.

    Asked of the reference, which knows which of the missing facts matter, once for all rows that
    miss the same facts and have the same values where those decide which facts count.
    """
    if rows.is_empty():
        return pl.Series("missing", [], dtype=pl.String)
    used = frame.select(_columns_of(frame, bound.amount_names))[rows]
    known = set(used.columns)
    flags = [pl.col(name).is_null() for name in sorted(bound.amount_names) if name in known]
    companions = [pl.col(name) for name in used.columns if name.endswith(NOT_APPLICABLE)]
    values = [pl.col(name) for name in sorted(bound.deciding_names) if name in known]
    alike = used.with_row_index("::place")
    if not (flags or values):
        groups = alike.select(pl.col("::place").implode())
    else:
        # a column of its own name each, as a fact may stand in several of these
        keys = [e.alias(f"::key{n}") for n, e in enumerate([*flags, *companions, *values])]
        groups = alike.group_by(keys, maintain_order=True).agg("::place")
    whole = frame.select(used_columns(frame, bound))
    words, places = [], []
    for members in groups["::place"]:
        facts = facts_of_row(whole.row(rows[members[0]], named=True), bound.types)
        words.append(",".join(decide(bound, facts).missing))
        places.append(members)
    told = pl.concat(
        pl.select(place=members, missing=pl.lit(text))
        for members, text in zip(places, words, strict=True)
    )
    return told.sort("place")["missing"]


def _columns_of(frame: pl.DataFrame, names: frozenset[str]) -> list[str]:
    """The subject's column and those that these facts are in."""
    wanted = {"subject", *names, *flag_columns(names)}
    return [name for name in frame.columns if name in wanted]
