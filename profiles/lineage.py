"""Which columns of which datasets a fact is worked out from: where data goes, and on what basis."""

from collections.abc import Iterable, Mapping

from language.definition import Definition
from language.expression import Name
from language.reach import parts_of, reachable_facts
from profiles.answers import DATASETS
from profiles.fact import Vocabulary
from profiles.measure import Measure
from profiles.row_set import RowSet

Columns = frozenset[tuple[str, str]]
"""Pairs of a dataset's name and one of its columns."""


def columns_of_fact(name: str, vocabulary: Vocabulary) -> Columns:
    """The columns that decide the value of a fact, through formulas, filters, times and joins.

    The key stands for rows that are counted only. Nothing for a fact that is only ever given.
    """
    found: Columns = frozenset()
    for part in reachable_facts([Name(name=name)], vocabulary.definitions):
        fact = vocabulary.facts.get(part)
        if fact is None:
            continue
        for measure in fact.measures:
            found |= columns_of_measure(measure, vocabulary.row_sets, vocabulary)
        answers = vocabulary.datasets.get(DATASETS.get(fact.of, "")) if fact.answers else None
        if answers is not None:
            found |= {(answers.name, column) for column in (answers.key, *answers.time.columns)}
            found |= {(answers.name, column) for column in ("fact", "value", "role")}
    return found


def columns_of_measure(
    measure: Measure,
    row_sets: Mapping[str, RowSet],
    vocabulary: Vocabulary,
    scope: Mapping[str, Definition] | None = None,
) -> Columns:
    """The columns that a measure reads: what it measures, filters and places in time.

    `row_sets` holds the measure's rows, those of a policy too; `scope` says what further names in
    its filter mean (default: the row's columns only).
    """
    row_set = row_sets[measure.rows]
    names = {measure.column, *measure.match, *row_set.time_columns}
    if measure.where is not None:
        names |= reachable_facts([measure.where], {**(scope or {}), **row_set.scope()})
    found = _columns_of(names & set(row_set.columns), row_set, row_sets, vocabulary)
    dataset = vocabulary.datasets.get(row_set.dataset or "")
    return found | ({(dataset.name, dataset.key)} if dataset is not None else frozenset())


def _columns_of(
    names: Iterable[str],
    row_set: RowSet,
    row_sets: Mapping[str, RowSet],
    vocabulary: Vocabulary,
) -> Columns:
    """Where columns of rows come from."""
    found: Columns = frozenset()
    for name in names:
        column = row_set.columns[name]
        if column.dataset_column is not None and row_set.dataset is not None:
            found |= {(row_set.dataset, column.dataset_column)}
        elif column.formula is not None:
            used = reachable_facts(parts_of(column.formula), row_set.scope())
            found |= _columns_of(used & set(row_set.columns), row_set, row_sets, vocabulary)
        elif column.brought is not None:
            found |= columns_of_fact(column.brought.fact, vocabulary)
            found |= _columns_of({column.brought.by}, row_set, row_sets, vocabulary)
        elif column.measure is not None:
            found |= columns_of_measure(column.measure, row_sets, vocabulary)
            here = set(column.measure.match) & set(row_set.columns)
            found |= _columns_of(here, row_set, row_sets, vocabulary)
    return found


def facts_by_column(vocabulary: Vocabulary) -> dict[tuple[str, str], list[str]]:
    """The facts that rest on each column, in the order of the vocabulary."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in vocabulary.facts:
        if "::" not in name:
            for column in columns_of_fact(name, vocabulary):
                found.setdefault(column, []).append(name)
    return found
