"""One change between two versions put into words: what it is, from what to what, what it does."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from console.difference_words import (
    DEADLINES,
    DETAILS,
    DIRECTIONS,
    KINDS,
    OF_FACTS,
    OF_LISTS,
    SECTIONS,
    WORDS,
)
from console.policy_page import say_delivery, say_region
from console.policy_words import PolicyWords
from engine.shown_value import YUAN, show_value
from engine.wording import Language
from language.contrast import Witness
from language.definition import Constant, Row, Table, Tiers
from language.expression import Expression, Membership, Not
from policies.change import Change, Effect
from policies.difference import Difference
from policies.policy import (
    Claim,
    ClauseGroup,
    DatedParameter,
    DeliveryCase,
    Leaf,
    Limit,
    ParameterSpan,
    Policy,
    Portion,
    Region,
    Step,
)
from policies.terms import Between, Length, OnDay, Within
from profiles.fact import Fact, Vocabulary
from profiles.row_set import RowSet

LONGEST = 400
"""Signs of one side of a change; what is longer is read on the pages of the two versions."""


class ChangeWords:
    """Says what is different between two versions, in Chinese or English."""

    def __init__(self, difference: Difference, vocabulary: Vocabulary, language: Language) -> None:
        self.difference = difference
        self.language = language
        self.words = WORDS[language]
        self.old = PolicyWords(difference.old, vocabulary, language)
        self.new = PolicyWords(difference.new, vocabulary, language)

    def pick(self, pair: tuple[str, str]) -> str:
        """A text in this language."""
        return pair[0] if self.language == "zh" else pair[1]

    def headline(self, change: Change) -> str:
        """What changed, and how."""
        parts = [self.pick(SECTIONS[change.section])]
        if change.name:
            parts.append(self.named(change))
        detail = self.detail(change)
        if detail:
            parts.append(detail)
        done = self.pick(KINDS[change.kind])
        if change.kind == "counted":
            done = str(change.after)
        return f"{' '.join(parts)}{self.words['colon']}{done}"

    def named(self, change: Change | Effect) -> str:
        """The name that people know a part by, with its own."""
        return self.label_of(change.section, change.name)

    def label_of(self, section: str, name: str) -> str:
        """The name that people know a part of a policy by, with its own."""
        label = ""
        for words in (self.new, self.old):
            label = label or _label(words, section, name)
        return f"“{label}” ({name})" if label and label != name else f"“{name}”"

    def detail(self, change: Change) -> str:
        """Which row, day, step or key of it."""
        if change.section in ("clauses", "row clauses") and change.kind in ("added", "removed"):
            return self.words["in"].format(change.detail) if change.detail else ""
        if change.section in ("amount", "portions", "also", "row amount"):
            first, _, rest = change.detail.partition(" ")
            if first.isdigit():
                return " ".join([self.words["step"].format(first), *self._tokens(rest)]).strip()
        return " ".join(self._tokens(change.detail))

    def _tokens(self, detail: str) -> list[str]:
        if "[" in detail:
            before, _, key = detail.partition("[")
            return [*self._tokens(before), f"[{key}"]
        return [self.pick(DETAILS[word]) if word in DETAILS else word for word in detail.split()]

    def sides(self, change: Change) -> tuple[str, str]:
        """What it was and what it is; "" where there is nothing."""
        if change.kind == "counted":
            return "", ""
        if change.kind == "members" and isinstance(change.before, Expression):
            return self._members(change)
        return (
            self._say(change.before, change, self.old),
            self._say(change.after, change, self.new),
        )

    def direction(self, change: Change | Effect) -> str:
        """What it does, taken alone; "" where that cannot be told."""
        direction = change.direction
        if change.section in ("facts", "row facts") and direction in OF_FACTS:
            return self.pick(OF_FACTS[direction])
        if isinstance(change, Change) and change.kind == "members" and direction in OF_LISTS:
            return self.pick(OF_LISTS[direction])
        return self.pick(DIRECTIONS[direction])

    def effects(self, change: Change) -> str:
        """Which clauses and amounts rest on it, and what it does to each."""
        said = []
        for effect in change.effects:
            name = f" {self.named(effect)}" if effect.name else ""
            does = f" ({self.direction(effect)})" if effect.direction else ""
            said.append(f"{self.pick(SECTIONS[effect.section])}{name}{does}")
        return self.words["rests"].format("; ".join(said)) if said else ""

    def witnesses(self, change: Change) -> list[str]:
        """Subjects for whom the change makes the difference."""
        found = []
        clause = change.section in ("clauses", "row clauses", "portions")
        keys = ("gains", "loses") if clause else ("holds", "held")
        for key, witness in zip(keys, (change.gains, change.loses), strict=True):
            if witness is not None:
                found.append(self.words[key].format(self._facts(witness)))
        return found

    def _facts(self, witness: Witness) -> str:
        said = []
        for name, value in witness.items():
            if value is None:
                shown = self.words["missing"]
            elif isinstance(value, (Fraction, bool, str, date)):
                shown = self.new.value_of(name, value)
            else:
                shown = repr(value)
            said.append(self.words["is"].format(self.new.label(name), shown))
        return self.words["joint"].join(said)

    def _members(self, change: Change) -> tuple[str, str]:
        """Of two lists only what is on one of them."""
        lists = []
        for side in (change.before, change.after):
            inner = side.operand if isinstance(side, Not) else side
            assert isinstance(inner, Membership)
            lists.append(inner)
        gone = [item for item in lists[0].items if item not in lists[1].items]
        come = [item for item in lists[1].items if item not in lists[0].items]
        name = getattr(lists[0].member, "name", "")
        joint = self.words["list"]
        return (
            joint.join(self.old.value_of(name, item.value) for item in gone),
            joint.join(self.new.value_of(name, item.value) for item in come),
        )

    def _say(self, value: object, change: Change, words: PolicyWords) -> str:
        text = self._text(value, change, words)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"

    def _text(self, value: object, change: Change, words: PolicyWords) -> str:
        match value:
            case None:
                return ""
            case bool():
                return self.words["yes" if value else "no"]
            case int():
                return str(value)
            case Fraction() if change.section in ("budget", "stacking"):
                return self.pick(_both(show_value(value, unit=YUAN)))
            case Fraction() | date():
                return words.value_of(change.name, value)
            case Enum():
                return str(value.value)
            case str() if change.section in ("audience", "level", "per", "period", "benefit kind"):
                return words.words.get(value, value)
            case str() if change.kind == "regrouped":
                return words.words.get(value, value)
            case str() if change.kind == "moved":
                return value or self.words["top"]
            case str():
                return value
            case _ if isinstance(value, Expression):
                return words.condition(value)
            case Leaf():
                return words.leaf_line(value)
            case ClauseGroup():
                return words.clause_line(value)
            case Step():
                return words.step_line(value, words.policy.unit)
            case Portion():
                when = [] if value.when is None else [words.condition(value.when)]
                return "; ".join([*when, words.steps_line(value.steps, words.policy.unit)])
            case DatedParameter():
                return words.parameter_line(value)
            case ParameterSpan():
                return words.span_line(_parameter(words.policy, change.name), value)
            case Constant() | Table() | Tiers():
                parameter = _parameter(words.policy, change.name)
                span = next(span for span in parameter.spans if span.value == value)
                return words.span_line(parameter, span)
            case Row():
                return words.row_line(change.name, value)
            case Fact():
                return words.fact_line(value)
            case RowSet():
                return words.row_set_label(value)
            case Length():
                return self.pick(say_length(value))
            case Within(length=length, after=after):
                said = self._text(length, change, words)
                return self.pick((f"{after}之后{said}", f"{said} after {after}")) if after else said
            case OnDay(day=day):
                return self.pick((f"每月{day}日", f"day {day}"))
            case Between(start=start, end=end):
                return words.days(start, end)
            case Claim(of=of, group=group):
                return f"{of} ({group})"
            case Limit():
                return value.text
            case _:
                return self._other(value, change, words)

    def _other(self, value: object, change: Change, words: PolicyWords) -> str:
        match value:
            case Region():
                return say_region(words.policy, words)
            case tuple() if value and isinstance(value[0], DeliveryCase):
                return say_delivery(words.policy, words)
            case Mapping():
                return "; ".join(f"{k}: {self._text(v, change, words)}" for k, v in value.items())
            case tuple() | list() | frozenset():
                return self.words["list"].join(self._text(part, change, words) for part in value)
        if is_dataclass(value):
            said = [
                f"{one.name}: {self._text(part, change, words)}"
                for one in fields(value)
                if (part := getattr(value, one.name)) not in (None, "", ())
            ]
            return "; ".join(said)
        return str(value)


def say_length(length: Length) -> tuple[str, str]:
    """A length of time in Chinese and English."""
    zh = {"day": "天", "working day": "个工作日", "month": "个月"}[length.unit]
    return f"{length.count}{zh}", f"{length.count} {length.unit}" + "s" * (length.count != 1)


def _both(pair: tuple[str | None, str | None]) -> tuple[str, str]:
    return pair[0] or "", pair[1] or ""


def _parameter(policy: Policy, name: str) -> DatedParameter:
    return next(parameter for parameter in policy.parameters if parameter.name == name)


def _label(words: PolicyWords, section: str, name: str) -> str:
    """What a part of a policy is called; "" where it is not there."""
    policy = words.policy
    if section in ("clauses", "row clauses", "portions"):
        parts = _all_clauses(policy)
        parts |= {portion.id: (portion.says, portion.says_en) for portion in policy.portions}
        return words.pick(*parts[name]) if name in parts else ""
    if section in ("parameters", "facts", "row facts"):
        known = {p.name for p in policy.parameters} | {f.name for f in policy.facts}
        known |= {fact.name for fact in (policy.each.facts if policy.each else ())}
        return words.label(name) if name in known else ""
    if section == "deadlines" and name in DEADLINES:
        return words.pick(*DEADLINES[name])
    if section == "tables":
        return next((words.pick(t.label, t.label_en) for t in policy.tables if t.name == name), "")
    if section == "also":
        return next((words.pick(t.label, t.label_en) for t in policy.also if t.name == name), "")
    return ""


def _all_clauses(policy: Policy) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    todo = [*policy.clauses, *(policy.each.clauses if policy.each else ())]
    while todo:
        clause = todo.pop()
        found[clause.id] = (clause.says, clause.says_en)
        if isinstance(clause, ClauseGroup):
            todo += clause.members
    return found
