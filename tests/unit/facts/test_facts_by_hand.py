"""Facts typed in by hand: what cannot be read is told with its line, never becomes a value."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.by_hand import Result, evaluate_subjects
from engine.program import compile_policies
from language.types import FactType
from policies.load import load_policies
from profiles.errors import SubjectsRefused
from profiles.hand import Subject, parse_lines, read_subjects
from profiles.hand_frame import build_frame
from profiles.hand_value import convert
from tests.support.policy_texts import load_one, vocabulary, write_policies

DAY = date(2025, 6, 30)


def decide(folder: Path, text: str, *facts: dict[str, Any]) -> tuple[list[Result], list[str]]:
    policy = load_one(folder, text)
    subjects = [
        Subject(line=n + 1, subject=f"S{n}", audience="enterprise", as_of=DAY, facts=given)
        for n, given in enumerate(facts)
    ]
    results, troubles = evaluate_subjects(compile_policies([policy], vocabulary()), subjects, DAY)
    return results, [str(trouble) for trouble in troubles]


STAFF = """
    clauses: [{id: a, says: 一, when: staff_prev_year > 0}]
    benefit: {amount: staff_prev_year}
"""
REGION = """
    region: "440000"
    clauses: [{id: a, says: 一, when: staff_prev_year > 0}]
    benefit: {amount: 1}
"""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ('{"subject": "a", "facts": {"age": NaN}}', "not JSON"),
        ('{"subject": "a", "facts": {"age": Infinity}}', "not JSON"),
        ('{"subject": "a", "facts": {"age": -Infinity}}', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("null", "not an object"),
        ("[]", "not an object"),
        ('"text"', "not an object"),
        ("5", "not an object"),
        ("{}", 'no "subject"'),
        ('{"subject": ""}', 'no "subject"'),
        ('{"subject": null}', 'no "subject"'),
        ('{"subject": true}', 'no "subject"'),
        ('{"subject": 1.5}', 'no "subject"'),
        ('{"subject": ["a"]}', 'no "subject"'),
        ('{"subject": "a", "facts": null}', '"facts" is no object'),
        ('{"subject": "a", "facts": []}', '"facts" is no object'),
        ('{"subject": "a", "as_of": "2024-02-30"}', '"as_of" is no day'),
        ('{"subject": "a", "as_of": "today"}', '"as_of" is no day'),
        ('{"subject": "a", "as_of": 5}', '"as_of" is no day'),
        ('{"subject": "a", "audience": "firm"}', '"audience" is none'),
        ('{"subject": "a", "audience": ["enterprise"]}', '"audience" is none'),
    ],
)
def test_a_line_that_cannot_be_read_is_passed_over_and_told(line: str, message: str) -> None:
    good = '{"subject": "好", "facts": {"age": 5}}'
    read = parse_lines([good, "", line, good])
    assert [subject.line for subject in read.subjects] == [1, 4]
    (trouble,) = read.troubles
    assert trouble.line == 3
    assert message in trouble.message
    assert len(str(trouble)) < 300


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("five", FactType.NUMBER), ("", FactType.NUMBER), (True, FactType.NUMBER),
        ([1], FactType.NUMBER), ({"a": 1}, FactType.NUMBER), ("NaN", FactType.NUMBER),
        ("Infinity", FactType.NUMBER), ("1e999999999", FactType.NUMBER),
        ("1e-200000", FactType.NUMBER), (Decimal("1e999999999"), FactType.NUMBER),
        ("9" * 5000, FactType.NUMBER), ("1234567890.1234567", FactType.NUMBER),
        (float("nan"), FactType.NUMBER), (float("inf"), FactType.MONEY),
        (1.5, FactType.INTEGER), (2**63, FactType.INTEGER), ("1e300", FactType.INTEGER),
        ("0.001", FactType.MONEY), (10**30, FactType.MONEY), ("1e999999999", FactType.MONEY),
        (1, FactType.BOOLEAN), (0, FactType.BOOLEAN), ("yes", FactType.BOOLEAN),
        (1.0, FactType.BOOLEAN), ([], FactType.BOOLEAN), ("TRUE", FactType.BOOLEAN),
        ("2024-02-30", FactType.DATE), ("20240", FactType.DATE), (20240101, FactType.DATE),
        ("1:0:0", FactType.DATE), (True, FactType.TEXT), (1.5, FactType.TEXT), ([], FactType.CODE),
        ("\ud800", FactType.TEXT), ("\ud800", FactType.CODE),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_without_being_repeated(
    raw: object, kind: FactType
) -> None:
    with pytest.raises(ValueError, match=r"^(is|has|holds) ") as refused:
        convert(raw, kind, "", ())
    shown = str(raw)
    assert len(shown) < 4 or shown not in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "kind", "held"),
    [
        (5, FactType.NUMBER, 5.0), ("5.5", FactType.NUMBER, 5.5),
        (Decimal("0.1"), FactType.NUMBER, 0.1),
        (0.1, FactType.NUMBER, 0.1), ("1e3", FactType.NUMBER, 1000.0), (-0.0, FactType.NUMBER, 0.0),
        ("999999999999999", FactType.NUMBER, 999999999999999.0),
        (5.0, FactType.INTEGER, 5), ("7", FactType.INTEGER, 7),
        ("0.01", FactType.MONEY, 1), (86400, FactType.MONEY, 8_640_000), (1.1, FactType.MONEY, 110),
        (True, FactType.BOOLEAN, True), ("false", FactType.BOOLEAN, False),
        ("2024-02-29", FactType.DATE, date(2024, 2, 29)), (DAY, FactType.DATE, DAY),
        ("中文", FactType.TEXT, "中文"), (440000, FactType.CODE, "440000"),
    ],
)  # fmt: skip
def test_a_value_is_held_as_its_column_holds_it(raw: object, kind: FactType, held: object) -> None:
    found = convert(raw, kind, "", ())
    assert (found, type(found)) == (held, type(held))


def test_a_closed_list_and_a_region_are_looked_up() -> None:
    assert convert("small", FactType.CODE, "", ("small", "large")) == "small"
    with pytest.raises(ValueError, match="is none of small, large"):
        convert("Small", FactType.CODE, "", ("small", "large"))
    assert convert("示范市", FactType.CODE, "GB/T 2260", ()) == "990100"
    assert convert(440000, FactType.CODE, "GB/T 2260", ()) == "440000"
    for unknown in ("4", "亚特兰蒂斯", "4400000"):
        with pytest.raises(ValueError, match="is no region"):
            convert(unknown, FactType.CODE, "GB/T 2260", ())


def test_a_bad_value_counts_as_missing_and_its_neighbours_stay(tmp_path: Path) -> None:
    results, troubles = decide(
        tmp_path, STAFF, {"staff_prev_year": "五"}, {"staff_prev_year": 5}, {}
    )
    assert [r.verdict for r in results] == ["unknown", "eligible", "unknown"]
    (trouble,) = troubles
    assert trouble.startswith('line 1: "staff_prev_year" is no number')
    assert trouble.endswith("it counts as missing")
    assert "五" not in trouble


def test_an_unknown_fact_is_told_once_with_a_guess(tmp_path: Path) -> None:
    given = {"staff_prev_yeer": 5, "staff_prev_year": 5}
    results, troubles = decide(tmp_path, STAFF, given, given)
    assert {r.verdict for r in results} == {"eligible"}
    assert len(troubles) == 1
    assert 'did you mean "staff_prev_year"?' in troubles[0]


@pytest.mark.parametrize(
    "facts",
    [{"title": "\ud800"}, {"staff_prev_year": {"a": [1]}}, {"is_zombie": []}, {"": 1},
     {"registered_on": "0001-01-01"}, {"registered_on": datetime(2024, 5, 1, 12)},
     {"ui_paid_months": 2**62}, {"titles": [{"title": "\ud800"}]}, {"titles": "hnte"},
     {"titles": [[1]]}, {"titles": [None]}, {"titles": {"a": 1}}, {"titles": None},
     {"annual-accounts": [{"year": "2024", "staff": "1e999999999"}]},
     {"unemployment-insurance": [{"month": "2024-13"}]}, {"a::given": True},
     {"title::none": True}, {"ui_insured_avg_prev_year::sum": 5}],
)  # fmt: skip
def test_no_value_by_hand_stops_the_lines_beside_it(tmp_path: Path, facts: dict[str, Any]) -> None:
    results, _ = decide(tmp_path, STAFF, facts, {"staff_prev_year": 5})
    assert [r.verdict for r in results] == ["unknown", "eligible"]


def test_one_subjects_numbers_do_not_spoil_anothers_rows(tmp_path: Path) -> None:
    results, _ = decide(
        tmp_path,
        STAFF,
        {"annual-accounts": [{"year": "2024", "staff": "999999999999999"}]},
        {"annual-accounts": [{"year": "2024", "staff": "0.001"}]},
    )
    assert [r.verdict for r in results] == ["eligible", "eligible"]


def test_a_fact_given_as_missing_is_not_computed_and_one_not_given_is(tmp_path: Path) -> None:
    text = """
        facts: {twice: {is: staff_prev_year * 2}}
        clauses: [{id: a, says: 一, when: twice >= 10}]
        benefit: {amount: twice}
    """
    results, troubles = decide(
        tmp_path, text, {"staff_prev_year": 5}, {"staff_prev_year": 5, "twice": None},
        {"staff_prev_year": 5, "twice": 30}, {"staff_prev_year": 5, "twice": 3},
    )  # fmt: skip
    assert troubles == []
    assert [(r.verdict, r.amount_fen) for r in results] == [
        ("eligible", 1000), ("unknown", None), ("eligible", 3000), ("ineligible", None),
    ]  # fmt: skip
    assert results[1].missing == ("twice",)


def test_rows_by_hand_are_measured_and_a_given_fact_overrides_them(tmp_path: Path) -> None:
    rows = [{"year": "2024", "staff": 7}, {"year": "2023", "staff": 3}]
    results, troubles = decide(
        tmp_path, STAFF, {"annual-accounts": rows},
        {"annual-accounts": rows, "staff_prev_year": 9},
        {"annual-accounts": rows, "staff_prev_year": None}, {"annual-accounts": []}, {},
    )  # fmt: skip
    assert troubles == []
    assert [r.amount_fen for r in results] == [700, 900, None, None, None]
    assert [r.verdict for r in results[2:]] == ["unknown"] * 3


def test_an_empty_list_is_no_rows_and_an_absent_name_is_missing(tmp_path: Path) -> None:
    text = """
        clauses: [{id: a, says: 一, when: not is_zombie}]
        benefit: {amount: 1}
    """
    results, _ = decide(
        tmp_path, text, {"zombie-list": []}, {}, {"zombie-list": [{"listed_on": "2024-01-01"}]},
        {"zombie-list": [{"listed_on": "2024-01-01", "removed_on": "2025-06-29"}]},
        {"zombie-list": [{"listed_on": "2025-07-01"}]},
    )  # fmt: skip
    assert [r.verdict for r in results] == [
        "eligible", "unknown", "ineligible", "eligible", "eligible",
    ]  # fmt: skip


def test_a_region_that_is_not_given_does_not_scope_whoever_stands_beside(tmp_path: Path) -> None:
    """Alone or in company, a subject's verdict is the same."""
    register = {"registration": [{"region": "370000", "registered_on": "2020-01-01"}]}
    people: list[dict[str, Any]] = [
        {"staff_prev_year": 5},
        {"staff_prev_year": 5, "ent_region": "440300"},
        {"staff_prev_year": 5, "ent_region": "370000"},
        {"staff_prev_year": 5, "ent_region": None},
        {"staff_prev_year": 5, **register},
    ]
    alone = [decide(tmp_path, REGION, given)[0][0].verdict for given in people]
    assert alone == ["eligible", "eligible", "ineligible", "unknown", "ineligible"]
    together, _ = decide(tmp_path, REGION, *people)
    assert [r.verdict for r in together] == alone
    backwards, _ = decide(tmp_path, REGION, *people[::-1])
    assert [r.verdict for r in backwards] == alone[::-1]


def test_facts_of_two_policies_with_one_name_keep_their_own_types(tmp_path: Path) -> None:
    texts = {
        name: f"facts: {{own: {{type: {kind}}}}}\n"
        "clauses: [{id: a, says: 一, when: own >= 100}]\nbenefit: {amount: own}\n"
        for name, kind in (("first", "money"), ("second", "number"))
    }
    policies = load_policies(write_policies(tmp_path, texts), vocabulary()).policies
    subject = Subject(line=1, subject="S", audience="enterprise", as_of=DAY, facts={"own": 100})
    results, _ = evaluate_subjects(compile_policies(policies, vocabulary()), [subject], DAY)
    assert [r.amount_fen for r in results] == [10_000, 10_000]


def test_a_month_is_its_first_day_only_where_the_fact_is_a_month() -> None:
    typed = {"recert_month": "2025-08", "birth_date": "2025-08"}
    one = Subject(line=1, subject="S", audience="resident", as_of=DAY, facts=typed)
    found = build_frame([one], vocabulary(), {}, "resident", DAY)
    assert found.frame["recert_month"].to_list() == [date(2025, 8, 1)]
    assert found.frame["birth_date"].to_list() == [None]
    assert [trouble.message for trouble in found.troubles] == [
        '"birth_date" is no day like 2024-05-01; it counts as missing'
    ]


def test_what_does_not_apply_is_typed_in_as_none() -> None:
    typed: tuple[dict[str, Any], ...] = ({"title": "none"}, {"title": "hnte"}, {"title": None}, {})
    subjects = [
        Subject(line=n, subject=f"S{n}", audience="enterprise", as_of=DAY, facts=facts)
        for n, facts in enumerate(typed)
    ]
    frame = build_frame(subjects, vocabulary(), {}, "enterprise", DAY).frame
    assert frame["title"].to_list() == [None, "hnte", None, None]
    assert frame["title::none"].to_list() == [True, False, False, False]
    assert frame["title::given"].to_list() == [True, True, True, False]


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_the_three_forms_of_a_file_mean_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"subjects.{suffix}"
    table = pl.DataFrame(
        {
            "subject": ["甲", "乙"],
            "audience": ["enterprise", None],
            "as_of": ["2025-01-31", None],
            "staff_prev_year": [5.5, None],
            "is_zombie": [True, False],
            "registered_on": [date(2024, 2, 29), None],
        }
    )
    if suffix == "parquet":
        table.with_columns(pl.col("as_of").str.to_date()).write_parquet(path)
    elif suffix == "csv":
        table.write_csv(path)
    else:
        lines = []
        for row in table.iter_rows(named=True):
            keys = ("subject", "audience", "as_of")
            facts = {k: v for k, v in row.items() if k not in keys and v is not None}
            lines.append(json.dumps({k: row[k] for k in keys} | {"facts": facts}, default=str))
        path.write_text("\n".join(lines), encoding="utf-8")
    read = read_subjects(path)
    assert read.troubles == []
    assert [s.subject for s in read.subjects] == ["甲", "乙"]
    assert [s.audience for s in read.subjects] == ["enterprise", None]
    assert [s.as_of for s in read.subjects] == [date(2025, 1, 31), None]
    frame = build_frame(read.subjects, vocabulary(), {}, "enterprise", DAY).frame
    assert frame["staff_prev_year"].to_list() == [5.5, None]
    assert frame["is_zombie"].to_list() == [True, False]
    assert frame["registered_on"].to_list() == [date(2024, 2, 29), None]


def test_a_parquet_moment_is_its_day(tmp_path: Path) -> None:
    path = tmp_path / "subjects.parquet"
    pl.DataFrame(
        {"subject": ["a"], "as_of": [datetime(2025, 6, 30, 13)], "staff_prev_year": [5.0]}
    ).write_parquet(path)
    read = read_subjects(path)
    policy = load_one(tmp_path, STAFF)
    results, _ = evaluate_subjects(
        compile_policies([policy], vocabulary()), read.subjects, date(2000, 1, 1)
    )
    assert [r.verdict for r in results] in (["eligible"], [])
    assert results or read.troubles


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("twice.csv", b"subject,a,a\n13800000000,2,3\n"),
        ("tabs.csv", b"subject\ta\n13800000000\t2\n"),
        ("utf16.csv", "subject,a\n13800000000,2\n".encode("utf-16")),
        ("junk.parquet", b"13800000000"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_without_its_values(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SubjectsRefused, match=name) as refused:
        read_subjects(tmp_path / name)
    assert "13800000000" not in str(refused.value)


def test_a_bad_line_of_a_csv_file_costs_no_good_one(tmp_path: Path) -> None:
    lines = ["subject,title", "a,1", "b,1,2", "c", 'd,"1', "e,1", "", "f,1"]
    (tmp_path / "s.csv").write_text("\r\n".join(lines), encoding="utf-8-sig")
    read = read_subjects(tmp_path / "s.csv")
    assert [(subject.subject, subject.line) for subject in read.subjects] == [
        ("a", 2),
        ("e", 6),
        ("f", 8),
    ]
    assert [trouble.line for trouble in read.troubles] == [3, 4, 5]
    assert all("line passed over" in trouble.message for trouble in read.troubles)


def test_a_csv_file_in_gbk_is_read(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes("subject,title\n甲乙,中文\n".encode("gbk"))
    (subject,) = read_subjects(tmp_path / "s.csv").subjects
    assert (subject.subject, subject.facts) == ("甲乙", {"title": "中文"})


def test_a_line_in_another_encoding_never_becomes_a_value(tmp_path: Path) -> None:
    good = '{"subject": "a", "facts": {"title": "x"}}\n'
    bad = good.replace("x", "中文").encode("gbk")
    (tmp_path / "s.jsonl").write_bytes(good.encode() + bad + good.encode())
    read = read_subjects(tmp_path / "s.jsonl")
    assert [subject.line for subject in read.subjects] == [1, 3]
    (trouble,) = read.troubles
    assert str(trouble) == "line 2: holds bytes that are no UTF-8 text; line passed over"


def test_a_key_that_may_be_a_slip_is_told() -> None:
    read = parse_lines(['{"subject": "a", "asof": "2020-01-01", "note": "x", "facts": {}}'])
    assert [trouble.message for trouble in read.troubles] == [
        'unknown key "asof" is not used; did you mean "as_of"?'
    ]


@pytest.mark.parametrize("text", ["20250101", "2025-W01-1", "2025-02-30", "２０２５-01-01"])
def test_a_day_is_written_in_one_form_only(text: str) -> None:
    read = parse_lines([json.dumps({"subject": "a", "as_of": text, "facts": {}})])
    assert read.subjects == []
    with pytest.raises(ValueError, match="is no day like"):
        convert(text, FactType.DATE, "", ())


def test_a_table_without_subjects_is_told(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("name,age\na,5\n")
    read = read_subjects(tmp_path / "s.csv")
    assert read.subjects == []
    assert 'no column "subject"' in read.troubles[0].message
