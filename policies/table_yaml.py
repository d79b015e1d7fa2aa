"""Decision tables written as the YAML of a policy's `tables:`, every text as it is."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from policies.dmn import DmnInput, DmnOutput, DmnTable
from policies.sfeel import FeelType

_PLAIN = re.compile(r"[A-Za-z_一-鿿][A-Za-z0-9_一-鿿.%〔〕（）()·、/-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_TYPES: Mapping[FeelType, str] = {
    "number": "number", "string": "code", "boolean": "boolean", "date": "date",
}  # fmt: skip


def quote(text: str) -> str:
    """A scalar that is read back as this text: plain where nothing can mistake it, else quoted."""
    if re.fullmatch(r"-?\d+(\.\d+)?%?|\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return text
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if text in ("true", "false"):
        return text
    return json.dumps(text, ensure_ascii=False)


def list_of(texts: Iterable[str]) -> str:
    """A list in one line."""
    return f"[{', '.join(quote(text) for text in texts)}]"


def write_dmn_table(table: DmnTable, known: Iterable[str]) -> str:
    """The lines under `tables:` for a table; `known` are facts that need no declaration."""
    lines = [f"  {table.name}:", f"    label: {quote(table.label)}"]
    lines += [f"    inputs: [{', '.join(_input(one, set(known)) for one in table.inputs)}]"]
    lines += [f"    outputs: [{', '.join(_output(table, one) for one in table.outputs)}]"]
    lines += [f"    hit: {table.hit}"]
    defaults = [one.default for one in table.outputs]
    if all(default is not None for default in defaults):
        given = [default or "" for default in defaults]
        lines.append(f"    default: {quote(given[0]) if len(given) == 1 else list_of(given)}")
    lines.append("    rows:")
    for row in table.rows:
        if row.says:
            then = quote(row.then[0]) if len(row.then) == 1 else list_of(row.then)
            lines.append(
                f"      - {{when: {list_of(row.when)}, then: {then}, says: {quote(row.says)}}}"
            )
        else:
            lines.append(f"      - {list_of((*row.when, *row.then))}")
    return "\n".join(lines) + "\n"


def _input(one: DmnInput, known: set[str]) -> str:
    if one.expression in known and one.label == one.expression:
        return one.expression
    key = "name" if re.fullmatch(r"\w+", one.expression, re.ASCII) else "is"
    parts = [f"{key}: {quote(one.expression)}", f"label: {quote(one.label)}"]
    return f"{{{', '.join(parts)}}}"


def _output(table: DmnTable, one: DmnOutput) -> str:
    parts = [] if len(table.outputs) == 1 else [f"name: {one.name}"]
    if one.label and one.label != one.name:
        parts.append(f"label: {quote(one.label)}")
    parts.append(f"type: {_TYPES[one.type]}")
    if one.values:
        parts.append(f"values: {list_of(one.values)}")
    return f"{{{', '.join(parts)}}}"


def write_missing_facts(tables: Sequence[DmnTable], known: Iterable[str]) -> str:
    """Declarations under `facts:` of what the tables ask and nobody declares; "" where nothing."""
    there = set(known) | {one.name for table in tables for one in table.outputs}
    lines = []
    for table in tables:
        for one in table.inputs:
            if one.expression in there or not re.fullmatch(r"\w+", one.expression, re.ASCII):
                continue
            there.add(one.expression)
            values = f", values: {list_of(one.values)}" if one.values else ""
            label = quote(one.label)
            lines.append(
                f"  {one.expression}: {{label: {label}, type: {_TYPES[one.type]}{values}}}"
            )
    return "".join(line + "\n" for line in lines)
