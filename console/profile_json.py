"""A profile for programs: `zhida profile --format json`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from console.profile_page import WORDS, ShownRows, show_cell, shown_value, why
from engine.shown_value import plain_value, unit_of_fact
from profiles.dataset import Column
from profiles.subject_profile import Profile, ProfileFact, ProfileSource


def profile_as_json(
    profile: Profile, shown: Sequence[ShownRows], purpose: str | None
) -> dict[str, Any]:
    """A profile as plain data; `purpose` of whoever is shown what is personal."""
    return {
        "format": "zhida-profile-1",
        "subject": profile.subject,
        "kind": profile.kind,
        "as_of": profile.as_of,
        "snapshot": profile.snapshot,
        "purpose": purpose,
        "datasets": {name: _source_as_json(source) for name, source in profile.sources.items()},
        "facts": [_fact_as_json(told, profile, purpose is not None) for told in profile.facts],
        "rows": {found.dataset.name: _rows_as_json(found) for found in shown},
    }


def _source_as_json(source: ProfileSource) -> dict[str, Any]:
    return {
        "department_zh": source.dataset.department.zh,
        "department_en": source.dataset.department.en,
        "title_zh": source.dataset.title.zh,
        "title_en": source.dataset.title.en,
        "release": source.release,
        "delivered_on": source.delivered_on,
        "fresh_until": source.fresh_until,
        "stale": source.stale,
        "set_aside": source.set_aside,
        "unclear": source.unclear,
        "complete": source.dataset.complete,
        "rows": source.rows.height,
    }


def _fact_as_json(told: ProfileFact, profile: Profile, revealed: bool) -> dict[str, Any]:
    zh, en = shown_value(told, revealed)
    hidden = told.masked and not revealed
    text = isinstance(told.value, str)
    why_zh, why_en = why(told, profile)
    return {
        "fact": told.fact.name,
        "label_zh": told.fact.label_zh,
        "label_en": told.fact.label_en,
        "value": None if hidden else zh if text else plain_value(told.value),
        "value_zh": zh,
        "value_en": en,
        "unit": unit_of_fact(told.fact),
        "standing": told.standing,
        "why_zh": why_zh,
        "why_en": why_en,
        "dataset": told.dataset or None,
        "missing": list(told.missing),
        "answer": None if told.answer is None else asdict(told.answer),
        "masked": hidden,
    }


def _rows_as_json(shown: ShownRows) -> list[dict[str, Any]]:
    """Rows by column; what is masked is absent, money in yuan."""
    columns = {
        name: column
        for name, column in shown.dataset.columns.items()
        if name in shown.frame.columns and name not in shown.hidden
    }
    return [
        {
            name: None if row[name] is None else _plain_cell(row[name], column)
            for name, column in columns.items()
        }
        for row in shown.frame.iter_rows(named=True)
    ]


def _plain_cell(value: Any, column: Column) -> Any:
    """Money in yuan and days as texts; other numbers, yes and no as they are."""
    if isinstance(value, date) or column.type == "money":
        return show_cell(value, column, WORDS["en"]).replace(",", "")
    return value
