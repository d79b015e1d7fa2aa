"""Who is in a snapshot, in which part, and with which rows of which release.

A subject of whom a release had to set a row aside is *doubtful* in that dataset: its facts from
there are missing, for what is left of its rows could say no where the truth is yes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from language.column import NOT_APPLICABLE
from profiles.content import hash_content, sort_rows
from profiles.dataset import Dataset
from profiles.fact import Vocabulary
from profiles.identifier import subject_ids
from profiles.ingest import Progress
from profiles.release import Release, newest_release, read_doubtful, read_release

_KIND_OF = {"uscc": "enterprise", "resident_id": "resident"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The release of a dataset that counts; a stale one brings no facts and no rows."""

    dataset: Dataset
    release: Release
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """Who is in which part: frame of `identifier`, `subject`, `part`, `region`, by subject."""

    kind: str
    members: pl.DataFrame
    several: int

    def members_of(self, number: int) -> pl.DataFrame:
        return self.members.filter(pl.col("part") == number)


def facts_file(kind: str, number: int) -> str:
    """Where a part's facts lie inside the snapshot."""
    return f"facts-{kind}-{number:04d}.parquet"


def rows_file(dataset: str, kind: str, number: int) -> str:
    """Where a part's rows of a dataset lie inside the snapshot."""
    return f"rows/{dataset}/{kind}-{number:04d}.parquet"


def doubtful_file(kind: str, number: int) -> str:
    """Where a part's list of doubtful subjects, by dataset, lies inside the snapshot."""
    return f"doubtful-{kind}-{number:04d}.parquet"


def choose_releases(root: Path, datasets: Mapping[str, Dataset], as_of: date) -> list[Chosen]:
    chosen = []
    for name in sorted(datasets):
        release = newest_release(root, name, as_of)
        if release is None:
            continue
        days = datasets[name].fresh_within_days
        stale = days is not None and release.delivered_on + timedelta(days=days) < as_of
        chosen.append(Chosen(dataset=datasets[name], release=release, stale=stale))
    return chosen


def part_subjects(register: Chosen, as_of: date, key: bytes, part_size: int) -> Parting:
    """The subjects in force on the day, in the order of their surrogate ids."""
    dataset = register.dataset
    first, last = dataset.time.columns
    region = "region" if "region" in dataset.columns else None
    rows = read_release(register.release, dataset).select(
        pl.col(dataset.key).alias("identifier"),
        pl.col(first).alias("first"),
        pl.col(last).alias("last"),
        (pl.col(region) if region else pl.lit(None, dtype=pl.String)).alias("region"),
    )
    # Without a first day somebody has been there for ever; the last day still counts.
    there = pl.col("first").is_null() | (pl.col("first") <= as_of)
    still = pl.col("last").is_null() | (pl.col("last") >= as_of)
    members = rows.filter(there & still).select("identifier", "region")
    ids = subject_ids(dataset.kind, members["identifier"], key)
    members = members.with_columns(ids.alias("subject")).sort("subject")
    members = members.with_columns(
        part=pl.int_range(members.height, eager=True).cast(pl.Int64) // part_size
    )
    return Parting(
        kind=dataset.kind,
        members=members,
        several=-(-members.height // part_size),
    )


def part_rows(
    folder: Path,
    chosen: Iterable[Chosen],
    partings: Iterable[Parting],
    key: bytes,
    tell: Progress,
) -> tuple[dict[str, int], dict[tuple[str, int], dict[str, str]]]:
    """Write every dataset's rows part by part; counts of unmatched rows, hashes by part."""
    by_kind = {parting.kind: parting for parting in partings}
    unmatched: dict[str, int] = {}
    hashes: dict[tuple[str, int], dict[str, str]] = {}
    todo = [item for item in chosen if not item.stale and item.dataset.kind in by_kind]
    for done, item in enumerate(todo):
        tell("parting rows", done, len(todo))
        parting = by_kind[item.dataset.kind]
        rows = _replace_persons(read_release(item.release, item.dataset), item.dataset, key)
        known = parting.members.select("identifier", "subject", "part")
        rows = known.join(
            rows, left_on="identifier", right_on=item.dataset.key, how="right"
        ).select("subject", "part", *(name for name in rows.columns if name != item.dataset.key))
        unmatched[item.dataset.name] = rows["part"].null_count()
        for number in range(parting.several):
            part = sort_rows(rows.filter(pl.col("part") == number).drop("part"))
            path = folder / rows_file(item.dataset.name, parting.kind, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_parquet(path)
            hashes.setdefault((parting.kind, number), {})[item.dataset.name] = hash_content(part)
    return unmatched, hashes


def part_made(
    folder: Path,
    made: Mapping[str, pl.DataFrame],
    parting: Parting,
    hashes: dict[tuple[str, int], dict[str, str]],
) -> None:
    """Write the rows that are our own part by part: of subjects of whom there are none, none."""
    for name, rows in sorted(made.items()):
        mine = rows.filter(pl.col("kind") == parting.kind).drop("kind")
        placed = mine.join(parting.members.select("subject", "part"), on="subject", how="inner")
        for number in range(parting.several):
            part = sort_rows(placed.filter(pl.col("part") == number).drop("part"))
            path = folder / rows_file(name, parting.kind, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_parquet(path)
            hashes.setdefault((parting.kind, number), {})[name] = hash_content(part)


def find_doubtful(chosen: Iterable[Chosen], parting: Parting) -> pl.DataFrame:
    """Whose rows of which dataset were set aside: `dataset`, `subject`, `part`."""
    frames = [pl.DataFrame(schema={"dataset": pl.String, "subject": pl.String, "part": pl.Int64})]
    for item in chosen:
        if item.stale or item.dataset.kind != parting.kind:
            continue
        keys = pl.DataFrame({"identifier": read_doubtful(item.release)})
        found = keys.join(parting.members, on="identifier", how="inner")
        frames.append(found.select(pl.lit(item.dataset.name).alias("dataset"), "subject", "part"))
    return sort_rows(pl.concat(frames))


def withhold(
    facts: pl.DataFrame, vocabulary: Vocabulary, kind: str, doubtful: pl.DataFrame
) -> pl.DataFrame:
    """The facts without those of doubtful subjects: missing, and not said to not apply."""
    subjects = {str(name): frame["subject"] for (name,), frame in doubtful.group_by("dataset")}
    changed = []
    for name, fact in vocabulary.facts.items():
        if fact.of != kind or fact.measure is None or fact.measure.dataset not in subjects:
            continue
        known = ~pl.col("subject").is_in(subjects[fact.measure.dataset].implode())
        changed.append(pl.when(known).then(pl.col(name)).alias(name))
        if fact.may_not_apply:
            changed.append((pl.col(name + NOT_APPLICABLE) & known).alias(name + NOT_APPLICABLE))
    return facts.with_columns(changed)


def _replace_persons(rows: pl.DataFrame, dataset: Dataset, key: bytes) -> pl.DataFrame:
    """Rows without names, addresses and phones; other persons and firms by their surrogate id."""
    kept = [rows[dataset.key]]
    for name, column in dataset.columns.items():
        if name == dataset.key:
            continue
        if column.identifier:
            kept.append(subject_ids(_KIND_OF[column.identifier], rows[name], key).alias(name))
        elif column.sensitivity not in ("personal", "sensitive"):
            kept.append(rows[name])
    return pl.DataFrame(kept)
