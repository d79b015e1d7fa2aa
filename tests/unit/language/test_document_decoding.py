"""What does not fit its model is told with its place, what was found, and what to write instead."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, field_validator

from language.document import MAX_MISTAKES, Document
from language.document_decoding import decode
from language.document_reading import read_text


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")
    plus: str = ""
    when: str = ""


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    label: str = ""
    deepest: list[Step] = []


class File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    mode: Literal["direct", "confirm"] = "direct"
    steps: list[Step] | str = ""
    region: list[str] = []
    inner: Inner | None = None
    level: str = ""

    @field_validator("level")
    @classmethod
    def is_known(cls, level: str) -> str:
        if level == "moon":
            raise ValueError("the moon has no policies")
        return level


def document(text: str) -> Document:
    (found,), problems = read_text(text, file="p.yaml")
    assert problems == []
    return found


Told = tuple[int, int, str, str]


def mistakes(text: str, model: type[BaseModel] = File) -> list[Told]:
    read, problems = decode(document(text), model)
    assert (read is None) is bool(problems)
    assert {problem.file for problem in problems} <= {"p.yaml"}
    return [(p.line, p.column, p.message, p.remedy) for p in problems]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: a\n", []),
        ("mode: direct\n", [(1, 1, 'key "title" is missing', "add it")]),
        ("title: a\ninner: {deepest: [{plus: b}, c]}\n",
         [(2, 30, '"entry 2 of deepest" must hold keys and values', "")]),
        ("title: a\ninner: b\n", [(2, 8, '"inner" must hold keys and values', "")]),
        ("title: a\nregion: b\n",
         [(2, 9, '"region" must be a list', "write [a, b] or lines of -")]),
        ("title: [a]\n", [(1, 8, '"title" must be a text', "")]),
        ("title: a\nregion: [b, [c]]\n", [(2, 13, '"entry 2 of region" must be a text', "")]),
        ("title: a\nmode: drect\n",
         [(2, 7, '"drect" is not a value of "mode"', "one of 'direct' or 'confirm'")]),
        ("title: a\nlevel: moon\n", [(2, 8, "the moon has no policies", "")]),
        ("title: a\nlvel: b\n", [(2, 1, 'unknown key "lvel"', 'did you mean "level"?')]),
        ("title: a\ninner: {lable: b}\n", [(2, 9, 'unknown key "lable"', 'did you mean "label"?')]),
        ("title: a\ninner: {pluss: b}\n", [(2, 9, 'unknown key "pluss"', 'did you mean "plus"?')]),
        ("title: a\nqqqqqq: b\n", [(2, 1, 'unknown key "qqqqqq"', "")]),
        ("title: a\nsteps:\n  - {plus: b, title: c}\n", [(3, 15, 'unknown key "title"', "")]),
        ("title: a\ninner: {label: b, c d}\n",
         [(2, 19, 'unknown key "c d"',
           "a key without a value: inside { } a text with a comma needs quotes")]),
        ("title: a\ninner: {label: b, lable}\n",
         [(2, 19, 'unknown key "lable"', 'did you mean "label"? '
           "a key without a value: inside { } a text with a comma needs quotes")]),
        ("mode: x\nqqqqqq: y\n",
         [(1, 1, 'key "title" is missing', "add it"),
          (1, 7, '"x" is not a value of "mode"', "one of 'direct' or 'confirm'"),
          (2, 1, 'unknown key "qqqqqq"', "")]),
    ],
)  # fmt: skip
def test_each_mistake_is_told_in_the_authors_words(text: str, told: list[Told]) -> None:
    assert mistakes(text) == told


@pytest.mark.parametrize(
    ("key", "meant"),
    [("max", '"at_most"'), ("min", '"at_least"'), ("cap", '"at_most"'), ("floor", '"at_least"'),
     ("add", '"plus"'), ("subtract", '"minus"'), ("multiply", '"times"'), ("condition", '"when"'),
     ("if", '"when"'), ("name", '"title" or "label"')],
)  # fmt: skip
def test_keys_that_authors_try_are_answered_with_ours(key: str, meant: str) -> None:
    text = f"title: a\ninner: {{{key}: b}}\n"
    assert mistakes(text) == [(2, 9, f'unknown key "{key}"', f"did you mean {meant}?")]


class Counted(BaseModel):
    size: int = 0
    named: dict[str, str] = {}


def test_a_mapping_of_any_keys_is_told_as_keys_and_values() -> None:
    assert mistakes("named: a\n", Counted) == [(1, 8, '"named" must hold keys and values', "")]


def test_other_mistakes_are_told_as_the_model_says_them() -> None:
    ((line, column, message, remedy),) = mistakes("size: many\n", Counted)
    assert (line, column, remedy) == (1, 7, "")
    assert message.startswith('"size": Input should be a valid integer')


@pytest.mark.parametrize("beyond", [-1, 0, 1, 1500])
def test_of_very_many_mistakes_the_first_are_told_and_the_others_counted(beyond: int) -> None:
    count = MAX_MISTAKES + beyond
    told = mistakes("title: a\n" + "".join(f"qqqqqq{n}: b\n" for n in range(count)))
    named = [message for _, _, message, _ in told if message.startswith("unknown key")]
    assert named == [f'unknown key "qqqqqq{n}"' for n in range(min(count, MAX_MISTAKES))]
    more = [(1, 1, f"{beyond:,} more mistakes of this kind are not told", "correct these first")]
    assert told[len(named) :] == (more if beyond > 0 else [])


class Both(BaseModel):
    model_config = ConfigDict(extra="forbid")
    steps: str | list[Step]
    who: Literal["a", "b"] | list[str] = "a"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps: {plus: a}\n",
         [(1, 8, '"steps" must be a text', ""),
          (1, 8, '"steps" must be a list', "write [a, b] or lines of -")]),
        ("steps: [{pluss: a}]\n", [(1, 10, 'unknown key "pluss"', 'did you mean "plus"?')]),
        ("steps: [{plus: [a]}]\n", [(1, 16, '"plus" must be a text', "")]),
        ("steps: a\nwho: c\n",
         [(2, 6, '"c" is not a value of "who"', "one of 'a' or 'b'")]),
        ("steps: a\nwho: [[c]]\n", [(2, 7, '"entry 1 of who" must be a text', "")]),
        ("steps: a\nwho: [[c], {d: e}]\n",
         [(2, 7, '"entry 1 of who" must be a text', ""),
          (2, 12, '"entry 2 of who" must be a text', "")]),
        ("steps: [{pluss: a}]\nwho: c\n",
         [(1, 10, 'unknown key "pluss"', 'did you mean "plus"?'),
          (2, 6, '"c" is not a value of "who"', "one of 'a' or 'b'")]),
    ],
)  # fmt: skip
def test_of_several_forms_only_the_one_that_was_meant_is_told(text: str, told: list[Told]) -> None:
    assert mistakes(text, Both) == told


def test_a_document_does_not_show_its_marks() -> None:
    found = document("title: a\n")
    assert repr(found) == "Document(file='p.yaml', value={'title': 'a'})"
    quoted: Any = document('title: "a"\n').marks["title",]
    assert repr(quoted) == "Mark(line=1, column=8, file='', style='\"')"
    assert (quoted.source, found.marks["title",].source) == ('"a"', "")
