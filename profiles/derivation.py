"""Facts from rows: one frame of facts for the subjects of a part."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import polars as pl

from language.column import NOT_APPLICABLE
from language.definition import Scalar
from language.types import FactType
from profiles.fact import Fact, Vocabulary
from profiles.measure import measure_rows

DTYPES: dict[FactType, type[pl.DataType]] = {
    FactType.BOOLEAN: pl.Boolean,
    FactType.INTEGER: pl.Int64,
    FactType.MONEY: pl.Int64,
    FactType.RATIO: pl.Float64,
    FactType.NUMBER: pl.Float64,
    FactType.DATE: pl.Date,
    FactType.CODE: pl.String,
    FactType.TEXT: pl.String,
}
"""How each type of fact is held in a column; money in fen."""


def compute_facts(
    vocabulary: Vocabulary,
    kind: str,
    subjects: pl.Series,
    rows: Mapping[str, pl.DataFrame],
    as_of: date,
    *,
    listed: Mapping[str, pl.Series] | None = None,
) -> pl.DataFrame:
    """The facts of one kind's subjects that come from rows, one column each, null where missing.

    `rows` holds, by dataset, a frame with the column `subject` and the dataset's columns; a
    dataset that is not in it was not delivered: its facts are missing. `listed` names, by dataset,
    the subjects whose rows are all there are (default: everybody, where the dataset is complete).
    A fact that can not apply has a second column `<fact>::none`.
    """
    columns = [subjects.alias("subject")]
    for fact in vocabulary.facts.values():
        if fact.of != kind or fact.measure is None:
            continue
        columns += _columns(fact, vocabulary, subjects, rows, as_of, listed)
    return pl.DataFrame(columns)


def _columns(
    fact: Fact,
    vocabulary: Vocabulary,
    subjects: pl.Series,
    rows: Mapping[str, pl.DataFrame],
    as_of: date,
    listed: Mapping[str, pl.Series] | None,
) -> list[pl.Series]:
    measure = fact.measure
    assert measure is not None
    dtype = DTYPES[fact.type]
    if measure.dataset not in rows:
        empty = [pl.Series(fact.name, [None] * len(subjects), dtype=dtype)]
        if fact.may_not_apply:
            applies = pl.repeat(False, len(subjects), eager=True, dtype=pl.Boolean)
            empty.append(applies.alias(fact.name + NOT_APPLICABLE))
        return empty
    dataset = vocabulary.datasets[measure.dataset]
    if listed is not None:
        known: pl.Series | None = listed.get(measure.dataset, pl.Series([], dtype=pl.String))
    else:
        known = None if dataset.complete is not None else pl.Series([], dtype=pl.String)
    found = measure_rows(measure, dataset, rows[measure.dataset], subjects, as_of, known)
    complete = pl.lit(True) if known is None else pl.col("subject").is_in(known.implode())
    without = ~pl.col("rows") & complete
    value = pl.col("value")
    if fact.absent is not None:
        value = pl.when(without).then(pl.lit(_held(fact.absent, fact.type))).otherwise(value)
    named = found.select(
        value.cast(dtype).alias(fact.name),
        (without & pl.lit(fact.may_not_apply)).alias(fact.name + NOT_APPLICABLE),
    )
    columns = [named[fact.name]]
    if fact.may_not_apply:
        columns.append(named[fact.name + NOT_APPLICABLE])
    return columns


def _held(value: Scalar, fact_type: FactType) -> object:
    """A plain value as its column holds it."""
    if not isinstance(value, Fraction):
        return value
    if fact_type is FactType.MONEY:
        return int(value * 100)
    return int(value) if fact_type is FactType.INTEGER else float(value)
