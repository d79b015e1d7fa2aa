"""Rows joined with what the snapshot knows of the persons in them, when it is built.

A hire brings the facts of the person hired; a column may measure that person's own rows. What is
missing of a resident is missing here too, and so is all of somebody who is no resident.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Protocol

import polars as pl

from language.column import NOT_APPLICABLE
from profiles.fact import Vocabulary
from profiles.measure import Measure
from profiles.measure_columns import measure_rows
from profiles.part_files import doubtful_file, facts_file, rows_file
from profiles.ready_rows import ReadyRows, ready_rows
from profiles.row_frame import DTYPES, frame_of_rows
from profiles.row_set import RowColumn, RowSet
from profiles.span import Moment

_NOBODY = pl.Series([], dtype=pl.String)
_KEY = "::key"


class KnownResidents(Protocol):
    """What rows of others may ask of residents, by their ids."""

    def facts_of(self, ids: pl.Series, names: list[str]) -> pl.DataFrame:
        """These facts of these residents, with `subject`; who is none of them has no line."""

    def rows_of(self, ids: pl.Series, dataset: str) -> pl.DataFrame | None:
        """Their rows of a dataset; None where none was delivered."""

    def doubtful(self, dataset: str) -> pl.Series:
        """Of whom rows of a dataset were set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Residents:
    """The resident parts of a snapshot that is being built: their facts are written already.

    `brought` are the facts of all of them that anything brings, so that parts of other kinds, in
    which anybody may stand, do not look through all parts of residents each.
    """

    folder: Path
    parts: Sequence[int]
    datasets: frozenset[str]
    brought: pl.DataFrame

    @classmethod
    def open(
        cls, folder: Path, parts: Sequence[int], datasets: frozenset[str], names: Sequence[str]
    ) -> "Residents":
        """Read these facts of all residents."""
        found = [pl.DataFrame(schema={"subject": pl.String})]
        for number in parts:
            facts = pl.scan_parquet(folder / facts_file("resident", number))
            known = facts.collect_schema().names()
            flags = [name + NOT_APPLICABLE for name in names]
            wanted = ["subject", *(name for name in [*names, *flags] if name in known)]
            found.append(facts.select(wanted).collect())
        brought = pl.concat(found, how="diagonal").rechunk()
        return cls(folder=folder, parts=parts, datasets=datasets, brought=brought)

    def facts_of(self, ids: pl.Series, names: list[str]) -> pl.DataFrame:
        """These facts of these residents, with `subject`; who is none of them has no line."""
        flags = [name + NOT_APPLICABLE for name in names]
        known = [name for name in [*names, *flags] if name in self.brought.columns]
        mine = self.brought.select("subject", *known)
        return mine.join(ids.alias("subject").to_frame(), on="subject", how="semi")

    def rows_of(self, ids: pl.Series, dataset: str) -> pl.DataFrame | None:
        """Their rows of a dataset; None where none was delivered."""
        if dataset not in self.datasets:
            return None
        mine = pl.col("subject").is_in(ids.implode())
        paths = [self.folder / rows_file(dataset, "resident", n) for n in self.parts]
        return pl.concat([pl.scan_parquet(path).filter(mine).collect() for path in paths])

    def doubtful(self, dataset: str) -> pl.Series:
        """Of whom rows of a dataset were set aside."""
        found = [_NOBODY]
        for number in self.parts:
            unsure = pl.read_parquet(self.folder / doubtful_file("resident", number))
            found.append(unsure.filter(pl.col("dataset") == dataset)["subject"])
        return pl.concat(found)


def joined_row_sets(vocabulary: Vocabulary, kind: str) -> list[RowSet]:
    """The row sets of a kind of subjects that bring something, in the order of their names."""
    return [
        row_set
        for name, row_set in sorted(vocabulary.row_sets.items())
        if row_set.of == kind
        and any(column.brought or column.measure for column in row_set.columns.values())
    ]


def brought_facts(vocabulary: Vocabulary) -> list[str]:
    """The facts of residents that any rows bring."""
    columns = [c for row_set in vocabulary.row_sets.values() for c in row_set.columns.values()]
    return sorted({column.brought.fact for column in columns if column.brought is not None})


def join_rows(
    row_set: RowSet,
    vocabulary: Vocabulary,
    rows: Mapping[str, pl.DataFrame],
    residents: KnownResidents,
    doubtful: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame | None:
    """A part's frame of the row set with what it brings; None where its dataset did not come.

    `rows` are the part's rows by dataset, `doubtful` (`dataset`, `subject`) whose of them were set
    aside.
    """
    frame = frame_of_rows(row_set, rows)
    if frame is None:
        return None
    matches: dict[tuple[str, tuple[str, ...]], _Matched] = {}
    for column in row_set.columns.values():
        measure = column.measure
        if measure is None:
            continue
        asked = (measure.rows, measure.match)
        if asked not in matches:
            target = vocabulary.row_sets[measure.rows]
            matches[asked] = _match(target, measure.match, frame, rows, residents, doubtful, as_of)
        frame = frame.with_columns(_measure(column, measure, matches[asked]))
    by = {column.brought.by for column in row_set.columns.values() if column.brought}
    for person in sorted(by):
        brought = {
            name: column.brought.fact
            for name, column in row_set.columns.items()
            if column.brought is not None and column.brought.by == person
        }
        ids = frame[person].drop_nulls().unique()
        facts = residents.facts_of(ids, list(brought.values()))
        frame = _bring(frame, person, facts, brought, row_set)
    return frame


def _bring(
    frame: pl.DataFrame,
    person: str,
    facts: pl.DataFrame,
    brought: Mapping[str, str],
    row_set: RowSet,
) -> pl.DataFrame:
    columns: list[pl.Expr] = [pl.col("subject").alias(_KEY)]
    for name, fact in brought.items():
        dtype = DTYPES[row_set.columns[name].type]
        known = fact in facts.columns
        value = pl.col(fact).cast(dtype) if known else pl.lit(None, dtype=dtype)
        columns.append(value.alias(name))
        if row_set.columns[name].may_not_apply:
            flag = fact + NOT_APPLICABLE
            applies = pl.col(flag) if flag in facts.columns else pl.lit(False)
            columns.append(applies.alias(name + NOT_APPLICABLE))
    order = frame.columns
    lines = frame.drop([name for name in brought if name in order]).join(
        facts.select(columns), left_on=person, right_on=_KEY, how="left", maintain_order="left"
    )
    flags = [name for name in lines.columns if name not in order]
    return lines.select(*order, *(pl.col(flag).fill_null(False) for flag in flags))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matched:
    """Other rows matched to those of a frame: `keys` say which of them each row is about.

    `ready` are the other rows by key, None where their dataset did not come; `listed` the keys of
    which they are known to be all there are, `unsure` those of which some were set aside.
    """

    keys: pl.Series
    ready: ReadyRows | None
    listed: pl.Series
    unsure: pl.Series


def _match(
    target: RowSet,
    match: tuple[str, ...],
    frame: pl.DataFrame,
    rows: Mapping[str, pl.DataFrame],
    residents: KnownResidents,
    doubtful: pl.DataFrame,
    as_of: date,
) -> _Matched:
    """The rows of the person that `match` names, or those of the same subject that agree in it."""
    of_person = any(name not in target.columns for name in match)
    keys = list(match) if of_person else ["subject", *match]
    lines = frame.select(pl.concat_str(keys, separator="\x1f").alias(_KEY), *keys)
    distinct = lines.filter(pl.col(_KEY).is_not_null()).unique(_KEY, maintain_order=True)
    if of_person:
        ids = distinct[_KEY]
        source = residents.rows_of(ids, target.dataset or "")
        found = None if source is None else frame_of_rows(target, {target.dataset or "": source})
        here = residents.facts_of(ids, [])["subject"]
        unsure = residents.doubtful(target.dataset or "")
    else:
        source = frame_of_rows(target, rows)
        found = None
        if source is not None:
            found = source.join(distinct, on=keys, how="inner", maintain_order="left")
            found = found.drop("subject").rename({_KEY: "subject"})
        here = distinct[_KEY]
        about = doubtful.filter(pl.col("dataset") == target.dataset)["subject"]
        unsure = distinct.filter(pl.col("subject").is_in(about.implode()))[_KEY]
    ready = None
    if found is not None:
        ready = ready_rows(target, found, distinct[_KEY], Moment(as_of=as_of))
    listed = here if target.complete else _NOBODY
    return _Matched(keys=lines[_KEY], ready=ready, listed=listed, unsure=unsure)


def _measure(column: RowColumn, measure: Measure, matched: _Matched) -> pl.Series:
    """A column measured over the rows that were matched."""
    dtype = DTYPES[column.type]
    if matched.ready is None:
        return pl.Series(column.name, [None] * len(matched.keys), dtype=dtype)
    values = measure_rows(replace(measure, match=()), matched.ready, matched.listed)
    sure = ~pl.col("subject").is_in(matched.unsure.implode())
    values = values.select(
        pl.col("subject").alias(_KEY),
        pl.when(sure).then(pl.col("value")).cast(dtype).alias("value"),
    )
    joined = matched.keys.to_frame().join(values, on=_KEY, how="left", maintain_order="left")
    return joined["value"].alias(column.name)
