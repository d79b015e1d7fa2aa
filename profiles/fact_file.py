"""The shape of a vocabulary file: facts and row sets as authors write them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from language.types import FactType

Audience = Literal["enterprise", "resident", "household", "region"]


class Strict(BaseModel):
    """A mapping without unknown keys."""

    model_config = ConfigDict(extra="forbid")


class LabelFile(Strict):
    """A label in Chinese and, where given, English."""

    zh: str
    en: str = ""


class CaseFile(Strict):
    """One case of `choose`: the first whose `when` holds gives its `value` or `is`."""

    when: str | None = None
    value: str | None = None
    is_: str | None = Field(default=None, alias="is")


class ValueFile(Strict):
    """What facts and columns of rows share: their meaning, and where the value comes from."""

    label: LabelFile | str | None = None
    says: str | None = None
    source: str | None = None
    note: str | None = None
    unit: str | None = None
    system: str | None = None
    values: list[str] = []
    absent: str | dict[str, str] | None = None
    is_: str | None = Field(default=None, alias="is")
    choose: list[CaseFile] | None = None
    from_: str | None = Field(default=None, alias="from")
    on: str | None = None
    over: str | None = None
    where: str | None = None
    match: list[str] | None = None
    expect: str | None = None
    count: str | None = None
    sum: str | None = None
    average: str | None = None
    min: str | None = None
    max: str | None = None
    any: str | None = None
    all: str | None = None
    first: str | None = None
    last: str | None = None
    longest_run: str | None = None
    current_run: str | None = None


class FactFile(ValueFile):
    """A fact, in the vocabulary or in a policy; `null` is what null means where it is given.

    `else_from` names further departments' rows, asked where those of `from` have no value;
    `answers` what people may say of it themselves.
    """

    of: Audience | None = None
    null: Literal["none"] | None = None
    type: FactType | None = None
    else_from: list[str] = []
    answers: list[Literal["declared", "corrected"]] = []


class RowColumnFile(ValueFile):
    """A column of a row set; `column` is the dataset's column that it is."""

    type: FactType | Literal["month", "year"] | None = None
    column: str | None = None


class RowTimeFile(Strict):
    """How given rows stand in time; rows of a dataset stand as the dataset says."""

    event: str | None = None
    state: list[str] | None = None
    series: str | None = None


class RowSetFile(Strict):
    """Rows of a subject: of a dataset (`from`), or only ever given by hand."""

    of: Audience | None = None
    label: LabelFile | str | None = None
    from_: str | None = Field(default=None, alias="from")
    time: RowTimeFile | None = None
    bring: dict[str, list[str]] = {}
    columns: dict[str, RowColumnFile] = {}


class VocabularyFile(Strict):
    """A vocabulary file."""

    facts: dict[str, FactFile] = {}
    rows: dict[str, RowSetFile] = {}
