"""Parameters whose values end soon: what counts afterwards, and whether anything does."""

from collections.abc import Iterator
from datetime import date, timedelta

from language.document import Document
from language.errors import Problem
from policies.parameter import span_on
from policies.policy import DatedParameter, Policy

SOON = timedelta(days=90)
"""How long ahead an author is told: a document that renews a standard takes about a quarter."""


def find_running_out(policy: Policy, document: Document, day: date) -> Iterator[Problem]:
    """The parameters of a policy in force on `day` whose value ends within `SOON`.

    Parameters chosen by a day of the subject's or of its rows are left alone: their values end in
    the past of those who already have that day.
    """
    if policy.in_force(day) is not None:
        return
    for parameter in policy.parameters:
        if parameter.at not in (None, "as_of"):
            continue
        ends = find_end(parameter, day, min(day + SOON, policy.ends_on))
        if ends is None:
            continue
        after = span_on(parameter, ends + timedelta(days=1))
        then = (
            "nothing holds afterwards: whoever needs it will be unknown"
            if after is None
            else f"afterwards the value from {after.start} holds again"
        )
        yield document.problem(
            ("parameters", parameter.name),
            f'the value of "{parameter.name}" ends on {ends}, {(ends - day).days} days after {day}',
            f"{then}; add the value that follows, or correct to:",
            code="ends-soon",
        )


def find_end(parameter: DatedParameter, day: date, last: date) -> date | None:
    """The first day from `day`, before `last`, on which a value ends and no newer one follows."""
    for span in sorted(parameter.spans, key=lambda span: span.end or date.max):
        ends = span.end or date.max
        if not day <= ends < last or span_on(parameter, ends) is not span:
            continue
        after = span_on(parameter, ends + timedelta(days=1))
        if after is None or after.start < span.start:
            return ends
    return None
