"""On which day a row comes to count, or ceases to, though nothing is delivered.

A measure sees its rows from a day: states in force that day, filters that name it, spans that move
with it. Whatever of this hangs on one date of the row is tried for every date of two hundred years
at once, so that each row's next day is a look into a table.

Spans move at most once a month, and then for nearly everybody: whom they concern is looked up when
they have moved (`Flips.turned`). All else is told ahead, for each subject (`Flips.days`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from language.column import NOT_APPLICABLE
from language.definition import Constant, Definition
from language.expression import Expression, Logic, Name, Not
from language.frame import prepare
from language.lowering import Lowering
from language.reach import reachable_facts
from language.types import FactType
from profiles.answers import DATASETS as ANSWERS_BY_KIND
from profiles.dataset import Dataset
from profiles.fact import Vocabulary
from profiles.joining import joined_row_sets
from profiles.measure import Measure
from profiles.row_set import RowSet
from profiles.run_length import last_units
from profiles.span import Moment, parse_span

HORIZON = 62
"""So many days ahead flips are known; whoever looks further builds everything anew."""

_FIRST, _LAST = date(1900, 1, 1), date(2099, 12, 31)
_DAYS = pl.date_range(_FIRST, _LAST, eager=True)
_NEVER = np.iinfo(np.int32).max
_AS_OF = "as_of"
ANSWERS = frozenset(ANSWERS_BY_KIND.values())

Truths = npt.NDArray[np.int8]
"""For each of `_DAYS`, as the date of a row: true (1), false (0) or undecided (2)."""
Atom = Callable[[date], Truths]
"""What a measure asks of one date of a row, seen from a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What all measures ask of the rows of one source, by column.

    `days` by day, `spans` by span; `always`: something that no table tells, so that any day may
    change it. `runs` are measures of runs that go on until now.
    """

    days: dict[str, list[Atom]] = field(default_factory=lambda: defaultdict(list))
    spans: dict[str, list[Atom]] = field(default_factory=lambda: defaultdict(list))
    runs: list[Measure] = field(default_factory=list)
    always: list[str] = field(default_factory=list)


class Flips:
    """What a vocabulary asks of rows by their dates, by source: a dataset or joined rows."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._asked: dict[str, _Asked] = defaultdict(_Asked)
        self._tables: dict[tuple[str, str, date, date], npt.NDArray[np.int32]] = {}
        self._turns: dict[tuple[str, date, date], bool] = {}
        joined = {
            row_set.name
            for row_set in vocabulary.row_sets.values()
            if row_set.of is not None and row_set in joined_row_sets(vocabulary, row_set.of)
        }
        for measure in _measures(vocabulary):
            row_set = vocabulary.row_sets[measure.rows]
            source = row_set.name if row_set.name in joined else row_set.dataset
            if source is not None:
                _ask(self._asked[source], measure, row_set, own=row_set.name in joined)
        for dataset in vocabulary.datasets.values():
            first, last = dataset.time.columns[0], dataset.time.columns[-1]
            if dataset.register or dataset.name in ANSWERS:
                self._asked[dataset.name].days[last].append(_until)
            if dataset.name in ANSWERS:
                self._asked[dataset.name].days[first].append(_since)

    def days(self, source: str, rows: pl.DataFrame, as_of: date, until: date) -> pl.DataFrame:
        """The subjects whose rows of a source flip from the day after `as_of` to `until`, each with
        the first day on which one does: `subject`, `flips_on`."""
        asked = self._asked[source]
        found = [pl.DataFrame(schema={"subject": pl.String, "flips_on": pl.Date})]
        if asked.always:
            tomorrow = pl.lit(as_of + timedelta(days=1)).alias("flips_on")
            found.append(rows.select("subject", tomorrow))
        for column in asked.days:
            if column not in rows.columns or rows[column].dtype != pl.Date:
                continue
            table = self._table(source, column, as_of, until)
            near = _filter_near(rows, column, table != _NEVER)
            next_day = _look_up(table, near[column], beyond=_number(as_of) + 1)
            flips = next_day != _NEVER
            days = pl.Series("flips_on", next_day[flips]).cast(pl.Date)
            found.append(near.select("subject").filter(pl.Series(flips)).with_columns(days))
        return pl.concat(found).group_by("subject").agg(pl.col("flips_on").min()).sort("subject")

    def turns(self, source: str, before: date, as_of: date) -> bool:
        """Whether a span or a run over the rows of a source is another one than it was."""
        key = (source, before, as_of)
        if key not in self._turns:
            asked = self._asked[source]
            self._turns[key] = any(
                last_units(measure, Moment(as_of=before))
                != last_units(measure, Moment(as_of=as_of))
                for measure in asked.runs
            ) or any(
                (atom(before) != atom(as_of)).any()
                for atoms in asked.spans.values()
                for atom in atoms
            )
        return self._turns[key]

    def turned(self, source: str, rows: pl.DataFrame, before: date, as_of: date) -> pl.Series:
        """The subjects of whom a row is in a span on one of two days only, or in a run that has
        moved."""
        asked = self._asked[source]
        found = [rows["subject"].clear()]
        for measure in asked.runs:
            if last_units(measure, Moment(as_of=before)) != last_units(
                measure, Moment(as_of=as_of)
            ):
                found.append(rows["subject"])
        for column, atoms in asked.spans.items():
            if column not in rows.columns:
                continue
            differs = np.zeros(len(_DAYS), np.int32)
            for atom in atoms:
                differs |= atom(before) != atom(as_of)
            near = _filter_near(rows, column, differs != 0)
            found.append(
                near["subject"].filter(pl.Series(_look_up(differs, near[column], beyond=1) == 1))
            )
        return pl.concat(found).unique()

    def _table(self, source: str, column: str, as_of: date, until: date) -> npt.NDArray[np.int32]:
        """For each date of a row the first day after `as_of` on which something asked of it
        differs."""
        key = (source, column, as_of, until)
        table = self._tables.get(key)
        if table is None:
            table = np.full(len(_DAYS), _NEVER, np.int32)
            for atom in dict.fromkeys(self._asked[source].days[column]):
                now = atom(as_of)
                told = np.zeros(len(_DAYS), np.bool_)
                for day in range(_number(as_of) + 1, _number(until) + 1):
                    # few dates differ, and those that do differ from then on for the most part
                    places = np.flatnonzero((atom(_date(day)) != now) & ~told)
                    table[places] = np.minimum(table[places], day)
                    told[places] = True
            self._tables[key] = table
        return table


def _measures(vocabulary: Vocabulary) -> Iterable[Measure]:
    for fact in vocabulary.facts.values():
        yield from fact.measures
    for row_set in vocabulary.row_sets.values():
        yield from (column.measure for column in row_set.columns.values() if column.measure)


def _ask(asked: _Asked, measure: Measure, row_set: RowSet, *, own: bool) -> None:
    """Add what a measure asks of its rows' dates."""

    def stored(name: str) -> str | None:
        column = row_set.columns[name]
        return name if own and column.formula is None else column.dataset_column

    if row_set.time is not None:
        _ask_time(asked, measure, row_set, stored)
    scope = row_set.scope()
    if measure.column in row_set.columns:
        value = Name(name=measure.column)
        if _AS_OF in reachable_facts([value], scope):
            asked.always.append(measure.column)
    if measure.where is not None:
        for part in _parts_of(measure.where):
            _ask_filter(asked, part, row_set, stored)


def _ask_time(
    asked: _Asked, measure: Measure, row_set: RowSet, stored: Callable[[str], str | None]
) -> None:
    first = stored(row_set.time_columns[0])
    if first is None:
        asked.always.append(row_set.time_columns[0])
        return
    asked.days[first].append(_since)
    if measure.function == "current_run":
        asked.runs.append(measure)
    if row_set.time != "state":
        if measure.over is not None:
            asked.spans[first].append(_within(measure.over))
        return
    last = stored(row_set.time_columns[1])
    if last is None:
        asked.always.append(row_set.time_columns[1])
    elif measure.on == _AS_OF:
        asked.days[last].append(_until)
    elif measure.on is not None:
        if _AS_OF in reachable_facts([Name(name=measure.on)], row_set.scope()):
            asked.always.append(measure.on)
    elif measure.over is not None:
        asked.spans[first].append(_not_after(measure.over))
        asked.spans[last].append(_not_before(measure.over))


def _ask_filter(
    asked: _Asked, part: Expression, row_set: RowSet, stored: Callable[[str], str | None]
) -> None:
    """Add what a filter asks: of one date of the row in a table, of anything else always."""
    scope = row_set.scope()
    names = reachable_facts([part], scope)
    if _AS_OF not in names:
        return
    given = [
        name for name in names if name in row_set.columns and row_set.columns[name].formula is None
    ]
    column = stored(given[0]) if len(given) == 1 else None
    if column is None or row_set.columns[given[0]].type is not FactType.DATE:
        asked.always.append(" ".join(sorted(names)))
        return
    asked.days[column].append(_filter_on(part, given[0], scope))


def _parts_of(where: Expression) -> Iterable[Expression]:
    """The parts of a filter that are joined by and, or and not: it flips only where one does."""
    match where:
        case Logic(operands=operands):
            for operand in operands:
                yield from _parts_of(operand)
        case Not(operand=operand):
            yield from _parts_of(operand)
        case _:
            yield where


def _since(day: date) -> Truths:
    return (_number(day) >= _NUMBERS).astype(np.int8)


def _until(day: date) -> Truths:
    return (_number(day) <= _NUMBERS).astype(np.int8)


def _within(over: str) -> Atom:
    def atom(day: date) -> Truths:
        start, end = (_number(bound) for bound in parse_span(over, Moment(as_of=day)))
        return ((start <= _NUMBERS) & (end >= _NUMBERS)).astype(np.int8)

    return atom


def _not_after(over: str) -> Atom:
    return lambda day: _since(parse_span(over, Moment(as_of=day))[1])


def _not_before(over: str) -> Atom:
    return lambda day: _until(parse_span(over, Moment(as_of=day))[0])


def _filter_on(part: Expression, name: str, scope: Mapping[str, Definition]) -> Atom:
    """A filter on one date, worked out as measures do."""
    types = {name: FactType.DATE}
    dates = pl.DataFrame({name: _DAYS}).with_columns(pl.lit(False).alias(name + NOT_APPLICABLE))
    prepared = prepare(dates, types, types)

    def atom(day: date) -> Truths:
        seen = {**scope, _AS_OF: Constant(value=day)}
        held = Lowering(seen, prepared.known).boolean(part)
        found = prepared.frame.select(pl.col(name), held.alias("::held"))["::held"]
        return found.cast(pl.Int8).fill_null(2).to_numpy()

    return atom


def _look_up(
    table: npt.NDArray[np.int32], dates: pl.Series, *, beyond: int
) -> npt.NDArray[np.int32]:
    """The entry of each date; of no date `_NEVER`, of one outside the table `beyond`."""
    places = dates.to_physical().cast(pl.Int64).fill_null(-1 << 40).to_numpy() - _OFFSET
    inside = (places >= 0) & (places < len(table))
    found = table[np.where(inside, places, 0)]
    outside = np.where(dates.is_null().to_numpy(), _NEVER, beyond)
    return np.where(inside, found, outside).astype(np.int32)


def _filter_near(rows: pl.DataFrame, column: str, told: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """The rows whose date may be one of those that are told, or lies outside the table: most are
    passed over at the speed of a comparison."""
    places = np.flatnonzero(told)
    day = pl.col(column)
    near = (day < _FIRST) | (day > _LAST)
    if len(places):
        near = near | day.is_between(_DAYS[int(places[0])], _DAYS[int(places[-1])])
    return rows.select("subject", column).filter(near)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _date(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


_OFFSET = _number(_FIRST)
_NUMBERS = np.arange(_OFFSET, _number(_LAST) + 1, dtype=np.int32)


def sources_of(datasets: Mapping[str, Dataset], vocabulary: Vocabulary, kind: str) -> list[str]:
    """The datasets and joined rows of a kind, by name."""
    names = [name for name, dataset in sorted(datasets.items()) if dataset.kind == kind]
    return [*names, *(row_set.name for row_set in joined_row_sets(vocabulary, kind))]
