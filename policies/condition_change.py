"""What changed in a condition: a figure, a sign, a list, a part of it, or all."""

from collections.abc import Iterator
from dataclasses import replace

from language.contrast import Contrast, contrast
from language.definition import Scalar, kind_of_scalar
from language.expression import (
    Comparison,
    Expression,
    Literal,
    Logic,
    Match,
    Membership,
    Not,
    names_in,
)
from language.normal import normalise
from language.types import Kind as ValueKind
from language.unparse import unparse
from policies.change import Change, Direction, Section, turned
from policies.setting import Setting


def compare_conditions(
    old: Expression,
    new: Expression,
    setting: Setting,
    section: Section,
    name: str,
    *,
    detail: str = "",
    against: bool = False,
) -> Iterator[Change]:
    """The changes from one condition to another; none where the trees are the same.

    `against` is true of a condition that must not hold, as under `none`.
    """
    if old == new:
        return
    whole = Change(
        kind="rewritten", section=section, name=name, detail=detail, before=old, after=new
    )
    former, later = setting.values(names_in(old) & names_in(new))
    before, after = normalise(old, former), normalise(new, later)
    found = None if before == after else contrast(*_sides(before, after, against), setting.scope)
    if before == after or (found is not None and found.same):
        yield replace(whole, kind="respelled", direction="same")
        return
    parts = list(_parts(before, after, whole))
    if any(part.kind == "rewritten" for part in parts):
        yield _judged(whole, found, setting)
        return
    for part in parts:
        yield _directed(part, setting, against)


def _sides(before: Expression, after: Expression, against: bool) -> tuple[Expression, Expression]:
    return (Not(operand=before), Not(operand=after)) if against else (before, after)


def _directed(part: Change, setting: Setting, against: bool) -> Change:
    """The part with what it does, taken alone."""
    if part.kind in ("condition added", "condition removed"):
        return replace(part, direction=turned(part.direction)) if against else part
    one, other = part.before, part.after
    assert isinstance(one, Expression)
    assert isinstance(other, Expression)
    return _judged(part, contrast(*_sides(one, other, against), setting.scope), setting)


def _judged(change: Change, found: Contrast | None, setting: Setting) -> Change:
    if found is None:
        return change
    direction: Direction = ""
    if found.rises != found.falls:
        direction = "wider" if found.rises else "narrower"
    shown = [
        witness if witness is not None and found.certain and setting.independent(witness) else None
        for witness in (found.gains, found.loses)
    ]
    return replace(change, direction=direction, gains=shown[0], loses=shown[1])


def _parts(before: Expression, after: Expression, whole: Change) -> Iterator[Change]:
    """What is different between two conditions in normal form; `rewritten` where it is no part."""
    if before == after:
        return
    match before, after:
        case Logic(operator=one), Logic(operator=other) if one == other:
            yield from _operands(one, before.operands, after.operands, whole)
        case Logic(operator=operator), _:
            yield from _operands(operator, before.operands, (after,), whole)
        case _, Logic(operator=operator):
            yield from _operands(operator, (before,), after.operands, whole)
        case Comparison(), Comparison() if before.left == after.left:
            yield _comparison(before, after, whole)
        case (Membership(), Membership()) | (
            Not(operand=Membership()),
            Not(operand=Membership()),
        ) if subject_of(before) == subject_of(after):
            yield replace(whole, kind="members", before=before, after=after)
        case _:
            yield whole


def _operands(
    operator: str,
    before: tuple[Expression, ...],
    after: tuple[Expression, ...],
    whole: Change,
) -> Iterator[Change]:
    gone = [operand for operand in before if operand not in after]
    come = [operand for operand in after if operand not in before]
    pairs: list[tuple[Expression, Expression]] = []
    for operand in list(gone):
        like = [other for other in come if subject_of(other) == subject_of(operand)]
        alone = [other for other in gone if subject_of(other) == subject_of(operand)]
        if len(like) == len(alone) == 1 and subject_of(operand):
            pairs.append((operand, like[0]))
            gone.remove(operand)
            come.remove(like[0])
    kept = len(before) - len(gone)
    if kept == 0 or (gone and come):
        yield whole
        return
    for one, other in pairs:
        yield from _parts(one, other, whole)
    more: Direction = "wider" if operator == "or" else "narrower"
    for operand in come:
        yield replace(whole, kind="condition added", before=None, after=operand, direction=more)
    for operand in gone:
        yield replace(
            whole, kind="condition removed", before=operand, after=None, direction=turned(more)
        )


def subject_of(expression: Expression) -> str:
    """What a test is about: its left side; "" of what is no test."""
    match expression:
        case Comparison(left=left):
            return unparse(left)
        case Membership(member=member) | Not(operand=Membership(member=member)):
            return unparse(member)
        case Match(member=member) | Not(operand=Match(member=member)):
            return unparse(member)
        case _:
            return ""


def _comparison(before: Comparison, after: Comparison, whole: Change) -> Change:
    change = replace(whole, before=before, after=after)
    if before.right == after.right:
        return replace(change, kind="comparison")
    if before.operator != after.operator:
        return whole
    match before.right, after.right:
        case Literal(value=was), Literal(value=now) if (rose := is_more(now, was)) is not None:
            return replace(change, kind="raised" if rose else "lowered")
    return whole


def is_more(now: Scalar | None, was: Scalar | None) -> bool | None:
    """Whether a number is larger or a day later; None of what has no order."""
    if now is None or was is None or now == was:
        return None
    if kind_of_scalar(now) is not kind_of_scalar(was):
        return None
    if kind_of_scalar(now) not in (ValueKind.NUMBER, ValueKind.DATE):
        return None
    return now > was  # type: ignore[operator]  # two numbers or two days
