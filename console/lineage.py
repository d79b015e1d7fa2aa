"""From a dataset's column to the policies that decide by it, and back, as plain data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.program import bind
from policies.policy import Policy
from profiles.dataset import Column, Dataset
from profiles.fact import Vocabulary
from profiles.lineage import columns_of_fact, columns_of_measure, facts_by_column
from profiles.release import Release

Used = tuple[str, str]
_EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Uses:
    """Who uses what: policies by fact, policies by column that they measure themselves, and facts
    by column. Policies stand with their version."""

    by_fact: Mapping[str, list[str]]
    measured: Mapping[Used, list[str]]
    facts: Mapping[Used, list[str]]

    def policies_of(self, column: Used) -> list[str]:
        """The policies that a column can reach, through facts or by themselves."""
        reached = [key for fact in self.facts.get(column, ()) for key in self.by_fact.get(fact, ())]
        return sorted({*reached, *self.measured.get(column, ())})


def find_uses(policies: Iterable[Policy], vocabulary: Vocabulary) -> Uses:
    """What each policy decides by: shared facts, and rows that it measures or decides itself."""
    by_fact: dict[str, set[str]] = {}
    measured: dict[Used, set[str]] = {}
    for policy in policies:
        own = {fact.name for fact in policy.facts}
        bound = bind(policy, vocabulary, max(policy.starts_on, _EARLIEST))
        row_sets = {**vocabulary.row_sets, **bound.row_sets}
        row_sets |= {measure.row_set.name: measure.row_set for measure in bound.own_measures}
        measures = [fact.measure for fact in policy.facts if fact.measure is not None]
        if policy.each is not None:
            measures += [fact.measure for fact in policy.each.facts if fact.measure is not None]
        for name in bound.names | bound.row_names:
            if name in vocabulary.facts and name not in own:
                by_fact.setdefault(name.split("::")[0], set()).add(policy.key)
        for measure in measures:
            for column in columns_of_measure(measure, row_sets, vocabulary, bound.scope):
                measured.setdefault(column, set()).add(policy.key)
        for name in bound.row_sets:
            of_rows = row_sets[name]
            for row_column in of_rows.columns.values():
                if row_column.name in bound.row_names and row_column.dataset_column is not None:
                    used = (of_rows.dataset or "", row_column.dataset_column)
                    measured.setdefault(used, set()).add(policy.key)
    return Uses(
        by_fact={name: sorted(keys) for name, keys in by_fact.items()},
        measured={column: sorted(keys) for column, keys in measured.items()},
        facts=facts_by_column(vocabulary),
    )


def dataset_lineage(dataset: Dataset, uses: Uses) -> dict[str, Any]:
    """A dataset's columns with the facts and policies that rest on each."""
    return {
        **describe_dataset(dataset),
        "columns": [
            {
                **_describe_column(column),
                "facts": uses.facts.get((dataset.name, column.name), []),
                "policies": uses.policies_of((dataset.name, column.name)),
            }
            for column in dataset.columns.values()
        ],
    }


def fact_lineage(
    name: str, vocabulary: Vocabulary, uses: Uses, releases: Mapping[str, list[Release]]
) -> dict[str, Any]:
    """Where a fact comes from: datasets with legal basis, columns, releases; who decides by it.

    `releases` are those delivered of each dataset.
    """
    fact = vocabulary.facts[name]
    by_dataset: dict[str, list[Column]] = {}
    for dataset, column in sorted(columns_of_fact(name, vocabulary)):
        by_dataset.setdefault(dataset, []).append(vocabulary.datasets[dataset].columns[column])
    return {
        "fact": name,
        "of": fact.of,
        "label": {"zh": fact.label_zh, "en": fact.label_en},
        "type": str(fact.type),
        "datasets": [
            {
                **describe_dataset(vocabulary.datasets[dataset]),
                "columns": [_describe_column(column) for column in columns],
                "releases": [_describe_release(release) for release in releases.get(dataset, ())],
            }
            for dataset, columns in by_dataset.items()
        ],
        "policies": uses.by_fact.get(name, []),
    }


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """What a dataset says of itself, without its columns."""
    return {
        "dataset": dataset.name,
        "title": {"zh": dataset.title.zh, "en": dataset.title.en},
        "department": {"zh": dataset.department.zh, "en": dataset.department.en},
        "basis": dataset.basis,
        "of": dataset.kind,
        "register": dataset.register,
        "time": {dataset.time.form: list(dataset.time.columns)},
        "complete": dataset.complete,
        "refresh": dataset.refresh,
        "fresh_within_days": dataset.fresh_within_days,
        "retention": dataset.retention,
        "unique": None if dataset.unique is None else list(dataset.unique),
        "sensitivity": highest_sensitivity(dataset.columns.values()),
    }


def highest_sensitivity(columns: Iterable[Column]) -> str:
    """The strictest sensitivity among columns."""
    return max((column.sensitivity for column in columns), key=SENSITIVITIES.index)


SENSITIVITIES = ("public", "internal", "personal", "sensitive")


def describe_columns(dataset: Dataset) -> list[dict[str, Any]]:
    """The columns of a dataset in full."""
    return [
        {
            **_describe_column(column),
            "meaning": column.meaning,
            "required": column.required,
            "values": list(column.values),
            "system": column.system,
            "unit": column.unit,
            "identifier": column.identifier,
        }
        for column in dataset.columns.values()
    ]


def _describe_column(column: Column) -> dict[str, Any]:
    return {
        "column": column.name,
        "label": {"zh": column.label.zh, "en": column.label.en},
        "type": column.type,
        "sensitivity": column.sensitivity,
    }


def _describe_release(release: Release) -> dict[str, Any]:
    return {
        "hash": release.hash,
        "delivered_on": release.delivered_on.isoformat(),
        "rows": release.rows,
        "standing": release.standing,
    }
