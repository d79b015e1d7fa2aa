"""JSON Schemas of authors' files, made from the forms, for editors that complete and check.

Draft 7: every editor knows it. A schema never refuses what `zhida check` accepts; what it lets pass
`check` may still refuse, since only that knows what names mean.
"""

from collections.abc import Mapping

from policies.lead import OF_POLICIES
from policies.local import LocalFile
from policies.policy_file import PolicyFile
from policies.schema_forms import Forms, describe
from policies.schema_kinds import (
    ANY_SCALAR,
    Schema,
    define_offers,
    offers_of,
    reference_to_offers,
)
from policies.schema_snippets import SNIPPETS
from profiles.dataset_file import DatasetFile
from profiles.fact import Fact, Vocabulary
from profiles.fact_file import VocabularyFile
from profiles.row_set import RowColumn, RowSet

DRAFT = "http://json-schema.org/draft-07/schema#"
KINDS = ("policy", "vocabulary", "dataset")

_ANYTHING: Schema = {}
_OF_FRAME = ("policy", "version", "title", "audience", "basis")
_OF_IMPLEMENTATION = ("policy", "version", "title", "authority", "level")
_NO_FRAME = ("implements", "without", "examples")
_LOCAL_FORMS = (
    "policy_file.ParameterFile",
    "policy_file.DecisionTableFile",
    "policy_file.ClauseFile",
    "fact_file.FactFile",
    "fact_file.RowSetFile",
)


def build_schema(kind: str, vocabulary: Vocabulary) -> Schema:
    """The schema of a policy, a vocabulary or a dataset. Raises KeyError for another kind."""
    builders = {"policy": _policy, "vocabulary": _vocabulary, "dataset": _dataset}
    return builders[kind](vocabulary)


def _policy(vocabulary: Vocabulary) -> Schema:
    offers = offers_of(vocabulary)
    forms = Forms(
        offers=offers,
        whole={"given": {"$ref": "#/definitions/given"}, "per": _per()},
        snippets=SNIPPETS,
    )
    local = describe(
        {"allOf": [forms.reference(LocalFile)]},
        "母本允许各地另行规定之处",
        "In a frame: what an implementation may say otherwise",
    )
    forms.extra = {name: {"local": local} for name in _LOCAL_FORMS} | {
        "policy_file.BenefitFile": {
            "local": describe(
                {"type": "object", "additionalProperties": forms.reference(LocalFile)},
                "母本允许各地另行规定的键",
                "In a frame: the keys of benefit that an implementation may say otherwise",
            )
        }
    }
    forms.definitions["given"] = _given(vocabulary)
    whole = forms.mapping(PolicyFile)
    required = whole.pop("required")
    whole["required"] = [key for key in required if key in _OF_FRAME and key in _OF_IMPLEMENTATION]
    whole["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": "frame"}}, "required": ["kind"]},
            "then": {
                "required": list(_OF_FRAME),
                "not": {"anyOf": [{"required": [key]} for key in _NO_FRAME]},
            },
            "else": {
                "if": {"properties": {"kind": {"const": "check"}}, "required": ["kind"]},
                "then": {
                    "required": [key for key in required if key != "benefit"],
                    "not": {"anyOf": [{"required": [key]} for key in OF_POLICIES]},
                },
                "else": {
                    "if": {"required": ["implements"]},
                    "then": {"required": list(_OF_IMPLEMENTATION)},
                    "else": {"required": required},
                },
            },
        }
    ]
    return _headed("Policy 政策事项", whole, forms)


def _vocabulary(vocabulary: Vocabulary) -> Schema:
    forms = Forms(offers=offers_of(vocabulary), snippets=SNIPPETS)
    return _headed("Vocabulary 事实词表", forms.mapping(VocabularyFile), forms)


def _dataset(vocabulary: Vocabulary) -> Schema:
    forms = Forms(offers=offers_of(vocabulary), snippets=SNIPPETS)
    return _headed("Dataset 数据集", forms.mapping(DatasetFile), forms)


def _headed(title: str, whole: Schema, forms: Forms) -> Schema:
    definitions = define_offers(forms.offers) | forms.definitions
    used: set[str] = set()
    _gather(whole, definitions, used)
    definitions = {name: made for name, made in definitions.items() if name in used}
    return {"$schema": DRAFT, **whole, "title": title, "definitions": definitions}


def _gather(part: object, definitions: Mapping[str, Schema], used: set[str]) -> None:
    """Note the definitions that a schema refers to, and those that they refer to."""
    if isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix("#/definitions/")
        if name in definitions and name not in used:
            used.add(name)
            _gather(definitions[name], definitions, used)
        part = list(part.values())
    for inner in part if isinstance(part, list) else []:
        _gather(inner, definitions, used)


def _per() -> Schema:
    """A length of time, or each value of a fact or column."""
    words = {
        "year": "每年",
        "half": "每半年",
        "quarter": "每季度",
        "month": "每月",
        "once": "一次性",
    }
    each = describe(
        {"anyOf": [*ANY_SCALAR["anyOf"], reference_to_offers("fact")]},
        "每个值各兑现一次的事实或列",
        "The fact or column of which each value is an award of its own",
    )
    return {
        "anyOf": [
            {"enum": list(words), "enumDescriptions": list(words.values())},
            {
                "type": "object",
                "properties": {"each": each},
                "required": ["each"],
                "additionalProperties": False,
            },
        ]
    }


def _given(vocabulary: Vocabulary) -> Schema:
    """Facts and rows under their names; those of the policy itself are others."""
    facts = {
        name: _told(_ANYTHING, fact) for name, fact in vocabulary.facts.items() if "::" not in name
    }
    rows = {name: _rows(row_set) for name, row_set in vocabulary.row_sets.items()}
    return {"type": "object", "properties": rows | facts}


def _told(schema: Schema, given: Fact | RowColumn) -> Schema:
    values = f": {', '.join(given.values)}" if given.values else ""
    unit = f", {given.unit}" if given.unit else ""
    told = f"{given.label_en or given.name} ({given.type}{unit}{values})"
    if given.values:
        schema = {
            "anyOf": [
                {"enum": list(given.values)},
                _ANYTHING,
            ]
        }
    return {**schema, "description": f"{given.label_zh or given.name}\n\n{told}"}


def _rows(row_set: RowSet) -> Schema:
    columns = {name: _told(_ANYTHING, column) for name, column in row_set.columns.items()}
    made: Schema = {
        "anyOf": [
            {
                "type": "array",
                "items": {"anyOf": [{"type": "object", "properties": columns}, ANY_SCALAR]},
            },
            {"not": {"type": "array"}},
        ]
    }
    return describe(made, row_set.label_zh or row_set.name, row_set.label_en or row_set.name)
