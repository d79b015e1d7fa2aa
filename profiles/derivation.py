"""Facts from rows: one frame of facts for the subjects of a part."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from fractions import Fraction

import polars as pl

from language.column import NOT_APPLICABLE
from language.definition import Scalar, Scope
from language.expression import Expression
from language.types import FactType
from profiles.fact import Fact, Vocabulary
from profiles.key_index import KeyIndex
from profiles.measure_columns import measure_rows
from profiles.precedence import merge_parts
from profiles.ready_rows import ReadyRows, filter_rows, ready_rows
from profiles.row_frame import DTYPES, frame_of_rows, source_of
from profiles.row_set import RowSet
from profiles.span import Moment

_NOBODY = pl.Series([], dtype=pl.String)


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

    `rows` holds, by dataset or row set, a frame with the column `subject` and its columns; what is
    not in it was not delivered: its facts are missing. `listed` names, by dataset or row set, the
    subjects whose rows are all there are (default: everybody, where the rows are complete). A fact
    that can not apply has a second column `<fact>::none`.
    """
    columns = [subjects.alias("subject")]
    moment = Moment(as_of=as_of)
    index = KeyIndex.of(subjects)
    ready: dict[str, ReadyRows | None] = {}
    wanted = [f for f in vocabulary.facts.values() if f.of == kind and f.measure is not None]
    measures = [f.measure for f in wanted if f.measure is not None and not f.others]

    def measure_one(fact: Fact) -> list[pl.Series]:
        assert fact.measure is not None
        row_set = vocabulary.row_sets[fact.measure.rows]
        if listed is not None:
            known: pl.Series | None = listed.get(source_of(row_set, rows) or "", _NOBODY)
        else:
            known = None if row_set.complete else _NOBODY
        return measure_ready(fact, ready[row_set.name], subjects, known)

    def filter_one(asked: tuple[str, Expression | None]) -> None:
        name, where = asked
        if (of_set := ready[name]) is not None:
            filter_rows(of_set, where)

    with ThreadPoolExecutor(pl.thread_pool_size()) as executor:
        for name in dict.fromkeys(measure.rows for measure in measures):
            row_set = vocabulary.row_sets[name]
            frame = frame_of_rows(row_set, rows)
            if frame is None:
                ready[name] = None
            else:
                ready[name] = ready_rows(row_set, frame, subjects, moment, index=index)
        # before the measures: two of one filter, asked side by side, would both work it out
        filters = dict.fromkeys((measure.rows, measure.where) for measure in measures)
        for _ in executor.map(filter_one, filters):
            pass
        measured = dict(
            zip(
                (fact.name for fact in wanted if not fact.others),
                executor.map(measure_one, (fact for fact in wanted if not fact.others)),
                strict=True,
            )
        )
    for fact in wanted:
        if fact.others:
            # what each department says stands before it
            columns.append(merge_parts(fact, {column.name: column for column in columns}))
        else:
            columns += measured[fact.name]
    return pl.DataFrame(columns)


def measure_fact(
    fact: Fact,
    row_set: RowSet,
    rows: pl.DataFrame | None,
    subjects: pl.Series,
    moment: Moment,
    listed: pl.Series | None,
    *,
    scope: Scope | None = None,
    types: Mapping[str, FactType] | None = None,
) -> list[pl.Series]:
    """The columns of one measured fact: its values, and where it can not apply `<fact>::none`.

    `rows` are None where they were not delivered; `listed` are the subjects whose rows are all
    there are (None: everybody). `scope` and `types` as for `ready_rows`.
    """
    ready = None
    if rows is not None:
        ready = ready_rows(row_set, rows, subjects, moment, scope=scope, types=types)
    return measure_ready(fact, ready, subjects, listed)


def measure_ready(
    fact: Fact, ready: ReadyRows | None, subjects: pl.Series, listed: pl.Series | None
) -> list[pl.Series]:
    """As `measure_fact`, over rows that are ready for several measures."""
    measure = fact.measure
    assert measure is not None
    dtype = DTYPES[fact.type]
    if ready is None:
        empty = [pl.Series(fact.name, [None] * len(subjects), dtype=dtype)]
        if fact.may_not_apply:
            applies = pl.repeat(False, len(subjects), eager=True, dtype=pl.Boolean)
            empty.append(applies.alias(fact.name + NOT_APPLICABLE))
        return empty
    found = measure_rows(measure, ready, listed)
    value = found["value"]
    if fact.absent is None and not fact.may_not_apply:
        return [value.cast(dtype).alias(fact.name)]
    without = ~found["rows"]
    if listed is not None:
        without &= found["subject"].is_in(listed.implode())
    if fact.absent is not None:
        instead = pl.lit(_held(fact.absent, fact.type))
        value = found.select(
            pl.when(pl.lit(without)).then(instead).otherwise("value").alias("value")
        )["value"]
    columns = [value.cast(dtype).alias(fact.name)]
    if fact.may_not_apply:
        columns.append(without.alias(fact.name + NOT_APPLICABLE))
    return columns


def _held(value: Scalar, fact_type: FactType) -> object:
    """A plain value as its column holds it."""
    if not isinstance(value, Fraction):
        return value
    if fact_type is FactType.MONEY:
        return int(value * 100)
    return int(value) if fact_type is FactType.INTEGER else float(value)
