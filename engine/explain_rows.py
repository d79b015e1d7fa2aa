"""The rows of a decision told one by one, each with its own tree of clauses."""

from dataclasses import replace
from fractions import Fraction

from engine.amount import show_yuan, to_fen
from engine.clause_telling import tell_clauses
from engine.deciding import truth
from engine.decision import Decision
from engine.explanation import ClauseTold
from engine.program import Bound
from engine.rows import RowDecision
from engine.shown_value import unit_of
from engine.telling import Teller
from language.reach import reachable_facts
from language.reference import Reference, Value
from language.types import FactType
from policies.each import facts_of_rows
from policies.policy import ROWS_THAT_HOLD, SUM_OF_ROWS, Each, leaves_of
from profiles.fact import Fact, Vocabulary

ROWS, ROW = "each", "row"
"""The groups under which rows are told: all of them, of which one must hold, and one of them."""
_VERDICTS = {
    "eligible": ("符合", "holds"),
    "ineligible": ("不符合", "does not hold"),
    "unknown": ("待定", "undecided"),
}
_NUMBERS = {
    SUM_OF_ROWS: ("各项金额合计", "sum of the rows"),
    ROWS_THAT_HOLD: ("符合的项数", "number of rows that hold"),
}
_TESTS = {
    "effective": ("在政策有效期内", "within the dates of the rule"),
    "claim": ("未被同组其他项占用", "not used up by another row"),
    "item": ("标的已知", "its item is known"),
    "as_of": ("不晚于运行日", "not after the day of the run"),
}


def known_with_rows(vocabulary: Vocabulary, each: Each) -> Vocabulary:
    """The vocabulary with what only a row has, so that it has its labels and units."""
    numbers = {
        name: Fact(name=name, of="enterprise", label_zh=zh, label_en=en, type=FactType.NUMBER)
        for name, (zh, en) in _NUMBERS.items()
    }
    facts = {**vocabulary.facts, **facts_of_rows(each), **numbers}
    for limit in each.limits:
        facts[limit.name] = Fact(
            name=limit.name,
            of="enterprise",
            label_zh=f"限额内部分（{limit.says or limit.name}）",
            label_en=limit.name.replace("_", " "),
            type=FactType.NUMBER,
            unit="" if limit.quantity is None else unit_of(limit.quantity, facts),
        )
    return replace(vocabulary, facts=facts)


def hand_on(reference: Reference, decision: Decision) -> None:
    """Let amounts be told with what the rows came to."""
    if decision.holding is not None:
        reference.known[SUM_OF_ROWS] = decision.rows_total
        reference.known[ROWS_THAT_HOLD] = Value(Fraction(decision.holding))


def tell_rows(teller: Teller, vocabulary: Vocabulary, decision: Decision) -> tuple[ClauseTold, ...]:
    """The row set, of which one row must hold, and under it every row with its clauses.

    A row's clauses are told with the values of that row.
    """
    each = teller.bound.policy.each
    if each is None:
        return ()
    name_zh, name_en = each.row_set.label_zh, each.row_set.label_en
    told = [
        ClauseTold(
            id=each.row_set.name,
            depth=0,
            says_zh=f"{name_zh or each.row_set.name}：至少一项符合",
            says_en=f"{name_en or each.row_set.name}: at least one holds",
            source="",
            value=truth(decision.rows_hold),
            condition_zh="",
            condition_en="",
            group=ROWS,
        )
    ]
    known = known_with_rows(vocabulary, each)
    for row in decision.rows:
        told += _tell_row(teller, known, each, row)
    return tuple(told)


def teller_of_row(teller: Teller, vocabulary: Vocabulary, row: RowDecision) -> Teller:
    """Who tells with the values of one row, and with its part of what rows share."""
    bound = replace(teller.bound, scope=teller.bound.row_scope, types=teller.bound.row_types)
    of_row = Teller(bound, vocabulary, {**teller.facts, **row.facts}, teller.sources)
    of_row.reference.known |= row.shared
    return of_row


def names_of_row_amounts(bound: Bound, each: Each) -> frozenset[str]:
    """What a row's amount and the limits rest on, without what its clauses tell already."""
    amounts = [part for step in each.steps for part in (step.operand, step.when)]
    amounts += [part for limit in each.limits for part in (limit.quantity, limit.up_to)]
    told = [leaf.when for leaf in leaves_of(each.clauses)]
    return reachable_facts(
        [part for part in amounts if part is not None], bound.row_scope
    ) - reachable_facts([part for part in told if part is not None], bound.row_scope)


def _tell_row(
    teller: Teller, vocabulary: Vocabulary, each: Each, row: RowDecision
) -> list[ClauseTold]:
    of_row = teller_of_row(teller, vocabulary, row)
    zh, en = _VERDICTS[row.verdict]
    if row.verdict == "eligible" and each.steps:
        yuan = show_yuan(to_fen(row.amount))
        zh, en = f"{zh}，{yuan or '金额待定'}", f"{en}, {yuan or 'amount open'}"
    told = [
        ClauseTold(
            id=f"{each.row_set.name}[{row.position}]",
            depth=1,
            says_zh=f"第{row.position}项：{zh}",
            says_en=f"row {row.position}: {en}",
            source="",
            value=None if row.verdict == "unknown" else row.verdict == "eligible",
            condition_zh="",
            condition_en="",
            group=ROW,
        )
    ]
    told += [_tell_test(name, value) for name, value in row.scope.items()]
    return told + tell_clauses(of_row, each.clauses, row.clauses, 2)


def _tell_test(name: str, value: Value) -> ClauseTold:
    zh, en = _TESTS[name]
    return ClauseTold(
        id=name,
        depth=2,
        says_zh=zh,
        says_en=en,
        source="",
        value=truth(value),
        condition_zh="",
        condition_en="",
    )
