"""The catalogue in the standard's columns: written as text, read back without a difference."""

import csv
import json
import tempfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from console.catalogue_file import BadCell, CatalogueFileRefused, read_items, write_items
from console.catalogue_import import compare_items
from console.catalogue_item import item_of
from console.cli import app
from console.errors import ConsoleError
from policies.item_columns import COLUMNS, read_cell
from policies.item_draft import RowRefused, draft_policy
from policies.load import CATALOGUE, load_policies
from policies.terms_file import ServiceFile
from tests.support.policy_texts import load_one, vocabulary

CLAUSE = "clauses: [{id: x, says: {zh: 某}, when: ent_size == 'micro'}]\n"
BENEFIT = "benefit: {amount: 1}\n"
POLICIES = load_policies([CATALOGUE], vocabulary()).policies
ITEMS = [(policy, item_of(policy, vocabulary())) for policy in POLICIES]
KNOWN = POLICIES[0]
NEW = {
    "事项名称": "示范市青年租房补贴",
    "实施编码": "11990100000000000X3000599001000",
    "事项类型": "05",
    "设定依据": "《示范市青年租房补贴办法》 示建发〔2025〕9号",
    "实施主体": "示范市住房和城乡建设局",
    "政策级别": "市级",
    "服务对象": "1",
    "适用地区": "990100",
    "生效日期": "2025年3月1日",
    "取消日期": "2027-12-31",
    "受理条件": "毕业5年内：无房，且“在本市就业”",
    "办理流程": "受理、审核、拨付",
    "承诺办结时限": "020",
    "是否收费": "false",
}


def write_csv(path: Path, *rows: dict[str, str], encoding: str = "utf-8") -> Path:
    heads = list(dict.fromkeys(head for row in rows for head in row))
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, heads, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def call(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["catalogue", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "list.xlsx"
    call("export", "--out", str(path))
    return path


def test_every_element_of_a_service_is_a_column_and_the_other_way_round() -> None:
    assert {c.field for c in COLUMNS if c.typed} == set(ServiceFile.model_fields)
    assert len({c.field for c in COLUMNS}) == len({c.zh for c in COLUMNS}) == len(COLUMNS)


def test_a_workbook_read_with_openpyxl_has_names_then_fields_then_a_row_each(
    workbook: Path,
) -> None:
    sheet = openpyxl.load_workbook(workbook).active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == [column.zh for column in COLUMNS]
    assert [cell.value for cell in rows[1]] == [column.field for column in COLUMNS]
    assert [row[0].value for row in rows[2:]] == [policy.id for policy in POLICIES]
    # text or empty, never a formula or a number that lost its zeros
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} == {"s"}


def test_a_workbook_read_with_pandas_says_what_the_policies_say(workbook: Path) -> None:
    frame = pd.read_excel(workbook, dtype=str, skiprows=[1], keep_default_na=False)
    assert list(frame["事项名称"]) == [policy.title_zh for policy in POLICIES]
    assert list(frame["实施主体"]) == [policy.authority for policy in POLICIES]
    served = {"enterprise": "2", "resident": "1", "household": "1"}
    assert list(frame["服务对象"]) == [served[policy.audience] for policy in POLICIES]
    assert all(frame["申报条件"].str.len() > 0)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_what_was_exported_is_imported_without_a_difference(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"list{suffix}"
    write_items([item for _, item in ITEMS], path)
    found = compare_items(read_items(path), ITEMS)
    assert (found.differences, found.new, found.bad, found.unknown) == ((), (), (), ())
    assert [key for _, key in found.known] == [policy.key for policy in POLICIES]


def test_elements_that_a_policy_types_keep_their_form(tmp_path: Path) -> None:
    policy = load_one(
        tmp_path,
        'service: {task_type: "05", task_code: "000512", promise_day: 20, is_fee: false, '
        'handle_flow: [受理, 审核], plan_effective_date: 2025-02-01, task_name: "=1+1"}\n'
        + CLAUSE
        + BENEFIT,
    )
    item = item_of(policy, vocabulary())
    path = tmp_path / "list.xlsx"
    write_items([item], path)
    row = pd.read_excel(path, dtype=str, skiprows=[1], keep_default_na=False).iloc[0]
    assert (row["事项类型"], row["实施编码"], row["承诺办结时限"]) == ("05", "000512", "20")
    assert (row["是否收费"], row["办理流程"]) == ("否", "受理、审核")
    assert row["生效日期"] == "2025-02-01"
    assert row["事项名称"] == "'=1+1"
    assert compare_items(read_items(path), [(policy, item)]).differences == ()


def test_columns_come_in_any_order_by_either_name(tmp_path: Path) -> None:
    rows = {
        "dept_name": "示范市另一局",
        "经办人": "x",
        "事项名称": KNOWN.title_zh,
        "policy": KNOWN.id,
    }
    path = write_csv(tmp_path / "list.csv", rows, encoding="gb18030")
    found = compare_items(read_items(path), ITEMS)
    assert found.unknown == ("经办人",)
    (one,) = found.differences
    assert (one.row, one.policy, one.field) == (2, KNOWN.key, "dept_name")
    assert (one.in_file, one.in_policy) == ("示范市另一局", KNOWN.authority)


def test_a_bad_cell_is_refused_by_its_place_and_the_rest_is_kept(tmp_path: Path) -> None:
    good = {"政策标识": POLICIES[1].id, "承诺办结时限": "", "事项类型": "", "政策级别": ""}
    bad = good | {"政策标识": KNOWN.id, "承诺办结时限": "二十", "事项类型": "5", "政策级别": "县级"}
    file = read_items(write_csv(tmp_path / "list.csv", bad, good))
    told = {cell.place: cell.why for cell in file.bad}
    assert set(told) == {"B2", "C2"}
    assert "whole number" in told["B2"]
    assert 'did you mean "05"' in told["C2"]
    assert [dict(row.cells) for row in file.rows] == [
        {"policy": KNOWN.id, "level": "county"},
        {"policy": POLICIES[1].id, "promise_day": "", "task_type": "", "level": ""},
    ]


def test_a_cell_with_a_formula_is_refused_by_its_place_alone(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["政策标识", "承诺办结时限", "事项类型"])
    sheet.append([KNOWN.id, "=1+1", "05"])
    sheet.append([POLICIES[1].id, 7, None])
    path = tmp_path / "list.xlsx"
    book.save(path)
    file = read_items(path)
    assert [(cell.place, cell.column) for cell in file.bad] == [("B2", "承诺办结时限")]
    assert "formula" in file.bad[0].why
    assert [dict(row.cells) for row in file.rows] == [
        {"policy": KNOWN.id, "task_type": "05"},
        {"policy": POLICIES[1].id, "promise_day": "7", "task_type": ""},
    ]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x81", b'"open', b"PK\x03\x04broken"])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".txt"])
def test_what_is_no_list_is_refused_without_a_traceback(
    tmp_path: Path, content: bytes, suffix: str
) -> None:
    path = tmp_path / f"list{suffix}"
    path.write_bytes(content)
    with pytest.raises(ConsoleError):
        read_items(path)


def test_a_second_row_about_one_policy_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", {"政策标识": KNOWN.id}, {"政策标识": KNOWN.id})
    found = compare_items(read_items(path), ITEMS)
    assert found.bad == (
        BadCell(row=3, place="3", column="政策标识", why=f"row 2 is about {KNOWN.key} already"),
    )


def test_a_new_item_becomes_a_draft_that_says_what_its_row_says(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", NEW, NEW | {"事项名称": "另一项", "设定依据": ""})
    out = tmp_path / "drafts"
    told = json.loads(call("import", str(path), "--out", str(out), "--format", "json", code=3))
    (refused,) = told["refused"]
    assert (refused["row"], refused["column"]) == (3, "设定依据")
    (file,) = out.glob("*.yaml")
    assert [Path(one["file"]).name for one in told["new"] if one["file"]] == [file.name]
    (policy,) = load_policies([file], vocabulary()).policies
    assert policy.clauses[0].says == NEW["受理条件"]
    again = compare_items(
        read_items(write_csv(tmp_path / "one.csv", NEW)), [(policy, item_of(policy, vocabulary()))]
    )
    assert (again.differences, again.new, again.bad) == ((), (), ())


TEXT = st.text("甲乙：:#\"'{}[],&*!|>%@`-?\\na1=+/《》；\n\t ", min_size=1, max_size=15).filter(
    str.strip
)


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, TEXT)
def test_a_draft_says_any_text_as_its_row_does(name: str, says: str, amount: str) -> None:
    cells = {c.field: read_cell(c, NEW[c.zh]) for c in COLUMNS if c.zh in NEW}
    given_texts = {"task_name": name, "accept_condition": says, "amount_rule": amount}
    cells |= {field: text.strip() for field, text in given_texts.items()}
    _, text = draft_policy(cells | {"fee_basis": amount.strip()}, "schema.json")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "draft.yaml")
        file.write_text(text, encoding="utf-8")
        (policy,) = load_policies([file], vocabulary()).policies
    assert policy.title_zh == name.strip()
    assert policy.clauses[0].says == says.strip()
    assert policy.steps[0].says == amount.strip()
    assert policy.terms.service["fee_basis"] == amount.strip()


@pytest.mark.parametrize("lacking", ["实施主体", "政策级别", "服务对象", "生效日期"])
def test_a_row_that_says_too_little_gets_no_draft(lacking: str) -> None:
    cells = {
        column.field: read_cell(column, NEW[column.zh])
        for column in COLUMNS
        if column.zh in NEW and column.zh != lacking
    }
    with pytest.raises(RowRefused):
        draft_policy(cells, "schema.json")


def test_a_file_without_known_columns_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", {"经办人": "x"})
    with pytest.raises(CatalogueFileRefused, match="事项名称"):
        read_items(path)


def test_a_list_is_never_written_over_another_file(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("mine")
    result = CliRunner().invoke(app, ["catalogue", "export", "--out", str(path)])
    assert result.exit_code != 0
    assert path.read_text() == "mine"


def test_data_inputs_are_the_facts_that_the_conditions_name(tmp_path: Path) -> None:
    policy = load_one(
        tmp_path,
        CLAUSE.replace("micro'", "micro' and ent_region == '370000'") + BENEFIT,
    )
    assert item_of(policy, vocabulary())["data_inputs"] == "ent_region、ent_size"
