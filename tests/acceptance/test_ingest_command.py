"""Deliveries in every form that the departments' guide names, taken in by the command."""

import csv
import io
import json
import re
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from console.cli import app
from console.errors import VariableMissing
from language.errors import FilesRefused
from profiles.dataset import builtin_datasets
from profiles.release import list_releases, read_release
from tests.unit.profiles.delivery_world import credit_code, write_csv

GUIDE = Path(__file__).parents[2] / "docs" / "department.md"
DAY = ("--delivered-on", "2025-06-01", "--format", "json")
A, B = credit_code(1), credit_code(2)
Zhida = Callable[..., Any]


@pytest.fixture
def zhida(tmp_path: Path) -> Zhida:
    """The command over an empty home; its report, or what it said where it ends otherwise."""

    def call(*words: str, ends: int = 0, **environment: str) -> Any:
        home = ("--home", str(tmp_path / "home"))
        variables = {"COLUMNS": "160", **environment}
        result = CliRunner().invoke(app, [*home, *words], env=variables)
        assert result.exit_code == ends, result.output or result.exception
        if "json" in words and ends in (0, 3):
            return json.loads(result.stdout)
        return result.output if result.exception is None or ends else result.exception

    call("init")
    return call


def block_of_guide(mark: str, kind: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```{kind}\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    assert found is not None
    return found.group(1)


def rows(home: Path, dataset: str) -> list[tuple[object, ...]]:
    release = list_releases(home / "home" / "releases", dataset)[-1]
    return read_release(release, builtin_datasets()[dataset]).rows()


EXPECTED = {(A, date(2024, 5, 1), 12, 67800, True), (B, date(2024, 5, 1), 3, 16950, False)}


def test_the_example_of_the_guide_is_read_with_its_mapping(zhida: Zhida, tmp_path: Path):
    mapping, delivery = tmp_path / "mapping.yaml", tmp_path / "unemployment-insurance.csv"
    mapping.write_text(block_of_guide("complete mapping", "yaml"), encoding="utf-8")
    delivery.write_text(block_of_guide("delivery unemployment-insurance", "csv"), encoding="utf-8")
    zhida("ingest", str(delivery), "--columns", str(mapping), *DAY)
    assert set(rows(tmp_path, "unemployment-insurance")) == EXPECTED
    said = zhida("ingest", str(delivery), *DAY, ends=1)
    assert 'unknown column "单位代码"' in said


def test_the_example_of_the_guide_is_read_from_a_named_sheet(zhida: Zhida, tmp_path: Path):
    mapping, delivery = tmp_path / "mapping.yaml", tmp_path / "2024.xlsx"
    mapping.write_text(block_of_guide("complete mapping", "yaml"), encoding="utf-8")
    book = openpyxl.Workbook()
    sheet = book.create_sheet("五月")
    for line in csv.reader(io.StringIO(block_of_guide("delivery unemployment-insurance", "csv"))):
        sheet.append(line)
    book.save(delivery)
    named = ("--dataset", "unemployment-insurance", "--columns", str(mapping), *DAY)
    assert "is empty" in zhida("ingest", str(delivery), *named, ends=1)
    zhida("ingest", str(delivery), "--sheet", "五月", *named)
    assert set(rows(tmp_path, "unemployment-insurance")) == EXPECTED


def test_a_database_is_asked_at_an_address_that_only_the_environment_knows(
    zhida: Zhida, tmp_path: Path
):
    path = tmp_path / "statistics.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE size_class (uscc, year, ent_size)")
        connection.execute("INSERT INTO size_class VALUES (?, 2024, 'small')", [A])
    connection.close()
    asked = ("--query", "SELECT * FROM size_class", "--dataset", "size-class", *DAY)
    (report,) = zhida("ingest", "--from-url-in", "SOURCE", *asked, SOURCE=f"sqlite:///{path}")
    assert (report["rows_in"], report["accepted"]) == (1, 1)
    (again,) = zhida("ingest", "--from-url", f"sqlite:///{path}", *asked)
    assert (again["created"], again["release"]) == (False, report["release"])


def test_a_password_in_an_address_is_never_printed(zhida: Zhida):
    asked = ("--query", "SELECT 1", "--dataset", "size-class")
    for address in (
        "postgresql+psycopg://me:hunter-two@127.0.0.1:1/x",
        "nothing://me:hunter-two@host/x",
        "postgresql+psycopg://127.0.0.1:1/x?password=hunter-two",
    ):
        said = zhida("ingest", "--from-url", address, *asked, ends=1)
        assert "refused" in said
        assert "hunter-two" not in said


def test_what_a_query_lacks_is_told(zhida: Zhida, tmp_path: Path):
    said = zhida("ingest", "--query", "SELECT 1", "--dataset", "size-class", ends=2)
    assert "a query needs all of" in said
    assert "a query needs all of" in zhida("ingest", "--from-url", "sqlite:///x", ends=2)
    home = ("--home", str(tmp_path / "home"))
    words = ["ingest", "--from-url-in", "NOWHERE", "--query", "SELECT 1", "--dataset", "titles"]
    with pytest.raises(VariableMissing, match="the environment has no NOWHERE"):
        CliRunner().invoke(app, [*home, *words], catch_exceptions=False)


def test_a_mapping_that_is_wrong_is_refused_before_anything_is_taken_in(
    zhida: Zhida, tmp_path: Path
):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("dataset: size-class\ncolumns: {规模: ent_sise}\n", encoding="utf-8")
    path = write_csv(tmp_path / "size-class.csv", "uscc,year,ent_size", f"{A},2024,small")
    words = ["--home", str(tmp_path / "home"), "ingest", str(path), "--columns", str(mapping)]
    with pytest.raises(FilesRefused, match='did you mean "ent_size"'):
        CliRunner().invoke(app, words, catch_exceptions=False)
    assert not (tmp_path / "home" / "releases" / "size-class").exists()
