"""Examples as authors write them, and put into their file beneath those that stand there.

Everything else of the file stays as it is, byte for byte.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from policies.errors import ExamplesNotWritten
from policies.policy import Example

CONFIRM = "请对照法规原文确认 expect，勿以程序结果为准 / confirm expect against the text of the law"
_PLAIN = re.compile(r"[A-Za-z0-9_\u4e00-\u9fff][A-Za-z0-9_.\u4e00-\u9fff-]*")
_LINE_END = re.compile(r"\r\n|\n|\r")


def write_case(example: Example, shared: Mapping[str, Any], indent: int) -> list[str]:
    """One case of `examples.cases` in lines without their ends; what is `shared` is left out."""
    given = {
        name: value
        for name, value in example.given.items()
        if name not in shared or shared[name] != value
    }
    expect: dict[str, Any] = {"verdict": example.verdict}
    if example.amount is not None:
        expect["amount"] = example.amount
    if example.amounts:
        expect["amounts"] = dict(example.amounts)
    if example.failing is not None:
        expect["failing"] = list(example.failing)
    if example.missing is not None:
        expect["missing"] = list(example.missing)
    if example.rows:
        expect["rows"] = {verdict: str(count) for verdict, count in example.rows.items()}
    lines = [
        f"# {CONFIRM}",
        f"- name: {_write(example.name)}",
        f"  as_of: {example.as_of.isoformat()}",
        f"  given: {_write(given)}",
        f"  expect: {_write(expect)}",
    ]
    return [" " * indent + line for line in lines]


def _write(value: Any) -> str:
    match value:
        case None:
            return "null"
        case Mapping():
            inner = ", ".join(f"{_write(key)}: {_write(held)}" for key, held in value.items())
            return "{" + inner + "}"
        case list() | tuple():
            return "[" + ", ".join(_write(held) for held in value) + "]"
    text = str(value)
    # all that stands in a policy file is text until its type is known, quoted or not
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def add_cases(
    text: str,
    policy: str,
    version: str,
    examples: Sequence[Example],
    shared: Mapping[str, Any],
) -> str:
    """The text of a file with examples added to those of one of its policies.

    Raises ExamplesNotWritten where the cases cannot be added to as they are written.
    """
    root = _find_policy(text, policy, version)
    if root.flow_style:
        raise ExamplesNotWritten(f"{policy}: the policy stands in brackets; write one key a line")
    end = "\r\n" if "\r\n" in text else "\n"
    whole = _value(root, "examples")
    if whole is None:
        lines = ["examples:", "  cases:"]
        lines += [line for one in examples for line in write_case(one, {}, 4)]
        return _insert(text, _place_after(text, root), lines, end)
    cases = _value(whole, "cases")
    if cases is None or not isinstance(cases, yaml.SequenceNode) or not cases.value:
        raise ExamplesNotWritten(f"{policy}: examples has no cases to add to; write one by hand")
    if whole.flow_style or cases.flow_style:
        line = cases.start_mark.line + 1
        raise ExamplesNotWritten(
            f"{policy}, line {line}: the cases stand in brackets, so none can be added below them "
            "(write each on lines of its own, beginning with a dash)"
        )
    indent = cases.start_mark.column
    lines = [line for one in examples for line in write_case(one, shared, indent)]
    return _insert(text, _place_after(text, cases), lines, end)


def _find_policy(text: str, policy: str, version: str) -> Any:
    try:
        roots = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ExamplesNotWritten(f"{policy}: the file is no longer well formed") from error
    for root in roots:
        if isinstance(root, yaml.MappingNode):
            named = [getattr(_value(root, key), "value", None) for key in ("policy", "version")]
            if named == [policy, version]:
                return root
    raise ExamplesNotWritten(f"{policy} version {version} is not in the file")


def _value(node: Any, key: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value
    return None


def _place_after(text: str, node: Any) -> int:
    """Where the line after a node's own text begins.

    A block ends for the parser where the next one begins, comments between them included: the text
    ends with the last value within it.
    """
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    mark = node.end_mark
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">") and mark.column == 0:
        return int(mark.index)
    ended = _LINE_END.search(text, mark.index)
    return ended.end() if ended else len(text)


def _insert(text: str, place: int, added: Sequence[str], end: str) -> str:
    before, after = text[:place], text[place:]
    if before and not before.endswith(("\n", "\r")):
        before += end
    return "".join([before, *(line + end for line in added), after])
