"""How examples came out and what they reach, told in the forms that people and programs read."""

import re
from typing import Any
from xml.etree import ElementTree

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from console import show
from console.tested_policies import PolicyTested, count_cells, percent_covered
from engine.example_boundaries import SIDES
from engine.example_coverage import Cell, Coverage
from engine.policy_spans import PolicySpan
from engine.tested import TRUTHS, Truth

WORDS: dict[Truth, str] = {True: "true", False: "false", None: "unknown"}
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def show_tested(tested: list[PolicyTested], *, cells: bool) -> None:
    """For people: every difference, and with `cells` a table of what the examples reach."""
    for one in tested:
        good = one.passed == len(one.results)
        told = f"{one.passed} of {len(one.results)} examples pass"
        share = ""
        if one.coverage is not None:
            covered, total = one.coverage.covered, len(one.coverage.cells)
            share = f"  {percent_covered(covered, total):.0f} % covered"
        colour = "green" if good else "red"
        show.out.print(
            f"[{colour}]{told}[/]{share}  [bold]{one.policy.key}[/]  {escape(one.policy.title_zh)}",
            soft_wrap=True,
        )
        for result in one.results:
            for difference in result.differences:
                where = f"{one.policy.file}:{result.line}"
                show.out.print(
                    f"  [red]fails[/] {escape(where)} {escape(result.example)}: "
                    f"{escape(difference)}",
                    soft_wrap=True,
                )
        if cells and one.coverage is not None:
            _show_coverage(one, one.coverage)
    _show_total(tested)


def _show_total(tested: list[PolicyTested]) -> None:
    results = [result for one in tested for result in one.results]
    failed = sum(not result.passed for result in results)
    colour = "red" if failed else "green"
    show.out.print(
        f"[{colour}]{len(results) - failed} of {len(results)} examples of {len(tested)} policies "
        "pass[/]"
    )
    if any(one.coverage is not None for one in tested):
        covered, total = count_cells(tested)
        sides = sum(len(one.boundaries) for one in tested)
        on = sum(one.on_boundaries for one in tested)
        show.out.print(
            f"{covered} of {total} values covered ({percent_covered(covered, total):.1f} %), "
            f"{on} of {sides} sides of thresholds"
        )


def _show_coverage(one: PolicyTested, coverage: Coverage) -> None:
    for span in coverage.spans:
        named = "" if len(coverage.spans) == 1 else span.name
        table = show.make_table("", *WORDS.values(), numbers=(1, 2, 3), title=named or None)
        rows: dict[tuple[str, str], dict[Truth, Cell]] = {}
        for cell in coverage.cells:
            if cell.span == span:
                rows.setdefault(cell.tested.key, {})[cell.truth] = cell
        for (sort, id_), cells in rows.items():
            label = Text(f"  {id_}")
            if sort not in ("clause", "table row"):
                label.append(f"  {sort}", style="dim")
            table.add_row(label, *(_mark(cells.get(truth), sort) for truth in TRUTHS))
        if rows:
            show.out.print(table)
        _show_boundaries(one, span)
    if coverage.outside:
        names = "、".join(coverage.outside)
        show.out.print(f"  [dim]on days outside of the policy: {escape(names)}[/]", soft_wrap=True)


def _mark(cell: Cell | None, sort: str) -> Text:
    if cell is None:
        return Text("" if sort == "table row" else "never", style="dim")
    count = len(cell.examples)
    return Text(str(count), style="green") if count else Text("none", style="yellow")


def _show_boundaries(one: PolicyTested, span: PolicySpan) -> None:
    sides = [side for side in one.boundaries if side.span == span]
    if not sides:
        return
    table: Table = show.make_table("  threshold", *SIDES, numbers=(1, 2))
    rows: dict[str, dict[str, int]] = {}
    for side in sides:
        label = f"  {side.threshold.text}  ({side.threshold.tested.id})"
        rows.setdefault(label, {})[side.side] = len(side.examples)
    for label, counts in rows.items():
        marks = [
            Text(str(counts[side]), style="green")
            if counts.get(side)
            else Text("none", style="yellow")
            for side in SIDES
        ]
        table.add_row(Text(label), *marks)
    show.out.print(table)


def tested_as_json(tested: list[PolicyTested]) -> dict[str, Any]:
    """All of it as one object."""
    covered, total = count_cells(tested)
    content: dict[str, Any] = {
        "policies": [_policy_as_json(one) for one in tested],
        "examples": sum(len(one.results) for one in tested),
        "passed": sum(one.passed for one in tested),
    }
    if any(one.coverage is not None for one in tested):
        content["covered"], content["values"] = covered, total
        content["percent"] = round(percent_covered(covered, total), 1)
    return content


def _policy_as_json(one: PolicyTested) -> dict[str, Any]:
    content: dict[str, Any] = {
        "policy": one.policy.key,
        "file": one.policy.file,
        "examples": [
            {
                "name": result.example,
                "line": result.line,
                "passed": result.passed,
                "differences": list(result.differences),
            }
            for result in one.results
        ],
    }
    if one.coverage is not None:
        content |= {
            "covered": one.coverage.covered,
            "values": len(one.coverage.cells),
            "outside": list(one.coverage.outside),
            "coverage": [
                {
                    "sort": cell.tested.sort,
                    "id": cell.tested.id,
                    "span": cell.span.name,
                    "value": WORDS[cell.truth],
                    "examples": list(cell.examples),
                }
                for cell in one.coverage.cells
            ],
            "thresholds": [
                {
                    "id": side.threshold.tested.id,
                    "comparison": side.threshold.text,
                    "span": side.span.name,
                    "side": side.side,
                    "examples": list(side.examples),
                }
                for side in one.boundaries
            ],
        }
    return content


def write_junit(tested: list[PolicyTested]) -> str:
    """A JUnit file: one suite for each policy, one test case for each example."""
    suites = ElementTree.Element("testsuites", name="zhida test")
    for one in tested:
        failures = len(one.results) - one.passed
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=_xml(one.policy.key),
            tests=str(len(one.results)),
            failures=str(failures),
        )
        for result in one.results:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=_xml(one.policy.key),
                name=_xml(result.example),
                file=_xml(one.policy.file),
                line=str(result.line),
            )
            if result.differences:
                told = [_xml(difference) for difference in result.differences]
                failure = ElementTree.SubElement(case, "failure", message=told[0])
                failure.text = "\n".join(told)
    for key, count in (
        ("tests", sum(len(one.results) for one in tested)),
        ("failures", sum(len(one.results) - one.passed for one in tested)),
    ):
        suites.set(key, str(count))
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    """A text without the signs that no XML file may hold."""
    return _NO_XML.sub("\ufffd", text)
