"""What changed in the facts that a policy works out itself, and in its decision tables and rows."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from language.definition import Choice, Formula
from language.expression import Expression, Literal, names_in
from language.normal import normalise
from language.types import FactType
from policies.change import Change, Section
from policies.condition_change import compare_conditions
from policies.effects import effects_of
from policies.plain_change import compare_fields, compare_lists, compare_values
from policies.policy import PolicyTable
from policies.setting import Setting
from profiles.fact import Fact
from profiles.row_set import RowColumn, RowSet

HIDDEN = "::"
"""What stands after the name of a fact in those that are worked out on the way to it."""


def compare_facts(
    old: Sequence[Fact], new: Sequence[Fact], setting: Setting, section: Section
) -> Iterator[Change]:
    """The changes of every fact of a policy or of its rows."""
    before, after = ({fact.name: fact for fact in side} for side in (old, new))
    for name in dict.fromkeys([*after, *before]):
        base, _, part = name.partition(HIDDEN)
        was, now = before.get(name), after.get(name)
        changes: list[Change]
        if was is None or now is None:
            if part and (base in before) != (base in after):
                continue  # told with the fact it belongs to
            changes = list(compare_values(section, base, part, was, now))
        else:
            changes = list(_compare(was, now, setting, section, base, part))
        for change in changes:
            if change.decides:
                change = replace(change, effects=effects_of(base, change.direction, setting))
            yield change


def _compare(
    was: Fact, now: Fact, setting: Setting, section: Section, name: str, part: str
) -> Iterator[Change]:
    if was.measure is not None and now.measure is not None:
        where = f"{part} where".strip()
        if was.measure.where is not None and now.measure.where is not None:
            yield from _compare_formulas(
                was.measure.where, now.measure.where, setting, section, name, where
            )
        else:
            yield from compare_values(section, name, where, was.measure.where, now.measure.where)
        yield from compare_fields(section, name, part, was.measure, now.measure, ("where",))
    else:
        yield from compare_values(section, name, part, was.measure, now.measure)
    match was.formula, now.formula:
        case Formula(expression=one), Formula(expression=other):
            if now.type is FactType.BOOLEAN and was.type is FactType.BOOLEAN:
                yield from compare_conditions(one, other, setting, section, name, detail=part)
            else:
                yield from _compare_formulas(one, other, setting, section, name, part)
        case Choice() as one_choice, Choice() as other_choice:
            yield from _compare_choices(one_choice, other_choice, setting, section, name)
        case one_formula, other_formula:
            yield from compare_values(section, name, part, one_formula, other_formula)
    yield from compare_fields(section, name, part, was, now, ("measure", "formula", "name"))


def _compare_formulas(
    one: Expression,
    other: Expression,
    setting: Setting,
    section: Section,
    name: str,
    detail: str,
) -> Iterator[Change]:
    if one == other:
        return
    former, later = setting.values(names_in(one) & names_in(other))
    before, after = normalise(one, former), normalise(other, later)
    change = Change(
        kind="rewritten", section=section, name=name, detail=detail, before=one, after=other
    )
    if before == after:
        yield replace(change, kind="respelled", direction="same")
        return
    match before, after:
        case Literal(value=was), Literal(value=now):
            yield from compare_values(section, name, detail, was, now)
        case _:
            yield change


def _compare_choices(
    one: Choice, other: Choice, setting: Setting, section: Section, name: str
) -> Iterator[Change]:
    if len(one.cases) != len(other.cases):
        yield Change(kind="rewritten", section=section, name=name, before=one, after=other)
        return
    for number, ((was, gave), (now, gives)) in enumerate(
        zip(one.cases, other.cases, strict=True), start=1
    ):
        detail = f"case {number}"
        if was is not None and now is not None:
            for change in compare_conditions(
                was, now, setting, section, name, detail=f"{detail} when"
            ):
                # who leaves a case comes to another: neither is wider
                yield replace(change, direction="same" if change.direction == "same" else "")
        else:
            yield from compare_values(section, name, f"{detail} when", was, now)
        yield from _compare_formulas(gave, gives, setting, section, name, f"{detail} value")


def compare_tables(setting: Setting) -> Iterator[Change]:
    """The changes of every decision table of a policy, with what rests on its outputs."""
    before, after = ({t.name: t for t in side.tables} for side in (setting.old, setting.new))
    for name in dict.fromkeys([*after, *before]):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            yield from compare_values("tables", name, "", was, now)
            continue
        changes = list(_compare_table(was, now))
        if not changes and was != now:
            changes = list(compare_values("tables", name, "", was.outputs, now.outputs)) or list(
                compare_fields("tables", name, "", was, now, ("rows",))
            )
        outputs = [output.name for output in now.outputs]
        effects = tuple(
            dict.fromkeys(effect for o in outputs for effect in effects_of(o, "", setting))
        )
        for change in changes:
            yield replace(change, effects=effects) if change.decides else change


def _compare_table(was: PolicyTable, now: PolicyTable) -> Iterator[Change]:
    name = now.name
    for key in ("label", "label_en", "source", "hit", "file"):
        for change in compare_values("tables", name, key, getattr(was, key), getattr(now, key)):
            # where its rows stand is no part of what they say
            yield replace(change, kind="source") if key == "file" else change
    yield from compare_fields("tables", name, "inputs", _inputs(was), _inputs(now))
    yield from compare_fields("tables", name, "outputs", _outputs(was), _outputs(now))
    yield from compare_fields("tables", name, "shapes", _shapes(was), _shapes(now))
    rows = ([row.cells for row in was.rows], [row.cells for row in now.rows])
    matcher = difflib.SequenceMatcher(a=rows[0], b=rows[1], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal" or (tag == "replace" and i2 - i1 == j2 - j1):
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                yield from _compare_rows(was, now, i, j)
            continue
        for i in range(i1, i2):
            yield Change(kind="removed", section="tables", name=name, detail=f"row {i + 1}",
                         before=_row(was, i))  # fmt: skip
        for j in range(j1, j2):
            yield Change(kind="added", section="tables", name=name, detail=f"row {j + 1}",
                         after=_row(now, j))  # fmt: skip


def _compare_rows(was: PolicyTable, now: PolicyTable, i: int, j: int) -> Iterator[Change]:
    one, other = was.rows[i], now.rows[j]
    detail = f"row {j + 1}"
    if (one.cells, one.outputs) != (other.cells, other.outputs):
        yield Change(kind="replaced", section="tables", name=now.name, detail=detail,
                     before=_row(was, i), after=_row(now, j))  # fmt: skip
    for key in ("says", "source"):
        yield from compare_values(
            "tables", now.name, f"{detail} {key}", getattr(one, key), getattr(other, key)
        )


def _row(table: PolicyTable, index: int) -> tuple[str, ...]:
    row = table.rows[index]
    return (*row.cells, "→", *row.outputs)


def _inputs(table: PolicyTable) -> Mapping[str, object]:
    return {given.text: given for given in table.inputs}


def _outputs(table: PolicyTable) -> Mapping[str, object]:
    return {
        output.name: {
            "label": output.label,
            "label_en": output.label_en,
            "unit": output.unit,
            "default": output.definition.default,
        }
        for output in table.outputs
    }


def _shapes(table: PolicyTable) -> Mapping[str, object]:
    return {shape.name: shape for shape in table.shapes}


def compare_row_sets(
    old: Mapping[str, RowSet],
    new: Mapping[str, RowSet],
    setting: Setting,
    section: Section = "rows",
) -> Iterator[Change]:
    """The changes of the rows that a policy declares."""
    for name in dict.fromkeys([*new, *old]):
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            yield from compare_values(section, name, "", was, now)
            continue
        yield from compare_lists(section, name, "columns", list(was.columns), list(now.columns))
        yield from compare_fields(section, name, "", was, now, ("name", "columns"))
        for column in (column for column in now.columns if column in was.columns):
            yield from _compare_columns(
                was.columns[column], now.columns[column], setting, section, name
            )


def _compare_columns(
    was: RowColumn, now: RowColumn, setting: Setting, section: Section, name: str
) -> Iterator[Change]:
    match was.formula, now.formula:
        case Formula(expression=one), Formula(expression=other):
            yield from _compare_formulas(one, other, setting, section, name, now.name)
        case one_formula, other_formula:
            yield from compare_values(section, name, now.name, one_formula, other_formula)
    yield from compare_fields(section, name, now.name, was, now, ("formula", "name"))
