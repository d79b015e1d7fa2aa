"""How complete the facts of a snapshot are: of how many subjects each is known, and why it is not
of the others."""

from collections import Counter
from dataclasses import dataclass

import polars as pl

from language.column import NOT_APPLICABLE
from profiles.fact import Fact, Vocabulary
from profiles.ingest import Progress
from profiles.precedence import count_disagreements, find_disagreements
from profiles.snapshot import PartFrames, Snapshot, read_part


@dataclass(frozen=True, slots=True, kw_only=True)
class FactQuality:
    """A measured fact over all subjects of a kind, each counted once.

    `known` have a value, `not_applicable` a row that says so or none in a complete dataset; of the
    others its `datasets` were `never_delivered`, are `stale`, had rows of theirs `set_aside`, or
    have no row or no value of them (`not_said`).
    """

    fact: Fact
    kind: str
    datasets: tuple[str, ...]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Two departments that say different things of one fact, of so many subjects; `counts` is the
    dataset whose value is taken, `differs` the other."""

    fact: Fact
    kind: str
    counts: str
    differs: str
    subjects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFacts:
    """The facts of a snapshot, and where departments contradict each other."""

    facts: tuple[FactQuality, ...]
    disagreements: tuple[Disagreement, ...]


def measure_facts(
    snapshot: Snapshot, vocabulary: Vocabulary, on_progress: Progress | None = None
) -> SeenFacts:
    """Every measured fact of the snapshot with its counts, by kind of subject; part by part."""
    tell = on_progress or (lambda what, done, total: None)
    counts: dict[tuple[str, str], Counter[str]] = {}
    disputed: Counter[tuple[str, str, str, str]] = Counter()
    todo = [part for part in snapshot.all_parts if part.kind != "region"]
    for number, part in enumerate(todo):
        tell("counting facts", number, len(todo))
        frames = read_part(snapshot, part, datasets=[])
        for fact in _facts_of(vocabulary, part.kind, frames.facts):
            tally = counts.setdefault((part.kind, fact.name), Counter())
            tally.update(_count(fact, frames))
        differing = count_disagreements(find_disagreements(vocabulary, part.kind, frames.facts))
        for name, speaks, differs, subjects in differing.iter_rows():
            disputed[part.kind, name, speaks, differs] += subjects
    tell("counting facts", len(todo), len(todo))
    standing = {
        release.dataset: "stale" if release.stale else "delivered" for release in snapshot.releases
    }
    return SeenFacts(
        facts=tuple(
            _summarise(vocabulary.facts[name], kind, tally, standing)
            for (kind, name), tally in counts.items()
        ),
        disagreements=tuple(
            Disagreement(
                fact=vocabulary.facts[name],
                kind=kind,
                counts=speaks,
                differs=differs,
                subjects=subjects,
            )
            for (kind, name, speaks, differs), subjects in sorted(disputed.items())
        ),
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
    column = frames.facts[fact.name]
    missing = column.is_null()
    flag = fact.name + NOT_APPLICABLE
    if flag in frames.facts.columns:
        missing &= ~frames.facts[flag].fill_null(False)
    of_them = pl.col("dataset").is_in([measure.dataset for measure in fact.measures])
    doubtful = frames.doubtful.filter(of_them)["subject"]
    aside = missing & frames.facts["subject"].is_in(doubtful.implode())
    known = column.len() - column.null_count()
    return {
        "subjects": column.len(),
        "known": known,
        "missing": int(missing.sum()),
        "set_aside": int(aside.sum()) if fact.of != "region" else 0,
    }


def _summarise(fact: Fact, kind: str, tally: Counter[str], standing: dict[str, str]) -> FactQuality:
    datasets = list(dict.fromkeys(measure.dataset for measure in fact.measures))
    missing, aside = tally["missing"], tally["set_aside"]
    # of several departments one that has delivered is enough
    known = {standing[name] for name in datasets if name in standing}
    delivered = "delivered" if "delivered" in known else "stale" if known else None
    return FactQuality(
        fact=fact,
        kind=kind,
        datasets=tuple(datasets),
        subjects=tally["subjects"],
        known=tally["known"],
        not_applicable=tally["subjects"] - tally["known"] - missing,
        never_delivered=missing if delivered is None else 0,
        stale=missing if delivered == "stale" else 0,
        set_aside=aside if delivered == "delivered" else 0,
        not_said=missing - aside if delivered == "delivered" else 0,
    )
