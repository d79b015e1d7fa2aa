"""`zhida clauses` and `zhida unknowns` over a small city: what they count is what a run counts."""

import csv
import json
from collections.abc import Callable
from datetime import date
from io import StringIO
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli import app
from console.show_population import bar
from policies.load import CATALOGUE
from profiles.sample_city import write_city

DAY = "2025-10-31"
POLICY = "e01-job-retention-refund-shandong"


@pytest.fixture(scope="module")
def zhida(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """The command over a home with one snapshot."""
    folder = tmp_path_factory.mktemp("city")
    write_city(folder / "files", firms=150, residents=300, as_of=date.fromisoformat(DAY))
    home = str(folder / "home")

    def call(*words: str) -> str:
        result = CliRunner().invoke(app, ["--home", home, *words], env={"COLUMNS": "200"})
        assert result.exit_code in (0, 3), result.output
        return result.stdout

    call("init")
    call("ingest", str(folder / "files"), "--delivered-on", DAY)
    call("snapshot", "--as-of", DAY)
    return call


def chosen() -> tuple[str, ...]:
    return ("--policies", str(CATALOGUE), "--adopt", "990100")


def test_counts_by_clause_agree_in_every_form(zhida: Callable[..., str]) -> None:
    (counts,) = json.loads(zhida("clauses", POLICY, *chosen(), "--format", "json"))
    assert counts["policy"] == POLICY
    assert counts["subjects"] == counts["eligible"] + counts["ineligible"] + counts["unknown"] > 0
    lines = list(csv.DictReader(StringIO(zhida("clauses", POLICY, *chosen(), "--format", "csv"))))
    assert [line["clause"] for line in lines] == [clause["id"] for clause in counts["clauses"]]
    assert [int(line["fails"]) for line in lines] == [c["fails"] for c in counts["clauses"]]
    table = zhida("clauses", POLICY, *chosen())
    assert f"{counts['subjects']:,} subjects" in table


def test_the_work_list_names_departments_and_agrees_in_every_form(
    zhida: Callable[..., str],
) -> None:
    found: dict[str, Any] = json.loads(zhida("unknowns", *chosen(), "--format", "json"))
    assert found["unknown"] > 0
    delivered = [fact for fact in found["facts"] if fact["dataset"]]
    assert delivered
    assert all(fact["department_zh"] for fact in delivered)
    lines = list(csv.DictReader(StringIO(zhida("unknowns", *chosen(), "--format", "csv"))))
    assert [line["fact"] for line in lines] == [fact["fact"] for fact in found["facts"]]
    # every open decision waits for one set of facts, or for none at all
    sets = sum(held["decisions"] for held in found["sets"])
    assert sets + found["settled_by_no_fact"] == found["unknown"]
    table = zhida("unknowns", *chosen(), "--top", "1")
    assert found["facts"][0]["fact"] in table
    assert found["facts"][1]["fact"] not in table


def test_whoever_is_there_is_seen_in_the_bar() -> None:
    drawn = bar(1_000_000, 1, 0)
    assert len(drawn.plain) == 24
    assert [span.style for span in drawn.spans] == ["green", "red"]
    assert len(bar(0, 0, 0).plain) == 24
    assert len(bar(1, 1, 1).plain) == 24
