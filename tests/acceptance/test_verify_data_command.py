"""What was kept is read whole and compared with its name, as operators see it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from console.cli import app
from profiles.content import hash_content, hash_file, hash_texts

Zhida = Callable[..., str]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city taken in on two days, with a snapshot and an increment."""
    folder = tmp_path_factory.mktemp("city")
    call = command(folder / "home")
    call("init")
    for day in ("2025-10-12", "2025-10-31"):
        files = folder / day
        call("sample-city", str(files), "--as-of", day, "--firms", "60", "--residents", "200")
        call("ingest", str(files), "--delivered-on", day, ends=3)
        more = ("--incremental",) if day.endswith("31") else ()
        call("snapshot", "--as-of", day, *more)
    return folder / "home"


def command(home: Path) -> Zhida:
    def call(*words: str, ends: int = 0) -> str:
        arguments = ["--home", str(home), *words]
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "160"})
        assert result.exit_code == ends, result.output or result.exception
        return result.stdout

    return call


@pytest.fixture
def home(city: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return Path(shutil.copytree(city, tmp_path / "home"))


def newest(home: Path) -> Path:
    """The increment's folder."""
    manifests = sorted((home / "snapshots").glob("*/manifest.json"))
    return next(p.parent for p in manifests if json.loads(p.read_text())["content"].get("base"))


def told(zhida: Zhida, *words: str, ends: int = 0) -> dict[str, Any]:
    return dict(json.loads(zhida("verify-data", *words, "--format", "json", ends=ends)))


def test_what_lies_as_it_was_written_is_verified_and_an_increment_holds_the_same(home: Path):
    found = told(command(home), "--rebuild")
    assert found["verified"] > 80
    assert (found["damaged"], found["differences"]) == ([], [])
    assert "hold what their names say; built from nothing" in command(home)(
        "verify-data", "--rebuild"
    )
    assert not list((home / "snapshots").glob(".verifying-*"))


def replace_rows(folder: Path, file: str, frame: pl.DataFrame) -> None:
    """Other rows, and the hash of their bytes in the manifest: reading alone sees no difference."""
    frame.write_parquet(folder / file)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][file] = hash_file(folder / file)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_release_whose_rows_somebody_has_replaced_is_named(home: Path):
    folder = next(path for path in (home / "releases" / "size-class").iterdir() if path.is_dir())
    file = next(folder.glob("rows-*.parquet"))
    replace_rows(folder, file.name, pl.read_parquet(file).reverse())
    found = told(command(home), "size-class", ends=1)
    assert [(each["what"], each["name"]) for each in found["damaged"]] == [
        ("release of size-class", folder.name)
    ]
    assert "do not match their hash" in command(home)("verify-data", ends=1)


def test_a_snapshot_whose_facts_somebody_has_changed_is_named(home: Path):
    folder = newest(home)
    file = next(path for path in sorted(folder.glob("facts-resident-*.parquet")))
    facts = pl.read_parquet(file).with_columns(pl.lit("female").alias("sex"))
    replace_rows(folder, file.name, facts)
    found = told(command(home), ends=1)
    assert {each["name"] for each in found["damaged"]} == {folder.name}


def test_an_increment_with_other_facts_than_one_built_from_nothing_is_told(home: Path):
    """As after a mistake of ours: all hashes are right, what they are of is wrong."""
    folder = newest(home)
    file = next(path for path in sorted(folder.glob("facts-resident-*.parquet")))
    facts = pl.read_parquet(file)
    other = pl.when(pl.col("sex") == "male").then(pl.lit("female")).otherwise(pl.lit("male"))
    facts = facts.with_columns(other.alias("sex"))
    replace_rows(folder, file.name, facts)
    manifest = json.loads((folder / "manifest.json").read_text())
    for part in manifest["content"]["parts"]:
        if file.name in part["hashes"]:
            part["hashes"][file.name] = hash_content(facts)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    folder.rename(folder.parent / hash_texts(manifest["content"]))
    found = told(command(home), "--rebuild", ends=1)
    assert found["damaged"] == []
    (differing,) = found["differences"]
    assert (differing["kind"], differing["what"]) == ("resident", "sex")
    assert differing["subjects"] == facts.height > 0


def test_after_another_delivery_there_is_nothing_to_compare_with(home: Path, tmp_path: Path):
    call = command(home)
    files = tmp_path / "again"
    call("sample-city", str(files), "--as-of", "2025-10-31", "--firms", "60", "--residents", "220")
    call("ingest", str(files / "marriages.csv"), "--delivered-on", "2025-10-31")
    result = CliRunner().invoke(app, ["--home", str(home), "verify-data", "--rebuild"])
    assert result.exit_code == 1
    assert "other releases count since" in str(result.exception)
