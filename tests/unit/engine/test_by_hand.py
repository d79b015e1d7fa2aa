"""Facts given by hand: null against left out, rows in place of facts, and what stands beside it."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.amount import show_yuan
from engine.by_hand import Result, evaluate_subjects
from engine.program import Program, compile_policies
from policies.load import CATALOGUE, load_policies
from profiles.hand import Subject, Trouble
from tests.support.policy_texts import vocabulary, write_policies

DAY = date(2025, 9, 1)


def program_of(folder: Path, **texts: str) -> Program:
    named = {name.replace("_", "-"): text for name, text in texts.items()}
    loaded = load_policies(write_policies(folder, named), vocabulary())
    return compile_policies(loaded.policies, vocabulary())


def subject(name: str, facts: Mapping[str, Any], **others: Any) -> Subject:
    chosen: dict[str, Any] = {"line": 1, "audience": "enterprise", "as_of": None} | others
    return Subject(subject=name, facts=facts, **chosen)


def evaluate(program: Program, *given: Mapping[str, Any]) -> list[Result]:
    """One subject for each set of facts, in one batch; troubles fail."""
    subjects = [subject(f"S{number}", facts) for number, facts in enumerate(given)]
    results, troubles = evaluate_subjects(program, subjects, DAY)
    assert troubles == []
    return results


LAYOFFS = """
    facts: {layoff_rate_pct: {says: 裁员率, is: ui_benefit_recipients * 100 / ui_insured_count}}
    clauses: [{id: few, says: 一, when: layoff_rate_pct <= 5}]
    benefit: {amount: 100}
"""


def test_a_computed_fact_is_computed_only_where_it_is_not_given(tmp_path: Path) -> None:
    """Given as null it is missing, whatever it could be computed from; the batch mixes all."""
    parts = {"ui_benefit_recipients": 4, "ui_insured_count": 100}
    left_out, null, given_bad, given_good, nothing = evaluate(
        program_of(tmp_path, rate=LAYOFFS),
        parts,
        parts | {"layoff_rate_pct": None},
        parts | {"layoff_rate_pct": 5.01},
        {"layoff_rate_pct": 5},
        {},
    )
    assert left_out.verdict == "eligible"
    assert (null.verdict, null.missing) == ("unknown", ("layoff_rate_pct",))
    assert (given_bad.verdict, given_bad.failed) == ("ineligible", ("few",))
    assert given_good.verdict == "eligible"
    assert nothing.verdict == "unknown"
    assert nothing.missing == ("ui_benefit_recipients", "ui_insured_count")


def test_a_fact_of_another_audiences_policy_is_no_unknown_fact(tmp_path: Path) -> None:
    text = "facts: {own_mark: {type: integer}}\nclauses: [{id: a, says: 一, when: own_mark > 1}]\n"
    paths = write_policies(
        tmp_path,
        {"firm": text + "benefit: {amount: 1}\n",
         "person": "clauses: [{id: b, says: 一, when: hh_dibao}]\nbenefit: {amount: 1}\n"},
    )  # fmt: skip
    written = paths[1].read_text(encoding="utf-8")
    paths[1].write_text(written.replace("enterprise", "resident"), encoding="utf-8")
    program = compile_policies(load_policies(paths, vocabulary()).policies, vocabulary())
    anybody = subject("S", {"own_mark": 2}, audience=None)
    results, troubles = evaluate_subjects(program, [anybody], DAY)
    assert troubles == []
    assert [r.verdict for r in results] == ["eligible", "unknown"]


CLOSED = """
    facts:
      closed_on: {label: 停业日期, type: date, absent: none, null: none}
      staff_now: {label: 现有人数, type: integer}
    clauses:
      - {id: open, says: 一, when: closed_on == null}
      - {id: staffed, says: 二, when: staff_now > 0}
    benefit: {amount: 100}
"""


def test_null_says_does_not_apply_only_of_a_fact_that_is_declared_so(tmp_path: Path) -> None:
    staffed = {"staff_now": 3}
    never, left_out, unknown, closed, unstaffed = evaluate(
        program_of(tmp_path, closed=CLOSED),
        staffed | {"closed_on": None},
        staffed,
        staffed | {"closed_on": "unknown"},
        staffed | {"closed_on": "2024-01-01"},
        {"closed_on": None, "staff_now": None},
    )
    assert never.verdict == "eligible"
    assert (left_out.verdict, left_out.missing) == ("unknown", ("closed_on",))
    assert (unknown.verdict, unknown.missing) == ("unknown", ("closed_on",))
    assert (closed.verdict, closed.failed) == ("ineligible", ("open",))
    assert (unstaffed.verdict, unstaffed.missing) == ("unknown", ("staff_now",))


REGIONAL = """
    region: {in: ["440000"], except: ["440300"]}
    clauses: [{id: a, says: 一, when: ui_paid_months > 1}]
    benefit: {amount: 1}
"""


def test_a_region_scopes_only_those_who_gave_one(tmp_path: Path) -> None:
    given: list[dict[str, Any]] = [
        {},
        {"ent_region": None},
        {"ent_region": "440100"},
        {"ent_region": "440305"},
        {"ent_region": "110000"},
    ]
    results = evaluate(
        program_of(tmp_path, regional=REGIONAL), *({"ui_paid_months": 2} | g for g in given)
    )
    assert [result.verdict for result in results] == [
        "eligible", "unknown", "eligible", "ineligible", "ineligible",
    ]  # fmt: skip
    assert results[1].missing == ("ent_region",)
    assert results[3].failed == results[4].failed == ("region",)


def test_a_region_measured_from_rows_scopes_only_whose_rows_they_are(tmp_path: Path) -> None:
    row = {"region": "370000", "registered_on": "2020-01-01"}
    without, with_rows, by_hand = evaluate(
        program_of(tmp_path, regional=REGIONAL),
        {"ui_paid_months": 2},
        {"ui_paid_months": 2, "registration": [row]},
        {"ui_paid_months": 2, "registration": [row], "ent_region": "440100"},
    )
    assert without.verdict == "eligible"
    assert (with_rows.verdict, with_rows.failed) == ("ineligible", ("region",))
    assert by_hand.verdict == "eligible"


def test_rows_given_by_hand_are_all_the_rows_there_are(tmp_path: Path) -> None:
    text = """
        clauses: [{id: months, says: 一, when: ui_paid_months >= 2}]
        benefit: {amount: ui_premium_prev_year}
    """
    months = [
        {"month": f"2024-{month:02d}", "insured": 3, "premium": "10.05", "paid_in_full": True}
        for month in (1, 2, 3)
    ]
    three, none, left_out, both, null_row = evaluate(
        program_of(tmp_path, months=text),
        {"unemployment-insurance": months},
        {"unemployment-insurance": []},
        {},
        {"unemployment-insurance": months, "ui_premium_prev_year": 7},
        {"unemployment-insurance": [months[0], months[1], months[2] | {"premium": None}]},
    )
    assert (three.verdict, three.amount_fen) == ("eligible", 3015)
    assert (none.verdict, none.failed) == ("ineligible", ("months",))
    assert (left_out.verdict, left_out.missing) == ("unknown", ("ui_paid_months",))
    assert (both.verdict, both.amount_fen) == ("eligible", 700)
    assert (null_row.verdict, null_row.amount_fen) == ("eligible", None)
    assert null_row.missing == ("ui_premium_prev_year",)


def test_own_facts_of_one_name_keep_the_type_of_their_policy(tmp_path: Path) -> None:
    """Money is held in fen: read as the other policy's number it would be a hundred times off."""
    form = """
        facts: {{spent: {{label: {{zh: 支出, en: spent}}, type: {type}}}}}
        clauses: [{{id: a, says: 一, when: spent >= 100}}]
        benefit: {{amount: spent}}
    """
    program = program_of(
        tmp_path,
        first=form.format(type="money"),
        second=form.format(type="number"),
        third="""
            facts: {spent: {label: {zh: 支出, en: spent}, type: boolean}}
            clauses: [{id: a, says: 一, when: not spent}]
            benefit: {amount: 1}
        """,
    )
    results, troubles = evaluate_subjects(program, [subject("a", {"spent": 100})], DAY)
    assert [(r.policy, r.verdict, r.amount_fen) for r in results] == [
        ("first", "eligible", 10_000), ("second", "eligible", 10_000), ("third", "unknown", None),
    ]  # fmt: skip
    assert len(troubles) == 1
    assert '"spent" is neither true nor false' in str(troubles[0])


def test_none_says_that_a_fact_does_not_apply_and_only_where_it_may(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        never="""
            clauses: [{id: a, says: 一, when: hnte_event == null}]
            benefit: {amount: 1}
        """,
        first="""
            clauses: [{id: b, says: 一, when: hnte_event == "first"}]
            benefit: {amount: 1}
        """,
    )
    subjects = [
        subject("none", {"hnte_event": "none"}),
        subject("unknown", {"hnte_event": "unknown"}),
        subject("first", {"hnte_event": "first"}),
        subject("wrong", {"hnte_event": "first", "ent_size": "none"}, line=9),
    ]
    results, troubles = evaluate_subjects(program, subjects, DAY)
    assert [(r.policy, r.verdict) for r in results[:6]] == [
        ("never", "eligible"), ("first", "ineligible"),
        ("never", "unknown"), ("first", "unknown"),
        ("never", "ineligible"), ("first", "eligible"),
    ]  # fmt: skip
    wanted = '"ent_size" is none of large, medium, small, micro; it counts as missing'
    assert troubles == [Trouble(line=9, message=wanted)]


def test_results_stand_in_the_order_of_subjects_then_of_policies(tmp_path: Path) -> None:
    text = "clauses: [{{id: a, says: 一, when: '{}'}}]\nbenefit: {{amount: 1}}\n"
    paths = write_policies(
        tmp_path,
        {"zz": text.format("is_zombie"), "people": text.format("hh_dibao"),
         "aa": text.format("first_sishang")},
    )  # fmt: skip
    written = paths[1].read_text(encoding="utf-8")
    paths[1].write_text(written.replace("enterprise", "resident"), encoding="utf-8")
    program = compile_policies(load_policies(paths, vocabulary()).policies, vocabulary())
    assert [policy.id for policy in program.policies] == ["zz", "people", "aa"]
    subjects = [
        subject("second", {}, as_of=date(2025, 1, 1)),
        subject("either", {}, audience=None),
        subject("person", {}, audience="resident"),
        subject("nobody", {}, audience="household"),
        subject("first", {}, as_of=date(2024, 1, 1)),
    ]
    results, _ = evaluate_subjects(program, subjects, DAY)
    assert [(r.subject, r.policy) for r in results] == [
        ("second", "zz"), ("second", "aa"),
        ("either", "zz"), ("either", "people"), ("either", "aa"),
        ("person", "people"),
        ("first", "zz"), ("first", "aa"),
    ]  # fmt: skip


def test_each_line_is_evaluated_on_its_own_day() -> None:
    path = CATALOGUE / "enterprise" / "e27-high-tech-awards-guangzhou.yaml"
    program = compile_policies(load_policies([path], vocabulary()).policies, vocabulary())
    facts = {"hnte_event": "first", "first_sishang": False, "rd_expense": 1}
    days = [date(2024, 9, 2), None, date(2024, 9, 1)]
    subjects = [subject(f"S{n}", facts, as_of=day) for n, day in enumerate(days)]
    results, _ = evaluate_subjects(program, subjects, date(2021, 7, 26))
    assert [(r.verdict, r.failed) for r in results] == [
        ("ineligible", ("effective",)), ("ineligible", ("effective",)), ("eligible", ()),
    ]  # fmt: skip


def test_what_cannot_be_read_counts_as_missing_and_the_neighbours_stay(tmp_path: Path) -> None:
    program = program_of(tmp_path, rate=LAYOFFS)
    subjects = [
        subject("a", {"layoff_rate_pct": 1}, line=1),
        subject("b", {"layoff_rate_pct": "viele"}, line=2),
        subject("c", {"layoff_rate": 1, "layoff_rate_pct": 9}, line=3),
    ]
    results, troubles = evaluate_subjects(program, subjects, DAY)
    assert [r.verdict for r in results] == ["eligible", "unknown", "ineligible"]
    told = [str(trouble) for trouble in troubles]
    assert any(t.startswith("line 2:") and "layoff_rate_pct" in t for t in told)
    assert any(t.startswith("line 3:") and 'did you mean "layoff_rate_pct"' in t for t in told)
    assert not any("viele" in t for t in told)


def test_one_subject_gets_the_same_alone_and_in_a_batch() -> None:
    """A giant beside it sends the batch to the reference; its own result may not change."""
    path = CATALOGUE / "enterprise" / "e06-disability-levy-reduction.yaml"
    program = compile_policies(load_policies([path], vocabulary()).policies, vocabulary())
    usual = {"staff_prev_year": 31.5, "disabled_staff_prev_year": 0, "avg_wage_prev_year": 80_000,
             "p_disabled_ratio_pct": 1.5, "ent_type": "enterprise"}  # fmt: skip
    giant = usual | {"staff_prev_year": 10**14, "avg_wage_prev_year": 10**15}
    tiny = usual | {"staff_prev_year": "0.0000001"}
    (alone,) = evaluate(program, usual)
    batch = evaluate(program, usual, giant, tiny)
    assert batch[0] == alone
    # 31.5 × 1.5 % × 80,000 is the levy, of which 90 % stay due
    assert (alone.amount_fen, alone.amounts_fen) == (378_000, {"payable": 3_402_000})


@pytest.mark.parametrize(
    ("fen", "yuan"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_456, "1234.56"), (-100, "-1.00"), (None, None)],
)
def test_fen_are_written_as_yuan_with_two_decimals(fen: int | None, yuan: str | None) -> None:
    assert show_yuan(fen) == yuan


def test_a_result_is_plain_data_with_amounts_in_yuan(tmp_path: Path) -> None:
    text = """
        benefit:
          portions:
            - {id: base, says: 一, amount: 100.5}
            - {id: more, says: 二, when: first_sishang, amount: 2}
          also: {told: {label: 另, amount: revenue}}
    """
    (result,) = evaluate(program_of(tmp_path, lines=text), {"revenue": 3})
    assert result.as_json() == {
        "subject": "S0", "policy": "lines", "version": "1", "verdict": "eligible",
        "amount": "100.50", "amounts": {"told": "3.00", "base": "100.50", "more": None},
        "failed": [], "unknown": ["more"], "missing": ["first_sishang"],
    }  # fmt: skip
