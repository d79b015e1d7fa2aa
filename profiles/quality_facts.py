"""How complete the facts of a snapshot are: of how many subjects each is known, and why it is not
of the others."""

from collections import Counter
from dataclasses import dataclass

import polars as pl

from language.column import NOT_APPLICABLE
from profiles.fact import Fact, Vocabulary
from profiles.ingest import Progress
from profiles.snapshot import PartFrames, Snapshot, read_part


@dataclass(frozen=True, slots=True, kw_only=True)
class FactQuality:
    """A measured fact over all subjects of a kind, each counted once.

    `known` have a value, `not_applicable` a row that says so or none in a complete dataset; of the
    others the dataset was `never_delivered`, is `stale`, had rows of theirs `set_aside`, or has no
    row or no value of them (`not_said`).
    """

    fact: Fact
    kind: str
    dataset: str
    subjects: int
    known: int
    not_applicable: int
    never_delivered: int
    stale: int
    set_aside: int
    not_said: int

    @property
    def completeness(self) -> float | None:
        """The share of subjects of whom it is settled, None without subjects."""
        settled = self.known + self.not_applicable
        return settled / self.subjects if self.subjects else None


def measure_facts(
    snapshot: Snapshot, vocabulary: Vocabulary, on_progress: Progress | None = None
) -> tuple[FactQuality, ...]:
    """Every measured fact of the snapshot with its counts, by kind of subject; part by part."""
    tell = on_progress or (lambda what, done, total: None)
    counts: dict[tuple[str, str], Counter[str]] = {}
    todo = [part for part in snapshot.all_parts if part.kind != "region"]
    for number, part in enumerate(todo):
        tell("counting facts", number, len(todo))
        frames = read_part(snapshot, part, datasets=[])
        for fact in _facts_of(vocabulary, part.kind, frames.facts):
            tally = counts.setdefault((part.kind, fact.name), Counter())
            tally.update(_count(fact, frames))
    tell("counting facts", len(todo), len(todo))
    standing = {
        release.dataset: "stale" if release.stale else "delivered" for release in snapshot.releases
    }
    return tuple(
        _summarise(vocabulary.facts[name], kind, tally, standing)
        for (kind, name), tally in counts.items()
    )


def _facts_of(vocabulary: Vocabulary, kind: str, facts: pl.DataFrame) -> list[Fact]:
    return [
        fact
        for name, fact in vocabulary.facts.items()
        if fact.of in (kind, "region")
        and fact.measure is not None
        and fact.measure.dataset
        and "::" not in name
        and name in facts.columns
    ]


def _count(fact: Fact, frames: PartFrames) -> dict[str, int]:
    assert fact.measure is not None
    column = frames.facts[fact.name]
    missing = column.is_null()
    flag = fact.name + NOT_APPLICABLE
    if flag in frames.facts.columns:
        missing &= ~frames.facts[flag].fill_null(False)
    doubtful = frames.doubtful.filter(pl.col("dataset") == fact.measure.dataset)["subject"]
    aside = missing & frames.facts["subject"].is_in(doubtful.implode())
    known = column.len() - column.null_count()
    return {
        "subjects": column.len(),
        "known": known,
        "missing": int(missing.sum()),
        "set_aside": int(aside.sum()) if fact.of != "region" else 0,
    }


def _summarise(fact: Fact, kind: str, tally: Counter[str], standing: dict[str, str]) -> FactQuality:
    assert fact.measure is not None
    dataset = fact.measure.dataset
    missing, aside = tally["missing"], tally["set_aside"]
    delivered = standing.get(dataset)
    return FactQuality(
        fact=fact,
        kind=kind,
        dataset=dataset,
        subjects=tally["subjects"],
        known=tally["known"],
        not_applicable=tally["subjects"] - tally["known"] - missing,
        never_delivered=missing if delivered is None else 0,
        stale=missing if delivered == "stale" else 0,
        set_aside=aside if delivered == "delivered" else 0,
        not_said=missing - aside if delivered == "delivered" else 0,
    )
