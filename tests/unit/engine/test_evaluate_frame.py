"""A frame of pandas, Polars or Arrow is decided as a part of a snapshot and lines by hand are."""

from datetime import date
from pathlib import Path
from random import Random
from textwrap import dedent
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from engine.evaluate import bind_audience, evaluate_part
from engine.evaluate_frame import evaluate_frame
from engine.part_outcome import OUTCOME_SCHEMA
from engine.program import Program, compile_policies
from engine.table import evaluate_table
from policies.load import CATALOGUE, load_policies
from profiles.errors import FrameRefused
from profiles.frames import Form, columns_of, form_of, from_polars, in_units, read_frame
from tests.support.drawn_subjects import draw_frame
from tests.support.policy_texts import HEAD, load_one, vocabulary, write_policies
from tests.support.whole_policies import WHOLE

FORMS: tuple[Form, ...] = ("pandas", "polars", "arrow")
DAY = date(2025, 10, 31)
SIMPLE = """
    clauses: [{id: c, says: 一, when: %s}]
    benefit: {amount: 1}
"""


def program_of(folder: Path, *texts: str) -> Program:
    named = {f"p{number}": text for number, text in enumerate(texts)}
    policies = load_policies(write_policies(folder, named), vocabulary()).policies
    return compile_policies(policies, vocabulary())


def in_form(frame: pl.DataFrame, form: Form, program: Program) -> Any:
    """A part as an analyst holds it: money in yuan."""
    facts = [*program.vocabulary.facts.values(), *(f for p in program.policies for f in p.facts)]
    return from_polars(in_units(frame, columns_of(facts)), form)


def without_unreal_codes(frame: pl.DataFrame) -> pl.DataFrame:
    """Words are drawn for codes too, but are no region and no trade, so nobody can deliver them."""
    real = {"region": r"^\d{6}$", "gbt4754_code": r"^[A-T]\d{0,4}$"}
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(form)).then(pl.col(name)).alias(name)
        for name in frame.columns
        for end, form in real.items()
        if name.endswith(end)
    )


def tidy(outcome: Any) -> pl.DataFrame:
    return read_frame(outcome).with_columns(
        pl.col(name).cast(kind) for name, kind in OUTCOME_SCHEMA.items()
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", list(WHOLE))
def test_a_frame_has_the_outcome_of_the_part_it_was_made_of(
    name: str, form: Form, tmp_path: Path
) -> None:
    program = compile_policies([load_one(tmp_path, WHOLE[name])], vocabulary())
    bounds = bind_audience(program, "enterprise", DAY)
    part = without_unreal_codes(draw_frame(bounds, Random(name), 300, by_hand=False))
    expected, _ = evaluate_part(bounds, part, "enterprise")
    found = evaluate_frame(program, in_form(part, form, program), "enterprise", DAY)
    assert found.troubles == ()
    assert form_of(found.outcome) == form
    assert_frame_equal(tidy(found.outcome), expected)
    assert set(expected["verdict"]) == {"eligible", "unknown"}


def test_the_catalogue_has_one_outcome_in_three_forms(tmp_path: Path) -> None:
    program = compile_policies(load_policies([CATALOGUE], vocabulary()).policies, vocabulary())
    for kind in ("enterprise", "resident"):
        bounds = bind_audience(program, kind, date(2024, 8, 31))
        part = without_unreal_codes(draw_frame(bounds, Random(kind), 200, by_hand=False))
        outcomes = [
            tidy(
                evaluate_frame(
                    program, in_form(part, form, program), kind, date(2024, 8, 31)
                ).outcome
            )
            for form in FORMS
        ]
        assert outcomes[0].height > 100
        assert_frame_equal(outcomes[0], outcomes[1])
        assert_frame_equal(outcomes[0], outcomes[2])


AS_TYPED: dict[str, list[Any]] = {
    "subject": ["a", "b", "c", "d", "e"],
    "ent_type": ["enterprise"] * 5,
    "ent_region": ["山东省", "370000", "370000", None, "Shandong"],
    "ent_size": ["small", "small", "unknown", "small", "giant"],
    "ui_insured_count": [20.0, 20.0, 20.0, None, 20.0],
    "layoff_rate_pct": [0.5, 99.0, 0.5, 0.5, 0.5],
    "ui_premium_prev_year": [86400.55, 1.0, 1.0, 1.0, 1.0],
    "ui_paid_months": [40.0, 40.0, 40.0, 40.0, 11.9],
}


@pytest.mark.parametrize("form", FORMS)
def test_verdicts_and_amounts_are_those_of_lines_by_hand(form: Form) -> None:
    (file,) = CATALOGUE.rglob("e01-*.yaml")
    program = compile_policies(load_policies([file], vocabulary()).policies, vocabulary())
    table = pl.DataFrame(AS_TYPED)
    by_hand, troubles = evaluate_table(
        program, table.with_columns(audience=pl.lit("enterprise")), DAY
    )
    expected = {
        row["subject"]: (row["verdict"], None if row["amount"] is None else row["amount"])
        for row in by_hand.astype(object).where(by_hand.notna(), None).to_dict("records")
        if row["verdict"] != "ineligible"
    }
    found = evaluate_frame(program, from_polars(table, form), "enterprise", DAY)
    came = {
        row["subject"]: (
            row["verdict"],
            None if row["amount_fen"] is None else f"{row['amount_fen'] / 100:.2f}",
        )
        for row in tidy(found.outcome).iter_rows(named=True)
    }
    assert came == expected
    assert expected["a"] == ("eligible", "51840.33")
    assert "b" not in expected
    assert len(troubles) == len(found.troubles) == 2
    assert "giant" not in " ".join(found.troubles)


def test_what_is_no_fact_is_told_and_not_used(tmp_path: Path) -> None:
    program = program_of(tmp_path, SIMPLE % "revenue > 10")
    frame = pd.DataFrame({"subject": ["a"], "revenu": [20]})
    found = evaluate_frame(program, frame, "enterprise", DAY)
    assert found.outcome["verdict"].tolist() == ["unknown"]
    assert found.troubles == (
        'column "revenu" is not used: there is no such fact, did you mean "revenue"?',
    )


def test_the_word_none_and_a_flag_say_that_a_fact_does_not_apply(tmp_path: Path) -> None:
    name = "graduated_on"
    head = HEAD.format(name="p").replace("enterprise", "resident")
    file = tmp_path / "p.yaml"
    file.write_text(head + dedent(SIMPLE % f"{name} == null"), encoding="utf-8")
    program = compile_policies(load_policies([file], vocabulary()).policies, vocabulary())
    subjects = ["none", "null", "unknown", "day"]
    words = pl.DataFrame({"subject": subjects, name: ["none", None, "unknown", "2024-05-01"]})
    flags = pl.DataFrame(
        {
            "subject": subjects,
            name: [None, None, None, date(2024, 5, 1)],
            f"{name}::none": [True, None, False, True],
        }
    )
    chosen = words.cast({name: pl.Enum(["none", "unknown", "2024-05-01"])})
    for frame in (words, words.cast({name: pl.Categorical}), chosen, flags):
        found = evaluate_frame(program, frame, "resident", DAY)
        assert found.troubles == ()
        came = dict(found.outcome.select("subject", "verdict").iter_rows())
        assert came == {"none": "eligible", "null": "unknown", "unknown": "unknown"}


def test_a_fact_with_a_formula_is_worked_out_where_it_has_no_value(tmp_path: Path) -> None:
    text = """
        facts: {per_head: {is: revenue / staff_prev_year}}
        clauses: [{id: rich, says: 一, when: per_head >= 10}]
        benefit: {amount: per_head}
    """
    program = program_of(tmp_path, text)
    frame = pl.DataFrame(
        {
            "subject": ["given", "worked out", "open"],
            "revenue": [1, 300, None],
            "staff_prev_year": [1, 10, 10],
            "per_head": [50, None, None],
        }
    )
    outcome = evaluate_frame(program, frame, "enterprise", DAY).outcome
    assert outcome.select("subject", "verdict", "amount_fen").rows() == [
        ("given", "eligible", 5000),
        ("worked out", "eligible", 3000),
        ("open", "unknown", None),
    ]


OWN = """
    per: year
    period: last
    facts:
      large_months:
        {says: 大月, from: unemployment-insurance, over: period, where: insured >= 10, count: rows}
    clauses: [{id: big, says: 一, when: large_months >= 2 and ui_paid_months >= 3}]
    benefit: {amount: large_months}
"""
MONTHS = [("a", "2024-01", 10), ("a", "2024-02", 11), ("a", "2024-03", 1), ("b", "2024-01", 99)]


@pytest.mark.parametrize("form", FORMS)
def test_facts_are_measured_over_rows_that_come_along(form: Form, tmp_path: Path) -> None:
    program = program_of(tmp_path, OWN)
    rows = pl.DataFrame(MONTHS, schema=["subject", "month", "insured"], orient="row")
    rows = rows.with_columns(paid_in_full=pl.lit(True), premium=pl.lit("1.00"))
    facts = pl.DataFrame({"subject": ["a", "b", "c"]})
    found = evaluate_frame(
        program,
        from_polars(facts, form),
        "enterprise",
        DAY,
        rows={"unemployment-insurance": from_polars(rows, form)},
    )
    assert found.troubles == ()
    came = tidy(found.outcome).select("subject", "verdict", "amount_fen").rows()
    # counted by hand: a has two large months of three; the list says nothing of c if not complete
    complete = vocabulary().datasets["unemployment-insurance"].complete is not None
    assert came == [("a", "eligible", 200)] + ([] if complete else [("c", "unknown", None)])


def test_a_column_of_an_own_measure_goes_before_the_rows(tmp_path: Path) -> None:
    program = program_of(tmp_path, OWN)
    frame = pl.DataFrame({"subject": ["a"], "large_months": [7], "ui_paid_months": [3]})
    outcome = evaluate_frame(program, frame, "enterprise", DAY).outcome
    assert outcome.select("verdict", "amount_fen").rows() == [("eligible", 700)]


def test_a_last_day_that_cannot_be_read_leaves_the_state_open(tmp_path: Path) -> None:
    text = SIMPLE % "is_zombie"
    program = program_of(tmp_path, text)
    rows = pl.DataFrame(
        {
            "subject": ["over", "still", "odd"],
            "listed_on": ["2024-01-01"] * 3,
            "removed_on": ["2024-02-01", None, "31.02.2025"],
        }
    )
    facts = pl.DataFrame({"subject": ["over", "still", "odd", "never"]})
    found = evaluate_frame(program, facts, "enterprise", DAY, rows={"zombie-list": rows})
    came = dict(found.outcome.select("subject", "verdict").iter_rows())
    assert came == {"still": "eligible", "odd": "unknown"}
    assert found.troubles == ("zombie-list: removed_on: not a date: 1 cells count as missing",)


def test_without_a_column_of_last_days_nobody_knows_what_is_over(tmp_path: Path) -> None:
    rows = pl.DataFrame({"subject": ["listed"], "listed_on": ["2024-01-01"]})
    facts = pl.DataFrame({"subject": ["listed", "never"]})
    for written, others in (("is_zombie", {}), ("not is_zombie", {"never": "eligible"})):
        folder = tmp_path / written
        folder.mkdir()
        program = program_of(folder, SIMPLE % written)
        found = evaluate_frame(program, facts, "enterprise", DAY, rows={"zombie-list": rows})
        came = dict(found.outcome.select("subject", "verdict").iter_rows())
        assert came == {"listed": "unknown", **others}
        assert found.troubles == (
            'zombie-list: without a column "removed_on" nobody knows which are still in force',
        )


GRADED = """
    facts: {grade: {says: 级, type: %s}}
    clauses: [{id: c, says: 一, when: grade == %s}]
    benefit: {amount: 1}
"""


def test_a_column_that_two_policies_read_differently_is_refused(tmp_path: Path) -> None:
    program = program_of(
        tmp_path, GRADED % ("code, values: [a, b]", '"a"'), GRADED % ("integer", "1")
    )
    known = pl.DataFrame({"subject": ["x"], "grade": ["1"]})
    with pytest.raises(FrameRefused, match='"grade" is another fact in p1'):
        evaluate_frame(program, known, "enterprise", DAY)
    found = evaluate_frame(program, known.drop("grade"), "enterprise", DAY)
    assert found.outcome["verdict"].to_list() == ["unknown"] * 2


def test_rows_have_the_columns_that_any_policy_adds(tmp_path: Path) -> None:
    text = """
        rows: {loans: {label: 贷款, columns: {%s: {label: 列, type: %s}}}}
        facts: {found: {says: 数, from: loans, where: %s, count: rows}}
        clauses: [{id: c, says: 一, when: found == 1}]
        benefit: {amount: 1}
    """
    both = text % ("kind", "code", 'kind == "a"'), text % ("sum", "integer", "sum > 1")
    rows = {"loans": pl.DataFrame({"subject": ["x"], "kind": ["a"], "sum": [2]})}
    facts = pl.DataFrame({"subject": ["x"]})
    (tmp_path / "both").mkdir()
    program = program_of(tmp_path / "both", *both)
    found = evaluate_frame(program, facts, "enterprise", DAY, rows=rows)
    assert found.troubles == ()
    assert found.outcome["verdict"].to_list() == ["eligible"] * 2
    (tmp_path / "other").mkdir()
    program = program_of(tmp_path / "other", both[0], text % ("kind", "integer", "kind > 1"))
    with pytest.raises(FrameRefused, match='"loans" are other rows in p1'):
        evaluate_frame(program, facts, "enterprise", DAY, rows=rows)


@pytest.mark.parametrize(
    ("frame", "what"),
    [
        (pl.DataFrame({"subject": [1]}), "missing or no text"),
        (pl.DataFrame({"revenue": [1]}), "missing or no text"),
        (pl.DataFrame({"subject": ["a", "a", None]}), "1 rows have no subject and 2 share"),
        (pa.table({"subject": ["a"], "ent_region": [440000.0]}), '"ent_region" holds floating'),
    ],
)
def test_frames_that_cannot_be_told_apart_or_lost_digits_are_refused(
    frame: Any, what: str, tmp_path: Path
) -> None:
    text = SIMPLE % "is_zombie"
    with pytest.raises(FrameRefused, match=what):
        evaluate_frame(program_of(tmp_path, text), frame, "enterprise", DAY)


def test_rows_that_there_are_none_of_are_refused_with_a_suggestion(tmp_path: Path) -> None:
    text = SIMPLE % "is_zombie"
    frame = pl.DataFrame({"subject": ["a"]})
    with pytest.raises(FrameRefused, match='did you mean "zombie-list"'):
        evaluate_frame(
            program_of(tmp_path, text), frame, "enterprise", DAY, rows={"zombi-list": frame}
        )
