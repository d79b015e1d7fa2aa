"""What `check` says of expressions that can be read: where, and whether it is an error."""

from pathlib import Path

import pytest

from language.errors import FilesRefused, Problem
from language.unit import MONEY, RATIO, Unit, parse_unit
from policies.doubt import Quantities, know_quantities
from policies.load import CATALOGUE, load_policies
from policies.policy_file import ParameterFile
from tests.support.policy_texts import HEAD, load_text, vocabulary

POLICY = """\
effective: {from: 2024-01-01, to: 2025-12-31}
per: year
parameters:
  share: {source: 办法 一, value: 5.5%%}
  least: {source: 办法 一, value: 500元}
  term: {source: 办法 一, unit: month, value: 12}
facts:
  invested: {label: 投入, type: money, unit: yuan}
  income: {label: 收入, type: money, unit: yuan/month}
  staff: {label: 人数, type: integer, unit: person}
  growth: {label: 增幅, type: number, unit: percent}
  founded: {label: 成立, type: date}
  kind: {label: 类别, type: code, values: [a, b]}
  mine: {label: 比例, is: %s}
clauses:
  - {id: one, says: 一, source: 办法 二, when: %s}
  - {id: rest, says: 二, when: share * mine > 0 and least > 0 and term > 0 and mine > 0}
benefit: {kind: cash, amount: [%s]}
delivery: confirm
examples: {as_of: 2024-06-30, cases: []}
"""
FINE = {"is_": "invested / least", "when": "staff > 3", "amount": "invested"}


def told(folder: Path, **parts: str) -> tuple[list[Problem], list[Problem]]:
    """The errors and the warnings of the policy with these expressions."""
    chosen = FINE | parts
    text = POLICY % (chosen["is_"], chosen["when"], chosen["amount"])
    try:
        warnings = load_text(folder, text).warnings
        return [], [warning for warning in warnings if "never used" not in warning.message]
    except FilesRefused as refused:
        return refused.problems, []


def place_of(needle: str, **parts: str) -> tuple[int, int]:
    chosen = FINE | parts
    text = HEAD + POLICY % (chosen["is_"], chosen["when"], chosen["amount"])
    for number, line in enumerate(text.splitlines(), start=1):
        if needle in line:
            return number, line.index(needle) + 1
    raise AssertionError(needle)


def test_an_unremarkable_policy_is_passed_without_a_word(tmp_path: Path) -> None:
    assert told(tmp_path) == ([], [])


@pytest.mark.parametrize(
    ("part", "text", "at", "message"),
    [
        ("when", '"staff > 3 and invested > share"', "share\"", "(yuan) and share (a ratio)"),
        ("when", '"staff > 1 and growth <= share"', "share\"", "(percent) and share (a ratio)"),
        ("when", '"$years(founded, as_of) > term"', "term\"", "(year) and term (month)"),
        ("when", '"mine > invested"', "invested\"", "mine (a ratio) and invested (yuan)"),
        ("is_", "invested + growth", "growth}", '"+" adds invested (yuan) and growth (percent)'),
        ("amount", '"invested + term"', "term\"]", '"+" adds invested (yuan) and term (month)'),
    ],
)  # fmt: skip
def test_units_that_cannot_fit_are_errors_where_they_stand(
    tmp_path: Path, part: str, text: str, at: str, message: str
) -> None:
    errors, _ = told(tmp_path, **{part: text})
    (error,) = (e for e in errors if "(" in e.message)
    assert message in error.message
    assert error.remedy
    assert (error.line, error.column) == place_of(at, **{part: text})


@pytest.mark.parametrize(
    ("part", "text", "at", "message"),
    [
        ("when", '"staff > 3 and staff >= 0"', "staff >= 0", "always holds"),
        ("when", '"staff > 3 and staff < 2"', "staff < 2", "can never hold"),
        ("when", '"staff in [1, 2, 1]"', '1]"', "stands twice"),
        ("when", """'staff > 1 and kind in ["a", "b"]'""", "kind in", "always holds"),
        ("when", '"invested > 1 or staff > 2 and staff < 9"', "or staff", "binds looser"),
        ("when", '"not staff == 3"', "not staff", "binds looser"),
        ("when", '"income > invested - income"', "income\"", "(yuan/month)"),
        ("is_", "'invested > invested ? 1 : 2'", "invested > invested", "can never hold"),
    ],
)  # fmt: skip
def test_a_likely_slip_is_a_warning_where_it_stands(
    tmp_path: Path, part: str, text: str, at: str, message: str
) -> None:
    errors, warnings = told(tmp_path, **{part: text})
    assert errors == []
    found = next(w for w in warnings if message in w.message)
    assert found.remedy
    assert (found.line, found.column) == place_of(at, **{part: text})


def test_a_mistake_in_a_fact_of_the_policy_is_shown_within_its_formula(tmp_path: Path) -> None:
    errors, _ = told(tmp_path, is_="invested / kind")
    assert place_of("kind}", is_="invested / kind") in {(e.line, e.column) for e in errors}


@pytest.mark.parametrize(
    ("times", "warned"), [("12", False), ("4", False), ("50%", True), ("1", True), ("100", True)]
)
def test_a_rate_of_a_month_times_months_may_be_told_for_a_year(
    tmp_path: Path, times: str, warned: bool
) -> None:
    text = (
        "facts: {income: {label: 收入, type: money, unit: yuan/month}}\n"
        "clauses: [{id: a, says: 一, source: 一, when: income > 3}]\n"
        f"benefit: {{unit: yuan/year, amount: [income, {{times: {times}}}]}}\n"
    )
    told_of = [w.message for w in load_text(tmp_path, text).warnings]
    assert any("it is told in yuan/year" in message for message in told_of) == warned


@pytest.mark.parametrize(
    ("steps", "says", "certain"),
    [
        ("invested, {times: share}, {at_most: least}", None, False),
        ("invested, {times: 50%%}, {minus: least}", None, False),
        ("share, {times: invested}, {plus: least}, {round: down to 1}", None, False),
        ("income, {times: term}, {at_most: invested}", None, False),
        ("invested, {plus: share}", "adds a ratio where yuan stands", True),
        ("invested, {at_most: term}", "bounds by month where yuan stands", True),
        ("invested, {times: share}, {nothing_below: share}", "compares with a ratio", True),
        ("invested, {minus: income}", "takes off yuan/month where yuan stands", False),
        ("income, {times: 12}, {minus: invested}", None, False),
        ("share, {times: 2}", "the amount is a ratio, it is told in yuan", False),
        ("'staff + 1', {times: 2}", "the amount is person, it is told in yuan", False),
    ],
)
def test_steps_of_an_amount_have_units_that_fit(
    tmp_path: Path, steps: str, says: str | None, certain: bool
) -> None:
    steps = steps.replace("%%", "%")
    errors, warnings = told(tmp_path, amount=steps)
    found = [problem.message for problem in (errors if certain else warnings)]
    assert len(errors) == int(certain)
    assert [message for message in found if says and says in message] == found
    assert bool(found) == (says is not None)


def test_a_mistyped_fact_is_shown_with_its_chinese_name(tmp_path: Path) -> None:
    errors, _ = told(tmp_path, when="stafff > 3")
    assert [error.remedy for error in errors] == ['did you mean "staff" 人数?']
    errors, _ = told(tmp_path, when="ent_siz == 3")
    assert errors[0].remedy.startswith('did you mean "ent_size" ')


def test_the_catalogue_gives_no_warning_of_a_doubt() -> None:
    loaded = load_policies([CATALOGUE], vocabulary())
    words = ("always holds", "never hold", "binds looser", "stands twice", "(yuan", "(a ratio)")
    assert [w for w in loaded.warnings if any(word in w.message for word in words)] == []


@pytest.mark.parametrize(
    ("parameter", "bare"),
    [
        ("{values: [{from: 2024-01-01, source: 文, value: 1}]}", None),
        (
            "{values: [{from: 2024-01-02, source: 文, value: 1}]}",
            "2024-01-01, when the policy begins",
        ),
        ("{values: [{from: 2023-01-01, to: 2025-12-31, source: 文, value: 1}]}", None),
        ("{values: [{from: 2023-01-01, to: 2025-12-30, source: 文, value: 1}]}", "2025-12-31"),
        (
            "{values: [{from: 2023-01-01, to: 2024-06-30, source: 文, value: 1}, "
            "{from: 2024-07-02, source: 文, value: 2}]}",
            "2024-07-01",
        ),
        (
            "{values: [{from: 2023-01-01, source: 文, value: 1}, "
            "{from: 2024-07-02, to: 2024-08-01, source: 文, value: 2}]}",
            None,
        ),
        (
            "{at: founded, values: [{from: 2010-01-01, to: 2012-12-31, source: 文, value: 1}, "
            "{from: 2013-02-01, to: 2020-12-31, source: 文, value: 2}]}",
            "2013-01-01",
        ),
        (
            "{at: founded, values: [{from: 2010-01-01, to: 2012-12-31, source: 文, value: 1}, "
            "{from: 2013-01-01, to: 2020-12-31, source: 文, value: 2}]}",
            None,
        ),
    ],
)
def test_the_first_day_without_a_value_is_named(
    tmp_path: Path, parameter: str, bare: str | None
) -> None:
    text = f"""\
    effective: {{from: 2024-01-01, to: 2025-12-31}}
    per: year
    parameters:
      least: {parameter}
    facts: {{founded: {{label: 成立, type: date}}}}
    clauses: [{{id: one, says: 一, when: $year(founded) > least}}]
    benefit: {{kind: cash, amount: "1"}}
    delivery: confirm
    """
    warnings = [w.message for w in load_text(tmp_path, text).warnings if "no value" in w.message]
    assert warnings == ([] if bare is None else [f'"least" has no value on {bare}'])


def test_a_very_long_value_is_not_quoted_in_full(tmp_path: Path) -> None:
    errors, _ = told(tmp_path, when="'staff > " + "9" * 3000 + "'")
    assert errors
    assert all(len(str(error)) < 1500 for error in errors)
    errors, _ = told(tmp_path, amount="{times: " + "9" * 3000 + "}")
    assert errors
    assert all(len(str(error)) < 1500 for error in errors)


@pytest.mark.parametrize(
    ("parameter", "unit"),
    [
        ({"value": "5.5%"}, RATIO),
        ({"value": "5.5%", "unit": "percent"}, RATIO),
        ({"value": "5.5", "unit": "percent"}, parse_unit("percent")),
        ({"value": "5.5", "unit": "percent", "type": "ratio"}, None),
        ({"value": "5.5", "type": "ratio"}, RATIO),
        ({"value": "5.5"}, None),
        ({"value": "500元"}, MONEY),
        ({"value": "500", "type": "money"}, MONEY),
        ({"value": "500", "type": "money", "unit": "万元"}, MONEY),
        ({"value": "500", "unit": "yuan/month"}, parse_unit("yuan/month")),
        ({"by": "size", "rows": {"a": "5%", "else": "6%"}}, RATIO),
        ({"by": "size", "rows": {"a": {"b": "5%", "c": "6"}}}, None),
        ({"values": [{"from": "2024-01-01", "value": "3%"}, {"value": "4‰"}]}, RATIO),
        ({"by": "n", "tiers": [{"over": "0", "rate": "3%"}]}, None),
        ({"by": "n", "unit": "yuan", "tiers": [{"over": "0", "rate": "3%"}]}, parse_unit("yuan")),
    ],
)
def test_the_unit_of_a_parameter_is_what_it_says_or_how_it_is_written(
    parameter: dict[str, object], unit: Unit | None
) -> None:
    file = ParameterFile.model_validate(parameter)
    assert know_quantities({}, {"p": file}).units == {"p": unit}


def test_a_column_of_a_row_has_not_the_unit_of_a_fact_of_the_same_name() -> None:
    known = Quantities(units={"paid": MONEY, "age": None}, counts=frozenset({"age", "staff"}))
    fewer = known.without(frozenset({"paid", "staff"}))
    assert fewer == Quantities(units={"age": None}, counts=frozenset({"age"}))
