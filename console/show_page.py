"""Pages in the terminal, and as one file of HTML without scripts."""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from console.page import Bars, Grid, Outline, Page
from console.show import out

_LEADS = {"+": "bold green", "−": "bold red", "~": "bold yellow"}
"""Colours of the signs before what came, went or changed; all other leads are dim."""


def show_page(page: Page) -> None:
    """A page in the terminal."""
    out.print(Text(page.title, style="bold"))
    out.print(Text(page.subtitle, style="dim"))
    for section in page.sections:
        out.print()
        out.print(Text(section.heading, style="bold underline"))
        for block in section.blocks:
            match block:
                case Grid():
                    _show_grid(block)
                case Outline():
                    _show_outline(block)
                case Bars():
                    _show_bars(block)


def _show_grid(grid: Grid) -> None:
    if grid.caption:
        out.print(Text(grid.caption))
    if grid.rows:
        table = Table(
            box=None,
            pad_edge=False,
            show_header=bool(grid.heads),
            header_style="dim",
            show_lines=False,
        )
        width = len(grid.heads) or max(len(row) for row in grid.rows)
        for index in range(width):
            head = grid.heads[index] if grid.heads else ""
            # Chinese has no spaces to break a line at
            table.add_column(
                Text(head), style="" if index or grid.heads else "dim", overflow="fold"
            )
        for row in grid.rows:
            table.add_row(*(Text(cell) for cell in row))
        out.print(Padding(table, (0, 0, 0, 2)))
    for note in grid.notes:
        out.print(Padding(Text(note, style="dim"), (0, 0, 0, 2)))


def _show_outline(outline: Outline) -> None:
    for number, entry in enumerate(outline.entries, start=1):
        line = Text()
        if outline.numbered:
            line.append(f"{number}. ", style="dim")
        if entry.lead:
            line.append(f"{entry.lead} ", style=_LEADS.get(entry.lead, "dim"))
        line.append(entry.text)
        if entry.mark:
            line.append(f"  [{entry.mark}]", style="magenta")
        out.print(Padding(line, (0, 0, 0, 2 + 3 * entry.depth)))
        for note in entry.notes:
            out.print(Padding(Text(note, style="cyan"), (0, 0, 0, 5 + 3 * entry.depth)))


_TONES = ("cyan", "dim")
_WIDEST = 40
"""Signs of the longest bar."""


def _show_bars(chart: Bars) -> None:
    """Bars of half blocks, one line for each series, the text beside the first."""
    out.print(Text(chart.caption))
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for bar in chart.bars:
        for number, value in enumerate(bar.values):
            halves = round((value or 0) / chart.largest * _WIDEST * 2)
            drawn = "█" * (halves // 2) + "▌" * (halves % 2)
            label, text = (bar.label, bar.text) if number == 0 else ("", "")
            table.add_row(Text(label), Text(drawn, style=_TONES[number % 2]), Text(text))
    out.print(Padding(table, (0, 0, 0, 2)))
    if len(chart.series) > 1:
        key = Text()
        for number, name in enumerate(chart.series):
            key.append("█ ", style=_TONES[number % 2]).append(f"{name}  ")
        out.print(Padding(key, (0, 0, 0, 2)))


def write_page(pages: Sequence[Page]) -> str:
    """Pages as HTML, one below the other in one file."""
    return _template().render(pages=pages, kind_of=lambda block: type(block).__name__)


def print_pages(pages: Sequence[Page], output: str) -> None:
    """Pages on the standard output: one HTML file for `html`, else in the terminal."""
    if output == "html":
        sys.stdout.write(write_page(pages))
        return
    for page in pages:
        show_page(page)


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
    return environment.get_template("page.html.j2")
