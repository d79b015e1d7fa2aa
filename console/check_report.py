"""What a check found, told in the forms that people and programs read."""

import json
from collections import Counter
from typing import Any

from rich.markup import escape

from console import show
from console.checking import Checked, level_of
from language.errors import Problem
from policies.check_kinds import CHECK_KINDS, PAGE

_COLOURS = {"error": "red", "warning": "yellow", "notice": "cyan"}


def show_checked(checked: Checked) -> None:
    """Problems on the error stream, how examples came out on the other; both for people."""
    for problem in checked.problems:
        level = level_of(problem)
        code = f" \\[{problem.code}]" if problem.code else ""
        show.err.print(
            f"[{_COLOURS[level]}]{level}[/] {escape(str(problem))}[dim]{code}[/]", soft_wrap=True
        )
    for policy, results in checked.examples:
        passed = sum(result.passed for result in results)
        colour = "green" if passed == len(results) else "red"
        told = f"{passed} of {len(results)} examples pass"
        show.out.print(f"[{colour}]{told:>24}[/]  {policy.key}  {policy.title_zh}")
    if checked.left_out:
        show.err.print(
            f"[dim]not tried on the snapshot, since they decide rows: "
            f"{escape(', '.join(checked.left_out))}[/]"
        )
    if checked.problems:
        counted: Counter[str] = Counter(level_of(problem) for problem in checked.problems)
        total = ", ".join(
            f"{counted[level]} {level}{'s' if counted[level] > 1 else ''}"
            for level in _COLOURS
            if counted[level]
        )
        kinds = list(dict.fromkeys(problem.code for problem in checked.problems))
        links = ", ".join(f"{PAGE}#{kind}" for kind in kinds if kind in CHECK_KINDS)
        show.err.print(f"{total}. What they mean: {links} (or zhida check --explain CODE)")


def write_json(checked: Checked) -> str:
    """All of it as one JSON object."""
    content = {
        "policies": [
            {
                "policy": policy.key,
                "file": policy.file,
                "examples": len(results),
                "passed": sum(result.passed for result in results),
            }
            for policy, results in checked.examples
        ],
        "problems": [problem_as_json(problem) for problem in checked.problems],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def problem_as_json(problem: Problem) -> dict[str, Any]:
    """One problem; line and column count from 1, 0 is the whole file."""
    kind = CHECK_KINDS.get(problem.code)
    return {
        "level": level_of(problem),
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "remedy": problem.remedy,
        "docs": kind.link if kind else PAGE,
    }


def write_annotations(checked: Checked) -> str:
    """One line for each problem, as GitHub's runners read them from the log.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    lines = []
    for problem in checked.problems:
        fields = [f"file={_property(problem.file)}"]
        if problem.line:
            fields += [f"line={problem.line}", f"col={problem.column}"]
        fields.append(f"title={_property(problem.code or 'zhida')}")
        message = problem.message + (f" ({problem.remedy})" if problem.remedy else "")
        kind = CHECK_KINDS.get(problem.code)
        if kind is not None:
            message += f"\n{kind.link}"
        lines.append(f"::{level_of(problem)} {','.join(fields)}::{_text(message)}")
    return "".join(line + "\n" for line in lines)


def explain_kind(code: str) -> str | None:
    """What a kind of problem means, in Chinese and English; None where there is no such code."""
    kind = CHECK_KINDS.get(code)
    if kind is None:
        return None
    guide = kind.guide.replace("../", "docs/")
    return f"{kind.code} ({kind.level})\n{kind.zh}\n{kind.en}\n{kind.remedy}\n{guide}\n"


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
