"""Decision tables of DMN files (OMG DMN 1.1 to 1.5), read so that they can be kept as ours.

What would change its meaning is refused with its reason and place.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from language.errors import ConditionRefused
from language.expression import Arithmetic, Literal, Name, Negative, is_name, walk
from language.parse import parse
from policies.dmn_xml import Element, children, first_child, id_of, local_name, parse_xml, text_of
from policies.errors import TableFileRefused
from policies.sfeel import TYPES, FeelType, NotKept, read_unary_tests, read_value
from policies.table_file import MAX_ROWS

_HITS = {
    "UNIQUE": "unique", "FIRST": "first", "ANY": "any", "PRIORITY": "priority",
    "RULE ORDER": "rule-order", "OUTPUT ORDER": "output-order", "COLLECT": "collect",
}  # fmt: skip
_AGGREGATIONS = {"SUM": "sum", "MIN": "min", "MAX": "max", "COUNT": "count"}


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
    root = parse_xml(path)
    decisions = {id_of(one): one for one in root if local_name(one) == "decision"}
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
        for requirement in children(element, "informationRequirement"):
            for required in children(requirement, "requiredDecision"):
                other = (required.get("href") or "").removeprefix("#")
                if other not in self.decisions:
                    self.refused.append(f'decision "{called}" rests on "{other}", not in this file')
                else:
                    self.read(other, (*above, key))
        if children(element, "knowledgeRequirement"):
            self.refused.append(f'decision "{called}" calls a business knowledge model')
            return
        table = first_child(element, "decisionTable")
        if table is None:
            what = next(
                (local_name(c) for c in element if local_name(c) in _OTHER_LOGIC),
                "no decision table",
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
        variable = first_child(element, "variable")
        own = (variable.get("name") if variable is not None else None) or called
        hit = self._hit(called, table)
        inputs = [self._input(called, n, one) for n, one in
                  enumerate(children(table, "input"), start=1)]  # fmt: skip
        columns = children(table, "output")
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
        rules = children(table, "rule")
        if len(rules) > MAX_ROWS:
            self.refused.append(f'decision "{called}" has more than {MAX_ROWS:,} rules')
            return None
        heads = [a.get("name") or "" for a in children(table, "annotation")]
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
        expression = first_child(element, "inputExpression")
        text = text_of(expression)
        feel = self._type(what, expression.get("typeRef") if expression is not None else None)
        asked = self._expression(what, text)
        if feel is None or asked is None:
            return None
        values = self._values(what, first_child(element, "inputValues"), feel)
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
        text = text_of(element)
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
        default = text_of(first_child(element, "defaultOutputEntry")) or None
        try:
            default = None if default is None else read_value(default, feel)
        except NotKept as reason:
            self.refused.append(f"{what} has the default {reason}")
        return DmnOutput(
            name=name,
            label=element.get("label") or written,
            type=feel,
            values=self._values(what, first_child(element, "outputValues"), feel),
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
        asked, given = children(rule, "inputEntry"), children(rule, "outputEntry")
        if len(asked) != len(inputs) or len(given) != len(outputs):
            self.refused.append(f"{what} has not one cell for each input and output")
            return None
        when, then = [], []
        for one, cell in zip(inputs, asked, strict=True):
            try:
                when.append(read_unary_tests(text_of(cell), one.type))
            except NotKept as reason:
                self.refused.append(f'{what}, "{one.label}": {reason}')
        for out, cell in zip(outputs, given, strict=True):
            try:
                value = read_value(text_of(cell), out.type)
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
    described = first_child(rule, "description")
    if described is not None and (described.text or "").strip():
        yield " ".join((described.text or "").split())
    for number, entry in enumerate(children(rule, "annotationEntry")):
        text = " ".join(text_of(entry).split())
        if text:
            head = heads[number] if number < len(heads) else ""
            yield f"{head}：{text}" if head else text
