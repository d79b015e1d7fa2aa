"""A policy's own measures over rows: in parts, by hand, beside other policies, and refused."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.by_hand import evaluate_subjects
from engine.evaluate import bind_audience, evaluate_part
from engine.own_measures import datasets_needed, group_bounds
from engine.program import Program, compile_policies
from language.errors import FilesRefused
from policies.load import load_policies
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.hand import Subject
from profiles.vocabulary_load import builtin_vocabulary

DAY = date(2025, 9, 1)
HEAD = """
policy: {id}
version: "1"
title: {{zh: 试}}
audience: enterprise
authority: 某局
level: city
basis: [{{document: 某文}}]
per: year
period: last
"""
LARGE = """
parameters: {least: {value: 10, source: 一}}
facts:
  ui_insured_avg_prev_year: {says: 大月平均, from: unemployment-insurance, over: period, where: insured >= least, average: insured}
clauses: [{id: big, says: 一, when: ui_insured_avg_prev_year >= 20}]
benefit: {amount: ui_insured_avg_prev_year}
"""  # noqa: E501
PLAIN = """
clauses: [{id: big, says: 一, when: ui_insured_avg_prev_year >= 20}]
benefit: {amount: ui_insured_avg_prev_year}
"""


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return builtin_vocabulary(builtin_datasets())


def program(tmp_path: Path, vocabulary: Vocabulary, **bodies: str) -> Program:
    for name, body in bodies.items():
        text = HEAD.format(id=name) + body
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return compile_policies(load_policies([tmp_path], vocabulary).policies, vocabulary)


def insured(**months: int) -> pl.DataFrame:
    """Rows of insurance: `A_2024_01=5`."""
    rows = []
    for key, value in months.items():
        subject, year, month = key.split("_")
        rows.append({"subject": subject, "month": date(int(year), int(month), 1), "insured": value})
    return pl.DataFrame(rows)


def evaluate(program: Program, rows: pl.DataFrame, facts: dict[str, Any], **more: Any) -> Any:
    bounds = bind_audience(program, "enterprise", DAY)
    outcome, _ = evaluate_part(
        bounds, pl.DataFrame(facts), "enterprise", rows={"unemployment-insurance": rows}, **more
    )
    return {
        (row["policy"], row["subject"]): (row["verdict"], row["amount_fen"])
        for row in outcome.iter_rows(named=True)
    }


def test_a_replaced_fact_is_replaced_for_its_policy_alone(
    tmp_path: Path, vocabulary: Vocabulary
) -> None:
    made = program(tmp_path, vocabulary, large=LARGE, plain=PLAIN)
    bounds = bind_audience(made, "enterprise", DAY)
    assert [[b.policy.id for b in group] for group in group_bounds(bounds)] == [
        ["large"],
        ["plain"],
    ]
    assert "unemployment-insurance" in datasets_needed(bounds)
    rows = insured(A_2024_01=30, A_2024_02=10, A_2024_03=2, B_2024_01=9, C_2023_01=99)
    sums = "ui_insured_avg_prev_year::sum", "ui_insured_avg_prev_year::count"
    facts = {"subject": ["A", "B", "C", "D"], sums[0]: [42, 9, 0, 0], sums[1]: [3, 1, 0, 0]}
    found = evaluate(made, rows, facts)
    # 40 / 2 for the one that leaves small months out, 42 / 3 for the other
    assert found.pop(("large", "A")) == ("eligible", 2000)
    assert ("plain", "A") not in found
    # without such a month there is no average
    assert {key for key in found if key[0] == "large"} == {("large", s) for s in "BCD"}
    assert {value[0] for value in found.values()} == {"unknown"}


def test_whose_rows_were_set_aside_is_unknown(tmp_path: Path, vocabulary: Vocabulary) -> None:
    made = program(tmp_path, vocabulary, large=LARGE)
    rows = insured(A_2024_01=30, B_2024_01=30)
    doubtful = pl.DataFrame({"dataset": ["unemployment-insurance"], "subject": ["B"]})
    found = evaluate(made, rows, {"subject": ["A", "B"]}, doubtful=doubtful)
    assert found == {("large", "A"): ("eligible", 3000), ("large", "B"): ("unknown", None)}


def test_rows_that_were_not_delivered_leave_everybody_unknown(
    tmp_path: Path, vocabulary: Vocabulary
) -> None:
    made = program(tmp_path, vocabulary, large=LARGE)
    bounds = bind_audience(made, "enterprise", DAY)
    outcome, _ = evaluate_part(bounds, pl.DataFrame({"subject": ["A"]}), "enterprise", rows={})
    assert outcome["verdict"].to_list() == ["unknown"]


CHAINED = """
facts:
  kind_now: {label: 一, type: code, values: [power, gas]}
  used: {says: 用量, from: energy_use, over: period, where: kind == kind_now, sum: quantity}
  high: {says: 高月数, from: energy_use, over: period, where: kind == kind_now and quantity * 4 >= used, count: rows}
  listed: {says: 在名录, from: above_scale_register, on: started_on, any: rows}
  started_on: {label: 一, type: date}
clauses:
  - {id: high, says: 一, when: high >= 2}
  - {id: listed, says: 二, when: listed}
benefit: {amount: used}
"""  # noqa: E501


def by_hand(made: Program, **facts: Any) -> tuple[str, int | None, tuple[str, ...]]:
    subject = Subject(line=1, subject="E", audience="enterprise", as_of=DAY, facts=facts)
    (result,), troubles = evaluate_subjects(made, [subject], DAY)
    assert not troubles
    return result.verdict, result.amount_fen, result.missing


USE = [
    {"kind": "power", "month": "2024-01", "quantity": 50},
    {"kind": "power", "month": "2024-02", "quantity": 30},
    {"kind": "power", "month": "2024-03", "quantity": 20},
    {"kind": "gas", "month": "2024-03", "quantity": 900},
    {"kind": "power", "month": "2025-01", "quantity": 7777},
]
SINCE = [{"from_on": "2023-01-01", "to_on": "2024-06-30"}]


def test_a_measure_may_rest_on_facts_and_on_another_measure(
    tmp_path: Path, vocabulary: Vocabulary
) -> None:
    made = program(tmp_path, vocabulary, chained=CHAINED)
    known: dict[str, Any] = {
        "kind_now": "power",
        "started_on": "2024-06-30",
        "energy_use": USE,
        "above_scale_register": SINCE,
    }
    assert by_hand(made, **known) == ("eligible", 10000, ())
    assert by_hand(made, **known | {"started_on": "2024-07-01"})[0] == "ineligible"
    # what is given is not measured, also where another measure rests on it
    assert by_hand(made, **known | {"used": 200})[0] == "ineligible"
    assert by_hand(made, **known | {"high": 2}) == ("eligible", 10000, ())
    # a filter without its fact decides nothing
    assert by_hand(made, **known | {"kind_now": None})[0] == "unknown"
    assert by_hand(made, **known | {"started_on": None}) == ("unknown", None, ("listed",))
    # no rows are none; rows that are not given are missing
    assert by_hand(made, **known | {"energy_use": []})[0] == "ineligible"
    del known["energy_use"]
    assert by_hand(made, **known) == ("unknown", None, ("high",))


def test_a_shared_facts_own_rows_do_not_count_for_the_policy_that_replaces_it(
    tmp_path: Path, vocabulary: Vocabulary
) -> None:
    body = """
rows: {counted: {columns: {value: {type: integer}}}}
facts: {ui_paid_months: {says: 月数, from: counted, sum: value}}
clauses: [{id: some, says: 一, when: ui_paid_months >= 1}]
benefit: {amount: ui_paid_months}
"""
    made = program(tmp_path, vocabulary, own=body)
    months = [{"month": "2025-01", "paid_in_full": True}]
    rows = {"unemployment-insurance": months}
    assert by_hand(made, **rows)[0] == "unknown"
    assert by_hand(made, **rows, counted=[2, 3]) == ("eligible", 500, ())


def test_rows_that_only_one_policy_knows_are_no_trouble_to_another(
    tmp_path: Path, vocabulary: Vocabulary
) -> None:
    first = """
rows: {hires: {columns: {level: {type: code, values: [a, b]}}}}
facts: {senior: {says: 一, from: hires, where: 'level == "a"', any: rows}}
clauses: [{id: senior, says: 一, when: senior}]
benefit: {amount: 1}
"""
    third = """
facts: {anyone: {says: 一, from: hires, any: rows}}
clauses: [{id: anyone, says: 一, when: anyone}]
benefit: {amount: 3}
"""
    made = program(tmp_path, vocabulary, first=first, third=third)
    hire = {"hire_on": "2025-01-01", "level": "a"}
    subject = Subject(
        line=1, subject="E", audience="enterprise", as_of=DAY, facts={"hires": [hire]}
    )
    results, troubles = evaluate_subjects(made, [subject], DAY)
    assert not troubles
    assert [r.verdict for r in results] == ["eligible", "eligible"]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            "x: {from: energy_use, where: kind == colour, count: rows}",
            'unknown fact "colour"',
        ),
        ("x: {from: energy_use, on: as_of, count: rows}", "holds no states"),
        ("x: {from: above_scale_register, on: revenue, any: rows}", "not a day"),
        (
            "x: {from: energy_use, where: y > 1, count: rows}\n"
            "  y: {from: energy_use, where: x > 1, count: rows}",
            "rests on itself",
        ),
        (
            "x: {from: energy_use, where: double > 1, count: rows}\n"
            "  quantity: {label: 一, type: number}\n"
            "  double: {is: quantity * 2}",
            '"double" uses "quantity", which is a column of "energy_use" too',
        ),
        ("x: {from: employee-insurance, count: rows}", "holds rows of resident"),
        ("x: {from: energy_use, over: next period, count: rows}", "is not a span"),
        ("ui_paid_months: {from: energy_use, sum: quantity}", "is declared integer"),
    ],
)
def test_a_mistaken_measure_is_told_with_its_place(
    tmp_path: Path, vocabulary: Vocabulary, facts: str, told: str
) -> None:
    name = facts.split(":")[0]
    body = f"facts:\n  {facts}\nclauses: [{{id: a, says: 一, when: {name} == {name}}}]\n"
    with pytest.raises(FilesRefused) as refused:
        program(tmp_path, vocabulary, bad=body + "benefit: {amount: 1}\n")
    assert told in str(refused.value)
    assert "bad.yaml:" in str(refused.value)


@pytest.mark.parametrize(
    "where",
    [
        "$date(2024, 2, 29) <= day",
        "(first == null) == (second == null)",
        "100 > (n <= 3 ? n : 4)",
        '"x" == word',
    ],
)
def test_a_filter_may_rest_on_the_subject_alone(
    where: str, tmp_path: Path, vocabulary: Vocabulary
) -> None:
    """One subject with several rows: what is joined to these is the same in each of them."""
    body = f"""
facts:
  day: {{label: 日, type: date}}
  first: {{label: 甲, type: boolean, absent: none}}
  second: {{label: 乙, type: boolean, absent: none}}
  n: {{label: 数, type: integer}}
  word: {{label: 词, type: text}}
  hired: {{says: 人数, from: crew, where: '{where}', count: rows}}
rows:
  crew: {{columns: {{who: {{label: 人, type: text}}}}}}
clauses: [{{id: two, says: 一, when: hired == 2}}]
benefit: {{amount: 1}}
"""
    facts: dict[str, Any] = {
        "day": "2024-02-29",
        "first": True,
        "second": False,
        "n": 3,
        "word": "x",
        "crew": [{"who": "a"}, {"who": "b"}],
    }
    subject = Subject(line=1, subject="s", audience=None, as_of=None, facts=facts)
    found, troubles = evaluate_subjects(program(tmp_path, vocabulary, one=body), [subject], DAY)
    assert not troubles
    assert [result.verdict for result in found] == ["eligible"]
