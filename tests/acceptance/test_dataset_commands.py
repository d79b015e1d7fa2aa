"""`zhida dataset`, by the real command, against what the files themselves say."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from stdnum.cn import uscc
from typer.testing import CliRunner

import profiles
from console.cli import app
from console.settings import make_home, read_settings
from profiles.dataset import builtin_datasets
from profiles.ingest import ingest

FOLDER = Path(profiles.__file__).parent / "datasets"
FILES = {
    path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    for path in FOLDER.glob("*.yaml")
}
Zhida = Callable[..., str]


@pytest.fixture
def zhida(tmp_path: Path) -> Zhida:
    """The command in a home with one release of the zombie list."""
    make_home(read_settings(tmp_path))
    file = tmp_path / "zombie-list.csv"
    dataset = builtin_datasets()["zombie-list"]
    body = "91990101MA0000001"
    code = body + uscc.calc_check_digit(body)
    file.write_text(f"uscc,listed_on,removed_on\n{code},2024-01-01,\n", encoding="utf-8")
    settings = read_settings(tmp_path)
    ingest(file, dataset, root=settings.releases, delivered_on=date(2025, 6, 1))

    def call(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["--home", str(tmp_path), *words], env={"COLUMNS": "160"})
        assert result.exit_code == code, result.output
        return result.output or str(result.exception)

    return call


def as_json(zhida: Zhida, *words: str) -> Any:
    return json.loads(zhida("dataset", *words, "--output", "json"))


def test_the_list_names_every_file_with_its_basis_and_newest_release(zhida: Zhida) -> None:
    told = {entry["dataset"]: entry for entry in as_json(zhida, "list")}
    assert set(told) == set(FILES)
    for name, file in FILES.items():
        assert told[name]["basis"] == file["basis"]
        levels = [column.get("sensitivity", "internal") for column in file["columns"].values()]
        if file["key"]["identifier"] == "resident_id":
            levels.append("sensitive")
        order = ["public", "internal", "personal", "sensitive"]
        assert told[name]["sensitivity"] == max([*levels, "public"], key=order.index)
    assert told["zombie-list"]["newest"] == "2025-06-01"
    assert told["titles"]["newest"] is None
    assert "僵尸企业" in zhida("dataset", "list")


def test_one_dataset_is_shown_in_full(zhida: Zhida) -> None:
    told = as_json(zhida, "show", "zombie-list")
    assert [column["column"] for column in told["columns"]] == ["uscc", "listed_on", "removed_on"]
    assert told["releases"] == 1
    page = zhida("dataset", "show", "zombie-list")
    for word in ("legal basis", FILES["zombie-list"]["complete"], "removed_on", "2025-06-01"):
        assert word in page


def test_a_column_leads_to_facts_and_policies_and_back(zhida: Zhida) -> None:
    columns = {
        c["column"]: c for c in as_json(zhida, "lineage", "disability-certificates")["columns"]
    }
    assert "disability_level" in columns["disability_level"]["facts"]
    policies = columns["disability_level"]["policies"]
    assert any(key.startswith("r06-disability-subsidies-shanghai@") for key in policies)
    back = as_json(zhida, "lineage", "disability_level")
    (dataset,) = back["datasets"]
    assert dataset["dataset"] == "disability-certificates"
    assert dataset["basis"] == FILES["disability-certificates"]["basis"]
    read = {column["column"] for column in dataset["columns"]}
    assert {"disability_level", "issued_on", "valid_to"} <= read  # what it is and when it counts
    assert "disability_type" not in read
    assert set(back["policies"]) <= set(policies)


def test_a_fact_names_the_releases_that_were_delivered(zhida: Zhida) -> None:
    (dataset,) = as_json(zhida, "lineage", "is_zombie")["datasets"]
    assert [(r["delivered_on"], r["rows"]) for r in dataset["releases"]] == [("2025-06-01", 1)]
    assert "2025-06-01" in zhida("dataset", "lineage", "is_zombie")


def test_formulas_filters_and_joined_rows_are_followed(zhida: Zhida) -> None:
    def read(name: str) -> set[tuple[str, str]]:
        found = as_json(zhida, "lineage", name)["datasets"]
        return {(d["dataset"], c["column"]) for d in found for c in d["columns"]}

    assert ("household-register", "birth_date") in read("age")
    assert read("layoff_rate_pct") >= {
        ("unemployment-benefit", "person_id"),
        ("unemployment-insurance", "insured"),
        ("unemployment-insurance", "month"),
    }
    assert read("hnte_valid") >= {("hnte-certificates", "valid_to")}
    # the fact of the persons in the rows, and the column that says who they are
    assert read("hh_minors") >= {
        ("household-register", "birth_date"),
        ("household-members", "person_id"),
    }


def test_a_policy_that_measures_rows_itself_stands_at_their_columns(zhida: Zhida) -> None:
    columns = {c["column"]: c for c in as_json(zhida, "lineage", "energy-use")["columns"]}
    assert any(key.startswith("e21-") for key in columns["quantity"]["policies"])
    rows = {c["column"]: c for c in as_json(zhida, "lineage", "employment")["columns"]}
    assert any(key.startswith("e04-") for key in rows["hired_on"]["policies"])


def test_all_datasets_are_told_together(zhida: Zhida) -> None:
    assert {entry["dataset"] for entry in as_json(zhida, "lineage")} == set(FILES)
    assert "titles" in zhida("dataset", "lineage")
    assert "disability_level" in zhida("dataset", "lineage", "disability-certificates")
    assert "given by hand" in zhida("dataset", "lineage", "item_class")


def test_an_unknown_name_is_answered_with_the_nearest(zhida: Zhida) -> None:
    assert "did you mean titles?" in zhida("dataset", "show", "title", code=1)
    assert "did you mean hh_minors?" in zhida("dataset", "lineage", "hh_minrs", code=1)
    zhida("dataset", "list", "--output", "xml", code=2)


def test_departments_that_disagree_are_counted_and_listed_masked(
    zhida: Zhida, tmp_path: Path
) -> None:
    words = tmp_path / "words.yaml"
    words.write_text(
        "facts:\n  listed_as: {of: enterprise, label: {zh: 名单}, type: code, from: size-class,"
        " else_from: [environment_sizes], last: ent_size}\nrows:\n  environment_sizes:\n"
        "    from: environment-credit\n    columns: {ent_size: {column: grade}}\n",
        encoding="utf-8",
    )
    settings = read_settings(tmp_path)
    datasets = builtin_datasets()
    bodies = [f"91990101MA000000{number}" for number in range(1, 4)]
    codes = [body + uscc.calc_check_digit(body) for body in bodies]
    heads = ",".join(datasets["registration"].columns)
    deliveries = {
        "registration": [heads]
        + [f"{c},某公司,某某,某路,990101,enterprise,C3512,1,零售,2020-01-01," for c in codes],
        "size-class": ["uscc,year,ent_size", f"{codes[0]},2024,small", f"{codes[1]},2024,micro"],
        "environment-credit": ["uscc,year,grade", f"{codes[0]},2024,red", f"{codes[2]},2024,red"],
    }
    for name, lines in deliveries.items():
        file = tmp_path / f"{name}.csv"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        ingest(file, datasets[name], root=settings.releases, delivered_on=date(2025, 6, 1))
    zhida("snapshot", "--as-of", "2025-06-01", "--vocabulary", str(words))
    asked = ("dataset", "disagreements", "listed_as", "--vocabulary", str(words))
    told = json.loads(zhida(*asked, "--output", "json"))
    assert told["facts"] == [
        {
            "fact": "listed_as",
            "counts": "size-class",
            "differs": "environment-credit",
            "subjects": 1,
        }
    ]
    (line,) = told["subjects"]
    assert line["subject"].count("*") == 14
    page = zhida(*asked)
    assert "size-class counts, environment-credit differs" in page
    assert not any(code in page for code in codes)

    # the department that counted for each firm is the one named
    for code, dataset, value in (
        (codes[0], "size-class", "small"),
        (codes[2], "environment-credit", "red"),
    ):
        shown = zhida("profile", code, "--vocabulary", str(words), "--format", "json")
        (fact,) = [f for f in json.loads(shown)["facts"] if f["fact"] == "listed_as"]
        assert (fact["dataset"], fact["value"]) == (dataset, value)
