"""`zhida export` writes what the snapshot and the run hold, and says in the journal that it did."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from console.cli import app
from console.settings import read_clock
from engine.evaluate_frame import evaluate_frame
from engine.program import compile_policies
from ledger.database import open_database, reading
from ledger.journal import seal, sealed_entries
from policies.adoption import adopt
from policies.load import CATALOGUE, load_policies
from profiles.dataset import builtin_datasets
from profiles.sample_city import write_city
from profiles.vocabulary_load import builtin_vocabulary
from tests.support.publishing import publish_files

DAY = "2025-10-31"
WHY = "年度复核 yearly review"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    write_city(folder / "files", firms=120, residents=200, as_of=date.fromisoformat(DAY))
    for words in (
        ("init",),
        ("ingest", str(folder / "files"), "--delivered-on", DAY),
        ("snapshot", "--as-of", DAY),
        ("run",),
    ):
        if words == ("run",):
            publish_files(folder / "home", adopt="990100")
        found = CliRunner().invoke(app, ["--home", str(folder / "home"), *words])
        assert found.exit_code in (0, 3), found.output
    return folder


@pytest.fixture
def zhida(city: Path) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        return CliRunner().invoke(
            app, ["--home", str(city / "home"), *words], env={"COLUMNS": "200"}
        )

    return call


def entries(city: Path, now: object) -> list[tuple[str, str, dict[str, object]]]:
    engine = open_database(f"sqlite:///{city / 'home' / 'zhida.db'}")
    try:
        seal(engine, now=now)  # type: ignore[arg-type]
        with reading(engine) as connection:
            return [(e.kind, e.actor, dict(e.body)) for e in sealed_entries(connection, 0)]
    finally:
        engine.dispose()


@pytest.mark.parametrize("kind", ["enterprise", "resident"])
def test_exported_facts_decide_as_the_run_did(
    kind: str, city: Path, zhida: Callable[..., Result], tmp_path: Path
) -> None:
    facts, outcome = tmp_path / "facts.parquet", tmp_path / "outcome.parquet"
    done = zhida("export", "facts", "--kind", kind, "--to", str(facts), "--purpose", WHY)
    assert done.exit_code == 0, done.output
    done = zhida("export", "outcome", "--kind", kind, "--to", str(outcome), "--purpose", WHY)
    assert done.exit_code == 0, done.output
    vocabulary = builtin_vocabulary(builtin_datasets())
    policies = load_policies([CATALOGUE], vocabulary).policies
    # those that need no rows: the export has facts alone
    alone = [
        adopt(policy, "990100")
        for policy in policies
        if policy.each is None and not any(fact.measure for fact in policy.facts)
    ]
    program = compile_policies(alone, vocabulary)
    found = evaluate_frame(program, pl.read_parquet(facts), kind, date.fromisoformat(DAY))
    assert found.troubles == ()
    names = [policy.id for policy in alone]
    of_run = pl.read_parquet(outcome).filter(pl.col("policy").is_in(names))
    keys = ["policy", "subject", "verdict"]
    assert of_run.height > 0
    decided = found.outcome.select(*keys, (pl.col("amount_fen").cast(pl.Int64)))
    exported = of_run.select(
        *keys, (pl.col("amount_yuan") * 100).cast(pl.Int64).alias("amount_fen")
    )
    assert sorted(decided.rows(), key=str) == sorted(exported.rows(), key=str)


def test_the_journal_says_who_took_what_and_what_for(
    city: Path, zhida: Callable[..., Result], tmp_path: Path
) -> None:
    to = tmp_path / "facts.csv"
    zhida("export", "facts", "--kind", "enterprise", "--fact", "ent_region", "--to", str(to),
          "--purpose", WHY)  # fmt: skip
    kind, actor, body = entries(city, read_clock())[-1]
    assert kind == "facts.exported"
    assert re.fullmatch(r"operator:\w+", actor)
    assert body["purpose"] == WHY
    assert body["facts"] == ["ent_region"]
    assert body["rows"] == pl.read_csv(to).height > 0
    assert pl.read_csv(to).columns == ["subject", "ent_region"]


def test_a_workbook_of_one_policy_has_its_rows(
    zhida: Callable[..., Result], tmp_path: Path
) -> None:
    whole, one = tmp_path / "all.parquet", tmp_path / "one.xlsx"
    zhida("export", "outcome", "--to", str(whole), "--purpose", WHY)
    rows = pl.read_parquet(whole)
    policy = rows["policy"].value_counts(sort=True)["policy"][0]
    done = zhida("export", "outcome", "--policy", policy, "--to", str(one), "--purpose", WHY)
    assert done.exit_code == 0, done.output
    sheet = openpyxl.load_workbook(one).active
    assert sheet is not None
    assert sheet.max_row - 1 == rows.filter(pl.col("policy") == policy).height


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["facts", "--purpose", WHY, "--to", "x.csv"], 2, "name a --kind"),
        (["facts", "--kind", "resident", "--to", "x.csv"], 2, "what this is for"),
        (["facts", "--kind", "resident", "--to", "x.csv", "--purpose", " x "], 2, "what this is"),
        (["people", "--purpose", WHY, "--to", "x.csv"], 2, "none of facts, outcome"),
        (["outcome", "--purpose", "for 990101199001010012", "--to", "x.csv"], 2, "identity number"),
    ],
)
def test_what_is_refused_writes_nothing(
    words: list[str], code: int, what: str, city: Path, zhida: Callable[..., Result],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    before = len(entries(city, read_clock()))
    done = zhida("export", *words)
    assert done.exit_code == code
    assert what in " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.output).split())
    assert "990101199001010012" not in done.output
    assert list(tmp_path.iterdir()) == []
    assert len(entries(city, read_clock())) == before


def test_a_fact_that_is_none_is_named(zhida: Callable[..., Result], tmp_path: Path) -> None:
    done = zhida("export", "facts", "--kind", "resident", "--fact", "ent_region", "--to",
                 str(tmp_path / "x.csv"), "--purpose", WHY)  # fmt: skip
    assert "no fact ent_region of kind resident" in str(done.exception)
    assert list(tmp_path.iterdir()) == []
