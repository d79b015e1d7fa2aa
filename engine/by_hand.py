"""The pure function: policies on subjects whose facts are given by hand, with every reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from engine.amount import show_yuan, to_fen
from engine.clause_tree import find_leaves
from engine.columns import PolicyColumns, lower_policy
from engine.decision import Decision, decide
from engine.few import (
    FEW,
    Quick,
    Standing,
    ask_all,
    decide_asked,
    policies_standing,
    rows_that_may_be_given,
)
from engine.own_measures import add_given_measures
from engine.program import Bound, Program
from engine.rows_by_hand import RowResult, decide_by_hand, row_facts_beside, row_results
from language.exact import TooWide
from language.frame import Prepared, facts_of_row, prepare
from language.reference import Value
from language.types import FactType
from policies.rows import row_sets_beside
from profiles.hand import Subject, Trouble
from profiles.hand_frame import HandFrame, build_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One subject's verdict under one policy; amounts in fen, None while open or not due.

    `rows` are the rows of a policy with `each`; `items` the amounts of its awards, where each value
    of a column makes one.
    """

    subject: str
    policy: str
    version: str
    verdict: str
    amount_fen: int | None
    amounts_fen: Mapping[str, int | None]
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    rows: tuple[RowResult, ...] | None = None
    items: Mapping[str, int | None] | None = None

    def as_json(self) -> dict[str, Any]:
        """The result as `zhida evaluate` writes it; amounts in yuan with two decimals."""
        told: dict[str, Any] = {}
        if self.rows is not None:
            told["rows"] = [row.as_json() for row in self.rows]
        if self.items is not None:
            told["items"] = {item: show_yuan(fen) for item, fen in self.items.items()}
        return {
            "subject": self.subject,
            "policy": self.policy,
            "version": self.version,
            "verdict": self.verdict,
            "amount": show_yuan(self.amount_fen),
            "amounts": {name: show_yuan(fen) for name, fen in self.amounts_fen.items()},
            "failed": list(self.failed),
            "unknown": list(self.unknown),
            "missing": list(self.missing),
            **told,
        }


def evaluate_subjects(
    program: Program, subjects: list[Subject], as_of: date
) -> tuple[list[Result], list[Trouble]]:
    """Evaluate every policy of a subject's audience; `as_of` is the day of lines without one.

    A subject without an audience is evaluated under the policies of every audience. Results come
    in the order of the subjects, then of the policies.
    """
    results: dict[int, list[Result]] = {index: [] for index in range(len(subjects))}
    troubles: list[Trouble] = []
    audiences = sorted({policy.audience for policy in program.policies})
    groups: dict[tuple[str, date], list[int]] = {}
    for index, subject in enumerate(subjects):
        for audience in [subject.audience] if subject.audience else audiences:
            if audience in audiences:
                groups.setdefault((audience, subject.as_of or as_of), []).append(index)
    for (audience, day), indexes in sorted(groups.items()):
        members = [subjects[index] for index in indexes]
        found = _evaluate_group(program, members, audience, day, troubles)
        for index, member_results in zip(indexes, found, strict=True):
            results[index] += member_results
    order = {policy.key: number for number, policy in enumerate(program.policies)}
    flat = []
    for index in range(len(subjects)):
        flat += sorted(results[index], key=lambda r: order[f"{r.policy}@{r.version}"])
    return flat, list(dict.fromkeys(troubles))


def _evaluate_group(
    program: Program,
    subjects: list[Subject],
    audience: str,
    as_of: date,
    troubles: list[Trouble],
) -> list[list[Result]]:
    """The results of each subject: few subjects share what is asked, many are columns."""
    standing = policies_standing(program, audience, as_of)
    given = {name for subject in subjects for name in subject.facts}
    if len(subjects) > FEW or given & rows_that_may_be_given(standing, program.vocabulary):
        return _evaluate_by_columns(program, standing.bounds, subjects, troubles)
    apart = _evaluate_by_columns(program, standing.alone, subjects, troubles)
    together = _evaluate_few(program, standing, subjects, audience, as_of, troubles)
    return [one + other for one, other in zip(apart, together, strict=True)]


def _evaluate_few(
    program: Program,
    standing: Standing,
    subjects: list[Subject],
    audience: str,
    as_of: date,
    troubles: list[Trouble],
) -> list[list[Result]]:
    own = {fact.name: fact for policy in program.policies for fact in policy.facts}
    own |= {fact.name: fact for bound in standing.bounds for fact in bound.policy.facts}
    facts = own | dict(program.vocabulary.facts)
    extra = {name: fact for name, fact in own.items() if name not in program.vocabulary.facts}
    row_sets = {n: rows for p in program.policies for n, rows in p.row_sets.items()}
    hand = build_frame(subjects, program.vocabulary, extra, audience, as_of, row_sets=row_sets)
    troubles += hand.troubles
    types = {name: facts[name].type for name in hand.frame.columns if name in facts}
    results = []
    for subject, row in zip(subjects, hand.frame.iter_rows(named=True), strict=True):
        asked = ask_all(standing, facts_of_row(row, types))
        results.append(
            [
                _from_decision(shared.bound, decide_asked(asked, shared), subject.subject)
                for shared in standing.shared
            ]
        )
    return results


def _evaluate_by_columns(
    program: Program,
    bounds: Sequence[Bound],
    subjects: list[Subject],
    troubles: list[Trouble],
) -> list[list[Result]]:
    shared = program.vocabulary.facts
    given = {name for subject in subjects for name in subject.facts}
    frames: dict[tuple[object, ...], HandFrame] = {}
    results: list[list[Result]] = [[] for _ in subjects]
    # a name that a policy of another audience declares is known too, and no slip of the sender
    every = program.policies
    all_own = {f.name: f for policy in every for f in policy.facts if f.name not in shared}
    for bound in bounds:
        policy = bound.policy
        own = {fact.name: fact for fact in policy.facts if fact.name not in shared}
        row_sets = row_sets_beside(policy, every, program.vocabulary)
        # two policies may declare facts or rows of one name with different types
        key = (
            *sorted((name, own[name].type) for name in own if name in given),
            *(policy.key for name in policy.row_sets if name in given),
            *([policy.key] if policy.each and policy.each.row_set.name in given else []),
        )
        if key not in frames:
            frames[key] = build_frame(
                subjects,
                program.vocabulary,
                all_own | own,
                policy.audience,
                bound.as_of,
                row_sets=row_sets,
                also=row_facts_beside(policy, every),
            )
            troubles += frames[key].troubles
        hand = replace(frames[key], frame=add_given_measures(bound, frames[key], subjects))
        if policy.each is not None:
            found: Iterable[Result] = [
                _from_decision(bound, decision, subject.subject)
                for subject, decision in zip(subjects, decide_by_hand(bound, hand), strict=True)
            ]
        else:
            found = _evaluate_policy(bound, hand.frame, subjects)
        for index, result in enumerate(found):
            results[index].append(result)
    return results


def _evaluate_policy(
    bound: Bound, frame: pl.DataFrame, subjects: list[Subject]
) -> Iterable[Result]:
    types: dict[str, FactType] = dict(bound.types)
    prepared = prepare(frame, types, types)
    try:
        if bound.names & prepared.unscalable:
            raise TooWide("a column mixes magnitudes too far apart")
        columns = lower_policy(bound, prepared.known, by_hand=True)
        decided = _select(columns, prepared)
    except (TooWide, pl.exceptions.PolarsError):
        decided = None  # the reference decides, row by row
    for index, row in enumerate(frame.iter_rows(named=True)):
        name = subjects[index].subject
        settled = None if decided is None else decided.row(index, named=True)
        if settled is not None and _is_closed(settled):
            yield _from_columns(bound, settled, name)
            continue
        # what is missing is asked of the reference, which walks this one subject
        decision = decide(bound, facts_of_row(row, types), by_hand=True)
        yield _from_decision(bound, decision, name)


def _select(columns: PolicyColumns, prepared: Prepared) -> pl.DataFrame:
    exprs = [columns.verdict.alias("verdict"), columns.amount_fen.alias("amount")]
    for prefix, group in (
        ("also", columns.also_fen),
        ("portion_fen", columns.portion_fen),
        ("clause", columns.clauses),
        ("portion", columns.portions),
        ("scope", columns.scope),
    ):
        exprs += [expr.alias(f"{prefix}::{name}") for name, expr in group.items()]
    return prepared.frame.select(pl.col("subject"), *exprs)


def _is_closed(row: Mapping[str, Any]) -> bool:
    """Whether nothing is missing: ineligible, or eligible with every amount and portion known."""
    if row["verdict"] is None:
        return False
    if row["verdict"] is False:
        return all(value is not None for key, value in row.items() if _is_test(key))
    return row["amount"] is not None and all(
        value is not None for key, value in row.items() if _is_test(key) or key.startswith("also::")
    )


def _is_test(key: str) -> bool:
    return key.startswith(("clause::", "portion::", "scope::"))


def _group(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    start = prefix + "::"
    return {k.removeprefix(start): v for k, v in row.items() if k.startswith(start)}


def _from_columns(bound: Bound, row: Mapping[str, Any], subject: str) -> Result:
    scope, portions = _group(row, "scope"), _group(row, "portion")
    values = {name: Value(value) for name, value in _group(row, "clause").items()}
    outside = tuple(name for name, value in scope.items() if value is False)
    failed: list[str] = list(outside)
    if not outside:
        for clause in bound.policy.clauses:
            find_leaves(clause, values, True, failed, [])
        if portions and not any(portions.values()):
            failed += portions
    eligible = bool(row["verdict"])
    return Result(
        subject=subject,
        policy=bound.policy.id,
        version=bound.policy.version,
        verdict="eligible" if eligible else "ineligible",
        amount_fen=row["amount"] if eligible else None,
        amounts_fen=_group(row, "also") | _group(row, "portion_fen") if eligible else {},
        failed=tuple(failed),
        unknown=(),
        missing=(),
    )


def _from_decision(bound: Bound, decision: Decision | Quick, subject: str) -> Result:
    if isinstance(decision, Quick):
        return Result(
            subject=subject,
            policy=bound.policy.id,
            version=bound.policy.version,
            verdict="eligible" if decision.eligible else "ineligible",
            amount_fen=decision.amount_fen,
            amounts_fen={},
            failed=decision.failed,
            unknown=decision.unknown,
            missing=decision.missing,
        )
    eligible = decision.verdict == "eligible"
    amounts: dict[str, int | None] = {}
    if eligible:
        amounts = {name: to_fen(value) for name, value in decision.also.items()}
        amounts |= {
            portion.id: to_fen(decision.portion_amounts[portion.id])
            if portion.id in decision.portion_amounts
            else None
            for portion in bound.policy.portions
        }
    return Result(
        subject=subject,
        policy=bound.policy.id,
        version=bound.policy.version,
        verdict=decision.verdict,
        amount_fen=decision.amount_fen,
        amounts_fen=amounts,
        failed=decision.failed,
        unknown=decision.unknown,
        missing=decision.missing,
        rows=None if bound.policy.each is None else row_results(decision),
        items=_items_of(bound, decision),
    )


def _items_of(bound: Bound, decision: Decision) -> dict[str, int | None] | None:
    if bound.policy.each is not None and bound.policy.each.item is not None:
        held = [item for item in decision.items if item.verdict == "eligible"]
        return {item.item: item.amount_fen for item in held}
    return None
