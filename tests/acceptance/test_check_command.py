"""`zhida check` as authors and build servers call it."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.policy_texts import HEAD

POLICY = HEAD.format(name="small") + """\
effective: {from: 2025-01-01}
facts: {staff: {label: 人数, type: integer}}
clauses:
  - {id: big, says: 满5人, source: 办法, when: staff >= 3}
benefit: {amount: 1000}
delivery: invite
examples:
  as_of: 2025-06-30
  cases:
    - {name: three, given: {staff: 3}, expect: {verdict: eligible, amount: 1000}}
    - {name: two, given: {staff: 2}, expect: {verdict: ineligible, failing: [big]}}
"""  # fmt: skip
COMMAND = [sys.executable, "-m", "console.cli"]


def check(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, "check", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(os.environ) | {"COLUMNS": "200"},
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return path


def test_a_warning_passes_unless_it_is_asked_to_fail(tmp_path: Path, policy: Path) -> None:
    done = check(tmp_path, str(policy))
    assert done.returncode == 0
    assert f'{policy}:11:21: clause "big" says 5人' in done.stderr
    assert "[said-number]" in done.stderr
    assert "docs/reference/checks.md#said-number" in done.stderr
    assert "2 of 2 examples pass" in done.stdout
    assert check(tmp_path, "--strict", str(policy)).returncode == 1
    assert check(tmp_path, "--strict", "--ignore", "said-number", str(policy)).returncode == 0


def test_an_error_cannot_be_set_aside(tmp_path: Path, policy: Path) -> None:
    done = check(tmp_path, "--ignore", "unknown-name", str(policy))
    assert done.returncode == 2
    assert "said-number" in done.stderr


def test_json_stays_json_where_a_file_is_refused(tmp_path: Path, policy: Path) -> None:
    (tmp_path / "broken.yaml").write_text("policy: [", encoding="utf-8")
    done = check(tmp_path, "--format", "json", str(tmp_path))
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [problem["code"] for problem in told["problems"]] == ["yaml", "said-number"]
    assert [entry["policy"] for entry in told["policies"]] == ["small@1"]


def test_annotations_stand_on_lines_of_their_own(tmp_path: Path, policy: Path) -> None:
    done = check(tmp_path, "--format", "github", str(policy))
    assert done.stdout.startswith(f"::warning file={policy},line=11,col=21,title=said-number::")


def test_a_code_is_explained_in_both_languages() -> None:
    done = check(Path(), "--explain", "table-gap")
    assert "表格有空缺" in done.stdout
    assert "A table has no row" in done.stdout


def test_watching_checks_again_at_every_save(policy: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "check", "--watch", str(policy)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(os.environ) | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
    )
    assert process.stdout is not None
    # what is never printed would be waited for without end
    guard = threading.Timer(120, process.kill)
    guard.start()

    def read_until(wanted: str) -> str:
        assert process.stdout is not None
        for line in process.stdout:
            if wanted in line:
                return line
        raise AssertionError(f"ended before {wanted!r}")

    try:
        read_until("2 of 2 examples pass")
        read_until("1 warning")
        policy.write_text(POLICY.replace("amount: 1000}}", "amount: 7}}"), encoding="utf-8")
        assert "small.yaml" in read_until("small.yaml")
        read_until("1 of 2 examples pass")
        policy.write_text("policy: [", encoding="utf-8")
        read_until("[yaml]")
        policy.write_text(POLICY, encoding="utf-8")
        read_until("2 of 2 examples pass")
    finally:
        guard.cancel()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
