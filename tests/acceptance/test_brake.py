"""An edit that makes everybody match: the brake holds it, nobody is told, other people decide."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from awards.award import award_table
from console.chosen import choose_program
from console.cli import app
from console.settings import Settings
from console.wiring import load_words, newest_snapshot, opened_database, run_once
from engine.errors import RunOvertaken
from engine.outcome import read_outcome
from engine.run_policy import list_run_policies
from ledger.database import reading
from profiles.dataset import builtin_datasets
from profiles.snapshot import Snapshot, open_snapshot
from tests.support.publishing import AUTHOR, OTHER, publish_files
from tests.unit.profiles.delivery_world import credit_code, write_csv

DAY, NEXT, LATER = "2025-02-10", "2025-03-10", "2025-03-11"
FIRMS, LONG = 60, 25
"""So many firms, of which so many have paid for two months, all others for one."""
GRANT = """
policy: {policy}
version: "{version}"
title: {{zh: 参保企业奖励, en: Award for insured firms}}
audience: enterprise
authority: 示范市人社局
level: city
basis: [{{document: 示范市参保企业奖励办法}}]
effective: {{from: {begins}}}
per: month
clauses:
  - {{id: insured, says: 有足额缴费月份, source: 二, when: ui_paid_months >= {months}}}
benefit: {{kind: cash, amount: 100}}
examples:
  as_of: 2025-04-30
  cases: [{{name: insured, given: {{ui_paid_months: 9}}, expect: {{verdict: eligible}}}}]
"""
Zhida = Callable[..., Result]


def command_of(home: Path) -> Zhida:
    """The command in a home; `code` is how it must end."""

    def call(*words: object, code: int = 0) -> Result:
        options = ["--home", str(home), *map(str, words)]
        result = CliRunner().invoke(app, options, env={"COLUMNS": "200"})
        assert result.exit_code == code, result.output or result.exception
        return result

    return call


def failed(zhida: Zhida, *words: object) -> str:
    """The error with which a command ends."""
    return str(zhida(*words, code=1).exception)


def run(zhida: Zhida, *words: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zhida("run", *words, "--format", "json").stdout)
    return found


def write(folder: Path, policy: str, version: int, months: int, begins: str = "2024-01-01") -> Path:
    path = folder / f"{policy}-{version}.yaml"
    text = GRANT.format(policy=policy, version=version, months=months, begins=begins)
    path.write_text(text, encoding="utf-8")
    return path


def deliver(zhida: Zhida, folder: Path) -> None:
    codes = [credit_code(number) for number in range(FIRMS)]
    columns = ",".join(builtin_datasets()["registration"].columns)
    firms = [
        f"{code},某公司,某某,某路,990101,enterprise,C3512,100,零售,2020-01-01," for code in codes
    ]
    months = [f"{code},2024-12,3,100,是" for code in codes]
    months += [f"{code},2024-11,3,100,是" for code in codes[:LONG]]
    files = {
        "registration": [columns, *firms],
        "unemployment-insurance": ["uscc,month,insured,premium,paid_in_full", *months],
    }
    for name, lines in files.items():
        zhida("ingest", write_csv(folder / f"{name}.csv", *lines), "--delivered-on", DAY)


@pytest.fixture(scope="module")
def braked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a good run of February, then an edit by which everybody matches in March."""
    folder = tmp_path_factory.mktemp("braked")
    home = folder / "home"
    zhida = command_of(home)
    zhida("init")
    publish_files(home, write(folder, "grant", 1, 2), write(folder, "other", 1, 2))
    for name in ("third", "fourth"):
        zhida("actor", "add", name, "--role", "approver")
    deliver(zhida, folder)
    zhida("snapshot", "--as-of", DAY)
    report = run(zhida)
    assert report["policies_held"] == []
    assert report["awards_opened"] == report["notices"] == 2 * LONG
    zhida("policy", "withdraw", "grant@1", "--from", NEXT, "--reason", "改版", "--as", OTHER)
    publish_files(home, write(folder, "grant", 2, 0, NEXT))
    zhida("snapshot", "--as-of", NEXT)
    return home


@pytest.fixture
def home(braked_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(braked_home, tmp_path / "home"))


def awards(home: Path) -> dict[str, int]:
    """How many awards of March there are of each policy."""
    with opened_database(settings_of(home)) as engine, reading(engine) as connection:
        columns = award_table.c
        rows = connection.execute(select(columns.policy).where(columns.period == "2025-03")).all()
    return {name: sum(row.policy == name for row in rows) for name in ("grant", "other")}


def settings_of(home: Path) -> Settings:
    return Settings(home=home, database_url=f"sqlite:///{home / 'zhida.db'}")


def mails(home: Path) -> int:
    return len(list((home / "maildir" / "new").iterdir()))


def one_held(report: Any) -> dict[str, Any]:
    (held,) = report["policies_held"]
    found: dict[str, Any] = held
    return found


def test_an_edit_that_makes_everybody_match_is_held_and_no_notice_of_it_leaves(
    home: Path,
) -> None:
    zhida, before = command_of(home), mails(home)
    dry = run(zhida, "--dry")
    assert one_held(dry)["policy"] == "grant"
    assert (dry["awards_opened"], mails(home)) == (0, before)
    assert json.loads(zhida("held", "list", "--format", "json").stdout) == []

    report = run(zhida, "--as", OTHER)
    held = one_held(report)
    assert (held["eligible"], held["audience"], held["eligible_before"]) == (FIRMS, FIRMS, LONG)
    assert {"gained_share", "audience_share"} <= {over["limit"] for over in held["over"]}
    made = awards(home)
    assert made["grant"] == 0
    assert made["other"] == report["awards_opened"] == report["notices"] != 0
    assert mails(home) == before + made["other"]

    # again, by whomever: it waits
    again = run(zhida)
    assert one_held(again)["state"] == "held"
    assert (again["awards_opened"], again["notices"]) == (0, 0)

    (waiting,) = json.loads(zhida("held", "list", "--format", "json").stdout)
    assert waiting["persons"] == [OTHER]
    (shown,) = json.loads(zhida("held", "show", "--samples", "3", "--format", "json").stdout)
    assert [len(shown["samples"][kind]) for kind in ("gained",)] == [3]
    assert all(row["subject"].startswith("E") for row in shown["samples"]["gained"])
    by = {"clause": "insured", "why": "text", "names": []}
    assert shown["causes"] == [
        {
            "change": "gained",
            "subjects": FIRMS - LONG,
            "looked_at": FIRMS - LONG,
            "causes": [{"subjects": FIRMS - LONG, "by": [by]}],
        }
    ]
    text = zhida("held", "show", "grant").stdout
    assert "待复核" in text
    assert "超过20%" in text
    assert "more than 75%" in text
    assert f"{FIRMS - LONG} by clause insured (the clause was changed)" in text
    assert "held list" in failed(zhida, "held", "show", "other")

    refused = failed(zhida, "held", "approve", "grant", "--as", OTHER)
    assert "takes a second person" in refused
    assert "role approver" in failed(zhida, "held", "approve", "grant", "--as", AUTHOR)
    assert "not zz" in failed(zhida, "held", "approve", "grant", "--as", "third", "--hash", "zz")
    assert awards(home) == made

    done = zhida("held", "approve", "grant", "--as", "third", "--hash", shown["outcome"][:8])
    assert f"{held['eligible']:,} awards opened" in done.stdout
    assert awards(home)["grant"] == held["eligible"]
    assert mails(home) == before + made["other"] + held["eligible"]
    # what was cut off is followed once more, and changes nothing
    assert "0 awards opened" in zhida("held", "approve", "grant", "--as", "third").stdout
    assert run(zhida)["policies_held"] == []
    assert "whole" in zhida("verify").stdout


def test_what_is_discarded_never_follows_and_the_next_run_compares_with_what_counted(
    home: Path,
) -> None:
    zhida = command_of(home)
    held = one_held(run(zhida))
    assert "--reason" in failed(zhida, "held", "discard", "grant", "--as", "third")
    zhida("held", "discard", "grant", "--as", "third", "--reason", "月数写错")
    assert "nothing is held" in zhida("held", "list").stdout
    again = one_held(run(zhida))
    assert again["state"] == "discarded"
    assert awards(home)["grant"] == 0
    (listed,) = json.loads(zhida("held", "list", "--all", "--format", "json").stdout)
    assert listed["state"] == "discarded"
    # limits of the installation's own let the next one go on, compared with October
    (home / "limits.yaml").write_text(
        "policies: {grant: {gained_share: 9000%, amount_share: 9000%, audience_share: 100%, "
        "why: 普惠}}\n",
        encoding="utf-8",
    )
    zhida("snapshot", "--as-of", LATER)
    later = run(zhida)
    assert later["policies_held"] == []
    (change,) = (row for row in later["changes"] if row["policy"] == "grant")
    assert change["gained"] == held["gained"]
    assert awards(home)["grant"] == held["eligible"]


def test_a_run_that_nobody_has_signed_takes_two_approvers(home: Path) -> None:
    zhida = command_of(home)
    held = one_held(run(zhida))
    first = zhida("held", "approve", "grant", "--as", "third").stdout
    assert "waits for one more approver" in first
    assert awards(home)["grant"] == 0
    assert "opened" in zhida("held", "approve", "grant", "--as", "fourth").stdout
    assert awards(home)["grant"] == held["eligible"]


def test_mistakes_in_the_limits_stop_a_run_before_anything_is_evaluated(home: Path) -> None:
    (home / "limits.yaml").write_text("limits:\n  gaind: 5\n", encoding="utf-8")
    error = failed(command_of(home), "run")
    assert "limits.yaml:2:3" in error
    assert 'did you mean "gained"' in error


def test_a_policy_edited_and_published_during_a_run_leaves_the_run_its_release(
    home: Path, tmp_path: Path
) -> None:
    settings, words = settings_of(home), load_words()
    snapshot = newest_snapshot(settings)
    folder = home.parent
    with opened_database(settings) as engine:
        with reading(engine) as connection:
            program = choose_program(settings, connection, [], words, day=snapshot.as_of)
        before = {policy.key: policy.content_hash for policy in program.policies}
        edits: list[str] = []

        def edit(what: str, _done: int, _total: int) -> None:
            """In the middle of the run the policy is withdrawn, rewritten and published anew."""
            if what != "evaluating" or edits:
                return
            edits.append(what)
            withdrawal = ("--from", NEXT, "--reason", "改版", "--as", OTHER)
            command_of(home)("policy", "withdraw", "grant@2", *withdrawal)
            publish_files(home, write(folder, "grant", 3, 7, NEXT))

        now = datetime.now(UTC)
        report = run_once(settings, engine, program, snapshot, now=now, on_progress=edit)
        assert edits
        assert report.run.outcome_path is not None
        outcome = read_outcome(home / report.run.outcome_path)
        assert outcome.origin.policy_hashes == before
        with reading(engine) as connection:
            settled = {one.policy: one for one in list_run_policies(connection, report.run.id)}
            later = choose_program(settings, connection, [], words, day=snapshot.as_of)
    assert settled["grant"].key == "grant@2"
    assert settled["grant"].content_hash == before["grant@2"]
    assert settled["grant"].state == "held"
    assert "grant@3" in {policy.key for policy in later.policies}
    assert later.hash != program.hash


def test_an_edit_by_which_all_are_paid_once_more_for_other_periods_is_held(home: Path) -> None:
    zhida = command_of(home)
    zhida("policy", "withdraw", "other@1", "--from", NEXT, "--reason", "改版", "--as", OTHER)
    path = write(home.parent, "other", 2, 2, NEXT)
    path.write_text(path.read_text(encoding="utf-8").replace("per: month", "per: quarter"), "utf-8")
    publish_files(home, path)
    held = {one["policy"]: one for one in run(zhida)["policies_held"]}
    assert (held["other"]["gained"], held["other"]["eligible"]) == (0, LONG)
    assert [over["limit"] for over in held["other"]["over"]] == ["per"]
    assert awards(home)["other"] == 0
    assert "所属期已改" in zhida("held", "show", "other").stdout


def test_an_edit_by_which_another_period_of_the_same_length_is_paid_is_held(home: Path) -> None:
    zhida = command_of(home)
    zhida("policy", "withdraw", "other@1", "--from", NEXT, "--reason", "改版", "--as", OTHER)
    path = write(home.parent, "other", 2, 2, NEXT)
    text = path.read_text(encoding="utf-8").replace("per: month", "per: month\nperiod: last")
    path.write_text(text, "utf-8")
    publish_files(home, path)
    held = {one["policy"]: one for one in run(zhida)["policies_held"]}
    assert [over["limit"] for over in held["other"]["over"]] == ["per"]


def test_two_people_recall_what_a_run_opened_and_a_later_run_opens_it_again(home: Path) -> None:
    zhida = command_of(home)
    report = run(zhida)
    mistaken, before = report["run"], mails(home)
    words = ("recall", mistaken, "--policy", "other", "--reason", "基准有误")
    assert "nothing was opened of grant" in failed(
        zhida, "recall", mistaken, "--policy", "grant", "--reason", "x", "--as", "third"
    )
    assert "say why" in failed(zhida, "recall", mistaken, "--as", "third")
    assert "no policy was accepted" in failed(zhida, "recall", "2020-01-01-none", "--as", "third")
    assert "role approver or operator" in failed(zhida, *words, "--as", AUTHOR)
    for _ in range(2):  # one person twice is one person
        assert "a second person must" in zhida(*words, "--as", "third").stdout
    assert mails(home) == before
    done = json.loads(zhida(*words, "--as", OTHER, "--format", "json").stdout)
    assert done["policies"] == [
        {
            "policy": "other",
            "version": "1",
            "state": "recalled",
            "withdrawn": LONG,
            "set_back": 0,
            "left": 0,
        }
    ]
    assert done["to_recover"] == []
    assert mails(home) == before + LONG
    assert "0 awards withdrawn" in zhida(*words).stdout  # nobody has to sign once more
    inbox = zhida("inbox", subject_with_award(home)).stdout
    assert "通知有误，现予撤回" in inbox
    assert "基准有误" in inbox

    again = run(zhida)
    assert {one["policy"]: one["state"] for one in again["policies_held"]} == {
        "grant": "held",
        "other": "recalled",
    }
    assert again["awards_opened"] == 0
    zhida("snapshot", "--as-of", LATER)
    right = run(zhida)
    assert right["awards_opened"] == right["notices"] == LONG
    (change,) = (row for row in right["changes"] if row["policy"] == "grant")
    assert change["gained"] == FIRMS - LONG
    assert "whole" in zhida("verify").stdout


def subject_with_award(home: Path) -> str:
    with opened_database(settings_of(home)) as engine, reading(engine) as connection:
        columns = award_table.c
        found = connection.scalar(select(columns.subject).where(columns.state == "withdrawn"))
    assert found is not None
    return str(found)


def test_a_home_whose_first_run_had_no_policy_in_force_runs_on(tmp_path: Path) -> None:
    """That run has nothing written of its policies, and is no base of any."""
    home = tmp_path / "home"
    zhida = command_of(home)
    zhida("init")
    publish_files(home, write(tmp_path, "grant", 1, 2, NEXT))
    deliver(zhida, tmp_path)
    zhida("snapshot", "--as-of", DAY)
    assert run(zhida)["policies"][0]["outside"]
    zhida("snapshot", "--as-of", NEXT)
    report = run(zhida)
    assert report["awards_opened"] == LONG
    assert report["policies_held"] == []


def test_a_run_of_an_older_day_is_refused_before_it_is_decided(home: Path) -> None:
    settings, words = settings_of(home), load_words()
    zhida = command_of(home)
    zhida("snapshot", "--as-of", LATER)
    assert run(zhida)["awards_opened"] == LONG  # of the policy that nobody edited
    (older,) = [found for found in snapshots(settings) if found.as_of.isoformat() == NEXT]
    with opened_database(settings) as engine:
        with reading(engine) as connection:
            program = choose_program(settings, connection, [], words, day=older.as_of)
        with pytest.raises(RunOvertaken, match="of an older day"):
            run_once(settings, engine, program, older, now=datetime.now(UTC))
    assert not list(settings.outcomes.glob(f"{NEXT}-*"))


def snapshots(settings: Settings) -> list[Snapshot]:
    return [open_snapshot(path.parent) for path in settings.snapshots.glob("*/manifest.json")]
