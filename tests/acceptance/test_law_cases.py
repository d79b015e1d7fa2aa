"""Worked cases of the law, decided by the real command from facts given by hand."""

import csv
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from policies.load import CATALOGUE

TABLE = Path(__file__).parent.parent / "fixtures/law-cases.csv"
CASES = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))


def policy_file(case: str) -> Path:
    section = case.split("-")[0].lower()
    (file,) = CATALOGUE.rglob(f"{section}-*.yaml")
    return file


@pytest.fixture(scope="module")
def decided(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, list[dict[str, object]]]:
    """Every case's results under the policies of its section, from one call of the command."""
    folder = tmp_path_factory.mktemp("law")
    lines = [
        json.dumps(
            {
                "subject": case["case"],
                "as_of": case["as_of"],
                "facts": json.loads(case["facts"]),
            }
        )
        for case in CASES
    ]
    (folder / "subjects.jsonl").write_text("\n".join(lines), encoding="utf-8")
    files = sorted({policy_file(case["case"]) for case in CASES})
    chosen = [word for file in files for word in ("--policies", str(file))]
    words = ["evaluate", *chosen, "--subjects", str(folder / "subjects.jsonl")]
    done = subprocess.run(
        [sys.executable, "-m", "console.cli", *words, "--out", str(folder / "results.jsonl")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = map(json.loads, (folder / "results.jsonl").read_text(encoding="utf-8").splitlines())
    found: dict[str, list[dict[str, object]]] = {}
    for result in results:
        # a section may have several policies, and a policy several versions: all of its file count
        if str(result["policy"])[:4] == result["subject"].split("-")[0].lower() + "-":
            found.setdefault(result["subject"], []).append(result)
    return found


def figure(result: dict[str, object], kind: str) -> object:
    """What a case of this kind expects: a figure of its name, or the amount itself."""
    amounts = result["amounts"]
    assert isinstance(amounts, dict)
    return amounts.get(kind, result["amount"])


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_case_of_the_law_comes_out_as_worked(
    case: dict[str, str], decided: dict[str, list[dict[str, object]]]
) -> None:
    results = decided[case["case"]]
    eligible = [result for result in results if result["verdict"] == "eligible"]
    stem = policy_file(case["case"]).stem
    verdicts = {result["verdict"] for result in eligible} or {
        result["verdict"] for result in results if result["policy"] == stem
    }
    verdicts = verdicts - {"ineligible"} or verdicts  # another version was in force on that day
    assert verdicts == {case["verdict"]}, case["because"]
    if case["verdict"] != "eligible":
        return
    figures = [figure(result, case["amount_kind"]) for result in eligible]
    if case["amount"] == "":
        assert None in figures
    else:
        assert sum(Decimal(str(f)) for f in figures) == Decimal(case["amount"]), case["because"]


def test_every_case_is_also_an_example_of_its_policy() -> None:
    for case in CASES:
        assert f"name: {case['case']} " in policy_file(case["case"]).read_text(encoding="utf-8")
