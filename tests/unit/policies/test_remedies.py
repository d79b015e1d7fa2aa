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
    "a unit within a condition": (
        "clauses: [{id: a, says: 一, when: revenue >= 500万}]\nbenefit: {amount: 1}\n",
        "write the whole number, as 5000000",
    ),
    "a percentage before a product": (
        CLAUSE + "benefit: {amount: 5.5% * revenue}\n",
        "written 0.055",
    ),
    "a percentage at the end": (
        CLAUSE + "benefit: {amount: revenue * 5.5%}\n",
        "written 0.055",
    ),
    "a step called max": (
        CLAUSE + "benefit: {amount: [revenue, {max: 10万}]}\n",
        'did you mean "at_most"',
    ),
    "a clause with if": (
        "clauses: [{id: a, says: 一, if: not is_zombie}]\nbenefit: {amount: 1}\n",
        'did you mean "when"',
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
