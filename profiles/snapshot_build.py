"""How a snapshot is built: releases are chosen, then part by part the subjects, their rows, facts.

No frame holds more than one part, and few parts are built at a time.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from profiles.answers import DATASETS, apply_answers, count_unused
from profiles.content import hash_content, hash_file, hash_texts, sort_rows
from profiles.dataset import Dataset
from profiles.derivation import compute_facts
from profiles.errors import NothingRegistered
from profiles.fact import Vocabulary
from profiles.flip import HORIZON, Flips
from profiles.folder import publish_folder, write_json
from profiles.form import hash_form
from profiles.ingest import Progress
from profiles.joining import Residents, brought_facts, join_rows, joined_row_sets
from profiles.key_index import KeyIndex
from profiles.part_files import (
    FORMAT,
    MANIFEST,
    answered_file,
    doubtful_file,
    facts_file,
    flips_file,
    rows_file,
)
from profiles.parting import (
    Chosen,
    Parting,
    choose_releases,
    find_doubtful,
    find_unclear_rows,
    part_rows,
    place_made,
    plan_parts,
    sure_rows,
    withhold,
)
from profiles.region_figures import RegionFigures, compute_region_figures
from profiles.release import read_release
from profiles.renumbering import Renumbered, find_renumbered, moved_rows

COMPRESSION = 1
"""Zstandard's fastest level: files are no larger than at its usual one, and sooner written."""
AT_ONCE = 3
"""Parts that are built side by side, one more than small machines have processors: what waits for
the interpreter leaves one free. Each takes a gigabyte where a city has months of rows of
everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a snapshot is built from: the releases that count, and how subjects are parted.

    `form` is the hash of all definitions and of the key; `known_on` the day whose knowledge counts,
    None for that of the day itself, with what was accepted since.
    """

    datasets: Mapping[str, Dataset]
    vocabulary: Vocabulary
    as_of: date
    key: bytes
    chosen: list[Chosen]
    renumbered: Renumbered
    partings: list[Parting]
    made: Mapping[str, pl.DataFrame]
    form: str
    known_on: date | None

    def manifest(
        self, parts: list[dict[str, Any]], unmatched: Mapping[str, int], horizon: date
    ) -> dict[str, Any]:
        """What the manifest says of a snapshot; `horizon` is the last day whose flips are told."""
        return {
            "format": FORMAT,
            "form": self.form,
            "as_of": self.as_of.isoformat(),
            "known_on": None if self.known_on is None else self.known_on.isoformat(),
            "horizon": horizon.isoformat(),
            "releases": [_describe_release(item, unmatched) for item in self.chosen],
            "facts": _describe_facts(self.vocabulary, self.chosen),
            "parts": parts,
            "parting": {parting.kind: parting.several for parting in self.partings},
            "former": [list(pair) for pair in self.renumbered.former_ids(self.key).iter_rows()],
            "unclear": self.renumbered.unclear_ids(self.key),
            "notes": _write_notes(self),
        }


def plan_snapshot(
    *,
    releases_root: Path,
    datasets: Mapping[str, Dataset],
    vocabulary: Vocabulary,
    as_of: date,
    key: bytes,
    part_size: int,
    made: Mapping[str, pl.DataFrame],
    known_on: date | None = None,
) -> Plan:
    """Choose the releases of a day and part the subjects; raises as `build_snapshot` does."""
    chosen = choose_releases(releases_root, datasets, as_of, known_on)
    registers = [item for item in chosen if item.dataset.register]
    if not registers:
        raise NothingRegistered(
            f"no register was delivered on or before {as_of}: deliver one of "
            + (", ".join(name for name, dataset in datasets.items() if dataset.register) or "none")
        )
    renumbered = find_renumbered(
        [(item.dataset, item.release) for item in chosen],
        [(item.dataset, item.release) for item in registers],
        as_of,
    )
    partings = [plan_parts(item, as_of, key, part_size, renumbered) for item in registers]
    # residents first: rows of others bring their facts
    partings.sort(key=lambda parting: parting.kind != "resident")
    return Plan(
        datasets=datasets,
        vocabulary=vocabulary,
        as_of=as_of,
        key=key,
        chosen=chosen,
        renumbered=renumbered,
        partings=partings,
        made=made,
        form=hash_form(vocabulary, key),
        known_on=known_on,
    )


def build_folder(plan: Plan, snapshots_root: Path, on_progress: Progress | None) -> Path:
    """Write the snapshot's folder and give it its name, which is its hash; returns its path."""
    tell = on_progress or (lambda step, done, total: None)
    snapshots_root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=snapshots_root))
    horizon = plan.as_of + timedelta(days=HORIZON)
    try:
        regions, region_hashes = compute_region_figures(
            folder, plan.chosen, plan.vocabulary, plan.as_of
        )
        building = _Building(
            folder=folder,
            chosen=plan.chosen,
            vocabulary=plan.vocabulary,
            as_of=plan.as_of,
            regions=regions,
            made=plan.made,
            moved=find_moved(plan.chosen, plan.renumbered),
            former=plan.renumbered.former_ids(plan.key),
            flips=Flips(plan.vocabulary),
            horizon=horizon,
        )
        several = sum(parting.several for parting in plan.partings)
        # residents first: rows of all others may bring their facts
        for residents in (True, False):
            partings = [p for p in plan.partings if (p.kind == "resident") is residents]
            building.open_residents()
            for built in building.build_parts(partings):
                building.take(built)
                tell("building parts", building.done, several)
        parts = building.parts
        if region_hashes:
            parts.append(describe_region_part(regions, region_hashes))
        content = plan.manifest(parts, building.unmatched, horizon)
        return publish_snapshot(folder, snapshots_root, content)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish_snapshot(folder: Path, snapshots_root: Path, content: Mapping[str, Any]) -> Path:
    """Write the manifest into a finished folder and give it its name; returns its path."""
    files = sorted(path for path in folder.rglob("*.parquet"))
    manifest = {
        "content": content,
        "files": {path.relative_to(folder).as_posix(): hash_file(path) for path in files},
    }
    write_json(folder / MANIFEST, manifest)
    target = snapshots_root / hash_texts(content)
    publish_folder(folder, target)
    return target


def describe_region_part(regions: RegionFigures, hashes: Mapping[str, str]) -> dict[str, Any]:
    """What the manifest says of the one part of published figures; `hashes` by file."""
    names = [name.split("/")[1] for name in hashes if "/" in name]
    return describe_part("region", 0, regions.facts.height, names, hashes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    """What the manifest says of a part, None where nobody is in it; rows of nobody by dataset."""

    entry: dict[str, Any] | None
    unmatched: Mapping[str, int]


@dataclass(slots=True, kw_only=True)
class _Building:
    """A snapshot in the making: what is written so far."""

    folder: Path
    chosen: list[Chosen]
    vocabulary: Vocabulary
    as_of: date
    regions: RegionFigures
    made: Mapping[str, pl.DataFrame]
    moved: Mapping[str, pl.DataFrame]
    former: pl.DataFrame
    flips: Flips
    horizon: date
    parts: list[dict[str, Any]] = field(default_factory=list)
    unmatched: Counter[str] = field(default_factory=Counter)
    done: int = 0
    residents: Residents = field(init=False)

    def open_residents(self) -> None:
        """Let rows of others bring facts of residents, whose parts are written."""
        residents = [part for part in self.parts if part["kind"] == "resident"]
        self.residents = Residents.open(
            self.folder,
            [part["number"] for part in residents],
            frozenset(residents[0]["datasets"]) if residents else frozenset(),
            brought_facts(self.vocabulary),
        )

    def build_parts(self, partings: Iterable[Parting]) -> Iterator["_Built"]:
        """Write the parts of these kinds, some side by side; each when it and all before it are."""
        numbered = [(parting, number) for parting in partings for number in range(parting.several)]
        with ThreadPoolExecutor(AT_ONCE) as executor:
            yield from executor.map(lambda each: self.build_part(*each), numbered)

    def take(self, built: "_Built") -> None:
        """Remember a part that is written."""
        self.done += 1
        self.unmatched.update(built.unmatched)
        if built.entry is not None:
            self.parts.append(built.entry)

    def build_part(self, parting: Parting, number: int) -> "_Built":
        """Write a part's rows and facts; nothing where nobody is in it."""
        kind = parting.kind
        members = parting.members_of(number)
        index = KeyIndex.of(members["identifier"])
        rows: dict[str, pl.DataFrame] = {}
        disagreeing: dict[str, pl.Series] = {}
        unmatched: Counter[str] = Counter()
        for item in self.chosen:
            if item.stale or item.dataset.kind != kind:
                continue
            name = item.dataset.name
            moved = self.moved.get(name, pl.DataFrame())
            part, doubts, strange = part_rows(item, parting, number, members, index, moved)
            disagreeing[name] = doubts
            unmatched[name] += strange
            rows[name] = part
        if not members.height:
            return _Built(entry=None, unmatched=unmatched)
        for name, made in sorted(self.made.items()):
            rows[name] = place_made(made, kind, members, self.former)
        doubtful = find_doubtful(self.chosen, parting, members, disagreeing)
        doubtful = sort_rows(pl.concat([doubtful, find_unclear_rows(self.made, parting, members)]))
        rows |= dict(self.join_rows(kind, rows, doubtful))
        frames = {rows_file(name, kind, number): part for name, part in rows.items()}
        facts = compute_facts(self.vocabulary, kind, members["subject"], rows, self.as_of)
        facts = withhold(facts, self.vocabulary, kind, doubtful)
        answers = sure_rows(DATASETS.get(kind, ""), rows, doubtful)
        facts, answered = apply_answers(facts, answers, self.vocabulary, kind, self.as_of)
        facts = pl.concat([facts, self.regions.of(members["region"])], how="horizontal")
        frames[facts_file(kind, number)] = facts
        frames[doubtful_file(kind, number)] = doubtful
        frames[answered_file(kind, number)] = answered
        flips = find_flips(self.flips, rows, self.as_of, self.horizon)
        frames[flips_file(kind, number)] = flips
        hashes = write_frames(self.folder, frames)
        entry = describe_part(kind, number, facts.height, rows, hashes)
        return _Built(entry=entry, unmatched=unmatched)

    def join_rows(
        self, kind: str, rows: Mapping[str, pl.DataFrame], doubtful: pl.DataFrame
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        """The part's rows that bring facts of residents, by the name of the row set."""
        for row_set in joined_row_sets(self.vocabulary, kind):
            frame = join_rows(row_set, self.vocabulary, rows, self.residents, doubtful, self.as_of)
            if frame is not None:
                yield row_set.name, frame


def write_frames(folder: Path, frames: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Write a part's files; the hash of the content of each."""
    hashes = {}
    for name, frame in frames.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path, compression_level=COMPRESSION)
        hashes[name] = hash_content(frame)
    return hashes


def find_flips(
    flips: Flips, rows: Mapping[str, pl.DataFrame], as_of: date, until: date
) -> pl.DataFrame:
    """Whose rows of which source flip on which day until then: `source`, `subject`, `flips_on`."""
    schema = {"source": pl.String, "subject": pl.String, "flips_on": pl.Date}
    found = [pl.DataFrame(schema=schema)]
    for source, frame in sorted(rows.items()):
        days = flips.days(source, frame, as_of, until)
        found.append(days.select(pl.lit(source).alias("source"), "subject", "flips_on"))
    return pl.concat(found)


def find_moved(chosen: Iterable[Chosen], renumbered: Renumbered) -> dict[str, pl.DataFrame]:
    """Of each dataset the rows under identifiers that no longer count, under those that do.

    A register has a row of its own under the identifier that counts: the other one is ignored.
    """
    moved = {}
    for item in chosen:
        pairs = renumbered.of(item.dataset.kind)
        if pairs.height and not item.stale:
            pairs = pairs.clear() if item.dataset.register else pairs
            moved[item.dataset.name] = moved_rows(item.dataset, item.release, pairs)
    return moved


def describe_part(
    kind: str, number: int, subjects: int, datasets: Iterable[str], frames: Mapping[str, str]
) -> dict[str, Any]:
    """What the manifest says of a part; `frames` are the hashes of its files by name."""
    return {
        "kind": kind,
        "number": number,
        "subjects": subjects,
        "datasets": sorted(datasets),
        "hashes": dict(frames),
    }


def _describe_release(item: Chosen, unmatched: Mapping[str, int]) -> dict[str, Any]:
    return {
        "dataset": item.dataset.name,
        "hash": item.release.hash,
        "delivered_on": item.release.delivered_on.isoformat(),
        "stale": item.stale,
        "unmatched": unmatched.get(item.dataset.name, 0),
    }


def _describe_facts(vocabulary: Vocabulary, chosen: Iterable[Chosen]) -> dict[str, Any]:
    """For each fact that comes from rows its dataset, and the release that its values are from."""
    usable = {item.dataset.name: item.release for item in chosen if not item.stale}
    described = {}
    for name, fact in vocabulary.facts.items():
        if fact.measure is None:
            continue
        release = usable.get(fact.measure.dataset)
        described[name] = {
            "kind": fact.of,
            "dataset": fact.measure.dataset,
            "release": release.hash if release else None,
            "delivered_on": release.delivered_on.isoformat() if release else None,
        }
    return described


def _write_notes(plan: Plan) -> list[str]:
    delivered = {item.dataset.name: item for item in plan.chosen}
    notes = []
    unclear = sum(map(len, plan.renumbered.unclear.values()))
    if unclear:
        notes.append(
            f"{unclear} identifiers are named in changes that contradict each other: "
            "all facts of whom they stand for are missing"
        )
    for name in sorted(plan.datasets):
        item = delivered.get(name)
        if item is None:
            notes.append(f"{name}: never delivered, its facts are missing")
        elif item.stale:
            notes.append(
                f"{name}: delivered {item.release.delivered_on}, more than "
                f"{item.dataset.fresh_within_days} days before, its facts are missing"
            )
        elif item.release.unassigned:
            notes.append(
                f"{name}: {item.release.unassigned} rows were set aside whose subject cannot be "
                "told, so that somebody may wrongly count as having no row"
            )
        if item is not None and name in DATASETS.values():
            notes += _tell_unused(item, plan)
    return notes


def _tell_unused(item: Chosen, plan: Plan) -> list[str]:
    """The answers in force that count for nothing, counted by reason."""
    dataset = item.dataset
    rows = read_release(item.release, dataset).rename({dataset.key: "subject"})
    unused = count_unused(rows, plan.vocabulary, dataset.kind, plan.as_of)
    return [
        f"{dataset.name}: {count} answers {reason}, they count for nothing"
        for reason, count in sorted(unused.items())
    ]
