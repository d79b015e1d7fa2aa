"""The baseline: rule-engine evaluating every policy's conditions row by row, as it would by itself.

Unknown is kept as the engine keeps it: a condition whose fact is missing is not asked. Amounts in
decimals, rounded half up to a fen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import rule_engine
from rule_engine.builtins import Builtins

from benchmarks.generated_enterprises import MONEY
from engine.program import Bound
from language.expression import names_in
from language.types import FactType
from policies.policy import leaves_of

_FEN = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What both ways must agree on."""

    eligible: int
    unknown: int
    amount_fen: int


def decide_rows(bounds: Sequence[Bound], frame: pl.DataFrame) -> Sums:
    """Decide every policy for every row."""
    types = {name: kind for bound in bounds for name, kind in bound.types.items()}
    context = _context(types)
    plans = []
    for bound in bounds:
        leaves = leaves_of(bound.policy.clauses)
        rules = [
            (rule_engine.Rule(leaf.text, context=context), tuple(names_in(leaf.when)))
            for leaf in leaves
            if leaf.when is not None
        ]
        first, times, most = (step.text for step in bound.policy.steps)
        plans.append((rules, first, Decimal(times), Decimal(most)))
    eligible = unknown = total = 0
    for row in frame.iter_rows(named=True):
        facts = {name: _plain(name, value) for name, value in row.items()}
        for rules, first, rate, cap in plans:
            verdict = _decide(rules, facts)
            if verdict is None:
                unknown += 1
            elif verdict:
                eligible += 1
                premium = facts[first]
                if isinstance(premium, Decimal):
                    due = min(premium * rate, cap).quantize(_FEN, ROUND_HALF_UP)
                    total += int(due * 100)
    return Sums(eligible=eligible, unknown=unknown, amount_fen=total)


def _decide(
    rules: Sequence[tuple[rule_engine.Rule, tuple[str, ...]]], facts: Mapping[str, object]
) -> bool | None:
    missing = False
    for rule, names in rules:
        if any(facts[name] is None for name in names):
            missing = True
        elif not rule.matches(facts):
            return False
    return None if missing else True


def _plain(name: str, value: object) -> object:
    if value is None or isinstance(value, (bool, str)):
        return value
    number = Decimal(repr(value))
    return number / 100 if name in MONEY else number


def _context(types: Mapping[str, FactType]) -> rule_engine.Context:
    kinds = {
        FactType.BOOLEAN: rule_engine.DataType.BOOLEAN,
        FactType.CODE: rule_engine.DataType.STRING,
        FactType.TEXT: rule_engine.DataType.STRING,
    }
    named = {name: kinds.get(kind, rule_engine.DataType.FLOAT) for name, kind in types.items()}
    context = rule_engine.Context(type_resolver=rule_engine.type_resolver_from_dict(named))
    text = rule_engine.DataType.STRING
    starts_with = rule_engine.DataType.FUNCTION(
        "starts_with", return_type=rule_engine.DataType.BOOLEAN, argument_types=(text, text)
    )
    context.builtins = Builtins.from_defaults(
        values={"starts_with": str.startswith},
        value_types={"starts_with": starts_with},
        timezone=context.default_timezone,
    )
    return context
