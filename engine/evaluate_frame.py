"""Policies on an analyst's data frame: a column for each fact in, the outcome in the same form out.

As fast as a run is, since it takes the same way; what each subject lacks for a benefit is told by
`engine.table.evaluate_table`, one subject at a time.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any

import polars as pl

from engine.city_evaluation import KINDS
from engine.evaluate import bind_audience, evaluate_part
from engine.program import Bound, Program
from language.column import GIVEN, NOT_APPLICABLE
from language.types import FactType
from profiles.dataset import Column, Label
from profiles.derivation import compute_facts
from profiles.errors import FrameRefused
from profiles.fact import Fact
from profiles.frames import (
    AnyFrame,
    SetAside,
    columns_of,
    form_of,
    from_polars,
    read_frame,
    to_polars,
)
from profiles.hand_value import UNKNOWN, is_unknown
from profiles.row_frame import source_of
from profiles.row_set import RowColumn, RowSet, last_day_of

NONE = "none"
_TEXTS = (pl.String, pl.Categorical, pl.Enum)
_APART = "give the policies apart, each with a frame of its own"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOutcome:
    """What policies found of a frame.

    `outcome` has the columns of `engine.part_outcome.OUTCOME_SCHEMA` (a row for each subject that a
    policy finds eligible or unknown, `amount_fen` in fen) in the form that the facts came in.
    `troubles` say what could not be read or was not used, without any value of it.
    """

    outcome: Any
    troubles: tuple[str, ...]


def evaluate_frame(
    program: Program,
    frame: AnyFrame,
    kind: str,
    as_of: date,
    *,
    rows: Mapping[str, AnyFrame] | None = None,
) -> FrameOutcome:
    """The outcome of the policies in force for one kind of subjects over a frame of facts.

    `frame` is pandas, Polars or Arrow, with a text column `subject`, one row a subject, and a
    column for each fact that is known: money in yuan, days as dates or texts, regions by code or
    name. A null is missing, the text `none` of a fact that may not apply says that it does not, as
    a true `<fact>::none` does. A fact that has a formula is worked out where it is null or has no
    column. `rows` hold rows by dataset or row set with a column `subject`: facts that are measured
    over them and have no column of their own are worked out from them; what is absent is missing.

    Raises FrameRefused where the subjects cannot be told apart, or a float column would hold codes,
    texts or days, whose digits floats lose.
    """
    if kind not in KINDS:
        raise FrameRefused("frame", [f'subjects are of kind {", ".join(KINDS)}, not "{kind}"'])
    form = form_of(frame)
    troubles: list[str] = []
    read = read_frame(frame)
    facts = _read_facts(read, _facts_of(program, kind, read.columns), troubles)
    row_sets = _row_sets_of(program, kind, rows or {})
    frames = {
        name: _read_rows(name, table, row_sets, troubles) for name, table in (rows or {}).items()
    }
    given = set(facts.columns)
    if frames:
        facts = _measure(program, kind, facts, frames, as_of)
    bounds = [_spare(bound, given) for bound in bind_audience(program, kind, as_of)]
    outcome, _ = evaluate_part(bounds, facts, kind, rows=frames)
    return FrameOutcome(outcome=from_polars(outcome, form), troubles=tuple(troubles))


def _facts_of(program: Program, kind: str, columns: Container[str]) -> dict[str, Fact]:
    """The facts that subjects of a kind may have, those of policies among them, by name.

    Raises FrameRefused where two policies mean something else by one of the frame's columns: it
    is read once for all of them.
    """
    shared = program.vocabulary.facts
    found = {name: fact for name, fact in shared.items() if fact.of in (kind, "region")}
    problems = []
    for policy in program.policies:
        for fact in policy.facts if policy.audience == kind else ():
            other = found.setdefault(fact.name, fact)
            alike = (other.given, other.formula is None) == (fact.given, fact.formula is None)
            if not alike and fact.name in columns:
                problems.append(f'column "{fact.name}" is another fact in {policy.id}: {_APART}')
    if problems:
        raise FrameRefused("frame", problems)
    return found


def _row_sets_of(program: Program, kind: str, given: Container[str]) -> dict[str, RowSet]:
    """Rows by name, with the columns that any policy adds to them; refused as facts are."""
    found = dict(program.vocabulary.row_sets)
    problems = []
    for policy in program.policies:
        for name, row_set in policy.row_sets.items() if policy.audience == kind else ():
            known = found.get(name, row_set)
            both = known.columns.keys() & row_set.columns.keys()
            alike = known.time_columns == row_set.time_columns and all(
                _read_as(known.columns[key]) == _read_as(row_set.columns[key]) for key in both
            )
            if not alike and name in given:
                problems.append(f'"{name}" are other rows in {policy.id}: {_APART}')
            found[name] = replace(known, columns={**row_set.columns, **known.columns})
    if problems:
        raise FrameRefused("rows", problems)
    return found


def _read_facts(read: pl.DataFrame, known: Mapping[str, Fact], troubles: list[str]) -> pl.DataFrame:
    """The columns that conditions read: facts by their types, with the flags beside them."""
    _check_subjects(read)
    flags = {name + NOT_APPLICABLE: name for name, fact in known.items() if fact.may_not_apply}
    wanted = [name for name in read.columns if name in known]
    told = [name for name in read.columns if name not in (*wanted, *flags, "subject")]
    troubles += [_tell_unknown(name, [*known, *flags]) for name in told]
    worded, none_flags = [], {}
    for name in wanted:
        series, none = _read_words(read[name], known[name])
        worded.append(series)
        none_flags[name] = none
    typed = to_polars(pl.DataFrame(worded), columns_of(known[name] for name in wanted))
    _tell(typed.set_aside, troubles)
    columns = [read["subject"].cast(pl.String), *typed.frame.iter_columns()]
    for name in wanted:
        fact = known[name]
        if fact.may_not_apply:
            flag = _read_flag(read, name + NOT_APPLICABLE, troubles) | none_flags[name]
            columns.append((flag & typed.frame[name].is_null()).alias(name + NOT_APPLICABLE))
        if fact.formula is not None:
            columns.append(read[name].is_not_null().alias(name + GIVEN))
    return pl.DataFrame(columns)


def _holds_text(frame: pl.DataFrame, name: str) -> bool:
    return name in frame.columns and frame.schema[name].base_type() in _TEXTS


def _check_subjects(read: pl.DataFrame) -> None:
    if not _holds_text(read, "subject"):
        raise FrameRefused(
            "frame", ['the column "subject" is missing or no text (a number may lose digits)']
        )
    missing, repeated = read["subject"].null_count(), read["subject"].is_duplicated().sum()
    if missing or repeated:
        what = f"{missing} rows have no subject and {repeated} share theirs with others"
        raise FrameRefused("frame", [f'column "subject": {what}: give each row its own'])


def _read_words(series: pl.Series, fact: Fact) -> tuple[pl.Series, pl.Series]:
    """The column without the words `none` and `unknown`, and where it says that it does not apply.

    A word that is one of the fact's values is that value.
    """
    nowhere = pl.repeat(False, series.len(), dtype=pl.Boolean, eager=True)
    if series.dtype.base_type() not in _TEXTS:
        return series, nowhere
    texts = series.cast(pl.String)
    none = (texts == NONE).fill_null(False) if fact.may_not_apply else nowhere
    if is_unknown(UNKNOWN, fact.type, fact.values):
        texts = texts.set((texts == UNKNOWN).fill_null(False), None)
    return texts.set(none, None), none


def _read_flag(read: pl.DataFrame, name: str, troubles: list[str]) -> pl.Series:
    if name not in read.columns:
        return pl.repeat(False, read.height, dtype=pl.Boolean, eager=True)
    if read.schema[name] != pl.Boolean:
        troubles.append(f'column "{name}" is not used: it holds no booleans')
        return pl.repeat(False, read.height, dtype=pl.Boolean, eager=True)
    return read[name].fill_null(False)


def _read_rows(
    name: str, table: AnyFrame, row_sets: Mapping[str, RowSet], troubles: list[str]
) -> pl.DataFrame:
    """Rows by their types, sorted by subject. A last day that cannot be read may be over."""
    row_set = row_sets.get(name)
    if row_set is None:
        close = get_close_matches(name, row_sets, n=1)
        hint = f', did you mean "{close[0]}"?' if close else ""
        raise FrameRefused("rows", [f'there are no rows "{name}"{hint}'])
    read = read_frame(table, name)
    if not _holds_text(read, "subject"):
        raise FrameRefused(name, ['the column "subject" is missing or no text'])
    columns = {key: _column_of(column) for key, column in row_set.columns.items()}
    known = [key for key in read.columns if key in columns]
    for key in read.columns:
        if key not in columns and key != "subject":
            troubles.append(f"{name}: {_tell_unknown(key, columns)}")
    typed = to_polars(read.select("subject", *known), columns, name=name)
    _tell(typed.set_aside, troubles, f"{name}: ")
    frame = typed.frame.with_columns(pl.col("subject").cast(pl.String))
    last = last_day_of(row_set)
    if last in known:
        frame = frame.with_columns(read[last].is_null().alias(f"{last}{NOT_APPLICABLE}"))
    elif last is not None:
        troubles.append(f'{name}: without a column "{last}" nobody knows which are still in force')
        frame = frame.with_columns(
            pl.lit(None, dtype=pl.Date).alias(last), pl.lit(False).alias(last + NOT_APPLICABLE)
        )
    if nobody := frame["subject"].null_count():
        troubles.append(f"{name}: {nobody} rows have no subject and are nobody's")
    return frame.drop_nulls("subject").sort("subject", maintain_order=True)


def _read_as(column: RowColumn) -> tuple[object, ...]:
    return column.type, column.written, column.system, column.values


def _column_of(column: RowColumn) -> Column:
    kind: Any = column.type.value
    if column.type is FactType.DATE and column.written != "day":
        kind = column.written
    return Column(
        name=column.name,
        type=kind,
        label=Label(zh=column.label_zh, en=column.label_en),
        system=column.system,
        values=column.values,
        unit="元" if column.type is FactType.MONEY else "",
    )


def _measure(
    program: Program,
    kind: str,
    facts: pl.DataFrame,
    rows: Mapping[str, pl.DataFrame],
    as_of: date,
) -> pl.DataFrame:
    """The facts with those that can be measured over the rows and have no column."""
    vocabulary = program.vocabulary
    computed = compute_facts(vocabulary, kind, facts["subject"], rows, as_of)
    wanted = []
    for name, fact in vocabulary.facts.items():
        if fact.measure is None or name in facts.columns or name not in computed.columns:
            continue
        if any(source_of(vocabulary.row_sets[m.rows], rows) is not None for m in fact.measures):
            wanted += [c for c in (name, name + NOT_APPLICABLE) if c in computed.columns]
    return facts.with_columns(computed.select(wanted).get_columns())


def _spare(bound: Bound, given: set[str]) -> Bound:
    """The policy without the measures of its own that have a column."""
    left = tuple(own for own in bound.own_measures if own.fact.name not in given)
    return replace(bound, own_measures=left)


def _tell(set_aside: Iterable[SetAside], troubles: list[str], before: str = "") -> None:
    troubles += [f"{before}{aside}" for aside in set_aside]


def _tell_unknown(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    hint = f', did you mean "{close[0]}"?' if close else ""
    return f'column "{name}" is not used: there is no such fact{hint}'
