"""`zhida report`, `metrics`, `alerts` and `--log` over two runs of a small city, against DuckDB."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner, Result

from console.cli import app
from console.run_report_words import REPORT_WORDS
from policies.load import CATALOGUE
from profiles.sample_city import write_city
from tests.support.publishing import publish_files

CHOSEN = ("e01", "e05", "e09", "e18", "e25", "r03", "r04", "r06", "r12", "r14", "r18", "r22",
          "r27")  # fmt: skip
"""With rows and without, of two versions, with amounts that stay open."""
FIRST, SECOND = "2025-10-31", "2025-11-30"
COUNTED = ("eligible", "unknown", "amount_fen", "open_amounts")
MOVED = ("gained", "lost", "unsettled", "amount_changed")


class City:
    """A home with two runs, a month apart, the second of which was repeated, and their outcomes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.call("init")
        files = [file for mark in CHOSEN for file in CATALOGUE.rglob(f"{mark}-*.yaml")]
        publish_files(folder / "home", *files, adopt="990100")
        self.runs = [self.live(day) for day in (FIRST, SECOND)]
        self.call("--log", "json", "run")  # once more: nothing is left to do

    def live(self, day: str) -> dict[str, Any]:
        files = self.folder / day
        write_city(files, firms=150, residents=400, as_of=date.fromisoformat(day))
        self.call("ingest", str(files), "--delivered-on", day)
        self.call("snapshot", "--as-of", day)
        found: dict[str, Any] = json.loads(self.call("run", "--format", "json").stdout)
        to = str(self.folder / f"{day}.parquet")
        self.call("export", "outcome", "--to", to, "--purpose", "a test")
        return found

    def call(self, *words: str, code: tuple[int, ...] = (0, 3)) -> Result:
        home = str(self.folder / "home")
        result = CliRunner().invoke(app, ["--home", home, *words], env={"COLUMNS": "240"})
        assert result.exit_code in code, result.output
        return result

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """SQL over the outcomes `before` and `now`."""
        with duckdb.connect() as base:
            for name, day in (("before", FIRST), ("now", SECOND)):
                file = self.folder / f"{day}.parquet"
                base.execute(f"CREATE VIEW {name} AS SELECT * FROM '{file}'")
            return base.execute(query).fetchall()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return City(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def report(city: City) -> dict[str, Any]:
    told = city.call("report", "--all", "--near", "--format", "json")
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def test_figures_by_policy_are_those_of_the_outcome(city: City, report: dict[str, Any]) -> None:
    assert (report["format"], report["run"]) == ("zhida-run-report-1", city.runs[1]["run"])
    expected = {
        (policy, version): counts
        for policy, version, *counts in city.ask(
            """SELECT policy, version, count(*) FILTER (verdict = 'eligible'),
                count(*) FILTER (verdict = 'unknown'),
                coalesce(sum(amount_yuan * 100) FILTER (verdict = 'eligible'), 0)::BIGINT,
                count(*) FILTER (verdict = 'eligible' AND amount_yuan IS NULL)
            FROM now GROUP BY policy, version"""
        )
    }
    found = {
        (one["policy"], one["version"]): [one[name] for name in COUNTED]
        for one in report["policies"]
    }
    assert {key: counts for key, counts in found.items() if any(counts)} == expected
    assert len(expected) > 10
    evaluated = {one["policy"]: one["subjects"] for one in city.runs[1]["policies"]}
    told = {f"{o['policy']}@{o['version']}": o["subjects"] for o in report["policies"]}
    assert told == evaluated


def test_changes_are_those_between_the_two_outcomes(city: City, report: dict[str, Any]) -> None:
    """By SQL, for policies without back pay: one row for each policy, subject and item."""
    rows = city.ask(
        """WITH a AS (SELECT policy, subject, item, max(verdict) AS verdict,
                max(amount_yuan) AS yuan, count(*) AS n FROM before GROUP BY ALL),
            b AS (SELECT policy, subject, item, max(verdict) AS verdict,
                max(amount_yuan) AS yuan, count(*) AS n FROM now GROUP BY ALL)
        SELECT coalesce(a.policy, b.policy),
            count(*) FILTER (b.verdict = 'eligible' AND a.verdict IS DISTINCT FROM 'eligible'),
            count(*) FILTER (a.verdict = 'eligible' AND b.verdict IS NULL),
            count(*) FILTER (a.verdict = 'eligible' AND b.verdict = 'unknown'),
            count(*) FILTER (a.verdict = 'eligible' AND b.verdict = 'eligible'
                AND a.yuan IS DISTINCT FROM b.yuan),
            max(greatest(coalesce(a.n, 1), coalesce(b.n, 1)))
        FROM a FULL JOIN b USING (policy, subject, item) GROUP BY 1"""
    )
    expected = {policy: tuple(counts) for policy, *counts, most in rows if most == 1}
    decided = [one for one in report["policies"] if not one["outside"]]
    found = {one["policy"]: tuple(one[name] for name in MOVED) for one in decided}
    assert {policy: found[policy] for policy in expected if policy in found} == {
        policy: counts for policy, counts in expected.items() if policy in found
    }
    # what is not in force was not decided, so nobody lost it
    outside = [one for one in report["policies"] if one["outside"]]
    assert {one[name] for one in outside for name in MOVED} <= {0}
    assert report["against"] == city.runs[0]["run"]
    assert sum(counts[0] for counts in expected.values()) > 0
    assert sum(counts[1] for counts in expected.values()) > 0


def test_a_repeated_run_keeps_what_it_found_and_adds_what_came_of_it(
    city: City, report: dict[str, Any]
) -> None:
    first, again = report["passes"]
    assert first["counts"]["opened"] == city.runs[1]["awards_opened"] > 0
    assert (again["counts"]["opened"], again["counts"]["unchanged"]) == (
        0, first["counts"]["matches"],
    )  # fmt: skip
    assert first["seconds"] >= sum(stage["seconds"] for stage in first["stages"]) * 0.99
    names = [stage["stage"] for stage in first["stages"]]
    assert names == ["evaluating", "comparing", "opening awards", "sealing", "composing",
                     "delivering"]  # fmt: skip
    times = {stage["stage"]: stage["seconds"] for stage in report["stages"]}
    assert times["evaluating"] == first["stages"][0]["seconds"]
    sealing = [stage["seconds"] for one in report["passes"] for stage in one["stages"]
               if stage["stage"] == "sealing"]  # fmt: skip
    assert times["sealing"] == pytest.approx(sum(sealing))


def test_every_part_that_was_evaluated_has_its_time(city: City, report: dict[str, Any]) -> None:
    sizes = {
        kind: sum(part["subjects"] for part in report["parts"] if part["part"].startswith(kind))
        for kind in ("enterprise", "resident", "household")
    }
    evaluated = {one["subjects"] for one in report["policies"] if not one["outside"]}
    assert evaluated <= set(sizes.values())
    assert all(part["seconds"] > 0 for part in report["parts"])


def test_unknowns_since_the_run_before_are_told(city: City, report: dict[str, Any]) -> None:
    before = dict(city.ask("SELECT policy, count(*) FILTER (verdict = 'unknown') FROM before "
                           "GROUP BY policy"))  # fmt: skip
    told = {one["policy"]: one["unknown_before"] for one in report["policies"]}
    assert {policy: count for policy, count in told.items() if count} == {
        policy: count for policy, count in before.items() if count
    }


def test_facts_that_hold_back_are_those_of_the_work_list(
    city: City, report: dict[str, Any]
) -> None:
    counted = report["counted"]
    listed = json.loads(city.call("unknowns", "--format", "json").stdout)
    assert counted["facts"] == listed["facts"]
    assert counted["decisions"] == listed["decisions"]
    whole = [one["policy"] for one in report["policies"] if not one["outside"]
             and not any(one["policy"] in key for key in counted["left_out"])]  # fmt: skip
    unknown = sum(one["unknown"] for one in report["policies"] if one["policy"] in whole)
    assert counted["unknown"] == unknown


def test_a_sample_counts_no_more_subjects_than_were_asked_for(city: City) -> None:
    told = city.call("report", "--sample", "100", "--format", "json")
    counted = json.loads(told.stdout)["counted"]
    listed = json.loads(city.call("clauses", "--format", "json").stdout)
    assert counted["sample"] == 100
    assert 0 < counted["decisions"] == 100 * len(listed)


def test_small_numbers_of_near_misses_are_hidden(report: dict[str, Any]) -> None:
    near = report["counted"]["near"]
    shown = [one["one_short"] for one in near]
    shown += [one[name] for one in near for name in ("several", "unmeasured")]
    shown += [n for one in near for d in one["distances"] for n in d["bands"].values()]
    assert {text for text in shown if re.fullmatch("[1-4]", text)} == set()
    assert "<5" in shown
    assert any(text not in ("0", "<5") for text in shown)


def test_the_page_has_the_same_figures_without_scripts(
    city: City, report: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    told = city.call("report", "--brief", "--page", str(file), "--lang", "en").stdout
    page = file.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page
    largest = max(report["policies"], key=lambda one: one["eligible"])
    for text in (page, told):
        assert report["run"] in text
        assert f"{largest['eligible']:,}" in text
        assert REPORT_WORDS["en"]["composing"] in text
    chinese = city.call("report", "--brief").stdout
    assert REPORT_WORDS["zh"]["composing"] in chinese


def test_an_older_run_is_told_by_the_beginning_of_its_id(city: City) -> None:
    told = json.loads(city.call("report", FIRST, "--brief", "--format", "json").stdout)
    assert told["run"] == city.runs[0]["run"]
    assert told["against"] is None
    assert told["counted"] is None
    for wanted, why in (("2025", "2 runs begin"), ("1999", "no run begins")):
        assert why in str(city.call("report", wanted, code=(1,)).exception)


def test_both_languages_have_the_same_words() -> None:
    assert REPORT_WORDS["zh"].keys() == REPORT_WORDS["en"].keys()


# metrics


def test_metrics_are_read_by_prometheus_own_parser_and_agree(
    city: City, report: dict[str, Any]
) -> None:
    text = city.call("metrics").stdout
    samples = {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    decided = [one for one in report["policies"] if not one["outside"]]
    for one in decided:
        for name in ("subjects", "eligible", "unknown", "open_amounts"):
            assert samples[f"zhida_policy_{name}", one["policy"]] == one[name]
        yuan = samples["zhida_policy_amount_yuan", one["policy"]]
        assert yuan == pytest.approx(one["amount_fen"] / 100)
        for change in MOVED:
            assert samples["zhida_policy_changes", change, one["policy"]] == one[change]
    opened = sum(run["awards_opened"] for run in city.runs)
    sent = sum(one["counts"]["sent"] for one in report["passes"])
    assert samples["zhida_awards", "opened"] == opened
    inbox = samples["zhida_deliveries", "inbox", "sent"]
    assert inbox == samples["zhida_deliveries", "maildir", "sent"] >= sent / 2
    assert samples["zhida_runs", "accepted"] == 2
    assert samples["zhida_journal_entries_unsealed",] == 0
    assert samples["zhida_run_last_accepted_decisions",] == sum(o["subjects"] for o in decided)
    stages = {stage["stage"]: stage["seconds"] for stage in report["stages"]}
    assert {key[1]: value for key, value in samples.items()
            if key[0] == "zhida_run_stage_duration_seconds"} == stages  # fmt: skip


def test_every_metric_of_the_alert_rules_is_exposed(city: City) -> None:
    text = city.call("metrics").stdout
    told = {family.name for family in text_string_to_metric_families(text)}
    rules = Path("docs/alerts.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"\bzhida_\w+", rules))
    # told only while there is something to tell
    absent = {"zhida_journal_oldest_unsealed_timestamp_seconds",
              "zhida_run_oldest_unended_start_timestamp_seconds",
              "zhida_delivery_oldest_due_timestamp_seconds",
              "zhida_schedule_oldest_queued_timestamp_seconds"}  # fmt: skip
    assert named - absent <= told
    source = Path("console/metrics.py").read_text(encoding="utf-8")
    assert all(name in source for name in absent)


# alerts


def test_alerts_end_with_one_and_say_what_to_do(city: City) -> None:
    quiet = ("--jump", "100", "--no-clauses")
    # a second run over so small a city changes much, and the brake holds some of it
    held = {one["policy"] for one in json.loads(
        city.call("report", "--brief", "--format", "json").stdout)["policies"]
        if one["state"] == "held"}  # fmt: skip
    told = city.call("alerts", *quiet, "--format", "json", code=(0, 1))
    found = {(one["alert"], one["name"]) for one in json.loads(told.stdout)}
    assert found == {("policy held", policy) for policy in held}
    assert told.exit_code == bool(held)
    told = city.call("alerts", *quiet, "--hours", "0", "--format", "json", code=(1,))
    (alert,) = [one for one in json.loads(told.stdout) if one["alert"] == "no run"]
    assert alert["name"] == city.runs[1]["run"]
    assert "zhida run" in alert["remedy"]["en"]
    assert alert["since"]
    table = city.call("alerts", *quiet, "--hours", "0", code=(1,)).stdout
    assert alert["what"]["zh"] in table
    assert alert["why"]["en"] in table


def test_clauses_are_compared_between_the_two_runs(city: City) -> None:
    told = city.call("alerts", "--jump", "100", "--format", "json", code=(0, 1))
    found = [one for one in json.loads(told.stdout) if one["alert"] != "policy held"]
    assert {alert["alert"] for alert in found} <= {"clause constant"}
    listed = json.loads(city.call("clauses", "--format", "json").stdout)
    for alert in found:
        clause, outcome = alert["detail"].split()
        (counts,) = [one for one in listed if one["policy"] == alert["name"]]
        (one,) = [one for one in counts["clauses"] if one["id"] == clause]
        assert one[outcome] == counts["subjects"] == alert["figure"]


# the log


def test_events_are_lines_of_json_with_the_runs_figures(city: City) -> None:
    told = city.call("--log", "json", "run").stderr
    lines = [json.loads(line) for line in told.splitlines()]
    assert {line["run"] for line in lines} == {city.runs[1]["run"]}
    assert [line["event"] for line in lines][:: len(lines) - 1] == ["run started", "run ended"]
    stages = [line["stage"] for line in lines if line["event"] == "stage ended"]
    assert stages[0] == "evaluating"
    assert all(line["seconds"] >= 0 for line in lines if line["event"] == "stage ended")
    assert lines[-1]["opened"] == 0
    assert lines[-1]["decisions"] > 0


def test_without_being_asked_for_there_are_no_events(city: City) -> None:
    assert city.call("run").stderr == ""
    text = city.call("--log", "text", "run").stderr
    assert "stage ended" in text
    assert f"run={city.runs[1]['run']}" in text


def test_nobody_is_named_anywhere(city: City, tmp_path: Path) -> None:
    """Report, page, metrics, alerts and log, against every identifier of the city and every id."""
    page = tmp_path / "report.html"
    told = city.call("--log", "json", "run")
    seen = [told.stdout, told.stderr, city.call("metrics").stdout]
    seen.append(city.call("report", "--near", "--format", "json", "--page", str(page)).stdout)
    seen.append(city.call("alerts", "--format", "json", "--hours", "0", code=(1,)).stdout)
    seen.append(page.read_text(encoding="utf-8"))
    text = "\n".join(seen)
    secret = re.compile(r"\b(?:\d{17}[\dX]|\d{11}|9\w{17}|6222\d{12,15})\b")
    found = (city.folder / SECOND).glob("*.csv")
    # some are in GB 18030: what is asked for is ASCII in both
    files = [file.read_text(encoding="utf-8", errors="replace") for file in found]
    secrets = {word for file in files for word in secret.findall(file)}
    assert len(secrets) > 500
    assert not secrets & set(re.findall(r"\w{11,}", text))
    subjects = {subject for (subject,) in city.ask("SELECT DISTINCT subject FROM now")}
    assert len(subjects) > 100
    assert not subjects & set(re.findall(r"\w{17}", text))
