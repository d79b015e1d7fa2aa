"""How many pass and fail each clause of a policy, and how many fail by that clause alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import polars as pl

from engine.columns import lower_policy
from engine.deciding import truth
from engine.decision import decide
from engine.program import Bound
from language.exact import TooWide
from language.frame import Prepared, facts_of_row, prepare
from policies.policy import Clause, ClauseGroup, Leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseCount:
    """How a clause came out over all subjects.

    Under a `none` a clause passes where it does not hold. `one_short` fail the policy by this
    alone: were it otherwise and all else the same, they would be eligible. `one_open` are unknown
    by this alone.
    """

    id: str
    depth: int
    says_zh: str
    says_en: str
    group: str
    passes: int
    fails: int
    unknown: int
    one_short: int
    one_open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCounts:
    """A policy's subjects by verdict and by clause."""

    policy: str
    version: str
    title_zh: str
    title_en: str
    subjects: int
    eligible: int
    ineligible: int
    unknown: int
    clauses: tuple[ClauseCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """A clause, portion, or one of the dates and region, as a column of truth values."""

    id: str
    column: str
    depth: int
    says_zh: str
    says_en: str
    group: str
    wanted: bool


def count_clauses(bound: Bound, parts: Iterable[pl.DataFrame]) -> PolicyCounts:
    """Count over parts: frames with a column `subject` and one for each fact."""
    counts = _named(bound)
    for frame in parts:
        counts = add_counts(counts, _count_part(bound, frame))
    return counts


def _named(bound: Bound) -> PolicyCounts:
    policy = bound.policy
    return PolicyCounts(
        policy=policy.id,
        version=policy.version,
        title_zh=policy.title_zh,
        title_en=policy.title_en or policy.title_zh,
        subjects=0,
        eligible=0,
        ineligible=0,
        unknown=0,
        clauses=(),
    )


def add_counts(counts: PolicyCounts, more: PolicyCounts) -> PolicyCounts:
    """The counts of a policy over some parts and over others together."""
    clauses = more.clauses
    if counts.clauses:
        clauses = tuple(
            replace(
                ours,
                passes=ours.passes + theirs.passes,
                fails=ours.fails + theirs.fails,
                unknown=ours.unknown + theirs.unknown,
                one_short=ours.one_short + theirs.one_short,
                one_open=ours.one_open + theirs.one_open,
            )
            for ours, theirs in zip(counts.clauses, more.clauses, strict=True)
        )
    return replace(
        counts,
        subjects=counts.subjects + more.subjects,
        eligible=counts.eligible + more.eligible,
        ineligible=counts.ineligible + more.ineligible,
        unknown=counts.unknown + more.unknown,
        clauses=clauses,
    )


def _count_part(bound: Bound, frame: pl.DataFrame) -> PolicyCounts:
    tests = _tests(bound)
    truths = truth_columns(bound, frame)
    verdict = verdict_of(bound, truths.columns)
    found = truths.lazy().with_columns(verdict.alias("verdict")).select(
        pl.len().alias("subjects"),
        pl.col("verdict").sum().alias("eligible"),  # null is neither
        (~pl.col("verdict")).sum().alias("ineligible"),
        pl.col("verdict").is_null().sum().alias("unknown"),
        *(e for test in tests for e in _counts_of(bound, truths.columns, test)),
    )  # fmt: skip
    row = found.collect().row(0, named=True)
    return replace(
        _named(bound),
        subjects=row["subjects"],
        eligible=row["eligible"],
        ineligible=row["ineligible"],
        unknown=row["unknown"],
        clauses=tuple(_clause_count(test, row) for test in tests),
    )


def _counts_of(bound: Bound, columns: Sequence[str], test: _Test) -> list[pl.Expr]:
    good = pl.col(test.column) if test.wanted else ~pl.col(test.column)
    # everything else as it is, this one as it must be
    otherwise = _verdict(bound, columns, test).fill_null(False)
    verdict = pl.col("verdict")
    return [
        good.sum().alias(f"{test.column} passes"),
        (~good).sum().alias(f"{test.column} fails"),
        good.is_null().sum().alias(f"{test.column} unknown"),
        _one_short(bound, columns, test).sum().alias(f"{test.column} one short"),
        (good.is_null() & verdict.is_null() & otherwise).sum().alias(f"{test.column} one open"),
    ]


def _clause_count(test: _Test, row: Mapping[str, Any]) -> ClauseCount:
    return ClauseCount(
        id=test.id,
        depth=test.depth,
        says_zh=test.says_zh or test.id,
        says_en=test.says_en or test.id,
        group=test.group,
        passes=row[f"{test.column} passes"],
        fails=row[f"{test.column} fails"],
        unknown=row[f"{test.column} unknown"],
        one_short=row[f"{test.column} one short"],
        one_open=row[f"{test.column} one open"],
    )


def find_one_short(bound: Bound, frame: pl.DataFrame) -> dict[str, pl.Series]:
    """Of each clause that is no group, who fails the policy by it alone: positions in the frame."""
    truths = truth_columns(bound, frame)
    tests = [
        test for test in _tests(bound) if test.column.startswith("clause::") and not test.group
    ]
    verdict = verdict_of(bound, truths.columns)
    found = truths.lazy().with_columns(verdict.alias("verdict")).select(
        _one_short(bound, truths.columns, test).fill_null(False).alias(test.id) for test in tests
    )  # fmt: skip
    return {column.name: column.arg_true() for column in found.collect()}


def _one_short(bound: Bound, columns: Sequence[str], test: _Test) -> pl.Expr:
    """Who fails by this test alone; needs a column `verdict`."""
    good = pl.col(test.column) if test.wanted else ~pl.col(test.column)
    otherwise = _verdict(bound, columns, test).fill_null(False)
    return (~good) & (~pl.col("verdict")) & otherwise


def _tests(bound: Bound) -> list[_Test]:
    policy = bound.policy
    scope = [name for name in _SCOPE if name in _scope_names(bound)]
    found = [
        _Test(id=name, column=f"scope::{name}", depth=0, says_zh=_SCOPE[name][0],
              says_en=_SCOPE[name][1], group="scope", wanted=True)
        for name in scope
    ]  # fmt: skip
    found += _of_clauses(policy.clauses, 0, True)
    found += [
        _Test(id=p.id, column=f"portion::{p.id}", depth=0, says_zh=p.says, says_en=p.says_en,
              group="portion", wanted=True)
        for p in policy.portions
    ]  # fmt: skip
    return found


_SCOPE = {
    "effective": ("政策有效期", "in force"),
    "window": ("兑现期限", "time of payment"),
    "region": ("适用地区", "region"),
}


def _scope_names(bound: Bound) -> set[str]:
    found: set[str] = {bound.outside} if bound.outside else set()
    found |= {"effective"} if bound.policy.effective_at else set()
    found |= {"region"} if bound.policy.region else set()
    return found


def _of_clauses(clauses: tuple[Clause, ...], depth: int, wanted: bool) -> list[_Test]:
    found: list[_Test] = []
    for clause in clauses:
        group = clause.group if isinstance(clause, ClauseGroup) else ""
        found.append(
            _Test(id=clause.id, column=f"clause::{clause.id}", depth=depth, says_zh=clause.says,
                  says_en=clause.says_en, group=group, wanted=wanted)
        )  # fmt: skip
        if isinstance(clause, ClauseGroup):
            inner = not wanted if clause.group == "none" else wanted
            found += _of_clauses(clause.members, depth + 1, inner)
    return found


def truth_columns(
    bound: Bound, frame: pl.DataFrame, prepared: Prepared | None = None
) -> pl.DataFrame:
    """`clause::ID`, `portion::ID` and `scope::NAME` for each row, null where unknown.

    By the row-by-row reference where no column holds the policy's numbers. `prepared` is the frame
    made ready for these facts, where the caller has it.
    """
    if prepared is None:
        prepared = prepare(frame, bound.types, bound.types)
    if not bound.names & prepared.unscalable:
        try:
            columns = lower_policy(bound, prepared.known)
            groups = (
                ("clause", columns.clauses),
                ("portion", columns.portions),
                ("scope", columns.scope),
            )
            named = [e.alias(f"{kind}::{n}") for kind, es in groups for n, e in es.items()]
            return prepared.frame.select("subject", *named).drop("subject")
        except (TooWide, pl.exceptions.PolarsError):
            pass  # the reference knows no such limits
    rows = []
    for row in frame.iter_rows(named=True):
        decision = decide(bound, facts_of_row(row, bound.types))
        rows.append(
            {f"clause::{name}": truth(value) for name, value in decision.clauses.items()}
            | {f"portion::{name}": truth(value) for name, value in decision.portions.items()}
            | {f"scope::{name}": truth(value) for name, value in decision.scope.items()}
        )
    return pl.DataFrame(rows, schema={test.column: pl.Boolean for test in _tests(bound)})


def verdict_of(bound: Bound, columns: Sequence[str]) -> pl.Expr:
    """The verdict over truth columns, null where unknown."""
    return _verdict(bound, columns, None)


def _verdict(bound: Bound, columns: Sequence[str], flipped: _Test | None) -> pl.Expr:
    """The verdict with one test as it must be and all else as it is."""

    def column(name: str) -> pl.Expr:
        return pl.lit(True) if flipped is not None and flipped.column == name else pl.col(name)

    policy = bound.policy
    tests = [column(name) for name in columns if name.startswith("scope::")]
    tests += [_value(clause, flipped) for clause in policy.clauses]
    if policy.portions:
        tests.append(
            reduce(lambda a, b: a | b, (column(f"portion::{p.id}") for p in policy.portions))
        )
    return reduce(lambda a, b: a & b, tests)


def _value(clause: Clause, flipped: _Test | None) -> pl.Expr:
    if flipped is None or not _contains(clause, flipped):
        return pl.col(f"clause::{clause.id}")
    if f"clause::{clause.id}" == flipped.column:
        return pl.lit(flipped.wanted)
    assert isinstance(clause, ClauseGroup)
    members = [_value(member, flipped) for member in clause.members]
    if clause.group == "all":
        return reduce(lambda a, b: a & b, members)
    value = reduce(lambda a, b: a | b, members)
    return ~value if clause.group == "none" else value


def _contains(clause: Clause, test: _Test) -> bool:
    if f"clause::{clause.id}" == test.column:
        return True
    return not isinstance(clause, Leaf) and any(_contains(m, test) for m in clause.members)
