"""One subject's facts and parameters told: value, unit, source, which row or tier counted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from engine.explanation import FactUsed, KeyTold, ParameterTold, Source, TierTold
from engine.program import Bound, expressions_of
from engine.shown_value import (
    plain_value,
    show_plain,
    show_value,
    unit_of,
    unit_of_fact,
)
from engine.table_rows import find_counting_rows
from engine.table_words import say_matcher, say_tier
from engine.wording import Language, Wording
from language.definition import (
    Given,
    Table,
    Tiers,
)
from language.expression import Comparison, Expression, Name, walk
from language.reference import NO_ROW, NO_VALUE, Facts, NotApplicable, Reference, Value, sum_tiers
from policies.parameter import ALWAYS, span_on
from policies.policy import DatedParameter, ParameterSpan, PolicyTable, TableRow
from profiles.fact import Fact, Vocabulary

_WHATEVER = {
    "any": ("不限", "anything"), "-": ("不限", "anything"), "else": ("其他", "anything else"),
    "null": ("不适用", "does not apply"), "true": ("是", "yes"), "false": ("否", "no"),
}  # fmt: skip
"""Cells of decision tables that are words of the language."""
_TIMES = {
    "as_of": ("运行日", "day of the run"),
    "period_start": ("所属期首日", "first day of the period"),
    "period_end": ("所属期末日", "last day of the period"),
}


class Teller:
    """Puts names, values and sources into words for one subject under one policy."""

    def __init__(
        self, bound: Bound, vocabulary: Vocabulary, facts: Facts, sources: Mapping[str, Source]
    ) -> None:
        self.bound = bound
        self.facts = facts
        self.sources = sources
        self.reference = Reference(bound.scope, facts)
        own = {fact.name: fact for fact in bound.policy.facts}
        self.known: Mapping[str, Fact] = dict(vocabulary.facts) | own
        self.parameters = {p.name: p for p in bound.policy.parameters}
        self.tables = {out.name: table for table in bound.policy.tables for out in table.outputs}
        self.units = _units_of_parameters(bound, self.known)
        self.zh = self._wording("zh")
        self.en = self._wording("en")

    def _wording(self, language: Language) -> Wording:
        labels = {}
        for name, fact in self.known.items():
            label = fact.label_zh if language == "zh" else fact.label_en
            labels[name] = (label or fact.says or name).split("：")[0]
        for name, parameter in self.parameters.items():
            zh = parameter.label or name
            labels[name] = zh if language == "zh" else parameter.label_en
        for table in self.tables.values():
            for output in table.outputs:
                labels[output.name] = output.label if language == "zh" else output.label_en
        for name, (zh, en) in _TIMES.items():
            labels[name] = zh if language == "zh" else en
        return Wording(language=language, labels=labels, facts=self.known)

    def label(self, name: str) -> tuple[str, str]:
        """What a name is called in Chinese and English."""
        return self.zh.labels.get(name, name), self.en.labels.get(name, name)

    def condition(self, when: Expression | None, unit: str = "") -> tuple[str, str]:
        """A condition or an amount in Chinese and English; "" where there is none."""
        return ("", "") if when is None else (self.zh.words(when, unit), self.en.words(when, unit))

    def used(self, names: frozenset[str]) -> tuple[FactUsed, ...]:
        """The facts and parameters behind names, worked-out ones before what they rest on."""
        plain = [name for name in names if "::" not in name and name in self.known]
        plain.sort(key=lambda name: (isinstance(self.bound.scope[name], Given), name))
        parameters = [name for name in names if name in self.parameters or name in self.tables]
        return tuple(self.fact(name) for name in (*plain, *sorted(parameters)))

    def fact(self, name: str) -> FactUsed:
        """A fact or a parameter as it counts for the subject."""
        parameter = self.parameters.get(name)
        if parameter is not None:
            return self._parameter(parameter)
        if name in self.tables:
            return self._output(name, self.tables[name])
        fact = self.known.get(name)
        value = self.reference.of_name(name) if name in self.bound.scope else Value(None)
        zh, en = show_value(value, fact)
        if isinstance(self.facts.get(name), NotApplicable):
            zh, en = "不适用", "does not apply"
        label_zh, label_en = self.label(name)
        return FactUsed(
            name=name,
            label_zh=label_zh,
            label_en=label_en,
            value=None if zh is None else _exact(value, zh),
            value_zh=zh,
            value_en=en,
            unit=unit_of_fact(fact) if fact else "",
            source=self.sources.get(name) or self.sources.get(name + "::sum"),
            legal_source=fact.source if fact else "",
        )

    def _parameter(self, parameter: DatedParameter) -> FactUsed:
        value = self.reference.of_name(parameter.name)
        unit = self.units.get(parameter.name, "")
        zh, en = show_value(value, unit=unit)
        if NO_ROW in value.reasons:
            zh, en = "无对应标准", "no row"
        elif NO_VALUE in value.reasons:
            zh, en = "当日无有效标准", "no value in force"
        span = self.span(parameter)
        return FactUsed(
            name=parameter.name,
            label_zh=parameter.label or parameter.name,
            label_en=parameter.label_en,
            value=plain_value(value),
            value_zh=zh,
            value_en=en,
            unit=unit,
            legal_source=span.source if span else "",
            parameter=self._which(parameter, span) if span else None,
        )

    def _output(self, name: str, table: PolicyTable) -> FactUsed:
        """An output of a decision table, with the rows that it comes from."""
        value = self.reference.of_name(name)
        (output,) = (out for out in table.outputs if out.name == name)
        zh, en = show_value(value, unit=output.unit)
        if NO_ROW in value.reasons:
            zh, en = "无对应标准", "no row"
        rows = [hit.row for hit in find_counting_rows(table, self.reference)]
        sources = dict.fromkeys(row.source for row in rows if row.source)
        return FactUsed(
            name=name,
            label_zh=output.label,
            label_en=output.label_en,
            value=plain_value(value),
            value_zh=zh,
            value_en=en,
            unit=output.unit,
            legal_source="、".join(sources) or table.source,
            parameter=ParameterTold(
                begins=None,
                ends=None,
                chosen_by="",
                row=tuple(_say_row(table, row) for row in rows),
                tiers=(),
                rules=tuple(sorted(row.number for row in rows)),
            ),
        )

    def span(self, parameter: DatedParameter) -> ParameterSpan | None:
        """The span of days that counts: that of the run's day, or with `at` of the subject's."""
        if parameter.at is None:
            return span_on(parameter, self.bound.as_of)
        day = self.reference.of_name(parameter.at).value
        return span_on(parameter, day) if isinstance(day, date) else None

    def _which(self, parameter: DatedParameter, span: ParameterSpan) -> ParameterTold:
        row: tuple[KeyTold, ...] = ()
        tiers: tuple[TierTold, ...] = ()
        match span.value:
            case Table() as table:
                row = self._row(table)
            case Tiers() as scale:
                tiers = self._tiers(scale)
        return ParameterTold(
            begins=None if span.start == ALWAYS else span.start,
            ends=span.end,
            chosen_by=parameter.at or "",
            chosen_by_zh=self.label(parameter.at)[0] if parameter.at else "",
            chosen_by_en=self.label(parameter.at)[1] if parameter.at else "",
            row=row,
            tiers=tiers,
        )

    def _row(self, table: Table) -> tuple[KeyTold, ...]:
        """The keys of the row that applies; none where none does or it is open which."""
        applies = self.reference.rows_that_apply(table)
        for row, holds in zip(table.rows, applies, strict=True):
            if holds.value is not True:
                continue
            told = []
            for name, matcher in zip(table.by, row.matchers, strict=True):
                zh, en = self.label(name.name)
                says_zh, says_en = say_matcher(matcher, self.known.get(name.name))
                told.append(
                    KeyTold(
                        fact=name.name, label_zh=zh, label_en=en, says_zh=says_zh, says_en=says_en
                    )
                )
            return tuple(told)
        return ()

    def _tiers(self, scale: Tiers) -> tuple[TierTold, ...]:
        amount = self.reference.of_name(scale.by.name).value
        unit = self._unit(scale.by.name)
        told = []
        for tier in scale.tiers:
            zh, en = say_tier(tier, unit)
            part = None
            if amount is not None and not isinstance(amount, (bool, str, date)):
                part = show_plain(sum_tiers(replace(scale, tiers=(tier,)), amount))
            told.append(TierTold(says_zh=zh, says_en=en, part=part))
        return tuple(told)

    def _unit(self, name: str) -> str:
        fact = self.known.get(name)
        return unit_of_fact(fact) if fact else ""


def _say_row(table: PolicyTable, row: TableRow) -> KeyTold:
    """A row of a decision table by its number and its cells."""
    zh, en = (
        [_WHATEVER.get(cell, (cell, cell))[language] for cell in row.cells] for language in (0, 1)
    )
    return KeyTold(
        fact=table.name,
        label_zh=f"第{row.number}行",
        label_en=f"row {row.number}",
        says_zh="，".join(
            f"{column.label} {cell}" for column, cell in zip(table.inputs, zh, strict=True)
        ),
        says_en=", ".join(
            f"{column.label_en} {cell}" for column, cell in zip(table.inputs, en, strict=True)
        ),
    )


def _exact(value: Value, shown: str) -> bool | str | None:
    # a text that people are not shown is not shown to programs either
    return shown if isinstance(value.value, str) and shown.startswith("（") else plain_value(value)


def _units_of_parameters(bound: Bound, known: Mapping[str, Fact]) -> dict[str, str]:
    """The units of parameters: those they declare, or as a comparison with a fact shows them."""
    found = {p.name: p.unit for p in bound.policy.parameters if p.unit}
    names = {parameter.name for parameter in bound.policy.parameters}
    for expression in expressions_of(bound.policy):
        for part in walk(expression):
            if not isinstance(part, Comparison):
                continue
            for side, other in ((part.left, part.right), (part.right, part.left)):
                if isinstance(side, Name) and side.name in names:
                    found.setdefault(side.name, unit_of(other, known))
    return found
