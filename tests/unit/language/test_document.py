"""Where a file does not have the form it should, its one mistake is told once, where it stands."""

from dataclasses import replace
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from language.document import MAX_MESSAGE, Document, Mark, cut, document_value
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


TEXT = "title: a\nsteps:\n  - {plus: 'it''s here'}\n  - b\nlong: |\n  one\n  two three\n"


def read(text: str = TEXT) -> Document:
    (document,), problems = read_text(text, file="p.yaml")
    assert problems == []
    return document


@pytest.mark.parametrize(
    ("place", "line", "column"),
    [((), 1, 1), (("title",), 1, 8), (("steps", 0, "plus"), 3, 12), (("steps", 1), 4, 5),
     (("steps", 0, "none"), 3, 5), (("steps", 7), 3, 3), (("steps", 7, "x", 1), 3, 3),
     (("none", "such"), 1, 1)],
)  # fmt: skip
def test_a_place_without_a_mark_is_shown_where_what_holds_it_stands(
    place: tuple[str | int, ...], line: int, column: int
) -> None:
    document = read()
    assert (document.mark(place).line, document.mark(place).column) == (line, column)
    assert document.where(place) == f"p.yaml:{line}:{column}"
    assert document.file_of(place) == "p.yaml"
    problem = document.problem(place, "no", "do")
    assert (problem.file, problem.line, problem.column) == ("p.yaml", line, column)
    assert (problem.message, problem.remedy) == ("no", "do")


@pytest.mark.parametrize(
    ("place", "offset", "line", "column"),
    [
        (("title",), 0, 1, 8), (("title",), 3, 1, 11), (("title",), -1, 1, 8),
        # within quotes, a doubled one being one sign; on the line below that of `|`
        (("steps", 0, "plus"), 0, 3, 13), (("steps", 0, "plus"), 3, 3, 17),
        (("steps", 0, "plus"), -1, 3, 12), (("long",), 0, 6, 3), (("long",), 5, 7, 4),
        (("long",), 9, 7, 8), (("long",), -1, 5, 7),
    ],
)  # fmt: skip
def test_a_sign_within_a_text_is_shown_where_it_stands_in_the_file(
    place: tuple[str | int, ...], offset: int, line: int, column: int
) -> None:
    problem = read().problem(place, "no", offset=offset)
    assert (problem.line, problem.column) == (line, column)


@pytest.mark.parametrize("length", [MAX_MESSAGE - 1, MAX_MESSAGE, MAX_MESSAGE + 1, 5000])
def test_a_message_that_quotes_much_is_cut_in_its_middle(length: int) -> None:
    text = "".join(chr(ord("a") + number % 26) for number in range(length))
    problem = read().problem((), text, text)
    assert problem.message == problem.remedy
    if length <= MAX_MESSAGE:
        assert problem.message == text
        return
    head, _, tail = problem.message.partition(" … ")
    assert (text.startswith(head), text.endswith(tail)) == (True, True)
    assert (len(head), len(tail)) == (MAX_MESSAGE // 2, MAX_MESSAGE // 4)


@pytest.mark.parametrize(
    ("place", "value"),
    [((), {"a": ["b", {"c": ""}], "d": None}), (("a", 0), "b"), (("a", 1, "c"), ""), (("d",), None),
     (("a", 2), None), (("x",), None), (("a", "b"), None), (("a", 0, "b"), None),
     (("d", 0), None)],
)  # fmt: skip
def test_what_stands_at_a_place(place: tuple[str | int, ...], value: object) -> None:
    assert document_value(read("a: [b, {c: ''}]\nd:\n"), place) == value


def test_what_is_cut_out_has_the_marks_beneath_it_and_no_others() -> None:
    whole = read()
    piece = cut(whole, ("steps",))
    assert piece.value == [{"plus": "it's here"}, "b"]
    assert set(piece.marks) == {(), (0,), (0, "plus"), (1,)}
    assert set(piece.key_marks) == {(), (0, "plus")}
    assert piece.marks[0, "plus"] == whole.marks["steps", 0, "plus"]
    assert piece.where((1,)) == "p.yaml:4:5"


def test_a_value_from_another_file_is_told_of_that_file() -> None:
    whole = read()
    mark = Mark(line=7, column=3, file="other.yaml")
    mixed = replace(whole, marks={**whole.marks, ("title",): mark})
    assert mixed.file_of(("title",)) == mixed.file_of(("title", "x")) == "other.yaml"
    assert mixed.where(("title",)) == "other.yaml:7:3"
    assert mixed.problem(("title",), "no").file == "other.yaml"
    assert mixed.problem(("steps",), "no").file == "p.yaml"
