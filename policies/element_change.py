"""What changed in a policy's elements: places, documents, delivery, terms, examples, frames."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from policies.change import Change, Direction, Section
from policies.condition_change import compare_conditions
from policies.plain_change import compare_fields, compare_lists, compare_values
from policies.policy import BasisLine, DeliveryCase, Region
from policies.setting import Setting
from policies.terms import Between, Deadline, Length, OnDay, Terms, Within

_ORDER = ("document", "number", "article", "issued")


def compare_regions(setting: Setting) -> Iterator[Change]:
    """Where the policy holds: wider where every place of before is still one."""
    was, now = setting.old.region, setting.new.region
    wider, narrower = _covers(now, was), _covers(was, now)
    direction: Direction = "" if wider == narrower else "wider" if wider else "narrower"
    kind = {"wider": "widened", "narrower": "narrowed"}.get(direction, "replaced")
    yield Change(
        kind="widened" if kind == "widened" else "narrowed" if kind == "narrowed" else "replaced",
        section="region",
        before=was,
        after=now,
        direction=direction,
    )


def _covers(outer: Region | None, inner: Region | None) -> bool:
    """Whether everybody inside of one is surely inside of the other."""
    if outer is None:
        return True
    if inner is None or inner.fact != outer.fact:
        return False
    if not all(prefix.startswith(outer.within) for prefix in inner.within):
        return False
    for excepted in outer.excepted:
        touched = any(p.startswith(excepted) or excepted.startswith(p) for p in inner.within)
        if touched and not (inner.excepted and excepted.startswith(inner.excepted)):
            return False
    return True


def compare_basis(setting: Setting) -> Iterator[Change]:
    """The documents that a policy rests on."""
    before, after = ([_shown(line) for line in side.basis] for side in (setting.old, setting.new))
    yield from compare_lists("basis", "", "", before, after)


def _shown(line: BasisLine) -> str:
    return " ".join(text for key in _ORDER if (text := getattr(line, key)))


def compare_delivery(setting: Setting) -> Iterator[Change]:
    """How the benefit reaches people, case by case."""
    old, new = setting.old.delivery, setting.new.delivery
    if len(old) != len(new):
        yield Change(kind="rewritten", section="delivery", before=old, after=new)
        return
    for number, (was, now) in enumerate(zip(old, new, strict=True), start=1):
        yield from _compare_case(was, now, setting, str(number) if len(new) > 1 else "")


def _compare_case(
    was: DeliveryCase, now: DeliveryCase, setting: Setting, detail: str
) -> Iterator[Change]:
    where = f"{detail} when".strip()
    if was.when is not None and now.when is not None:
        for change in compare_conditions(was.when, now.when, setting, "delivery", "", detail=where):
            # who leaves one case comes to the next one
            yield replace(change, direction="same" if change.direction == "same" else "")
    else:
        yield from compare_values("delivery", "", where, was.when, now.when)
    ahead = f"{detail} ahead".strip()
    yield from _compare_lengths("delivery", "", was.asking.ahead, now.asking.ahead, ahead)
    yield from compare_fields("delivery", "", detail, was, now, ("when", "asking"))
    yield from compare_fields("delivery", "", detail, was.asking, now.asking, ("ahead",))


def compare_terms(setting: Setting) -> Iterator[Change]:
    """What a policy says beside verdict and amount."""
    was, now = setting.old.terms, setting.new.terms
    for key in dict.fromkeys([*now.deadlines, *was.deadlines]):
        yield from _compare_deadlines(key, was.deadlines.get(key), now.deadlines.get(key))
    yield from _compare_budgets(was, now)
    yield from _compare_stacking(was, now)
    yield from _compare_notices(was, now)
    yield from _compare_lengths("back pay", "", was.back_pay, now.back_pay)
    plain: tuple[tuple[Section, str], ...] = (
        ("recipient", "recipient"),
        ("payee", "payee"),
        ("through", "through"),
    )
    for section, key in plain:
        yield from compare_values(section, "", "", getattr(was, key), getattr(now, key))
    for key in dict.fromkeys([*now.service, *was.service]):
        yield from compare_values("service", key, "", was.service.get(key), now.service.get(key))


def _compare_deadlines(key: str, was: Deadline | None, now: Deadline | None) -> Iterator[Change]:
    match was, now:
        case Within() as one, Within() as other if one.after == other.after:
            yield from _compare_lengths("deadlines", key, one.length, other.length)
        case OnDay(day=first), OnDay(day=second) if first != second:
            yield _longer("deadlines", key, was, now, second > first)
        case Between() as one, Between() as other if one.start == other.start:
            if one.end != other.end:
                yield _longer("deadlines", key, was, now, other.end > one.end)
        case _:
            yield from compare_values("deadlines", key, "", was, now)


def _compare_lengths(
    section: Section, name: str, was: Length | None, now: Length | None, detail: str = ""
) -> Iterator[Change]:
    if was is None or now is None or was.unit != now.unit or was.count == now.count:
        yield from compare_values(section, name, detail, was, now)
    else:
        longer = _longer(section, name, was, now, now.count > was.count)
        yield replace(longer, detail=detail)


def _longer(section: Section, name: str, was: object, now: object, longer: bool) -> Change:
    return Change(
        kind="extended" if longer else "shortened",
        section=section,
        name=name,
        before=was,
        after=now,
        direction="longer" if longer else "shorter",
    )


def _compare_budgets(was: Terms, now: Terms) -> Iterator[Change]:
    if was.budget is None or now.budget is None:
        yield from compare_values("budget", "", "", was.budget, now.budget)
    else:
        yield from compare_fields("budget", "", "", was.budget, now.budget)


def _compare_stacking(was: Terms, now: Terms) -> Iterator[Change]:
    one, other = was.stacking, now.stacking
    if one is None or other is None:
        yield from compare_values("stacking", "", "", one, other)
        return
    yield from compare_lists("stacking", "", "excludes", one.excludes, other.excludes)
    yield from compare_lists("stacking", "", "requires", one.requires, other.requires)
    yield from compare_fields("stacking", "", "group", one.group, other.group)


def _compare_notices(was: Terms, now: Terms) -> Iterator[Change]:
    one, other = was.public_notice, now.public_notice
    if one is None or other is None:
        yield from compare_values("public notice", "", "", one, other)
        return
    yield from _compare_lengths("public notice", "", one.length, other.length, "days")
    yield from compare_lists("public notice", "", "show", one.show, other.show)


def compare_examples(setting: Setting) -> Iterator[Change]:
    """How many worked cases came, went or say something else."""
    before, after = (
        {case.name: replace(case, line=0) for case in side.examples}
        for side in (setting.old, setting.new)
    )
    counts = (
        ("added", len(after.keys() - before.keys())),
        ("removed", len(before.keys() - after.keys())),
        ("changed", sum(before[name] != after[name] for name in before.keys() & after.keys())),
    )
    for detail, count in counts:
        if count:
            yield Change(kind="counted", section="examples", detail=detail, after=Fraction(count))
    if not any(count for _, count in counts) and list(before) != list(after):
        yield Change(kind="reordered", section="examples", direction="same")


def compare_frames(setting: Setting) -> Iterator[Change]:
    """The frame that a policy implements, and which parts it takes from it."""
    was, now = setting.old.frame, setting.new.frame
    if was is None or now is None:
        yield from compare_values("frame", "", "", was and was.frame, now and now.frame)
        return
    yield from compare_values("frame", "", "", was.frame, now.frame)
    for key in ("taken", "replaced", "added", "dropped"):
        lists = [tuple(f"{part} {name}" for part, name in getattr(one, key)) for one in (was, now)]
        for change in compare_lists("frame", "", key, lists[0], lists[1]):
            # what such a part says is told where it stands; here is only whose words it has
            yield replace(change, kind="source")
