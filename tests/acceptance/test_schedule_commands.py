"""Schedules by the real command: what operators see, and a worker with time compressed."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from awards.award import award_table
from console.cli import app
from engine.run import run_table
from ledger.database import open_database, reading
from ledger.journal import seal, verify
from policies.load import CATALOGUE
from profiles.sample_city import write_city
from tests.support.fake_clock import compress_time
from tests.support.publishing import publish_files

ROOT = Path(__file__).parents[2]
CLOCK = ROOT / "tests/support/fake_clock.py"
DELIVERED = "2025-10-31"
EVENING = "2025-11-02T18:25:00+00:00"
"""Five minutes before 02:30 of the third of November in Shanghai, the first clock here."""


class Home:
    """An installation, and its command at any time."""

    def __init__(self, home: Path, database_url: str, patch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.database_url = database_url
        self.patch = patch
        patch.setenv("ZHIDA_DATABASE_URL", database_url)

    def call(self, *words: object, at: str = EVENING, minutes: int = 1, code: int = 0) -> str:
        """The command with the clock at a moment; what it says, its error included."""
        with self.patch.context() as patch:
            compress_time(datetime.fromisoformat(at), minutes, patch.setattr)
            done = CliRunner().invoke(
                app, ["--home", str(self.home), *map(str, words)], env={"COLUMNS": "200"}
            )
        said = done.output + (str(done.exception) if done.exit_code else "")
        sys.stdout.write(said)
        assert done.exit_code == code, said
        return said

    def kill(self, *words: object, at: str, commit: int) -> None:
        """The command in a process of its own that dies before its commit of this number."""
        done = subprocess.run(
            [sys.executable, CLOCK, at, "1", str(commit), "--home", self.home, *map(str, words)],
            env=dict(os.environ) | {"PYTHONPATH": str(ROOT)},
            timeout=500,
        )
        assert done.returncode == -signal.SIGKILL

    def json(self, *words: object, **options: Any) -> Any:
        said = self.call(*words, "--format", "json", **options)
        return json.loads(said)

    def open(self) -> Engine:
        return open_database(self.database_url)


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    as_of = datetime.fromisoformat(DELIVERED).date()
    write_city(folder, firms=60, residents=200, as_of=as_of)
    return folder


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = Home(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'zhida.db'}", monkeypatch)
    home.call("init")
    return home


@pytest.fixture
def city(
    tmp_path: Path, deliveries: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Home:
    """A home with a small city delivered and some policies published."""
    home = Home(tmp_path / "home", empty_database_url, monkeypatch)
    home.call("init")
    home.call("ingest", deliveries, "--delivered-on", DELIVERED, code=3)
    chosen = sorted(CATALOGUE.rglob("r0[5-7]*.yaml"))
    assert chosen
    publish_files(home.home, *chosen, adopt="990100", database_url=empty_database_url)
    return home


def histories(home: Home) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for instance in reversed(home.json("schedule", "history", "--limit", 100)):
        found.setdefault(instance["schedule"], []).append(instance)
    return found


def count_awards(home: Home) -> int:
    engine = home.open()
    with reading(engine) as connection:
        found = connection.scalar(select(func.count()).select_from(award_table)) or 0
    engine.dispose()
    return found


# time compressed


def test_a_night_of_schedules_with_time_compressed(city: Home) -> None:
    city.call("schedule", "add", "nightly", "--at", "02:30")
    city.call("schedule", "add", "minutely", "--cron", "* * * * *", "--no-snapshot", "--trial",
              "--overlap", "queue", at="2025-11-02T18:31:00+00:00")  # fmt: skip
    said = city.call("work", minutes=12)
    found = histories(city)

    (nightly,) = found["nightly"]
    assert nightly["state"] == "done"
    assert nightly["fire_at"] == "2025-11-02 18:30:00+00:00"
    assert nightly["day"] == "2025-11-03"
    assert nightly["result"]["run"].startswith("2025-11-03-")
    assert nightly["result"]["opened"] == count_awards(city) > 0
    assert nightly["result"]["notices"] == nightly["result"]["opened"]

    expected = datetime(2025, 11, 2, 18, 32, tzinfo=UTC)
    minutely = [datetime.fromisoformat(one["fire_at"]) for one in found["minutely"]]
    assert minutely == [expected + timedelta(minutes=number) for number in range(len(minutely))]
    assert len(minutely) in (5, 6)  # the last may be due when the worker is told to stop
    assert {one["state"] for one in found["minutely"]} <= {"done", "queued"}
    assert {one["result"]["opened"] for one in found["minutely"] if one["result"]} == {0}
    assert said.count("完成 done") == 1 + sum(one["state"] == "done" for one in found["minutely"])

    engine = city.open()
    seal(engine, now=datetime.now(UTC))
    with reading(engine) as connection:
        verify(connection)
        # the trials of one snapshot are one run
        assert connection.scalar(select(func.count()).select_from(run_table)) == 1
    engine.dispose()


def test_a_worker_killed_in_a_run_is_succeeded_and_nothing_is_lost_or_doubled(
    city: Home,
) -> None:
    city.call("schedule", "add", "nightly", "--at", "02:30")
    for day, commit in ((2, 6), (3, 11)):
        moment = f"2025-11-0{day}T18:3"
        city.kill("work", "--once", at=f"{moment}0:00+00:00", commit=commit)
        # within the lease nobody else begins it, at its end somebody does
        assert "began" not in city.call("work", "--once", at=f"{moment}0:59+00:00")
        assert histories(city)["nightly"][-1]["state"] == "running"
        city.call("work", "--until-idle", at=f"{moment}1:00+00:00")
        done = histories(city)["nightly"][-1]
        assert (done["state"], done["attempts"]) == ("done", 2)
        assert done["result"]["run"].startswith(done["day"])

        again = city.json("run")
        assert again["awards_opened"] == again["awards_adjusted"] == 0
        assert again["run"] == done["result"]["run"]
    assert again["awards_there_already"] > 0
    engine = city.open()
    with reading(engine) as connection:
        # one run came of each, whoever did which part
        assert connection.scalar(select(func.count()).select_from(run_table)) == 2
    engine.dispose()


def test_a_failed_run_is_told_and_tried_again(empty_home: Home) -> None:
    empty_home.call("schedule", "add", "nightly", "--at", "02:30", "--no-snapshot")
    said = empty_home.call("work", "--until-idle", at="2025-11-02T18:30:00+00:00")
    assert "there is no snapshot yet" in said
    (instance,) = histories(empty_home)["nightly"]
    assert instance["state"] == "queued"
    assert datetime.fromisoformat(instance["not_before"]) == datetime(
        2025, 11, 2, 18, 31, tzinfo=UTC
    )
    empty_home.call("work", minutes=10, at="2025-11-02T18:31:00+00:00")
    (instance,) = histories(empty_home)["nightly"]
    assert (instance["state"], instance["attempts"]) == ("failed", 3)
    assert "no snapshot yet" in instance["reason"]
    assert "失败 failed" in empty_home.call("schedule", "history")


# what operators see


def test_a_schedule_is_added_shown_paused_resumed_and_removed(empty_home: Home) -> None:
    said = empty_home.call("schedule", "add", "nightly", "--at", "02:30",
                           "--calendar", "working-days")  # fmt: skip
    assert "2025-11-03 02:30 +0800" in said
    (listed,) = empty_home.json("schedule", "list")
    assert listed["schedule"] == "nightly"
    assert listed["next"] == "2025-11-02 18:30:00+00:00"
    assert (listed["at"], listed["calendar"], listed["cron"]) == ("02:30", "working-days", None)
    assert listed["options"] == {"snapshot": "day", "trial": False, "vocabulary": []}
    assert listed["last"] is None
    assert "工作日 working days" in empty_home.call("schedule", "list")

    empty_home.call("schedule", "pause", "nightly")
    assert "已暂停 paused" in empty_home.call("schedule", "list")
    assert "all are paused" in empty_home.call("schedule", "next", code=1)
    assert "2025-11-03 02:30 +0800" in empty_home.call("schedule", "resume", "nightly")
    empty_home.call("schedule", "remove", "nightly")
    assert "there is no schedule yet" in empty_home.call("schedule", "list", code=1)
    assert 'no schedule "nightly"' in empty_home.call("schedule", "remove", "nightly", code=1)


def test_coming_fire_times_say_which_of_them_are_provisional(empty_home: Home) -> None:
    empty_home.call("schedule", "add", "far", "--at", "02:30", "--calendar", "working-days",
                    at="2098-12-30T00:00:00+00:00")  # fmt: skip
    empty_home.call("schedule", "add", "near", "--at", "02:30", "--calendar", "working-days")
    coming = empty_home.json("schedule", "next", "--count", 9)
    assert {one["schedule"]: one["provisional"] for one in coming} == {"far": True, "near": False}
    # the second weekend of October 2026 is worked on its Saturday, the week before is off
    october = empty_home.json("schedule", "next", "near", "--count", 4,
                              at="2026-09-30T00:00:00+00:00")  # fmt: skip
    assert [one["local"][:10] for one in october] == [
        "2026-10-08", "2026-10-09", "2026-10-10", "2026-10-12",
    ]  # fmt: skip
    assert "provisional" in empty_home.call("schedule", "next", "far")


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        (["--cron", "0 2 * * 0"], '"0" is no weekday', 1),
        (["--cron", "0 2 30 2 *"], "no day that ever comes", 1),
        (["--at", "2 o'clock"], "no time of day", 1),
        (["--at", "02:30", "--zone", "Mars/Olympus"], "no time zone", 1),
        (["--at", "02:30", "--catch-up", "some"], "no catch-up", 1),
        (["--at", "02:30", "--overlap", "kill"], "no overlap", 1),
        (["--at", "02:30", "--vocabulary", "nowhere.yaml"], "nowhere.yaml", 1),
        (["--at", "02:30", "--cron", "* * * * *"], "either", 1),
        (["--at", "02:30", "--format", "xml"], "xml", 2),
    ],
)
def test_what_cannot_be_scheduled_is_refused_at_once(
    empty_home: Home, words: list[str], message: str, code: int
) -> None:
    assert message in empty_home.call("schedule", "add", "nightly", *words, code=code)
    assert "there is no schedule yet" in empty_home.call("schedule", "list", code=1)


def test_a_worker_ends_with_once_where_nothing_is_due(empty_home: Home) -> None:
    assert "began" not in empty_home.call("work", "--once")
    assert "either" in empty_home.call("work", "--once", "--until-idle", code=2)
