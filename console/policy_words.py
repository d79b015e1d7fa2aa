"""The parts of a policy put into words: parameters, facts, clauses, steps, in one language."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

from console.measure_words import say_measure
from console.page import Entry, Grid
from console.page_words import PAGE_WORDS
from engine.explain import DOES
from engine.explain_rows import known_with_rows
from engine.program import bind
from engine.shown_value import RATIO, YUAN, show_value, unit_of, unit_of_fact
from engine.table_words import say_matcher, say_tier
from engine.telling import Teller
from engine.wording import Language
from language.definition import Choice, Constant, Formula, Row, Table, Tiers
from language.expression import Expression, Literal, Name
from policies.axis import show_sort
from policies.each import fact_of
from policies.parameter import ALWAYS
from policies.policy import (
    Clause,
    ClauseGroup,
    DatedParameter,
    Leaf,
    ParameterSpan,
    Policy,
    PolicyTable,
    Step,
)
from profiles.fact import Fact, Vocabulary
from profiles.measure import Measure
from profiles.row_set import RowColumn, RowSet

_AS_YUAN = ("take", "plus", "minus", "at_most", "at_least", "nothing_below")


class PolicyWords:
    """Says what one policy says, whoever it is about, in Chinese (`zh`) or English (`en`)."""

    def __init__(self, policy: Policy, vocabulary: Vocabulary, language: Language) -> None:
        # what a condition says does not change with the day; any day in the rule's time serves
        day = (
            policy.examples[0].as_of if policy.examples else max(policy.starts_on, date(2000, 1, 1))
        )
        self.policy = policy
        self.language: Language = language
        self.words = PAGE_WORDS[language]
        facts = (*policy.facts, *(policy.each.facts if policy.each else ()))
        self._hidden = {fact.name: fact for fact in facts if "::" in fact.name}
        self._row_sets = {**vocabulary.row_sets, **policy.row_sets}
        if policy.each is not None:
            vocabulary = known_with_rows(vocabulary, policy.each)
        self._teller = Teller(bind(policy, vocabulary, day), vocabulary, {}, {})
        self._units = dict(self._teller.units) | _units_in_amounts(policy)

    def pick(self, zh: str, en: str) -> str:
        """A text in this language; the Chinese one where there is no other."""
        return zh if self.language == "zh" else en or zh

    def label(self, name: str) -> str:
        """What a fact or a parameter is called."""
        return self.pick(*self._teller.label(name))

    def condition(self, when: Expression | None, unit: str = "") -> str:
        """A condition or a formula in words."""
        return self.pick(*self._teller.condition(when, unit))

    def days(self, start: date | None, end: date | None) -> str:
        """From when to when, "" for always."""
        begins = None if start in (None, ALWAYS) else start
        parts = [self.words["from"].format(begins)] if begins else []
        parts += [self.words["to"].format(end)] if end else []
        return " ".join(parts)

    def row_set_label(self, row_set: RowSet) -> str:
        """What rows are called."""
        return self.pick(row_set.label_zh, row_set.label_en) or row_set.name

    def _measure_line(self, measure: Measure, function: str) -> str:
        row_set = self._row_sets.get(measure.rows)
        columns = row_set.columns if row_set else {}
        column = columns.get(measure.column)
        return say_measure(
            measure,
            function,
            self.row_set_label(row_set) if row_set else measure.rows,
            self.pick(column.label_zh, column.label_en) if column else "",
            self.of_row(measure.where, columns) if measure.where is not None else "",
            self.language,
        )

    def of_row(self, condition: Expression, columns: Mapping[str, RowColumn]) -> str:
        """A condition over a row with these columns, in words."""
        wording = self._teller.zh if self.language == "zh" else self._teller.en
        labels = {name: self.pick(c.label_zh, c.label_en) or name for name, c in columns.items()}
        facts = {name: fact_of(column) for name, column in columns.items()}
        mixed = replace(
            wording, labels={**wording.labels, **labels}, facts={**wording.facts, **facts}
        )
        return mixed.words(condition)

    # parameters

    def parameter_grids(self, parameter: DatedParameter) -> list[Grid]:
        """Each value of a parameter with its days and its document, the first begun first."""
        return [self._span_grid(parameter, span) for span in reversed(parameter.spans)]

    def _span_grid(self, parameter: DatedParameter, span: ParameterSpan) -> Grid:
        days = self.days(span.start, span.end)
        if days and parameter.at:
            days += f" ({self.words['chosen at'].format(self.label(parameter.at))})"
        caption = " ".join(
            part for part in (days, f"〔{span.source}〕" if span.source else "") if part
        )
        match span.value:
            case Constant(value=value):
                return Grid(rows=(), caption=f"{self._value(parameter, value)}  {caption}".strip())
            case Tiers() as scale:
                fact = self._teller.known.get(scale.by.name)
                unit = unit_of_fact(fact) if fact else ""
                lines = [self.pick(*say_tier(tier, unit)) for tier in scale.tiers]
                head = f"{self.label(scale.by.name)}  {caption}".strip()
                return Grid(rows=tuple((line,) for line in lines), caption=head)
            case Table() as table:
                heads = [self.label(name.name) for name in table.by]
                return Grid(
                    heads=(*heads, self.words["value"]),
                    rows=tuple(self._row(parameter, table, row) for row in _in_order(table)),
                    caption=caption,
                )

    def _row(self, parameter: DatedParameter, table: Table, row: Row) -> tuple[str, ...]:
        keys = [
            self.pick(*say_matcher(matcher, self._teller.known.get(name.name)))
            for name, matcher in zip(table.by, row.matchers, strict=True)
        ]
        return (*keys, self._value(parameter, row.value))

    def row_line(self, name: str, row: Row) -> str:
        """A row of a parameter's table in one line, to be compared."""
        for parameter in self.policy.parameters:
            for span in parameter.spans:
                table = span.value
                if parameter.name == name and isinstance(table, Table) and row in table.rows:
                    *keys, value = self._row(parameter, table, row)
                    return f"{self.words['list'].join(keys)}{self.words['colon']}{value}"
        return ""

    def span_line(self, parameter: DatedParameter, span: ParameterSpan) -> str:
        """One value of a parameter in one line, to be compared."""
        return self.parameter_line(replace(parameter, spans=(span,)))

    def value_of(self, name: str, value: Fraction | bool | str | date) -> str:
        """A value in the unit of the parameter or fact of this name."""
        for parameter in self.policy.parameters:
            if parameter.name == name:
                return self._value(parameter, value)
        fact = self._teller.known.get(name)
        zh, en = show_value(value, unit=unit_of_fact(fact) if fact else "")
        return self.pick(zh or "", en or "")

    def _value(self, parameter: DatedParameter, value: Fraction | bool | str | date | None) -> str:
        if value is None:
            return self.words["open"]
        if isinstance(value, str):
            return value
        unit = self._units.get(parameter.name, "")
        if unit == RATIO and not _is_share(parameter):
            unit = ""
        zh, en = show_value(value, unit=unit)
        return self.pick(zh or "", en or "")

    def parameter_line(self, parameter: DatedParameter) -> str:
        """All values of a parameter in one line, to be compared."""
        colon, semicolon = self.words["colon"], self.words["semicolon"]
        said = []
        for grid in self.parameter_grids(parameter):
            rows = [
                f"{self.words['list'].join(row[:-1])}{colon}{row[-1]}" if len(row) > 1 else row[0]
                for row in grid.rows
            ]
            said.append(" ".join(part for part in (semicolon.join(rows), grid.caption) if part))
        return semicolon.join(said)

    # decision tables

    def table_grid(self, table: PolicyTable) -> Grid:
        """A decision table as its author wrote it, its columns by their labels."""
        inputs = [self.pick(given.label, given.label_en) for given in table.inputs]
        outputs = [self.pick(output.label, output.label_en) for output in table.outputs]
        own = {row.number: row.source for row in table.rows if row.source != table.source}
        remarks = any(row.says or own.get(row.number) for row in table.rows)
        rows = []
        for row in table.rows:
            cells = (str(row.number), *row.cells, *row.outputs)
            source = f"〔{own[row.number]}〕" if own.get(row.number) else ""
            rows.append((*cells, f"{row.says} {source}".strip()) if remarks else cells)
        heads = ("", *inputs, *(f"→ {output}" for output in outputs))
        said = self.words[f"hit {table.hit}"]
        parts = [f"{self.words['hit']}{self.words['colon']}{table.hit}, {said}"]
        defaults = [output.definition.default for output in table.outputs]
        if None not in defaults:
            shown = self.words["list"].join(
                show_sort(value) for value in defaults if value is not None
            )
            parts.append(f"{self.words['no row']}{self.words['colon']}{shown}")
        parts += [table.file] if table.file else []
        parts += [f"〔{table.source}〕"] if table.source else []
        return Grid(
            heads=(*heads, "") if remarks else heads,
            rows=tuple(rows),
            caption="  ".join(parts),
        )

    # facts

    def fact_line(self, fact: Fact) -> str:
        """How a fact of the policy is worked out."""
        averaged = self._hidden.get(f"{fact.name}::sum")
        if fact.measure is not None:
            return self._measure_line(fact.measure, fact.measure.function)
        if averaged is not None and averaged.measure is not None:
            return self._measure_line(averaged.measure, "average")
        match fact.formula:
            case Formula(expression=expression):
                return self.condition(expression, unit_of_fact(fact))
            case Choice(cases=cases):
                said = []
                for when, value in cases:
                    result = self._choice(value, fact)
                    lead = self.condition(when) if when else self.words["otherwise"]
                    said.append(f"{lead} → {result}")
                return self.words["semicolon"].join(said)
        return self.words["given"]

    def _choice(self, value: Expression, fact: Fact) -> str:
        if isinstance(value, Literal) and isinstance(value.value, str):
            return value.value
        return self.condition(value, unit_of_fact(fact))

    # clauses

    def clause_entries(
        self, clauses: tuple[Clause, ...], marks: Mapping[str, str], depth: int = 0
    ) -> list[Entry]:
        """The clause tree: what each says, its condition in words, its document."""
        entries = []
        for clause in clauses:
            source = f" 〔{clause.source}〕" if clause.source else ""
            says = self.pick(clause.says, clause.says_en)
            mark = marks.get(clause.id, "")
            if isinstance(clause, ClauseGroup):
                lead = f"({self.words[clause.group]})"
                text = f"{says or clause.id}{source}"
                entries.append(Entry(depth=depth, lead=lead, text=text, mark=mark))
                entries += self.clause_entries(clause.members, marks, depth + 1)
                continue
            entries.append(
                Entry(
                    depth=depth,
                    text=f"{says or clause.id}{source}",
                    mark=mark,
                    notes=(self.leaf_line(clause),),
                )
            )
        return entries

    def leaf_line(self, leaf: Leaf) -> str:
        """The condition of a leaf in words."""
        if leaf.when is None:
            return self.words["judged by"].format(leaf.judged_by)
        said = self.condition(leaf.when)
        return f"{said} ({self.words['not yet']})" if leaf.not_yet else said

    def clause_line(self, clause: Clause) -> str:
        """A clause with all its members in one line, to be compared."""
        if isinstance(clause, Leaf):
            return self.leaf_line(clause)
        members = self.words["semicolon"].join(self.clause_line(m) for m in clause.members)
        return f"{self.words[clause.group]}{self.words['colon']}{members}"

    # amounts

    def step_entries(self, steps: tuple[Step, ...], unit: str, depth: int = 0) -> list[Entry]:
        """The steps of an amount in order."""
        entries = []
        for step in steps:
            says = self.pick(step.says, step.says_en)
            does = self.step_line(step, unit)
            source = f" 〔{step.source}〕" if step.source else ""
            when = ""
            if step.when is not None:
                when = f"{self.words['if']}{self.words['colon']}{self.condition(step.when)}"
            notes = [does] if says else []
            notes += [when] if when else []
            entries.append(Entry(depth=depth, text=f"{says or does}{source}", notes=tuple(notes)))
        return entries

    def step_line(self, step: Step, unit: str) -> str:
        """What a step does."""
        money = unit if step.operation in _AS_YUAN or step.operation.startswith("round") else ""
        operand = ""
        if step.operand is not None:
            money = unit_of(step.operand, self._teller.known) or money
            operand = self.condition(step.operand, money)
        if step.operation == "decided_by":
            operand = step.text
        does = DOES[step.text if step.text in DOES else step.operation]
        return self.pick(*(text.format(operand) for text in does))

    def steps_line(self, steps: tuple[Step, ...], unit: str) -> str:
        """All steps in one line, to be compared."""
        return self.words["semicolon"].join(self.step_line(step, unit) for step in steps)


def _in_order(table: Table) -> list[Row]:
    """Rows as they are read best: those for all others last."""
    return sorted(
        table.rows, key=lambda row: "Otherwise" in {type(m).__name__ for m in row.matchers}
    )


def _is_share(parameter: DatedParameter) -> bool:
    """Whether all numbers of a parameter lie between 0 and 1, so that percent read best."""
    numbers = []
    for span in parameter.spans:
        match span.value:
            case Constant(value=Fraction() as value):
                numbers.append(value)
            case Table(rows=rows):
                numbers += [row.value for row in rows if isinstance(row.value, Fraction)]
    return bool(numbers) and all(0 <= number <= 1 for number in numbers)


def _units_in_amounts(policy: Policy) -> dict[str, str]:
    """The units of parameters that stand alone in a step: money, or a share that multiplies."""
    found: dict[str, str] = {}
    everything = [policy.steps, *(p.steps for p in policy.portions)]
    for steps in everything:
        for step in steps:
            if isinstance(step.operand, Name):
                if step.operation == "times":
                    found.setdefault(step.operand.name, RATIO)
                elif step.operation in _AS_YUAN and policy.unit.startswith(YUAN):
                    found.setdefault(step.operand.name, policy.unit)
    return found
