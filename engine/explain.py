"""Why: a decision told clause by clause, with every fact's value, source and date."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from engine.decision import Decision, decide, to_fen
from engine.program import Bound
from language.check import reachable_facts
from language.definition import Given
from language.expression import Expression, show_number, unparse
from language.reference import NO_ROW, Facts, NotApplicable, Reference, Value
from language.types import FactType
from policies.parameter import span_on
from policies.policy import Clause, ClauseGroup, DatedParameter, Leaf
from profiles.fact import Fact, Vocabulary
from profiles.region import region_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact's value came from."""

    dataset: str
    department: str
    release: str
    delivered_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FactUsed:
    """A fact or a parameter as it counted. `value` is None where it is missing."""

    name: str
    label_zh: str
    label_en: str
    value_zh: str | None
    value_en: str | None
    source: Source | None = None
    legal_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseTold:
    """A clause with its truth value (None: unknown), how deep it stands, and what it rests on.

    `unwanted`: it stands under a `none`, so that it is good where it does not hold.
    """

    id: str
    depth: int
    says_zh: str
    says_en: str
    source: str
    value: bool | None
    condition_zh: str
    condition_en: str
    group: str = ""
    unwanted: bool = False
    facts: tuple[FactUsed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTold:
    """A step of the amount; `amount` is None where it is open, `applied` False where skipped."""

    says_zh: str
    says_en: str
    text: str
    source: str
    applied: bool | None
    amount: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision with its reasons, for people and as data."""

    subject: str
    policy: str
    version: str
    title_zh: str
    title_en: str
    as_of: date
    period: str
    verdict: str
    amount: str | None
    unit: str
    clauses: tuple[ClauseTold, ...]
    steps: tuple[StepTold, ...]
    amount_facts: tuple[FactUsed, ...]
    also: Mapping[str, str | None]
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[FactUsed, ...]
    reasons: tuple[str, ...]
    not_modelled_zh: tuple[str, ...]
    not_modelled_en: tuple[str, ...]


def explain(
    bound: Bound,
    vocabulary: Vocabulary,
    facts: Facts,
    subject: str,
    sources: Mapping[str, Source],
) -> Explanation:
    """Explain a policy's decision on one subject; `sources` by fact."""
    decision = decide(bound, facts)
    teller = _Teller(bound, vocabulary, facts, sources)
    policy = bound.policy
    missing = [teller.fact(name) for name in decision.missing if not name.startswith("judged")]
    steps = [
        StepTold(
            says_zh=taken.step.says,
            says_en=taken.step.says_en,
            text=_operation(taken.step.operation, taken.step.text),
            source=taken.step.source,
            applied=taken.applied,
            amount=_yuan(taken.result),
        )
        for taken in decision.steps
    ]
    fen = decision.amount_fen
    clauses = (
        *teller.scope(decision),
        *teller.clauses(policy.clauses, decision, 0),
        *teller.portions(decision),
    )
    told = {fact.name for clause in clauses for fact in clause.facts}
    amount_facts: tuple[FactUsed, ...] = ()
    if decision.verdict == "eligible":
        amount_facts = tuple(f for f in teller.used(bound.amount_names) if f.name not in told)
    return Explanation(
        subject=subject,
        policy=policy.id,
        version=policy.version,
        title_zh=policy.title_zh,
        title_en=policy.title_en or policy.title_zh,
        as_of=bound.as_of,
        period=bound.period.name,
        verdict=decision.verdict,
        amount=_show_fen(fen),
        unit=policy.unit,
        clauses=clauses,
        steps=tuple(steps) if decision.verdict == "eligible" else (),
        amount_facts=amount_facts,
        also={name: _yuan(value) for name, value in decision.also.items()}
        if decision.verdict == "eligible"
        else {},
        failed=decision.failed,
        unknown=decision.unknown,
        missing=tuple(missing),
        reasons=decision.reasons,
        not_modelled_zh=policy.not_modelled,
        not_modelled_en=policy.not_modelled_en,
    )


class _Teller:
    """Puts names, values and sources into words for one subject."""

    def __init__(
        self, bound: Bound, vocabulary: Vocabulary, facts: Facts, sources: Mapping[str, Source]
    ) -> None:
        self.bound = bound
        self.vocabulary = vocabulary
        self.facts = facts
        self.sources = sources
        self.reference = Reference(bound.scope, facts)
        own = {fact.name: fact for fact in bound.policy.facts}
        self.known: Mapping[str, Fact] = dict(vocabulary.facts) | own
        self.parameters = {p.name: p for p in bound.policy.parameters}

    def labels(self, language: str) -> dict[str, str]:
        labels = {}
        for name, fact in self.known.items():
            label = fact.label_zh if language == "zh" else fact.label_en
            labels[name] = (label or fact.says or name).split("：")[0]
        for name, parameter in self.parameters.items():
            zh = parameter.label or name
            labels[name] = zh if language == "zh" else parameter.label_en
        times = {"as_of": "运行日", "period_start": "所属期首日", "period_end": "所属期末日"}
        return labels | (times if language == "zh" else {})

    def clauses(
        self,
        clauses: tuple[Clause, ...],
        decision: Decision,
        depth: int,
        *,
        unwanted: bool = False,
    ) -> list[ClauseTold]:
        told: list[ClauseTold] = []
        for clause in clauses:
            value = _truth(decision.clauses[clause.id])
            if isinstance(clause, ClauseGroup):
                told.append(
                    ClauseTold(
                        id=clause.id,
                        depth=depth,
                        says_zh=clause.says,
                        says_en=clause.says_en or clause.id,
                        source=clause.source,
                        value=value,
                        condition_zh="",
                        condition_en="",
                        group=clause.group,
                        unwanted=unwanted,
                    )
                )
                inside = unwanted != (clause.group == "none")
                told += self.clauses(clause.members, decision, depth + 1, unwanted=inside)
            else:
                told.append(self.leaf(clause, value, depth, unwanted))
        return told

    def leaf(self, leaf: Leaf, value: bool | None, depth: int, unwanted: bool) -> ClauseTold:
        return ClauseTold(
            id=leaf.id,
            depth=depth,
            says_zh=leaf.says,
            says_en=leaf.says_en or leaf.id,
            source=leaf.source,
            value=value,
            unwanted=unwanted,
            condition_zh=self.condition(leaf.when, "zh") or f"由{leaf.judged_by}认定",
            condition_en=self.condition(leaf.when, "en") or f"judged by {leaf.judged_by}",
            facts=self.used(reachable_facts([leaf.when], self.bound.scope)) if leaf.when else (),
        )

    def scope(self, decision: Decision) -> list[ClauseTold]:
        region = self.bound.policy.region
        names = {"effective": "政策有效期", "window": "兑现期限", "region": "适用地区"}
        english = {"effective": "in force", "window": "time of payment", "region": "region"}
        told = []
        for name, value in decision.scope.items():
            facts = (self.fact(region.fact),) if name == "region" and region else ()
            told.append(
                ClauseTold(
                    id=name,
                    depth=0,
                    says_zh=names[name],
                    says_en=english[name],
                    source="",
                    value=_truth(value),
                    condition_zh="",
                    condition_en="",
                    facts=facts,
                )
            )
        return told

    def portions(self, decision: Decision) -> list[ClauseTold]:
        return [
            ClauseTold(
                id=portion.id,
                depth=0,
                says_zh=portion.says,
                says_en=portion.says_en or portion.id,
                source=portion.source,
                value=_truth(decision.portions[portion.id]),
                condition_zh=self.condition(portion.when, "zh"),
                condition_en=self.condition(portion.when, "en"),
                group="portion",
                facts=self.used(reachable_facts([portion.when], self.bound.scope))
                if portion.when
                else (),
            )
            for portion in self.bound.policy.portions
        ]

    def used(self, names: frozenset[str]) -> tuple[FactUsed, ...]:
        """The facts and parameters behind names, worked-out ones before what they rest on."""
        plain = [name for name in names if "::" not in name and name in self.known]
        plain.sort(key=lambda name: isinstance(self.bound.scope[name], Given))
        parameters = [name for name in names if name in self.parameters]
        return tuple(self.fact(name) for name in (*plain, *sorted(parameters)))

    def fact(self, name: str) -> FactUsed:
        parameter = self.parameters.get(name)
        if parameter is not None:
            return self.parameter(parameter)
        fact = self.known.get(name)
        value = self.reference.of_name(name) if name in self.bound.scope else Value(None)
        given = self.facts.get(name)
        zh, en = show_value(value, fact)
        if isinstance(given, NotApplicable):
            zh, en = "不适用", "does not apply"
        return FactUsed(
            name=name,
            label_zh=self.labels("zh").get(name, name),
            label_en=self.labels("en").get(name, name),
            value_zh=zh,
            value_en=en,
            source=self.sources.get(name) or self.sources.get(name + "::sum"),
            legal_source=fact.source if fact else "",
        )

    def parameter(self, parameter: DatedParameter) -> FactUsed:
        span = span_on(parameter, self.bound.as_of)
        value = self.reference.of_name(parameter.name)
        zh, en = show_value(value, None)
        if NO_ROW in value.reasons:
            zh, en = "无对应标准", "no row"
        return FactUsed(
            name=parameter.name,
            label_zh=parameter.label or parameter.name,
            label_en=parameter.label_en,
            value_zh=zh,
            value_en=en,
            legal_source=span.source if span and parameter.at is None else "",
        )

    def condition(self, when: Expression | None, language: str) -> str:
        if when is None:
            return ""
        text = unparse(when)
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1]
        return _put_into_words(text, self.labels(language), language)


_WORD = re.compile(r'"[^"]*"|\$?[A-Za-z_][A-Za-z_0-9]*|>=|<=|!=|==')
_CHINESE = {
    ">=": "≥", "<=": "≤", "!=": "≠", "==": "=", "and": "且", "or": "或", "not": "非",
    "in": "属于", "true": "是", "false": "否", "null": "不适用", "$has": "有对应标准",
    "$min": "最小", "$max": "最大", "$round": "四舍五入", "$years": "周年", "$months": "整月",
    "$starts_with": "开头为",
}  # fmt: skip


def _put_into_words(text: str, labels: Mapping[str, str], language: str) -> str:
    def replace(match: re.Match[str]) -> str:
        word = match.group()
        if word.startswith('"'):
            return word
        if language == "zh":
            word = _CHINESE.get(word, word)
        else:
            word = {">=": "≥", "<=": "≤", "!=": "≠", "==": "="}.get(word, word)
        return labels.get(word, word)

    return _WORD.sub(replace, text)


def _truth(value: Value) -> bool | None:
    return None if value.value is None else bool(value.value)


def _yuan(value: Value) -> str | None:
    """An amount as it would be paid: rounded to a fen, half up."""
    return _show_fen(to_fen(value)) if isinstance(value.value, Fraction) else None


def _show_fen(fen: int | None) -> str | None:
    if fen is None:
        return None
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def _operation(operation: str, text: str) -> str:
    signs = {
        "take": "", "plus": "+ ", "minus": "− ", "times": "× ", "at_most": "≤ ", "at_least": "≥ ",
        "nothing_below": "不足不发 < ", "decided_by": "由其决定：", "portions": "",
    }  # fmt: skip
    return signs.get(operation, "取整 ") + text


def show_value(value: Value, fact: Fact | None) -> tuple[str | None, str | None]:
    """A value in Chinese and English; None where it is missing."""
    match value.value:
        case None:
            return None, None
        case bool(truth):
            return ("是", "yes") if truth else ("否", "no")
        case Fraction() as number:
            text = show_number(number) if number.denominator < 10**6 else f"{float(number):.6g}"
            if number.denominator == 1 and abs(number) >= 10_000:
                text = f"{number.numerator:,}"
            if fact is not None and fact.type is FactType.MONEY:
                shown = _yuan(value)
                return f"{shown}元", f"{shown} yuan"
            return text, text
        case date() as day:
            return f"{day.year}年{day.month}月{day.day}日", day.isoformat()
        case str(text):
            if fact is not None and fact.system.startswith("GB/T 2260"):
                named = region_name(text)
                return (f"{named}（{text}）", f"{named} ({text})") if named else (text, text)
            return text, text


def as_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain data."""
    plain: dict[str, Any] = _plain(asdict(explanation))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
