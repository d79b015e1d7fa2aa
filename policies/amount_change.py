"""What changed in an amount: steps that came, went or count otherwise, portions, other figures."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from language.definition import Scalar
from language.expression import Expression, Literal, names_in
from language.normal import normalise
from policies.change import Change, Direction, Section, turned
from policies.condition_change import compare_conditions, is_more
from policies.plain_change import compare_values
from policies.policy import AlsoTold, Portion, Step
from policies.setting import Setting

_GROWS: dict[str, Direction] = {
    "take": "higher", "plus": "higher", "minus": "lower", "at_most": "higher",
    "at_least": "higher", "nothing_below": "lower",
}  # fmt: skip
"""What a larger operand does to the amount."""
_ALONE: dict[str, Direction] = {
    "at_most": "lower", "at_least": "higher", "round_down": "lower", "round_up": "higher",
}  # fmt: skip
"""What such a step does to the amount by itself."""
ROUNDINGS = ("round_down", "round_up", "round_half_up")


def compare_steps(
    old: Sequence[Step],
    new: Sequence[Step],
    setting: Setting,
    section: Section,
    name: str = "",
) -> Iterator[Change]:
    """The changes between the steps of two amounts; `detail` is the number of a step."""
    # paired by what they do, so that a step put between others moves none of them
    keys = [[(step.operation, _key(step)) for step in side] for side in (old, new)]
    matcher = difflib.SequenceMatcher(a=keys[0], b=keys[1], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            for was, now, number in zip(old[i1:i2], new[j1:j2], range(j1, j2), strict=True):
                yield from _compare_step(was, now, number, setting, section, name, new)
            continue
        gone, come = list(range(i1, i2)), list(range(j1, j2))
        for i in list(gone):
            like = [j for j in come if new[j].operation == old[i].operation]
            if not like and old[i].operation in ROUNDINGS:
                like = [j for j in come if new[j].operation in ROUNDINGS]
            if like:
                yield from _compare_step(old[i], new[like[0]], like[0], setting, section, name, new)
                gone.remove(i)
                come.remove(like[0])
        for j in come:
            direction = _ALONE.get(new[j].operation, "") if _keeps(new[j + 1 :]) else ""
            yield Change(kind="added", section=section, name=name, detail=str(j + 1),
                         after=new[j], direction=direction)  # fmt: skip
        for i in gone:
            direction = turned(_ALONE.get(old[i].operation, "")) if _keeps(old[i + 1 :]) else ""
            yield Change(kind="removed", section=section, name=name, detail=str(i + 1),
                         before=old[i], direction=direction)  # fmt: skip


def _key(step: Step) -> object:
    return (step.operand, step.when, step.text if step.operand is None else "")


def _keeps(later: Sequence[Step]) -> bool:
    """Whether the steps after one never turn a larger amount into a smaller one."""
    return all(
        step.operation not in ("times", "decided_by", "portions", "take")
        or (step.operation == "times" and _is_above_zero(step.operand))
        for step in later
    )


def _is_above_zero(operand: Expression | None) -> bool:
    value = None if operand is None else number_of(operand)
    return value is not None and value >= 0


def _compare_step(
    was: Step,
    now: Step,
    number: int,
    setting: Setting,
    section: Section,
    name: str,
    steps: Sequence[Step],
) -> Iterator[Change]:
    detail = str(number + 1)
    change = Change(
        kind="rewritten", section=section, name=name, detail=detail, before=was, after=now
    )
    if was.operation != now.operation:
        yield change
    elif was.operand is None or now.operand is None:
        if was.operand != now.operand or was.text != now.text:
            yield change
    elif was.operand != now.operand:
        yield _operand(change, was.operand, now.operand, setting, _keeps(steps[number + 1 :]))
    elif was.text != now.text:
        yield replace(change, kind="respelled", before=was.text, after=now.text, direction="same")
    if was.when is not None and now.when is not None:
        for found in compare_conditions(
            was.when, now.when, setting, section, name, detail=f"{detail} when"
        ):
            # more people get the step, which is not to say that they get more
            yield replace(found, direction="same" if found.direction == "same" else "")
    elif was.when != now.when:
        kind = compare_values(section, name, f"{detail} when", was.when, now.when)
        yield from kind
    for key in ("says", "says_en", "source"):
        yield from compare_values(
            section, name, f"{detail} {key}", getattr(was, key), getattr(now, key)
        )


def _operand(
    change: Change, was: Expression, now: Expression, setting: Setting, kept: bool
) -> Change:
    former, later = setting.values(names_in(was) & names_in(now))
    before, after = normalise(was, former), normalise(now, later)
    if before == after:
        return replace(change, kind="respelled", before=was, after=now, direction="same")
    rose = is_more(number_of(after), number_of(before))
    if rose is None:
        return change
    step, figure = change.after, number_of(before)
    assert isinstance(step, Step)
    grows = _GROWS.get(step.operation, "") if kept else ""
    if step.operation == "nothing_below" and (figure is None or figure < 0):
        grows = ""  # it makes nothing of what is below nothing, too
    return replace(
        change, kind="raised" if rose else "lowered", direction=grows if rose else turned(grows)
    )


def number_of(expression: Expression) -> Fraction | None:
    """The number that an expression without names comes to."""
    found = normalise(expression)
    value: Scalar | None = found.value if isinstance(found, Literal) else None
    return value if isinstance(value, Fraction) else None


def compare_portions(
    old: Sequence[Portion], new: Sequence[Portion], setting: Setting
) -> Iterator[Change]:
    """The changes between the lines of two awards."""
    before, after = ({portion.id: portion for portion in side} for side in (old, new))
    for name in dict.fromkeys([*after, *before]):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            # a portion decides too: who has none is not eligible
            more: Direction = "wider" if was is None and before else ""
            less: Direction = "narrower" if now is None and after else ""
            yield Change(
                kind="added" if was is None else "removed",
                section="portions",
                name=name,
                before=was,
                after=now,
                direction=more or less,
            )
            continue
        for key in ("says", "says_en", "source"):
            yield from compare_values("portions", name, key, getattr(was, key), getattr(now, key))
        if was.when is not None and now.when is not None:
            found = list(
                compare_conditions(was.when, now.when, setting, "portions", name, detail="when")
            )
            yield from found
            if not found and was.text != now.text:
                yield Change(kind="respelled", section="portions", name=name, detail="when",
                             before=was.text, after=now.text, direction="same")  # fmt: skip
        else:
            yield from compare_values("portions", name, "when", was.when, now.when)
        yield from compare_steps(was.steps, now.steps, setting, "portions", name)
    order = [
        [name for name in side if name in before and name in after] for side in (before, after)
    ]
    if order[0] != order[1]:
        yield Change(kind="reordered", section="portions", before=tuple(order[0]),
                     after=tuple(order[1]), direction="same")  # fmt: skip


def compare_also(
    old: Sequence[AlsoTold], new: Sequence[AlsoTold], setting: Setting
) -> Iterator[Change]:
    """The changes between the other figures that people are told."""
    before, after = ({told.name: told for told in side} for side in (old, new))
    for name in dict.fromkeys([*after, *before]):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            yield from compare_values("also", name, "", was, now)
            continue
        for key in ("label", "label_en", "unit"):
            yield from compare_values("also", name, key, getattr(was, key), getattr(now, key))
        yield from compare_steps(was.steps, now.steps, setting, "also", name)
