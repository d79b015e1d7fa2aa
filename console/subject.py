"""One subject of a snapshot, found by its id or identifier, with the sources of its facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from console.settings import Settings, read_key
from console.wiring import KINDS
from engine.explanation import Source
from engine.program import Bound, Program, bind
from language.frame import facts_of_row
from language.reference import Facts
from profiles.dataset import Dataset
from profiles.identifier import check_identifiers, subject_ids
from profiles.snapshot import Snapshot, read_part

IDENTIFIERS = {"enterprise": "uscc", "resident": "resident_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSubject:
    """A subject of a snapshot with its facts, as the reference reads them, and their sources."""

    subject: str
    kind: str
    row: Mapping[str, Any]
    sources: Mapping[str, Source]

    def facts(self, bound: Bound) -> Facts:
        """The facts that a policy uses."""
        return facts_of_row(self.row, bound.types)


def find_subject(
    settings: Settings, snapshot: Snapshot, datasets: Mapping[str, Dataset], text: str
) -> FoundSubject | None:
    """The subject of a surrogate id or an identifier; None where the snapshot has none such."""
    wanted = {text}
    for kind, identifier in IDENTIFIERS.items():
        checked = check_identifiers(identifier, pl.Series([text], dtype=pl.String))
        if checked["reason"][0] is None:
            wanted |= set(subject_ids(kind, checked["value"], read_key(settings)))
    for kind in KINDS:
        for part in snapshot.parts(kind):
            facts = read_part(snapshot, part, datasets=[]).facts
            rows = facts.filter(pl.col("subject").is_in(list(wanted)))
            if rows.height:
                row = rows.row(0, named=True)
                return FoundSubject(
                    subject=row["subject"],
                    kind=kind,
                    row=row,
                    sources=sources_of(snapshot, datasets),
                )
    return None


def sources_of(snapshot: Snapshot, datasets: Mapping[str, Dataset]) -> dict[str, Source]:
    """Where each fact of a snapshot came from."""
    found = {}
    for name, source in snapshot.facts.items():
        if source.release is None or source.delivered_on is None:
            continue
        found[name] = Source(
            dataset=source.dataset,
            department=datasets[source.dataset].department.zh,
            release=source.release[:12],
            delivered_on=source.delivered_on,
        )
    return found


def bounds_for(program: Program, kind: str, as_of: date, policy: str | None) -> list[Bound]:
    """The policies for a kind of subject on a day, also those out of force; or one by its id."""
    return [
        bind(p, program.vocabulary, as_of)
        for p in program.policies
        if p.audience == kind and (policy is None or policy in (p.id, p.key))
    ]
