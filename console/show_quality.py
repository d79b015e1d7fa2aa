"""The data quality report in the terminal."""

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from console.quality_page import completeness_of
from console.quality_report import QualityReport
from console.quality_words import KINDS, LACKS, say_flag, say_share
from console.show import out
from profiles.quality import DatasetQuality

GOOD, FAIR = 0.98, 0.9


def show_quality(report: QualityReport, top: int) -> None:
    """Datasets with what is flagged, facts in a line, and what policies need and do not get."""
    _show_datasets(report)
    for quality in report.datasets:
        for flag in quality.flags:
            if flag.concern == "never delivered":
                continue
            zh, en = say_flag(flag, quality.dataset)
            out.print(
                f"[red]![/] {escape(quality.dataset.name)}: {escape(zh)}  [dim]{escape(en)}[/]"
            )
    if report.facts:
        out.print()
        _show_facts(report)
    for found in report.disagreements:
        told = f"{found.fact.name}: {found.differs} ≠ {found.counts}, {found.subjects:,}"
        out.print(f"[yellow]≠[/] 数据冲突 disagreement, {escape(told)}")
    if report.needed:
        out.print()
        _show_needed(report, top)


def _show_datasets(report: QualityReport) -> None:
    table = _table("数据集 dataset", "行 rows", "完整率 complete", "天数 age", "隔离 aside",
                   "矛盾 contrary", "漂移 drift + - ±", "提示 flags")  # fmt: skip
    for quality in report.datasets:
        name = Text(quality.dataset.title.zh)
        name.append(f"  {quality.dataset.name}", style="dim")
        last = quality.newest
        if last is None:
            table.add_row(name, *[""] * 6, Text("从未交付 never delivered", style="yellow"))
            continue
        share = last.quarantined / last.rows_in if last.rows_in else 0.0
        table.add_row(
            name,
            f"{quality.rows:,}",
            _share(completeness_of(quality)),
            _age(quality),
            Text(say_share(share), style="red" if share > 0.02 else "yellow" if share else "dim"),
            Text(f"{last.contradictions:,}", style="red" if last.contradictions else "dim"),
            _drift(quality),
            Text(str(len(quality.flags)), style="red bold") if quality.flags else Text(""),
        )
    out.print(table)


def _show_facts(report: QualityReport) -> None:
    table = _table("事实 facts", "个 facts", "全知 of all", "部分 of some", "全缺 of nobody")
    for kind in dict.fromkeys(quality.kind for quality in report.facts):
        shares = [q.completeness for q in report.facts if q.kind == kind and q.subjects]
        whole = sum(share == 1 for share in shares)
        none = sum(share == 0 for share in shares)
        table.add_row(
            " ".join(KINDS[kind]),
            str(len(shares)),
            Text(str(whole), style="green"),
            Text(str(len(shares) - whole - none), style="yellow"),
            Text(str(none), style="red" if none else "dim"),
        )
    out.print(table)


def _show_needed(report: QualityReport, top: int) -> None:
    counted = report.held is not None
    heads = ["政策需要而缺的事实 needed", "缺少 lacks", *(["受影响 held back"] if counted else [])]
    table = _table(*heads, "政策 policies")
    for needed in report.needed[:top]:
        name = Text(needed.label_zh)
        name.append(f"  {needed.name}", style="dim")
        held = (report.held or {}).get((needed.kind, needed.name))
        zh, en = LACKS[needed.lack]
        table.add_row(
            name,
            f"{zh} {', '.join(needed.datasets) or en}",
            *([f"{held.subjects:,}" if held else "0"] if counted else []),
            Text(", ".join(needed.policies), overflow="fold"),
        )
    out.print(table)
    if len(report.needed) > top:
        out.print(f"[dim]… {len(report.needed) - top} more (--top)[/]")


def _share(share: float | None) -> Text:
    if share is None:
        return Text("—", style="dim")
    style = "green" if share >= GOOD else "yellow" if share >= FAIR else "red"
    return Text(say_share(share), style=style)


def _age(quality: DatasetQuality) -> Text:
    within = quality.dataset.fresh_within_days
    told = f"{quality.age_days}" + (f"/{within}" if within is not None else "")
    return Text(told, style="red" if quality.stale else "green")


def _drift(quality: DatasetQuality) -> Text:
    if quality.drift is None:
        return Text("—", style="dim")
    keys = quality.drift.changed
    return Text(f"+{keys.new:,} -{keys.vanished:,} ±{keys.changed:,}")


def _table(*heads: str) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    for number, head in enumerate(heads):
        last = number == len(heads) - 1
        table.add_column(head, justify="left" if number == 0 or last else "right")
    return table
