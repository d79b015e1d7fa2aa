"""What would have to be otherwise, told: why not, near misses, and what could still decide."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from engine.deciding import Deciding, tests_beside, truth
from engine.decision import Decision
from engine.explanation import CorrectionTold, DecidingTold, NearMissTold
from engine.near_miss import NearMiss, find_near_misses
from engine.program import Bound
from engine.shown_value import DATE, RATIO, plain_value, show_plain, show_value, unit_of
from engine.telling import Teller
from engine.why_not import WhyNot, find_corrections, wanted_values
from language.expression import Expression, Name
from language.reach import reachable_facts
from policies.policy import leaves_of

_WAITS = {
    "as_of": ("自{}起即符合", "it holds from {} on"),
    "period_end": ("自含{}的所属期起即符合", "it holds from the period on that includes {}"),
    "period_start": (
        "自{}或其后开始的所属期起即符合",
        "from the period on that begins on {} or later",
    ),
}


def find_why_not(bound: Bound, decision: Decision) -> WhyNot:
    """The smallest sets of clauses whose being otherwise would make the subject eligible."""
    return find_corrections(
        bound.policy.clauses,
        {leaf.id: truth(decision.clauses[leaf.id]) for leaf in leaves_of(bound.policy.clauses)},
        scope=tests_beside(bound, decision),
        alternatives={name: truth(value) for name, value in decision.portions.items()},
    )


def tell_corrections(why_not: WhyNot) -> tuple[CorrectionTold, ...]:
    """The corrections as they are told; none where nothing needs to be otherwise."""
    if why_not.asks_nothing:
        return ()
    return tuple(
        CorrectionTold(change=found.change, settle=found.settle) for found in why_not.corrections
    )


def tell_deciding(teller: Teller, deciding: Deciding) -> tuple[DecidingTold, ...]:
    """The smallest sets of facts that could decide; of an average not its hidden parts."""
    told: dict[tuple[str, ...], DecidingTold] = {}
    for found in deciding.sets:
        names = tuple(sorted({name.split("::")[0] for name in found.facts}))
        labels = [teller.label(name) for name in names]
        told[names] = DecidingTold(
            facts=names,
            labels_zh=tuple(zh for zh, _ in labels),
            labels_en=tuple(en for _, en in labels),
            verdicts=tuple(sorted(found.by)),
        )
    return tuple(told.values())


def tell_near_misses(teller: Teller, decision: Decision) -> tuple[NearMissTold, ...]:
    """How far each comparison that stands in the way is from coming out as it must."""
    return tuple(_near_misses(teller, decision))


def _near_misses(teller: Teller, decision: Decision) -> Iterator[NearMissTold]:
    policy = teller.bound.policy
    wanted = wanted_values(policy.clauses)
    tests: list[tuple[str, Expression | None, bool, str]] = [
        (leaf.id, leaf.when, wanted[leaf.id], leaf.source) for leaf in leaves_of(policy.clauses)
    ]
    if not any(value.value is True for value in decision.portions.values()):
        tests += [(p.id, p.when, True, p.source) for p in policy.portions]
    for id_, when, aim, source in tests:
        if when is None:
            continue
        for found in find_near_misses(when, teller.reference, wanted=aim):
            yield _tell(teller, id_, found, source)


def _tell(teller: Teller, clause: str, found: NearMiss, source: str) -> NearMissTold:
    unit = unit_of(found.measured, teller.known) or unit_of(found.limit, teller.known)
    days = isinstance(found.value, date)
    says_zh, says_en = _say(teller, found, "" if days else unit, days)
    if found.holds_on is not None:
        when = _WAITS[found.waits_for]
        zh, en = show_value(found.holds_on)
        says_zh += "；" + when[0].format(zh)
        says_en += "; " + when[1].format(en)
    return NearMissTold(
        clause=clause,
        says_zh=says_zh,
        says_en=says_en,
        value=str(plain_value(found.value)),
        threshold=str(plain_value(found.threshold)),
        gap=str(plain_value(found.gap)),
        unit="day" if days else unit,
        direction=found.direction,
        included=found.included,
        legal_source=_source_of_limit(teller, found.limit) or source,
        holds_on=found.holds_on,
        waits_for=found.waits_for,
    )


_NUMBERS = {
    ("below", True): (
        "{label}为{value}，须达到{limit}，还差{gap}",
        "{label} is {value}, {gap} short of {limit}",
    ),
    ("below", False): (
        "{label}为{value}，须超过{limit}，还差{gap}以上",
        "{label} is {value}, must be over {limit}: more than {gap} short",
    ),
    ("above", True): (
        "{label}为{value}，不得超过{limit}，超出{gap}",
        "{label} is {value}, {gap} over {limit}",
    ),
    ("above", False): (
        "{label}为{value}，须低于{limit}，须减少{gap}以上",
        "{label} is {value}, must be under {limit}: more than {gap} too much",
    ),
}
"""What is said of a number by its side of the threshold, and whether the threshold still counts."""
_DAYS = {
    ("below", True): (
        "{label}为{value}，须不早于{limit}，早了{gap}",
        "{label} is {value}, {gap} before {limit}",
    ),
    ("below", False): (
        "{label}为{value}，须晚于{limit}，相差{gap}（当日不算）",
        "{label} is {value}, must be after {limit}: {gap} away",
    ),
    ("above", True): (
        "{label}为{value}，须不晚于{limit}，晚了{gap}",
        "{label} is {value}, {gap} after {limit}",
    ),
    ("above", False): (
        "{label}为{value}，须早于{limit}，相差{gap}（当日不算）",
        "{label} is {value}, must be before {limit}: {gap} away",
    ),
}
"""The same of days."""


def _say(teller: Teller, found: NearMiss, unit: str, days: bool) -> tuple[str, str]:
    label_zh, label_en = teller.condition(found.measured, unit)
    if isinstance(found.measured, Name):
        label_zh, label_en = teller.label(found.measured.name)
    value, threshold = show_value(found.value, unit=unit), show_value(found.threshold, unit=unit)
    gap = _show_gap(found.gap, "day" if days else unit)
    limit_zh, limit_en = threshold[0], threshold[1]
    zh, en = (_DAYS if days else _NUMBERS)[found.direction, found.included]
    return (
        zh.format(label=label_zh, value=value[0], limit=limit_zh, gap=gap[0]),
        en.format(label=label_en, value=value[1], limit=limit_en, gap=gap[1]),
    )


def _show_gap(gap: Fraction, unit: str) -> tuple[str, str]:
    if unit == RATIO:
        # between two percentages there are percentage points
        points = show_plain(gap * 100)
        return f"{points}个百分点", f"{points} percentage points"
    zh, en = show_value(gap, unit="" if unit == DATE else unit)
    return zh or "", en or ""


def _source_of_limit(teller: Teller, limit: Expression) -> str:
    """The legal source of a threshold: that of the parameters in it."""
    names = sorted(reachable_facts([limit], teller.bound.scope))
    sources = [teller.fact(name).legal_source for name in names if name in teller.parameters]
    return "；".join(dict.fromkeys(source for source in sources if source))
