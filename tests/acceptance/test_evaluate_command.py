"""The pure function as its users call it: order of the lines, and files that cannot be read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policies.load import CATALOGUE

ONE = str(CATALOGUE / "enterprise" / "e34-title-awards-dongqiao.yaml")


def run_zhida(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd, check=False)


def test_the_command_gives_one_line_a_subject_in_the_order_of_the_file(tmp_path: Path) -> None:
    firm = {"audience": "enterprise"}
    lines = [
        {**firm, "subject": "二", "facts": {"title": "gazelle", "title_event": "first"}},
        {**firm, "subject": "一", "facts": {"title": "hnte", "title_event": "first"}},
        {"subject": "三", "audience": "resident", "facts": {}},
        {"subject": "四", "facts": {"title": None}},
    ]  # fmt: skip
    (tmp_path / "subjects.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    done = run_zhida("evaluate", "--subjects", "subjects.jsonl", "--as-of", "2025-10-31", "-p", ONE,
                     cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["subject"], r["verdict"], r["amount"]) for r in results] == [
        ("二", "ineligible", None),
        ("一", "eligible", "200000.00"),
        ("四", "unknown", None),
    ]
    assert results[0]["failed"] == ["titled"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("utf16.csv", "subject,title\na,中文\n".encode("utf-16")),
        ("surrogate.jsonl", b'{"subject":"\\ud800","facts":{"title":"\\ud800"}}\n'),
        ("exponent.jsonl", b'{"subject":"a","facts":{"staff_prev_year":1e999999999}}\n'),
        ("none.jsonl", None),
    ],
)
def test_an_unreadable_file_is_told_without_a_traceback(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run_zhida("evaluate", "--subjects", name, "--as-of", "2025-10-31", "-p", ONE,
                     cwd=tmp_path)  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode != 0
    assert name in done.stderr
