"""The data quality report for programs: `zhida quality --format json`."""

from typing import Any

from console.quality_page import completeness_of
from console.quality_report import QualityReport
from engine.needed_facts import NeededFact
from engine.shown_value import mask
from profiles.quality import DatasetQuality
from profiles.quality_drift import QUANTILES, ColumnDrift
from profiles.quality_facts import FactQuality


def quality_as_json(report: QualityReport) -> dict[str, Any]:
    """The report as plain data; shares from 0 to 1, money in fen."""
    return {
        "format": "zhida-quality-1",
        "as_of": report.as_of,
        "snapshot_as_of": report.snapshot_as_of,
        "datasets": [_dataset(quality) for quality in report.datasets],
        "facts": [_fact(quality) for quality in report.facts],
        "disagreements": [
            {
                "fact": found.fact.name,
                "kind": found.kind,
                "counts": found.counts,
                "differs": found.differs,
                "subjects": found.subjects,
            }
            for found in report.disagreements
        ],
        "needed": [_needed(needed, report) for needed in report.needed],
    }


def _dataset(quality: DatasetQuality) -> dict[str, Any]:
    return {
        "dataset": quality.dataset.name,
        "department": quality.dataset.department.zh,
        "rows": quality.rows,
        "completeness": completeness_of(quality),
        "age_days": quality.age_days,
        "fresh_within_days": quality.dataset.fresh_within_days,
        "stale": quality.stale,
        "releases": [
            {
                "release": counts.release,
                "delivered_on": counts.delivered_on,
                "standing": counts.standing,
                "rows_in": counts.rows_in,
                "rows": counts.rows,
                "quarantined": counts.quarantined,
                "repeated": counts.repeated,
                "unassigned": counts.unassigned,
                "contradictions": counts.contradictions,
                "reasons": dict(counts.reasons),
            }
            for counts in quality.releases
        ],
        "columns": [
            {
                "column": column.column,
                "rows": column.rows,
                "missing": column.missing,
                "completeness": column.completeness,
                "required": column.required,
            }
            for column in quality.columns
        ],
        "drift": _drift(quality),
        "note": quality.note,
        "flags": [
            {
                "concern": flag.concern,
                "column": flag.column or None,
                "figure": flag.figure,
                "limit": flag.limit,
            }
            for flag in quality.flags
        ],
    }


def _drift(quality: DatasetQuality) -> dict[str, Any] | None:
    drift = quality.drift
    if drift is None:
        return None
    return {
        "rows_before": drift.rows_before,
        "rows_now": drift.rows_now,
        "came": drift.changed.new,
        "vanished": drift.changed.vanished,
        "changed": drift.changed.changed,
        "same": drift.same,
        "columns": [_column(column) for column in drift.columns],
    }


def _column(drift: ColumnDrift) -> dict[str, Any]:
    names = [f"p{round(share * 100)}" for share in QUANTILES]
    return {
        "column": drift.column,
        "missing_before": drift.missing_before,
        "missing_now": drift.missing_now,
        "psi": drift.psi,
        "chance": drift.chance,
        "mean_before": drift.mean_before,
        "mean_now": drift.mean_now,
        "quantiles_before": dict(zip(names, drift.quantiles_before, strict=False)),
        "quantiles_now": dict(zip(names, drift.quantiles_now, strict=False)),
        "shifts": [
            {"value": mask(shift.value), "before": shift.before, "now": shift.now}
            for shift in drift.shifts
        ],
    }


def _fact(quality: FactQuality) -> dict[str, Any]:
    return {
        "fact": quality.fact.name,
        "label_zh": quality.fact.label_zh,
        "label_en": quality.fact.label_en,
        "kind": quality.kind,
        "datasets": list(quality.datasets),
        "subjects": quality.subjects,
        "completeness": quality.completeness,
        "known": quality.known,
        "not_applicable": quality.not_applicable,
        "never_delivered": quality.never_delivered,
        "stale": quality.stale,
        "set_aside": quality.set_aside,
        "not_said": quality.not_said,
    }


def _needed(needed: NeededFact, report: QualityReport) -> dict[str, Any]:
    held = (report.held or {}).get((needed.kind, needed.name))
    counted = report.held is not None
    return {
        "name": needed.name,
        "kind": needed.kind,
        "label_zh": needed.label_zh,
        "label_en": needed.label_en,
        "datasets": list(needed.datasets),
        "lack": needed.lack,
        "policies": list(needed.policies),
        "subjects": (held.subjects if held else 0) if counted else None,
        "subjects_alone": (held.subjects_alone if held else 0) if counted else None,
    }
