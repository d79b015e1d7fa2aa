"""Authors' YAML as an editor reads it: scalars typed by YAML 1.2's core schema, keys as text."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_NULL = re.compile(r"~|null|Null|NULL|", re.ASCII)
_TRUE = re.compile(r"true|True|TRUE", re.ASCII)
_FALSE = re.compile(r"false|False|FALSE", re.ASCII)
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OCTAL = re.compile(r"0o[0-7]+", re.ASCII)
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)


def read_as_editor(text: str) -> Iterator[Any]:
    """Every document of a text as JSON values."""
    for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
        yield _value(node)


def _value(node: Node | None) -> Any:
    match node:
        case MappingNode():
            return {str(key.value): _value(value) for key, value in node.value}
        case SequenceNode():
            return [_value(member) for member in node.value]
        case ScalarNode():
            return _scalar(node.value) if node.style is None else node.value
    return None


def _scalar(text: str) -> Any:
    """A plain scalar by the table of YAML 1.2.2, 10.3.2."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return _TRUE.fullmatch(text) is not None
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 400 else float("inf")
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    return float(text) if _FLOAT.fullmatch(text) else text


def write_node(node: Node, indent: str = "") -> str:
    """A node as block YAML; what was written plain stays plain, whatever it looks like."""
    match node:
        case MappingNode() if node.value:
            return "".join(
                f"\n{indent}{write_node(key)}: {write_node(value, indent + '  ')}"
                for key, value in node.value
            )
        case SequenceNode() if node.value:
            return "".join(
                f"\n{indent}- {write_node(member, indent + '  ')}" for member in node.value
            )
        case ScalarNode(style=None):
            return str(node.value)
        case ScalarNode():
            return json.dumps(node.value, ensure_ascii=False)
    return "{}" if isinstance(node, MappingNode) else "[]"
