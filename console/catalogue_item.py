"""A policy as a row of the catalogue: what it says is derived, the rest is its `service:`."""

from collections.abc import Iterator
from datetime import date

from console.policy_page import say_basis
from console.policy_words import PolicyWords
from engine.program import bind
from policies.item_columns import BY_FIELD, COLUMNS, NO, SEPARATOR, YES
from policies.policy import Clause, ClauseGroup, Policy, Step
from policies.service_codes import LEVEL_CODES
from policies.terms import Element, Length
from profiles.fact import Vocabulary

_LINES = "；"
_SERVES = {"resident": "1", "household": "1", "enterprise": "2"}
_GROUPS = {"all": "须全部符合", "any": "符合其一", "none": "均不得有"}
_LENGTHS = {"day": "日", "working day": "个工作日", "month": "个月"}


def item_of(policy: Policy, vocabulary: Vocabulary) -> dict[str, str]:
    """Every column by its field, "" where neither the policy nor its `service:` says it.

    What `service:` says goes before what is derived.
    """
    words = PolicyWords(policy, vocabulary, "zh")
    found = dict.fromkeys((column.field for column in COLUMNS), "")
    found |= dict(_derive(policy, words, vocabulary))
    found |= _terms(policy, words)
    said = {key: _show(value) for key, value in policy.terms.service.items()}
    return found | {key: value for key, value in said.items() if value}


def _derive(
    policy: Policy, words: PolicyWords, vocabulary: Vocabulary
) -> Iterator[tuple[str, str]]:
    yield "policy", policy.id
    yield "version", policy.version
    yield "task_name", policy.title_zh
    yield "by_law", _LINES.join(say_basis(line) for line in policy.basis)
    yield "use_level", LEVEL_CODES.get(policy.level, "")
    yield "level", policy.level
    yield "dept_name", policy.authority
    yield "server_type", _SERVES[policy.audience]
    yield "target", policy.audience
    yield "region", _region(policy)
    conditions = _LINES.join(dict.fromkeys(_conditions(policy)))
    yield "accept_condition", conditions
    yield "conditions", conditions
    yield "link_way", " ".join(filter(None, (policy.contact_office, policy.contact_phone)))
    yield "plan_effective_date", _day(policy.effective_from)
    yield "plan_cancel_date", _day(policy.effective_to)
    yield "window", words.days(policy.window_from, policy.window_to)
    if not policy.terms.lead and all(case.by != "invite" for case in policy.delivery):
        yield "delivery_class", "免申即享"
    yield "benefit_kind", words.words["check" if policy.terms.lead else policy.benefit_kind]
    yield "kind", "" if policy.terms.lead else policy.benefit_kind
    yield "per", policy.per if BY_FIELD["per"].codes.get(policy.per) else ""
    yield "amount_rule", _amounts(policy, words)
    rounded = [s for s in steps_of(policy) if s.operation.startswith("round")]
    yield "rounding", _LINES.join(words.step_line(step, policy.unit) for step in rounded)
    yield "not_modelled", _LINES.join(policy.not_modelled)
    yield "data_inputs", SEPARATOR.join(facts_asked(policy, vocabulary))
    chosen = f"{words.words['at'].format(policy.effective_at)}" if policy.effective_at else ""
    period = words.words.get(policy.period, policy.period)
    yield "as_of_rule", _LINES.join(filter(None, (period, chosen)))


def _terms(policy: Policy, words: PolicyWords) -> dict[str, str]:
    found: dict[str, str] = {}
    terms = policy.terms
    if terms.through:
        found["channel"] = terms.through
    if terms.budget is not None:
        period = words.words[terms.budget.period]
        found["budget"] = f"{period}{_number(float(terms.budget.amount))}元"
    if terms.stacking is not None:
        found["excludes"] = SEPARATOR.join(terms.stacking.excludes)
        found["requires"] = SEPARATOR.join(terms.stacking.requires)
        group = terms.stacking.group
        if group is not None and group.cap is not None:
            found["stack_cap"] = f"{group.name}{_number(float(group.cap))}元"
    if terms.public_notice is not None:
        found["notice_days"] = _length(terms.public_notice.length)
        found["notice_fields"] = SEPARATOR.join(terms.public_notice.show)
    return found


def _conditions(policy: Policy) -> Iterator[str]:
    """What has to hold: of the subject, of its rows, and one of the portions at least."""
    yield from says_of(policy.clauses)
    if policy.each is not None:
        yield from says_of(policy.each.clauses)
    for portion in policy.portions:
        if portion.when is not None:
            yield portion.says or portion.id


def says_of(clauses: tuple[Clause, ...]) -> Iterator[str]:
    """What each provision says in Chinese, a group with its members behind it."""
    for clause in clauses:
        if not isinstance(clause, ClauseGroup):
            yield clause.says or clause.id
            continue
        members = SEPARATOR.join(says_of(clause.members))
        yield f"{clause.says or _GROUPS[clause.group]}：{members}"


def facts_asked(policy: Policy, vocabulary: Vocabulary) -> list[str]:
    """The facts of the vocabulary that a policy reaches, by name, in the order of the alphabet."""
    bound = bind(policy, vocabulary, max(policy.starts_on, date(2000, 1, 1)))
    return sorted(name for name in bound.names if name in vocabulary.facts and "::" not in name)


def steps_of(policy: Policy) -> list[Step]:
    """Every step of every amount, those of the rows and portions first."""
    steps = list(policy.each.steps) if policy.each else []
    steps += [step for portion in policy.portions for step in portion.steps]
    return [*steps, *policy.steps]


def _amounts(policy: Policy, words: PolicyWords) -> str:
    lines = []
    if policy.each is not None and policy.each.steps:
        each = words.steps_line(policy.each.steps, policy.unit)
        lines.append(f"{words.words['amount of rows']}：{each}")
    for portion in policy.portions:
        said = words.pick(portion.says, portion.says_en) or portion.id
        lines.append(f"{said}：{words.steps_line(portion.steps, policy.unit)}")
    if policy.steps:
        lines.append(words.steps_line(policy.steps, policy.unit))
    return _LINES.join(lines)


def _region(policy: Policy) -> str:
    if policy.region is None:
        return ""
    within = SEPARATOR.join(code.ljust(6, "0") for code in policy.region.within if code)
    excepted = SEPARATOR.join(code.ljust(6, "0") for code in policy.region.excepted)
    return f"{within}（{excepted}除外）" if excepted else within


def _day(day: date | None) -> str:
    return "" if day in (None, date.min, date.max) else str(day)


def _number(number: float) -> str:
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def _length(length: Length) -> str:
    return f"{length.count}{_LENGTHS[length.unit]}"


def _show(value: Element) -> str:
    match value:
        case bool():
            return YES if value else NO
        case tuple():
            return SEPARATOR.join(value)
        case _:
            return str(value)
