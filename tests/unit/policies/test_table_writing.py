"""Tables written to a file and read back: the same rows, the same meaning, the rest untouched."""

import csv
import re
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from language.document_reading import read_documents
from policies.load import load_policies
from policies.policy import Policy
from policies.table_file import read_grid
from policies.table_writing import Sheet, TableNotWritten, find_table, point_to_file, write_sheet
from tests.support.policy_texts import HEAD, vocabulary

POLICY = HEAD.format(name="written") + """\
effective: {from: 2025-01-01}
facts:
  degree: {label: 学历, type: code, values: [doctor, master, bachelor]}
  income: {label: 月收入, type: money}
  since: {label: 起始日, type: date}
tables:
  other: {inputs: [degree], hit: first, rows: [[doctor, 1], ["-", 2]]}
  rent:
    label: 补贴标准   # as in the annex
    inputs: [degree, {name: income, label: 月收入}, since]
    outputs: [{name: rent, type: money}, {name: grade, type: code, values: [high, low]}]
    hit: first
    rows:
      - [doctor, any, "-", 1500, high]
      - {when: ["master, bachelor", up to 5000, 2025-01-01 to 2025-06-30], then: [1200.5, low], source: "附件 2", says: 硕士、学士}
      # the last line of the annex
      - [bachelor, "(5000..8000]", ">= 2025-07-01", 5.5%, low]
    # nothing else
    default: [0, low]
clauses: [{id: entitled, says: 一, when: rent > 0 and other > 0}]   # kept
benefit: {amount: rent}
examples: {as_of: 2025-09-01, cases: []}
"""  # fmt: skip  # noqa: E501


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return path


def sheet_of(path: Path, table: str) -> Sheet:
    (document,) = read_documents(path)[0]
    return find_table(document, table)


def load(path: Path) -> Policy:
    (policy,) = load_policies([path], vocabulary()).policies
    return policy


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_table_is_the_same_after_it_went_to_a_file(policy: Path, suffix: str) -> None:
    before = load(policy)
    write_sheet(sheet_of(policy, "rent"), policy.parent / f"rent{suffix}")
    text = policy.read_text(encoding="utf-8")
    policy.write_text(point_to_file(text, "written", "rent", f"rent{suffix}"), encoding="utf-8")
    after = load(policy)
    (_, old), (_, new) = before.tables, after.tables
    assert new.file == f"rent{suffix}"
    assert [out.definition for out in new.outputs] == [out.definition for out in old.outputs]
    assert [(r.cells, r.outputs, r.says, r.source) for r in new.rows] == [
        (r.cells, r.outputs, r.says, r.source) for r in old.rows
    ]


def test_all_but_the_rows_stays_as_it_was(policy: Path) -> None:
    changed = point_to_file(POLICY, None, "rent", "rent.xlsx")
    rows = POLICY[POLICY.index("    rows:\n") : POLICY.index("    # nothing else")]
    assert changed == POLICY.replace(rows, "    file: rent.xlsx\n")
    flow = point_to_file(POLICY, None, "other", "other.csv")
    assert flow == POLICY.replace('rows: [[doctor, 1], ["-", 2]]', "file: other.csv")


def test_a_workbook_as_an_author_saves_it_again_means_the_same(policy: Path) -> None:
    path = policy.parent / "rent.xlsx"
    write_sheet(sheet_of(policy, "rent"), path)
    before = load_from(policy, path)
    book = openpyxl.load_workbook(path)
    page = book.active
    for row in page.iter_rows(min_row=2):
        for cell in row:
            if isinstance(cell.value, int):
                cell.value = float(cell.value)
            elif isinstance(cell.value, str) and re.fullmatch(r"[\d.]+%", cell.value):
                cell.value, cell.number_format = float(cell.value[:-1]) / 100, "0.0%"
                cell.data_type = "n"
    page.append([])  # an empty line below
    book.save(path)
    assert load_from(policy, path) == before


def load_from(policy: Path, path: Path) -> list[object]:
    copy = policy.with_name("copy.yaml")
    copy.write_text(point_to_file(POLICY, None, "rent", path.name), encoding="utf-8")
    return [output.definition for output in load(copy).tables[1].outputs]


def test_numbers_days_and_choices_are_such_in_a_workbook(policy: Path) -> None:
    path = policy.parent / "rent.xlsx"
    write_sheet(sheet_of(policy, "rent"), path)
    page = openpyxl.load_workbook(path).active
    assert [cell.value for cell in page[1]] == [
        "degree", "月收入", "since", "rent", "grade", "依据", "说明",
    ]  # fmt: skip
    assert page["D2"].value == 1500
    assert page["D3"].value == 1200.5
    assert page["C3"].value == "2025-01-01 to 2025-06-30"
    assert page.freeze_panes == "A2"
    (rule,) = page.data_validations.dataValidation
    assert (rule.formula1, str(rule.sqref).split(":")[0]) == ('"high,low"', "E2")


TEXTS = st.one_of(
    st.from_regex(r"[+-]?\d{0,18}(\.\d{0,4})?%?", fullmatch=True),
    st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat),
    st.text(st.sampled_from('ab中，,"\'\n;=+-@0159.%[]()<> ＝'), max_size=12),
).map(str.strip).filter(bool)  # fmt: skip


@settings(max_examples=150)
@example([("0.0", "5.0", "-0.0")])
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=6))
def test_every_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("sheet")
    sheet = Sheet(name="x", lines=(("a", "b", "c"), *rows), closed=((), (), ()))
    for name in ("x.xlsx", "x.csv"):
        path = folder / name
        try:
            write_sheet(sheet, path)
        except TableNotWritten:
            assert name == "x.csv"
            assert any(re.match(r"[=+@＝＋＠]", cell) for row in rows for cell in row)
            continue
        grid = read_grid(str(folder / "policy.yaml"), name, None)
        assert [tuple(cell.text for cell in row) for row in grid.rows] == rows
    page = openpyxl.load_workbook(folder / "x.xlsx").active
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)


def test_what_a_file_has_no_place_for_is_told(policy: Path, tmp_path: Path) -> None:
    with pytest.raises(TableNotWritten, match=r'no table "rents" \(there are: other, rent\)'):
        sheet_of(policy, "rents")
    policy.write_text(
        POLICY.replace("says: 硕士、学士", "says: {zh: 硕士, en: master}"), encoding="utf-8"
    )
    with pytest.raises(TableNotWritten, match="has no place"):
        sheet_of(policy, "rent")
    policy.write_text(point_to_file(POLICY, None, "rent", "rent.xlsx"), encoding="utf-8")
    with pytest.raises(TableNotWritten, match=r"kept in rent\.xlsx already"):
        sheet_of(policy, "rent")
    with pytest.raises(TableNotWritten, match=r"to \.xlsx or \.csv"):
        write_sheet(Sheet(name="x", lines=(("a",),), closed=((),)), tmp_path / "x.ods")


def test_a_csv_file_is_one_that_spreadsheets_and_programs_read(policy: Path) -> None:
    path = policy.parent / "rent.csv"
    write_sheet(sheet_of(policy, "rent"), path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[2][0] == "master, bachelor"
    assert yaml.safe_load(POLICY)["tables"]["rent"]["hit"] == "first"
