"""A release: one delivery of a dataset, typed, immutable, known by the hash of its content.

    <root>/<dataset>/<hash>/manifest.json
    <root>/<hash>/rows-00.parquet …        its rows by slots, the key's rows together
    <root>/<hash>/quarantine.parquet       rows set aside: line, reason, the row masked
    <root>/<hash>/doubtful.parquet         the lines set aside and whose they are
    <root>/<hash>/decision.json            what a person said of it, where one had to

A release of changes names the release it changes (`base`); the rows *of* a release are those of the
whole dataset after it, those *in* it only what was delivered.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.changeset import Changed, Mode, apply_changes, form_of
from profiles.content import hash_content, hash_texts, sort_rows
from profiles.dataset import Dataset
from profiles.errors import ReleaseDamaged, ReleaseOutdated
from profiles.folder import read_parquet, verify_file
from profiles.slot import SLOTS
from profiles.typed_values import DTYPES

FORMAT = 3
QUARANTINE, DOUBTFUL = "quarantine.parquet", "doubtful.parquet"
MANIFEST, DECISION = "manifest.json", "decision.json"
QUARANTINE_SCHEMA = {"line": pl.Int64(), "reason": pl.String(), "row": pl.String()}
DOUBTFUL_SCHEMA = {"line": pl.Int64(), "key": pl.String()}
ALL_SLOTS = range(SLOTS)

Standing = Literal["in force", "waiting", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A delivery as it lies on disk.

    `base` is the release that a release of changes changes, `corrects` the one whose quarantined
    rows a correction stands for, `delivery` what was delivered, whatever it changes. `sequence`
    counts the releases of a dataset in the order in which they came in. `rows` are the rows in it;
    `reasons` counts quarantined rows by the first thing wrong with each, `unassigned` those of
    which nobody can tell whom they are about. `changed` is what it does to the release
    before it. `exceeded` says which limits of the dataset it breaks: until a person accepts it,
    it is `waiting` and nobody's facts come from it; `decided_on` is the day on which one did, or
    rejected it.
    """

    dataset: str
    hash: str
    mode: Mode
    base: str | None
    corrects: str | None
    delivery: str
    delivered_on: date
    sequence: int
    rows_in: int
    rows: int
    quarantined: int
    repeated: int
    unassigned: int
    reasons: Mapping[str, int]
    changed: Changed
    exceeded: tuple[str, ...]
    standing: Standing
    decided_on: date | None
    path: Path


def list_releases(root: Path, dataset: str) -> list[Release]:
    """The releases of a dataset, the oldest delivery first, whatever their standing."""
    folder = root / dataset
    if not folder.is_dir():
        return []
    releases = [
        read_manifest(path)
        for path in sorted(folder.iterdir())
        if path.is_dir() and not path.name.startswith(".")
    ]
    return sorted(releases, key=lambda release: (release.delivered_on, release.sequence))


def newest_release(
    root: Path, dataset: str, as_of: date, *, known_on: date | None = None
) -> Release | None:
    """The release that counts on a day: the last delivered on or before it that is in force.

    `known_on`: as it was known at the end of that day (default: as it is known now): what was
    delivered until then, though it be after `as_of`, and accepted by then.
    """
    until = as_of if known_on is None else known_on
    known = [
        release
        for release in list_releases(root, dataset)
        if release.delivered_on <= until and release.standing == "in force"
    ]
    if known_on is not None:
        known = [r for r in known if r.decided_on is None or r.decided_on <= known_on]
    return known[-1] if known else None


def chain_of(release: Release) -> list[Release]:
    """The releases whose rows make up those of this one: a full delivery, then its changes."""
    chain = [release]
    while (base := chain[-1].base) is not None:
        path = chain[-1].path.parent / base
        if not path.is_dir():
            raise ReleaseDamaged(chain[-1].path, f"the release {base[:12]} that it changes is gone")
        chain.append(read_manifest(path))
    return chain[::-1]


def read_release(
    release: Release,
    dataset: Dataset,
    slots: range = ALL_SLOTS,
    only: pl.Series | None = None,
    names: Sequence[str] | None = None,
) -> pl.DataFrame:
    """The rows of a release, or those of some slots or keys (`only`), or these columns of them.

    They stand by slot and within it sorted, or, where changes were applied, sorted. Raises
    `ReleaseDamaged` unless they are what was released, `ReleaseOutdated` where the dataset had
    other columns then.
    """
    first, *changes = chain_of(release)
    if names is not None and not changes:
        return read_delivered(first, dataset, slots, only, names)
    rows = read_delivered(first, dataset, slots, only)
    for change in changes:
        delivered = read_delivered(change, dataset, slots, only)
        if delivered.height:
            rows = apply_changes(rows, delivered, dataset, change.mode)
    return rows if names is None else rows.select(names)


def read_delivered(
    release: Release,
    dataset: Dataset,
    slots: range = ALL_SLOTS,
    only: pl.Series | None = None,
    names: Sequence[str] | None = None,
) -> pl.DataFrame:
    """The rows in a release, or those of some slots or keys; changes with their `removed`.

    Without `names` with all columns.
    """
    manifest = load_manifest(release.path)
    columns = form_of(dataset, release.mode).columns
    types = {name: column.type for name, column in columns.items()}
    if manifest["columns"] != types:
        raise ReleaseOutdated(release.path, dataset.name)
    names = list(columns) if names is None else list(names)
    found = [pl.DataFrame(schema={name: DTYPES[columns[name].type] for name in names})]
    for file in manifest["rows"]:
        if any(slot["slot"] in slots for slot in file["slots"]):
            path = release.path / file["name"]
            verify_file(path, manifest["files"].get(file["name"]), ReleaseDamaged)
            rows = _read_slots(path, file["slots"], slots, names)
            if only is not None:
                rows = rows.filter(pl.col(dataset.key).is_in(only.implode()))
            found.append(rows)
    return pl.concat(found)


def _read_slots(
    path: Path, held: list[dict[str, Any]], slots: range, names: list[str]
) -> pl.DataFrame:
    """The rows of these slots in one file."""
    wanted = [slot for slot in held if slot["slot"] in slots]
    before = sum(slot["rows"] for slot in held if slot["slot"] < wanted[0]["slot"])
    height = sum(slot["rows"] for slot in wanted)
    return read_parquet(path, ReleaseDamaged, names=names, rows=(before, height))


def verify_release(release: Release, dataset: Dataset) -> None:
    """Check that the rows in a release are those that its name is the hash of, slot by slot.

    Reading it checks its files against the hashes of their bytes, which is many times faster and
    finds what a disk or a copy has damaged; this also finds rows that somebody has replaced, hash
    of the file and all. Raises `ReleaseDamaged`, and `ReleaseOutdated` as reading does.
    """
    for file in load_manifest(release.path)["rows"]:
        for slot in file["slots"]:
            number = slot["slot"]
            rows = read_delivered(release, dataset, range(number, number + 1))
            if rows.height != slot["rows"] or hash_content(rows) != slot["hash"]:
                raise ReleaseDamaged(
                    release.path / file["name"], "its rows do not match their hash"
                )
    read_quarantine(release)
    read_doubtful_lines(release)


def hashes_of_slots(release: Release) -> dict[int, str]:
    """The hash of the rows in a release by slot; of a slot without rows there is none."""
    files = load_manifest(release.path)["rows"]
    return {slot["slot"]: slot["hash"] for file in files for slot in file["slots"]}


def rows_by_slot(release: Release) -> npt.NDArray[np.int64]:
    """How many rows a release has in each slot."""
    counts = np.zeros(SLOTS, np.int64)
    for file in load_manifest(release.path)["rows"]:
        for slot in file["slots"]:
            counts[slot["slot"]] += slot["rows"]
    return counts


def read_quarantine(release: Release) -> pl.DataFrame:
    """The rows set aside: `line` in the file, `reason`, and the `row` with identifiers masked."""
    return _read_checked(release, QUARANTINE, "quarantine", ["reason", "row"])


def read_doubtful(release: Release) -> pl.Series:
    """The keys of which rows are set aside: what the release says of them is not all there is.

    In a chain of changes, also those of its earlier releases that nobody has corrected.
    """
    found = [pl.Series("key", [], dtype=pl.String)]
    corrected: set[str] = set()
    for link in reversed(chain_of(release)):
        if link.hash not in corrected:
            found.append(read_doubtful_lines(link)["key"].drop_nulls())
        if link.corrects is not None:
            corrected.add(link.corrects)  # what is left of its quarantine is in that of this one
    return pl.concat(found).unique().sort()


def read_doubtful_lines(release: Release) -> pl.DataFrame:
    """The lines set aside in this delivery: `line`, and whose row it is (`key`, or null)."""
    return _read_checked(release, DOUBTFUL, "doubtful", ["key"])


def _read_checked(release: Release, name: str, content: str, columns: list[str]) -> pl.DataFrame:
    """A file beside the rows; its content is hashed without the lines, which mean nothing."""
    manifest = load_manifest(release.path)
    verify_file(release.path / name, manifest["files"].get(name), ReleaseDamaged)
    frame = read_parquet(release.path / name, ReleaseDamaged)
    held = frame.select(columns)
    held = sort_rows(held.unique() if content == "doubtful" else held)
    if hash_content(held) != manifest["content"][content]:
        raise ReleaseDamaged(release.path / name, "its content does not match its hash")
    return frame


def name_delivery(manifest: Mapping[str, Any]) -> str:
    """What was delivered: the day, the rows, and what was set aside, wherever it stood."""
    rows = {slot["slot"]: slot["hash"] for file in manifest["rows"] for slot in file["slots"]}
    fields = [manifest[name] for name in ("dataset", "delivered_on", "mode", "content")]
    return hash_texts([FORMAT, *fields, sorted(rows.items())])


def name_release(manifest: Mapping[str, Any]) -> str:
    """The name of a release: its delivery and, of changes, what they change."""
    return hash_texts([name_delivery(manifest), manifest["base"], manifest["corrects"]])


def read_manifest(path: Path) -> Release:
    """A release by its folder."""
    manifest = load_manifest(path)
    standing, decided_on = _standing(path, manifest["exceeded"])
    return Release(
        dataset=manifest["dataset"],
        hash=manifest["hash"],
        mode=manifest["mode"],
        base=manifest["base"],
        corrects=manifest["corrects"],
        delivery=name_delivery(manifest),
        delivered_on=date.fromisoformat(manifest["delivered_on"]),
        sequence=manifest["sequence"],
        rows_in=manifest["rows_in"],
        rows=sum(slot["rows"] for file in manifest["rows"] for slot in file["slots"]),
        quarantined=manifest["quarantined"],
        repeated=manifest["repeated"],
        unassigned=manifest["unassigned"],
        reasons=manifest["reasons"],
        changed=Changed(**manifest["changed"]),
        exceeded=tuple(manifest["exceeded"]),
        standing=standing,
        decided_on=decided_on,
        path=path,
    )


def _standing(path: Path, exceeded: list[str]) -> tuple[Standing, date | None]:
    """Whether it counts, and the day on which somebody decided so."""
    try:
        told = json.loads((path / DECISION).read_text(encoding="utf-8"))
        decision, decided_on = told["decision"], date.fromisoformat(told["at"][:10])
    except FileNotFoundError:
        return ("waiting" if exceeded else "in force"), None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseDamaged(path, "what was decided of it cannot be read") from error
    return ("in force" if decision == "accepted" else "rejected"), decided_on


def load_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a release, checked against the folder's name."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise ReleaseDamaged(path, f"its format {manifest['format']} is not {FORMAT}")
        name = name_release(manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseDamaged(path, "its manifest cannot be read") from error
    if not (name == manifest["hash"] == path.name and manifest["dataset"] == path.parent.name):
        raise ReleaseDamaged(path, "its manifest is not the one it was released with")
    return dict(manifest)
