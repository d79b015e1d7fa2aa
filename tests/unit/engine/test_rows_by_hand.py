"""Rows given by hand: what is told of each, worked cases, and explanations of them."""

from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.tree import Tree

from console.explanation_page import build_page
from console.explanation_words import say_reason
from console.show_explanation import tree_of
from engine.by_hand import Result, evaluate_subjects
from engine.explain_by_hand import explain_subjects
from engine.explanation import ClauseTold, Explanation
from engine.program import Program, compile_policies
from policies.load import load_policies
from profiles.hand import Subject
from tests.support.policy_texts import vocabulary, write_policies

DAY = date(2025, 12, 1)
LOANS = """
    effective: {from: 2025-03-16, to: 2025-12-31, at: paid_on}
    rows:
      loans:
        label: {zh: 贷款, en: loans}
        columns:
          loan: {label: 借据, type: text}
          paid_on: {label: 放款日, type: date}
          size: {label: 本金, type: money}
          overdue: {label: 逾期, type: boolean}
          doubled: {label: 两倍, type: money, is: size * 2}
    parameters: {rate: {at: paid_on, source: 一, values: [{from: 2025-01-01, value: 1%}]}}
    clauses: [{id: honest, says: 守信, when: not credit_serious_dishonest}]
    each:
      row: loans
      claim: {of: loan, group: loans}
      facts: {good: {says: 正常, is: not overdue}}
      clauses: [{id: in-order, says: 未逾期, when: good}]
      limits: [{on: size, up_to: 1000, order: paid_on, says: 每户1000元}]
      amount: size_counted * rate
    benefit: {kind: cash, amount: [sum_of_rows, {plus: rows_that_hold}]}
"""
ITEMS = LOANS.replace("clauses: [{id: honest", "per: {each: loan}\n    clauses: [{id: honest", 1)


def program_of(folder: Path, text: str) -> Program:
    paths = write_policies(folder, {"written": text})
    return compile_policies(load_policies(paths, vocabulary()).policies, vocabulary())


def subject(*loans: dict[str, Any], **facts: Any) -> Subject:
    given = {"credit_serious_dishonest": False, "loans": list(loans)} | facts
    return Subject(line=1, subject="F", audience="enterprise", as_of=None, facts=given)


def loan(name: str, **changes: Any) -> dict[str, Any]:
    return {"loan": name, "paid_on": "2025-06-01", "size": 600, "overdue": False} | changes


def evaluate(program: Program, given: Subject) -> Result:
    results, troubles = evaluate_subjects(program, [given], DAY)
    assert troubles == []
    return results[0]


def test_each_row_is_told_with_its_verdict_amount_and_reasons(tmp_path: Path) -> None:
    result = evaluate(
        program_of(tmp_path, LOANS),
        subject(
            loan("late", paid_on="2025-07-01"),
            loan("first"),
            loan("bad", overdue=True),
            loan("open", overdue=None),
            loan("first"),
            loan("old", paid_on="2025-03-15"),
        ),
    )
    # the first by its day takes 600 of the 1000, the later one the 400 that are left
    assert (result.verdict, result.amount_fen) == ("eligible", 400 + 600 + 200)
    assert result.rows is not None
    told = [(row.verdict, row.amount_fen, row.failed, row.missing) for row in result.rows]
    assert told == [
        ("eligible", 400, (), ()),
        ("eligible", 600, (), ()),
        ("ineligible", None, ("in-order",), ()),
        ("unknown", None, (), ("overdue",)),
        ("ineligible", None, ("claim",), ()),
        ("ineligible", None, ("effective",), ()),
    ]
    assert [row["row"] for row in result.as_json()["rows"]] == [1, 2, 3, 4, 5, 6]
    assert (result.unknown, result.missing) == (("in-order",), ("overdue",))


def test_what_is_known_of_the_rows_decides_the_verdict(tmp_path: Path) -> None:
    program = program_of(tmp_path, LOANS)
    cases = {
        "none": (subject(), "ineligible", ("loans",), ()),
        "all fail": (subject(loan("a", overdue=True)), "ineligible", ("in-order",), ()),
        "one open": (
            subject(loan("a", overdue=True), loan("b", overdue=None)),
            "unknown",
            (),
            ("overdue",),
        ),
        "the subject fails": (
            subject(loan("a"), credit_serious_dishonest=True),
            "ineligible",
            ("honest",),
            (),
        ),
        "the subject is unknown": (
            subject(loan("a"), credit_serious_dishonest=None),
            "unknown",
            (),
            ("credit_serious_dishonest",),
        ),
        "the day is missing": (subject(loan("a", paid_on=None)), "unknown", (), ("paid_on",)),
        "what is claimed is missing": (
            subject(loan("a", overdue=True), loan("", loan=None)),
            "unknown",
            (),
            ("loan",),
        ),
    }
    for name, (given, verdict, failed, missing) in cases.items():
        result = evaluate(program, given)
        assert (result.verdict, result.failed, result.missing) == (verdict, failed, missing), name
    facts = {"credit_serious_dishonest": False}
    unknown = Subject(line=1, subject="F", audience="enterprise", as_of=None, facts=facts)
    assert evaluate(program, unknown).missing == ("loans",)


def test_a_claim_that_no_row_given_by_hand_has_does_not_scope(tmp_path: Path) -> None:
    result = evaluate(
        program_of(tmp_path, LOANS), subject(loan("", loan=None), loan("", loan=None))
    )
    assert (result.verdict, result.amount_fen) == ("eligible", 1000 + 200)


def test_a_time_scopes_rows_given_by_hand_once_one_of_them_has_it(tmp_path: Path) -> None:
    timed = LOANS.replace("columns:", "time: {event: drawn_on}\n        columns:", 1).replace(
        "paid_on: {label", "drawn_on: {label: 到账日, type: date}\n          paid_on: {label", 1
    )
    program = program_of(tmp_path, timed)
    assert evaluate(program, subject(loan("a"))).verdict == "eligible"
    later, nothing = loan("a", drawn_on="2025-12-02"), loan("b", drawn_on=None)
    assert evaluate(program, subject(later)).verdict == "ineligible"
    result = evaluate(program, subject(later, nothing))
    assert (result.verdict, result.missing) == ("unknown", ("drawn_on",))


def test_a_row_may_give_what_would_be_worked_out_for_it(tmp_path: Path) -> None:
    result = evaluate(program_of(tmp_path, LOANS), subject(loan("a", overdue=True, good=True)))
    assert result.verdict == "eligible"


def test_each_value_of_a_column_is_an_award_of_its_own(tmp_path: Path) -> None:
    result = evaluate(
        program_of(tmp_path, ITEMS), subject(loan("a"), loan("b", paid_on="2025-08-01"))
    )
    assert result.items == {"a": 700, "b": 500}
    assert result.amount_fen == 1200


def str_of(tree: Tree) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(tree)
    return captured.get()


def explain(program: Program, given: Subject) -> Explanation:
    told, troubles = explain_subjects(program, [given], DAY)
    assert troubles == []
    return told[0]


def clause(told: Explanation, name: str) -> ClauseTold:
    (found,) = [clause for clause in told.clauses if clause.id == name]
    return found


def test_an_explanation_tells_every_row_with_its_clauses(tmp_path: Path) -> None:
    told = explain(
        program_of(tmp_path, LOANS),
        subject(loan("a"), loan("b", overdue=True), loan("a"), loan("c", overdue=None)),
    )
    assert clause(told, "loans").value is True
    values = [clause(told, f"loans[{number}]").value for number in (1, 2, 3, 4)]
    assert values == [True, False, False, None]
    assert clause(told, "loans[1]").says_zh == "第1项：符合，6.00"
    assert clause(told, "claim").value is False
    leaves = [clause for clause in told.clauses if clause.id == "in-order"]
    assert [leaf.value for leaf in leaves] == [True, False, True, None]
    overdue = [fact.value for leaf in leaves for fact in leaf.facts if fact.name == "overdue"]
    assert overdue == [False, True, False, None]
    assert told.steps[0].amount == "6.00"
    assert [fact.label_zh for fact in told.missing] == ["逾期"]


def test_an_explanation_without_rows_says_that_they_are_missing(tmp_path: Path) -> None:
    facts = {"credit_serious_dishonest": False}
    given = Subject(line=1, subject="F", audience="enterprise", as_of=None, facts=facts)
    told = explain(program_of(tmp_path, LOANS), given)
    assert told.verdict == "unknown"
    assert [fact.label_zh for fact in told.missing] == ["贷款"]


def test_the_amount_of_each_row_that_holds_is_told_step_by_step_with_its_part_of_a_limit(
    tmp_path: Path,
) -> None:
    steps = "amount: [{first: size_counted, says: 计入本金}, {times: rate}, {round: up to 0.1}]"
    text = LOANS.replace("amount: size_counted * rate", steps)
    given = subject(loan("A", paid_on="2025-05-01", size=705.5), loan("B"), loan("C", overdue=True))
    told = explain(program_of(tmp_path, text), given)
    assert [(row.name, row.label_zh, row.amount) for row in told.rows] == [
        ("loans[1]", "第1项", "7.10"),
        ("loans[2]", "第2项", "3.00"),
    ]
    assert [(s.does_zh, s.operand_zh, s.amount) for s in told.rows[1].steps] == [
        ("取限额内部分（每户1000元）", "294.50元", "294.50"),
        ("乘以rate", "1%", "2.95"),
        ("向上取整到0.10元的倍数", "0.10元", "3.00"),
    ]
    rate = next(fact for fact in told.rows[1].facts if fact.name == "rate")
    assert rate.parameter is not None
    assert (rate.parameter.chosen_by, rate.parameter.chosen_by_zh) == ("paid_on", "放款日")
    assert {"size", "size_counted", "rate"} <= {fact.name for fact in told.rows[1].facts}
    assert "good" not in {fact.name for fact in told.rows[1].facts}
    for language, label in (("zh", "第2项"), ("en", "row 2")):
        page = build_page([told], [language])
        assert f"<strong>{label}</strong>" in page
        assert "294.50" in page
        lines = str_of(tree_of(told, language))
        assert "294.50" in lines


def test_what_is_not_yet_is_named_by_what_the_clause_says(tmp_path: Path) -> None:
    text = """
        clauses:
          - {id: half-a-year, says: {zh: 参保满半年, en: insured for half a year},
             when: ui_paid_months >= 6, not_yet: true}
        benefit: {kind: cash, amount: 5}
    """
    five = Subject(line=1, subject="F", audience=None, as_of=None, facts={"ui_paid_months": 5})
    told = explain(program_of(tmp_path, text), five)
    assert [say_reason(reason, told, "zh") for reason in told.reasons] == ["尚未达到：参保满半年"]
    assert say_reason(told.reasons[0], told, "en") == "not yet: insured for half a year"


def test_rows_and_awards_are_plain_data_too(tmp_path: Path) -> None:
    given = subject(loan("a"), loan("b", overdue=None), loan("c", overdue=True))
    told = evaluate(program_of(tmp_path, LOANS), given).as_json()
    assert told["rows"] == [
        {"row": 1, "verdict": "eligible", "amount": "6.00", "failed": [], "unknown": [],
         "missing": []},
        {"row": 2, "verdict": "unknown", "amount": None, "failed": [], "unknown": ["in-order"],
         "missing": ["overdue"]},
        {"row": 3, "verdict": "ineligible", "amount": None, "failed": ["in-order"], "unknown": [],
         "missing": []},
    ]  # fmt: skip
    assert "items" not in told
    # for each loan: one per cent of what counts, and one for the row
    awards = evaluate(program_of(tmp_path, ITEMS), subject(loan("a"), loan("b", size=300)))
    assert awards.as_json()["items"] == {"a": "7.00", "b": "4.00"}


def test_a_sum_waits_for_what_its_rows_wait_for(tmp_path: Path) -> None:
    result = evaluate(program_of(tmp_path, LOANS), subject(loan("a"), loan("b", size=None)))
    assert (result.verdict, result.amount_fen, result.missing) == ("eligible", None, ("size",))
