"""The forms of authors' files as JSON Schema: each form a definition, each key with its words."""

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal

from annotated_types import MinLen
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from policies.schema_kinds import ANY_SCALAR, EMPTY, Offers, Schema, fixed_words, kind_schema
from policies.schema_words import KeyWords, form_name, words_of

_TYPE_WORDS: Mapping[str, tuple[str, str]] = {
    "boolean": ("是或否", "yes or no"),
    "integer": ("整数", "a whole number"),
    "money": ("金额（元）", "money, in yuan"),
    "ratio": ("比例", "a ratio"),
    "number": ("数", "a number"),
    "date": ("日期", "a day"),
    "code": ("代码", "a code of a closed system"),
    "text": ("文本", "a text"),
}
_UNSAID = KeyWords(zh="", en="", values={})


@dataclass(slots=True, kw_only=True)
class Forms:
    """Schemas of forms as they are met.

    `whole` stands in for what a key takes as a whole (`given`, `per`), `extra` are keys that are
    read apart from their form, and `snippets` what an editor may put in for a new entry.
    """

    offers: Offers
    whole: Mapping[str, Schema] = field(default_factory=dict)
    extra: Mapping[str, Mapping[str, Schema]] = field(default_factory=dict)
    snippets: Mapping[str, list[Schema]] = field(default_factory=dict)
    definitions: dict[str, Schema] = field(default_factory=dict)

    def reference(self, form: type[BaseModel]) -> Schema:
        """A reference to a form's definition, which is made where it is met first."""
        name = form_name(form)
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self.mapping(form)
        return {"$ref": f"#/definitions/{name}"}

    def mapping(self, form: type[BaseModel]) -> Schema:
        """A form: its keys with their words, those that are required, and no others."""
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for name, info in form.model_fields.items():
            key = info.alias or name
            properties[key] = self._key(form, key, info)
            if info.is_required():
                required.append(key)
        properties |= {
            key: dict(schema) for key, schema in self.extra.get(form_name(form), {}).items()
        }
        made: Schema = {
            "title": form.__name__.removesuffix("File"),
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }
        if required:
            made["required"] = required
        if form_name(form) in self.snippets:
            made["defaultSnippets"] = self.snippets[form_name(form)]
        return made

    def _key(self, form: type[BaseModel], key: str, info: FieldInfo) -> Schema:
        words = words_of(form, key) or _UNSAID
        annotation: Any = info.annotation
        if any(isinstance(part, BeforeValidator) for part in info.metadata):
            annotation = Annotated[annotation, *info.metadata]  # a text may stand for it
        made = self.whole.get(words.takes) or self._of(annotation, words)
        made = dict(made)
        for part in info.metadata:
            if isinstance(part, MinLen):
                least = "minItems" if made.get("type") == "array" else "minProperties"
                made[least] = part.min_length
        if "$ref" in made:  # of draft 7, nothing beside a reference counts
            made = {"type": "object", "allOf": [made]}  # every definition holds keys
        return describe(made, words.zh, words.en)

    def _of(self, annotation: Any, words: KeyWords) -> Schema:
        """The schema of a type as the forms use it."""
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            inner = self._of(arguments[0], words)
            if any(isinstance(part, BeforeValidator) for part in arguments[1:]):
                return _either([ANY_SCALAR, inner], empty=False)
            return inner
        if origin in (typing.Union, types.UnionType):
            branches = [self._of(part, words) for part in arguments if part is not type(None)]
            return _either(branches, empty=type(None) in arguments)
        if origin is Literal or (isinstance(annotation, type) and issubclass(annotation, Enum)):
            names = arguments if origin is Literal else [member.value for member in annotation]
            return fixed_words({str(name): _said(str(name), words) for name in names})
        if annotation is str:
            return kind_schema(words.takes, self.offers)
        if annotation is int:
            return {"type": ["number", "string"]}
        if origin is list:
            return {"type": "array", "items": self._of(arguments[0], words)}
        if origin is dict:
            return self._named(arguments, words)
        if annotation is object:
            return {}
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self.reference(annotation)
        raise TypeError(f"a form holds {annotation}, for which there is no schema")

    def _named(self, arguments: tuple[Any, ...], words: KeyWords) -> Schema:
        """A mapping from names that the author chooses, or from fixed words."""
        keys, values = arguments
        if typing.get_origin(keys) is Literal:
            inner = self._of(values, _UNSAID)
            return {
                "type": "object",
                "properties": {
                    word: describe(dict(inner), *words.values.get(word, (word, word)))
                    for word in typing.get_args(keys)
                },
                "additionalProperties": False,
            }
        if words.takes == "names":
            words = _UNSAID
        return {"type": "object", "additionalProperties": self._of(values, words)}


def describe(schema: Schema, zh: str, en: str) -> Schema:
    """A schema with words for whoever hovers over its key."""
    if not zh:
        return schema
    return {**schema, "description": f"{zh}\n\n{en}", "markdownDescription": f"**{zh}**\n\n{en}"}


def _said(word: str, words: KeyWords) -> str:
    zh, en = words.values.get(word) or _TYPE_WORDS.get(word) or (word, word)
    return f"{zh}: {en}"


def _either(branches: list[Schema], *, empty: bool) -> Schema:
    """Any of several schemas; `empty` allows the key without a value."""
    if empty and ANY_SCALAR not in branches:
        branches = [*branches, EMPTY]
    if len(branches) == 1:
        return branches[0]
    flat: list[Schema] = []
    for branch in branches:
        flat += branch["anyOf"] if set(branch) == {"anyOf"} else [branch]
    return {"anyOf": flat}
