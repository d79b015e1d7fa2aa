"""What changed in a tree of clauses: provisions that came, went, moved, or say something else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from policies.change import Change, Direction, Section, turned
from policies.condition_change import compare_conditions
from policies.policy import Clause, ClauseGroup, Group, Leaf
from policies.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A clause with the groups above it, outermost first."""

    clause: Clause
    above: tuple[ClauseGroup, ...]

    @property
    def parent(self) -> str:
        return self.above[-1].id if self.above else ""

    @property
    def group(self) -> Group:
        return self.above[-1].group if self.above else "all"

    @property
    def against(self) -> bool:
        """Whether the policy wants it not to hold: an odd number of `none` stand above it."""
        return sum(group.group == "none" for group in self.above) % 2 == 1


def compare_clauses(
    old: tuple[Clause, ...], new: tuple[Clause, ...], setting: Setting, section: Section
) -> Iterator[Change]:
    """The changes between two clause trees, in the order of the later one."""
    before, after = _placed(old), _placed(new)
    for name, now in after.items():
        was = before.get(name)
        if was is None:
            if now.parent == "" or now.parent in before:
                yield _of_group("added", section, now, kept=_holds(now.clause, before))
            continue
        yield from _compare_placed(was, now, setting, section)
    for name, was in before.items():
        # what went with its whole group is told with the group
        if name not in after and (was.parent == "" or was.parent in after):
            yield _of_group("removed", section, was, kept=_holds(was.clause, after))
    yield from _orders(before, after, section)


def _holds(clause: Clause, others: Mapping[str, _Placed]) -> bool:
    """Whether a group has a member that the other version has too: then it moved."""
    return isinstance(clause, ClauseGroup) and any(
        member.id in others or _holds(member, others) for member in clause.members
    )


def _of_group(
    kind: Literal["added", "removed"], section: Section, placed: _Placed, *, kept: bool
) -> Change:
    """A clause that came or went: what that does depends on the group it stands in.

    Nothing is said of a group of which members were `kept`.
    """
    # members of `none` are alternatives too, of which none may hold
    loosens = (placed.group != "all") == (kind == "added")
    direction: Direction = "wider" if loosens else "narrower"
    direction = turned(direction) if placed.against else direction
    return Change(
        kind=kind,
        section=section,
        name=placed.clause.id,
        detail=placed.parent,
        before=placed.clause if kind == "removed" else None,
        after=placed.clause if kind == "added" else None,
        direction="" if kept else direction,
    )


def _compare_placed(
    was: _Placed,
    now: _Placed,
    setting: Setting,
    section: Section,
) -> Iterator[Change]:
    name = now.clause.id
    if was.parent != now.parent:
        yield Change(kind="moved", section=section, name=name, before=was.parent, after=now.parent)
    one, other = was.clause, now.clause
    for detail, first, second in (
        ("says", one.says, other.says),
        ("says_en", one.says_en, other.says_en),
    ):
        echoed = detail == "says_en" and (first, second) == (one.says, other.says)
        if first != second and not echoed:
            yield Change(
                kind="reworded",
                section=section,
                name=name,
                detail=detail,
                before=first,
                after=second,
            )
    if one.source != other.source:
        yield Change(
            kind="source", section=section, name=name, before=one.source, after=other.source
        )
    match one, other:
        case Leaf(), Leaf():
            yield from _compare_leaves(one, other, setting, section, now.against)
        case ClauseGroup(), ClauseGroup():
            if one.group != other.group:
                yield Change(
                    kind="regrouped",
                    section=section,
                    name=name,
                    before=one.group,
                    after=other.group,
                    direction=_regrouped(one.group, other.group, now.against),
                )
        case _:
            yield Change(kind="rewritten", section=section, name=name, before=one, after=other)


def _regrouped(was: Group, now: Group, against: bool) -> Direction:
    if {was, now} != {"all", "any"}:
        return ""
    direction: Direction = "wider" if now == "any" else "narrower"
    return turned(direction) if against else direction


def _compare_leaves(
    one: Leaf, other: Leaf, setting: Setting, section: Section, against: bool
) -> Iterator[Change]:
    name = other.id
    if one.when is not None and other.when is not None:
        changes = list(
            compare_conditions(
                one.when, other.when, setting, section, name, detail="when", against=against
            )
        )
        yield from changes
        if not changes and one.text != other.text:
            yield Change(
                kind="respelled",
                section=section,
                name=name,
                detail="when",
                before=one.text,
                after=other.text,
                direction="same",
            )
    elif one.when != other.when or one.text != other.text:
        yield Change(
            kind="rewritten",
            section=section,
            name=name,
            detail="when",
            before=one.when or one.judged_by,
            after=other.when or other.judged_by,
        )
    if one.judged_by != other.judged_by:
        yield Change(
            kind="replaced",
            section=section,
            name=name,
            detail="judged_by",
            before=one.judged_by,
            after=other.judged_by,
        )
    if one.not_yet != other.not_yet:
        yield Change(
            kind="replaced",
            section=section,
            name=name,
            detail="not_yet",
            before=one.not_yet,
            after=other.not_yet,
        )


def _orders(
    before: Mapping[str, _Placed], after: Mapping[str, _Placed], section: Section
) -> Iterator[Change]:
    """Groups whose remaining members stand in another order: nothing is decided otherwise."""
    for parent in dict.fromkeys(placed.parent for placed in after.values()):
        were = [name for name, placed in before.items() if placed.parent == parent]
        are = [name for name, placed in after.items() if placed.parent == parent]
        was = tuple(name for name in were if name in are)
        now = tuple(name for name in are if name in were)
        if was != now:
            yield Change(
                kind="reordered",
                section=section,
                name=parent,
                before=was,
                after=now,
                direction="same",
            )


def _placed(clauses: tuple[Clause, ...], above: tuple[ClauseGroup, ...] = ()) -> dict[str, _Placed]:
    found: dict[str, _Placed] = {}
    for clause in clauses:
        found[clause.id] = _Placed(clause=clause, above=above)
        if isinstance(clause, ClauseGroup):
            found |= _placed(clause.members, (*above, clause))
    return found
