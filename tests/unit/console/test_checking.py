"""What a check gathers, and the forms in which it is told."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from console.check_report import explain_kind, problem_as_json, write_annotations, write_json
from console.checking import check_files, find_idle_clauses, level_of
from engine.clause_counts import ClauseCount, PolicyCounts
from language.document_reading import read_documents
from language.errors import Problem
from policies.check_kinds import CHECK_KINDS
from tests.support.policy_texts import vocabulary, write_policies

ROOT = Path(__file__).parents[3]
DAY = date(2025, 6, 30)
GOOD = """\
effective: {from: 2025-01-01}
facts: {staff: {label: 人数, type: integer}}
clauses:
  - {id: big, says: 满3人, source: 办法, when: staff >= 3}
benefit: {amount: 1000}
delivery: invite
examples:
  as_of: 2025-06-30
  cases:
    - {name: three, given: {staff: 3}, expect: {verdict: eligible, amount: 1000}}
    - {name: two, given: {staff: 2}, expect: {verdict: ineligible, failing: [big]}}
"""
BAD = GOOD.replace("staff >= 3", "staf >= 3")
WRONG = GOOD.replace("amount: 1000}}", "amount: 999}}")


def test_a_refused_file_keeps_no_other_from_being_checked(tmp_path: Path) -> None:
    paths = write_policies(tmp_path, {"good": GOOD, "bad": BAD, "wrong": WRONG})
    checked = check_files(paths, vocabulary(), day=DAY)
    assert [policy.id for policy in checked.policies] == ["good", "wrong"]
    assert [(Path(p.file).stem, p.code) for p in checked.of_level("error")] == [
        ("bad", "unknown-name"),
        ("wrong", "example-failed"),
    ]
    assert set(checked.files) == set(paths)


def test_warnings_may_be_left_out_by_their_code(tmp_path: Path) -> None:
    paths = write_policies(tmp_path, {"good": GOOD.replace("满3人", "满5人")})
    assert [p.code for p in check_files(paths, vocabulary(), day=DAY).problems] == ["said-number"]
    ignoring = check_files(paths, vocabulary(), day=DAY, ignore=["said-number"])
    assert ignoring.problems == ()


def counts(passes: int, fails: int, unknown: int) -> PolicyCounts:
    clause = ClauseCount(
        id="big",
        depth=0,
        says_zh="",
        says_en="",
        group="",
        passes=passes,
        fails=fails,
        unknown=unknown,
        one_short=0,
        one_open=0,
    )
    return PolicyCounts(
        policy="good",
        version="1",
        title_zh="",
        title_en="",
        subjects=passes + fails + unknown,
        eligible=0,
        ineligible=0,
        unknown=0,
        clauses=(clause,),
    )


@pytest.mark.parametrize(
    ("passes", "fails", "unknown", "code"),
    [
        (100, 0, 0, "always-on-snapshot"),
        (0, 100, 0, "never-on-snapshot"),
        (20, 20, 60, "unknown-on-snapshot"),
        (25, 25, 50, ""),
        (99, 1, 0, ""),
        (99, 0, 1, ""),
        (19, 0, 0, ""),  # too few to tell
    ],
)
def test_a_clause_that_decides_nothing_on_the_snapshot_is_told_at_its_place(
    tmp_path: Path, passes: int, fails: int, unknown: int, code: str
) -> None:
    (path,) = write_policies(tmp_path, {"good": GOOD})
    (document,) = read_documents(path)[0]
    found = find_idle_clauses(counts(passes, fails, unknown), document)
    assert [problem.code for problem in found] == ([code] if code else [])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all("id: big" in lines[problem.line - 1] for problem in found)


def test_annotations_are_read_back_as_they_were_meant() -> None:
    problem = Problem(
        file="a,b:c.yaml",
        line=3,
        column=7,
        message="50% of\nit",
        remedy="do this",
        code="said-number",
    )
    from console.checking import Checked

    (line,) = write_annotations(Checked(problems=(problem,))).splitlines()
    head, _, text = line.removeprefix("::").partition("::")
    level, _, fields = head.partition(" ")
    parts = dict(field.split("=", 1) for field in fields.split(","))

    def plain(text: str) -> str:
        for code, sign in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
            text = text.replace(code, sign)
        return text

    assert level == "warning"
    assert {name: plain(value) for name, value in parts.items()} == {
        "file": "a,b:c.yaml",
        "line": "3",
        "col": "7",
        "title": "said-number",
    }
    assert plain(text) == "50% of\nit (do this)\ndocs/reference/checks.md#said-number"


def test_json_tells_every_problem_with_its_place_and_its_docs(tmp_path: Path) -> None:
    paths = write_policies(tmp_path, {"bad": BAD, "good": GOOD})
    told = json.loads(write_json(check_files(paths, vocabulary(), day=DAY)))
    assert told["policies"] == [
        {"policy": "good@1", "file": str(paths[1]), "examples": 2, "passed": 2}
    ]
    (problem,) = told["problems"]
    assert problem["level"] == "error"
    assert problem["docs"] == "docs/reference/checks.md#unknown-name"
    line = paths[0].read_text(encoding="utf-8").splitlines()[problem["line"] - 1]
    assert line[problem["column"] - 1 :].startswith("staf >= 3")


def test_every_kind_can_be_explained() -> None:
    for code, kind in CHECK_KINDS.items():
        text = explain_kind(code)
        assert text is not None
        assert kind.zh in text
    assert explain_kind("nothing") is None


def test_a_problem_without_a_kind_is_an_error() -> None:
    problem = Problem(file="a", line=0, column=0, message="m", code="somewhere")
    assert level_of(problem) == "error"
    assert problem_as_json(problem)["docs"] == "docs/reference/checks.md"


def test_the_hook_for_other_repositories_is_one_that_pre_commit_takes() -> None:
    from pre_commit.clientlib import load_manifest

    (hook,) = load_manifest(ROOT / ".pre-commit-hooks.yaml")
    assert hook["entry"] == "zhida check"
    assert hook["pass_filenames"] is False
    written = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert f"id: {written[0]['id']}" in (ROOT / "docs/checking.md").read_text(encoding="utf-8")
