"""The command that runs the examples of policies as tests."""

import difflib
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from console.cli import app
from policies.errors import ExamplesNotWritten
from policies.load import CATALOGUE
from tests.support.policy_texts import write_policies

TEXT = """\
parameters: {share: {by: ent_size, source: 一, rows: {large: 10%, small: 20%, else: 0}}}
clauses:
  - {id: paid, says: 一, when: ui_paid_months >= 12}
  - {id: never, says: 二, none: [{id: zombie, says: 二, when: is_zombie}]}
benefit: {amount: [100, {times: share}]}
examples:
  as_of: 2025-09-01
  cases:
    - name: twelve months <& small
      given: {ui_paid_months: 12, is_zombie: false, ent_size: small}
      expect: {verdict: eligible, amount: 20}
    - name: eleven months
      given: {ui_paid_months: 11, is_zombie: false, ent_size: small}
      expect: {verdict: ineligible, failing: [paid]}
"""
"""Covered by hand: paid true and false, zombie false, one row of three: 4 of 9 values."""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["test", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.fixture
def written(tmp_path: Path) -> str:
    return str(write_policies(tmp_path, {"written": TEXT})[0])


@pytest.fixture
def failing(tmp_path: Path) -> str:
    return str(write_policies(tmp_path, {"failing": TEXT.replace("amount: 20", "amount: 21")})[0])


def test_examples_that_pass_end_with_nought(written: str) -> None:
    code, told = run(written)
    assert code == 0
    assert "2 of 2 examples pass" in told
    assert "4 of 9 values covered (44.4 %)" in told
    assert "2 of 2 sides of thresholds" in told


def test_a_failing_example_is_told_with_its_place_and_ends_with_one(failing: str) -> None:
    code, told = run(failing)
    assert code == 1
    assert "failing.yaml:" in told
    assert "expected amount 21.00, came out 20.00" in told


@pytest.mark.parametrize(("least", "code"), [("44", 0), ("44.4", 0), ("45", 1), ("100", 1)])
def test_coverage_below_the_least_ends_with_one(written: str, least: str, code: int) -> None:
    assert run(written, "--min-coverage", least)[0] == code


def test_a_share_that_is_no_number_is_refused(written: str) -> None:
    assert [run(written, "--min-coverage", text)[0] for text in ("nan", "101", "-1")] == [2, 2, 2]


def test_the_table_tells_what_is_reached_and_what_can_never_be(tmp_path: Path) -> None:
    text = TEXT.replace("when: is_zombie", "judged_by: 区局")
    (path,) = write_policies(tmp_path, {"judged": text})
    _, told = run(str(path))
    rows = [line.split() for line in told.splitlines()]
    assert ["paid", "1", "1", "none"] in rows
    assert ["zombie", "never", "never", "2"] in rows
    assert ["ui_paid_months", ">=", "12", "(paid)", "1", "1"] in rows


def test_examples_are_chosen_by_their_name(failing: str) -> None:
    code, told = run(failing, "-k", "ELEVEN")
    assert code == 0
    assert "1 of 1 examples pass" in told
    assert "covered" not in told
    assert run(failing, "-k", "twelve")[0] == 1
    assert run(failing, "-k", "twelve", "--min-coverage", "1")[0] == 2


def test_json_tells_every_value_with_its_examples(failing: str) -> None:
    code, told = run(failing, "--format", "json")
    found = json.loads(told)
    assert code == 1
    assert (found["covered"], found["values"], found["passed"]) == (4, 9, 1)
    (policy,) = found["policies"]
    reached = {
        (cell["id"], cell["value"]): cell["examples"]
        for cell in policy["coverage"]
        if cell["examples"]
    }
    both = ["twelve months <& small", "eleven months"]
    assert reached == {
        ("paid", "true"): both[:1],
        ("paid", "false"): both[1:],
        ("zombie", "false"): both,
        ("share, row 2: small", "true"): both,
    }


def test_junit_is_well_formed_and_has_a_case_for_each_example(failing: str) -> None:
    _, told = run(failing, "--format", "junit")
    suites = ElementTree.fromstring(told.split("?>", 1)[1])
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    failed = {
        case.get("name"): [failure.get("message") for failure in case.iter("failure")]
        for case in suites.iter("testcase")
    }
    assert failed == {
        "twelve months <& small": ["expected amount 21.00, came out 20.00"],
        "eleven months": [],
    }


def test_proposals_are_yaml_that_passes_when_pasted_beneath_the_cases(
    written: str, tmp_path: Path
) -> None:
    code, told = run(written, "--propose")
    assert code == 0
    pasted = told[told.index("# written@1:") :]
    text = Path(written).read_text(encoding="utf-8")
    Path(written).write_text(text + pasted, encoding="utf-8")
    code, told = run(written, "--min-coverage", "100")
    assert code == 0
    assert "9 of 9 values covered" in told
    assert "# written@1: nothing is missing" in run(written, "--propose")[1]


def test_written_examples_are_in_the_file_and_all_else_is_as_it_was(written: str) -> None:
    before = Path(written).read_bytes()
    Path(written).chmod(0o640)
    code, told = run(written, "--write")
    assert code == 0
    after = Path(written).read_bytes()
    assert after.startswith(before)
    assert "confirm" in told
    assert Path(written).stat().st_mode & 0o777 == 0o640
    assert run(written, "--min-coverage", "100")[0] == 0
    assert [path.name for path in Path(written).parent.iterdir()] == ["written.yaml"]


def test_cases_in_brackets_are_refused_and_the_file_stays(tmp_path: Path) -> None:
    text = TEXT[: TEXT.index("examples:")] + (
        "examples: {as_of: 2025-09-01, cases: [{name: a, expect: {verdict: unknown}}]}\n"
    )
    (path,) = write_policies(tmp_path, {"written": text})
    before = path.read_bytes()
    result = CliRunner().invoke(app, ["test", str(path), "--write"])
    assert isinstance(result.exception, ExamplesNotWritten)
    assert "brackets" in str(result.exception)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "name",
    [
        "enterprise/e04-job-expansion-grant",
        "enterprise/e09-vat-small-scale-exemption",
        "enterprise/e18-above-scale-reward-guangdong",
        "resident/r19-orphan-allowance-fujian",
    ],
)
def test_proposals_for_policies_of_the_catalogue_pass_in_their_files(
    tmp_path: Path, name: str
) -> None:
    """Rows, spans, two versions in one file, and facts that all examples share."""
    path = tmp_path / "policy.yaml"
    before = (CATALOGUE / f"{name}.yaml").read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")
    old = json.loads(run(str(path), "--format", "json")[1])
    assert run(str(path), "--write")[0] == 0
    code, told = run(str(path), "--format", "json")
    new = json.loads(told)
    assert code == 0
    assert new["passed"] == new["examples"] > old["examples"]
    assert new["percent"] == 100 > old["percent"]
    changes = list(difflib.ndiff(before.splitlines(), path.read_text("utf-8").splitlines()))
    assert not [line for line in changes if line.startswith("-")]


@pytest.mark.parametrize("other", [["-k", "x"], ["--format", "json"]])
def test_proposals_go_with_all_examples_told_as_text(written: str, other: list[str]) -> None:
    assert run(written, "--propose", *other)[0] == 2
