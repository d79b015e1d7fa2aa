"""What cannot be read is told with its place and a way out; each limit holds to the value."""

from pathlib import Path

import pytest
import yaml

from language import document_reading
from language.document import Mark
from language.document_reading import MAX_BYTES, read_documents, read_text

QUOTES = 'inside { } a text with a comma, a colon, a bracket or ? needs "quotes"'
ANCHORS = "aliases and anchors (& and *) are not allowed"
WRITTEN_OUT = "write the value where it is needed; a text that begins so stands in quotes"
NO_TAG = "take the tag out; a text that begins with ! stands in quotes"
CONTROL = "the text holds a control character or half a sign"
AGAIN = "take it out, or type the sign again"


@pytest.fixture(params=["quick", "slow"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "slow":
        monkeypatch.setattr(document_reading, "_QUICK", None)
    else:
        assert document_reading._QUICK is yaml.CSafeLoader


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("text", "line", "column", "message", "remedy"),
    [
        ("", 0, 0, "the file is empty", ""),
        ("a: &x 1\n", 1, 4, ANCHORS, WRITTEN_OUT), ("a: *x\n", 1, 4, ANCHORS, WRITTEN_OUT),
        ("&x a: 1\n", 1, 1, ANCHORS, WRITTEN_OUT),
        ("a:\n  - b\n  - &x [c]\n", 3, 5, ANCHORS, WRITTEN_OUT),
        ("b: !secret x\n", 1, 4, "tags are not allowed: !secret", NO_TAG),
        ("b: !!str x\n", 1, 4, "tags are not allowed: tag:yaml.org,2002:str", NO_TAG),
        ('b: "a\\0"\n', 1, 4, CONTROL, AGAIN), ('"\\e": b\n', 1, 1, CONTROL, AGAIN),
        ('a:\n  - "\\x7f"\n', 2, 5, CONTROL, AGAIN), ('a: "\\udfff"\n', 1, 4, CONTROL, AGAIN),
        ("a: 1\nb: 2\na: 3\n", 3, 1, 'key "a" stands twice', "keep one of them"),
        ("? [a, b]\n: c\n", 1, 3, "a key must be a text", 'quote it: "[a, b]"'),
        ("a: {[b]: c}\n", 1, 5, "a key must be a text", 'quote it: "[a, b]"'),
        ("a: {b: &x c, b: &y d}\n", 1, 8, ANCHORS, WRITTEN_OUT),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_told_where_it_stands(
    text: str, line: int, column: int, message: str, remedy: str
) -> None:
    _, problems = read_text(text, file="p.yaml")
    told = [(p.file, p.line, p.column, p.message, p.remedy) for p in problems]
    assert told == [("p.yaml", line, column, message, remedy)]


@pytest.mark.parametrize(
    ("text", "line", "column", "remedy"),
    [("a: {b: c\n", 2, 1, QUOTES), ("a: [b, c: d: e]\n", 1, 12, QUOTES),
     ("a: b\n c: d\n", 2, 3, QUOTES), ("a: 'b\n", 2, 1, QUOTES),
     ("a: x\0y\n", 1, 5, "take it out: no text of a policy needs one")],
)  # fmt: skip
def test_what_is_no_yaml_is_told_by_the_parser(
    text: str, line: int, column: int, remedy: str
) -> None:
    documents, (problem,) = read_text(text, file="p.yaml")
    assert documents == []
    assert (problem.line, problem.column, problem.remedy) == (line, column, remedy)
    assert problem.message.startswith("not YAML: ")
    assert "\n" not in problem.message


@pytest.mark.usefixtures("either_parser")
def test_signs_that_are_no_control_characters_may_stand() -> None:
    (document,), problems = read_text('a: "\\t\\n\\r\\u0020~\\u0080\\ud7ff\\ue000"\n', file="p")
    assert problems == []
    assert document.value == {"a": "\t\n\r ~\x80\ud7ff\ue000"}
    (quoted,), problems = read_text('a: ! "b"\n', file="p")
    assert (quoted.value, problems) == ({"a": "b"}, [])


@pytest.mark.usefixtures("either_parser")
def test_every_value_and_key_has_its_mark() -> None:
    text = "a: b\n'c d': [\"e\", f,\n  {g: ''}]\nh: |\n  i\n  j\nk:\n"
    (document,), problems = read_text(text, file="p.yaml")
    assert problems == []
    assert document.file == "p.yaml"
    assert document.value == {"a": "b", "c d": ["e", "f", {"g": ""}], "h": "i\nj\n", "k": None}
    assert document.marks == {
        (): Mark(line=1, column=1),
        ("a",): Mark(line=1, column=4),
        ("c d",): Mark(line=2, column=8),
        ("c d", 0): Mark(line=2, column=9, source='"e"', style='"'),
        ("c d", 1): Mark(line=2, column=14),
        ("c d", 2): Mark(line=3, column=3),
        ("c d", 2, "g"): Mark(line=3, column=7, source="''", style="'"),
        ("h",): Mark(line=4, column=4, source="|\n  i\n  j\n", style="|"),
        ("k",): Mark(line=7, column=3),
    }
    assert {place: (mark.line, mark.column) for place, mark in document.key_marks.items()} == {
        ("a",): (1, 1), ("c d",): (2, 1), ("c d", 2, "g"): (3, 4), ("h",): (4, 1), ("k",): (7, 1),
    }  # fmt: skip


@pytest.mark.usefixtures("either_parser")
def test_each_limit_of_a_file_holds_to_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_reading, "MAX_VALUES", 6)
    monkeypatch.setattr(document_reading, "MAX_DOCUMENTS", 2)
    monkeypatch.setattr(document_reading, "MAX_DEPTH", 3)
    monkeypatch.setattr(document_reading, "MAX_MISTAKES", 2)
    limits = [
        # a list and a mapping are values as texts are, keys are none
        ("a: [1, 2, 3, 4]\n", "a: [1, 2, 3, 4,\n 5]\n", (2, 2, "more than 6 values")),
        ("--- a\n--- b\n", "--- a\n--- b\n--- c\n", (3, 1, "more than 2 documents")),
        ("[1, 2, 3]\n---\n- 4\n", "[1, 2, 3]\n---\n- 4\n- 5\n", (4, 3, "more than 6 values")),
        ("a: [[b]]\n", "a: [[[b]]]\n", (1, 6, "nested deeper than 3 levels")),
        ("a: [[b], [c]]\n", "a: [[b], [[c]]]\n", (1, 11, "nested deeper than 3 levels")),
        ("a: {b: 1, b: [2]}\n", "a: {b: 1, b: [[2]]}\n", (1, 15, "nested deeper than 3 levels")),
    ]
    for fits, beyond, told in limits:
        documents, problems = read_text(fits, file="p")
        assert documents
        assert [problem.message for problem in problems] in ([], ['key "b" stands twice'])
        documents, problems = read_text(beyond, file="p")
        assert documents == []
        assert [(p.line, p.column, p.message) for p in problems] == [told]
    documents, problems = read_text("a: 1\na: 2\na: 3\n", file="p")
    assert [p.line for p in problems] == [2, 3]
    assert [one.value for one in documents] == [{"a": "1"}]
    documents, problems = read_text("a: 1\na: 2\na: 3\na: 4\n", file="p")
    assert [(p.line, p.message, p.remedy) for p in problems] == [
        (4, "more than 2 keys stand twice", "keep one of each")
    ]
    # what stands under a key that stands twice is counted too
    _, problems = read_text("a: 1\na: [2, 3, 4, 5]\n", file="p")
    assert [p.message for p in problems] == ["more than 6 values"]


def test_brackets_are_counted_before_anything_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_reading, "MAX_BRACKETS", 4)
    monkeypatch.setattr(document_reading, "MAX_DEPTH", 2)
    # those within quotes stand open too, but are no levels
    (document,), _ = read_text('a: "[[{["\n', file="p")
    assert document.value == {"a": "[[{["}
    _, (problem,) = read_text('a: b\nc: "[[\n {[{"\n', file="p")
    assert (problem.line, problem.column) == (3, 2)
    assert (problem.message, problem.remedy) == ("nested deeper than 2 levels", "split it")
    (document,), _ = read_text('a: "]]]]"\nb: "[[]][[]][[[["\n', file="p")
    assert document.value["b"] == "[[]][[]][[[["


def test_a_file_is_read_up_to_its_size(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(b"a: " + b"x" * (MAX_BYTES - 4) + b"\n")
    (document,), problems = read_documents(path)
    assert problems == []
    assert document.file == str(path)
    path.write_bytes(b"a: " + b"x" * (MAX_BYTES - 3) + b"\n")
    documents, (problem,) = read_documents(path)
    assert documents == []
    assert (problem.line, problem.column, problem.message, problem.remedy) == (
        0, 0, "the file is larger than 4 MiB", "split it",
    )  # fmt: skip
    path.write_bytes("a: 标".encode("gbk"))
    _, (problem,) = read_documents(path)
    assert (problem.message, problem.remedy) == (
        "is not UTF-8 text (byte 3)", "save it as UTF-8; GBK and GB18030 are not read here",
    )  # fmt: skip
    _, (problem,) = read_documents(tmp_path / "none.yaml")
    assert (problem.line, problem.column) == (0, 0)
    assert problem.message == "cannot be read: No such file or directory"
    assert problem.file == str(tmp_path / "none.yaml")
