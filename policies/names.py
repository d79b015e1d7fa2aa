"""What the names in a policy stand for: its own facts, its parameters, the vocabulary."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from language.check import check
from language.definition import Choice, Constant, Definition, Formula, NoValue
from language.document import Place
from language.errors import ConditionRefused
from language.expression import Expression, Name, is_name
from language.reach import parts_of, reachable_facts
from language.types import FactType, Kind
from policies.bounds import check_bounds
from policies.decision_table import build_tables
from policies.declared_table import declare_tables, placeholders
from policies.doubt import know_quantities
from policies.draft import TIMES, Draft
from policies.each import begin_rows, part_scopes
from policies.measures import check_measures
from policies.parameter import build_parameter, definition_of, first_bare_day
from policies.policy import DatedParameter, FrameUse, PolicyTable
from policies.policy_file import ParameterFile, RegionFile
from profiles.fact import Fact
from profiles.fact_build import build_fact
from profiles.fact_file import FactFile

_TYPE_OF_KIND = {
    Kind.BOOLEAN: FactType.BOOLEAN,
    Kind.NUMBER: FactType.NUMBER,
    Kind.DATE: FactType.DATE,
    Kind.TEXT: FactType.TEXT,
}
_NUMBERS = (FactType.INTEGER, FactType.MONEY, FactType.RATIO, FactType.NUMBER)


def resolve_names(
    draft: Draft,
) -> tuple[list[Fact], list[DatedParameter], list[PolicyTable]]:
    """The policy's own facts, parameters and tables; the draft's scope holds all names then."""
    own = _build_facts(draft)
    known = {
        name: fact
        for name, fact in draft.vocabulary.facts.items()
        if fact.of in (draft.file.audience, "region")
    } | {fact.name: fact for fact in own}
    rows = begin_rows(draft, draft.row_sets)
    if rows is not None:
        known |= rows.known
    declared = declare_tables(draft)
    outputs = placeholders(declared)
    known, parameters = _build_parameters(draft, known, outputs)
    draft.scope = _build_scope(draft, known, parameters) | outputs
    if draft.problems:
        # with names missing from the scope every condition would be refused once more
        return [], [], []
    draft.quantities = know_quantities(known, draft.file.parameters)
    tables = build_tables(draft, declared, known)
    for table in tables:
        for output in table.outputs:
            # now that every name has its meaning a circle shows
            draft.check(Name(name=output.name), ("tables", table.name), amount=True)
    if rows is not None:
        part_scopes(draft, draft.scope, rows)
    typed = _type_facts(draft, own, draft.file.facts, ("facts",))
    check_measures(draft, own)
    if rows is not None and draft.file.each is not None:
        of_rows = draft.of_rows(draft.row_scope)
        facts = _type_facts(of_rows, list(rows.facts), draft.file.each.facts, ("each", "facts"))
        draft.row_names = replace(rows, facts=tuple(facts))
        check_measures(draft, facts, ("each", "facts"))
    _check_parameters(draft, parameters)
    check_bounds(draft, known, parameters)
    return typed, parameters, tables


def _build_facts(draft: Draft) -> list[Fact]:
    facts: list[Fact] = []
    for name, entry in draft.file.facts.items():
        place: Place = ("facts", name)
        if name in TIMES:
            draft.refuse(place, f'"{name}" is a date of the run, not a fact')
            continue
        shared = draft.vocabulary.facts.get(name)
        if shared is not None and entry.type not in (None, shared.type):
            draft.refuse(
                (*place, "type"),
                f'"{name}" is {shared.type} in the vocabulary, here {entry.type}',
                "leave the type out, or give the fact another name",
            )
        computed = entry.is_ is not None or entry.choose is not None
        inferred = shared.type if shared else (FactType.NUMBER if computed else None)
        built, found = build_fact(
            name,
            entry,
            draft.document,
            place,
            draft.row_sets,
            of=draft.file.audience,
            inferred=inferred,
        )
        draft.problems += found
        facts += built
    return facts


def _build_parameters(
    draft: Draft, known: dict[str, Fact], outputs: Mapping[str, Definition]
) -> tuple[dict[str, Fact], list[DatedParameter]]:
    """The parameters, and the facts with the types of those that are worked out.

    A table may be by a fact that is worked out from another parameter, so what can be typed is
    typed first, until nothing more can.
    """
    waiting = dict(draft.file.parameters)
    parameters: list[DatedParameter] = []
    for name in list(waiting):
        place: Place = ("parameters", name)
        if not is_name(name) or name in TIMES:
            draft.refuse(
                place, f'"{name}" is no name', "use a-z, 0-9 and _, no word of the language"
            )
            del waiting[name]
        elif name in draft.file.facts:
            draft.refuse(place, f'"{name}" is a parameter and a fact', "rename one of them")
            del waiting[name]
    worked_out = [*draft.file.facts, *(draft.file.each.facts if draft.file.each else ())]
    untyped = {name for name in worked_out if name in known and known[name].formula}
    while waiting:
        scope = _build_scope(draft, known, parameters) | dict(outputs)
        for name in sorted(untyped):
            try:
                kind = check(Name(name=name), scope, amount=True)
            except ConditionRefused:
                continue
            known[name] = replace(known[name], type=_TYPE_OF_KIND[kind])
            untyped.discard(name)
        ready = [name for name in waiting if not untyped & set(_by(waiting[name]))]
        for name in ready or list(waiting):
            built, found = build_parameter(name, waiting.pop(name), known, draft.document)
            draft.problems += found
            if built is not None:
                parameters.append(built)
    order = list(draft.file.parameters)
    return known, sorted(parameters, key=lambda parameter: order.index(parameter.name))


def _by(file: ParameterFile) -> list[str]:
    return [file.by] if isinstance(file.by, str) else list(file.by or [])


def _build_scope(
    draft: Draft, known: Mapping[str, Fact], parameters: list[DatedParameter]
) -> dict[str, Definition]:
    shared, made = draft.vocabulary.facts, draft.vocabulary.definitions
    scope: dict[str, Definition] = {
        name: made[name] if shared.get(name) is fact else fact.formula or fact.given
        for name, fact in known.items()
    }
    # kinds do not change over time, so any day serves to check with
    day = date(2000, 1, 1)
    for parameter in parameters:
        definition = definition_of(parameter, day)
        if isinstance(definition, NoValue):
            definition = definition_of(parameter, parameter.spans[-1].start)
        scope[parameter.name] = definition
    return scope | {name: Constant(value=day) for name in TIMES}


def _type_facts(
    draft: Draft, facts: list[Fact], files: Mapping[str, FactFile], at: Place
) -> list[Fact]:
    """Check each formula and give it the type it turned out to have."""
    typed = []
    for fact in facts:
        if fact.formula is None:
            typed.append(fact)
            continue
        place: Place = (*at, fact.name)
        within = parts_of(fact.formula)
        if any(draft.names_rows(part, place) for part in within):
            continue
        parts = list(_written_parts(files[fact.name], fact, place))
        if any(draft.check(part, where, amount=True) is None for _, part, where in parts):
            continue
        kind = draft.check(Name(name=fact.name), place, amount=True)
        if kind is None:
            continue
        for text, part, where in parts:
            draft.doubt(text, part, where)
        shared = draft.vocabulary.facts.get(fact.name)
        declared = files[fact.name].type or (shared.type if shared else None)
        if declared is not None and not _fits(kind, declared):
            draft.refuse(place, f'"{fact.name}" is declared {declared}, its value is {kind}')
        typed.append(replace(fact, type=declared or _TYPE_OF_KIND[kind]))
    return typed


def _written_parts(
    file: FactFile, fact: Fact, place: Place
) -> Iterator[tuple[str, Expression, Place]]:
    """The expressions of a policy's own fact, as typed and as read, with their places."""
    match fact.formula:
        case Formula(expression=expression) if file.is_ is not None:
            yield file.is_, expression, (*place, "is")
        case Choice(cases=cases) if file.choose is not None:
            for number, (case, (test, value)) in enumerate(zip(file.choose, cases, strict=True)):
                at = (*place, "choose", number)
                if case.when is not None and test is not None:
                    yield case.when, test, (*at, "when")
                if case.is_ is not None:
                    yield case.is_, value, (*at, "is")


def _fits(kind: Kind, declared: FactType) -> bool:
    if kind is Kind.NUMBER:
        return declared in _NUMBERS
    if kind is Kind.TEXT:
        return declared in (FactType.TEXT, FactType.CODE)
    return _TYPE_OF_KIND[kind] is declared


def _check_parameters(draft: Draft, parameters: list[DatedParameter]) -> None:
    """Warn of values without a source and of days without a value."""
    start, last = _day(draft.file.effective.from_), _day(draft.file.effective.to)
    for parameter in parameters:
        place: Place = ("parameters", parameter.name)
        for number, span in enumerate(reversed(parameter.spans), start=1):
            if not span.source:
                draft.warn(
                    "no-source",
                    place,
                    f'value {number} of parameter "{parameter.name}" has no source',
                    "name the document and article",
                )
        bare = first_bare_day(parameter, start, last, at=draft.file.effective.at)
        if bare is not None:
            when = ", when the policy begins" if bare == start else ""
            draft.warn(
                "no-value",
                place,
                f'"{parameter.name}" has no value on {bare}{when}',
                "until it has one, whoever needs it stays unknown",
            )


def _day(text: str | None) -> date | None:
    """A day; that it cannot be read is told where dates are read."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


_USES = {"clauses", "benefit", "facts", "tables"}
"""Parts of a policy in which names are used."""


def warn_unused(draft: Draft, tables: Iterable[PolicyTable], frame: FrameUse | None = None) -> None:
    """Warn of what is declared and never used: often a slip of a name.

    What `frame` declares may be left without a use by what the implementation says otherwise.
    """
    spared: set[tuple[str, str]] = set()
    if frame is not None and (frame.dropped or _USES & {kind for kind, _ in frame.replaced}):
        spared = set(frame.taken)
    region, per, each = draft.file.region, draft.file.per, draft.file.each
    named = [
        draft.file.effective.at,
        region.of if isinstance(region, RegionFile) else None,
        per.get("each") if isinstance(per, dict) else None,
    ]
    roots = [*draft.used, *(Name(name=name) for name in named if name)]
    used = reachable_facts(roots, draft.scope)
    if each is not None:
        used |= reachable_facts(draft.row_used, draft.row_scope)
        for name in each.facts:
            if name not in used:
                draft.warn("unused", ("each", "facts", name), f'fact "{name}" is never used')
    for name in draft.file.parameters:
        if name not in used and ("parameters", name) not in spared:
            draft.warn("unused", ("parameters", name), f'parameter "{name}" is never used')
    for table in tables:
        for output in table.outputs:
            if output.name not in used:
                draft.warn(
                    "unused", ("tables", table.name), f'output "{output.name}" is never used'
                )
    for name in draft.file.facts:
        if name not in used and ("facts", name) not in spared:
            draft.warn("unused", ("facts", name), f'fact "{name}" is never used')
