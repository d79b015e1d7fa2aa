"""Worked cases of the law through the real command, and every example of the catalogue.

`law-cases.csv` holds cases read off the texts: facts, the verdict and the amount the text gives.
"""

import csv
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.examples import run_examples
from policies.load import CATALOGUE, load_policies
from profiles.dataset import builtin_datasets
from profiles.fact import builtin_vocabulary

FIXTURE = Path(__file__).parents[1] / "fixtures" / "law-cases.csv"
VOCABULARY = builtin_vocabulary(builtin_datasets())
POLICIES = load_policies([CATALOGUE], VOCABULARY).policies
VERDICTS = {"yes": "eligible", "no": "ineligible", "unknown": "unknown"}


def read_cases() -> list[dict[str, str]]:
    with FIXTURE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CASES = read_cases()


def run_zhida(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from console.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd, check=False)


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """Every case under every policy of its audience, by one run of the command."""
    folder = tmp_path_factory.mktemp("law-cases")
    lines = [
        json.dumps(
            {
                "subject": case["case_id"],
                "audience": "enterprise" if case["policy_id"].startswith("E") else "resident",
                "as_of": case["as_of"],
                "facts": json.loads(case["facts_json"]),
            },
            ensure_ascii=False,
        )
        for case in CASES
    ]
    subjects = folder / "subjects.jsonl"
    subjects.write_text("\n".join(lines), encoding="utf-8")
    done = run_zhida("evaluate", "--subjects", str(subjects), cwd=folder)
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return {(result["subject"], result["policy"]): result for result in results}


@pytest.mark.parametrize("case", CASES, ids=[case["case_id"] for case in CASES])
def test_a_case_of_the_law_comes_out_as_the_law_says(
    case: dict[str, str], decided: dict[tuple[str, str], dict[str, Any]]
) -> None:
    (policy,) = [p for p in POLICIES if p.id.startswith(case["policy_id"].lower() + "-")]
    result = decided[case["case_id"], policy.id]
    verdict = VERDICTS[case["expected_eligible"]]
    assert result["verdict"] == verdict
    if verdict != "eligible":
        assert result["amount"] is None
        return
    payable = case["amount_kind"] == "payable"
    amount = result["amounts"]["payable"] if payable else result["amount"]
    if case["expected_amount"] == "":
        assert amount is None
    else:
        assert Decimal(amount) == Decimal(case["expected_amount"])


def test_each_real_policy_has_visible_cases() -> None:
    assert len(CASES) == 39
    assert {case["policy_id"].lower() for case in CASES} == {p.id.split("-")[0] for p in POLICIES}


@pytest.mark.parametrize("policy", POLICIES, ids=[policy.id for policy in POLICIES])
def test_every_example_of_a_catalogue_policy_passes(policy: Any) -> None:
    results = run_examples(policy, VOCABULARY)
    assert results, "a policy without examples"
    assert [(r.example, r.differences) for r in results if not r.passed] == []


@pytest.mark.parametrize("policy", POLICIES, ids=[policy.id for policy in POLICIES])
def test_the_examples_show_both_verdicts_and_a_missing_fact(policy: Any) -> None:
    verdicts = {example.verdict for example in policy.examples}
    assert {"eligible", "ineligible"} <= verdicts
    assert any(e.verdict == "unknown" or e.amount == "unknown" for e in policy.examples)


def test_the_command_gives_one_line_a_subject_and_policy_in_order(tmp_path: Path) -> None:
    subjects = tmp_path / "subjects.jsonl"
    lines = [{"subject": name, "audience": "resident", "facts": {}} for name in ("二", "一")]
    subjects.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    done = run_zhida("evaluate", "--subjects", str(subjects), "--as-of", "2025-10-31", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    names = [policy.id for policy in POLICIES if policy.audience == "resident"]
    assert [(r["subject"], r["policy"]) for r in results] == [
        (subject, name) for subject in ("二", "一") for name in names
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gbk.csv", "subject,title\na,中文\n".encode("gbk")),
        ("junk.parquet", b"junk"),
        ("surrogate.jsonl", b'{"subject":"\\ud800","facts":{"title":"\\ud800"}}\n'),
    ],
)
def test_an_unreadable_file_is_told_without_a_traceback(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    done = run_zhida(
        "evaluate", "--subjects", name, "--as-of", "2025-10-31",
        "-p", str(CATALOGUE / "enterprise" / "e34-title-awards-dongqiao.yaml"), cwd=tmp_path,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1, 2, 3, 4, 5)
    if done.returncode:
        assert done.stderr.strip()


def test_a_missing_file_is_told_with_its_name(tmp_path: Path) -> None:
    done = run_zhida("evaluate", "--subjects", "none.jsonl", cwd=tmp_path)
    assert done.returncode != 0
    assert "none.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


