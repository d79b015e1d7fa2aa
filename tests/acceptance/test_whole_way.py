"""From department files to inboxes, by the real command, on both databases."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.outcome import read_outcome
from engine.outcome_reading import read_rows
from profiles.dataset import builtin_datasets
from profiles.ingest import ingest
from profiles.release import read_release
from profiles.sample_city import write_city
from tests.support.publishing import publish_files

FIRMS, RESIDENTS = 300, 900
CITY = "990100"
FIRST, SECOND = "2025-10-31", "2025-11-30"

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The department files of two days, a month apart."""
    folder = tmp_path_factory.mktemp("city")
    for day in (FIRST, SECOND):
        as_of = date.fromisoformat(day)
        write_city(folder / day, firms=FIRMS, residents=RESIDENTS, as_of=as_of)
    return folder


def make_command(home: Path, database_url: str) -> Command:
    """The command in a home of its own."""

    def call(*words: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "console.cli", "--home", home, *map(str, words)],
            capture_output=True,
            text=True,
            env=dict(os.environ) | {"ZHIDA_DATABASE_URL": database_url, "COLUMNS": "200"},
            timeout=300,
        )
        assert done.returncode == code, done.stderr[-2000:]
        assert "Traceback" not in done.stderr
        # printed again, for the search for personal data in all that the tests print
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        return done

    return call


@pytest.fixture
def zhida(tmp_path: Path) -> Command:
    """The command on SQLite."""
    return make_command(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'zhida.db'}")


@pytest.fixture
def zhida_anywhere(tmp_path: Path, empty_database_url: str) -> Command:
    """The command on SQLite and on PostgreSQL."""
    return make_command(tmp_path / "home", empty_database_url)


def take_in(zhida: Command, deliveries: Path, day: str) -> None:
    zhida("ingest", deliveries / day, "--delivered-on", day, code=3)  # some rows are quarantined
    zhida("snapshot", "--as-of", day)


def run(zhida: Command, *words: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zhida("run", *words, "--format", "json").stdout)
    return found


def publish(home: Path, *files: Path, database_url: str | None = None) -> None:
    """Publish files (default: the catalogue), adopted by the city."""
    publish_files(home, *files, adopt=CITY, database_url=database_url)


def test_two_deliveries_become_awards_and_notices_once(
    zhida_anywhere: Command, deliveries: Path, tmp_path: Path, empty_database_url: str
) -> None:
    zhida = zhida_anywhere
    zhida("init")
    publish(tmp_path / "home", database_url=empty_database_url)
    take_in(zhida, deliveries, FIRST)
    first = run(zhida)
    eligible = sum(policy["eligible"] for policy in first["policies"])
    assert eligible > 100
    assert first["awards_opened"] == first["notices"] == eligible

    again = run(zhida)
    assert (again["run"], again["awards_opened"], again["notices"]) == (first["run"], 0, 0)

    take_in(zhida, deliveries, SECOND)
    second = run(zhida)
    changes = {row["policy"]: row for row in second["changes"]}
    assert sum(row["gained"] for row in changes.values()) > 0
    assert sum(row["lost"] for row in changes.values()) > 0
    monthly = [p for p in second["policies"] if p["policy"].startswith("r06")]
    # an unchanged monthly match opens a new award for its new month
    assert second["awards_opened"] >= monthly[0]["eligible"] > 0
    assert second["notices"] == second["awards_opened"] + second["awards_adjusted"]

    mails = list((tmp_path / "home" / "maildir" / "new").iterdir())
    assert len(mails) == first["notices"] + second["notices"]
    assert "whole" in zhida("verify").stdout


def test_a_subject_is_told_why_and_reads_it_in_the_inbox(
    zhida: Command, deliveries: Path, tmp_path: Path
) -> None:
    zhida("init")
    publish(tmp_path / "home")
    take_in(zhida, deliveries, FIRST)
    run(zhida)
    (path,) = (tmp_path / "home" / "outcomes").iterdir()
    rows = read_rows(read_outcome(path))
    policy = "r06-disability-subsidies-shanghai"
    award = rows.filter((pl.col("policy") == policy) & (pl.col("verdict") == "eligible")).row(
        0, named=True
    )
    told = json.loads(zhida("explain", award["subject"], policy, "--format", "json").stdout)[0]
    assert told["verdict"] == "eligible"
    assert told["amount"] == f"{award['amount_fen'] / 100:,.2f}"
    certified = next(clause for clause in told["clauses"] if clause["id"] == "certified")
    assert certified["value"] is True
    assert certified["facts"][0]["source"]["dataset"] == "disability-certificates"
    assert certified["facts"][0]["source"]["delivered_on"] == FIRST

    messages = json.loads(zhida("inbox", award["subject"], "--format", "json").stdout)
    mine = [m for m in messages if "残疾人两项补贴" in m["title"]["zh"]]
    assert len(mine) == 1
    assert f"{award['amount_fen'] / 100:,.2f}" in mine[0]["body"]["zh"]

    loser = rows.filter((pl.col("verdict") == "unknown") & (pl.col("kind") == "enterprise"))
    why = zhida("explain", loser["subject"][0], loser["policy"][0], "--language", "zh").stdout
    assert "待定" in why
    assert "缺" in why


def test_nothing_that_people_see_holds_personal_data(
    zhida: Command, deliveries: Path, tmp_path: Path
) -> None:
    """Logs, errors, notices, mails, journal and outcomes, against every identifier of the city."""
    zhida("init")
    publish(tmp_path / "home")
    take_in(zhida, deliveries, FIRST)
    seen = [zhida("run").stdout, zhida("policy", "list", "--format", "json").stdout]
    register = builtin_datasets()["household-register"]
    found = ingest(
        deliveries / FIRST / "household-register.csv",
        register,
        root=tmp_path / "other",
        delivered_on=date.fromisoformat(FIRST),
    )
    secrets = set(read_release(found.release, register)["id_number"])
    text = (deliveries / FIRST / "household-register.csv").read_text(encoding="utf-8")
    secrets |= set(re.findall(r"\b100\d{8}\b", text))
    assert len(secrets) > RESIDENTS
    one = next(iter(sorted(secrets)))
    done = zhida("explain", one[::-1], code=1)
    seen += [done.stdout, done.stderr]
    home = tmp_path / "home"
    seen += [f.read_text(encoding="utf-8") for f in (home / "maildir" / "new").iterdir()]
    for part in sorted((home / "outcomes").rglob("*.parquet")):
        seen.append(repr(pl.read_parquet(part).rows()))
    for file in (home / "releases").rglob("quarantine.parquet"):
        seen.append(repr(pl.read_parquet(file).rows()))
    if (home / "zhida.db").exists():
        with sqlite3.connect(home / "zhida.db") as connection:
            seen.append("\n".join(connection.iterdump()))
    words = set(re.findall(r"\d{11,}[Xx]?", "\n".join(seen)))
    assert not {word for word in words if word.upper() in secrets}


def test_a_program_that_was_edited_after_its_run_is_still_explained(
    zhida: Command, deliveries: Path, tmp_path: Path
) -> None:
    zhida("init")
    take_in(zhida, deliveries, FIRST)
    source = Path("policies/catalogue/resident/r06-disability-subsidies-shanghai.yaml")
    mine = tmp_path / "mine.yaml"
    mine.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    publish(tmp_path / "home", mine)
    zhida("run", "--policies", mine, "--adopt", CITY)
    (path,) = (tmp_path / "home" / "outcomes").iterdir()
    rows = read_rows(read_outcome(path))
    subject = rows.filter(pl.col("verdict") == "eligible")["subject"][0]
    mine.write_text("policy: [", encoding="utf-8")
    told = json.loads(zhida("explain", subject, "--format", "json").stdout)
    assert told[0]["verdict"] == "eligible"


def test_commands_before_their_time_say_what_to_do(zhida: Command) -> None:
    assert "init" in zhida("run", code=1).stderr
    zhida("init")
    assert "zhida snapshot" in zhida("run", code=1).stderr
    assert "zhida run" in zhida("explain", "Eaaaaaaaaaaaaaaaa", code=1).stderr
    assert "register" in zhida("snapshot", code=1).stderr


def test_a_home_without_its_key_gets_no_new_one(
    zhida: Command, deliveries: Path, tmp_path: Path
) -> None:
    zhida("init")
    take_in(zhida, deliveries, FIRST)
    (tmp_path / "home" / "key").unlink()
    for words in (("init",), ("run",), ("snapshot",)):
        assert "restore it from a backup" in zhida(*words, code=1).stderr
    assert not (tmp_path / "home" / "key").exists()


def test_a_journal_altered_in_any_way_is_named_and_what_is_not_sealed_is_sealed_first(
    zhida: Command, deliveries: Path, tmp_path: Path
) -> None:
    zhida("init")
    past = tmp_path / "past.csv"
    past.write_text(
        "policy,subject,kind,period,amount,paid_on\n"
        "old,Raaaaaaaaaaaaaaaa,resident,2025-01,1,2025-02-01\n"
        "old,Raaaaaaaaaaaaaaab,resident,2025-01,1,2025-02-01\n",
        encoding="utf-8",
    )
    assert "2 imported" in zhida("import-awards", past).stdout
    assert "2 entries" in zhida("verify").stdout
    database = tmp_path / "home" / "zhida.db"
    connection = sqlite3.connect(database)
    for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'"):
        connection.execute(f'drop trigger "{name}"')
    for change in ("recorded_at = 'x'", "body = x'ff00'", "actor = 'somebody'"):
        before = connection.execute("select * from journal_entry").fetchall()
        connection.execute(f"update journal_entry set {change} where sequence = 2")
        connection.commit()
        assert "journal entry 2" in zhida("verify", code=1).stderr
        names = [row[1] for row in connection.execute("pragma table_info(journal_entry)")]
        connection.execute("delete from journal_entry")
        marks = ", ".join("?" * len(names))
        connection.executemany(f"insert into journal_entry values ({marks})", before)
        connection.commit()
    connection.close()
    assert "2 entries" in zhida("verify").stdout
