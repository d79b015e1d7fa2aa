"""Decision tables as authors write them: what is read, what is refused, what is warned of."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from engine.program import bind
from language.definition import Hit
from language.errors import FilesRefused
from language.expression import Name
from language.reference import NONE, evaluate
from policies.declared_table import HITS
from policies.policy import Policy
from policies.table_file import MAX_BYTES, MAX_COLUMNS, MAX_ROWS
from tests.support.both_ways import compare_both_ways
from tests.support.drawn_subjects import draw_frame
from tests.support.policy_texts import HEAD, load_one, load_text, vocabulary

FACTS = """
facts:
  years: {label: 年数, type: integer}
  group: {label: 类别, type: code, values: [a, b, c]}
  left_on: {label: 日期, type: date, absent: none}
  spent: {label: 支出, type: money}
"""
CLAUSE = "clauses: [{id: a, says: 一, source: 一, when: not is_zombie}]\n"
LINES = HEAD.count("\n") + FACTS.count("\n")


def policy_of(folder: Path, table: str, amount: str = "t") -> Policy:
    return load_one(folder, text_of(table, amount))


def text_of(table: str, amount: str = "t", clause: str = CLAUSE) -> str:
    return f"{FACTS}tables:\n  t: {table}\n{clause}benefit: {{amount: {amount}}}\n"


def value_of(policy: Policy, facts: dict[str, object], name: str = "t") -> object:
    bound = bind(policy, vocabulary(), date(2025, 1, 1))
    value = evaluate(Name(name=name), bound.scope, facts)  # type: ignore[arg-type]
    return sorted(value.missing) if value.value is None and value.missing else value.value


@pytest.mark.parametrize(
    ("hit", "wanted"),
    [
        ("first", 1),
        ("priority", "low"),
        ("collect sum", 6),
        ("C+", 6),
        ("collect min", 1),
        ("C<", 1),
        ("collect max", 3),
        ("C>", 3),
        ("collect count", 3),
        ("C#", 3),
        ("rule-order", "r1、r2、r3"),
        ("R", "r1、r2、r3"),
        ("collect", "r1、r2、r3"),
        ("output-order", "r3、r1、r2"),
        ("O", "r3、r1、r2"),
    ],
)
def test_every_hit_policy_gives_its_output(tmp_path: Path, hit: str, wanted: object) -> None:
    text = hit in ("rule-order", "R", "collect", "output-order", "O")
    outputs = "[{values: [r3, r1, r2]}]" if text else "[{type: integer}]"
    values = ["r1", "r2", "r3"] if text else ["1", "2", "3"]
    if hit == "priority":
        outputs, values = "[{values: [low, high]}]", ["high", "low", "high"]
    rows = ", ".join(f"[any, {value}]" for value in values)
    table = f"{{inputs: [years], outputs: {outputs}, hit: '{hit}', rows: [{rows}]}}"
    policy = policy_of(tmp_path, table, "1" if isinstance(wanted, str) else "t")
    assert value_of(policy, {}) == (wanted if isinstance(wanted, str) else Fraction(str(wanted)))


def test_letters_stand_for_every_hit_policy() -> None:
    assert {HITS[letter] for letter in HITS if letter[0].isupper()} == set(Hit)
    assert {HITS[word] for word in HITS if word[0].islower()} == set(Hit)


def test_several_outputs_come_from_one_row(tmp_path: Path) -> None:
    table = """
    inputs: [years, {name: group}]
    outputs: [rate, months]
    hit: unique
    default: [0, 1]
    rows:
      - [up to 5, "a, b", 10%, 12]
      - {when: [over 5, not(c)], then: [20%, 24], source: 办法 四}
"""
    policy = policy_of(tmp_path, table, "rate * months")
    for facts, rate, months in (
        ({"years": 5, "group": "a"}, "1/10", 12),
        ({"years": 6, "group": "b"}, "1/5", 24),
        ({"group": "c"}, "0", 1),
    ):
        given = {k: Fraction(v) if isinstance(v, int) else v for k, v in facts.items()}
        assert value_of(policy, given, "rate") == Fraction(rate)
        assert value_of(policy, given, "months") == months
    assert value_of(policy, {"group": "a"}, "months") == ["years"]
    (table_built,) = policy.tables
    assert [row.source for row in table_built.rows] == ["", "办法 四"]
    assert [row.cells for row in table_built.rows] == [("up to 5", "a, b"), ("over 5", "not(c)")]


@pytest.mark.parametrize(
    ("hit", "rows", "facts", "wanted"),
    [
        # two rows of one output settle it, two of different ones do not
        ("any", "[up to 5, a, 1], [over 5, a, 1], [any, a, 1]", {"group": "a"}, 1),
        ("any", "[up to 5, a, 1], [over 5, a, 2]", {"group": "a"}, ["years"]),
        # what comes first and is the same
        ("first", "[up to 5, any, 1], [any, any, 1]", {}, 1),
        ("first", "[up to 5, any, 1], [any, any, 2]", {}, ["years"]),
        ("first", "[any, a, 1], [up to 5, b, 2]", {"group": "a"}, 1),
        # a sum that an undecided row cannot change
        ("collect sum", "[any, a, 5], [up to 5, any, 0]", {"group": "a"}, 5),
        ("collect sum", "[any, a, 5], [up to 5, any, 1]", {"group": "a"}, ["years"]),
        ("collect max", "[any, a, 5], [up to 5, any, 4]", {"group": "a"}, 5),
        ("collect min", "[any, a, 5], [up to 5, any, 4]", {"group": "a"}, ["years"]),
        ("collect count", "[any, a, 5], [up to 5, any, 4]", {"group": "a"}, ["years"]),
        ("unique", "[up to 5, a, 1], [any, b, 2]", {"group": "a"}, ["years"]),
        ("unique", "[up to 5, a, 1], [any, b, 2]", {"group": "b"}, 2),
    ],
)
def test_missing_facts_matter_only_where_they_could_change_the_output(
    tmp_path: Path, hit: str, rows: str, facts: dict[str, object], wanted: object
) -> None:
    table = f"{{inputs: [years, group], outputs: [{{type: integer}}], hit: {hit}, rows: [{rows}]}}"
    assert value_of(policy_of(tmp_path, table), facts) == wanted


def test_else_is_what_rows_alike_to_the_left_do_not_name(tmp_path: Path) -> None:
    table = """
    inputs: [group, years]
    hit: unique
    rows:
      - [a, "1, 2", 10]
      - [a, else, 20]
      - [else, 1, 30]
      - [else, else, 40]
"""
    policy = policy_of(tmp_path, table)
    found = {
        (group, years): value_of(policy, {"group": group, "years": Fraction(years)})
        for group in ("a", "b") for years in (1, 2, 3)
    }  # fmt: skip
    assert list(found.values()) == [10, 10, 20, 30, 40, 40]


def test_null_asks_whether_a_fact_does_not_apply(tmp_path: Path) -> None:
    table = '{inputs: [left_on], hit: U, rows: [["null", 1], ["not(null)", 2]]}'
    policy = policy_of(tmp_path, table)
    assert value_of(policy, {"left_on": NONE}) == 1
    assert value_of(policy, {"left_on": date(2024, 1, 1)}) == 2
    assert value_of(policy, {}) == ["left_on"]


def test_inputs_may_be_formulas_parameters_and_other_tables(tmp_path: Path) -> None:
    text = f"""{FACTS}
parameters:
  limit: {{value: 5, source: 一}}
tables:
  t:
    inputs: [step, {{is: spent / 2}}]
    hit: first
    rows: [[high, from 100, 2], [any, any, 1]]
  step:
    inputs: [{{is: years > limit, label: 超过}}]
    hit: unique
    rows: [[true, high], [false, low]]
{CLAUSE}benefit: {{amount: t}}
"""
    policy = load_one(tmp_path, text)
    assert value_of(policy, {"years": Fraction(6), "spent": Fraction(200)}) == 2
    assert value_of(policy, {"years": Fraction(5)}) == 1
    assert value_of(policy, {"spent": Fraction(0)}) == 1
    assert value_of(policy, {}) == ["spent", "years"]


REFUSED = {
    "no hit policy": ("{inputs: [years], rows: [[1, 2]]}", 'key "hit" is missing', None),
    "another hit policy": (
        "{inputs: [years], hit: last, rows: [[1, 2]]}", '"last" is no hit policy', (2, 29),
    ),
    "no inputs": ("{inputs: [], hit: U, rows: [[1]]}", "inputs", None),
    "no rows": ("{inputs: [years], hit: U, rows: []}", "has no rows", None),
    "rows and a file": (
        "{inputs: [years], hit: U, rows: [[1, 2]], file: t.csv}", "one of rows and file", None,
    ),
    "too few cells": (
        "{inputs: [years, group], hit: U, rows: [[1, 2]]}", "2 cells for the inputs and 1", (2, 46),
    ),
    "no such fact": ("{inputs: [yeers], hit: U, rows: [[1, 2]]}", 'unknown fact "yeers"', (2, 16)),
    "no such value": (
        "{inputs: [group], hit: U, rows: [[d, 2]]}", '"group" is never "d"', (2, 40),
    ),
    "no such value in not": (
        "{inputs: [group], hit: U, rows: [[not(d), 2]]}", '"group" is never "d"', None,
    ),
    "no cell": ("{inputs: [years], hit: U, rows: [[x, 2]]}", '"x" is not a number', (2, 40)),
    "null of a fact that always applies": (
        '{inputs: [years], hit: U, rows: [["null", 2]]}', "null never holds", (2, 40),
    ),
    "values of two kinds": (
        "{inputs: [years], hit: U, rows: [[1, 2], [2, x]]}", "of different kinds", None,
    ),
    "a value of another type": (
        "{inputs: [years], outputs: [{type: money}], hit: U, rows: [[1, x]]}", "not a number", None,
    ),
    "a value that is none of the list": (
        "{inputs: [years], outputs: [{values: [x]}], hit: P, rows: [[1, z]]}", "not among", None,
    ),
    "priority without values": (
        "{inputs: [years], hit: P, rows: [[1, x]]}", 'needs values', None,
    ),
    "a sum of texts": ("{inputs: [years], hit: C+, rows: [[1, x]]}", "needs numbers", None),
    "a list of numbers": ("{inputs: [years], hit: R, rows: [[1, 2]]}", "lists texts", None),
    "an output by another name": (
        "{inputs: [years], outputs: [x], hit: U, rows: [[1, 2]]}", "goes by the table's name", None,
    ),
    "two outputs of one name": (
        "{inputs: [years], outputs: [x, x], hit: U, rows: [[1, 2, 3]]}", "something else", None,
    ),
    "an output named like a fact": (
        "{inputs: [years], outputs: [x, spent], hit: U, rows: [[1, 2, 3]]}", "something else", None,
    ),
    "an output without a name": (
        "{inputs: [years], outputs: [{unit: yuan}, x], hit: U, rows: [[1, 2, 3]]}",
        "needs a name", None,
    ),
    "a default too few": (
        "{inputs: [years], outputs: [x, y], default: 1, hit: U, rows: [[1, 2, 3]]}",
        "2 outputs, the default 1", None,
    ),
    "a default of a count": (
        "{inputs: [years], hit: C#, default: 1, rows: [[1, x]]}", "counts as 0|needs no default",
        None,
    ),
    "an input of another type": (
        "{inputs: [{name: years, type: date}], hit: U, rows: [[1, 2]]}", "is a number, not date",
        None,
    ),
    "a table by itself": ("{inputs: [t], hit: U, rows: [[1, 2]]}", "circle", None),
    "two rows that apply": (
        "{inputs: [years, group], hit: U, rows: [[up to 5, any, 2], [from 5, a, 2]]}",
        "rows 1 and 2 both apply: for years 5, group a", (2, 66),
    ),
    "two rows that differ": (
        "{inputs: [years], hit: A, rows: [[up to 5, 2], [from 5, 2], [5, 3]]}",
        "rows 1 and 3 both apply, and their outputs differ: for years 5", None,
    ),
    "a file elsewhere": ("{inputs: [years], hit: U, file: ../t.csv}", "leads elsewhere", None),
    "a file of the machine": ("{inputs: [years], hit: U, file: /t.csv}", "leads elsewhere", None),
    "no file": ("{inputs: [years], hit: U, file: t.csv}", "is not there", None),
    "another file": ("{inputs: [years], hit: U, file: written.yaml}", "no table that can", None),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_without_meaning_is_refused(tmp_path: Path, case: str) -> None:
    table, message, place = REFUSED[case]
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, text_of(table, "1"))
    problems = refused.value.problems
    found = [p for p in problems if any(m in p.message for m in message.split("|"))]
    assert found, [str(problem) for problem in problems]
    if place is not None:
        assert (found[0].line - LINES, found[0].column) == place


WARNED = {
    "a gap": (
        "{inputs: [years, group], hit: U, rows: [[up to 5, any, 2], [over 6, any, 2]]}",
        '"t" has no row for years 6, group a',
    ),
    "a fact that does not apply": (
        "{inputs: [left_on], hit: U, rows: [[up to 2024-01-01, 1], [over 2024-01-01, 2]]}",
        '"t" has no row for left_on none (does not apply)',
    ),
    "a row that comes too late": (
        "{inputs: [years], hit: F, rows: [[up to 5, 1], [any, 2], [5, 3]]}",
        '"t": row 3 never counts: row 1 goes before, for example for years 5',
    ),
    "a row for nothing": (
        "{inputs: [group], hit: U, rows: [[a, 1], [b, 2], [c, 3], [else, 4]]}",
        '"t": row 4 never counts: it holds for nothing',
    ),
    "a row too many": (
        "{inputs: [years], hit: F, rows: [[up to 5, 1], [any, 1]]}",
        '"t": row 1 is not needed: row 2 gives the same, for example for years',
    ),
    "a row like the default": (
        "{inputs: [years], hit: U, default: 1, rows: [[up to 5, 1], [over 5, 2]]}",
        '"t": row 1 is not needed: the default gives the same, for example for years',
    ),
}


@pytest.mark.parametrize("case", WARNED)
def test_what_rows_leave_out_or_do_in_vain_is_told(tmp_path: Path, case: str) -> None:
    table, message = WARNED[case]
    found = [str(w) for w in load_text(tmp_path, text_of(table)).warnings if '"t"' in str(w)]
    assert len(found) == 1, found
    assert message in found[0]


@pytest.mark.parametrize(
    ("clause", "warned"),
    [
        ("years <= 5", False),
        ("years < 6", False),
        ("years <= 6", True),
        ("years in [1, 2]", False),
        ("not (years > 5)", False),
        ('years <= 5 or group == "a"', True),
        ("$has(t)", False),
        ("spent > 5", True),
    ],
)
def test_a_clause_that_bounds_the_fact_closes_the_gap(
    tmp_path: Path, clause: str, warned: bool
) -> None:
    text = text_of(
        "{inputs: [years], hit: U, rows: [[up to 5, 1]]}",
        clause=f"clauses: [{{id: a, says: 一, source: 一, when: '{clause}'}}]\n",
    )
    warnings = [str(w) for w in load_text(tmp_path, text).warnings]
    assert any("has no row" in warning for warning in warnings) is warned


@pytest.mark.parametrize(
    ("portion", "warned"),
    [
        ("{id: p, says: 一, when: years <= 5, amount: t}", False),
        ("{id: p, says: 一, when: years <= 6, amount: t}", True),
        ("{id: p, says: 一, amount: [1, {plus: t, when: years <= 5}]}", False),
        ("{id: p, says: 一, amount: 't ?? 0'}", False),
    ],
)
def test_what_stands_before_the_use_closes_the_gap(
    tmp_path: Path, portion: str, warned: bool
) -> None:
    for form in (
        "tables:\n  t: {inputs: [years], hit: U, rows: [[up to 5, 1]]}\n",
        "parameters:\n  t: {by: years, source: 一, rows: {up to 5: 1}}\n",
    ):
        text = f"{FACTS}{form}{CLAUSE}benefit: {{portions: [{portion}]}}\n"
        warnings = [str(w) for w in load_text(tmp_path, text).warnings]
        assert any("has no row" in warning for warning in warnings) is warned, warnings


CSV = 'group,years,t,依据,说明\na,up to 5,1,办法 一,甲\n"a, b",over 5,2,办法 二,\n'
FROM_FILE = "{inputs: [years, group], outputs: [{type: integer}], hit: U, file: t.csv}"


def test_a_file_gives_rows_with_their_sources(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("\ufeff" + CSV, encoding="utf-8")
    policy = policy_of(tmp_path, FROM_FILE)
    assert value_of(policy, {"years": Fraction(6), "group": "b"}) == 2
    assert [row.source for row in policy.tables[0].rows] == ["办法 一", "办法 二"]
    assert [row.where.line for row in policy.tables[0].rows] == [2, 3]


def test_a_changed_cell_changes_the_policys_hash(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    hashes = []
    for text in (CSV, CSV.replace("\n", "\r\n"), CSV.replace(",2,", ",3,")):
        file.write_bytes(text.encode())
        hashes.append(policy_of(tmp_path, FROM_FILE).content_hash)
    assert hashes[0] == hashes[1] != hashes[2]


FILES = {
    "an empty file": ("", "is empty"),
    "no such column": ("years,t\n1,2\n", 'no column called "group"'),
    "a column twice": ("years,group,t,t\n1,a,2,3\n", "several columns"),
    "another column": ("years,group,t,x\n1,a,2,3\n", 'column "x" is neither'),
    "a short row": ("years,group,t\n1,a\n", "2 cells, the header 3"),
    "a long row": ("years,group,t\n1,a,2,3\n", "4 cells, the header 3"),
    "an empty cell": ("years,group,t\n1,,2\n", "a cell is empty"),
    "an empty output": ("years,group,t\n1,a,\n", "a cell is empty"),
    "an open quote": ('years,group,t\n1,"a,2\n', "is no CSV"),
    "NUL": ("years,group,t\n1,a,\0\n", "NUL"),
    "too many rows": ("years,group,t\n" + "1,a,2\n" * (MAX_ROWS + 1), "more than"),
    "too many columns": (",".join(f"c{n}" for n in range(MAX_COLUMNS + 1)) + "\n", "more than"),
    "a long cell": (f"years,group,t\n{'1' * 2000},a,2\n", "longer than"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, case: str) -> None:
    content, message = FILES[case]
    (tmp_path / "t.csv").write_text(content, encoding="utf-8")
    with pytest.raises(FilesRefused) as refused:
        policy_of(tmp_path, FROM_FILE)
    assert any(message in str(problem) for problem in refused.value.problems), refused.value


def test_a_bad_cell_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("years,group,t\n1,a,2\n\n2,z,2\n", encoding="utf-8")
    with pytest.raises(FilesRefused) as refused:
        policy_of(tmp_path, FROM_FILE)
    (problem,) = refused.value.problems
    assert (Path(problem.file).name, problem.line, problem.column) == ("t.csv", 4, 2)


def test_files_that_are_not_utf8_or_too_large_are_refused(tmp_path: Path) -> None:
    for content, message in (
        (CSV.encode("gb18030"), "not UTF-8"),
        (b"a" * (MAX_BYTES + 1), "larger than 4 MiB"),
    ):
        (tmp_path / "t.csv").write_bytes(content)
        with pytest.raises(FilesRefused, match=message):
            policy_of(tmp_path, FROM_FILE)


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside.csv", tmp_path / "inside"
    outside.write_text(CSV, encoding="utf-8")
    inside.mkdir()
    (inside / "t.csv").symlink_to(outside)
    with pytest.raises(FilesRefused, match="leads elsewhere"):
        policy_of(inside, FROM_FILE)


BOTH_WAYS = """
    inputs: [years, group, left_on]
    outputs: [{name: t, type: number}, {name: kind, values: [x, y, z]}]
    hit: %s
    rows:
      - [up to 5, "a, b", any, 1.5, x]
      - [over 5, else, from 2024-01-01, 1000.01, y]
      - [any, c, "null", -3, z]
      - ["[3..7)", any, under 2024-01-01, unknown, x]
"""


@pytest.mark.parametrize("hit", ["any", "first", "priority"])
def test_columns_and_rows_decide_alike(tmp_path: Path, hit: str) -> None:
    table = BOTH_WAYS % hit
    if hit == "any":
        table = table.replace('\n      - ["[3..7)"', "\n      - [from 100").replace("unknown", "1")
        table = table.replace("over 5, else, from 2024-01-01", "over 5, else, from 2030-01-01")
        table = table.replace("[any, c,", "[under 0, c,").replace("up to 5", "from 0 up to 5")
    clause = 'clauses: [{id: a, says: 一, source: 一, when: \'kind in ["x", "y"] or $has(t)\'}]\n'
    text = text_of(table, "t * 2", clause)
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2025, 1, 1))
    frame = draw_frame([bound], Random(hit), 400, by_hand=True)
    verdicts = compare_both_ways(bound, frame, by_hand=True)
    assert verdicts["eligible"] > 20
    assert verdicts["unknown"] > 20


@pytest.mark.parametrize(
    ("clause", "warned"),
    [("hire_kind != \"b\"", False), ("months >= 1", True)],
)  # fmt: skip
def test_a_clause_of_the_rows_closes_the_gap_for_what_a_row_uses(
    tmp_path: Path, clause: str, warned: bool
) -> None:
    text = f"""
rows:
  recruits:
    of: enterprise
    label: {{zh: 新招用人员}}
    columns:
      hire_kind: {{type: code, values: [a, b]}}
      months: {{type: integer}}
tables:
  t: {{inputs: [hire_kind], hit: U, rows: [[a, 1]]}}
{CLAUSE}each:
  row: recruits
  clauses: [{{id: r, says: 二, source: 二, when: '{clause}'}}]
  amount: t
benefit: {{kind: cash}}
"""
    warnings = [str(w) for w in load_text(tmp_path, text).warnings]
    assert any('"t" has no row for hire_kind b' in w for w in warnings) is warned, warnings
