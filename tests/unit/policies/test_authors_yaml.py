"""Authors' YAML: hostile and mistyped files give clean errors with their place."""

from pathlib import Path

import pytest

from language.document_reading import read_documents, read_text
from language.number import parse_number, significant_digits
from profiles.formula import parse_scalar

ALIASES = "a: &a [x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)
MERGES = "a: &a {x: y}\nb: &b {<<: *a, z: w}\nc: {<<: [*a, *b]}\n"

HOSTILE = {
    "alias bomb": (ALIASES, (1, 4), "aliases"),
    "merge bomb": (MERGES, (1, 4), "aliases"),
    "merge without an anchor": ("a: {<<: *b}\n", (1, 9), "aliases"),
    "100,000 brackets": ("[" * 100_000, (1, 41), "nested deeper"),
    "100,000 braces": ("{" * 100_000, (1, 41), "nested deeper"),
    "100,000 dashes": ("- " * 100_000, (1, 81), "nested deeper"),
    "python tag": ("a: !!python/object/apply:os.system [ls]\n", (1, 4), "tags"),
    "binary tag": ("a: !!binary aGk=\n", (1, 4), "tags"),
    "own tag": ("a: !secret x\n", (1, 4), "tags"),
    "anchor alone": ("a: &x 1\n", (1, 4), "anchors"),
    "NUL": ("a: x\0y\n", (1, 5), "not YAML: the file holds the control character U+0000"),
    "control sign": ("a: b\nc: x\x07y\n", (2, 5), "not YAML: the file holds the control character"),
    "tab": ("a:\n\tb: 1\n", (2, 1), "not YAML"),
    "half a sign by an escape": ('a: ["x", "\\ud800"]\n', (1, 10), "half a sign"),
    "NUL by an escape": ('a: {"b\\0": c}\n', (1, 5), "control character"),
    "terminal control by an escape": ('a: "\\e[2J"\n', (1, 4), "control character"),
    "a million values": ("a: [" + "x," * 1_000_000 + "]\n", (1, 300_001), "150,000 values"),
    "a million values in blocks": ("- x\n" * 1_000_000, (150_000, 3), "150,000 values"),
    "100,000 documents": ("---\na: b\n" * 100_000, (2001, 1), "1,000 documents"),
    "open quote": ('a: "b\n', (2, 1), "not YAML"),
    "open brace": ("a: {b: c\n", (2, 1), "not YAML"),
    "key of a list": ("? [a, b]\n: c\n", (1, 3), "a key must be a text"),
    "empty": ("", (0, 0), "empty"),
    "comment alone": ("# only this\n", (0, 0), "empty"),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_is_refused_with_its_place(name: str) -> None:
    text, place, words = HOSTILE[name]
    documents, problems = read_text(text, file="p.yaml")
    assert documents == []
    (problem,) = problems
    assert words in problem.message
    assert (problem.line, problem.column) == place
    assert str(problem).startswith("p.yaml")
    assert len(str(problem)) < 500


def test_of_many_keys_that_stand_twice_the_first_are_told() -> None:
    _, problems = read_text("a: b\n" * 100_000, file="p.yaml")
    (problem,) = problems
    assert (problem.line, problem.message) == (202, "more than 200 keys stand twice")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("标题: 国务院".encode("gbk"), "not UTF-8"),
        ("标题: 国务院".encode("utf-16"), "not UTF-8"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a: " + b"x" * (4 * 1024 * 1024), "larger than 4 MiB"),
    ],
)
def test_bytes_that_are_no_text_are_told(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(content)
    documents, (problem,) = read_documents(path)
    assert documents == []
    assert words in problem.message


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        _, (problem,) = read_documents(path)
        assert "cannot be read" in problem.message


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes("\ufeff标题: 国务院\r\n".encode())
    (document,), problems = read_documents(path)
    assert (document.value, problems) == ({"标题": "国务院"}, [])


def test_every_duplicate_key_is_told_with_its_place() -> None:
    text = "a: 1\nb: {c: 1, c: 2}\na: 2\n"
    _, problems = read_text(text, file="p.yaml")
    assert [(p.line, p.column) for p in problems] == [(2, 11), (3, 1)]
    assert 'key "c" stands twice' in problems[0].message


def test_no_scalar_is_guessed() -> None:
    typed = ["NO", "no", "on", "1:0:0", "2024-02-30", "2024-05-01", "010100", "2024.10", "1e3",
             "0x1F", "0o17", ".inf", ".nan", "1_000", "true", "null", "~", "9" * 5000]  # fmt: skip
    (document,), problems = read_text("".join(f"- {word}\n" for word in typed), file="p.yaml")
    assert problems == []
    assert document.value == typed


def test_only_nothing_is_none() -> None:
    (document,), _ = read_text("a:\nb: ''\nc: ~\n", file="p.yaml")
    assert document.value == {"a": None, "b": "", "c": "~"}


def test_several_documents_of_one_file_are_all_read() -> None:
    documents, problems = read_text("a: 1\n---\nb: 2\n", file="p.yaml")
    assert [document.value for document in documents] == [{"a": "1"}, {"b": "2"}]
    assert problems == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"), ("-3", "-3"), ("+3", "3"), ("5.5%", "11/200"), ("3‰", "3/1000"),
        ("500万", "5000000"), ("1.2亿", "120000000"), ("10万元", "100000"), ("3亿元", "300000000"),
        ("100元", "100"), ("1_000", "1000"), ("0.1", "1/10"), (" 7 ", "7"), ("007", "7"),
    ],
)  # fmt: skip
def test_a_number_is_read_as_the_law_writes_it(text: str, value: str) -> None:
    assert str(parse_number(text)) == value


@pytest.mark.parametrize(
    "text",
    ["", "1e5", "1,000", "１２", "五", "5 %", "5%%", "0x10", ".5", "5.", "--1", "NaN", "Infinity",
     "1:0:0", "9" * 41, "9" * 5000, "1/2", "万", "5万万"],
)  # fmt: skip
def test_what_is_no_number_is_told_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number; write 1500"):
        parse_number(text)


@pytest.mark.parametrize(
    ("text", "digits"),
    [("0", 1), ("1500", 2), ("0.001", 1), ("123.450", 5), ("5.5%", 2), ("-0.30", 1)],
)
def test_significant_digits_leave_zeros_at_both_ends_out(text: str, digits: int) -> None:
    assert significant_digits(parse_number(text)) == digits


def test_a_third_has_no_last_digit() -> None:
    assert significant_digits(parse_number("1") / 3) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [("true", "bool"), ("false", "bool"), ("NO", "str"), ("2024-05-01", "date"),
     ("2024-02-30", "str"), ("1:0:0", "str"), ("5%", "Fraction"), ("010100", "Fraction"),
     ("True", "str"), ("null", "str")],
)  # fmt: skip
def test_a_value_is_taken_by_its_looks_only_where_no_type_is_declared(text: str, kind: str) -> None:
    assert type(parse_scalar(text)).__name__ == kind
