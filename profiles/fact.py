"""The vocabulary: the named, typed facts that conditions may use, and where each comes from."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from language import expression
from language.check import check
from language.definition import Choice, Constant, Definition, Formula, Given, Scalar
from language.document import Document, Place, decode, read_documents
from language.errors import ConditionRefused, FilesRefused, Problem
from language.expression import Arithmetic, Expression, Name, parse
from language.number import parse_number
from language.types import FactType, kind_of
from profiles.dataset import Dataset
from profiles.measure import FUNCTIONS, Measure, column_type, parse_span, row_scope

Audience = Literal["enterprise", "resident", "household", "region"]
BUILTIN = Path(__file__).parent / "vocabulary"
SUM, COUNT = "::sum", "::count"
_NOT_BUILT = {
    "match": "match",
    "longest_run": "longest_run",
    "current_run": "current_run",
    "expect": "expect",
}


class LabelFile(BaseModel):
    """A label in Chinese and, where given, English."""

    model_config = ConfigDict(extra="forbid")
    zh: str
    en: str = ""


class CaseFile(BaseModel):
    """One case of `choose`: the first whose `when` holds gives its `value` or `is`."""

    model_config = ConfigDict(extra="forbid")
    when: str | None = None
    value: str | None = None
    is_: str | None = Field(default=None, alias="is")


class FactFile(BaseModel):
    """A fact as authors write it, in the vocabulary or in a policy."""

    model_config = ConfigDict(extra="forbid")
    of: Audience | None = None
    label: LabelFile | str | None = None
    says: str | None = None
    source: str | None = None
    note: str | None = None
    type: FactType | None = None
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


class VocabularyFile(BaseModel):
    """A vocabulary file."""

    model_config = ConfigDict(extra="forbid")
    facts: dict[str, FactFile] = {}
    rows: dict[str, dict[str, object]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact: its meaning for people and where its value comes from.

    Exactly one of `measure` (from rows) and `formula` (from other facts) is set, or neither: then
    it is only ever given. `absent` is the value of a subject without rows in a complete dataset;
    `may_not_apply` says that it then does not apply.
    """

    name: str
    of: Audience
    label_zh: str
    label_en: str
    type: FactType
    unit: str = ""
    system: str = ""
    values: tuple[str, ...] = ()
    says: str = ""
    source: str = ""
    measure: Measure | None = None
    formula: Formula | Choice | None = None
    absent: Scalar | None = None
    may_not_apply: bool = False

    @property
    def given(self) -> Given:
        """The fact as conditions see it where it is given."""
        return Given(
            name=self.name, type=self.type, may_not_apply=self.may_not_apply, values=self.values
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """All facts by name, and the datasets they come from."""

    facts: Mapping[str, Fact]
    datasets: Mapping[str, Dataset]

    def scope(self, audience: str) -> dict[str, Definition]:
        """What names mean for subjects of a kind: its own facts and those of its region."""
        return {
            name: fact.formula or fact.given
            for name, fact in self.facts.items()
            if fact.of in (audience, "region")
        }

    def label(self, name: str) -> str:
        """A fact's name with its Chinese label, for people."""
        fact = self.facts.get(name)
        return f"{name} {fact.label_zh}" if fact and fact.label_zh else name


def load_vocabulary(paths: Iterable[Path], datasets: Mapping[str, Dataset]) -> Vocabulary:
    """Read vocabulary files. Raises FilesRefused with every problem of every file."""
    problems: list[Problem] = []
    facts: dict[str, Fact] = {}
    places: dict[str, tuple[Document, Place]] = {}
    for path in sorted(paths):
        documents, found = read_documents(path)
        problems += found
        for document in documents:
            file, found = decode(document, VocabularyFile)
            problems += found
            if file is None:
                continue
            if file.rows:
                problems.append(
                    document.problem(("rows",), '"rows" of a vocabulary are not built yet')
                )
            for name, entry in file.facts.items():
                place: Place = ("facts", name)
                if name in facts:
                    problems.append(document.problem(place, f'fact "{name}" is declared twice'))
                    continue
                built, found = build_fact(name, entry, document, place, datasets)
                problems += found
                for fact in built:
                    facts[fact.name] = fact
                    places[fact.name] = (document, place)
    vocabulary = Vocabulary(facts=facts, datasets=datasets)
    problems += _check_formulas(vocabulary, places)
    if problems:
        raise FilesRefused(problems)
    return vocabulary


def builtin_vocabulary(datasets: Mapping[str, Dataset]) -> Vocabulary:
    """The vocabulary that comes with the program."""
    return load_vocabulary(sorted(BUILTIN.glob("*.yaml")), datasets)


def _check_formulas(
    vocabulary: Vocabulary, places: Mapping[str, tuple[Document, Place]]
) -> list[Problem]:
    problems = []
    clock: dict[str, Definition] = {"as_of": Constant(value=date(2000, 1, 1))}
    for name, fact in vocabulary.facts.items():
        if fact.formula is None:
            continue
        scope = vocabulary.scope(fact.of) | clock
        document, place = places[name]
        try:
            kind = check(Name(name=name), scope)
        except ConditionRefused as refusal:
            problems.append(document.problem(place, refusal.message, refusal.remedy))
            continue
        if kind is not kind_of(fact.type):
            problems.append(
                document.problem(place, f'"{name}" is declared {fact.type}, its formula is {kind}')
            )
    return problems


def build_fact(
    name: str,
    entry: FactFile,
    document: Document,
    place: Place,
    datasets: Mapping[str, Dataset],
    *,
    of: Audience | None = None,
    inferred: FactType | None = None,
) -> tuple[list[Fact], list[Problem]]:
    """The fact an author wrote, with the hidden sum and count of an average; or the problems.

    `of` and `inferred` are what a policy supplies for its own facts.
    """
    problems: list[Problem] = []
    if not expression.is_name(name):
        problems.append(
            document.problem(
                place,
                f'"{name}" is no name for a fact',
                "use a-z, 0-9 and _, no word of the language",
            )
        )
    audience = entry.of or of
    if audience is None:
        problems.append(document.problem(place, f'"{name}" does not say of whom it is', "add of:"))
        audience = "enterprise"
    label = entry.label if isinstance(entry.label, LabelFile) else LabelFile(zh=entry.label or "")
    formula, found = _formula(entry, document, place)
    problems += found
    measure, average_of, found = _measure(entry, document, place, datasets)
    problems += found
    if formula is not None and entry.from_ is not None:
        problems.append(document.problem(place, f'"{name}" has both a formula and "from"'))
    fact_type = entry.type or inferred or _type_of_measure(measure, average_of, datasets)
    if fact_type is None:
        if formula is None and not problems:
            problems.append(
                document.problem(
                    place, f'"{name}" has no type', f"add type: {' | '.join(FactType)}"
                )
            )
        fact_type = FactType.NUMBER
    absent, may_not_apply, found = _absent(entry, fact_type, measure, document, place, datasets)
    problems += found
    if problems:
        return [], problems
    built: list[Fact] = []
    if average_of is not None and measure is not None:
        formula, parts = _average(name, audience, measure, average_of, datasets)
        built += parts
        measure = None
    built.append(
        Fact(
            name=name,
            of=audience,
            label_zh=label.zh or entry.says or "",
            label_en=label.en,
            type=fact_type,
            unit=entry.unit or "",
            system=entry.system or "",
            values=tuple(entry.values),
            says=entry.says or "",
            source=entry.source or "",
            measure=measure,
            formula=formula,
            absent=absent,
            may_not_apply=may_not_apply,
        )
    )
    return built, []


def _average(
    name: str, of: Audience, measure: Measure, column: str, datasets: Mapping[str, Dataset]
) -> tuple[Formula, list[Fact]]:
    """An average stays a quotient of two measures, so that it is never stored rounded."""
    parts = []
    for suffix, function in ((SUM, "sum"), (COUNT, "count")):
        rows = Measure(
            dataset=measure.dataset,
            function="sum" if function == "sum" else "count",
            column=column if function == "sum" else "rows",
            on_as_of=measure.on_as_of,
            over=measure.over,
            where=measure.where,
        )
        kind = column_type(datasets[measure.dataset], column)
        parts.append(
            Fact(
                name=name + suffix,
                of=of,
                label_zh="",
                label_en="",
                type=kind if function == "sum" else FactType.INTEGER,
                measure=rows,
            )
        )
    quotient = Arithmetic(operator="div", left=Name(name=name + SUM), right=Name(name=name + COUNT))
    return Formula(expression=quotient), parts


def _formula(
    entry: FactFile, document: Document, place: Place
) -> tuple[Formula | Choice | None, list[Problem]]:
    if entry.is_ is not None and entry.choose is not None:
        return None, [document.problem(place, 'write "is" or "choose", not both')]
    if entry.is_ is not None:
        parsed, problem = parse_at(entry.is_, document, (*place, "is"))
        return (Formula(expression=parsed), []) if parsed is not None else (None, problem)
    if entry.choose is None:
        return None, []
    problems: list[Problem] = []
    cases: list[tuple[Expression | None, Expression]] = []
    for index, case in enumerate(entry.choose):
        at = (*place, "choose", index)
        last = index == len(entry.choose) - 1
        if (case.when is None) != last:
            problems.append(
                document.problem(at, 'every case but the last has "when", the last has none')
            )
            continue
        if (case.value is None) == (case.is_ is None):
            problems.append(document.problem(at, 'a case has either "value" or "is"'))
            continue
        test: Expression | None = None
        if case.when is not None:
            test, found = parse_at(case.when, document, (*at, "when"))
            problems += found
        if case.is_ is not None:
            value, found = parse_at(case.is_, document, (*at, "is"))
            problems += found
        else:
            value = literal_of(parse_scalar(case.value or ""))
        if value is not None:
            cases.append((test, value))
    return (None, problems) if problems else (Choice(cases=tuple(cases)), [])


def literal_of(value: Scalar) -> Expression:
    """A plain value as an expression."""
    return expression.Literal(value=value)


def parse_at(
    text: str, document: Document, place: Place
) -> tuple[Expression | None, list[Problem]]:
    """Parse a condition that stands at a place of a document."""
    try:
        return parse(text), []
    except ConditionRefused as refusal:
        return None, [document.problem(place, refusal.message, refusal.remedy, refusal.offset)]


def parse_scalar(text: str) -> Scalar:
    """A value by its looks: true/false, a date, a number, else text."""
    words = text.strip()
    if words in ("true", "false"):
        return words == "true"
    parts = words.split("-")
    if [len(part) for part in parts] == [4, 2, 2] and all(part.isdigit() for part in parts):
        try:
            return date.fromisoformat(words)
        except ValueError:
            return words
    try:
        return parse_number(words)
    except ValueError:
        return words


def _measure(
    entry: FactFile, document: Document, place: Place, datasets: Mapping[str, Dataset]
) -> tuple[Measure | None, str | None, list[Problem]]:
    """The measure, and the column of an average."""
    chosen = {
        name: column
        for name in (*FUNCTIONS, "average")
        if (column := getattr(entry, name)) is not None
    }
    problems = [
        document.problem((*place, key), f'"{key}" is not built yet', "leave it out")
        for key in _NOT_BUILT
        if getattr(entry, key) is not None
    ]
    if entry.from_ is None:
        for key in (*chosen, *(k for k in ("on", "over", "where") if getattr(entry, k))):
            problems.append(document.problem((*place, key), f'"{key}" needs "from"'))
        return None, None, problems
    dataset = datasets.get(entry.from_)
    if dataset is None:
        close = difflib.get_close_matches(entry.from_, list(datasets), n=1)
        remedy = f'did you mean "{close[0]}"?' if close else "zhida knows only declared datasets"
        problems.append(
            document.problem((*place, "from"), f'unknown dataset "{entry.from_}"', remedy)
        )
        return None, None, problems
    if problems:
        return None, None, problems
    if len(chosen) != 1:
        return (
            None,
            None,
            [
                document.problem(
                    place,
                    '"from" needs exactly one measure',
                    f"one of {', '.join(FUNCTIONS)}, average",
                )
            ],
        )
    function, column = next(iter(chosen.items()))
    problems += _check_measure(function, column, entry, dataset, document, place)
    where: Expression | None = None
    if entry.where is not None:
        where, found = parse_at(entry.where, document, (*place, "where"))
        problems += found
        if where is not None:
            try:
                check(where, row_scope(dataset, date(2000, 1, 1)))
            except ConditionRefused as refusal:
                problems.append(
                    document.problem(
                        (*place, "where"), refusal.message, refusal.remedy, refusal.offset
                    )
                )
    if problems:
        return None, None, problems
    measure = Measure(
        dataset=dataset.name,
        function="sum" if function == "average" else function,  # type: ignore[arg-type]
        column=column,
        on_as_of=entry.on is not None,
        over=entry.over,
        where=where,
    )
    return measure, column if function == "average" else None, []


def _check_measure(
    function: str,
    column: str,
    entry: FactFile,
    dataset: Dataset,
    document: Document,
    place: Place,
) -> list[Problem]:
    problems = []
    whole_rows = column == "rows"
    if whole_rows and function not in ("count", "any"):
        problems.append(
            document.problem((*place, function), f'"{function}" needs a column, not rows')
        )
    if not whole_rows and (column not in dataset.columns or column == dataset.key):
        close = difflib.get_close_matches(column, list(dataset.columns), n=1)
        problems.append(
            document.problem(
                (*place, function),
                f'dataset "{dataset.name}" has no column "{column}"',
                f'did you mean "{close[0]}"?' if close else "",
            )
        )
    elif not whole_rows:
        kind = column_type(dataset, column)
        numeric = kind in (FactType.INTEGER, FactType.MONEY, FactType.RATIO, FactType.NUMBER)
        if function in ("sum", "average") and not numeric:
            problems.append(document.problem((*place, function), f'"{column}" is not a number'))
        if function in ("any", "all") and kind is not FactType.BOOLEAN:
            problems.append(
                document.problem((*place, function), f'"{column}" is not yes or no', "any: rows")
            )
        if function in ("min", "max") and not (numeric or kind is FactType.DATE):
            problems.append(
                document.problem((*place, function), f'"{column}" has no smallest or largest')
            )
    if entry.on is not None and entry.on != "as_of":
        problems.append(document.problem((*place, "on"), 'only "on: as_of" is built yet'))
    if entry.on is not None and dataset.time.form != "state":
        problems.append(
            document.problem(
                (*place, "on"), f'"{dataset.name}" holds no states', "use over: for events"
            )
        )
    if entry.over is not None:
        try:
            parse_span(entry.over, date(2000, 1, 1))
        except ValueError as error:
            problems.append(document.problem((*place, "over"), str(error)))
    return problems


def _type_of_measure(
    measure: Measure | None, average_of: str | None, datasets: Mapping[str, Dataset]
) -> FactType | None:
    if measure is None:
        return None
    if average_of is None:
        if measure.function == "count":
            return FactType.INTEGER
        if measure.function in ("any", "all"):
            return FactType.BOOLEAN
    return column_type(datasets[measure.dataset], measure.column)


def _absent(
    entry: FactFile,
    fact_type: FactType,
    measure: Measure | None,
    document: Document,
    place: Place,
    datasets: Mapping[str, Dataset],
) -> tuple[Scalar | None, bool, list[Problem]]:
    """The value of no row, whether that means "does not apply", and what is wrong with it."""
    if entry.absent is None or entry.absent == "unknown":
        return None, False, []
    at = (*place, "absent")
    if measure is not None and datasets[measure.dataset].complete is None:
        return (
            None,
            False,
            [
                document.problem(
                    at,
                    f'"{measure.dataset}" is not complete: no row there says nothing',
                    "give the dataset complete: with the authority for it, or leave absent out",
                )
            ],
        )
    if entry.absent == "none":
        return None, True, []
    if isinstance(entry.absent, dict):
        if set(entry.absent) != {"value"}:
            return None, False, [document.problem(at, 'write a value, "none" or {value: …}')]
        value: Scalar = entry.absent["value"]
    else:
        value = parse_scalar(entry.absent)
    if kind_of(fact_type) is kind_of(FactType.TEXT):
        value = entry.absent["value"] if isinstance(entry.absent, dict) else entry.absent
    fits = {
        FactType.BOOLEAN: isinstance(value, bool),
        FactType.DATE: isinstance(value, date),
        FactType.CODE: isinstance(value, str) and (not entry.values or value in entry.values),
        FactType.TEXT: isinstance(value, str),
    }.get(fact_type, isinstance(value, Fraction))
    if not fits:
        return None, False, [document.problem(at, f'"{value}" is no {fact_type}')]
    return value, False, []
