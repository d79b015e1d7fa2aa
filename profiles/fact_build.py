"""From a fact as its author wrote it to a fact, with what is wrong with it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

from language.definition import Formula, Scalar
from language.document import Document, Place
from language.errors import Problem
from language.expression import Arithmetic, Name, is_name
from language.types import FactType, kind_of
from profiles.fact import Fact
from profiles.fact_file import Audience, FactFile, LabelFile, ValueFile
from profiles.formula import build_formula, parse_scalar
from profiles.measure import Measure
from profiles.measure_build import build_measure, build_others, type_of_measure
from profiles.part_name import part_name
from profiles.row_set import RowSet

SUM, COUNT = "::sum", "::count"


def build_fact(
    name: str,
    entry: FactFile,
    document: Document,
    place: Place,
    row_sets: Mapping[str, RowSet],
    *,
    of: Audience | None = None,
    inferred: FactType | None = None,
    here: RowSet | None = None,
) -> tuple[list[Fact], list[Problem]]:
    """The fact an author wrote, with the hidden sum and count of an average; or the problems.

    `of` and `inferred` are what a policy supplies for its own facts, `here` the rows they stand in.
    """
    problems: list[Problem] = []
    if not is_name(name):
        problems.append(
            document.problem(
                place,
                f'"{name}" is no name for a fact',
                "use a-z, 0-9 and _, no word of the language and not subject",
            )
        )
    audience = entry.of or of
    if audience is None:
        problems.append(document.problem(place, f'"{name}" does not say of whom it is', "add of:"))
        audience = "enterprise"
    label = entry.label if isinstance(entry.label, LabelFile) else LabelFile(zh=entry.label or "")
    formula, found = build_formula(entry, document, place)
    problems += found
    measure, average_of, found = build_measure(
        entry, document, place, row_sets, own=of is not None, here=here
    )
    problems += found
    others, found = build_others(entry, document, place, row_sets, own=of is not None)
    problems += found
    for other in others:
        problems += _check_audience(name, audience, other, document, place, row_sets)
    if measure is not None:
        problems += _check_audience(name, audience, measure, document, place, row_sets)
    if formula is not None and entry.from_ is not None:
        problems.append(document.problem(place, f'"{name}" has both a formula and "from"'))
    measured = type_of_measure(measure, average_of, row_sets)
    fact_type = entry.type or inferred or measured
    if fact_type and measured and not holds_type(fact_type, measured, average_of is not None):
        problems.append(
            document.problem(place, f'"{name}" is declared {fact_type}, its measure is {measured}')
        )
    if fact_type is None:
        if formula is None and not problems:
            problems.append(
                document.problem(
                    place, f'"{name}" has no type', f"add type: {' | '.join(FactType)}"
                )
            )
        fact_type = FactType.NUMBER
    for other in others:
        kind = type_of_measure(other, None, row_sets)
        if kind is not None and not holds_type(fact_type, kind):
            message = f'"{name}" is {fact_type}, of "{other.rows}" it is {kind}'
            problems.append(document.problem((*place, "else_from"), message))
    if entry.values and fact_type not in (FactType.CODE, FactType.TEXT):
        message = f'"{name}" is {fact_type}: only codes and texts have a closed list of values'
        problems.append(document.problem((*place, "values"), message, "ask for it in a clause"))
    absent, may_not_apply, found = build_absent(
        entry, fact_type, others[-1] if others else measure, document, place, row_sets
    )
    problems += found
    if entry.null is not None and not may_not_apply:
        message = f'"{name}" always applies, so null cannot say that it does not'
        problems.append(
            document.problem((*place, "null"), message, "add absent: none, or leave null out")
        )
    problems += _check_answers(
        name, entry, audience, fact_type, document, place, own=of is not None
    )
    if problems:
        return [], problems
    built: list[Fact] = []
    if others and measure is not None:
        built += _parts(name, audience, label, fact_type, (measure, *others), absent, row_sets)
        absent = None  # the last department's, and so in its part
    if average_of is not None and measure is not None:
        formula, parts = _average(name, audience, measure, average_of, row_sets)
        built += parts
        measure = None
    built.append(
        Fact(
            name=name,
            of=audience,
            label_zh=label.zh or entry.says or "",
            label_en=label.en,
            type=fact_type,
            unit=entry.unit or "",
            system=entry.system or "",
            values=tuple(entry.values),
            says=entry.says or "",
            source=entry.source or "",
            measure=measure,
            others=others,
            formula=formula,
            absent=absent,
            may_not_apply=may_not_apply,
            null_is_none=entry.null is not None,
            answers=tuple(dict.fromkeys(entry.answers)),
        )
    )
    return built, []


def _check_answers(
    name: str,
    entry: FactFile,
    audience: Audience,
    fact_type: FactType,
    document: Document,
    place: Place,
    *,
    own: bool,
) -> list[Problem]:
    """People answer what departments measure or nobody does, about themselves, in closed forms."""
    if not entry.answers:
        return []
    at = (*place, "answers")
    worked_out = entry.is_ is not None or entry.choose is not None or entry.average is not None
    refusals = (
        (
            own,
            f'"{name}" is the policy\'s own: answers go into snapshots',
            "declare the fact in a vocabulary file",
        ),
        (
            audience not in ("enterprise", "resident"),
            f'"{name}" is of {audience}: only enterprises and residents answer',
            "let it be measured from rows, or leave answers out",
        ),
        (
            worked_out,
            f'"{name}" is worked out from other facts',
            "let those be answered",
        ),
        (
            fact_type is FactType.TEXT,
            f'"{name}" is a text, which may hold anything',
            "make it a code with its values",
        ),
    )
    return [document.problem(at, told, remedy) for holds, told, remedy in refusals if holds]


def _parts(
    name: str,
    of: Audience,
    label: LabelFile,
    fact_type: FactType,
    measures: tuple[Measure, ...],
    absent: Scalar | None,
    row_sets: Mapping[str, RowSet],
) -> list[Fact]:
    """What each department says, as hidden facts; only the last can say what no row means."""
    parts = []
    for place, measure in enumerate(measures, start=1):
        rows = row_sets[measure.rows]
        parts.append(
            Fact(
                name=part_name(name, place),
                of=of,
                label_zh=f"{label.zh}（{rows.label_zh}）",
                label_en=f"{label.en} ({rows.label_en})",
                type=fact_type,
                measure=measure,
                absent=absent if place == len(measures) else None,
            )
        )
    return parts


def _check_audience(
    name: str,
    audience: Audience,
    measure: Measure,
    document: Document,
    place: Place,
    row_sets: Mapping[str, RowSet],
) -> list[Problem]:
    """The rows are those of the subject itself; only `match` reaches the rows of others."""
    of = row_sets[measure.rows].of
    if of is None or of == audience or measure.match:
        return []
    message = f'"{name}" is of {audience}, "{measure.rows}" holds rows of {of}'
    remedy = "declare the fact for them in a vocabulary file"
    return [document.problem((*place, "from"), message, remedy)]


def holds_type(declared: FactType, measured: FactType, average: bool = False) -> bool:
    """Whether a fact of the declared type holds what is measured without changing its unit."""
    if declared is measured:
        return True
    if average:
        # a quotient is exact whatever it is called
        return kind_of(declared) is kind_of(measured)
    wider = {
        FactType.RATIO: (FactType.NUMBER, FactType.INTEGER),
        FactType.NUMBER: (FactType.RATIO, FactType.INTEGER),
        FactType.TEXT: (FactType.CODE,),
        FactType.CODE: (FactType.TEXT,),
    }
    return measured in wider.get(declared, ())


def _average(
    name: str, of: Audience, measure: Measure, column: str, row_sets: Mapping[str, RowSet]
) -> tuple[Formula, list[Fact]]:
    """An average stays a quotient of two measures, so that it is never stored rounded."""
    parts = []
    for suffix, function in ((SUM, "sum"), (COUNT, "count")):
        rows = replace(
            measure,
            function="sum" if function == "sum" else "count",
            column=column if function == "sum" else "rows",
        )
        kind = row_sets[measure.rows].columns[column].type
        parts.append(
            Fact(
                name=name + suffix,
                of=of,
                label_zh="",
                label_en="",
                type=kind if function == "sum" else FactType.INTEGER,
                measure=rows,
            )
        )
    quotient = Arithmetic(operator="div", left=Name(name=name + SUM), right=Name(name=name + COUNT))
    return Formula(expression=quotient), parts


def build_absent(
    entry: ValueFile,
    fact_type: FactType,
    measure: Measure | None,
    document: Document,
    place: Place,
    row_sets: Mapping[str, RowSet],
) -> tuple[Scalar | None, bool, list[Problem]]:
    """The value of no row, whether that means "does not apply", and what is wrong with it."""
    if entry.absent is None or entry.absent == "unknown":
        return None, False, []
    at = (*place, "absent")
    if measure is not None and not row_sets[measure.rows].complete:
        return (
            None,
            False,
            [
                document.problem(
                    at,
                    f'"{measure.rows}" is not complete: no row there says nothing',
                    "give the dataset complete: with the authority for it, or leave absent out",
                )
            ],
        )
    if entry.absent == "none":
        return None, True, []
    if isinstance(entry.absent, dict):
        if set(entry.absent) != {"value"}:
            return None, False, [document.problem(at, 'write a value, "none" or {value: …}')]
        value: Scalar = entry.absent["value"]
    else:
        value = parse_scalar(entry.absent)
    if kind_of(fact_type) is kind_of(FactType.TEXT):
        value = entry.absent["value"] if isinstance(entry.absent, dict) else entry.absent
    fits = {
        FactType.BOOLEAN: isinstance(value, bool),
        FactType.DATE: isinstance(value, date),
        FactType.CODE: isinstance(value, str) and (not entry.values or value in entry.values),
        FactType.TEXT: isinstance(value, str),
    }.get(fact_type, isinstance(value, Fraction))
    if not fits:
        return None, False, [document.problem(at, f'"{value}" is no {fact_type}')]
    return value, False, []
