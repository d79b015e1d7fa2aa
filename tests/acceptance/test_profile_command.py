"""`zhida profile` shows one file of one subject, and what is personal only for a purpose."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from console.cli import app
from console.settings import read_clock
from ledger.database import open_database, reading
from ledger.journal import SealedEntry, seal, sealed_entries
from profiles.dataset import builtin_datasets
from profiles.release import newest_release, read_release
from profiles.sample_city import write_city

DAY = date(2025, 10, 31)
WHY = "申诉核对 appeal"
REGISTER = "household-register"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    write_city(folder / "files", firms=60, residents=120, as_of=DAY)
    for words in (
        ("init",),
        ("ingest", str(folder / "files"), "--delivered-on", DAY.isoformat()),
        ("snapshot", "--as-of", DAY.isoformat()),
    ):
        found = CliRunner().invoke(app, ["--home", str(folder / "home"), *words])
        assert found.exit_code in (0, 3), found.output
    return folder


@pytest.fixture
def zhida(city: Path) -> Callable[..., Result]:
    def call(*words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(
            app,
            ["--home", str(city / "home"), "profile", *words],
            env={"COLUMNS": "200"},
            input=typed,
        )

    return call


@pytest.fixture(scope="module")
def person(city: Path) -> dict[str, Any]:
    """The first resident of the register who is alive and has a phone."""
    release = newest_release(city / "home" / "releases", REGISTER, DAY)
    assert release is not None
    rows = read_release(release, builtin_datasets()[REGISTER])
    found: dict[str, Any] = rows.filter(
        pl.col("phone").is_not_null() & pl.col("died_on").is_null()
    ).row(0, named=True)
    return found


def revealed(city: Path) -> list[SealedEntry]:
    engine = open_database(f"sqlite:///{city / 'home' / 'zhida.db'}")
    try:
        seal(engine, now=read_clock())
        with reading(engine) as connection:
            entries = sealed_entries(connection, 0)
        return [entry for entry in entries if entry.kind == "profile.revealed"]
    finally:
        engine.dispose()


def personal_texts(person: dict[str, Any]) -> list[str]:
    return [person["id_number"], person["name"], person["phone"], person["household_no"]]


@pytest.mark.parametrize("form", ["table", "json", "html"])
def test_nothing_personal_is_shown_without_a_purpose(
    form: str, zhida: Callable[..., Result], person: dict[str, Any], city: Path
) -> None:
    before = len(revealed(city))
    done = zhida(person["id_number"], "--rows", "--format", form)
    assert done.exit_code == 0, done.output
    assert not [text for text in personal_texts(person) if text in done.output]
    assert "household-register" in done.output
    assert len(revealed(city)) == before


@pytest.mark.parametrize("form", ["table", "json", "html"])
def test_a_purpose_shows_the_rows_as_delivered_and_stands_in_the_journal(
    form: str, zhida: Callable[..., Result], person: dict[str, Any], city: Path
) -> None:
    before = len(revealed(city))
    words = ("--dataset", REGISTER, "--format", form, "--reveal", f"  {WHY} ")
    done = zhida(person["id_number"], *words)
    assert done.exit_code == 0, done.output
    assert person["phone"] in done.output
    assert person["name"] in done.output
    assert person["id_number"] not in done.output
    entry, *more = revealed(city)[before:]
    assert more == []
    assert entry.body["purpose"] == WHY
    assert entry.body["columns"] == {REGISTER: ["id_number", "name", "household_no", "phone"]}
    assert re.fullmatch(r"operator:\w+", entry.actor)
    assert entry.subject.startswith("R")
    assert not [text for text in personal_texts(person) if text in json.dumps(dict(entry.body))]


def test_number_and_surrogate_id_name_the_same_person(
    zhida: Callable[..., Result], person: dict[str, Any]
) -> None:
    by_number = json.loads(zhida(person["id_number"].lower(), "--format", "json").stdout)
    typed = zhida("-", "--format", "json", typed=person["id_number"] + "\n")
    assert json.loads(typed.stdout[typed.stdout.index("{") :]) == by_number
    assert json.loads(zhida(by_number["subject"], "--format", "json").stdout) == by_number
    words = ("--dataset", REGISTER, "--format", "json", "--reveal", WHY)
    (row,) = json.loads(zhida(by_number["subject"], *words).stdout)["rows"][REGISTER]
    assert row["phone"] == person["phone"]
    assert row["birth_date"] == person["birth_date"].isoformat()
    assert by_number["rows"] == {}


def test_json_has_value_source_and_reason_of_every_fact(
    zhida: Callable[..., Result], person: dict[str, Any]
) -> None:
    told = json.loads(zhida(person["id_number"], "--format", "json").stdout)
    assert told["format"] == "zhida-profile-1"
    facts = {fact["fact"]: fact for fact in told["facts"]}
    born = facts["birth_date"]
    assert born["value"] == person["birth_date"].isoformat()
    assert (born["standing"], born["dataset"]) == ("known", REGISTER)
    source = told["datasets"][REGISTER]
    assert source["delivered_on"] == DAY.isoformat()
    assert source["department_zh"] == builtin_datasets()[REGISTER].department.zh
    for fact in facts.values():
        assert (fact["standing"] == "known") == (fact["why_zh"] == "")
        assert fact["masked"] or (fact["value"] is None) == (fact["standing"] != "known")


def test_the_page_is_chinese_with_english_and_needs_no_script(
    zhida: Callable[..., Result], person: dict[str, Any]
) -> None:
    page = zhida(person["id_number"], "--rows", "--format", "html").stdout
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page
    assert page.index("一人一档") < page.index("Profile of a resident")
    assert "http" not in page.replace("http-equiv", "")
    english = zhida(person["id_number"], "--lang", "en").stdout
    assert "一人一档" not in english


@pytest.mark.parametrize(
    "typed", ["990101199001010012", "９９０１０１１９９００１０１００１２", "R" + "a" * 16]
)
def test_whoever_is_nobody_is_not_repeated(typed: str, zhida: Callable[..., Result]) -> None:
    done = zhida(typed)
    assert "nobody in the snapshot" in str(done.exception)
    assert typed not in str(done.exception) + done.output


@pytest.mark.parametrize("purpose", ["", " ", "x", "for 13900000000", "y" * 201])
def test_a_purpose_that_says_nothing_or_names_somebody_is_refused(
    purpose: str, zhida: Callable[..., Result], person: dict[str, Any], city: Path
) -> None:
    before = len(revealed(city))
    done = zhida(person["id_number"], "--rows", "--reveal", purpose)
    assert done.exit_code == 2
    assert person["phone"] not in done.output
    assert len(revealed(city)) == before


def test_a_dataset_that_is_none_is_named(
    zhida: Callable[..., Result], person: dict[str, Any]
) -> None:
    done = zhida(person["id_number"], "--dataset", "registre")
    assert "there is no dataset registre" in str(done.exception)


def test_persons_in_the_rows_of_a_firm_are_masked_even_as_surrogate_ids(
    zhida: Callable[..., Result], city: Path
) -> None:
    release = newest_release(city / "home" / "releases", "employment", DAY)
    assert release is not None
    row = read_release(release, builtin_datasets()["employment"]).row(0, named=True)
    told = json.loads(zhida(row["uscc"], "--dataset", "employment", "--format", "json").stdout)
    rows = told["rows"]["employment"]
    assert rows
    assert not [found for found in rows if "person_id" in found]
    words = ("--dataset", "employment", "--format", "json", "--reveal", WHY)
    shown = json.loads(zhida(row["uscc"], *words).stdout)["rows"]["employment"]
    assert row["person_id"] in {found["person_id"] for found in shown}
