"""Row sets: named rows of a subject (hires, months, grants) that measures and `each` read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from language.definition import Choice, Definition, Formula, Given
from language.types import FactType
from profiles.dataset import Dataset, TimeForm
from profiles.fact_file import Audience
from profiles.measure import Measure

Written = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A column that holds a fact of the resident whose id stands in the column `by`."""

    by: str
    fact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowColumn:
    """One column of a row set.

    At most one of `dataset_column`, `brought`, `formula` and `measure` is set; without any the
    column is only ever given by hand, and missing in a snapshot. `written` says how a date is
    written: a month stands for its first day.
    """

    name: str
    type: FactType
    label_zh: str = ""
    label_en: str = ""
    unit: str = ""
    system: str = ""
    values: tuple[str, ...] = ()
    may_not_apply: bool = False
    written: Written = "day"
    dataset_column: str | None = None
    brought: Brought | None = None
    formula: Formula | Choice | None = None
    measure: Measure | None = None

    @property
    def given(self) -> Given:
        """The column as conditions see it where it is given."""
        return Given(
            name=self.name,
            type=self.type,
            may_not_apply=self.may_not_apply,
            values=self.values,
            system=self.system,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSet:
    """Rows of one kind of subjects (`of`; None: of every kind).

    `dataset` is where a snapshot has them from (None: rows are only ever given by hand).
    `complete`: no row means that there is none. `time` says how the rows stand in time, by the
    columns `time_columns`; None where they do not.
    """

    name: str
    of: Audience | None
    label_zh: str = ""
    label_en: str = ""
    dataset: str | None = None
    complete: bool = True
    time: TimeForm | None = None
    time_columns: tuple[str, ...] = ()
    columns: Mapping[str, RowColumn] = field(default_factory=dict)

    def scope(self) -> dict[str, Definition]:
        """What the columns' names mean in a condition over a row."""
        return {name: column.formula or column.given for name, column in self.columns.items()}


_TYPES: Mapping[str, FactType] = {
    "boolean": FactType.BOOLEAN,
    "integer": FactType.INTEGER,
    "money": FactType.MONEY,
    "ratio": FactType.RATIO,
    "number": FactType.NUMBER,
    "date": FactType.DATE,
    "month": FactType.DATE,
    "year": FactType.DATE,
    "code": FactType.CODE,
    "text": FactType.TEXT,
}


def column_type_of(written: str) -> FactType:
    """The fact type of a column's type as files write it; a month and a year are dates."""
    return _TYPES[written]


def written_as(written: str) -> Written:
    """How values of a column's type are written."""
    return "month" if written == "month" else "year" if written == "year" else "day"


def row_set_of(dataset: Dataset) -> RowSet:
    """The rows of a dataset under its own name and with its own columns."""
    columns = {}
    for name, column in dataset.columns.items():
        if name == dataset.key:
            continue
        columns[name] = RowColumn(
            name=name,
            type=_TYPES[column.type],
            label_zh=column.label.zh,
            label_en=column.label.en,
            unit="元" if column.type == "money" else "",
            system=column.system,
            values=tuple(column.values),
            written=written_as(column.type),
            dataset_column=name,
        )
    row_set = RowSet(
        name=dataset.name,
        of=dataset.kind,
        label_zh=dataset.title.zh,
        label_en=dataset.title.en,
        dataset=dataset.name,
        complete=dataset.complete is not None,
        time=dataset.time.form,
        time_columns=dataset.time.columns,
        columns=columns,
    )
    return let_states_stay(row_set)


def last_day_of(row_set: RowSet) -> str | None:
    """The column with the last day of a state, which does not apply while it is in force."""
    return row_set.time_columns[1] if row_set.time == "state" else None


def let_states_stay(row_set: RowSet) -> RowSet:
    """The row set whose states may have no last day."""
    last = last_day_of(row_set)
    if last is None or last not in row_set.columns:
        return row_set
    column = replace(row_set.columns[last], may_not_apply=True)
    return replace(row_set, columns={**row_set.columns, last: column})
