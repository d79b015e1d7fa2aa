"""Who is in a snapshot, in which part, and with which rows of which release.

A part is made of some slots of the register: its subjects' rows lie in the same slots of every
release, so that a part is built without a look at the others. A subject of whom a release had to
set a row aside is *doubtful* in that dataset: its facts from there are missing, for what is left of
its rows could say no where the truth is yes. A subject who is named in changes of identifiers that
contradict each other is doubtful in every dataset.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from language.column import NOT_APPLICABLE
from profiles.answers import CORRECTED, DATASETS
from profiles.changeset import order_of
from profiles.content import sort_rows
from profiles.dataset import Dataset
from profiles.fact import Vocabulary
from profiles.identifier import subject_ids
from profiles.key_index import KeyIndex
from profiles.release import (
    Release,
    chain_of,
    newest_release,
    read_doubtful,
    read_release,
    rows_by_slot,
)
from profiles.renumbering import Renumbered, add_moved
from profiles.runs import runs_of
from profiles.slot import SLOTS, slots_of

_KIND_OF = {"uscc": "enterprise", "resident_id": "resident"}
DOUBTFUL_SCHEMA = {"dataset": pl.String(), "subject": pl.String()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The release of a dataset that counts; a stale one brings no facts and no rows.

    `doubtful` are the keys of which it has rows set aside.
    """

    dataset: Dataset
    release: Release
    stale: bool
    doubtful: pl.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """How the subjects of a kind are parted: `several` parts of as many slots each."""

    kind: str
    register: Chosen
    several: int
    as_of: date
    key: bytes
    renumbered: Renumbered

    def slots_of(self, number: int) -> range:
        """The slots whose subjects are in a part."""
        size = SLOTS // self.several
        return range(number * size, (number + 1) * size)

    def members_of(
        self, number: int, only: pl.Series | None = None, since: date | None = None
    ) -> pl.DataFrame:
        """The part's subjects in force: `identifier`, `region`, `subject`, sorted by subject.

        `only` are the identifiers that are looked for (default: all), beside those who are there
        for less time than `since`.
        """
        dataset = self.register.dataset
        first, last = dataset.time.columns
        region = pl.col("region") if "region" in dataset.columns else pl.lit(None, dtype=pl.String)
        names = [
            name
            for name in dataset.columns
            if name in (dataset.key, "region", *dataset.time.columns)
        ]
        slots = self.slots_of(number)
        rows = read_release(self.register.release, dataset, slots, names=names)
        if only is not None:
            looked_for = pl.col(dataset.key).is_in(only.implode())
            rows = rows.filter(looked_for | (pl.col(first) > since).fill_null(False))
        # Without a first day somebody has been there for ever; the last day still counts.
        there = pl.col(first).is_null() | (pl.col(first) <= self.as_of)
        still = pl.col(last).is_null() | (pl.col(last) >= self.as_of)
        # nobody can tell whose row it is: its region is not known, nor are that region's figures
        unclear = self.renumbered.unclear_of(dataset.kind).implode()
        region = pl.when(~pl.col(dataset.key).is_in(unclear)).then(region)
        members = rows.filter(there & still).select(
            pl.col(dataset.key).alias("identifier"), region.alias("region")
        )
        former = self.renumbered.of(dataset.kind)
        members = members.join(former, on="identifier", how="anti", maintain_order="left")
        ids = subject_ids(dataset.kind, members["identifier"], self.key)
        return members.with_columns(ids.alias("subject")).sort("subject")


def choose_releases(
    root: Path, datasets: Mapping[str, Dataset], as_of: date, known_on: date | None = None
) -> list[Chosen]:
    """Of each dataset the release that counts on the day, or was known to on another."""
    chosen = []
    for name in sorted(datasets):
        release = newest_release(root, name, as_of, known_on=known_on)
        if release is None:
            continue
        days = datasets[name].fresh_within_days
        stale = days is not None and release.delivered_on + timedelta(days=days) < as_of
        doubtful = pl.Series("key", [], dtype=pl.String) if stale else read_doubtful(release)
        chosen.append(
            Chosen(dataset=datasets[name], release=release, stale=stale, doubtful=doubtful)
        )
    return chosen


def plan_parts(
    register: Chosen, as_of: date, key: bytes, part_size: int, renumbered: Renumbered
) -> Parting:
    """As few parts as hold no more than `part_size` of the register's rows each.

    There are at most as many as slots, so that very small parts may hold more.
    """
    rows = np.zeros(SLOTS, np.int64)
    for link in chain_of(register.release):
        rows += rows_by_slot(link)
    several = 1
    while several < SLOTS and rows.reshape(several, -1).sum(axis=1).max() > part_size:
        several *= 2
    return Parting(
        kind=register.dataset.kind,
        register=register,
        several=several,
        as_of=as_of,
        key=key,
        renumbered=renumbered,
    )


def part_rows(
    item: Chosen,
    parting: Parting,
    number: int,
    members: pl.DataFrame,
    index: KeyIndex,
    moved: pl.DataFrame,
    *,
    only: bool = False,
) -> tuple[pl.DataFrame, pl.Series, int]:
    """A part's rows of a dataset, `subject` for the key; the keys that are doubtful since rows of
    two identifiers came together; and how many rows are of nobody in the part.

    `index` is that of the members' identifiers. `moved` are the dataset's rows under identifiers
    that no longer count, under those that do. `only`: rows of others than these members are passed
    over, and not counted.
    """
    dataset = item.dataset
    slots = parting.slots_of(number)
    wanted = members["identifier"] if only else None
    rows = read_release(item.release, dataset, slots, wanted)
    doubtful = pl.Series("key", [], dtype=pl.String)
    former = parting.renumbered.of(parting.kind)
    if former.height:
        mine = moved.filter(pl.Series(np.isin(slots_of(moved[dataset.key]), list(slots))))
        rows, doubtful = add_moved(rows, mine, former, dataset)
    runs = runs_of(rows[dataset.key])
    places, lengths, starts = index.find(runs.values), runs.lengths, runs.starts
    known = places >= 0
    unmatched = rows.height - int(lengths[known].sum())
    order = np.argsort(places[known], kind="stable")
    lengths, starts = lengths[known][order], starts[known][order]
    places = np.repeat(places[known][order], lengths)
    ends = np.cumsum(lengths)
    lines = np.arange(len(places)) + np.repeat(starts - ends + lengths, lengths)
    subjects = members["subject"].gather(places)
    part = _replace_persons(rows, dataset, parting)[lines].insert_column(0, subjects)
    if _hides_order(dataset):
        part = sort_rows(part)
    return part, doubtful, unmatched


def _replace_persons(rows: pl.DataFrame, dataset: Dataset, parting: Parting) -> pl.DataFrame:
    """Rows without names, addresses and phones; other persons and firms by their surrogate id."""
    kept = []
    for name in order_of(dataset)[1:]:
        column = dataset.columns[name]
        if column.identifier:
            kind = _KIND_OF[column.identifier]
            others = parting.renumbered.replace(column.identifier, rows[name])
            # of whom nobody can tell who it is: two ids may be one person, and claim once only
            unclear = parting.renumbered.unclear_of(kind)
            if len(unclear):
                others = others.set(others.is_in(unclear.implode()).fill_null(False), None)
            kept.append(subject_ids(kind, others, parting.key).alias(name))
        elif not _is_left_out(dataset, name):
            kept.append(rows[name])
    return pl.DataFrame(kept) if kept else rows.select([])


def _is_left_out(dataset: Dataset, name: str) -> bool:
    return dataset.columns[name].sensitivity in ("personal", "sensitive")


def _hides_order(dataset: Dataset) -> bool:
    """Whether the order of a release's rows would tell of what is left out or replaced."""
    others = [name for name in dataset.columns if name != dataset.key]
    return any(_is_left_out(dataset, name) or dataset.columns[name].identifier for name in others)


def place_made(
    rows: pl.DataFrame, kind: str, members: pl.DataFrame, former: pl.DataFrame
) -> pl.DataFrame:
    """A part's rows of our own: of subjects of whom there are none, none.

    Those under a `former` id of a subject (`old`, `new`) are brought to its own.
    """
    mine = rows.filter(pl.col("kind") == kind).drop("kind")
    if former.height:
        known = former.select(pl.col("old").alias("subject"), "new")
        mine = mine.join(known, on="subject", how="left", maintain_order="left")
        mine = mine.with_columns(pl.coalesce("new", "subject").alias("subject")).drop("new")
    return sort_rows(mine.join(members.select("subject"), on="subject", how="semi"))


def find_doubtful(
    chosen: Iterable[Chosen],
    parting: Parting,
    members: pl.DataFrame,
    disagreeing: Mapping[str, pl.Series],
) -> pl.DataFrame:
    """Of whom rows of which dataset were set aside, or disagree, or may be somebody else's:
    `dataset`, `subject`."""
    frames = [pl.DataFrame(schema={"dataset": pl.String(), "identifier": pl.String()})]
    nobody = pl.Series("key", [], dtype=pl.String)
    renumbered, kind = parting.renumbered, parting.kind
    for item in chosen:
        if item.stale or item.dataset.kind != kind:
            continue
        name = item.dataset.name
        doubtful = item.doubtful.alias("key")
        if item.dataset.register:
            # what the register has under a number of before is not read at all
            doubtful = doubtful.filter(~doubtful.is_in(renumbered.of(kind)["identifier"].implode()))
        else:
            doubtful = renumbered.replace_keys(kind, doubtful)
        unclear = renumbered.unclear_of(kind).alias("key")
        keys = pl.concat([doubtful, disagreeing.get(name, nobody).alias("key"), unclear]).unique()
        frames.append(
            pl.DataFrame({"identifier": keys}).select(pl.lit(name).alias("dataset"), "identifier")
        )
    # one join for all datasets: it goes through all members
    found = pl.concat(frames).join(members, on="identifier", how="inner")
    return sort_rows(found.select("dataset", "subject"))


def find_unclear_rows(made: Iterable[str], parting: Parting, members: pl.DataFrame) -> pl.DataFrame:
    """Of whom rows of our own may be another subject's too: `dataset`, `subject`."""
    unclear = parting.renumbered.unclear_of(parting.kind)
    subjects = members.filter(pl.col("identifier").is_in(unclear.implode())).select("subject")
    names = pl.DataFrame({"dataset": sorted(made)}, schema={"dataset": pl.String()})
    return names.join(subjects, how="cross")


def sure_rows(
    dataset: str, rows: Mapping[str, pl.DataFrame], doubtful: pl.DataFrame
) -> pl.DataFrame | None:
    """The rows of a dataset without those of subjects of whom others were set aside."""
    if dataset not in rows:
        return None
    about = doubtful.filter(pl.col("dataset") == dataset)["subject"]
    return rows[dataset].filter(~pl.col("subject").is_in(about.implode()))


def withhold(
    facts: pl.DataFrame, vocabulary: Vocabulary, kind: str, doubtful: pl.DataFrame
) -> pl.DataFrame:
    """The facts without those of doubtful subjects: missing, and not said to not apply."""
    subjects = {str(name): frame["subject"] for (name,), frame in doubtful.group_by("dataset")}
    known: dict[tuple[str, ...], pl.Series] = {}
    changed = []
    for name, fact in vocabulary.facts.items():
        if fact.of != kind or name not in facts.columns:
            continue
        sources = {measure.dataset for measure in fact.measures}
        if CORRECTED in fact.answers:
            sources.add(DATASETS[kind])  # what was set aside may have been its correction
        unsure = tuple(sorted(sources & subjects.keys()))
        if not unsure:
            continue
        if unsure not in known:
            about = pl.concat([subjects[dataset] for dataset in unsure])
            known[unsure] = ~facts["subject"].is_in(about.implode())
        sure = pl.lit(known[unsure])
        changed.append(pl.when(sure).then(pl.col(name)).alias(name))
        if fact.may_not_apply:
            changed.append((pl.col(name + NOT_APPLICABLE) & sure).alias(name + NOT_APPLICABLE))
    return facts.with_columns(changed)
