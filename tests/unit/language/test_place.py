"""A mistake within a condition is shown where it stands in the file, however YAML writes it."""

import pytest

from language.document_reading import read_text

MISTAKE = "wrong_name"

FILES = {
    "plain": "when: age > 5 and wrong_name > 1\n",
    "plain over lines": "when: age > 5\n  and poor\n    and wrong_name > 1\n",
    "single quotes": "when: 'age > 5 and wrong_name > 1'\n",
    "single quotes with a quote": "when: 'code == ''A'' and wrong_name > 1'\n",
    "single quotes over lines": "when: 'age > 5\n\n  and wrong_name > 1'\n",
    "double quotes": 'when: "age > 5 and wrong_name > 1"\n',
    "double quotes with escapes": 'when: "c == \\"A\\" and\\tt == \\"\\u4e2d\\" and wrong_name"\n',
    "double quotes over lines": 'when: "age > 5 \\\n  and poor\n  and wrong_name > 1"\n',
    "folded": "when: >-\n  age > 5\n  and wrong_name > 1\n",
    "folded with an indent": "when: >2\n    age > 5\n    and wrong_name > 1\n",
    "literal": "when: |\n  age > 5\n  and poor\n  and wrong_name > 1\n",
    "Chinese before it": "when: 'name == \"中文\" and wrong_name > 1'\n",
    "in a flow mapping": "when: {a: x, b: 'age > 5 and wrong_name > 1'}\n",
    "at its beginning": "when: wrong_name > 1\n",
    "at its beginning in quotes": "when: 'wrong_name > 1'\n",
    "at the beginning of a folded text": "when: >-\n  wrong_name > 1\n",
}


@pytest.mark.parametrize("name", list(FILES))
def test_the_place_is_that_of_the_sign_in_the_file(name: str) -> None:
    text = FILES[name]
    (document,), problems = read_text(text, file="x.yaml")
    assert not problems
    place = ("when", "b") if "flow" in name else ("when",)
    value = document.value["when"]["b"] if "flow" in name else document.value["when"]
    problem = document.problem(place, "m", offset=value.index(MISTAKE))
    line = text.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith(MISTAKE)


def test_a_place_at_the_end_is_behind_the_last_sign() -> None:
    for text in ("when: age >\n", "when: 'age >'\n", "when: >-\n  age >\n"):
        (document,), _ = read_text(text, file="x.yaml")
        problem = document.problem(("when",), "m", offset=len("age >"))
        line = text.splitlines()[problem.line - 1]
        assert line[: problem.column - 1].endswith("age >")


def test_a_value_as_a_whole_is_shown_at_its_beginning() -> None:
    (document,), _ = read_text("when: >-\n  age\nother: 'x'\n", file="x.yaml")
    assert document.problem(("other",), "m").column == 8
    assert document.problem(("when",), "m").line == 1
