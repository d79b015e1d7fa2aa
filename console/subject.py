"""One subject of a snapshot, found by its id or identifier, with the sources of its facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl
from rich.markup import escape

from console import show
from console.settings import Settings, read_key
from engine.city_evaluation import KINDS
from engine.evaluate_rows import rows_by_subject
from engine.explanation import Source
from engine.own_measures import add_own_measures, datasets_needed
from engine.program import Bound, Program, bind
from engine.row_frames import row_frame_of_part
from engine.rows import MISSING_ROWS, RowsGiven
from language.frame import facts_of_row
from language.reference import Facts
from profiles.answers import DATASETS, answers_of
from profiles.dataset import Dataset
from profiles.former_lookup import list_successors
from profiles.identifier import check_identifiers, mask, subject_ids
from profiles.precedence import speaking_part
from profiles.snapshot import Part, PartFrames, Snapshot, read_answered, read_part

_NOT_DOUBTFUL = pl.DataFrame(schema={"dataset": pl.String, "subject": pl.String})
IDENTIFIERS = {"enterprise": "uscc", "resident": "resident_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSubject:
    """A subject of a snapshot with its facts, as the reference reads them, and their sources.

    `by_former`: it was looked for under an identifier, or the id of one, that it no longer has.
    """

    subject: str
    kind: str
    frame: pl.DataFrame
    snapshot: Snapshot
    part: Part
    datasets: Mapping[str, Dataset]
    by_former: bool

    def facts(self, bound: Bound) -> Facts:
        """The facts that a policy uses, those that it measures itself among them."""
        return facts_of_row(self._measured(bound)[0].row(0, named=True), bound.types)

    def rows(self, bound: Bound) -> RowsGiven:
        """The rows that a policy decides; missing ones where it decides none."""
        if bound.policy.each is None:
            return MISSING_ROWS
        frame, part = self._measured(bound)
        given = row_frame_of_part(bound, frame, part.rows, part.doubtful)
        return rows_by_subject(bound, frame["subject"], given).get(self.subject, MISSING_ROWS)

    def _own_answers(self) -> dict[str, Source]:
        """The facts that the subject has answered or corrected itself."""
        counting = answers_of(read_answered(self.snapshot, self.part), self.subject)
        source = _source_of_dataset(self.snapshot, self.datasets, DATASETS.get(self.kind))
        if source is None:
            return {}
        return {name: replace(source, answer=answer) for name, answer in counting.items()}

    def _measured(self, bound: Bound) -> tuple[pl.DataFrame, PartFrames]:
        """The subject's facts with those that the policy measures itself, and its rows."""
        part = PartFrames(facts=self.frame, rows={}, doubtful=_NOT_DOUBTFUL)
        needed = datasets_needed([bound])
        if needed:
            whole = read_part(self.snapshot, self.part, datasets=needed)
            mine = pl.col("subject") == self.subject
            rows = {name: rows.filter(mine) for name, rows in whole.rows.items()}
            part = PartFrames(facts=self.frame, rows=rows, doubtful=whole.doubtful)
        return add_own_measures([bound], self.frame, part.rows, part.doubtful), part

    def sources(self, bound: Bound) -> Mapping[str, Source]:
        """Where each fact came from, by the policy's own measures where it has them."""
        shared = sources_of(self.snapshot, self.datasets, self.frame) | self._own_answers()
        own = {}
        for measured in bound.own_measures:
            shared.pop(measured.fact.name, None)
            source = _source_of_dataset(self.snapshot, self.datasets, measured.row_set.dataset)
            if source is not None:
                own[measured.fact.name] = source
        return shared | own


def find_subject(
    settings: Settings, snapshot: Snapshot, datasets: Mapping[str, Dataset], text: str
) -> FoundSubject | None:
    """The subject of a surrogate id or an identifier; None where the snapshot has none such.

    Where nobody has the identifier now, whoever had it before is found by the changes that the
    snapshot was built with.
    """
    wanted = [text]
    for kind, identifier in IDENTIFIERS.items():
        checked = check_identifiers(identifier, pl.Series([text], dtype=pl.String))
        if checked["reason"][0] is None:
            wanted.extend(subject_ids(kind, checked["value"], read_key(settings)))
    found = _find_one(snapshot, datasets, wanted)
    if found is not None:
        return found
    became = dict(snapshot.former)
    later = [became[subject] for subject in wanted if subject in became]
    if not later:
        successors = list_successors(snapshot, settings.releases, datasets, text)
        for kind, successor in successors:
            later.extend(subject_ids(kind, pl.Series([successor]), read_key(settings)))
    found = _find_one(snapshot, datasets, later)
    return None if found is None else replace(found, by_former=True)


def _find_one(
    snapshot: Snapshot, datasets: Mapping[str, Dataset], wanted: Sequence[str]
) -> FoundSubject | None:
    """The first subject of the snapshot that has one of these ids."""
    for kind in KINDS if wanted else ():
        for part in snapshot.parts(kind):
            facts = read_part(snapshot, part, datasets=[]).facts
            rows = facts.filter(pl.col("subject").is_in(list(wanted)))
            if rows.height:
                return FoundSubject(
                    subject=rows["subject"][0],
                    kind=kind,
                    frame=rows.head(1),
                    snapshot=snapshot,
                    part=part,
                    datasets=datasets,
                    by_former=False,
                )
    return None


def say_former(found: FoundSubject, text: str) -> None:
    """Say so where the subject was found under an identifier that it no longer has."""
    if found.by_former:
        told = f"{mask(text)} is a former identifier: this is {found.subject}, as it is known now"
        show.err.print(f"[yellow]{escape(told)}[/]")


def sources_of(
    snapshot: Snapshot, datasets: Mapping[str, Dataset], facts: pl.DataFrame | None = None
) -> dict[str, Source]:
    """Where each fact of a snapshot came from; of several departments whose value counts for the
    one subject of `facts`."""
    row = facts.row(0, named=True) if facts is not None and facts.height else {}
    found = {}
    for name in snapshot.facts:
        source = snapshot.facts[speaking_part(name, snapshot.facts, row)]
        if source.release is None or source.delivered_on is None:
            continue
        found[name] = Source(
            dataset=source.dataset,
            department=datasets[source.dataset].department.zh,
            release=source.release[:12],
            delivered_on=source.delivered_on,
        )
    return found


def _source_of_dataset(
    snapshot: Snapshot, datasets: Mapping[str, Dataset], dataset: str | None
) -> Source | None:
    """The release of a dataset that the snapshot was built with; None where it was stale or none
    came."""
    for used in snapshot.releases:
        if used.dataset == dataset and not used.stale:
            return Source(
                dataset=used.dataset,
                department=datasets[used.dataset].department.zh,
                release=used.hash[:12],
                delivered_on=used.delivered_on,
            )
    return None


def bounds_for(program: Program, kind: str, as_of: date, policy: str | None) -> list[Bound]:
    """The policies for a kind of subject on a day, also those out of force; or one by its id."""
    return [
        bind(p, program.vocabulary, as_of)
        for p in program.policies
        if p.audience == kind and (policy is None or policy in (p.id, p.key))
    ]
