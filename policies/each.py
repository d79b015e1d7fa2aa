"""`each`: the rows of a policy decided one by one, their limits and what they use up."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from language.check import check
from language.definition import Definition, Given
from language.document import Place
from language.errors import ConditionRefused
from language.expression import Name, is_name
from language.reach import reachable_facts
from language.types import FactType, Kind
from policies.amount import build_operand, build_steps
from policies.clauses import build_clauses
from policies.draft import TIMES, Draft
from policies.policy import ROW_NUMBERS, ROWS_THAT_HOLD, Claim, Each, Limit, Step
from policies.policy_file import EachFile, LimitFile, PolicyFile
from profiles.fact import Fact
from profiles.fact_build import build_fact
from profiles.row_set import RowColumn, RowSet

_KEYS = (FactType.TEXT, FactType.CODE, FactType.INTEGER, FactType.DATE)
"""What can be claimed, or tell awards apart: what has one way of being written."""

Columns = Mapping[str, RowColumn]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNames:
    """What only a row of the policy has: the columns of its row set, and the facts of `each`."""

    row_set: RowSet
    facts: tuple[Fact, ...]

    @property
    def known(self) -> dict[str, Fact]:
        """All of them as facts, by name."""
        return _known(self.row_set, self.facts)


def facts_of_rows(each: Each) -> dict[str, Fact]:
    """What only a row has as facts, by name, with their labels and units; the rows themselves too,
    for they may be what is missing."""
    rows = each.row_set
    known = _known(rows, each.facts)
    whole = RowColumn(
        name=rows.name, type=FactType.TEXT, label_zh=rows.label_zh, label_en=rows.label_en
    )
    return known | {rows.name: fact_of(whole)}


def _known(row_set: RowSet, facts: Iterable[Fact]) -> dict[str, Fact]:
    columns = {name: fact_of(column) for name, column in row_set.columns.items()}
    return columns | {fact.name: fact for fact in facts}


def begin_rows(draft: Draft, row_sets: Mapping[str, RowSet]) -> RowNames | None:
    """The names of the policy's rows, their facts not yet typed; None where it has no `each`."""
    file = draft.file.each
    if file is None:
        return None
    row_set = row_sets.get(file.row)
    if row_set is None:
        close = difflib.get_close_matches(file.row, list(row_sets), n=1)
        remedy = f'did you mean "{close[0]}"?' if close else "declare them under rows:"
        draft.refuse(("each", "row"), f'unknown rows "{file.row}"', remedy)
        return None
    facts: list[Fact] = []
    for name, entry in file.facts.items():
        place: Place = ("each", "facts", name)
        computed = entry.is_ is not None or entry.choose is not None
        built, found = build_fact(
            name,
            entry,
            draft.document,
            place,
            row_sets,
            of=draft.file.audience,
            inferred=FactType.NUMBER if computed else None,
            here=row_set,
        )
        draft.problems += found
        facts += built
    names = RowNames(row_set=row_set, facts=tuple(facts))
    check_clashes(draft, names)
    return names


def part_scopes(draft: Draft, full: Mapping[str, Definition], names: RowNames) -> None:
    """Tell what names mean for a row from what they mean for its subject."""
    shared = draft.vocabulary.scope(draft.file.audience)
    of_row = {name for name in names.known if name not in shared}
    draft.only_rows = {name: f'a column of "{names.row_set.name}"' for name in of_row}
    draft.only_rows |= {fact.name: "a fact of each row" for fact in names.facts}
    for name in full:
        if name in draft.only_rows or name in shared or name in draft.file.facts:
            continue
        if reachable_facts([Name(name=name)], full) & of_row:
            what = "a parameter" if name in draft.file.parameters else "an output of a table"
            draft.only_rows[name] = f"{what} by what each row has"
    draft.row_scope = dict(full)
    draft.scope = {name: full[name] for name in full if name not in draft.only_rows}
    # a column hides a fact of this name from the rows only
    draft.scope |= {name: shared[name] for name in names.known if name in shared}


def fact_of(column: RowColumn) -> Fact:
    """A column of rows as tables and parameters see it."""
    return Fact(
        name=column.name,
        of="enterprise",
        label_zh=column.label_zh,
        label_en=column.label_en,
        type=column.type,
        unit=column.unit,
        system=column.system,
        values=column.values,
        formula=column.formula,
        may_not_apply=column.may_not_apply,
    )


def check_clashes(draft: Draft, names: RowNames) -> None:
    """Refuse a name that a row and its subject both have: which is meant is not said."""
    row_set = names.row_set
    for name in row_set.columns:
        for key in ("parameters", "facts"):
            if name in getattr(draft.file, key):
                message = f'"{name}" is also a column of "{row_set.name}"'
                draft.refuse((key, name), message, "rename one of them")
    audience = draft.vocabulary.scope(draft.file.audience)
    assert draft.file.each is not None
    for name in draft.file.each.facts:
        place: Place = ("each", "facts", name)
        taken = name in draft.file.parameters or name in draft.file.facts or name in audience
        if name in row_set.columns:
            message = f'"{name}" is also a column of "{row_set.name}"'
            draft.refuse(place, message, "rename the fact")
        elif taken or name in TIMES or name in ROW_NUMBERS:
            draft.refuse(place, f'"{name}" has a meaning for the subject already', "rename it")


def check_ambiguous(draft: Draft, names: RowNames, used: frozenset[str]) -> None:
    """Refuse a column that the rows' conditions use and that is a fact of the subject as well."""
    audience = draft.vocabulary.scope(draft.file.audience)
    for name in sorted(used):
        if name in names.row_set.columns and name in audience:
            draft.refuse(
                ("each", "row"),
                f'"{name}" is a column of "{names.row_set.name}" and a fact of the subject: which '
                "is meant is not said",
                "give the column another name under rows:",
            )


MOST_SIGNS = 100
"""Of the name of a claim group."""


def build_each(draft: Draft) -> Each | None:
    """What is decided for each row; None where there is nothing, or after noting what is wrong."""
    file, names = draft.file.each, draft.row_names
    if file is None or names is None:
        return None
    rows = draft.of_rows(draft.row_scope)
    clauses = build_clauses(rows, file.clauses, ("each", "clauses"))
    if not file.clauses:
        draft.refuse(("each",), "each has no clauses", "say which rows count")
    claim = None
    if file.claim is not None:
        _check_key(draft, file.claim.of, ("each", "claim", "of"), "claimed")
        if len(file.claim.group) > MOST_SIGNS:
            draft.refuse(
                ("each", "claim", "group"), f"a group's name has at most {MOST_SIGNS} signs"
            )
        claim = Claim(of=file.claim.of, group=file.claim.group)
    limits, scope = _build_limits(draft, file)
    steps: tuple[Step, ...] = ()
    if file.amount is not None:
        steps = build_steps(draft.of_rows(scope), file.amount, ("each", "amount"))
    effective_at = draft.file.effective.at
    item = draft.file.per.get("each") if isinstance(draft.file.per, dict) else None
    if item not in draft.only_rows:
        item = None
    if item is not None:
        _check_key(draft, item, ("per", "each"), "the item of an award")
    each = Each(
        row_set=names.row_set,
        facts=names.facts,
        clauses=clauses,
        steps=steps,
        limits=limits,
        claim=claim,
        dated=effective_at in draft.only_rows,
        item=item,
        names=frozenset(draft.only_rows),
    )
    used = reachable_facts(draft.row_used, draft.row_scope)
    check_ambiguous(draft, names, used)
    return each


def _check_key(draft: Draft, name: str, place: Place, what: str) -> None:
    """Refuse what has no one way of being written, or is none of the row's."""
    fact = draft.row_names.known.get(name) if draft.row_names else None
    if fact is None:
        columns = ", ".join(draft.row_names.known) if draft.row_names else ""
        draft.refuse(place, f'"{name}" is no column of the rows', f"one of {columns}")
    elif fact.type not in _KEYS:
        draft.refuse(place, f'"{name}" is {fact.type}: it cannot be {what}', "use a code or a text")
    else:
        draft.row_used.append(Name(name=name))


def _build_limits(draft: Draft, file: EachFile) -> tuple[tuple[Limit, ...], dict[str, Definition]]:
    """The limits in order, and the scope of the amount; each limit may use those before it."""
    scope = dict(draft.row_scope)
    limits = []
    for index, entry in enumerate(file.limits):
        limit = _build_limit(draft, entry, scope, ("each", "limits", index))
        if limit is not None:
            limits.append(limit)
            scope[limit.name] = Given(name=limit.name, type=FactType.NUMBER)
    return tuple(limits), scope


def _build_limit(
    draft: Draft, file: LimitFile, scope: Mapping[str, Definition], place: Place
) -> Limit | None:
    rows = draft.of_rows(scope)
    name = file.as_ or f"{file.on}_counted"
    if not is_name(name):
        draft.refuse((*place, "on"), "the limit needs a name", "add as: principal_counted")
        return None
    if name in scope or name in ROW_NUMBERS:
        draft.refuse(place, f'"{name}" has a meaning already', "give the limit a name with as:")
        return None
    quantity = None
    if file.on != "rows":
        quantity = rows.expression(file.on, (*place, "on"), Kind.NUMBER, amount=True)
    up_to = build_operand(rows, file.up_to, (*place, "up_to"))
    per = (file.per,) if isinstance(file.per, str) else tuple(file.per or ())
    for key, column in (("order", file.order), *(("per", column) for column in per)):
        if column is None:
            continue
        try:
            check(Name(name=column), scope)
        except ConditionRefused as refusal:
            draft.refuse((*place, key), refusal.message, refusal.remedy)
            continue
        draft.row_used.append(Name(name=column))
    if up_to is None or (quantity is None and file.on != "rows"):
        return None
    return Limit(
        name=name,
        quantity=quantity,
        up_to=up_to,
        order=file.order,
        per=per,
        text=f"{file.on} up to {file.up_to}",
        says=file.says.zh if file.says else "",
        source=file.source or "",
    )


def row_numbers(file: PolicyFile) -> dict[str, Definition]:
    """What the amounts of the whole may use of the rows."""
    if file.each is None:
        return {}
    known = ROW_NUMBERS if file.each.amount is not None else (ROWS_THAT_HOLD,)
    return {name: Given(name=name, type=FactType.NUMBER) for name in known}
