"""The four criteria by which a policy may be given without an application (免申即享).

Whom it is for is clear; what it rests on is named; amount or standard is specific; the document is
in force. They are those of the lists that counties and provinces publish.
"""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from language.document import Document
from language.errors import Problem
from policies.policy import Policy, Step, leaves_of

Criterion = Literal["object", "basis", "amount", "in-force"]
_SAYS: dict[Criterion, str] = {
    "object": "whom it is for is clear (对象明确)",
    "basis": "what it rests on is named (依据明确)",
    "amount": "the amount is specific (标准明确)",
    "in-force": "the document is in force (文件有效)",
}
_PAID = ("cash", "relief", "deduction")


def unmet_criteria(policy: Policy) -> list[tuple[Criterion, str]]:
    """The criteria that a policy does not meet, each with the reason."""
    found: list[tuple[Criterion, str]] = []
    leaves = leaves_of(policy.clauses) + (leaves_of(policy.each.clauses) if policy.each else [])
    judged = [leaf.id for leaf in leaves if leaf.when is None]
    if judged:
        found.append(("object", f"an office has to judge: {', '.join(judged)}"))
    if not any(line.number for line in policy.basis):
        found.append(("basis", "no document of basis has a number"))
    offices = [step.text for step in _steps_of(policy) if step.operation == "decided_by"]
    if offices:
        found.append(("amount", f"it is left to {', '.join(dict.fromkeys(offices))}"))
    elif policy.benefit_kind in _PAID and not _steps_of(policy):
        found.append(("amount", "no amount is given"))
    if date.min == policy.effective_from == policy.starts_on and policy.effective_at is None:
        found.append(("in-force", "neither effective nor window says a first day"))
    return found


def find_unmet(policy: Policy, document: Document) -> Iterator[Problem]:
    """The unmet criteria of a policy that is brought to people without an application."""
    unmet = unmet_criteria(policy)
    if not unmet or all(case.by == "invite" for case in policy.delivery):
        return
    told = "; ".join(f"not {_SAYS[criterion]}: {why}" for criterion, why in unmet)
    yield document.problem(
        ("delivery",) if ("delivery",) in document.marks else ("policy",),
        f"given without an application, but {told}",
        "say it, or let people apply with delivery: invite",
        code="entry-criteria",
    )


def _steps_of(policy: Policy) -> list[Step]:
    steps = [*policy.steps, *(step for portion in policy.portions for step in portion.steps)]
    return steps + list(policy.each.steps if policy.each else ())
