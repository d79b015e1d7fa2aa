"""Counts by clause and the work list of missing facts, in the terminal and as CSV."""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from console.explanation_words import WORDS
from console.population import Origin
from console.show import err, out
from engine.clause_counts import ClauseCount, PolicyCounts
from engine.held_back import HeldBack
from engine.waiting import Held

BAR = 24


def show_counts(counts: PolicyCounts) -> None:
    """One policy: each clause with a bar of who passes, fails and is unknown."""
    out.print(f"[bold]{escape(counts.title_zh)}[/]  [dim]{counts.policy}@{counts.version}[/]")
    out.print(
        f"{counts.subjects:,} subjects: [green]{counts.eligible:,} eligible[/], "
        f"[red]{counts.ineligible:,} not[/], [yellow]{counts.unknown:,} unknown[/]"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("条款 clause")
    table.add_column("")
    for head in ("passes", "fails", "unknown", "one short", "one open"):
        table.add_column(head, justify="right")
    for clause in counts.clauses:
        table.add_row(
            _name(clause),
            bar(clause.passes, clause.fails, clause.unknown),
            Text(f"{clause.passes:,}", style="green"),
            Text(f"{clause.fails:,}", style="red" if clause.fails else "dim"),
            Text(f"{clause.unknown:,}", style="yellow" if clause.unknown else "dim"),
            Text(f"{clause.one_short:,}", style="bold" if clause.one_short else "dim"),
            Text(f"{clause.one_open:,}", style="bold" if clause.one_open else "dim"),
        )
    out.print(table)
    out.print()


def _name(clause: ClauseCount) -> Text:
    line = Text("  " * clause.depth)
    if clause.group and clause.group != "scope":
        line.append(WORDS["zh"][clause.group] + " ", style="dim")
    line.append(clause.says_zh)
    line.append(f"  {clause.id}", style="dim")
    return line


def bar(passes: int, fails: int, unknown: int, width: int = BAR) -> Text:
    """Three colours in proportion; whoever is there at all is seen."""
    total = passes + fails + unknown
    if not total:
        return Text("·" * width, style="dim")
    parts = [passes, fails, unknown]
    cells = [max(1, round(part * width / total)) if part else 0 for part in parts]
    largest = cells.index(max(cells))
    cells[largest] += width - sum(cells)
    text = Text()
    for count, style in zip(cells, ("green", "red", "yellow"), strict=True):
        text.append("█" * count, style=style)
    return text


def write_counts(found: Iterable[PolicyCounts]) -> None:
    """The counts as CSV on the output."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    heads = ("policy", "version", "clause", "says", "depth", "passes", "fails", "unknown",
             "one_short", "one_open")  # fmt: skip
    writer.writerow(heads)
    for counts in found:
        for c in counts.clauses:
            writer.writerow(
                (counts.policy, counts.version, c.id, c.says_zh, c.depth, c.passes, c.fails,
                 c.unknown, c.one_short, c.one_open)
            )  # fmt: skip


def say_left_out(keys: Sequence[str]) -> None:
    """Name the policies that were not counted, on the error stream."""
    if keys:
        why = "decide rows, or make an award for an item (zhida explain tells one subject's)"
        err.print(f"[yellow]left out[/] {escape(', '.join(keys))}: these {why}")


def show_held_back(found: HeldBack, where: Mapping[str, Origin], top: int) -> None:
    """The work list: which fact of which department holds back whom and how much."""
    out.print(
        f"{found.unknown:,} of {found.decisions:,} decisions are unknown; "
        f"{found.settled_by_no_fact:,} of them wait for no fact"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    # at 80 columns the names must still be there: figures of money stand below their counts
    table.add_column("资料 fact, 部门 department", min_width=26, overflow="fold")
    for head in ("who", "alone,\nyuan at most", "with others,\nyuan at most", "awards"):
        table.add_column(head, justify="right")
    for fact in found.by_fact[:top]:
        origin = where[fact.fact]
        name = Text(origin.label_zh)
        name.append("\n" + fact.fact, style="dim")
        name.append(f"\n{origin.department_zh or '—'} {origin.dataset or fact.kind}", style="dim")
        table.add_row(
            name,
            f"{fact.subjects:,}",
            _told(fact.alone),
            _told(fact.together),
            f"{fact.open_awards:,}",
        )
    out.print(table)
    if len(found.by_fact) > top:
        out.print(f"[dim]… and {len(found.by_fact) - top} more facts (--top)[/]")


def _told(held: Held) -> Text:
    """Decisions, and below them the money at most."""
    text = Text(f"{held.decisions:,}", style="yellow")
    text.append(f"\n{held.amount_fen / 100:,.2f}", style="default")
    if held.unpriced:
        text.append(f"\n+ {held.unpriced:,} not known", style="dim")
    return text


def write_held_back(found: HeldBack, where: Mapping[str, Origin]) -> None:
    """The work list as CSV on the output, one line for each fact."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        ("fact", "label", "kind", "dataset", "department", "subjects", "subjects_alone",
         "alone", "alone_at_most_yuan", "alone_amount_not_known", "together",
         "together_at_most_yuan", "together_amount_not_known", "open_awards", "policies")
    )  # fmt: skip
    for fact in found.by_fact:
        origin = where[fact.fact]
        cells: list[object] = [fact.fact, origin.label_zh, fact.kind, origin.dataset]
        cells += [origin.department_zh, fact.subjects, fact.subjects_alone]
        for held in (fact.alone, fact.together):
            yuan = f"{held.amount_fen // 100}.{held.amount_fen % 100:02d}"
            cells += [held.decisions, yuan, held.unpriced]
        writer.writerow([*cells, fact.open_awards, " ".join(fact.policies)])
