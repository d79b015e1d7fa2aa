"""The data quality report as a page: Chinese with English, charts as SVG, no scripts, one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from console.chart import Chart, columns_over_time, ranges, stacked_bar
from console.quality_report import QualityReport
from console.quality_words import KINDS, LACKS, say_flag, say_share
from engine.needed_facts import NeededFact
from engine.shown_value import mask, show_fen
from profiles.dataset import Dataset
from profiles.quality import DatasetQuality
from profiles.quality_drift import ColumnDrift
from profiles.quality_facts import Disagreement, FactQuality

RELEASES_SHOWN = 24
SHIFTS_SHOWN = 6
REASONS_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a table: names, a chart, and cells beside it; `flagged` stands out."""

    zh: str
    en: str
    chart: Chart | None
    cells: tuple[str, ...]
    flagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPart:
    """What the page tells of one dataset."""

    name: str
    title_zh: str
    title_en: str
    department_zh: str
    summary: tuple[tuple[str, str, str], ...]
    flags: tuple[tuple[str, str], ...]
    columns: tuple[Line, ...]
    releases: Chart | None
    reasons: tuple[Line, ...]
    drifts: tuple[Line, ...]


def build_quality_page(report: QualityReport) -> str:
    """The report as HTML that stands by itself."""
    return _template().render(
        as_of=report.as_of,
        snapshot_as_of=report.snapshot_as_of,
        datasets=[_dataset(quality) for quality in report.datasets],
        overview=[_overview(quality) for quality in report.datasets],
        kinds=[
            (KINDS[kind], [_fact(quality) for quality in report.facts if quality.kind == kind])
            for kind in dict.fromkeys(quality.kind for quality in report.facts)
        ],
        disputed=[_disputed(found) for found in report.disagreements],
        needed=[_needed(needed, report) for needed in report.needed],
        counted=report.held is not None,
    )


def completeness_of(quality: DatasetQuality) -> float | None:
    """The share of cells with a value, over the columns where an empty one is missing."""
    counted = [column for column in quality.columns if column.completeness is not None]
    cells = sum(column.rows for column in counted)
    return 1 - sum(column.missing for column in counted) / cells if cells else None


def _overview(quality: DatasetQuality) -> Line:
    share = completeness_of(quality)
    dataset = quality.dataset
    last = quality.newest
    return Line(
        zh=dataset.title.zh,
        en=dataset.name,
        chart=None if share is None else _completeness(share, dataset.title.zh),
        cells=(
            say_share(share),
            f"{quality.rows:,}" if last else "—",
            _age(quality),
            say_share(last.quarantined / last.rows_in) if last and last.rows_in else "—",
            str(len(quality.flags)) if quality.flags else "",
        ),
        flagged=bool(quality.flags),
    )


def _age(quality: DatasetQuality) -> str:
    if quality.age_days is None:
        return "—"
    within = quality.dataset.fresh_within_days
    return f"{quality.age_days}" + (f" / {within}" if within is not None else "")


def _dataset(quality: DatasetQuality) -> DatasetPart:
    dataset = quality.dataset
    last = quality.newest
    summary = []
    if last is not None:
        summary = [
            ("批次", "release", f"{last.release[:12]} · {last.delivered_on}"),
            ("行", "rows", f"{quality.rows:,}"),
            ("隔离", "set aside", f"{last.quarantined:,}"),
            ("重复", "repeated", f"{last.repeated:,}"),
            ("矛盾", "contradictions", f"{last.contradictions:,}"),
            ("无法归属", "of nobody known", f"{last.unassigned:,}"),
            ("天数/时限", "days / limit", _age(quality)),
        ]
    if quality.drift is not None:
        keys, same = quality.drift.changed, quality.drift.same
        told = f"+{keys.new:,} / -{keys.vanished:,} / ±{keys.changed:,} / ={same:,}"
        summary.append(("新增/消失/变化/不变", "came / vanished / changed / same", told))
    if quality.note:
        summary.append(("漂移", "drift", quality.note))
    return DatasetPart(
        name=dataset.name,
        title_zh=dataset.title.zh,
        title_en=dataset.title.en,
        department_zh=dataset.department.zh,
        summary=tuple(summary),
        flags=tuple(say_flag(flag, dataset) for flag in quality.flags),
        columns=tuple(_columns(quality)),
        releases=_releases(quality),
        reasons=tuple(_reasons(quality)),
        drifts=tuple(_drifts(quality)),
    )


def _columns(quality: DatasetQuality) -> list[Line]:
    lines = []
    for column in quality.columns:
        share = column.completeness
        label = quality.dataset.columns[column.column].label
        lines.append(
            Line(
                zh=label.zh,
                en=column.column,
                chart=None if share is None else _completeness(share, label.zh),
                cells=(
                    "空即有效 empty: in force" if column.open_end else say_share(share),
                    f"{column.missing:,}",
                ),
            )
        )
    return lines


def _completeness(share: float, what: str) -> Chart:
    told = f"{what}: 完整率 completeness {say_share(share)}"
    return stacked_bar((("good", share, told), ("bad", 1 - share, told)), told)


def _releases(quality: DatasetQuality) -> Chart | None:
    shown = quality.releases[-RELEASES_SHOWN:]
    if len(shown) < 2:
        return None
    values = [
        (
            (("good", counts.rows), ("bad", counts.quarantined)),
            f"{counts.delivered_on}: {counts.rows:,} 行 rows, 隔离 aside {counts.quarantined:,}",
        )
        for counts in shown
    ]
    title = f"{shown[0].delivered_on} – {shown[-1].delivered_on}: 各批次行数 rows of each release"
    return columns_over_time(values, title)


def _reasons(quality: DatasetQuality) -> list[Line]:
    """The most frequent reasons of the releases shown, each over time."""
    shown = quality.releases[-RELEASES_SHOWN:]
    totals: dict[str, int] = {}
    for counts in shown:
        for reason, rows in counts.reasons.items():
            totals[reason] = totals.get(reason, 0) + rows
    lines = []
    for reason in sorted(totals, key=lambda name: (-totals[name], name))[:REASONS_SHOWN]:
        series = [(counts, counts.reasons.get(reason, 0)) for counts in shown]
        values = [((("bad", n),), f"{counts.delivered_on}: {n:,}") for counts, n in series]
        chart = columns_over_time(values, f"{reason}: {', '.join(what for _, what in values)}", 16)
        lines.append(Line(zh=reason, en="", chart=chart, cells=(f"{series[-1][1]:,}",)))
    return lines


def _drifts(quality: DatasetQuality) -> list[Line]:
    if quality.drift is None:
        return []
    flagged = {flag.column for flag in quality.flags if flag.column}
    return [
        _drift(drift, quality.dataset, drift.column in flagged)
        for drift in quality.drift.columns
        if drift.psi is not None
    ]


def _drift(drift: ColumnDrift, dataset: Dataset, flagged: bool) -> Line:
    column = dataset.columns[drift.column]
    missing = f"{say_share(drift.missing_before)} → {say_share(drift.missing_now)}"
    psi = "—" if drift.psi is None else f"{drift.psi:.2f}"
    if drift.quantiles_before and drift.quantiles_now:
        is_money = column.type == "money"
        told = (
            f"此前 before: {_numbers(drift.quantiles_before, is_money)}",
            f"现在 now: {_numbers(drift.quantiles_now, is_money)}",
        )
        title = f"{column.label.zh} p5 p25 p50 p75 p95; {'; '.join(told)}"
        chart: Chart | None = ranges(drift.quantiles_before, drift.quantiles_now, title, told)
        means = (drift.mean_before or 0.0, drift.mean_now or 0.0)
        change = " → ".join(_numbers([mean], is_money) for mean in means)
        cells = (f"均值 mean {change}", missing, psi)
    else:
        moved = [shift for shift in drift.shifts[:SHIFTS_SHOWN] if shift.now != shift.before]
        change = "；".join(
            f"{mask(shift.value)} {say_share(shift.before)} → {say_share(shift.now)}"
            for shift in moved
        )
        title = f"{column.label.zh}: {change or '不变 unchanged'}"
        chart = _shares(drift, title) if drift.shifts else None
        cells = (change, missing, psi)
    return Line(zh=column.label.zh, en=drift.column, chart=chart, cells=cells, flagged=flagged)


def _shares(drift: ColumnDrift, title: str) -> Chart:
    """The share of each value before and now, side by side."""
    ordered = sorted(drift.shifts, key=lambda shift: shift.value)
    values: list[tuple[Sequence[tuple[str, float]], str]] = []
    for shift in ordered:
        name = mask(shift.value)
        values.append(((("soft", shift.before),), f"{name} {say_share(shift.before)}"))
        values.append(((("ink", shift.now),), f"{name} {say_share(shift.now)}"))
    return columns_over_time(values, title, 28)


def _numbers(values: Sequence[float], is_money: bool) -> str:
    shown = [(show_fen(round(value)) or "") if is_money else f"{value:,.6g}" for value in values]
    return " ".join(shown)


def _fact(quality: FactQuality) -> Line:
    total = quality.subjects or 1
    parts = (
        ("good", quality.known, "已知 known"),
        ("soft", quality.not_applicable, "不适用 does not apply"),
        ("bad", quality.never_delivered, "从未交付 never delivered"),
        ("bad", quality.stale, "已过期 stale"),
        ("mark", quality.set_aside, "行被隔离 set aside"),
        ("open", quality.not_said, "没有行或未载明 no row, or it does not say"),
    )
    label = quality.fact.label_zh or quality.fact.name
    told = ", ".join(f"{what} {count:,}" for _, count, what in parts if count)
    chart = stacked_bar(
        [(tone, count / total, f"{what} {count:,}") for tone, count, what in parts],
        f"{label}: {told}",
    )
    return Line(
        zh=label,
        en=quality.fact.name,
        chart=chart,
        cells=(say_share(quality.completeness), ", ".join(quality.datasets), told),
        flagged=quality.completeness == 0,
    )


def _needed(needed: NeededFact, report: QualityReport) -> Line:
    zh, en = LACKS[needed.lack]
    held = (report.held or {}).get((needed.kind, needed.name))
    subjects = (f"{held.subjects:,}" if held else "0",) if report.held is not None else ()
    lack = f"{zh} {en}" + (f" ({', '.join(needed.datasets)})" if needed.datasets else "")
    policies = ", ".join(needed.policies)
    return Line(
        zh=needed.label_zh,
        en=needed.name,
        chart=None,
        cells=(lack, " ".join(KINDS[needed.kind]), *subjects, policies),
    )


def _disputed(found: Disagreement) -> Line:
    return Line(
        zh=found.fact.label_zh or found.fact.name,
        en=found.fact.name,
        chart=None,
        cells=(found.counts, found.differs, f"{found.subjects:,}"),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return environment.get_template("quality.html.j2")
