"""A policy's own worked cases, run as tests."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.amount import show_yuan
from engine.by_hand import Result, evaluate_subjects
from engine.program import Program, compile_policies
from language.number import parse_number
from language.types import Kind, kind_of
from policies.policy import ClauseGroup, Example, Policy
from profiles.fact import Fact, Vocabulary
from profiles.hand import Subject
from profiles.hand_value import UNKNOWN
from profiles.row_set import RowColumn, RowSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleResult:
    """An example, and every way in which what came out is not what it expects."""

    policy: str
    example: str
    line: int
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the example came out as expected."""
        return not self.differences


def run_examples(policy: Policy, vocabulary: Vocabulary) -> list[ExampleResult]:
    """Run every example of a policy."""
    program = compile_policies([policy], vocabulary)
    subjects = subjects_of_examples(policy, vocabulary)
    return [
        _run(program, policy, example, subject)
        for example, subject in zip(policy.examples, subjects, strict=True)
    ]


def subjects_of_examples(policy: Policy, vocabulary: Vocabulary) -> list[Subject]:
    """What each example gives, as `zhida evaluate` reads it."""
    facts = dict(vocabulary.facts) | {fact.name: fact for fact in policy.facts}
    facts |= {fact.name: fact for fact in policy.each.facts} if policy.each else {}
    row_sets = dict(vocabulary.row_sets) | dict(policy.row_sets)
    return [_subject(policy, example, facts, row_sets) for example in policy.examples]


def _subject(
    policy: Policy, example: Example, facts: Mapping[str, Fact], row_sets: Mapping[str, RowSet]
) -> Subject:
    given = {
        name: _typed_rows(raw, row_sets[name], facts)
        if name in row_sets
        else _typed(raw, facts.get(name))
        for name, raw in example.given.items()
    }
    return Subject(
        line=example.line,
        subject="example",
        audience=policy.audience,
        as_of=example.as_of,
        facts=given,
    )


def _run(program: Program, policy: Policy, example: Example, subject: Subject) -> ExampleResult:
    results, troubles = evaluate_subjects(program, [subject], example.as_of)
    differences = [trouble.message for trouble in troubles]
    if not differences:
        differences = _compare(example, results[0], policy)
    return ExampleResult(
        policy=policy.id,
        example=example.name,
        line=example.line,
        differences=tuple(differences),
    )


def _typed_rows(raw: Any, row_set: RowSet, facts: Mapping[str, Fact]) -> Any:
    """Rows of an example, each cell as authors write its column's type."""

    def typed(name: str, cell: Any) -> Any:
        return _typed(cell, row_set.columns.get(name) or facts.get(name))

    if raw is None or raw == "null":
        return None
    if isinstance(raw, Mapping):
        return {key: typed("value", cell) for key, cell in raw.items()}
    if not isinstance(raw, list):
        return raw
    return [
        {name: typed(name, cell) for name, cell in item.items()}
        if isinstance(item, Mapping)
        else typed("value", item)
        for item in raw
    ]


def _typed(raw: Any, fact: Fact | RowColumn | None) -> Any:
    """A value of an example: numbers as authors write them, all else as `zhida evaluate` has it."""
    if raw is None or raw == "null":
        return None
    if isinstance(raw, str) and fact is not None and kind_of(fact.type) is Kind.NUMBER:
        if raw in ("none", UNKNOWN):
            return raw
        try:
            return _decimal(parse_number(raw))
        except ValueError:
            return raw
    return raw


def _decimal(value: Fraction) -> str:
    """An exact decimal; authors' units never need more than their own digits and two more."""
    for digits in range(45):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            text = str(abs(scaled.numerator)).rjust(digits + 1, "0")
            sign = "-" if value < 0 else ""
            return sign + (text[:-digits] + "." + text[-digits:] if digits else text)
    return str(float(value))


def _compare(example: Example, result: Result, policy: Policy) -> list[str]:
    differences = []
    if result.verdict != example.verdict:
        why = ""
        if result.failed:
            why = f" (failed: {', '.join(result.failed)})"
        elif result.missing:
            why = f" (missing: {', '.join(result.missing)})"
        differences.append(f"expected {example.verdict}, came out {result.verdict}{why}")
    if example.amount is not None:
        differences += _compare_amount("amount", example.amount, result.amount_fen)
    for name, text in example.amounts.items():
        if name not in result.amounts_fen:
            known = ", ".join(result.amounts_fen) or "none"
            differences.append(f'no amount "{name}" came out (there are: {known})')
            continue
        differences += _compare_amount(name, text, result.amounts_fen[name])
    if example.failing is not None:
        found = set(result.failed) | _groups_of(policy, set(result.failed))
        absent = [name for name in example.failing if name not in found]
        if absent:
            came = ", ".join(result.failed) or "nothing"
            differences.append(f"expected {', '.join(absent)} to fail, but {came} did")
    if example.missing is not None and set(example.missing) != set(result.missing):
        differences.append(
            f"expected missing {sorted(example.missing)}, came out {sorted(result.missing)}"
        )
    counted = Counter(row.verdict for row in result.rows or ())
    for verdict, count in (example.rows or {}).items():
        if counted[verdict] != count:
            differences.append(f"expected {count} rows {verdict}, came out {counted[verdict]}")
    return differences


def _compare_amount(name: str, text: str, fen: int | None) -> list[str]:
    came = "unknown" if fen is None else show_yuan(fen)
    if text == "unknown":
        return [] if fen is None else [f"expected {name} unknown, came out {came}"]
    try:
        expected = parse_number(text) * 100
    except ValueError as error:
        return [f"{name}: {error}"]
    if expected.denominator != 1:
        return [f"expected {name} {text}: amounts are whole fen, came out {came}"]
    return (
        []
        if fen == expected
        else [f"expected {name} {show_yuan(expected.numerator)}, came out {came}"]
    )


def _groups_of(policy: Policy, failed: set[str]) -> set[str]:
    """The groups that hold a failed leaf: an example may name either."""
    found: set[str] = set()

    def visit(clause: Any) -> bool:
        if not isinstance(clause, ClauseGroup):
            return clause.id in failed
        inside = any([visit(member) for member in clause.members])
        if inside:
            found.add(clause.id)
        return inside

    for clause in (*policy.clauses, *(policy.each.clauses if policy.each else ())):
        visit(clause)
    return found
