"""Mistakes that authors make, and the word of what to write instead."""

from pathlib import Path

import pytest

from language.errors import FilesRefused
from tests.support.policy_texts import load_text

CLAUSE = "clauses: [{id: a, says: 一, when: not is_zombie}]\n"
MISTAKES = {
    "a code without quotes": (
        "clauses: [{id: a, says: 一, when: ent_size == small}]\nbenefit: {amount: 1}\n",
        'a text stands in quotes: "small"',
    ),
    "a range in the words of the law": (
        CLAUSE + "parameters: {r: {by: staff, source: 一, rows: {30以下: 1, 30以上: 2}}}\n"
        "benefit: {amount: r}\n",
        "up to 30 \\(以下\\)",
    ),
    "numbers with a closed list": (
        CLAUSE + "facts: {n: {type: integer, values: [1, 2]}}\nbenefit: {amount: n}\n",
        "only codes and texts have a closed list",
    ),
    "a period of another length": (
        CLAUSE + "per: year\nperiod: 2024Q3\nbenefit: {amount: 1}\n",
        "as per: says",
    ),
    "a trade by its name": (
        CLAUSE + "parameters: {r: {by: gbt4754_code, source: 一, rows: {制造业: 1, else: 2}}}\n"
        "benefit: {amount: r}\n",
        '"制造业" is no trade .* write C, C35',
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_what_to_write(tmp_path: Path, mistake: str) -> None:
    text, told = MISTAKES[mistake]
    with pytest.raises(FilesRefused, match=told):
        load_text(tmp_path, text)


def test_a_table_without_rows_that_can_be_read_is_not_told_to_be_empty_too(tmp_path: Path) -> None:
    rows = "{by: staff, source: 一, rows: {30以下: 1, over 30: 五}}"
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, CLAUSE + f"parameters: {{r: {rows}}}\nbenefit: {{amount: r}}\n")
    messages = [problem.message for problem in refused.value.problems]
    assert not [message for message in messages if "has no value" in message]
