"""The JSON Schemas for editors: they know every key, and never refuse what `check` accepts."""

import re
import types
import typing
from collections.abc import Iterator
from copy import deepcopy
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import BaseModel
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.examples import run_examples
from language.errors import FilesRefused
from language.types import FactType
from policies.declared_table import HITS
from policies.load import CATALOGUE, load_policies
from policies.local import LocalFile
from policies.policy_file import PolicyFile
from policies.schema import KINDS, build_schema
from policies.schema_kinds import PATTERNS, offers_of
from policies.schema_snippets import SNIPPETS
from policies.schema_words import form_name, read_words, words_of
from profiles.dataset import builtin_datasets, load_datasets
from profiles.dataset_file import DatasetFile
from profiles.errors import ProfilesError
from profiles.fact import Vocabulary
from profiles.fact_file import VocabularyFile
from profiles.vocabulary_load import BUILTIN, builtin_vocabulary, load_vocabulary
from tests.support.editors_yaml import read_as_editor, write_node

ROOT = Path(__file__).parents[3]
DATASETS = ROOT / "profiles" / "datasets"
ROOTS = (PolicyFile, LocalFile, VocabularyFile, DatasetFile)


@cache
def vocabulary() -> Vocabulary:
    return builtin_vocabulary(builtin_datasets())


@cache
def validator(kind: str) -> Draft7Validator:
    return Draft7Validator(build_schema(kind, vocabulary()))


def mistakes(kind: str, text: str) -> list[str]:
    return [
        f"{list(error.absolute_path)}: {error.message}"
        for document in read_as_editor(text)
        for error in validator(kind).iter_errors(document)
    ]


# what is accepted


def accepted_texts() -> Iterator[tuple[str, str, str]]:
    for path in sorted(CATALOGUE.rglob("*.yaml")):
        yield "policy", path.name, path.read_text(encoding="utf-8")
    for path in sorted(BUILTIN.glob("*.yaml")):
        yield "vocabulary", path.name, path.read_text(encoding="utf-8")
    for path in sorted(DATASETS.glob("*.yaml")):
        yield "dataset", path.name, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs").glob("*.md")):
        page = path.read_text(encoding="utf-8")
        for kind in KINDS:
            blocks = re.findall(rf"<!-- complete {kind} -->\n```yaml\n(.*?)```", page, re.S)
            for number, block in enumerate(blocks):
                yield kind, f"{path.name}-{number}", block


ACCEPTED = [pytest.param(*one, id=f"{one[0]}-{one[1]}") for one in accepted_texts()]


@pytest.mark.parametrize(
    ("kind", "name", "text"), ACCEPTED, ids=[f"{k}-{n}" for k, n, _ in ACCEPTED]
)
def test_every_file_that_loads_is_valid(kind: str, name: str, text: str) -> None:
    assert mistakes(kind, text) == []


def test_there_are_files_of_every_kind() -> None:
    assert {kind for kind, _, _ in accepted_texts()} == set(KINDS)
    assert sum(name.startswith("policy-author") for _, name, _ in accepted_texts()) >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one_by_the_draft_it_names(kind: str) -> None:
    schema = build_schema(kind, vocabulary())
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(schema)


@pytest.mark.parametrize(
    "typed",
    ["2024.10", "010100", "NO", "1:0:0", "1e3", "0x1F", "true", "null", "~", "9" * 5000, "-1"],
)  # fmt: skip
def test_a_text_may_look_like_anything(typed: str) -> None:
    text = MINIMAL.replace("authority: 示范市民政局", f"authority: {typed}")
    assert mistakes("policy", text) == []


MINIMAL = """\
policy: x
version: 2025.1
title: {zh: 示范}
audience: resident
authority: 示范市民政局
level: city
region: "990100"
basis: [{document: 示范办法}]
clauses: [{id: old, says: 年满80周岁, when: age >= 80}]
benefit: {amount: 100}
"""


# what is refused


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("policy: x", "policy: X y"),
        ("version: 2025.1\n", ""),
        ("title: {zh: 示范}", "title: 示范"),
        ("audience: resident", "audience: firm"),
        ("level: city", "level: City"),
        ('region: "990100"', 'region: "12345"'),
        ("basis: [{document: 示范办法}]", "basis: []"),
        ("basis: [{document: 示范办法}]", "basis: {document: 示范办法}"),
        ("clauses:", "clause:"),
        ("when: age >= 80", "wen: age >= 80"),
        ("benefit: {amount: 100}", "benefit: {kind: money}"),
        ("benefit: {amount: 100}", ""),
        ("benefit: {amount: 100}", "benefit: {amount: [{plus: 1, by: 2}]}"),
        ("level: city", "level: city\neffective: {from: 2024-5-1}"),
        ("level: city", "level: city\nper: {every: month}"),
        ("level: city", "level: city\nper: decade"),
        ("level: city", "level: city\nperiod: next"),
        ("level: city", "level: city\nbudget: {amount: much}"),
        ("level: city", "level: city\nback_pay: 3 weeks"),
        ("level: city", "level: city\ndeadlines: {pay: soon}"),
        ("level: city", "level: city\npublic_notice: {days: a week}"),
        ("level: city", "level: city\ndelivery: post"),
        ("level: city", "level: city\ndelivery: [{by: post}]"),
        ("level: city", "level: city\ntables: {t: {inputs: [age], hit: last}}"),
        ("level: city", "level: city\nexamples: {cases: [{name: a, expect: {verdict: yes}}]}"),
        ("level: city", "level: city\nexamples: {cases: [{name: a}]}"),
        ("level: city", "level: city\nservice: {use_level: 9}"),
        ("level: city", "level: city\nkind: frame\nexamples: {cases: []}"),
        ("level: city", "level: city\nkind: frame\nimplements: y"),
        ("level: city", "implements: y"),
    ],
)
def test_a_slip_is_told_by_the_schema_and_refused_by_check(
    was: str, becomes: str, tmp_path: Path
) -> None:
    assert mistakes("policy", MINIMAL) == []
    text = MINIMAL.replace(was, becomes)
    assert text != MINIMAL
    assert mistakes("policy", text)
    assert is_refused("policy", text, tmp_path / "p.yaml")


# slips made at random: the schema refuses nothing that check accepts


def is_refused(kind: str, text: str, path: Path) -> bool:
    path.write_text(text, encoding="utf-8")
    try:
        if kind == "policy":
            loaded = load_policies([path], vocabulary())
            results = [r for policy in loaded.policies for r in run_examples(policy, vocabulary())]
            return any(not result.passed for result in results)
        if kind == "vocabulary":
            load_vocabulary([path], builtin_datasets())
        else:
            load_datasets([path])
    except (FilesRefused, ProfilesError):
        return True
    return False


# a frame's own words are checked with those who implement it, so a frame alone is let pass
MUTABLE = [(k, t) for k, _, t in accepted_texts() if "kind: frame" not in t and len(t) < 9_000]
SCALARS = [
    "", "null", "~", "true", "false", "NO", "5", "-1", "1.5", "5.5%", "500万", "2024-05-01", "2024",
    "20240501", "2024-05", "from 80", "age", "this", "last", "unknown", "none", "rows", "month",
    "small", "x-y", "X y", "_", "990100", "示范市", "3 months", "5 working days", "by 2025-01-01",
    "C+", "confirm", "city", "once", "down to 10",
]  # fmt: skip
KEYS = [
    "when",
    "source",
    "at",
    "from",
    "from_",
    "rows",
    "value",
    "local",
    "kind",
    "other",
    "zh",
    "5",
]


def test_a_file_written_again_reads_the_same() -> None:
    for _, text in MUTABLE:
        documents = yaml.compose_all(text, Loader=yaml.SafeLoader)
        written = "\n---".join(write_node(document) for document in documents) + "\n"
        assert list(read_as_editor(written)) == list(read_as_editor(text))


def nodes_within(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case MappingNode():
            for _, value in node.value:
                yield from nodes_within(value)
        case SequenceNode():
            for member in node.value:
                yield from nodes_within(member)


def make_slip(draw: Any, documents: list[Node]) -> None:
    """Change one thing in place: a key goes, has another name or value, a list another member."""
    everything = [node for document in documents for node in nodes_within(document)]
    holders = [node for node in everything if not isinstance(node, ScalarNode) and node.value]
    if not holders:
        return
    holder = draw(st.sampled_from(holders))
    place = draw(st.integers(0, len(holder.value) - 1))
    other = draw(
        st.one_of(
            st.sampled_from(SCALARS).map(lambda t: ScalarNode("tag:yaml.org,2002:str", t)),
            st.sampled_from(everything),
            st.just(MappingNode("tag:yaml.org,2002:map", [])),
            st.just(SequenceNode("tag:yaml.org,2002:seq", [])),
        )
    )
    other = deepcopy(other)  # it may hold the place where it is put
    if isinstance(holder, SequenceNode):
        if draw(st.booleans()):
            holder.value[place] = other
        else:
            del holder.value[place]
        return
    key, value = holder.value[place]
    match draw(st.sampled_from(("delete", "rename", "replace"))):
        case "delete":
            del holder.value[place]
        case "rename":
            name = draw(st.sampled_from(KEYS))
            holder.value[place] = (ScalarNode("tag:yaml.org,2002:str", name), value)
        case "replace":
            holder.value[place] = (key, other)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_the_schema_refuses_check_refuses_too(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    kind, text = data.draw(st.sampled_from(MUTABLE), label="file")
    documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    for _ in range(data.draw(st.integers(1, 2))):
        make_slip(data.draw, documents)
    changed = "\n---".join(write_node(document) for document in documents) + "\n"
    found = mistakes(kind, changed)
    if found:
        path = tmp_path_factory.getbasetemp() / f"{kind}.yaml"
        assert is_refused(kind, changed, path), (found, changed)


# the forms and the words


def forms_within(*roots: type[BaseModel]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []

    def visit(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation not in found:
                found.append(annotation)
                for field in annotation.model_fields.values():
                    visit(field.annotation)
            return
        for inner in typing.get_args(annotation):
            if not isinstance(inner, (str, types.NoneType)):
                visit(inner)

    for root in roots:
        visit(root)
    return found


KEYS_OF_FORMS = [
    (form, field.alias or name)
    for form in forms_within(*ROOTS)
    for name, field in form.model_fields.items()
]


@pytest.mark.parametrize(
    ("form", "key"), KEYS_OF_FORMS, ids=[f"{form_name(f)}-{k}" for f, k in KEYS_OF_FORMS]
)
def test_every_key_is_described_in_chinese_and_english(form: type[BaseModel], key: str) -> None:
    words = words_of(form, key)
    assert words is not None
    assert re.search(r"[\u4e00-\u9fff]", words.zh)
    assert re.search(r"[A-Za-z]", words.en)
    assert not re.search(r"[\u4e00-\u9fff]", re.sub("人社部发〔2024〕40号", "", words.en))


def test_no_words_are_left_over() -> None:
    owners = {
        (form_name(ancestor), key)
        for form, key in KEYS_OF_FORMS
        for ancestor in form.__mro__
        if issubclass(ancestor, BaseModel)
    }
    said = {(form, key) for form, keys in read_words().items() for key in keys}
    assert said - owners == set()


def fixed_words_of(annotation: Any) -> set[str]:
    if typing.get_origin(annotation) is Literal:
        return {str(word) for word in typing.get_args(annotation)}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {str(member.value) for member in annotation}
    return set().union(*(fixed_words_of(inner) for inner in typing.get_args(annotation)), set())


def test_every_fixed_word_says_what_it_means_and_no_other_does() -> None:
    for form in forms_within(*ROOTS):
        for name, field in form.model_fields.items():
            words = words_of(form, field.alias or name)
            assert words is not None
            fixed = fixed_words_of(field.annotation)
            if fixed <= {"true", "false"} or all(word.isdecimal() for word in fixed):
                fixed = set()  # these need no words
            elif form_name(form) != "dataset_file.ColumnFile" and name == "type":
                fixed -= {str(member) for member in FactType}  # the same words everywhere
            assert set(words.values) == fixed, (form_name(form), name)


def test_what_a_key_takes_is_known() -> None:
    known = set(PATTERNS) | set(offers_of(vocabulary()).by_kind)
    known |= {"yes", "hit", "given", "per", "names", "counts", "bring", "whole"}
    taken = {words.takes for keys in read_words().values() for words in keys.values()} - {""}
    assert taken - known == set()


def schema_at(schema: Any, *path: str) -> Any:
    """A key's schema; references and alternatives are followed to where the key stands."""
    whole = schema
    for key in path:
        for branch in branches(schema, whole):
            if key in branch.get("properties", {}):
                schema = branch["properties"][key]
                break
            if key == "*" and isinstance(branch.get("additionalProperties"), dict):
                schema = branch["additionalProperties"]
                break
            if key == "[]" and "items" in branch:
                schema = branch["items"]
                break
        else:
            raise KeyError(key)
    return schema


def branches(schema: Any, whole: Any) -> Iterator[Any]:
    yield schema
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        yield from branches(whole["definitions"][name], whole)
    for inner in [*schema.get("anyOf", ()), *schema.get("allOf", ())]:
        yield from branches(inner, whole)


def offered(schema: Any, whole: Any) -> set[str]:
    found: set[str] = set()
    for branch in branches(schema, whole):
        found |= set(branch.get("enum", ()))
        found |= {branch["const"]} if "const" in branch else set()
    return found


def test_facts_rows_and_hit_policies_are_those_of_the_code() -> None:
    schema = build_schema("policy", vocabulary())
    facts = {name for name in vocabulary().facts if "::" not in name}
    for path in (
        ("region", "of"), ("effective", "at"), ("parameters", "*", "by"), ("clauses", "[]", "when"),
        ("benefit", "amount"), ("examples", "cases", "[]", "expect", "missing", "[]"),
        ("per", "each"),
    ):  # fmt: skip
        assert facts <= offered(schema_at(schema, *path), schema), path
    given_ = schema_at(schema, "examples", "given")
    (named,) = [b["properties"] for b in branches(given_, schema) if "properties" in b]
    assert set(named) == facts | set(vocabulary().row_sets)
    assert "特困供养" in named["tekun"]["description"]
    assert offered(schema_at(schema, "each", "row"), schema) == set(vocabulary().row_sets)
    assert offered(schema_at(schema, "tables", "*", "hit"), schema) == set(HITS)
    assert "成都市" in offered(schema_at(schema, "region"), schema)


# what an editor puts in


@pytest.mark.parametrize(
    ("form", "snippet"),
    [(form, snippet) for form, several in SNIPPETS.items() for snippet in several],
    ids=lambda value: value if isinstance(value, str) else value["label"],
)
def test_every_snippet_is_a_valid_entry(form: str, snippet: dict[str, Any]) -> None:
    filled = re.sub(r"\$\{\d+\|([^,|]+)[^}]*\}", r"\1", repr(snippet["body"]))
    body = eval(re.sub(r"\$\{\d+:([^}]*)\}", r"\1", filled))
    kind = "dataset" if form.startswith("dataset") else "policy"
    schema = build_schema(kind, vocabulary())
    found = list(
        Draft7Validator({**schema["definitions"][form], "definitions": schema["definitions"]})
        .iter_errors(body)
    )  # fmt: skip
    assert found == []
