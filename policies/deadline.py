"""Lengths of time, deadlines and public notices, as authors write them."""

import difflib
import re

from language.document import Place
from policies.draft import Draft
from policies.terms import Between, Deadline, Length, OnDay, PublicNotice, Unit, Within

NOTICE_WORDS = ("subject_name", "subject_name_masked", "amount", "period")
"""What a public notice may show beside facts of the subject."""

EVENTS = ("application", "answer", "review", "list", "funding")
"""What a deadline may count from, if not from the step before."""

_UNITS: dict[str, Unit] = {"day": "day", "working day": "working day", "month": "month"}


def read_length(draft: Draft, text: str, place: Place, *units: Unit) -> Length | None:
    """`30 working days`, in one of these units; None after noting what is wrong with it."""
    match = re.fullmatch(r"([1-9]\d{0,3}) ([a-z ]+?)s?", text.strip(), re.ASCII)
    unit = _UNITS.get(match[2]) if match else None
    if match is None or unit not in units:
        examples = " or ".join(f"3 {unit}s" for unit in units)
        draft.refuse(place, f'"{text}" is no length of time', f"write {examples}")
        return None
    return Length(count=int(match[1]), unit=unit)


def build_deadlines(draft: Draft) -> dict[str, Deadline]:
    """The deadlines of a policy by the step that has to be done."""
    file = draft.file.deadlines
    if file is None:
        return {}
    given = file.model_dump(exclude_none=True, by_alias=True)
    read = {key: _deadline(draft, text, ("deadlines", key)) for key, text in given.items()}
    return {key: deadline for key, deadline in read.items() if deadline is not None}


def _deadline(draft: Draft, text: str, place: Place) -> Deadline | None:
    """`30 working days`, `30 days after funding`, `day 10`, `by 2025-03-31`, `… to …`."""
    if match := re.fullmatch(r"day ([1-9]|[12]\d|3[01])", text, re.ASCII):
        return OnDay(day=int(match[1]))
    if match := re.fullmatch(r"by (\S+)", text):
        end = draft.day(match[1], place)
        return None if end is None else Between(start=None, end=end)
    if match := re.fullmatch(r"(\S+) to (\S+)", text):
        start, end = draft.day(match[1], place), draft.day(match[2], place)
        if start is None or end is None:
            return None
        if end < start:
            draft.refuse(place, "it ends before it begins")
        return Between(start=start, end=end)
    match = re.fullmatch(r"([1-9]\d{0,3}) (day|working day|month)s?(?: after (\w+))?", text, re.A)
    if match is None:
        draft.refuse(
            place,
            f'"{text}" is no deadline',
            "write 30 working days, 30 days after funding, day 10, by 2025-03-31, or "
            "2025-12-01 to 2025-12-31",
        )
        return None
    if match[3] and match[3] not in EVENTS:
        draft.refuse(place, f'nothing is called "{match[3]}"', _suggest(match[3], EVENTS))
        return None
    return Within(length=Length(count=int(match[1]), unit=_UNITS[match[2]]), after=match[3] or "")


def build_public_notice(draft: Draft) -> PublicNotice | None:
    """How long and what a list shows; a name it cannot show is noted."""
    file = draft.file.public_notice
    if file is None:
        return None
    place: Place = ("public_notice", "days")
    days = f"{file.days} days" if file.days.isdecimal() else file.days
    length = read_length(draft, days, place, "day", "working day")
    facts = [name for name in draft.scope if name not in draft.file.parameters]
    for index, name in enumerate(file.show):
        if name not in NOTICE_WORDS and name not in facts:
            at: Place = ("public_notice", "show", index)
            draft.refuse(
                at, f'a notice cannot show "{name}"', _suggest(name, [*NOTICE_WORDS, *facts])
            )
    return None if length is None else PublicNotice(length=length, show=tuple(file.show))


def _suggest(word: str, known: tuple[str, ...] | list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f'did you mean "{close[0]}"?' if close else f"one of {', '.join(known[:5])}"
