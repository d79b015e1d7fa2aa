"""A run's report for programs: `zhida report --format json`."""

from dataclasses import asdict
from typing import Any

from console.brake_words import tell_held
from console.population import fact_as_json
from console.run_report import Counted, RunReportData, parts_of, stage_times
from console.run_report_page import name_bands, shown_near
from console.simulation_page import few_or
from engine.run_policy import RunPolicy

FORMAT = "zhida-run-report-1"


def report_as_json(data: RunReportData) -> dict[str, Any]:
    """The report as plain data: money in fen, times in seconds, moments in UTC."""
    run = data.run
    return {
        "format": FORMAT,
        "run": run.id,
        "as_of": run.as_of,
        "state": run.state,
        "trial": data.passes[-1].trial if data.passes else None,
        "started_at": run.started_at.isoformat(),
        "decided_at": run.decided_at.isoformat() if run.decided_at else None,
        "snapshot": run.snapshot_hash,
        "program": run.program_hash,
        "against": data.figures.against if data.figures else None,
        "policies": _policies(data),
        "passes": [
            {
                "started_at": one.started_at.isoformat(),
                "ended_at": one.ended_at.isoformat() if one.ended_at else None,
                "seconds": one.seconds,
                **one.content,
            }
            for one in data.passes
        ],
        "stages": [
            {"stage": name, "seconds": seconds, "processor_seconds": worked}
            for name, seconds, worked in stage_times(data.passes)
        ],
        "parts": parts_of(data.evaluating),
        "counted": None if data.counted is None else _counted(data.counted),
        "note": data.note,
    }


def _policies(data: RunReportData) -> list[dict[str, Any]] | None:
    if data.figures is None:
        return None
    held, before = data.held, data.unknown_before
    states = {one.policy: one for one in data.states}
    return [
        {
            **asdict(one),
            "unknown_before": before.get(one.policy),
            "held": held.get(one.policy, (0, ()))[0],
            "held_why": list(held.get(one.policy, (0, ()))[1]),
            "state": states[one.policy].state if one.policy in states else None,
            "over": _over(states.get(one.policy)),
        }
        for one in data.figures.policies
    ]


def _over(one: RunPolicy | None) -> list[dict[str, str]]:
    """Why the brake held a policy."""
    return [{"zh": zh, "en": en} for zh, en in tell_held(one.held)] if one else []


def _counted(counted: Counted) -> dict[str, Any]:
    found = counted.held_back
    return {
        "sample": counted.sample,
        "decisions": found.decisions,
        "unknown": found.unknown,
        "settled_by_no_fact": found.settled_by_no_fact,
        "left_out": list(counted.left_out),
        "facts": [fact_as_json(fact, counted.origins[fact.fact]) for fact in found.by_fact],
        "reasons": [asdict(one) for one in found.by_reason],
        "near": None if counted.near is None else _near(counted),
    }


def _near(counted: Counted) -> list[dict[str, Any]]:
    """Who is how far off, with the same numbers hidden as on the page: as text."""
    told = []
    for one in counted.near or ():
        bands, several, unmeasured = shown_near(one)
        told.append(
            {
                "policy": one.policy,
                "clause": one.clause,
                "says": {"zh": one.says_zh, "en": one.says_en},
                "one_short": few_or(one.one_short),
                "several": several,
                "unmeasured": unmeasured,
                "distances": [
                    {
                        "measured": {"zh": each.measured_zh, "en": each.measured_en},
                        "direction": each.direction,
                        "limit": {"zh": each.limit_zh, "en": each.limit_en},
                        "measure": each.measure,
                        "bands": dict(zip(name_bands(each), shown, strict=True)),
                    }
                    for each, shown in zip(one.distances, bands, strict=True)
                ],
            }
        )
    return told
