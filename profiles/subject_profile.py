"""A profile (一人一档, 一企一档): a subject's facts, each with its source or why it is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import polars as pl

from language.definition import Constant, Scalar, Scope
from language.expression import Name
from language.frame import facts_of_row, types_of
from language.reference import Facts, evaluate
from language.truth import NONE, NotApplicable
from language.types import FactType
from profiles.answers import CORRECTED, DATASETS, Answer, answers_of
from profiles.dataset import Dataset
from profiles.fact import Fact, Vocabulary
from profiles.measure import Measure
from profiles.precedence import speaking_part
from profiles.snapshot import Part, PartFrames, Snapshot, read_answered, read_part

Standing = Literal[
    "known",
    "does not apply",
    "never delivered",
    "stale",
    "set aside",
    "identifier unclear",
    "no row",
    "rows do not say",
    "not worked out",
    "by hand only",
]
PERSONAL = ("personal", "sensitive")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSource:
    """A dataset as the snapshot has it of one subject.

    `release` and `delivered_on` are None where nothing was delivered. `fresh_until` is the last day
    on which the release counts, None where it does not age. `set_aside`: rows of this subject were;
    `unclear`: changes of its identifier contradict each other, so that rows may be another's.
    `rows` are its rows, `subject` left out; personal columns are not in a snapshot.
    """

    dataset: Dataset
    release: str | None
    delivered_on: date | None
    fresh_until: date | None
    stale: bool
    set_aside: bool
    unclear: bool
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFact:
    """A fact of one subject. `value` is None unless it stands as known; numbers are exact.

    `dataset` is "" where it comes from none. `missing` are the facts that one which is worked out
    lacks. `masked`: it is shown only to whoever says what for. `answer` is set where the subject
    itself gave the value.
    """

    fact: Fact
    value: Scalar | None
    standing: Standing
    dataset: str
    missing: tuple[str, ...]
    masked: bool
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All that a snapshot knows of one subject; `sources` by dataset, delivered or not."""

    subject: str
    kind: str
    as_of: date
    snapshot: str
    facts: tuple[ProfileFact, ...]
    sources: Mapping[str, ProfileSource]


def build_profile(snapshot: Snapshot, part: Part, subject: str, vocabulary: Vocabulary) -> Profile:
    """The profile of a subject, by its surrogate id, that is in this part of the snapshot.

    Raises ValueError where it is not, and `SnapshotDamaged` where the part cannot be trusted.
    """
    whole = read_part(snapshot, part)
    mine = whole.facts.filter(pl.col("subject") == subject)
    if mine.height != 1:
        raise ValueError("the part does not hold this subject")
    sources = _sources_of(snapshot, part.kind, subject, whole, vocabulary)
    scope: Scope = {
        **vocabulary.scope(part.kind),
        "as_of": Constant(value=snapshot.as_of),
    }
    row = mine.row(0, named=True)
    given = facts_of_row(row, types_of(scope))
    answers = answers_of(read_answered(snapshot, part), subject)
    facts = [
        _tell_answered(
            _tell_fact(fact, given, scope, sources, vocabulary),
            answers.get(name),
            sources.get(DATASETS.get(part.kind, "")),
        )
        for name, fact in vocabulary.facts.items()
        if fact.of in (part.kind, "region") and "::" not in name
    ]
    return Profile(
        subject=subject,
        kind=part.kind,
        as_of=snapshot.as_of,
        snapshot=snapshot.hash,
        facts=tuple(facts),
        sources=sources,
    )


def _sources_of(
    snapshot: Snapshot, kind: str, subject: str, whole: PartFrames, vocabulary: Vocabulary
) -> dict[str, ProfileSource]:
    used = {release.dataset: release for release in snapshot.releases}
    aside = set(whole.doubtful.filter(pl.col("subject") == subject)["dataset"])
    unclear = subject in snapshot.unclear
    found = {}
    for name, dataset in vocabulary.datasets.items():
        if dataset.kind not in (kind, "region"):
            continue
        release = used.get(name)
        days = dataset.fresh_within_days
        rows = whole.rows.get(name, pl.DataFrame(schema={"subject": pl.String}))
        found[name] = ProfileSource(
            dataset=dataset,
            release=release.hash if release else None,
            delivered_on=release.delivered_on if release else None,
            fresh_until=release.delivered_on + timedelta(days=days) if release and days else None,
            stale=release.stale if release else False,
            set_aside=name in aside and not unclear,
            unclear=unclear and dataset.kind == kind,
            rows=rows.filter(pl.col("subject") == subject).drop("subject"),
        )
    return found


def _tell_fact(
    fact: Fact,
    given: Facts,
    scope: Scope,
    sources: Mapping[str, ProfileSource],
    vocabulary: Vocabulary,
) -> ProfileFact:
    measured = _measured(fact, vocabulary)
    if measured.others:
        measured = vocabulary.facts[speaking_part(fact.name, vocabulary.facts, given)]
    dataset = measured.measure.dataset if measured.measure else ""
    missing: tuple[str, ...] = ()
    value = given.get(fact.name)
    standing: Standing
    if fact.formula is not None:
        worked_out = evaluate(Name(name=fact.name), scope, given)
        value = worked_out.value
        standing = "known" if value is not None else "not worked out"
        if value is None and dataset:
            standing = _why_missing(measured, sources.get(dataset))
        elif value is None:
            missing = tuple(sorted({name.split("::")[0] for name in worked_out.missing}))
    elif value is NONE:
        standing = "does not apply"
    elif value is not None:
        standing = "known"
    else:
        standing = _why_missing(fact, sources.get(dataset))
    return ProfileFact(
        fact=fact,
        value=None if isinstance(value, NotApplicable) else value,
        standing=standing,
        dataset=dataset,
        missing=missing,
        masked=_is_masked(fact, vocabulary),
    )


def _tell_answered(
    told: ProfileFact, answer: Answer | None, answers: ProfileSource | None
) -> ProfileFact:
    """The fact as the subject's own answer, where one counts or was set aside."""
    if answers is None or not told.fact.answers:
        return told
    if answer is not None:
        return replace(told, answer=answer, dataset=answers.dataset.name)
    if answers.set_aside and CORRECTED in told.fact.answers:
        return replace(told, standing="set aside", dataset=answers.dataset.name)
    return told


def _measured(fact: Fact, vocabulary: Vocabulary) -> Fact:
    """The fact that is measured for this one: an average is worked out from a sum and a count."""
    if fact.measure is None:
        for name, part in vocabulary.facts.items():
            if name.startswith(fact.name + "::"):
                return part
    return fact


def _why_missing(fact: Fact, source: ProfileSource | None) -> Standing:
    if fact.measure is None or source is None:
        return "by hand only"
    if source.release is None:
        return "never delivered"
    if source.stale:
        return "stale"
    if source.unclear:
        return "identifier unclear"
    if source.set_aside:
        return "set aside"
    # a region's rows are not the subject's: it has the nearest region's figure, or none
    return "no row" if source.rows.is_empty() or fact.of == "region" else "rows do not say"


def _is_masked(fact: Fact, vocabulary: Vocabulary) -> bool:
    """A free text, which may hold a name, or a column that its department declares personal."""
    if fact.type is FactType.TEXT and fact.formula is None:
        return True
    return any(_measures_personal(measure, vocabulary) for measure in fact.measures)


def _measures_personal(measure: Measure, vocabulary: Vocabulary) -> bool:
    if measure.dataset not in vocabulary.datasets:
        return False
    column = vocabulary.row_sets[measure.rows].columns.get(measure.column)
    columns = vocabulary.datasets[measure.dataset].columns
    delivered = columns.get(column.dataset_column or "") if column else None
    return delivered is not None and delivered.sensitivity in PERSONAL
