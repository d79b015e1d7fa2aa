"""Parameters: named values with dates and a legal source for each."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from language.definition import (
    Constant,
    Dated,
    Definition,
    NoValue,
    Span,
    Table,
    Tier,
    Tiers,
    kind_of_scalar,
)
from language.document import Document, Place
from language.errors import Problem
from language.expression import Name, is_name
from language.number import parse_number
from language.types import FactType, Kind, kind_of
from policies.axis import Shape
from policies.cell import GB2260
from policies.doubt import unit_shown
from policies.policy import DatedParameter, ParameterSpan
from policies.policy_file import ParameterFile, TierFile, ValueFile
from policies.table import Report, build_table, parse_value
from profiles.fact import Fact

ALWAYS = date(1, 1, 1)
DAYS_OF_RUN = ("as_of", "period_start", "period_end")
"""The days that may choose among dated values although they are no facts."""
STEPS = {FactType.INTEGER: Fraction(1), FactType.MONEY: Fraction(1, 100)}
"""How far apart neighbouring values of a type are."""
NO_END = ("up_to", "unlimited")
"""A tier without an end, said."""
_FORMS = ("value", "rows", "list_", "tiers")


def build_parameter(
    name: str,
    file: ParameterFile,
    facts: Mapping[str, Fact],
    document: Document,
) -> tuple[DatedParameter | None, list[Problem]]:
    """The parameter an author wrote; `facts` are those its `by` and `at` may name."""
    place: Place = ("parameters", name)
    problems: list[Problem] = []
    by = (file.by,) if isinstance(file.by, str) else tuple(file.by or ())
    chosen = [("by", key) for key in by]
    if file.at is not None and file.at not in DAYS_OF_RUN:
        chosen.append(("at", file.at))
    for where, key in chosen:
        if key in facts:
            continue
        remedy = "declare it under facts:"
        if not is_name(key):
            remedy = "a formula has a name here: declare it under facts: with is:"
        problems.append(document.problem((*place, where), f'unknown fact "{key}"', remedy))
    single = any(getattr(file, form) is not None for form in _FORMS)
    if single == (file.values is not None):
        problems.append(
            document.problem(
                place,
                f'parameter "{name}" needs one of value, rows, list, tiers, or dated values',
            )
        )
    if problems:
        return None, problems
    entries: list[tuple[Place, ValueFile]] = [(place, file)]
    if file.values is not None:
        entries = [((*place, "values", i), entry) for i, entry in enumerate(file.values)]
    spans = []
    for at, entry in entries:
        span, found = _build_span(entry, at, file, by, facts, document)
        problems += found
        if span is not None:
            spans.append(span)
    if problems or not spans:
        return None, problems
    kinds = {_kind(span.value) for span in spans}
    if len(kinds) > 1:
        return None, [document.problem(place, f'values of "{name}" are of different kinds')]
    problems += _clashes(name, spans, document, place)
    # a temporary value stands before the one it interrupts, so the first that holds counts
    spans.sort(key=lambda span: span.start, reverse=True)
    label = file.label or file.says
    parameter = DatedParameter(
        name=name,
        label=label.zh if label else "",
        label_en=(label.en if label else "") or name.replace("_", " "),
        unit=unit_shown(file),
        at=file.at,
        spans=tuple(spans),
    )
    return (None if problems else parameter), problems


def _clashes(
    name: str, spans: list[ParameterSpan], document: Document, place: Place
) -> list[Problem]:
    starts = [span.start for span in spans]
    twice = {start for start in starts if starts.count(start) > 1}
    return [
        document.problem(place, f'"{name}" has two values from {start}', "keep one of them")
        for start in sorted(twice)
    ]


def _build_span(
    entry: ValueFile,
    place: Place,
    file: ParameterFile,
    by: tuple[str, ...],
    facts: Mapping[str, Fact],
    document: Document,
) -> tuple[ParameterSpan | None, list[Problem]]:
    problems: list[Problem] = []

    def report(message: str, remedy: str) -> None:
        problems.append(document.problem(place, message, remedy))

    start, end = ALWAYS, None
    for key, text in (("from", entry.from_), ("to", entry.to)):
        if text is None:
            continue
        try:
            day = date.fromisoformat(text)
        except ValueError:
            problems.append(
                document.problem((*place, key), f'"{text}" is not a day', "write 2024-05-01")
            )
            continue
        start, end = (day, end) if key == "from" else (start, day)
    if end is not None and end < start:
        report("the value ends before it begins", "correct from or to")
    forms = [form for form in _FORMS if getattr(entry, form) is not None]
    if len(forms) != 1:
        report("write exactly one of value, rows, list, tiers", "")
        return None, problems
    value: Constant | Table | Tiers | None = None
    form = forms[0]
    if form == "value":
        try:
            plain = parse_value(entry.value or "", file.type, ceiling=True)
            value = None if plain is None else Constant(value=plain)
            if plain is None:
                report("a parameter needs a value", "")
        except ValueError as error:
            report(str(error), "")
    elif not by:
        report(f'"{form.rstrip("_")}" needs "by:", the fact that chooses', "")
    elif form == "tiers":
        value = _build_tiers(entry.tiers or [], by, report)
    else:
        names = tuple(Name(name=key) for key in by)
        shapes = tuple(shape_of(facts[key], file.system) for key in by)
        rows: dict[str, object] = dict(entry.rows or {})
        if form == "list_":
            rows = {", ".join(entry.list_ or []): "true", "else": "false"}
        value = build_table(names, shapes, rows, file.type, report)
    source = entry.source or file.source or ""
    if problems or value is None:
        return None, problems
    return ParameterSpan(start=start, end=end, value=value, source=source), []


def shape_of(fact: Fact, system: str | None = None) -> Shape:
    """What values a fact may have, for the rows of a table."""
    known = system or fact.system
    return Shape(
        name=fact.name,
        kind=kind_of(fact.type),
        step=STEPS.get(fact.type),
        closed=fact.values,
        may_not_apply=fact.may_not_apply,
        system=GB2260 if known.startswith(GB2260) else known,
    )


def _build_tiers(files: list[TierFile], by: tuple[str, ...], say: Report) -> Tiers | None:
    if len(by) != 1 or not files:
        say("tiers are by one fact, and at least one", "")
        return None
    tiers = []
    for file in files:
        try:
            numbers = {
                key: None if text is None or (key, text) == NO_END else parse_number(text)
                for key, text in (
                    ("over", file.over),
                    ("up_to", file.up_to),
                    ("each", file.each),
                    ("gives", file.gives),
                    ("rate", file.rate),
                )
            }
        except ValueError as error:
            say(str(error), "")
            return None
        if (numbers["rate"] is None) == (numbers["gives"] is None) or (
            numbers["each"] is not None and (numbers["gives"] is None or numbers["each"] <= 0)
        ):
            say("a tier has a rate, or gives (for each …)", "")
            return None
        over, up_to = numbers["over"], numbers["up_to"]
        assert over is not None
        if up_to is not None and up_to <= over:
            say(
                f"the tier over {file.over} up to {file.up_to} is empty",
                "it ends above its beginning",
            )
            return None
        tiers.append(
            Tier(
                over=over,
                up_to=up_to,
                rate=numbers["rate"],
                each=numbers["each"],
                gives=numbers["gives"],
            )
        )
    return Tiers(by=Name(name=by[0]), tiers=tuple(tiers))


def _kind(value: Constant | Table | Tiers) -> Kind:
    match value:
        case Constant(value=plain):
            return kind_of_scalar(plain)
        case Table(kind=kind):
            return kind
        case Tiers():
            return Kind.NUMBER


def definition_of(parameter: DatedParameter, as_of: date) -> Definition:
    """What the parameter stands for in a run on `as_of`."""
    if parameter.at is not None:
        spans = tuple(
            Span(start=span.start, end=span.end, value=span.value) for span in parameter.spans
        )
        return Dated(at=Name(name=parameter.at), spans=spans, kind=_kind(spans[0].value))
    span = span_on(parameter, as_of)
    return NoValue(kind=_kind(parameter.spans[0].value)) if span is None else span.value


def span_on(parameter: DatedParameter, day: date) -> ParameterSpan | None:
    """The value in force on a day: the latest begun that has not ended."""
    for span in parameter.spans:
        if span.start <= day and (span.end is None or day <= span.end):
            return span
    return None


def first_bare_day(
    parameter: DatedParameter, start: date | None, last: date | None, *, at: str | None
) -> date | None:
    """The first day from `start` to `last` on which the parameter has no value, None where none.

    A parameter chosen by a date fact reaches from its first value to its last, unless the policy
    is in force by the same fact (`at`): then it must reach as far as the policy.
    """
    ends = [span.end for span in parameter.spans]
    if parameter.at is not None and parameter.at != at:
        start = min(span.start for span in parameter.spans)
        last = None if None in ends else max(end for end in ends if end is not None)
    if start is None:
        return None
    after = [end + timedelta(days=1) for end in ends if end is not None and end < date.max]
    for day in sorted({start, *after}):
        if start <= day and (last is None or day <= last) and span_on(parameter, day) is None:
            return day
    return None
