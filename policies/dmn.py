"""Decision tables of DMN files (OMG DMN 1.1 to 1.5), read so that they can be kept as ours.

A file is XML from elsewhere: document type definitions are refused before a parser sees them, and
size and depth have limits. What would change its meaning is refused with its reason and place.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from language.errors import ConditionRefused
from language.expression import Arithmetic, Literal, Name, Negative, is_name, walk
from language.parse import parse
from policies.errors import TableFileRefused
from policies.sfeel import TYPES, FeelType, NotKept, read_unary_tests, read_value
from policies.table_file import MAX_BYTES, MAX_ROWS

MAX_DEPTH = 100
MAX_ELEMENTS = 400_000
_NAMESPACE = re.compile(r"\{(https?://www\.omg\.org/spec/DMN/[^}]*)\}(\w+)")
_HITS = {
    "UNIQUE": "unique", "FIRST": "first", "ANY": "any", "PRIORITY": "priority",
    "RULE ORDER": "rule-order", "OUTPUT ORDER": "output-order", "COLLECT": "collect",
}  # fmt: skip
_AGGREGATIONS = {"SUM": "sum", "MIN": "min", "MAX": "max", "COUNT": "count"}
Element = ElementTree.Element


@dataclass(frozen=True, slots=True, kw_only=True)
class DmnInput:
    """What a column asks: a fact's name or a formula; its label, type and allowed values."""

    expression: str
    label: str
    type: FeelType
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DmnOutput:
    """What a column gives."""

    name: str
    label: str
    type: FeelType
    values: tuple[str, ...]
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DmnRow:
    """A rule: cells of ours for the inputs, plain values for the outputs, and its remarks."""

    when: tuple[str, ...]
    then: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DmnTable:
    """A decision table that can be kept; `notes` say what reads otherwise here."""

    name: str
    label: str
    hit: str
    inputs: tuple[DmnInput, ...]
    outputs: tuple[DmnOutput, ...]
    rows: tuple[DmnRow, ...]
    notes: tuple[str, ...]


def read_dmn(
    path: Path, decision: str | None = None, names: Mapping[str, str] | None = None
) -> list[DmnTable]:
    """The decision tables of a file, or one with those that it rests on, these before it.

    `decision` is its name or id. `names` gives names of DMN those of ours: `Applicant Age` may have
    spaces there. Raises TableFileRefused with every reason.
    """
    root = _parse(path)
    decisions = {_id(one): one for one in root if _local(one) == "decision"}
    if not decisions:
        raise TableFileRefused(str(path), "holds no decision", "export the decision table as DMN")
    wanted = list(decisions)
    if decision is not None:
        wanted = [key for key, one in decisions.items() if decision in (key, one.get("name"))]
        if not wanted:
            known = ", ".join(one.get("name") or key for key, one in decisions.items())
            raise TableFileRefused(str(path), f'has no decision "{decision}"', f"it has {known}")
    reader = _Reader(path, decisions, dict(names or {}))
    for key in wanted:
        reader.read(key, ())
    if reader.refused:
        raise TableFileRefused(str(path), "; ".join(reader.refused))
    return list(reader.tables.values())


def _parse(path: Path) -> Element:
    file = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TableFileRefused(file, "is larger than 4 MiB", "split the model")
        content = path.read_bytes()
    except OSError as error:
        raise TableFileRefused(file, error.strerror or "cannot be read") from None
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content[:4096]:
        raise TableFileRefused(file, "holds a document type definition", "save it anew as DMN")
    parser: Any = ElementTree.XMLPullParser(events=("start", "end"))
    depth = count = 0
    root: Element | None = None
    try:
        for start in range(0, len(content), 65_536):
            parser.feed(content[start : start + 65_536])
            for event, element in parser.read_events():
                depth += 1 if event == "start" else -1
                count += event == "start"
                root = element if root is None else root
                if depth > MAX_DEPTH or count > MAX_ELEMENTS:
                    raise TableFileRefused(file, "is nested too deep or too large to be a table")
        parser.close()
    except ElementTree.ParseError as error:
        line, column = error.position
        raise TableFileRefused(
            file, "is no XML that can be read", "export it anew", line=line, column=column + 1
        ) from None
    if root is None or _local(root) != "definitions":
        raise TableFileRefused(file, "is no DMN file", "its outermost element is definitions")
    return root


def _local(element: Element) -> str:
    """The name of an element of DMN; "" of what other programs add."""
    found = _NAMESPACE.fullmatch(element.tag) if isinstance(element.tag, str) else None
    return found[2] if found else ""


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if _local(child) == name]


def _text_of(element: Element | None) -> str:
    """What stands under `text`, "" where nothing does."""
    if element is None:
        return ""
    texts = _children(element, "text")
    return (texts[0].text or "").strip() if texts else ""


def _first(element: Element, name: str) -> Element | None:
    found = _children(element, name)
    return found[0] if found else None


def _id(element: Element) -> str:
    return element.get("id") or element.get("name") or ""


class _Reader:
    """Reads decisions, those that one rests on before it; gathers what is refused."""

    def __init__(self, path: Path, decisions: Mapping[str, Element], names: dict[str, str]) -> None:
        self.path = path
        self.decisions = decisions
        self.names = names
        self.tables: dict[str, DmnTable] = {}
        self.refused: list[str] = []

    def read(self, key: str, above: tuple[str, ...]) -> None:
        if key in self.tables:
            return
        element = self.decisions[key]
        called = element.get("name") or key
        if key in above:
            self.refused.append(f'decision "{called}" rests on itself')
            return
        for requirement in _children(element, "informationRequirement"):
            for required in _children(requirement, "requiredDecision"):
                other = (required.get("href") or "").removeprefix("#")
                if other not in self.decisions:
                    self.refused.append(f'decision "{called}" rests on "{other}", not in this file')
                else:
                    self.read(other, (*above, key))
        if _children(element, "knowledgeRequirement"):
            self.refused.append(f'decision "{called}" calls a business knowledge model')
            return
        table = _first(element, "decisionTable")
        if table is None:
            what = next(
                (_local(c) for c in element if _local(c) in _OTHER_LOGIC), "no decision table"
            )
            self.refused.append(f'decision "{called}" is {_OTHER_LOGIC.get(what, what)}')
            return
        before = len(self.refused)
        built = self._table(element, called, table)
        if len(self.refused) == before and built is not None:
            self.tables[key] = built

    def _name(self, text: str, what: str) -> str:
        """A name of ours for one of DMN."""
        named = self.names.get(text, text)
        if not is_name(named):
            self.refused.append(
                f'{what} is called "{text}", which is no name here: give it one with '
                f'--name "{text}=…"'
            )
        return named

    def _table(self, element: Element, called: str, table: Element) -> DmnTable | None:
        variable = _first(element, "variable")
        own = (variable.get("name") if variable is not None else None) or called
        hit = self._hit(called, table)
        inputs = [self._input(called, n, one) for n, one in
                  enumerate(_children(table, "input"), start=1)]  # fmt: skip
        columns = _children(table, "output")
        name = self._name(own, f'decision "{called}"')
        outputs = [self._output(called, name, len(columns), n, one)
                   for n, one in enumerate(columns, start=1)]  # fmt: skip
        if any(one is None for one in (*inputs, *outputs)) or hit is None:
            return None
        known_inputs = [one for one in inputs if one is not None]
        known_outputs = [one for one in outputs if one is not None]
        labels = [one.name for one in known_outputs]
        twice = {label for label in labels if labels.count(label) > 1}
        if twice or not known_outputs:
            why = f"has two outputs called {', '.join(sorted(twice))}" if twice else "gives nothing"
            self.refused.append(f'decision "{called}" {why}')
            return None
        if not known_inputs:
            self.refused.append(f'decision "{called}" asks nothing')
            return None
        rules = _children(table, "rule")
        if len(rules) > MAX_ROWS:
            self.refused.append(f'decision "{called}" has more than {MAX_ROWS:,} rules')
            return None
        heads = [a.get("name") or "" for a in _children(table, "annotation")]
        rows = []
        for number, rule in enumerate(rules, start=1):
            row = self._rule(f'"{called}" rule {number}', rule, known_inputs, known_outputs, heads)
            if row is not None:
                rows.append(row)
        if not rules:
            self.refused.append(f'decision "{called}" has no rules')
        return DmnTable(
            name=name,
            label=table.get("outputLabel") or called,
            hit=hit,
            inputs=tuple(known_inputs),
            outputs=tuple(known_outputs),
            rows=tuple(rows),
            notes=("where no rule applies DMN gives null, here there is no value ($has is false); "
                   "where an input is missing the output is unknown unless it is the same anyway",),
        )  # fmt: skip

    def _hit(self, called: str, table: Element) -> str | None:
        written = table.get("hitPolicy") or "UNIQUE"
        hit = _HITS.get(written)
        aggregation = table.get("aggregation")
        if hit is None:
            self.refused.append(f'decision "{called}" has the hit policy "{written}"')
            return None
        if aggregation is None:
            return hit
        if hit != "collect" or aggregation not in _AGGREGATIONS:
            self.refused.append(f'decision "{called}" aggregates {written} by "{aggregation}"')
            return None
        return f"collect {_AGGREGATIONS[aggregation]}"

    def _type(self, what: str, written: str | None) -> FeelType | None:
        plain = (written or "").split(":")[-1].strip()
        found = TYPES.get(plain)
        if found is None:
            why = f'has the type "{written}"' if plain else "has no typeRef"
            self.refused.append(f"{what} {why}: write {', '.join(dict.fromkeys(TYPES.values()))}")
        return found

    def _input(self, called: str, number: int, element: Element) -> DmnInput | None:
        what = f'"{called}" input {number}'
        expression = _first(element, "inputExpression")
        text = _text_of(expression)
        feel = self._type(what, expression.get("typeRef") if expression is not None else None)
        asked = self._expression(what, text)
        if feel is None or asked is None:
            return None
        values = self._values(what, _first(element, "inputValues"), feel)
        label = element.get("label") or text
        return DmnInput(expression=asked, label=label, type=feel, values=values)

    def _expression(self, what: str, text: str) -> str | None:
        """A name, or arithmetic over names and numbers."""
        if not text:
            self.refused.append(f"{what} has no expression")
            return None
        named = self.names.get(text, text)
        if is_name(named):
            return named
        try:
            parsed = parse(named)
        except ConditionRefused:
            parsed = None
        plain = (Name, Literal, Arithmetic, Negative)
        if parsed is None or not all(isinstance(part, plain) for part in walk(parsed)):
            self.refused.append(
                f'{what} asks "{text}": only names and arithmetic are kept (a name with spaces or '
                f'Chinese gets one with --name "{text}=…")'
            )
            return None
        return named

    def _values(self, what: str, element: Element | None, feel: FeelType) -> tuple[str, ...]:
        """Allowed values of a text; of other types they are no list and are left to the rules."""
        text = _text_of(element)
        if not text or feel != "string":
            return ()
        try:
            cell = read_unary_tests(text, "string")
        except NotKept as reason:
            self.refused.append(f"{what} allows {reason}")
            return ()
        return tuple(re.findall(r'"([^"]*)"', cell))

    def _output(
        self, called: str, table: str, count: int, number: int, element: Element
    ) -> DmnOutput | None:
        what = f'"{called}" output {number}'
        feel = self._type(what, element.get("typeRef"))
        written = element.get("name") or element.get("label") or ""
        name = table if count == 1 else self._name(written, what)
        if feel is None:
            return None
        default = _text_of(_first(element, "defaultOutputEntry")) or None
        try:
            default = None if default is None else read_value(default, feel)
        except NotKept as reason:
            self.refused.append(f"{what} has the default {reason}")
        return DmnOutput(
            name=name,
            label=element.get("label") or written,
            type=feel,
            values=self._values(what, _first(element, "outputValues"), feel),
            default=default,
        )

    def _rule(
        self,
        what: str,
        rule: Element,
        inputs: list[DmnInput],
        outputs: list[DmnOutput],
        heads: list[str],
    ) -> DmnRow | None:
        asked, given = _children(rule, "inputEntry"), _children(rule, "outputEntry")
        if len(asked) != len(inputs) or len(given) != len(outputs):
            self.refused.append(f"{what} has not one cell for each input and output")
            return None
        when, then = [], []
        for one, cell in zip(inputs, asked, strict=True):
            try:
                when.append(read_unary_tests(_text_of(cell), one.type))
            except NotKept as reason:
                self.refused.append(f'{what}, "{one.label}": {reason}')
        for out, cell in zip(outputs, given, strict=True):
            try:
                value = read_value(_text_of(cell), out.type)
                if value == "unknown":
                    raise NotKept('"unknown" is a word of its own here')
                then.append(value)
            except NotKept as reason:
                self.refused.append(f'{what}, "{out.label}": {reason}')
        if len(when) != len(inputs) or len(then) != len(outputs):
            return None
        return DmnRow(when=tuple(when), then=tuple(then), says="；".join(_remarks(rule, heads)))


_OTHER_LOGIC = {
    "literalExpression": "a formula (literal expression): write it under facts with is:",
    "invocation": "an invocation of a business knowledge model",
    "context": "a boxed context",
    "relation": "a relation",
    "list": "a list",
    "functionDefinition": "a function",
    "conditional": "a conditional",
    "filter": "a filter",
    "for": "an iteration",
    "every": "a quantified expression",
    "some": "a quantified expression",
}


def _remarks(rule: Element, heads: list[str]) -> Iterator[str]:
    described = _first(rule, "description")
    if described is not None and (described.text or "").strip():
        yield " ".join((described.text or "").split())
    for number, entry in enumerate(_children(rule, "annotationEntry")):
        text = " ".join(_text_of(entry).split())
        if text:
            head = heads[number] if number < len(heads) else ""
            yield f"{head}：{text}" if head else text
