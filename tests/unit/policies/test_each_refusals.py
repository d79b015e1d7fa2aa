"""What an author may not say of rows: each refusal names its place and what to do."""

import re
from pathlib import Path

import pytest

from language.errors import FilesRefused
from tests.support.policy_texts import load_one, load_text

ROWS = """
rows:
  crew:
    columns:
      hired_on: {says: 入职日, type: date}
      person: {says: 人员, type: text}
      job: {says: 岗位, type: code}
      pay: {says: 工资, type: money}
      poor: {says: 困难, type: boolean}
"""
EACH = "each: {row: crew, clauses: [{id: a, says: 一, when: poor}], amount: pay}\n"
CASH = "benefit: {kind: cash}\n"
REFUSED = {
    "unknown rows": (
        CASH + EACH.replace("crew", "crw"),
        r'written.yaml:\d+:\d+: unknown rows "crw"',
    ),
    "a column for the subject": (
        CASH + EACH + "clauses: [{id: b, says: 二, when: poor}]\n",
        r'"poor" is a column of "crew": it has no one value for the subject .*under each:',
    ),
    "a column in the whole amount": (
        "benefit: {amount: [sum_of_rows, {plus: pay}]}\n" + EACH,
        r'"pay" is a column of "crew"',
    ),
    "a parameter by a column for the subject": (
        EACH
        + "parameters: {rate: {by: job, source: 一, rows: {x: 1, else: 2}}}\n"
        + "benefit: {amount: [sum_of_rows, {times: rate}]}\n",
        r'"rate" is a parameter by what each row has',
    ),
    "a parameter at a column for the subject": (
        EACH
        + "parameters: {rate: {at: hired_on, source: 一, values: [{from: 2024-01-01, value: 1}]}}\n"
        + "benefit: {amount: [sum_of_rows, {times: rate}]}\n",
        r'"rate" is a parameter by what each row has',
    ),
    "a fact of the policy over a column": (
        CASH + EACH + "facts: {double: {says: 一, is: pay * 2}}\n",
        r'"pay" is a column of "crew"',
    ),
    "a fact of each row in the filter of a measure": (
        CASH
        + EACH.replace(
            "amount:",
            "facts: {least: {says: 一, is: pay / 2},"
            " n: {says: 二, from: crew, where: pay > least, count: rows}}, amount:",
        ),
        r'"least" is a fact of each row, and a measure knows no row but its own .*match:',
    ),
    "a column and a fact of the policy": (
        CASH + EACH + "facts: {job: {says: 一, type: code}}\n",
        r'"job" is also a column of "crew"',
    ),
    "a column and a parameter": (
        CASH + EACH + "parameters: {job: {value: 1, source: 一}}\n",
        r'"job" is also a column of "crew"',
    ),
    "a column and a fact of the vocabulary, used": (
        CASH
        + EACH.replace("when: poor", "when: is_zombie and poor")
        + ROWS.replace("      poor:", "      is_zombie: {type: boolean}\n      poor:"),
        r'"is_zombie" is a column of "crew" and a fact of the subject',
    ),
    "a fact of the rows and a column": (
        CASH + EACH.replace("row: crew", "row: crew, facts: {job: {is: pay * 2}}"),
        r'"job" is also a column of "crew"',
    ),
    "a fact of the rows and of the subject": (
        CASH + EACH.replace("row: crew", "row: crew, facts: {is_zombie: {is: poor}}"),
        r'"is_zombie" has a meaning for the subject already',
    ),
    "rows summed in a clause": (
        CASH + EACH + "clauses: [{id: b, says: 二, when: rows_that_hold >= 2}]\n",
        r'"rows_that_hold"',
    ),
    "a sum without amounts": (
        "benefit: {amount: sum_of_rows}\n" + EACH.replace(", amount: pay", ""),
        r'"sum_of_rows" needs each: with an amount',
    ),
    "rows and portions without a whole": (
        EACH + "benefit: {kind: cash, portions: [{id: p, says: 三, amount: 1}]}\n",
        r"rows and portions both have amounts .*sum_of_portions, \{plus: sum_of_rows\}",
    ),
    "no clauses for the rows": (
        CASH + "each: {row: crew, amount: pay}\n",
        "each has no clauses",
    ),
    "a claim of a number with a point": (
        CASH + EACH.replace("row: crew", "row: crew, claim: {of: pay, group: g}"),
        r'"pay" is money: it cannot be claimed',
    ),
    "a claim of no column": (
        CASH + EACH.replace("row: crew", "row: crew, claim: {of: ent_size, group: g}"),
        r'"ent_size" is no column of the rows',
    ),
    "a limit without a name": (
        CASH + EACH.replace("row: crew", "row: crew, limits: [{on: pay * 2, up_to: 5}]"),
        "the limit needs a name .*as: principal_counted",
    ),
    "a limit with a name that is taken": (
        CASH + EACH.replace("row: crew", "row: crew, limits: [{on: pay, up_to: 5, as: job}]"),
        '"job" has a meaning already',
    ),
    "a limit in a condition": (
        CASH
        + EACH.replace("when: poor", "when: pay_counted > 1").replace(
            "row: crew", "row: crew, limits: [{on: pay, up_to: 5}]"
        ),
        '"pay_counted"',
    ),
    "a limit in the order of nothing": (
        CASH + EACH.replace("row: crew", "row: crew, limits: [{on: pay, up_to: 5, order: hired}]"),
        '"hired"',
    ),
    "a clause with the name of the rows": (
        CASH + EACH.replace("id: a", "id: crew"),
        '"crew" is taken',
    ),
    "two clauses of one name": (
        CASH + EACH + "clauses: [{id: a, says: 二, when: not is_zombie}]\n",
        '"a" is taken',
    ),
    "an item that is money": (CASH + EACH + "per: {each: pay}\n", "it cannot be the item"),
    "an item that is nothing": (CASH + EACH + "per: {each: device}\n", '"device"'),
    "an item beside portions": (
        EACH
        + "per: {each: person}\n"
        + "benefit: {portions: [{id: p, says: 三, amount: 1}], amount: sum_of_portions}\n",
        "each value of a column makes an award",
    ),
    "two items": (CASH + EACH + "per: {each: person, also: job}\n", "for each value of a fact"),
    "a date that is none": (CASH + EACH + "effective: {at: person}\n", '"person" is no date'),
    "an unknown key": (CASH + EACH.replace("row: crew", "row: crew, lmits: []"), '"lmits"'),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_rows_may_not_say_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    text, words = REFUSED[name]
    text = text if "rows:\n" in text else text + ROWS
    with pytest.raises(FilesRefused) as refused:
        load_one(tmp_path, text)
    messages = str(refused.value).splitlines()
    assert any(re.search(words, message) for message in messages), messages
    assert all(re.search(r"written\.yaml:\d+:\d+: ", message) for message in messages), messages


def test_amounts_of_rows_that_nothing_uses_are_warned_of(tmp_path: Path) -> None:
    text = EACH + ROWS + "benefit: {amount: 5}\n"
    assert any("never used" in str(w) for w in load_text(tmp_path, text).warnings)


def test_a_fact_of_the_vocabulary_that_no_row_uses_may_have_the_name_of_a_column(
    tmp_path: Path,
) -> None:
    rows = ROWS.replace("      poor:", "      is_zombie: {type: boolean}\n      poor:")
    text = CASH + EACH + rows + "clauses: [{id: b, says: 二, when: not is_zombie}]\n"
    policy = load_one(tmp_path, text)
    assert policy.each is not None
    assert "is_zombie" not in policy.each.names


@pytest.mark.parametrize(
    ("of_row", "of_subject"),
    [
        ("{first: 1, when: counted <= 2}, {plus: t, when: counted <= 2}", "sum_of_rows"),
        ("{first: 1}", "sum_of_rows, {plus: t, when: rows_that_hold >= 5}"),
    ],
)
def test_a_table_may_be_used_where_a_limit_or_the_rows_decide(
    of_row: str, of_subject: str, tmp_path: Path
) -> None:
    text = f"""
parameters:
  t: {{by: ui_paid_months, source: 一, rows: {{1: 10, 5: 20}}}}
rows:
  crew: {{columns: {{who: {{label: 人, type: text}}}}}}
each:
  row: crew
  limits: [{{on: rows, up_to: 7, as: counted}}]
  clauses: [{{id: named, says: 一, when: 'who != "x"'}}]
  amount: [{of_row}]
benefit: {{kind: cash, amount: [{of_subject}]}}
"""
    loaded = load_text(tmp_path, text)
    assert any('"t" has no row' in warning.message for warning in loaded.warnings)
