"""Amounts of policies that are asked together are those of each alone, and of the reference."""

from datetime import date, timedelta
from pathlib import Path
from random import Random
from textwrap import dedent

import polars as pl
import pytest

from engine import awarding
from engine.awarding import prepare_part
from engine.columns import lower_award
from engine.decision import decide
from engine.evaluate import bind_audience, evaluate_part
from engine.program import Bound, compile_policies
from language.frame import facts_of_row
from language.shelf import Shelf
from policies.load import load_policies
from tests.support.policy_texts import vocabulary

DAY = date(2025, 10, 31)
HEAD = """\
version: 1
title: {zh: 测试}
audience: resident
authority: 市局
level: city
basis: [{document: 办法}]
effective: {from: 2020-01-01}
"""
TIERS = "{by: %s, source: 一, rows: {under 60: 0, from 60 under 80: 100, from 80: %s}}"
POLICIES = {
    # an age, a table by it, and the same on another day
    "by-age": "per: month\nparameters: {s: " + TIERS % ("age", "200") + "}\namount: s\n",
    "by-age-too": "per: month\nparameters: {s: " + TIERS % ("age", "300") + "}\namount: s\n",
    "by-age-then": """\
        per: quarter
        facts:
          years: {says: 年龄, source: 一, is: '$years(birth_date, period_start)'}
        parameters: {s: %s}
        amount: s
    """
    % (TIERS % ("years", "250")),
    # the same name with another meaning
    "years-since": """\
        per: month
        facts:
          years: {says: 年数, source: 一, is: '$year(as_of) - $year(birth_date)'}
        amount: "years * 10"
    """,
    "alike": "per: month\namount: 500\n",
    "never-known": "per: month\namount: {decided_by: 评审}\n",
    "delivered": """\
        per: year
        delivery: [{when: age >= 70, by: direct}, {by: confirm}]
        amount: 80
    """,
    "too-wide": "per: month\namount: 'local_insurance_months ** 8'\n",
    "by-months": "per: month\namount: 'local_insurance_months * 12.5'\n",
}


def bounds_of(folder: Path) -> list[Bound]:
    for name, text in POLICIES.items():
        body = dedent(text).replace("amount: ", "benefit: {kind: cash, amount: ").rstrip() + "}\n"
        clauses = "clauses: [{id: c, says: 一, source: 一, when: 'birth_date < $date(2010, 1, 1)'}]"
        text = f"policy: {name}\n{HEAD}{clauses}\n{body}"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    policies = load_policies([folder], vocabulary()).policies
    return bind_audience(compile_policies(policies, vocabulary()), "resident", DAY)


@pytest.fixture(scope="module")
def bounds(tmp_path_factory: pytest.TempPathFactory) -> list[Bound]:
    return bounds_of(tmp_path_factory.mktemp("policies"))


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    chance, born = Random("together"), date(1930, 1, 1)
    return pl.DataFrame(
        {
            "subject": [f"S{number:05d}" for number in range(400)],
            "birth_date": [
                None if chance.random() < 0.1 else born + timedelta(chance.randrange(30000))
                for _ in range(400)
            ],
            "local_insurance_months": [
                None if chance.random() < 0.2 else chance.randrange(600) for _ in range(400)
            ],
        }
    )


def check_against_reference(bounds: list[Bound], frame: pl.DataFrame) -> int:
    """Every row that is eligible has the amount and the delivery of the reference; how many."""
    outcome, _ = evaluate_part(bounds, frame, "resident")
    found = {
        (row["policy"], row["subject"]): (row["amount_fen"], row["delivery"], row["missing"])
        for row in outcome.filter(verdict="eligible").iter_rows(named=True)
    }
    wanted = {}
    for bound in bounds:
        for row in frame.iter_rows(named=True):
            decision = decide(bound, facts_of_row(row, bound.types))
            if decision.verdict == "eligible":
                waits = ",".join(decision.missing) if decision.amount_fen is None else ""
                wanted[bound.policy.id, row["subject"]] = (
                    decision.amount_fen,
                    decision.delivery,
                    waits,
                )
    assert found == wanted
    return len(wanted)


def test_policies_asked_together_give_what_the_reference_gives(
    bounds: list[Bound], frame: pl.DataFrame
) -> None:
    assert len(bounds) == len(POLICIES)
    assert check_against_reference(bounds, frame) > 400


def test_where_one_does_not_fit_each_is_asked_by_itself(
    bounds: list[Bound], frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, alone = awarding._ask, []

    def refuse_several(lowered, given):
        if len(lowered) > 1:
            raise pl.exceptions.ComputeError
        alone.extend(lowered)
        return ask(lowered, given)

    monkeypatch.setattr(awarding, "_ask", refuse_several)
    check_against_reference(bounds, frame)
    assert len(alone) == len(bounds) - 1  # the numbers of one are too wide for any column


def test_what_means_the_same_is_worked_out_once(bounds: list[Bound], frame: pl.DataFrame) -> None:
    part = prepare_part(bounds, frame, "resident")
    shelf = Shelf()
    known = part.prepared.known
    for bound in bounds:
        if bound.policy.id.startswith("by-age"):
            lower_award(bound, known, shelf)
    filled = shelf.fill(part.prepared.frame)
    # one age for two policies on one day, one of the quarter's start, and three tables by them
    assert len(filled.columns) - len(part.prepared.frame.columns) == 5
