"""What people see in the terminal: tables, colours, progress bars."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from awards.intake import IntakeReport
from console.wiring import PolicyResult, RunReport
from console.wiring import Progress as Tell
from engine.explain import ClauseTold, Explanation, FactUsed
from engine.run import Run
from notifier.channels.inbox import InboxMessage
from notifier.outbox import DeliveryReport
from profiles.ingest import ReleaseReport
from profiles.snapshot import Snapshot

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_SIGN = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}
_GROUP_ZH = {"all": "须全部符合", "any": "符合其一即可", "none": "均不得有", "portion": "分项"}
_GROUP_EN = {"all": "all of", "any": "any of", "none": "none of", "portion": "portion"}
_VERDICT_ZH = {"eligible": "符合", "ineligible": "不符合", "unknown": "待定（资料不全）"}
_COLOUR = {"eligible": "green", "ineligible": "red", "unknown": "yellow"}


@contextmanager
def progress() -> Iterator[Tell]:
    """A progress bar on the terminal's error stream; nothing where that is no terminal."""
    bar = Progress(
        TextColumn("{task.description:<36}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    tasks: dict[str, TaskID] = {}
    with bar:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=max(total, done))

        yield tell


def _table(*columns: str, numbers: tuple[int, ...] = (), title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        right = index in numbers
        table.add_column(column, justify="right" if right else "left", no_wrap=right)
    return table


def show_releases(reports: list[ReleaseReport]) -> None:
    """What became of each delivery."""
    table = _table("dataset", "rows in", "accepted", "quarantined", "most frequent reason",
                   numbers=(1, 2, 3))  # fmt: skip
    for report in reports:
        release = report.release
        quarantined = sum(release.reasons.values())
        reason = max(release.reasons, key=lambda name: release.reasons[name], default="")
        table.add_row(
            release.dataset + ("" if report.created else " (same as before)"),
            f"{release.rows_in:,}",
            f"{release.rows:,}",
            Text(f"{quarantined:,}", style="yellow" if quarantined else "dim"),
            Text(reason, style="dim"),
        )
    out.print(table)


def show_snapshot(snapshot: Snapshot) -> None:
    """A snapshot in a few lines."""
    kinds = dict.fromkeys(part.kind for part in snapshot.all_parts)
    counts = {kind: sum(p.subjects for p in snapshot.parts(kind)) for kind in kinds}
    told = ", ".join(f"{n:,} {k}s" for k, n in counts.items() if k != "region")
    out.print(f"snapshot [bold]{snapshot.hash[:12]}[/] as of {snapshot.as_of}: {told}")
    for note in snapshot.notes:
        out.print(f"  [yellow]{escape(note)}[/]")


def show_results(results: tuple[PolicyResult, ...]) -> None:
    """Matches and amounts per policy."""
    table = _table("政策 policy", "eligible", "unknown", "yuan", "open", numbers=(1, 2, 3, 4))
    why = {"effective": "not in force", "window": "outside its window"}
    for result in results:
        name = Text(result.policy.title_zh)
        name.append("\n" + result.policy.id, style="dim")
        if result.outside is not None:
            name.append(f" ({why[result.outside]})", style="dim")
            table.add_row(name)
            continue
        table.add_row(
            name,
            Text(f"{result.eligible:,}", style="green"),
            Text(f"{result.unknown:,}", style="yellow" if result.unknown else "dim"),
            f"{result.amount_fen / 100:,.2f}",
            Text(f"{result.open_amounts:,}", style="" if result.open_amounts else "dim"),
        )
    out.print(table)


def show_run(report: RunReport) -> None:
    """A whole run."""
    show_results(report.results)
    out.print()
    show_changes(report)
    show_intake(report.run, report.intake, report.notices, report.deliveries)
    for held in report.held:
        why = escape("; ".join(held.why))
        out.print(f"[red]held[/] {held.policy}: {held.matches:,} matches, no award: {why}")
    if report.by_reference:
        out.print(f"{report.by_reference:,} decisions were made row by row: numbers too wide")


def show_changes(report: RunReport) -> None:
    """What differs from the last accepted run."""
    if report.first_run:
        out.print("the first run: everything is gained")
        return
    if report.changes.height == 0:
        out.print("no change against the last accepted run")
        return
    out.print("[bold]against the last accepted run[/]")
    heads = ("政策 policy", "gained", "lost", "now unknown", "changed", "yuan")
    table = _table(*heads, numbers=(1, 2, 3, 4, 5))
    titles = {result.policy.id: result.policy.title_zh for result in report.results}
    for row in report.changes.iter_rows(named=True):
        table.add_row(
            titles.get(row["policy"], row["policy"]),
            Text(f"+{row['gained']:,}", style="green" if row["gained"] else "dim"),
            Text(f"-{row['lost']:,}", style="red" if row["lost"] else "dim"),
            Text(f"{row['unsettled']:,}", style="yellow" if row["unsettled"] else "dim"),
            Text(f"{row['amount_changed']:,}", style="" if row["amount_changed"] else "dim"),
            f"{row['difference_fen'] / 100:+,.2f}",
        )
    out.print(table)


def show_intake(run: Run, intake: IntakeReport, notices: int, deliveries: DeliveryReport) -> None:
    """What became of the matches."""
    out.print(
        f"run [bold]{run.id}[/] ({run.state}): {intake.opened:,} awards opened, "
        f"{intake.adjusted:,} adjusted, {intake.unchanged:,} there already, "
        f"{intake.settled:,} settled before; {notices:,} notices, "
        f"{deliveries.sent:,} deliveries"
        + (f", [red]{deliveries.failed:,} failed[/]" if deliveries.failed else "")
    )


def show_explanation(told: Explanation, language: str) -> None:
    """A decision clause by clause, in Chinese (`zh`) or English (`en`)."""
    zh = language == "zh"
    colour = _COLOUR[told.verdict]
    verdict = _VERDICT_ZH[told.verdict] if zh else told.verdict
    title = told.title_zh if zh else told.title_en
    head = f"[bold]{escape(title)}[/]  [{colour}]{verdict}[/]"
    if told.verdict == "eligible":
        unknown_amount = "金额待定" if zh else "amount open"
        head += f"  [bold]{told.amount or unknown_amount}[/]"
        head += f" {told.unit}" if told.amount else ""
    tree = Tree(f"{head}\n[dim]{told.policy}@{told.version}, {told.period}, {told.as_of}[/]")
    branches: dict[int, Tree] = {-1: tree}
    for clause in told.clauses:
        branches[clause.depth] = _add_clause(branches[clause.depth - 1], clause, zh)
    if told.verdict == "eligible" and told.steps:
        _add_amount(tree, told, zh)
    if told.missing:
        names = ("、" if zh else ", ").join(f.label_zh if zh else f.label_en for f in told.missing)
        tree.add(Text(("缺少资料：" if zh else "missing: ") + names, style="yellow"))
    for reason in told.reasons:
        tree.add(Text(reason, style="yellow"))
    for says in told.not_modelled_zh if zh else told.not_modelled_en:
        tree.add(Text(("须人工核实：" if zh else "for a person to check: ") + says, style="dim"))
    out.print(tree)


def _add_clause(parent: Tree, clause: ClauseTold, zh: bool) -> Tree:
    # under a `none` it is good that a clause does not hold
    good = None if clause.value is None else clause.value is not clause.unwanted
    sign, colour = _SIGN[good]
    line = Text()
    line.append(sign + " ", style=colour)
    if clause.group and (clause.group == "portion" or not clause.says_zh):
        line.append((_GROUP_ZH if zh else _GROUP_EN)[clause.group] + " ", style="dim")
    if clause.unwanted and not clause.group:
        line.append(("无：" if good else "有：") if zh else ("not " if good else ""), style="dim")
    line.append(clause.says_zh or clause.id if zh else clause.says_en)
    if zh and clause.source:
        line.append(f" 〔{clause.source}〕", style="dim")
    branch = parent.add(line)
    condition = clause.condition_zh if zh else clause.condition_en
    if condition and (len(clause.facts) > 1 or not clause.unwanted):
        branch.add(Text(condition, style="cyan"))
    for fact in clause.facts:
        branch.add(_fact(fact, zh))
    return branch


def _add_amount(tree: Tree, told: Explanation, zh: bool) -> None:
    steps = tree.add("金额" if zh else "amount")
    for step in told.steps:
        says = step.says_zh if zh else step.says_en
        came = step.amount or ("待定" if zh else "open")
        line = Text(style="dim" if step.applied is False else "")
        line.append(says or step.text)
        line.append(f"  {step.text if says else ''} → ", style="cyan")
        line.append(came, style="bold")
        steps.add(line)
    for fact in told.amount_facts:
        steps.add(_fact(fact, zh))
    for name, amount in told.also.items():
        steps.add(Text(f"{name}: {amount or '—'}"))


def _fact(fact: FactUsed, zh: bool) -> Text:
    label = fact.label_zh if zh else fact.label_en
    value = fact.value_zh if zh else fact.value_en
    line = Text(f"{label} = ")
    if value is None:
        line.append("缺" if zh else "missing", style="yellow")
    else:
        line.append(value, style="bold")
    if fact.source is not None:
        where = fact.source.department if zh else fact.source.dataset
        line.append(f"  {where} {fact.source.delivered_on} {fact.source.release}", style="dim")
    elif fact.legal_source and zh:
        line.append(f"  {fact.legal_source}", style="dim")
    return line


def show_inbox(messages: list[InboxMessage], language: str) -> None:
    """A subject's inbox, newest first."""
    if not messages:
        out.print("no messages")
    for message in messages:
        zh = language == "zh"
        out.rule(escape(message.title_zh if zh else message.title_en), align="left")
        out.print(escape((message.body_zh if zh else message.body_en).strip()))
