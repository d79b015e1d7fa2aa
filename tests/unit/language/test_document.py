"""Where a file does not have the form it should, its one mistake is told once, where it stands."""

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from language.document import cut
from language.document_decoding import decode
from language.document_reading import read_text


class Case(BaseModel):
    model_config = ConfigDict(extra="forbid")
    by: Literal["direct", "confirm"]
    when: str = ""


class File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    delivery: Literal["direct", "confirm"] | list[Case]
    region: str | list[str] = ""


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("delivery: drect\n", 1, 11),
        ("delivery:\n  - {by: drect}\n", 2, 10),
        ("delivery:\n  - {by: direct}\n  - {by: direct, wen: x}\n", 3, 18),
        ("delivery: direct\nregion: [a, {b: c}]\n", 2, 13),
        ("delivery: direct\nregon: a\n", 2, 1),
    ],
)
def test_a_slip_within_a_form_is_told_once_and_not_as_another_form(
    text: str, line: int, column: int
) -> None:
    (document,), problems = read_text(text, file="p.yaml")
    assert problems == []
    read, problems = decode(document, File)
    assert read is None
    assert [(problem.line, problem.column) for problem in problems] == [(line, column)]


def test_what_fits_is_read() -> None:
    (document,), _ = read_text("delivery: [{by: direct, when: x}]\nregion: [a]\n", file="p.yaml")
    read, problems = decode(document, File)
    assert problems == []
    assert read == File(delivery=[Case(by="direct", when="x")], region=["a"])


def test_what_is_cut_out_of_a_file_keeps_its_places() -> None:
    (document,), _ = read_text("x: 1\ndelivery:\n  - {by: direct}\n  - {by: drect}\n", file="p")
    piece = cut(document, ("delivery", 1))
    assert piece.value == {"by": "drect"}
    _, problems = decode(piece, Case)
    assert [(problem.line, problem.column) for problem in problems] == [(4, 10)]
