"""The baseline: rule-engine evaluating every policy's conditions row by row, as it would by itself.

Unknown is kept around the engine, which has no third value: a condition whose fact is missing is
not asked, and Kleene's rules join the rest. Amounts in decimals, rounded half up to a fen. Values
are plain Python, converted before the clock starts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import rule_engine
from rule_engine.builtins import Builtins

from benchmarks.generated_enterprises import AS_OF, MONEY
from engine.program import Bound
from language.expression import names_in
from language.types import FactType
from policies.policy import Clause, ClauseGroup, Leaf

_FEN = Decimal("0.01")
Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What both ways must agree on."""

    eligible: int
    unknown: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One condition, the facts it needs, and what joins it where it is a group."""

    group: str
    members: tuple["Rule", ...] = ()
    rule: rule_engine.Rule | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPolicy:
    """A policy for the row loop: its conditions, its region, and its amount's three steps."""

    conditions: Rule
    region: str | None
    first: str
    rate: Decimal
    cap: Decimal


def prepare_rows(frame: pl.DataFrame) -> list[Facts]:
    """Every row's facts as plain Python values, money in yuan."""
    return [
        {name: _plain(name, value) for name, value in row.items()} | {"as_of": _moment(AS_OF)}
        for row in frame.iter_rows(named=True)
    ]


def prepare_policies(bounds: Sequence[Bound]) -> list[RowPolicy]:
    """Every condition parsed once."""
    context = _context({name: kind for bound in bounds for name, kind in bound.types.items()})
    prepared = []
    for bound in bounds:
        policy = bound.policy
        first, times, most = (step.text for step in policy.steps)
        prepared.append(
            RowPolicy(
                conditions=Rule(
                    group="all", members=tuple(_rule(clause, context) for clause in policy.clauses)
                ),
                region=policy.region.within[0] if policy.region else None,
                first=first,
                rate=Decimal(times),
                cap=Decimal(most),
            )
        )
    return prepared


def decide_rows(policies: Sequence[RowPolicy], rows: Sequence[Facts]) -> Sums:
    """Decide every policy for every row."""
    eligible = unknown = total = 0
    for facts in rows:
        for policy in policies:
            verdict = _decide(policy, facts)
            if verdict is None:
                unknown += 1
            elif verdict:
                eligible += 1
                premium = facts[policy.first]
                if isinstance(premium, Decimal):
                    due = min(premium * policy.rate, policy.cap).quantize(_FEN, ROUND_HALF_UP)
                    total += int(due * 100)
    return Sums(eligible=eligible, unknown=unknown, amount_fen=total)


def _decide(policy: RowPolicy, facts: Facts) -> bool | None:
    if policy.region is None:
        return _holds(policy.conditions, facts)
    region = facts["ent_region"]
    if isinstance(region, str):
        return region.startswith(policy.region) and _holds(policy.conditions, facts)
    return False if _holds(policy.conditions, facts) is False else None


def _holds(rule: Rule, facts: Facts) -> bool | None:
    if rule.rule is not None:
        if any(facts[name] is None for name in rule.needs):
            return None
        return bool(rule.rule.matches(facts))
    settling = rule.group != "all"  # one that holds settles `any` and `none`
    missing = False
    for member in rule.members:
        value = _holds(member, facts)
        if value is None:
            missing = True
        elif value is settling:
            return rule.group == "any"
    return None if missing else rule.group != "any"


def _rule(clause: Clause, context: rule_engine.Context) -> Rule:
    match clause:
        case Leaf(when=when, text=text):
            assert when is not None
            needs = tuple(names_in(when) - {"as_of"})
            return Rule(group="leaf", rule=rule_engine.Rule(text, context=context), needs=needs)
        case ClauseGroup(group=group, members=members):
            return Rule(group=group, members=tuple(_rule(member, context) for member in members))


def _plain(name: str, value: object) -> object:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, date):
        return _moment(value)
    number = Decimal(repr(value))
    return number / 100 if name in MONEY else number


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _date(year: Decimal, month: Decimal, day: Decimal) -> datetime:
    return datetime(int(year), int(month), int(day))


def _years(start: datetime, end: datetime) -> Decimal:
    return Decimal(end.year - start.year - ((end.month, end.day) < (start.month, start.day)))


def _context(types: Mapping[str, FactType]) -> rule_engine.Context:
    kinds = {
        FactType.BOOLEAN: rule_engine.DataType.BOOLEAN,
        FactType.CODE: rule_engine.DataType.STRING,
        FactType.TEXT: rule_engine.DataType.STRING,
        FactType.DATE: rule_engine.DataType.DATETIME,
    }
    named = {name: kinds.get(kind, rule_engine.DataType.FLOAT) for name, kind in types.items()}
    named["as_of"] = rule_engine.DataType.DATETIME
    context = rule_engine.Context(type_resolver=rule_engine.type_resolver_from_dict(named))
    text, number = rule_engine.DataType.STRING, rule_engine.DataType.FLOAT
    moment, truth = rule_engine.DataType.DATETIME, rule_engine.DataType.BOOLEAN
    function = rule_engine.DataType.FUNCTION
    context.builtins = Builtins.from_defaults(
        values={"starts_with": str.startswith, "date": _date, "years": _years},
        value_types={
            "starts_with": function("starts_with", return_type=truth, argument_types=(text, text)),
            "date": function("date", return_type=moment, argument_types=(number,) * 3),
            "years": function("years", return_type=number, argument_types=(moment, moment)),
        },
        timezone=context.default_timezone,
    )
    return context
