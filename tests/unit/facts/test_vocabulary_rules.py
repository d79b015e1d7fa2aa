"""What a vocabulary may not say: circles, absence without an authority."""

from pathlib import Path

import pytest

from language.errors import FilesRefused
from profiles.dataset import builtin_datasets
from profiles.vocabulary_load import load_vocabulary

DATASETS = builtin_datasets()


def problems(folder: Path, *facts: str) -> list[str]:
    path = folder / "words.yaml"
    path.write_text("\n".join(["facts:", *(f"  {fact}" for fact in facts)]) + "\n", "utf-8")
    with pytest.raises(FilesRefused) as caught:
        load_vocabulary([path], DATASETS)
    return [f"{p.line}: {p.message}" for p in caught.value.problems]


NUMBER = "{{of: enterprise, label: {{zh: 某}}, type: number, is: '{}'}}"


def test_facts_that_rest_on_each_other_are_refused_with_the_circle_named(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        "first: " + NUMBER.format("second + 1"),
        "second: " + NUMBER.format("third * 2"),
        "third: " + NUMBER.format("$max(first, 3)"),
    )
    assert any("in a circle: first → second → third → first" in p for p in told), told


def test_a_fact_that_rests_on_itself_is_refused(tmp_path: Path) -> None:
    told = problems(tmp_path, "alone: " + NUMBER.format("alone + 1"))
    assert any("in a circle: alone → alone" in p for p in told), told


def test_a_circle_through_a_choice_is_found(tmp_path: Path) -> None:
    cases = "choose: [{when: b > 1, is: b}, {value: 2}]"
    choice = f"{{of: enterprise, label: {{zh: 某}}, type: number, {cases}}}"
    told = problems(tmp_path, "a: " + choice, "b: " + NUMBER.format("a"))
    assert any("a → b → a" in p or "b → a → b" in p for p in told), told


@pytest.mark.parametrize("absent", ["false", "none", "{value: none}"])
def test_no_row_means_something_only_with_an_authority(tmp_path: Path, absent: str) -> None:
    fact = (
        "paid: {of: enterprise, label: {zh: 某}, type: boolean, from: annual-accounts, "
        f"any: rows, absent: {absent}}}"
    )
    assert '2: "annual-accounts" is not complete: no row there says nothing' in problems(
        tmp_path, fact
    )
