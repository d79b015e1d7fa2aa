"""`zhida schema` as its users call it: printed, written, installed, and never over what stands."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from typer.testing import CliRunner, Result

from console.cli import app
from console.errors import ConsoleError, WouldOverwrite
from policies.schema import KINDS

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["schema", *map(str, arguments)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_printed_as_json_alone(kind: str) -> None:
    done = run(kind)
    assert done.exit_code == 0
    schema = json.loads(done.stdout)
    Draft7Validator.check_schema(schema)
    assert done.stdout.isascii() is False  # Chinese words stand as they are


def test_facts_of_an_authors_vocabulary_are_proposed(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text(
        "facts: {works_shifts: {of: resident, label: {zh: 轮班, en: Shifts}, type: boolean}}"
    )
    schema = json.loads(run("policy", "--vocabulary", file).stdout)
    assert "轮班" in schema["definitions"]["given"]["properties"]["works_shifts"]["description"]


def test_a_file_is_written_once_and_replaced_only_by_force(tmp_path: Path) -> None:
    out = tmp_path / "s.json"
    assert run("dataset", "--out", out).exit_code == 0
    written = out.read_text(encoding="utf-8")
    assert json.loads(written)["title"].startswith("Dataset")
    assert run("dataset", "--out", out).exit_code == 0  # the same again is no loss
    out.write_text("mine", encoding="utf-8")
    refused = run("dataset", "--out", out)
    assert isinstance(refused.exception, WouldOverwrite)
    assert "--force" in str(refused.exception)
    assert out.read_text(encoding="utf-8") == "mine"
    assert run("dataset", "--out", out, "--force").exit_code == 0
    assert out.read_text(encoding="utf-8") == written


def installed(folder: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((folder / ".vscode/settings.json").read_text("utf-8"))
    return settings


def test_installing_puts_schemas_and_settings_into_a_folder(tmp_path: Path) -> None:
    assert run("--install", "--into", tmp_path / "new").exit_code == 0
    schemas = installed(tmp_path / "new")["yaml.schemas"]
    assert len(schemas) == len(KINDS)
    for path in schemas:
        Draft7Validator.check_schema(json.loads((tmp_path / "new" / path).read_text("utf-8")))


def test_installing_keeps_an_authors_other_settings(tmp_path: Path) -> None:
    settings = tmp_path / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{"editor.tabSize": 2, "yaml.schemas": {"mine.json": "*.txt"}}')
    refused = run("--install", "--into", tmp_path)
    assert isinstance(refused.exception, WouldOverwrite)
    assert not (tmp_path / "schemas").exists()  # all or nothing
    assert run("--install", "--into", tmp_path, "--force").exit_code == 0
    now = installed(tmp_path)
    assert now["editor.tabSize"] == 2
    assert now["yaml.schemas"]["mine.json"] == "*.txt"
    assert "./schemas/policy.schema.json" in now["yaml.schemas"]


@pytest.mark.parametrize("text", ['// mine\n{"a": 1}', "[]", '{"yaml.schemas": 3}', ""])
def test_settings_that_cannot_be_kept_are_never_touched(tmp_path: Path, text: str) -> None:
    settings = tmp_path / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(text)
    refused = run("--install", "--into", tmp_path, "--force")
    assert isinstance(refused.exception, ConsoleError)
    assert "add by hand" in str(refused.exception)
    assert "policies/**/*.yaml" in str(refused.exception)
    assert settings.read_text() == text
    assert not (tmp_path / "schemas").exists()


@pytest.mark.parametrize(
    "arguments",
    [[], ["policies"], ["--install", "policy"], ["--install", "--out", "x.json"]],
)
def test_wrong_usage_is_told(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_refusal_of_the_command_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "console.cli", "schema", "policy", "--out", "s.json"],
        capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error s.json: 文件已存在")
    assert done.stderr.count("\n") == 1
