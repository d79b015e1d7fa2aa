"""`zhida quality` tells of a small city what its releases and its snapshot hold."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli import app
from console.quality_json import quality_as_json
from console.quality_page import build_quality_page
from console.quality_report import QualityReport
from console.quality_words import say_share
from profiles.dataset import builtin_datasets
from profiles.quality import measure_quality
from profiles.quality_facts import Disagreement
from profiles.release import list_releases, read_release
from profiles.sample_city import write_city
from profiles.standing import accept_release
from profiles.vocabulary_load import builtin_vocabulary
from tests.unit.profiles.delivery_world import credit_code, deliver

FIRST, SECOND = date(2025, 10, 31), date(2025, 11, 30)
ASKED = "2025-12-01"


@pytest.fixture(scope="module")
def zhida(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """The command over a home with two deliveries and a snapshot; `folder` is its folder."""
    folder = tmp_path_factory.mktemp("city")

    def call(*words: str) -> str:
        home = str(folder / "home")
        result = CliRunner().invoke(app, ["--home", home, *words], env={"COLUMNS": "240"})
        assert result.exit_code in (0, 3), result.output
        return result.stdout

    call("init")
    for day in (FIRST, SECOND):
        files = folder / f"files-{day}"
        write_city(files, firms=90, residents=150, as_of=day)
        call("ingest", str(files), "--delivered-on", day.isoformat())
    call("snapshot", "--as-of", SECOND.isoformat())
    call.folder = folder  # type: ignore[attr-defined]
    return call


@pytest.fixture(scope="module")
def report(zhida: Callable[..., str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zhida("quality", "--as-of", ASKED, "--format", "json"))
    return found


def test_every_dataset_has_the_counts_of_its_releases(
    report: dict[str, Any], zhida: Callable[..., str]
) -> None:
    assert report["format"] == "zhida-quality-1"
    root = zhida.folder / "home" / "releases"  # type: ignore[attr-defined]
    datasets = builtin_datasets()
    assert {found["dataset"] for found in report["datasets"]} == set(datasets)
    for found in report["datasets"]:
        dataset = datasets[found["dataset"]]
        listed = list_releases(root, dataset.name)
        told = [(r["release"], r["standing"]) for r in found["releases"]]
        assert told == [(r.hash, r.standing) for r in listed]
        releases = [release for release in listed if release.standing == "in force"]
        waits = [flag for flag in found["flags"] if flag["concern"] == "waiting"]
        assert len(waits) == (len(releases) < len(listed))
        if len(releases) < 2:
            assert found["drift"] is None
            continue
        assert found["age_days"] == 1
        rows = read_release(releases[-1], dataset)
        for column in found["columns"]:
            assert column["missing"] == rows[column["column"]].null_count()
        drift = found["drift"]
        assert drift["rows_before"] == releases[-2].rows
        assert drift["rows_now"] == found["rows"] == rows.height
        assert drift["same"] + drift["changed"] + drift["vanished"] == releases[-2].rows
        assert drift["same"] + drift["changed"] + drift["came"] == rows.height


def test_facts_add_up_and_needs_name_policies(report: dict[str, Any]) -> None:
    assert report["facts"]
    for fact in report["facts"]:
        parts = ("known", "not_applicable", "never_delivered", "stale", "set_aside", "not_said")
        assert sum(fact[part] for part in parts) == fact["subjects"] > 0
    assert report["needed"]
    for needed in report["needed"]:
        assert needed["policies"]
        assert needed["subjects"] is None
        assert (needed["lack"] == "no dataset") == (needed["datasets"] == [])


def test_held_back_subjects_are_those_of_the_work_list(zhida: Callable[..., str]) -> None:
    chosen = ("--adopt", "990100")
    unknowns = json.loads(zhida("unknowns", "--policies", "policies/catalogue", *chosen,
                                "--format", "json"))  # fmt: skip
    held = {(fact["kind"], fact["fact"]): fact["subjects"] for fact in unknowns["facts"]}
    words = ("quality", "--as-of", SECOND.isoformat(), "--count", *chosen, "--format", "json")
    needed = json.loads(zhida(*words))["needed"]
    assert any(found["subjects"] for found in needed)
    for found in needed:
        assert found["subjects"] == held.get((found["kind"], found["name"]), 0)


def test_the_table_names_what_is_flagged(zhida: Callable[..., str], report: dict[str, Any]) -> None:
    table = zhida("quality", "--as-of", ASKED, "--top", "1")
    for found in report["datasets"]:
        assert found["dataset"] in table
        for flag in found["flags"]:
            if flag["concern"] != "never delivered":
                assert f"! {found['dataset']}: " in table
    assert f"… {len(report['needed']) - 1} more" in table
    one = zhida("quality", "registration", "--as-of", ASKED)
    assert "registration" in one
    assert "titles" not in one


def test_long_after_everything_is_stale(zhida: Callable[..., str]) -> None:
    found = json.loads(zhida("quality", "--as-of", "2030-01-01", "--format", "json"))
    delivered = [d for d in found["datasets"] if d["releases"] and d["fresh_within_days"]]
    assert all(dataset["stale"] for dataset in delivered)
    assert {needed["lack"] for needed in found["needed"]} >= {"stale", "no dataset"}


class Seen(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_stands_by_itself_and_says_each_chart_in_words(
    zhida: Callable[..., str], tmp_path: Path
) -> None:
    page = tmp_path / "quality.html"
    zhida("quality", "--as-of", ASKED, "--page", str(page))
    text = page.read_text(encoding="utf-8")
    seen = Seen()
    seen.feed(text)
    names = [tag for tag, _ in seen.tags]
    assert not {"script", "link", "img", "iframe", "object"} & set(names)
    assert not re.search(r"(?:src|href|url)\s*[=(]", text)
    charts = [attributes for tag, attributes in seen.tags if tag == "svg"]
    assert len(charts) > 100
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert not re.search(r"\b(nan|None|inf)\b", text)
    for word in ("数据质量", "完整率", "漂移", "隔离"):
        assert word in text
    for name in builtin_datasets():
        assert name in text


def test_departments_that_disagree_are_on_the_page_and_in_json() -> None:
    fact = builtin_vocabulary(builtin_datasets()).facts["ent_size"]
    disputed = Disagreement(
        fact=fact, kind="enterprise", counts="size-class", differs="vat-filing", subjects=1234
    )
    report = QualityReport(
        as_of=SECOND,
        datasets=(),
        snapshot_as_of=SECOND,
        facts=(),
        disagreements=(disputed,),
        needed=(),
        held=None,
    )
    page = build_quality_page(report)
    assert "部门之间的数据冲突" in page
    assert "<td>size-class</td><td>vat-filing</td><td>1,234</td>" in page
    (told,) = quality_as_json(report)["disagreements"]
    assert told == {
        "fact": "ent_size", "kind": "enterprise", "counts": "size-class", "differs": "vat-filing",
        "subjects": 1234,
    }  # fmt: skip


def test_values_from_files_are_escaped_and_long_numbers_masked(tmp_path: Path) -> None:
    hostile, number = "<script>alert(1)</script>", "13900000000"
    dataset = builtin_datasets()["unemployment-insurance"]
    column = replace(dataset.columns["paid_in_full"], type="code", system="")
    free = replace(dataset, columns={**dataset.columns, "paid_in_full": column})
    for day, value in ((FIRST, number), (SECOND, hostile)):
        lines = [f"{credit_code(n)},2025-01,5,1,{value}" for n in range(30)]
        release = deliver(tmp_path, free, ",".join(free.columns), *lines, on=day).release
        if release.standing == "waiting":
            accept_release(release, by="a", reason="asked", at=ASKED)
    quality = measure_quality(tmp_path / "releases", free, SECOND)
    assert ("distribution", "paid_in_full") in {(f.concern, f.column) for f in quality.flags}
    report = QualityReport(
        as_of=SECOND,
        datasets=(quality,),
        snapshot_as_of=None,
        facts=(),
        disagreements=(),
        needed=(),
        held=None,
    )
    page = build_quality_page(report)
    assert hostile not in page
    assert "&lt;script&gt;alert(1)" in page
    assert number not in page


@pytest.mark.parametrize(
    ("share", "told"),
    [(1, "100%"), (0.9999, ">99.9%"), (0.9996, ">99.9%"), (0.99, "99.0%"), (0.0001, "<0.1%"),
     (0, "0%"), (None, "—")],
)  # fmt: skip
def test_a_share_is_whole_only_where_it_is(share: float | None, told: str) -> None:
    assert say_share(share) == told


def test_a_dataset_that_is_none_is_named(zhida: Callable[..., str]) -> None:
    home = str(zhida.folder / "home")  # type: ignore[attr-defined]
    found = CliRunner().invoke(app, ["--home", home, "quality", "registre"])
    assert "there is no dataset registre" in str(found.exception)
