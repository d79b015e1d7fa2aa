"""Why: a decision told clause by clause, with every fact's value, source and date."""

from collections.abc import Mapping

from engine.alternatives import (
    find_why_not,
    tell_corrections,
    tell_deciding,
    tell_near_misses,
)
from engine.clause_telling import tell_clauses
from engine.deciding import find_deciding, truth
from engine.decision import Decision, StepTaken, decide, take_steps
from engine.explain_rows import (
    hand_on,
    known_with_rows,
    names_of_row_amounts,
    tell_rows,
    teller_of_row,
)
from engine.explanation import AmountTold, ClauseTold, Explanation, Source, StepTold
from engine.program import Bound
from engine.rows import MISSING_ROWS, RowsGiven
from engine.scope_telling import tell_scope
from engine.shown_value import mask, show_fen, show_value, show_yuan, unit_of
from engine.telling import Teller
from language.expression import Name
from language.reach import reachable_facts
from language.reference import Facts, Value
from language.unit_check import is_written
from policies.policy import Step
from profiles.fact import Vocabulary

DOES = {
    "take": ("取{}", "take {}"),
    "plus": ("加{}", "plus {}"),
    "minus": ("减{}", "minus {}"),
    "times": ("乘以{}", "times {}"),
    "at_most": ("最多{}", "at most {}"),
    "at_least": ("最少{}", "at least {}"),
    "nothing_below": ("不足{}不发", "nothing below {}"),
    "round_down": ("向下取整到{}的倍数", "round down to a multiple of {}"),
    "round_up": ("向上取整到{}的倍数", "round up to a multiple of {}"),
    "round_half_up": ("四舍五入到{}的倍数", "round half up to a multiple of {}"),
    "decided_by": ("由{}决定", "decided by {}"),
    "portions": ("分项合计", "the sum of the portions"),
    "highest_portion": ("取最高分项", "the highest portion"),
}
_OF_MONEY = (
    "take", "plus", "minus", "at_most", "at_least", "nothing_below",
    "round_down", "round_up", "round_half_up",
)  # fmt: skip


def explain(
    bound: Bound,
    vocabulary: Vocabulary,
    facts: Facts,
    subject: str,
    sources: Mapping[str, Source],
    *,
    by_hand: bool = False,
    rows: RowsGiven = MISSING_ROWS,
) -> Explanation:
    """Explain a policy's decision on one subject; `sources` by fact.

    `by_hand`: the facts were given by hand, so a region that is not among them does not scope.
    `rows` are those of the policy's `each`, where it has one.
    """
    decision = decide(bound, facts, by_hand=by_hand, rows=rows)
    if bound.policy.each is not None:
        vocabulary = known_with_rows(vocabulary, bound.policy.each)
    teller = Teller(bound, vocabulary, facts, sources)
    hand_on(teller.reference, decision)
    policy = bound.policy
    due = decision.verdict == "eligible"
    clauses = (
        *tell_scope(teller, decision),
        *tell_clauses(teller, policy.clauses, decision.clauses),
        *tell_rows(teller, vocabulary, decision),
        *tell_portions(teller, decision),
    )
    told = {fact.name for clause in clauses for fact in clause.facts}
    amount_facts = teller.used(bound.amount_names) if due else ()
    why_not = find_why_not(bound, decision)
    deciding = find_deciding(bound, facts, decision, by_hand=by_hand, rows=rows)
    return Explanation(
        subject=mask(subject),
        policy=policy.id,
        version=policy.version,
        title_zh=policy.title_zh,
        title_en=policy.title_en or policy.title_zh,
        as_of=bound.as_of,
        period=bound.period.name,
        verdict=decision.verdict,
        amount=show_fen(decision.amount_fen),
        unit=policy.unit,
        clauses=clauses,
        steps=tell_steps(teller, policy.steps, decision.portion_amounts, policy.unit)
        if due
        else (),
        portions=tell_portion_amounts(teller, decision) if due else (),
        also=tell_also(teller, decision) if due else (),
        rows=tell_row_amounts(teller, vocabulary, decision) if due else (),
        amount_facts=tuple(fact for fact in amount_facts if fact.name not in told),
        failed=decision.failed,
        unknown=decision.unknown,
        missing=tuple(
            teller.fact(name) for name in decision.missing if not name.startswith("judged")
        ),
        reasons=decision.reasons,
        why_not=tell_corrections(why_not),
        why_not_count=0 if why_not.asks_nothing else why_not.count,
        near_misses=tell_near_misses(teller, decision),
        deciding=tell_deciding(teller, deciding),
        deciding_bounded=deciding.bounded,
        not_modelled_zh=policy.not_modelled,
        not_modelled_en=policy.not_modelled_en,
    )


def tell_portions(teller: Teller, decision: Decision) -> list[ClauseTold]:
    """Whether each portion of the award holds."""
    told = []
    for portion in teller.bound.policy.portions:
        zh, en = teller.condition(portion.when)
        names = reachable_facts([portion.when], teller.bound.scope) if portion.when else frozenset()
        told.append(
            ClauseTold(
                id=portion.id,
                depth=0,
                says_zh=portion.says,
                says_en=portion.says_en or portion.id,
                source=portion.source,
                value=truth(decision.portions[portion.id]),
                condition_zh=zh,
                condition_en=en,
                group="portion",
                facts=teller.used(names),
            )
        )
    return told


def tell_amount(teller: Teller, decision: Decision) -> tuple[StepTold, ...]:
    """How the whole came about."""
    policy = teller.bound.policy
    return tell_steps(teller, policy.steps, decision.portion_amounts, policy.unit)


def tell_portion_amounts(teller: Teller, decision: Decision) -> tuple[AmountTold, ...]:
    """What each portion that holds comes to, step by step."""
    return tuple(
        AmountTold(
            name=portion.id,
            label_zh=portion.says or portion.id,
            label_en=portion.says_en or portion.id,
            unit=teller.bound.policy.unit,
            amount=show_yuan(decision.portion_amounts[portion.id]),
            steps=tell_steps(teller, portion.steps, {}, teller.bound.policy.unit),
        )
        for portion in teller.bound.policy.portions
        if portion.id in decision.portion_amounts
    )


def tell_also(teller: Teller, decision: Decision) -> tuple[AmountTold, ...]:
    """The other figures that the recipient is told, step by step."""
    return tuple(
        AmountTold(
            name=told.name,
            label_zh=told.label or told.name,
            label_en=told.label_en or told.name,
            unit=told.unit,
            amount=show_yuan(decision.also[told.name]),
            steps=tell_steps(teller, told.steps, decision.portion_amounts, told.unit),
        )
        for told in teller.bound.policy.also
    )


def tell_row_amounts(
    teller: Teller, vocabulary: Vocabulary, decision: Decision
) -> tuple[AmountTold, ...]:
    """What each row that holds comes to, step by step, with the row's own values."""
    each = teller.bound.policy.each
    if each is None or not each.steps:
        return ()
    names = names_of_row_amounts(teller.bound, each)
    unit = teller.bound.policy.unit
    told = []
    for row in decision.rows:
        if row.verdict != "eligible":
            continue
        of_row = teller_of_row(teller, vocabulary, row)
        told.append(
            AmountTold(
                name=f"{each.row_set.name}[{row.position}]",
                label_zh=f"第{row.position}项",
                label_en=f"row {row.position}",
                unit=unit,
                amount=show_yuan(row.amount),
                steps=tell_steps(of_row, each.steps, {}, unit),
                facts=of_row.used(names),
            )
        )
    return tuple(told)


def tell_steps(
    teller: Teller, steps: tuple[Step, ...], portions: Mapping[str, Value], unit: str
) -> tuple[StepTold, ...]:
    """The steps of an amount: what each does, with which value, and what comes out."""
    _, taken = take_steps(steps, teller.reference, portions)
    factors = [number for number, step in enumerate(steps) if step.operation == "times"]
    # what is multiplied yet may be a share or a number of heads
    last_factor = max(factors, default=-1)
    return tuple(
        _tell_step(teller, one, unit if number > last_factor else "")
        for number, one in enumerate(taken)
    )


def _tell_step(teller: Teller, taken: StepTaken, money: str) -> StepTold:
    step, applied = taken.step, taken.applied
    unit = money if step.operation in _OF_MONEY else ""
    if step.operand is not None:
        own = teller.units.get(step.operand.name) if isinstance(step.operand, Name) else None
        unit = own or unit_of(step.operand, teller.known) or unit
    zh, en = teller.condition(step.operand, unit)
    operand = teller.reference.value(step.operand) if step.operand and applied else Value(None)
    shown = show_value(operand, unit=unit)
    if step.operation == "decided_by":
        zh = en = step.text
    elif step.operand is not None and is_written(step.operand):
        # of 130% and a tenth people are told 1.3 and 0.10, not quotients
        to = show_value(teller.reference.value(step.operand), unit=unit)
        zh, en = to[0] or zh, to[1] or en
    does = DOES[step.text if step.text in DOES else step.operation]
    test_zh, test_en = teller.condition(step.when)
    return StepTold(
        operation=step.operation,
        says_zh=step.says,
        says_en=step.says_en,
        does_zh=does[0].format(zh),
        does_en=does[1].format(en),
        condition_zh=test_zh,
        condition_en=test_en,
        source=step.source,
        applied=applied,
        operand_zh=shown[0],
        operand_en=shown[1],
        amount=show_yuan(taken.result),
    )
