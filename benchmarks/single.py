"""One subject against many policies, and how long policies take from text to program."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from benchmarks.generated_enterprises import AS_OF, MONEY, write_policies
from benchmarks.row_loop import Sums, decide_rows, prepare_policies, prepare_rows
from benchmarks.timing import Spent, time_by_turns, time_once
from engine.by_hand import Result, evaluate_subjects
from engine.program import Bound, bind, compile_policies
from engine.verdicts import plan_verdicts
from language.parse import parse
from policies.load import load_policies
from policies.policy import Policy
from profiles.fact import Vocabulary
from profiles.hand import Subject

ONE_ROW, ONE_SUBJECT = "rule-engine, one row", "Zhida, one subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """Policies from YAML text to a bound program, and what each stage took."""

    policies: tuple[Policy, ...]
    bounds: tuple[Bound, ...]
    stages: Mapping[str, Spent]

    @property
    def all(self) -> Spent:
        """All stages together."""
        stages = self.stages.values()
        return Spent(sum(s.clock for s in stages), sum(s.processors for s in stages))


def compile_generated(count: int, vocabulary: Vocabulary) -> Compiled:
    """Generated policies: files read, checked and parsed, bound to a day, their tests gathered.

    The vocabulary is there already, as in any process that serves. Conditions that were parsed
    before are parsed again, as by a new process.
    """
    stages: dict[str, Spent] = {}
    parse.cache_clear()
    with tempfile.TemporaryDirectory() as folder:
        write_policies(Path(folder), count)
        loaded, stages["read, check, parse"] = time_once(
            lambda: load_policies([Path(folder)], vocabulary)
        )
    bounds, stages["bind to a day"] = time_once(
        lambda: tuple(bind(policy, vocabulary, AS_OF) for policy in loaded.policies)
    )
    _, stages["gather distinct tests"] = time_once(lambda: plan_verdicts(bounds))
    return Compiled(policies=loaded.policies, bounds=bounds, stages=stages)


def time_single(
    compiled: Compiled, vocabulary: Vocabulary, part: pl.DataFrame, *, repeat: int
) -> dict[str, list[Spent]]:
    """One subject after the other against all policies, by Zhida and by rule-engine's rows.

    Zhida reads the facts as they were typed in and says what failed and what is missing;
    rule-engine gets plain values and says the verdict. Raises SystemExit where these differ.
    """
    program = compile_policies(compiled.policies, vocabulary)
    subjects = type_in(part)
    policies, rows = prepare_policies(compiled.bounds), prepare_rows(part)
    for subject, row in zip(subjects, rows, strict=True):
        results, _ = evaluate_subjects(program, [subject], AS_OF)
        found, wanted = sum_results(results), decide_rows(policies, [row])
        if found != wanted:
            raise SystemExit(f"the two ways differ: Zhida {found}, rule-engine {wanted}")
    spent: dict[str, list[Spent]] = {}
    for subject, row in zip(subjects, rows, strict=True):
        ways = {
            ONE_ROW: lambda: decide_rows(policies, [row]),  # noqa: B023
            ONE_SUBJECT: lambda: evaluate_subjects(program, [subject], AS_OF),  # noqa: B023
        }
        for name, times in time_by_turns(ways, repeat=repeat).items():
            spent.setdefault(name, []).extend(times)
    return spent


def sum_results(results: Sequence[Result]) -> Sums:
    """What the baseline sums too."""
    return Sums(
        eligible=sum(result.verdict == "eligible" for result in results),
        unknown=sum(result.verdict == "unknown" for result in results),
        amount_fen=sum(result.amount_fen or 0 for result in results),
    )


def type_in(part: pl.DataFrame) -> list[Subject]:
    """A part's subjects as somebody would type them in; what is missing is said to be."""
    subjects = []
    for number, row in enumerate(part.iter_rows(named=True)):
        facts = {
            name: None if value is None else _typed(name, value)
            for name, value in row.items()
            if name != "subject"
        }
        subjects.append(
            Subject(
                line=number,
                subject=row["subject"],
                audience="enterprise",
                as_of=None,
                facts=facts,
            )
        )
    return subjects


def _typed(name: str, value: object) -> object:
    if name in MONEY:
        return Decimal(str(value)) / 100
    if isinstance(value, float):
        return Decimal(repr(value))
    return value.isoformat() if isinstance(value, date) else value
