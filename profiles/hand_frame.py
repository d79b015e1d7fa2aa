"""Subjects given by hand as a frame: facts they gave, and facts measured from rows they gave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import polars as pl

from language.column import GIVEN, NOT_APPLICABLE
from language.types import FactType
from profiles.derivation import compute_facts
from profiles.fact import Fact, Vocabulary
from profiles.hand import Subject, Trouble
from profiles.hand_rows import HandRows, read_rows
from profiles.hand_value import convert, first_day, is_unknown
from profiles.row_frame import DTYPES, source_of
from profiles.row_set import RowColumn, RowSet

_NOBODY = pl.Series([], dtype=pl.String)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandFrame:
    """Facts given by hand as columns, with `<fact>::given`, and the lines they came from.

    `rows` holds, by row set, the rows that any of the subjects gave.
    """

    frame: pl.DataFrame
    rows: Mapping[str, HandRows]
    troubles: tuple[Trouble, ...]


def build_frame(
    subjects: list[Subject],
    vocabulary: Vocabulary,
    extra: Mapping[str, Fact],
    audience: str,
    as_of: date,
    *,
    row_sets: Mapping[str, RowSet] | None = None,
    also: Mapping[str, Mapping[str, RowColumn]] | None = None,
) -> HandFrame:
    """The subjects' facts as a frame; `extra` are facts that policies declare for themselves.

    The column `subject` is the position in `subjects`, as text. Facts measured from rows that
    were given are computed where they are not themselves given. `row_sets` are those of policies,
    `also` further names that their rows may give.
    """
    facts = dict(vocabulary.facts) | dict(extra)
    known_rows = dict(vocabulary.row_sets) | dict(row_sets or {})
    troubles: list[Trouble] = []
    positions = [str(index) for index in range(len(subjects))]
    columns: list[pl.Series] = [pl.Series("subject", positions, dtype=pl.String)]
    names = dict.fromkeys(name for subject in subjects for name in subject.facts)
    rows: dict[str, HandRows] = {}
    for name in names:
        if name in known_rows:
            rows[name] = read_rows(known_rows[name], subjects, troubles, (also or {}).get(name))
            continue
        fact = None if "::" in name else facts.get(name)
        if fact is None:
            line = next(s.line for s in subjects if name in s.facts)
            close = get_close_matches(name, [*facts, *known_rows], n=1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            troubles.append(Trouble(line=line, message=f'unknown fact "{name}" is not used{hint}'))
            continue
        columns += _column(fact, subjects, troubles)
    frame = pl.DataFrame(columns)
    if rows:
        frame = _add_measures(frame, rows, vocabulary, audience, as_of)
    return HandFrame(frame=frame, rows=rows, troubles=tuple(troubles))


def _column(fact: Fact, subjects: list[Subject], troubles: list[Trouble]) -> list[pl.Series]:
    values: list[Any] = []
    given: list[bool] = []
    without: list[bool] = []
    for subject in subjects:
        present = fact.name in subject.facts
        given.append(present)
        raw = subject.facts.get(fact.name)
        null = present and raw is None and fact.null_is_none
        without.append(null or (fact.may_not_apply and raw == "none"))
        if raw is None or without[-1] or is_unknown(raw, fact.type, fact.values):
            values.append(None)
            continue
        try:
            day = first_day(raw) if fact.type is FactType.DATE and fact.unit == "month" else raw
            values.append(convert(day, fact.type, fact.system, fact.values))
        except ValueError as error:
            message = f'"{fact.name}" {error}; it counts as missing'
            troubles.append(Trouble(line=subject.line, message=message))
            values.append(None)
    columns = [
        pl.Series(fact.name, values, dtype=DTYPES[fact.type]),
        pl.Series(fact.name + GIVEN, given, dtype=pl.Boolean),
    ]
    if fact.may_not_apply:
        columns.append(pl.Series(fact.name + NOT_APPLICABLE, without, dtype=pl.Boolean))
    return columns


def _add_measures(
    frame: pl.DataFrame,
    rows: Mapping[str, HandRows],
    vocabulary: Vocabulary,
    audience: str,
    as_of: date,
) -> pl.DataFrame:
    """Facts from rows that were given; a list is all the rows there are."""
    frames = {name: found.frame for name, found in rows.items()}
    listed = {name: found.listed for name, found in rows.items()}
    computed = compute_facts(vocabulary, audience, frame["subject"], frames, as_of, listed=listed)
    for name, fact in vocabulary.facts.items():
        if fact.measure is None or name not in computed.columns:
            continue
        sources = [source_of(vocabulary.row_sets[m.rows], rows) for m in fact.measures]
        given = pl.concat([_NOBODY, *(listed[source] for source in sources if source is not None)])
        frame = overlay(frame, name, computed, frame["subject"].is_in(given.implode()))
    return frame


def overlay(
    frame: pl.DataFrame, name: str, computed: pl.DataFrame, by_rows: pl.Series
) -> pl.DataFrame:
    """The frame with a computed fact where it was not itself given.

    A subject has the fact if it gave the fact itself, or (`by_rows`) the rows it is measured from.
    """
    by_hand = frame[name + GIVEN] if name + GIVEN in frame.columns else None
    for column in (name, name + NOT_APPLICABLE):
        if column not in computed.columns:
            continue
        value = pl.lit(computed[column])
        if by_hand is not None:
            value = pl.when(pl.lit(by_hand)).then(pl.col(column)).otherwise(value)
        frame = frame.with_columns(value.alias(column))
    flag = by_rows if by_hand is None else by_rows | by_hand
    return frame.with_columns(flag.alias(name + GIVEN))
