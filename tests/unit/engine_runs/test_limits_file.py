"""`limits.yaml`: what an installation says of the brake, and how its mistakes are told."""

from fractions import Fraction
from pathlib import Path

import pytest

from engine.brake import BrakeLimits, Limits
from engine.limits_file import read_limits
from language.errors import FilesRefused
from tests.support.policy_texts import load_text


def read(folder: Path, text: str) -> BrakeLimits:
    path = folder / "limits.yaml"
    path.write_text(text, encoding="utf-8")
    return read_limits(path)


def problems(folder: Path, text: str) -> str:
    with pytest.raises(FilesRefused) as caught:
        read(folder, text)
    return str(caught.value)


def test_without_a_file_the_built_in_limits_hold(tmp_path: Path) -> None:
    assert read_limits(tmp_path / "limits.yaml") == BrakeLimits()
    assert read(tmp_path, "limits: {}\npolicies: {}\n") == BrakeLimits()


def test_what_the_file_says_stands_in_place_of_the_built_in_limits(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "limits: {gained: 2万, amount: 1.5亿, lost_share: 5%, few: 0}\n"
        "policies: {elder: {audience_share: 100%, lost: 7, why: 普惠}}\n",
    )
    assert found.usual == Limits(
        gained=20_000, amount_fen=15_000_000_000, lost_share=Fraction(1, 20), few=0
    )
    assert found.of("other") == found.usual
    assert found.of("elder") == Limits(
        gained=20_000,
        amount_fen=15_000_000_000,
        lost_share=Fraction(1, 20),
        few=0,
        audience_share=Fraction(1),
        lost=7,
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("limits: {gaind: 5}", "limits.yaml:1:10"),
        ("limits: {gained: 5.5}", '"5.5" is no count'),
        ("limits: {gained: -1}", "is no count"),
        ("limits: {amount: 0.001}", "is no sum in yuan"),
        ("limits: {lost_share: 110%}", "more than all there are"),
        ("limits: {lost_share: -5%}", "is no share"),
        ("policies: {a: {lost: 5}}", "why"),
        ("policies: {a: {lost: 5, why: ' '}}", "say why"),
        ("limits: {}\n---\nlimits: {}", "one document"),
        ("limits: [", "not YAML"),
        ("# nothing", "the file is empty"),
        ("- 5", "limits.yaml:1:1"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_nothing_runs(
    tmp_path: Path, text: str, told: str
) -> None:
    assert told in problems(tmp_path, text)


def test_a_policy_file_has_no_key_that_loosens_the_brake(tmp_path: Path) -> None:
    for key in ("limits: {gained: 5}", "brake: {gained: 5}"):
        with pytest.raises(FilesRefused) as caught:
            load_text(
                tmp_path,
                "clauses: [{id: a, says: 一, source: 一, when: is_zombie}]\n"
                f"benefit: {{amount: 1}}\n{key}\n",
            )
        assert key.partition(":")[0] in str(caught.value)
