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

from awards.intake import IntakeReport
from console.brake_words import STATES, tell_held
from console.run_results import PolicyResult
from console.wiring import RunReport
from engine.run import Run
from notifier.channels.inbox import InboxMessage
from notifier.outbox import DeliveryReport
from profiles.ingest import Progress as Tell
from profiles.ingest import ReleaseReport
from profiles.snapshot import Snapshot

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)


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


def make_table(
    *columns: str,
    numbers: tuple[int, ...] = (),
    whole: tuple[int, ...] = (),
    title: str | None = None,
) -> Table:
    """A table of the house: bold headings, numbers to the right, `whole` columns never broken."""
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        right = index in numbers
        made.add_column(
            column, justify="right" if right else "left", no_wrap=right or index in whole
        )
    return made


def show_releases(reports: list[ReleaseReport]) -> None:
    """What became of each delivery, and which of them waits for a person."""
    table = make_table("dataset", "rows in", "accepted", "new", "changed", "gone", "set aside",
                       numbers=(1, 2, 3, 4, 5, 6), whole=(0,))  # fmt: skip
    for report in reports:
        release = report.release
        aside = release.quarantined
        table.add_row(
            release.dataset + ("" if report.created else " (same as before)"),
            f"{release.rows_in:,}",
            f"{release.rows:,}",
            f"{release.changed.new:,}",
            f"{release.changed.changed:,}",
            f"{release.changed.vanished:,}",
            Text(f"{aside:,}", style="yellow" if aside else "dim"),
        )
    out.print(table)
    for release in (report.release for report in reports):
        for reason, several in release.reasons.items():
            out.print(f"  [yellow]{release.dataset}[/]: {several:,} × {escape(reason)}")
    for release in (report.release for report in reports):
        if release.standing == "waiting":
            out.print(
                f"[yellow]{release.dataset} waits for a person[/]: "
                f"{escape('; '.join(release.exceeded))}\n  zhida release accept {release.dataset} "
                f"{release.hash[:12]} --reason … (or reject)",
                soft_wrap=True,
            )


_NEVER = ": never delivered, its facts are missing"


def show_snapshot(snapshot: Snapshot) -> None:
    """A snapshot in a few lines."""
    kinds = dict.fromkeys(part.kind for part in snapshot.all_parts)
    counts = {kind: sum(p.subjects for p in snapshot.parts(kind)) for kind in kinds}
    told = ", ".join(f"{n:,} {k}s" for k, n in counts.items() if k != "region")
    out.print(f"snapshot [bold]{snapshot.hash[:12]}[/] as of {snapshot.as_of}: {told}")
    for note in _gather_notes(snapshot.notes):
        out.print(f"  [yellow]{escape(note)}[/]")


def _gather_notes(notes: tuple[str, ...]) -> list[str]:
    """The notes; what was never delivered in one line, for there can be many."""
    never = [note.removesuffix(_NEVER) for note in notes if note.endswith(_NEVER)]
    others = [note for note in notes if not note.endswith(_NEVER)]
    if not never:
        return others
    return [f"never delivered, their facts are missing ({len(never)}): {', '.join(never)}", *others]


def show_results(results: tuple[PolicyResult, ...]) -> None:
    """Matches and amounts per policy; those without a match are told in a line each kind."""
    table = make_table("政策 policy", "eligible", "unknown", "yuan", "open", numbers=(1, 2, 3, 4))
    without: dict[str, list[str]] = {}
    for result in results:
        if result.outside is not None or not result.eligible:
            why = result.outside or ("open" if result.unknown else "none")
            unknown = f" ({result.unknown:,})" if why == "open" else ""
            without.setdefault(why, []).append(result.policy.id + unknown)
            continue
        name = Text(result.policy.title_zh)
        name.append("\n" + result.policy.id, style="dim")
        table.add_row(
            name,
            Text(f"{result.eligible:,}", style="green"),
            Text(f"{result.unknown:,}", style="yellow" if result.unknown else "dim"),
            f"{result.amount_fen / 100:,.2f}",
            Text(f"{result.open_amounts:,}", style="" if result.open_amounts else "dim"),
        )
    if table.row_count:
        out.print(table)
    for why, words in _WITHOUT_MATCH.items():
        if why in without:
            out.print(Text(f"{words}: {', '.join(without[why])}", style="dim"))


_WITHOUT_MATCH = {
    "none": "nobody eligible",
    "open": "nobody eligible yet, facts are missing (of so many)",
    "effective": "not in force",
    "window": "outside their window",
}


def show_run(report: RunReport) -> None:
    """A whole run."""
    show_results(report.results)
    out.print()
    show_changes(report)
    if report.trial:
        out.print(
            f"run [bold]{report.run.id}[/], [yellow]a trial[/]: {report.matches:,} matches; no "
            "award was opened, nobody was told, no later run is compared with it"
        )
    else:
        show_intake(report.run, report.intake, report.notices, report.deliveries)
    show_policies_held(report)
    for held in report.held:
        why = escape("; ".join(held.why))
        out.print(f"[red]held[/] {held.policy}: {held.matches:,} matches, no award: {why}")
    if report.differed is not None:
        out.print(f"[red]everybody was decided[/]: {escape(str(report.differed))}")
    if report.again is not None:
        out.print(
            f"{report.again:,} subjects were decided again; all else stands as in the run before"
        )
    show_money(report)
    if report.by_reference:
        out.print(f"{report.by_reference:,} decisions were made row by row: numbers too wide")


def show_policies_held(report: RunReport) -> None:
    """The policies of which nothing follows from this run, and why."""
    titles = {result.policy.id: result.policy.title_zh for result in report.results}
    for one in report.policies_held:
        state = " ".join(STATES[one.state])
        would = "would be " if report.trial and one.state == "held" else ""
        out.print(
            f"[red]{would}{state}[/] {escape(titles.get(one.policy, ''))} [bold]{one.policy}[/]: "
            f"{one.figures.eligible:,} matches, no award, no notice",
            soft_wrap=True,
        )
        for zh, en in tell_held(one.held):
            out.print(f"  {escape(zh)} · {escape(en)}", soft_wrap=True)
    waiting = [one for one in report.policies_held if one.state == "held"]
    if waiting and not report.trial:
        out.print(f"look at them with: zhida held show {report.run.id}", soft_wrap=True)


def show_money(report: RunReport) -> None:
    """What is left of the budgets of a run, and how many wait for money."""
    for one in report.budgets:
        budget = one.budget
        waits = f", [yellow]{one.waiting:,} wait[/]" if one.waiting else ""
        out.print(
            f"budget {budget.key.policy} {budget.key.period}: "
            f"{budget.reserved_fen / 100:,.2f} of {budget.amount_fen / 100:,.2f} yuan reserved"
            + waits,
            soft_wrap=True,
        )


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
    table = make_table(*heads, numbers=(1, 2, 3, 4, 5))
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


def show_inbox(messages: list[InboxMessage], language: str) -> None:
    """A subject's inbox, newest first."""
    if not messages:
        out.print("no messages")
    for message in messages:
        zh = language == "zh"
        out.rule(escape(message.title_zh if zh else message.title_en), align="left")
        out.print(escape((message.body_zh if zh else message.body_en).strip()))
