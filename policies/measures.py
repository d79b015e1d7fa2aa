"""What a policy's own measures over rows may use, checked when all names are known."""

from collections.abc import Mapping

from language.document import Place
from language.expression import Expression, Name, names_in
from language.reach import reachable_facts
from language.types import Kind
from policies.draft import Draft
from profiles.fact import Fact
from profiles.measure import Measure
from profiles.measure_build import check_where
from profiles.row_set import RowSet
from profiles.span import PERIOD_SPANS


def check_measures(draft: Draft, facts: list[Fact], at: Place = ("facts",)) -> None:
    """Note what is wrong with the filters, days and spans of the policy's measured facts."""
    measured = {fact.name: fact.measure for fact in facts if fact.measure is not None}
    for name, measure in measured.items():
        if name.endswith("::count"):
            continue  # the other half of an average, with the same filter
        place: Place = (*at, name.split("::")[0])
        row_set = draft.row_sets[measure.rows]
        _check_where(draft, measure, row_set, (*place, "where"))
        _check_day(draft, measure, (*place, "on"))
        words = " ".join((measure.over or "").split())
        if words in PERIOD_SPANS and words != "period" and draft.file.per == "once":
            message = f'"{words}" has no meaning where the money is for no length of time'
            draft.refuse((*place, "over"), message, "name the span, or a per: with a length")
        if name in _rests_on(name, measured, draft):
            draft.refuse(place, f'"{name.split("::")[0]}" rests on itself', "use other facts")


def _check_where(draft: Draft, measure: Measure, row_set: RowSet, place: Place) -> None:
    """The filter's names are the row's columns, then those of the policy.

    A formula of the policy means its own names wherever it stands; so it may not use a name that is
    a column here, or the same word would mean two things in one filter.
    """
    if measure.where is None or _names_rows(draft, measure.where, row_set, place):
        return
    scope = {**draft.scope, **row_set.scope()}
    found = check_where(measure.where, scope, draft.document, place)
    draft.problems += found
    if found:
        return
    draft.used.append(measure.where)
    for name in sorted(names_in(measure.where) - set(row_set.columns)):
        within = reachable_facts([Name(name=name)], draft.scope) & set(row_set.columns)
        for column in sorted(within):
            message = f'"{name}" uses "{column}", which is a column of "{row_set.name}" too'
            draft.refuse(place, message, "give the column another name under rows:")


def _names_rows(draft: Draft, expression: Expression, row_set: RowSet | None, place: Place) -> bool:
    """Whether it uses what each row has of its own, after noting so."""
    columns = row_set.columns if row_set is not None else {}
    for name in sorted(names_in(expression) - set(columns)):
        if name in draft.only_rows:
            message = f'"{name}" is {draft.only_rows[name]}, and a measure knows no row but its own'
            remedy = "use its columns, facts of the policy, or match: for the rows that are alike"
            draft.refuse(place, message, remedy)
            return True
    return False


def _check_day(draft: Draft, measure: Measure, place: Place) -> None:
    if measure.on is None:
        return
    day = Name(name=measure.on)
    if _names_rows(draft, day, None, place):
        return
    kind = draft.check(day, place)
    if kind not in (None, Kind.DATE):
        draft.refuse(place, f'"{measure.on}" is {kind}, not a day')
    draft.used.append(day)


def _rests_on(name: str, measured: Mapping[str, Measure], draft: Draft) -> frozenset[str]:
    """The measured facts that a measure's filter and day reach."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        measure = measured[todo.pop()]
        starts: list[Expression] = [] if measure.where is None else [measure.where]
        starts += [] if measure.on is None else [Name(name=measure.on)]
        columns = draft.row_sets[measure.rows].columns
        for used in reachable_facts(starts, draft.scope) - set(columns):
            if used in measured and used not in seen:
                seen.add(used)
                todo.append(used)
    return frozenset(seen)
