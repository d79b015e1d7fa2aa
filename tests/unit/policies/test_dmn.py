"""Decision tables of DMN files: kept with their meaning, or refused with the reason."""

import itertools
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from engine.by_hand import evaluate_subjects
from engine.program import compile_policies
from policies.dmn import DmnTable, read_dmn
from policies.errors import TableFileRefused
from policies.load import load_policies
from policies.sfeel import NotKept, read_unary_tests, read_value
from policies.table_yaml import write_dmn_table, write_missing_facts
from profiles.hand import Subject
from tests.support.policy_texts import HEAD, vocabulary

FILES = Path(__file__).parents[2] / "fixtures/dmn"
DAY = date(2025, 9, 1)


@pytest.mark.parametrize(
    ("text", "feel", "cell"),
    [
        ("-", "number", "-"),
        ("", "string", "-"),
        ("5", "number", "5"),
        ("-5.50", "number", "-5.50"),
        (".5", "number", "0.5"),
        ("< 5", "number", "< 5"),
        (">=  5", "number", ">= 5"),
        ("[1..5]", "number", "[1..5]"),
        ("]1..5[", "number", "(1..5)"),
        ("(1..5]", "number", "(1..5]"),
        ("1, [3..4], > 9", "number", "1, [3..4], > 9"),
        ('"a"', "string", '"a"'),
        ('"a, b","c(d"', "string", '"a, b", "c(d"'),
        ('not("a","b")', "string", 'not("a", "b")'),
        ("not(< 3)", "number", "not(< 3)"),
        ("true", "boolean", "true"),
        ('date("2025-05-01")', "date", "2025-05-01"),
        ('> date("2025-05-01")', "date", "> 2025-05-01"),
        ('[date("2025-01-01")..date("2025-02-01")[', "date", "[2025-01-01..2025-02-01)"),
    ],
)
def test_a_cell_keeps_its_meaning(text: str, feel: str, cell: str) -> None:
    assert read_unary_tests(text, feel) == cell  # type: ignore[arg-type]  # a type of the table


@pytest.mark.parametrize(
    ("text", "feel", "reason"),
    [
        ("null", "number", "what is missing is unknown"),
        ("limit", "number", "names something"),
        ("< limit", "number", "names something"),
        ("high", "string", "a text stands in quotes"),
        ('< "a"', "string", "only numbers and days have an order"),
        ("1e3", "number", "exponent"),
        ('duration("P1D")', "date", "times and durations"),
        ('date and time("2025-01-01T00:00:00")', "date", "times and durations"),
        ("max(1, 2)", "number", "calls a function"),
        ('contains(?, "a")', "string", "calls a function"),
        ('"5"', "number", "is a string, here stands a number"),
        ("5", "string", "is a number, here stands a string"),
        ('date("2025-02-30")', "date", "is no day"),
        ("1 +", "number", "is neither"),
        ('"a\\"b"', "string", "quotation mark inside"),
        ("[1..]", "number", "is neither"),
        ("1,,2", "number", "is neither"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_reason(text: str, feel: str, reason: str) -> None:
    with pytest.raises(NotKept, match=reason.replace("(", r"\(")):
        read_unary_tests(text, feel)  # type: ignore[arg-type]  # a type of the table


def test_values_of_outputs_are_plain() -> None:
    assert read_value('"高校毕业生"', "string") == "高校毕业生"
    assert read_value("400.50", "number") == "400.50"
    with pytest.raises(NotKept):
        read_value("", "number")


def policy_with(tables: list[DmnTable], folder: Path, shown: str, extra: str) -> Path:
    text = (
        HEAD.format(name="imported")
        + "effective: {from: 2025-01-01}\nfacts:\n"
        + write_missing_facts(tables, vocabulary().facts)
        + extra
        + "tables:\n"
        + "".join(write_dmn_table(table, vocabulary().facts) for table in tables)
        + "clauses: [{id: always, says: 一, when: started}]\n"
        + f"benefit: {{amount: {shown}}}\nexamples: {{as_of: 2025-09-01, cases: []}}\n"
    )
    path = folder / "imported.yaml"
    path.write_text(text, encoding="utf-8")
    return path


STARTED = "  started: {label: 开始, type: boolean}\n"


def amounts(path: Path, cases: list[dict[str, object]]) -> list[int | None]:
    loaded = load_policies([path], vocabulary())
    program = compile_policies(loaded.policies, vocabulary())
    subjects = [
        Subject(
            line=number,
            subject=str(number),
            audience="enterprise",
            as_of=DAY,
            facts={"started": True, **case},
        )
        for number, case in enumerate(cases)
    ]
    results, troubles = evaluate_subjects(program, subjects, DAY)
    assert troubles == []
    return [result.amount_fen for result in results]


def test_a_table_gives_what_dmn_gives(tmp_path: Path) -> None:
    tables = read_dmn(FILES / "hiring.dmn", None, {"age": "worker_age"})
    path = policy_with(tables, tmp_path, "monthly", STARTED)
    groups = ["graduate", "youth", "other"]
    ages = [15, 16, 24, 25, 29, 30, 60, 61, 64, 65, 66]
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 6, 30), date(2025, 7, 1),
            date(2025, 12, 31), date(2026, 1, 1)]  # fmt: skip

    def rules(group: str, age: int, day: date) -> int:
        """The file's three rules as a person reads them."""
        if group == "graduate" and age < 30 and date(2025, 1, 1) <= day <= date(2025, 12, 31):
            return 150_000
        if group in ("graduate", "youth") and (16 <= age <= 24 or 60 < age < 65):
            return 100_000
        if group != "other" and day >= date(2025, 7, 1):
            return 40_050
        return 0

    points = list(itertools.product(groups, ages, days))
    cases: list[dict[str, object]] = [
        {"worker_group": group, "worker_age": age, "hired_on": day.isoformat()}
        for group, age, day in points
    ]
    assert amounts(path, cases) == [rules(*point) for point in points]
    assert tables[0].rows[0].says == "高校毕业生；依据：办法 三"


def test_a_missing_input_leaves_the_output_unknown_unless_it_is_the_same(tmp_path: Path) -> None:
    path = policy_with(
        read_dmn(FILES / "hiring.dmn", None, {"age": "worker_age"}), tmp_path, "monthly", STARTED
    )
    assert amounts(path, [{"worker_group": "other"}, {"worker_group": "youth"}]) == [0, None]


def test_decisions_that_rest_on_others_become_tables_that_use_each_other(tmp_path: Path) -> None:
    tables = read_dmn(FILES / "chained.dmn", "Grant", {"Size of firm": "ent_size"})
    assert [table.name for table in tables] == ["firm_class", "grant"]
    facts = "  staff: {label: 人数, type: integer}\n  staff_before: {label: 人数, type: integer}\n"
    path = policy_with(tables, tmp_path, "grant", STARTED + facts)

    def model(size: str, more: int) -> int:
        kind = "a" if size in ("small", "micro") else "b"
        return 100 * (100 * (kind == "a") + 50 * (more > 0))

    points = list(itertools.product(["small", "micro", "medium", "large"], [-1, 0, 1]))
    cases: list[dict[str, object]] = [
        {"ent_size": size, "staff": 10 + more, "staff_before": 10} for size, more in points
    ]
    found = amounts(path, cases)
    # where no rule applies there is no value: the sum of nothing
    assert [n or 0 for n in found] == [model(*point) for point in points]


XML = (FILES / "hiring.dmn").read_text(encoding="utf-8")


def edited(old: str, new: str) -> Callable[[], bytes]:
    assert old in XML
    return lambda: XML.replace(old, new).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: XML[: len(XML) // 2].encode(), "is no XML that can be read"),
        (lambda: b"hello", "is no XML"),
        (lambda: b"", "is no XML"),
        (lambda: b"<a/>", "is no DMN file"),
        (lambda: b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type definition"),
        (lambda: XML.encode("utf-16"), "document type definition|no XML"),
        (lambda: b"<a>" * 500 + b"</a>" * 500, "nested too deep"),
        (edited('hitPolicy="FIRST"', 'hitPolicy="BEST"'), 'hit policy "BEST"'),
        (edited('hitPolicy="FIRST"', 'hitPolicy="FIRST" aggregation="SUM"'), "aggregates FIRST"),
        (edited('typeRef="date"', 'typeRef="dateTime"'), 'has the type "dateTime"'),
        (edited("<text>age</text>", "<text>Applicant Age</text>"), "--name"),
        (edited("<text>age</text>", "<text>max(age, 3)</text>"), "only names and arithmetic"),
        (edited("<text>1500</text>", "<text>age * 2</text>"), "rule 1"),
        (edited("<text>&lt; 30</text>", "<text>&lt; limit</text>"), '"年龄".*names something'),
        (edited('<outputEntry id="d2"><text>1000</text></outputEntry>', ""), "not one cell"),
        (edited("<decisionTable id", "<literalExpression/><x id"), "no XML"),
    ],
)
def test_bad_files_are_refused_with_what_is_wrong(
    tmp_path: Path, content: Callable[[], bytes], reason: str
) -> None:
    path = tmp_path / "bad.dmn"
    path.write_bytes(content())
    with pytest.raises(TableFileRefused, match=reason):
        read_dmn(path)


@pytest.mark.parametrize(
    ("logic", "reason"),
    [
        ("<literalExpression><text>a + b</text></literalExpression>", "a formula"),
        ("<context/>", "a boxed context"),
        ("<invocation/>", "an invocation"),
        ("", "no decision table"),
    ],
)
def test_other_logic_than_a_table_is_refused_by_name(
    tmp_path: Path, logic: str, reason: str
) -> None:
    path = tmp_path / "other.dmn"
    space = "https://www.omg.org/spec/DMN/20191111/MODEL/"
    path.write_text(
        f'<definitions xmlns="{space}"><decision id="d" name="d">{logic}</decision></definitions>'
    )
    with pytest.raises(TableFileRefused, match=reason):
        read_dmn(path)


def test_a_decision_that_rests_on_itself_is_refused(tmp_path: Path) -> None:
    text = (FILES / "chained.dmn").read_text(encoding="utf-8")
    loop = '<informationRequirement><requiredDecision href="#grant"/></informationRequirement>'
    path = tmp_path / "loop.dmn"
    path.write_text(
        text.replace('name="firm_class">\n', f'name="firm_class">{loop}\n', 1), encoding="utf-8"
    )
    with pytest.raises(TableFileRefused, match="rests on itself"):
        read_dmn(path, None, {"Size of firm": "ent_size"})


def test_exact_decimals_stay_exact(tmp_path: Path) -> None:
    (table,) = read_dmn(FILES / "hiring.dmn", None, {"age": "worker_age"})
    assert Fraction(table.rows[2].then[0]) == Fraction(801, 2)
