"""The terms of a policy from its file: each form read strictly, each key that waits warned of."""

import re
from fractions import Fraction

from language.document import Place
from language.number import parse_number
from policies.deadline import build_deadlines, build_public_notice, read_length
from policies.draft import Draft
from policies.policy_file import DeliveryFile
from policies.service import build_service
from policies.terms import (
    SUBJECT,
    Asking,
    Budget,
    Stacking,
    StackingGroup,
    Terms,
    reasons_to_hold,
)

KEPT = ("back_pay", "recipient", "deadlines", "public_notice", "service")
"""Keys of a policy that are read and kept, but that nothing acts on yet: a warning says so."""
KEPT_OF_BENEFIT = ("payee", "through")
KEPT_OF_DELIVERY = ("ahead", "answer", "late", "silence")

_ID = re.compile(r"[a-z0-9-]+", re.ASCII)
_RELATION = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def build_terms(draft: Draft) -> Terms:
    """The terms of a policy whose names are known; what is wrong is noted in the draft."""
    file = draft.file
    recipient = _relation(draft, file.recipient, ("recipient",)) or SUBJECT
    terms = Terms(
        stacking=_stacking(draft),
        budget=_budget(draft),
        back_pay=None
        if file.back_pay is None
        else read_length(draft, file.back_pay, ("back_pay",), "month"),
        recipient=recipient,
        payee=_filled(draft, file.benefit.payee, ("benefit", "payee")) or recipient,
        through=_filled(draft, file.benefit.through, ("benefit", "through")),
        deadlines=build_deadlines(draft),
        public_notice=build_public_notice(draft),
        service=build_service(draft, file.service) if file.service else {},
        lead=file.kind == "check",
    )
    _warn_kept(draft, terms)
    return terms


def build_asking(draft: Draft, file: DeliveryFile, place: Place) -> Asking:
    """How one delivery case asks."""
    ahead = None
    if file.ahead is not None:
        ahead = read_length(draft, file.ahead, (*place, "ahead"), "day", "working day", "month")
    for key in KEPT_OF_DELIVERY:
        if getattr(file, key) is not None:
            draft.warn("kept", (*place, key), kept_message(key))
    return Asking(ahead=ahead, answer=file.answer, late=file.late, silence=file.silence)


def kept_message(key: str) -> str:
    """What an author is told of a key that is understood and waits."""
    return f'"{key}" is kept with the policy; nothing acts on it yet'


def _warn_kept(draft: Draft, terms: Terms) -> None:
    held = {"recipient", "payee"} if reasons_to_hold(terms) else set()
    file, benefit = draft.file, draft.file.benefit
    given: dict[Place, object] = {(key,): getattr(file, key) for key in KEPT}
    given |= {("benefit", key): getattr(benefit, key) for key in KEPT_OF_BENEFIT}
    for place, value in given.items():
        key = str(place[-1])
        if value is None or (key in ("recipient", "payee") and value == SUBJECT):
            continue
        remedy = "a run decides the policy but opens no award for it" if key in held else ""
        draft.warn("kept", place, kept_message(key), remedy)


def _stacking(draft: Draft) -> Stacking | None:
    file = draft.file.stacking
    if file is None:
        return None
    for key in ("excludes", "requires"):
        for index, policy in enumerate(getattr(file, key)):
            place: Place = ("stacking", key, index)
            if not _ID.fullmatch(policy):
                draft.refuse(place, f'"{policy}" is no id of a policy', "use a-z, 0-9 and -")
            elif policy == draft.file.policy:
                draft.refuse(place, f'"{policy}" is this policy itself', "name another")
    for index, policy in enumerate(file.requires):
        if policy in file.excludes:
            draft.refuse(("stacking", "requires", index), f'"{policy}" is required and excluded')
    if not file.excludes and not file.requires and file.group is None:
        draft.refuse(("stacking",), "the stacking rules are empty", "add excludes, requires, group")
    group = None
    if file.group is not None:
        cap = None
        if (file.group.cap is not None) != (file.group.rule == "sum-capped"):
            draft.refuse(
                ("stacking", "group"),
                f'rule "{file.group.rule}" and cap do not fit',
                '"cap" belongs to "rule: sum-capped", which needs it',
            )
        elif file.group.cap is not None:
            cap = _positive(draft, file.group.cap, ("stacking", "group", "cap"))
        group = StackingGroup(name=file.group.name, rule=file.group.rule, cap=cap)
    return Stacking(excludes=tuple(file.excludes), requires=tuple(file.requires), group=group)


def _budget(draft: Draft) -> Budget | None:
    file = draft.file.budget
    if file is None:
        return None
    amount = _positive(draft, file.amount, ("budget", "amount"))
    if amount is None:
        return None
    return Budget(amount=amount, period=file.period, order=file.order)


def _positive(draft: Draft, text: str, place: Place) -> Fraction | None:
    try:
        number = parse_number(text)
    except ValueError as error:
        draft.refuse(place, str(error))
        return None
    if number <= 0:
        draft.refuse(place, f'"{text}" is not above zero')
        return None
    return number


def _relation(draft: Draft, text: str | None, place: Place) -> str:
    if text is not None and not _RELATION.fullmatch(text):
        draft.refuse(place, f'"{text}" is no relation', "write subject, guardian, a column's name")
    return text or ""


def _filled(draft: Draft, text: str | None, place: Place) -> str:
    if text is not None and not text.strip():
        draft.refuse(place, f'"{place[-1]}" is empty', "name somebody, or leave it out")
    return text or ""
