"""A run over an incremental snapshot, from the command line: only who is other is decided again."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from console.chosen import choose_program
from console.settings import Settings
from console.wiring import load_words, newest_snapshot, opened_database
from engine import increment_evaluation
from engine.city_evaluation import evaluate_city
from engine.errors import IncrementDiffers
from engine.outcome import Outcome, read_outcome
from engine.program import Program
from ledger.database import reading
from ledger.journal import journal_entry
from tests.acceptance.test_brake import FIRMS, LONG, command_of, deliver, run, write
from tests.support.publishing import publish_files
from tests.unit.profiles.delivery_world import credit_code, write_csv

DAY, NEXT, THIRD, LAST = "2025-02-10", "2025-02-11", "2025-02-12", "2025-02-13"
MORE = 3
"""So many firms pay for a second month later."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a run of its first day."""
    folder = tmp_path_factory.mktemp("incremental")
    home = folder / "home"
    zhida = command_of(home)
    zhida("init")
    publish_files(home, write(folder, "grant", 1, 2), write(folder, "other", 1, 2))
    deliver(zhida, folder)
    zhida("snapshot", "--as-of", DAY)
    assert run(zhida)["awards_opened"] == 2 * LONG
    return home


def decide_in_full(home: Path, path: Path) -> Outcome:
    """The outcome of everybody, by the published policies over the newest snapshot."""
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'zhida.db'}")
    words, snapshot = load_words(), newest_snapshot(settings)
    with opened_database(settings) as engine, reading(engine) as connection:
        program: Program = choose_program(settings, connection, [], words, day=snapshot.as_of)
    return evaluate_city(program, snapshot, path)[0]


def outcome_of(home: Path, report: dict[str, Any]) -> Outcome:
    return read_outcome(home / "outcomes" / report["run"])


def kinds(home: Path) -> list[str]:
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'zhida.db'}")
    with opened_database(settings) as engine, reading(engine) as connection:
        return list(connection.execute(select(journal_entry.c.kind)).scalars())


def test_only_those_are_decided_again_who_are_other(home: Path, tmp_path: Path) -> None:
    zhida = command_of(home)
    lines = [f"{credit_code(number)},2024-11,3,100,是,否" for number in range(LONG, LONG + MORE)]
    months = write_csv(
        tmp_path / "unemployment-insurance.csv",
        "uscc,month,insured,premium,paid_in_full,removed",
        *lines,
    )
    zhida("ingest", months, "--mode", "incremental", "--delivered-on", NEXT)
    zhida("snapshot", "--as-of", NEXT, "--incremental")
    report = run(zhida)
    # who was awarded has another row of grants, too: the awards of the first run
    assert MORE <= report["decided_again"] <= LONG + MORE < FIRMS
    assert report["in_full"] == ""
    assert report["awards_opened"] == 2 * MORE
    full = decide_in_full(home, tmp_path / "full")
    found = outcome_of(home, report)
    assert found.increment is not None
    assert found.hash == full.hash
    again = run(zhida)
    assert (again["run"], again["awards_opened"]) == (report["run"], 0)
    assert "decided before" in again["in_full"]


def test_where_a_sample_differs_everybody_is_decided_and_it_is_said(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What finds that it differs is tested where it stands; here, that the run goes on."""

    def differ(*_: object) -> int:
        raise IncrementDiffers(policies=("grant",), subjects=7)

    monkeypatch.setattr(increment_evaluation, "compare_sample", differ)
    zhida = command_of(home)
    zhida("snapshot", "--as-of", THIRD, "--incremental")
    told = zhida("run", "--dry").stdout
    assert "everybody was decided" in told
    assert "7 subjects" in " ".join(told.split())
    assert kinds(home).count("run.increment-differed") == 1
    (path,) = (home / "outcomes").glob(f"{THIRD}-*")
    assert read_outcome(path).increment is None
    assert read_outcome(path).hash == decide_in_full(home, tmp_path / "full").hash


def test_everybody_is_decided_where_that_is_asked_for(home: Path, tmp_path: Path) -> None:
    zhida = command_of(home)
    zhida("snapshot", "--as-of", LAST, "--incremental")
    report = run(zhida, "--full", "--dry")
    assert report["decided_again"] is None
    assert report["in_full"]
    assert outcome_of(home, report).increment is None
    assert outcome_of(home, report).hash == decide_in_full(home, tmp_path / "full").hash
