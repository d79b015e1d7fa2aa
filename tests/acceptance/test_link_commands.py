"""A park's list without credit codes, from the file to a release, as operators see it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from console.cli import app
from profiles.dataset import builtin_datasets
from profiles.release import newest_release, read_release
from profiles.sample_city.corruption import write_unkeyed_rows
from tests.unit.profiles.delivery_world import DAY

Zhida = Callable[..., Any]
ROWS = 120


@pytest.fixture
def city() -> tuple[pl.DataFrame, pl.DataFrame]:
    """The register, and rows of a park's list with whom they mean."""
    return write_unkeyed_rows(21, 1_500, ROWS)


@pytest.fixture
def zhida(tmp_path: Path, city: tuple[pl.DataFrame, pl.DataFrame]) -> Zhida:
    """The command over a home that holds the register and the park's list."""
    register, rows = city

    def call(*words: str, ends: int = 0) -> Any:
        arguments = ["--home", str(tmp_path / "home"), *words]
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})
        assert result.exit_code == ends, result.output or result.exception
        return json.loads(result.stdout) if "json" in words else result.stdout

    registration = builtin_datasets()["registration"]
    nothing = pl.lit(None, dtype=pl.String)
    written = register.select(
        pl.col(name) if name in register.columns else nothing.alias(name)
        for name in registration.columns
    ).with_columns(registered_on=pl.lit("2020-01-01"))
    written.write_csv(tmp_path / "registration.csv")
    keyed = register["uscc"][0]
    park_rows(rows, keyed).write_csv(tmp_path / "park-tenants.csv")
    call("init")
    day = ("--delivered-on", DAY.isoformat())
    call("ingest", str(tmp_path / "registration.csv"), *day)
    call("ingest", str(tmp_path / "park-tenants.csv"), *day, ends=3)
    return call


def park_rows(rows: pl.DataFrame, keyed: str) -> pl.DataFrame:
    """The park's file: the rows without a code, one with a wrong and one with a right one."""
    codes = ["91990101MA0000000X", *[None] * (rows.height - 2), keyed]
    return rows.select(
        pl.Series("uscc", codes),
        pl.col("name").alias("tenant"),
        "address",
        "representative",
        "region",
        pl.lit("示范科技园").alias("park"),
        pl.lit("2024-01-01").alias("entered_on"),
        pl.lit(None, dtype=pl.String).alias("left_on"),
    )


def held(tmp_path: Path) -> pl.DataFrame:
    dataset = builtin_datasets()["park-tenants"]
    release = newest_release(tmp_path / "home" / "releases", dataset.name, DAY)
    assert release is not None
    return read_release(release, dataset)


def test_rows_are_linked_and_delivered_with_the_right_keys(
    zhida: Zhida, tmp_path: Path, city: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    register, rows = city
    file = str(tmp_path / "park-tenants.csv")
    assert held(tmp_path)["uscc"].to_list() == [register["uscc"][0]]
    found = zhida("link", "run", "park-tenants", file, "--format", "json")
    assert found["rows_without_key"] == ROWS - 1
    true_pairs = rows.head(ROWS - 1)["truth"].count()
    assert found["linked"] > 0.85 * true_pairs
    assert zhida("link", "run", "park-tenants", file, "--format", "json") == found
    told = zhida("link", "deliver", "park-tenants", file, "--delivered-on", DAY.isoformat(), ends=3)
    assert f"{found['linked']} links in force" in told
    release = held(tmp_path)
    assert release.height == found["linked"] + 1
    meant = rows.select(pl.col("name").alias("tenant"), "address", "representative", "truth")
    judged = release.join(
        meant, on=["tenant", "address", "representative"], how="inner", nulls_equal=True
    ).filter(pl.col("uscc") != register["uscc"][0])
    assert (judged["uscc"] == judged["truth"]).sum() >= judged.height - 1
    assert "park-tenants" in zhida("release", "list", "park-tenants")
    assert "entries" in zhida("verify")


def test_nobody_is_shown_in_clear_and_persons_decide(
    zhida: Zhida, tmp_path: Path, city: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    register, rows = city
    file = str(tmp_path / "park-tenants.csv")
    zhida("link", "run", "park-tenants", file)
    told = zhida("link", "list", "park-tenants", "--state", "all", "--limit", "500")
    persons = [*rows["representative"].drop_nulls(), *register["legal_representative"]]
    assert [person for person in persons if person in told] == []
    links = zhida("link", "list", "--state", "linked", "--format", "json", "--limit", "500")
    wrong, right = links[0], links[1]
    assert {wrong["decided_by"]} == {"linkage"}
    assert len(wrong["model"]) == 64
    zhida("link", "reject", wrong["id"], "--by", "clerk-1")
    zhida("link", "accept", right["id"], "--by", "clerk-2")
    for _ in range(2):
        zhida("link", "run", "park-tenants", file)
        links = zhida("link", "list", "--state", "all", "--format", "json", "--limit", "500")
        stand = {link["id"]: (link["state"], link["decided_by"]) for link in links}
        assert stand[wrong["id"]] == ("rejected", "clerk-1")
        assert stand[right["id"]] == ("accepted", "clerk-2")
        # nothing is linked any more without a person where one has said no
        of_row = [link for link in links if link["line"] == wrong["line"]]
        assert {link["state"] for link in of_row} <= {"rejected", "review"}


def test_a_link_that_is_taken_back_leaves_the_next_release(zhida: Zhida, tmp_path: Path) -> None:
    file = str(tmp_path / "park-tenants.csv")
    zhida("link", "run", "park-tenants", file)
    day = ("--delivered-on", DAY.isoformat())
    zhida("link", "deliver", "park-tenants", file, *day, ends=3)
    before = held(tmp_path)
    link, *_ = zhida("link", "list", "--state", "linked", "--format", "json")
    zhida("link", "reject", link["id"])
    zhida("link", "deliver", "park-tenants", file, *day, ends=3)
    assert held(tmp_path).height == before.height - 1
    # thinking again on the same day would bring back a release that was replaced
    zhida("link", "accept", link["id"])
    zhida("link", "deliver", "park-tenants", file, *day, ends=1)


def test_a_list_under_its_own_headings_is_linked_and_delivered(
    zhida: Zhida, tmp_path: Path
) -> None:
    headings = tmp_path / "headings.yaml"
    headings.write_text(
        "dataset: park-tenants\ncolumns: {公司: tenant, 地点: address}\nignore: [备注]\n", "utf-8"
    )
    park = pl.read_csv(tmp_path / "park-tenants.csv", infer_schema=False)
    own = park.rename({"tenant": "公司", "address": "地点"}).with_columns(
        pl.lit("无").alias("备注")
    )
    own.write_csv(tmp_path / "own.csv")
    file, columns = str(tmp_path / "own.csv"), ("--columns", str(headings))
    zhida("link", "run", "park-tenants", file, ends=1)
    as_delivered = zhida("link", "run", "park-tenants", file, *columns, "--format", "json")
    plain = str(tmp_path / "park-tenants.csv")
    assert zhida("link", "run", "park-tenants", plain, "--format", "json") == as_delivered
    day = ("--delivered-on", DAY.isoformat(), "--replacing")
    zhida("link", "deliver", "park-tenants", file, *columns, *day, ends=3)
    assert held(tmp_path).height == as_delivered["linked"] + 1


def test_links_alone_change_no_profile(zhida: Zhida, tmp_path: Path) -> None:
    as_of = ("--as-of", DAY.isoformat(), "--format", "json")
    before = zhida("snapshot", *as_of)["snapshot"]
    zhida("link", "run", "park-tenants", str(tmp_path / "park-tenants.csv"))
    link, *_ = zhida("link", "list", "--state", "linked", "--format", "json")
    zhida("link", "accept", link["id"])
    assert zhida("snapshot", *as_of)["snapshot"] == before


def test_what_cannot_be_linked_is_said(zhida: Zhida, tmp_path: Path) -> None:
    file = str(tmp_path / "park-tenants.csv")
    zhida("link", "run", "parks", file, ends=1)
    zhida("link", "run", "size-class", file, ends=1)
    zhida("link", "run", "park-tenants", str(tmp_path / "none.csv"), ends=1)
    zhida("link", "deliver", "park-tenants", file, ends=1)
    zhida("link", "accept", "0" * 12, ends=1)
    other = tmp_path / "other.csv"
    other.write_text((tmp_path / "park-tenants.csv").read_text("utf-8") + "\n", "utf-8")
    zhida("link", "run", "park-tenants", file)
    zhida("link", "deliver", "park-tenants", str(other), ends=1)
    zhida("link", "deliver", "park-tenants", str(other), "--replacing", ends=3)
