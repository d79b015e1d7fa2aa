"""Parts of two outcomes brought to the same subjects, so that their bits can be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from engine.part_outcome import (
    ROWS_SCHEMA,
    Key,
    PartOutcome,
    PolicyOutcome,
    Texts,
    alike_or_each,
    pack_rows,
    rows_of,
    texts_of,
)
from language.bits import Words, pack

Places = npt.NDArray[np.int64]


def same_subjects(one: PartOutcome, other: PartOutcome) -> tuple[PartOutcome, PartOutcome]:
    """Both over the subjects of either; as they are where these are the same already."""
    if one.subjects.equals(other.subjects):
        return one, other
    together = pl.concat([one.subjects, other.subjects]).unique().sort()
    return lay_out(one, together), lay_out(other, together)


def lay_out(part: PartOutcome, subjects: pl.Series) -> PartOutcome:
    """The part over other subjects, which are sorted: who is not among them is left out, who is
    among them and not in the part has no benefit."""
    if subjects.is_empty():
        return move(part, subjects, np.full(part.height, -1))
    places = subjects.search_sorted(part.subjects).to_numpy().astype(np.int64)
    inside = places < len(subjects)
    found = subjects.gather(pl.Series(np.where(inside, places, 0)))
    places = np.where(inside & (found == part.subjects).to_numpy(), places, -1)
    return move(part, subjects, places)


def move(part: PartOutcome, subjects: pl.Series, places: Places) -> PartOutcome:
    """The part over other subjects; `places` are those of its subjects there, in the same order
    among each other, -1 where one is left out."""
    rows = part.rows.with_columns(pl.Series("place", places[part.rows["place"].to_numpy()])).filter(
        pl.col("place") >= 0
    )
    return replace(
        part,
        subjects=subjects,
        policies=tuple(_move(outcome, places, len(subjects)) for outcome in part.policies),
        rows=rows.with_columns(pl.col("place").cast(pl.UInt32)),
    )


def _move(outcome: PolicyOutcome, places: Places, height: int) -> PolicyOutcome:
    eligible = places[rows_of(outcome.eligible)]
    unknown = places[rows_of(outcome.unknown)]
    stays = eligible >= 0
    return replace(
        outcome,
        eligible=pack_rows(eligible[stays], height),
        unknown=pack_rows(unknown[unknown >= 0], height),
        amounts=outcome.amounts if isinstance(outcome.amounts, int) else outcome.amounts[stays],
        delivery=_choose(outcome.delivery, stays),
        missing=_choose(outcome.missing, stays),
    )


def _choose(texts: Texts, chosen: npt.NDArray[np.bool_]) -> Texts:
    return texts if texts.codes is None else replace(texts, codes=texts.codes[chosen])


def leave_out(part: PartOutcome, subjects: pl.Series, kept: Mapping[Key, str]) -> PartOutcome:
    """The part without the rows of some subjects, and with the policies in `kept` alone, each for
    the period that stands there."""
    gone = part.subjects.is_in(subjects.implode()).to_numpy()
    stays = pack(~gone)
    named = pl.DataFrame(
        [(*key, period) for key, period in kept.items()],
        schema={**dict.fromkeys(["policy", "version", "period", "::now"], pl.String)},
        orient="row",
    )
    rows = part.rows.filter(~pl.Series(gone[part.rows["place"].to_numpy()]))
    rows = rows.join(named, on=["policy", "version", "period"], maintain_order="left")
    return replace(
        part,
        policies=tuple(
            _leave(replace(outcome, period=kept[outcome.key]), outcome.eligible, stays, gone)
            for outcome in part.policies
            if outcome.key in kept
        ),
        rows=rows.with_columns(period="::now").select(*ROWS_SCHEMA),
    )


def _leave(
    outcome: PolicyOutcome, eligible: Words, stays: Words, gone: npt.NDArray[np.bool_]
) -> PolicyOutcome:
    """One policy without those who are gone; what is said of each is gone over only if needed."""
    each = not isinstance(outcome.amounts, int) or outcome.delivery.codes is not None
    if each or outcome.missing.codes is not None:
        chosen = ~gone[rows_of(eligible)]
        amounts = outcome.amounts
        outcome = replace(
            outcome,
            amounts=amounts if isinstance(amounts, int) else amounts[chosen],
            delivery=_choose(outcome.delivery, chosen),
            missing=_choose(outcome.missing, chosen),
        )
    return replace(outcome, eligible=outcome.eligible & stays, unknown=outcome.unknown & stays)


def subset(part: PartOutcome, subjects: pl.Series) -> PartOutcome:
    """The part of those of its subjects who are among these."""
    return lay_out(part, part.subjects.filter(part.subjects.is_in(subjects.implode())))


def join_subjects(kind: str, parts: Sequence[PartOutcome]) -> PartOutcome:
    """Parts as one; a subject that is in several has other policies in each."""
    subjects = pl.concat([pl.Series("subject", [], pl.String), *(p.subjects for p in parts)])
    subjects = subjects.unique().sort()
    laid = [lay_out(part, subjects) for part in parts]
    found: dict[Key, list[PolicyOutcome]] = {}
    for part in laid:
        for outcome in part.policies:
            found.setdefault(outcome.key, []).append(outcome)
    return PartOutcome(
        kind=kind,
        subjects=subjects,
        policies=tuple(_join(outcomes) for _, outcomes in sorted(found.items())),
        rows=pl.concat([pl.DataFrame(schema=ROWS_SCHEMA), *(part.rows for part in laid)]),
    )


def _join(outcomes: Sequence[PolicyOutcome]) -> PolicyOutcome:
    """One policy over the subjects of all, of whom each is in one."""
    rows = [rows_of(outcome.eligible) for outcome in outcomes]
    order = np.argsort(np.concatenate(rows), kind="stable")
    counts = [len(found) for found in rows]
    amounts = np.concatenate(
        [np.broadcast_to(o.amounts, n) for o, n in zip(outcomes, counts, strict=True)]
    )

    def texts(name: str) -> Texts:
        told = [getattr(o, name).series(n) for o, n in zip(outcomes, counts, strict=True)]
        return texts_of(pl.concat(told).gather(pl.Series(order)))

    return replace(
        outcomes[0],
        eligible=np.bitwise_or.reduce([outcome.eligible for outcome in outcomes]),
        unknown=np.bitwise_or.reduce([outcome.unknown for outcome in outcomes]),
        amounts=alike_or_each(amounts[order]),
        delivery=texts("delivery"),
        missing=texts("missing"),
    )
