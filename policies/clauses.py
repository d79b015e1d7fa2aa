"""Clauses and how the benefit reaches whom they hold for."""

from language.document import Place
from language.types import Kind
from policies.build_terms import build_asking
from policies.draft import Draft, words
from policies.policy import Clause, ClauseGroup, DeliveryCase, Each, Group, Leaf
from policies.policy_file import ClauseFile

SCOPE_IDS = ("effective", "window", "region", "claim", "item", "as_of")
_GROUPS: tuple[Group, ...] = ("all", "any", "none")


def build_clauses(draft: Draft, files: list[ClauseFile], place: Place) -> tuple[Clause, ...]:
    """The clause tree; what is wrong is noted in the draft."""
    built = [build_clause(draft, file, (*place, index)) for index, file in enumerate(files)]
    return tuple(clause for clause in built if clause is not None)


def build_clause(draft: Draft, file: ClauseFile, place: Place) -> Clause | None:
    """One clause: a leaf with `when` or `judged_by`, or a group."""
    forms = [key for key in ("when", "judged_by", *_GROUPS) if getattr(file, key) is not None]
    if len(forms) != 1:
        draft.refuse(place, f'clause "{file.id}" needs one of when, judged_by, all, any, none')
        return None
    for group in _GROUPS:
        if forms[0] == group:
            return _build_group(draft, file, group, place)
    if file.not_yet not in (None, "true", "false"):
        draft.refuse((*place, "not_yet"), '"not_yet" is true or false')
    if file.not_yet is not None and file.when is None:
        draft.refuse((*place, "not_yet"), '"not_yet" belongs to a leaf with "when"')
    when = None
    if file.when is not None:
        when = draft.expression(file.when, (*place, "when"), Kind.BOOLEAN)
    if file.says is None:
        draft.warn("no-says", place, f'clause "{file.id}" does not say what it means', "add says:")
    says, says_en = words(file.says)
    return Leaf(
        id=file.id,
        says=says,
        says_en=says_en,
        source=file.source or "",
        when=when,
        text=file.when or "",
        judged_by=file.judged_by or "",
        not_yet=file.not_yet == "true",
    )


def _build_group(draft: Draft, file: ClauseFile, group: Group, place: Place) -> ClauseGroup | None:
    members: list[ClauseFile] = getattr(file, group)
    if not members:
        draft.refuse((*place, group), f'clause "{file.id}" has no members')
        return None
    if file.not_yet is not None:
        draft.refuse((*place, "not_yet"), '"not_yet" belongs to a leaf with "when"')
    says, says_en = words(file.says)
    return ClauseGroup(
        id=file.id,
        says=says,
        says_en=says_en,
        source=file.source or "",
        group=group,
        members=build_clauses(draft, members, (*place, group)),
    )


def check_ids(draft: Draft, clauses: tuple[Clause, ...], each: Each | None = None) -> None:
    """Refuse ids that stand twice among clauses, portions and further amounts."""
    seen: set[str] = set(SCOPE_IDS)

    def visit(members: tuple[Clause, ...]) -> None:
        for clause in members:
            if clause.id in seen:
                draft.refuse(("clauses",), f'clause id "{clause.id}" is taken', "rename it")
            seen.add(clause.id)
            if isinstance(clause, ClauseGroup):
                visit(clause.members)

    visit(clauses)
    if each is not None:
        if each.row_set.name in seen:
            name = each.row_set.name
            draft.refuse(("clauses",), f'clause id "{name}" is the name of the rows', "rename it")
        seen.add(each.row_set.name)
        visit(each.clauses)
    for index, portion in enumerate(draft.file.benefit.portions):
        if portion.id in seen:
            place: Place = ("benefit", "portions", index)
            draft.refuse(place, f'id "{portion.id}" is taken', "rename the portion")
        seen.add(portion.id)
    for name in draft.file.benefit.also:
        if name in seen:
            draft.refuse(("benefit", "also", name), f'"{name}" is taken', "rename it")


def build_delivery(draft: Draft) -> tuple[DeliveryCase, ...]:
    """How the benefit reaches people: one way for all, or the first case that fits."""
    delivery = draft.file.delivery
    if isinstance(delivery, str):
        return (DeliveryCase(when=None, by=delivery),)
    cases = []
    for index, file in enumerate(delivery):
        place: Place = ("delivery", index)
        if (file.when is None) != (index == len(delivery) - 1):
            draft.refuse(place, 'every case but the last has "when", the last has none')
        when = None
        if file.when is not None:
            when = draft.expression(file.when, (*place, "when"), Kind.BOOLEAN)
        says, says_en = words(file.says)
        asking = build_asking(draft, file, place)
        cases.append(DeliveryCase(when=when, by=file.by, says=says, says_en=says_en, asking=asking))
    return tuple(cases)
