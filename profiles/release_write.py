"""How a release is written: share by share into a folder that gets its name when it is complete."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl

from profiles.changeset import Changed, Mode, form_of
from profiles.content import hash_content, hash_file, sort_rows
from profiles.dataset import Dataset
from profiles.folder import publish_folder, write_json
from profiles.release import (
    DOUBTFUL,
    DOUBTFUL_SCHEMA,
    FORMAT,
    MANIFEST,
    QUARANTINE,
    QUARANTINE_SCHEMA,
    Release,
    chain_of,
    list_releases,
    name_delivery,
    name_release,
    read_manifest,
)
from profiles.spill import SLOT


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Rows that cannot be used: `quarantine` for people to see, `doubtful` lines and whose."""

    quarantine: pl.DataFrame
    doubtful: pl.DataFrame
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a delivery came from: a file's name and hash, or what a query asked; its heading."""

    name: str
    sha256: str
    heading: tuple[str, ...] = ()


class ReleaseWriter:
    """Writes one release. A context: without `finish` nothing is left of it."""

    def __init__(self, dataset: Dataset, mode: Mode, root: Path) -> None:
        self.dataset = dataset
        self.mode: Mode = mode
        self.root = root
        self.folder = root / dataset.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.temporary = Path(tempfile.mkdtemp(prefix=".incoming-", dir=self.folder))
        self.spilled = self.temporary.with_name(self.temporary.name + "-spilled")
        self.columns = form_of(dataset, mode).columns
        self.files: list[dict[str, Any]] = []
        self.rows = 0

    def __enter__(self) -> "ReleaseWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.temporary, ignore_errors=True)

    def write_share(self, rows: pl.DataFrame) -> None:
        """Write a share's rows, sorted by slot; shares come in the order of their slots."""
        if not rows.height:
            return
        counts = rows[SLOT].rle().struct.unnest()
        rows = rows.select(list(self.columns))
        name = f"rows-{len(self.files):02d}.parquet"
        rows.write_parquet(self.temporary / name, compression="zstd", compression_level=1)
        slots = []
        at = 0
        for height, slot in counts.iter_rows():
            digest = hash_content(rows.slice(at, height))
            slots.append({"slot": slot, "rows": height, "hash": digest})
            at += height
        self.files.append({"name": name, "slots": slots})
        self.rows += rows.height

    def finish(
        self,
        aside: SetAside,
        *,
        delivered_on: date,
        rows_in: int,
        repeated: int,
        changed: Changed,
        base: Release | None,
        corrects: Release | None,
        exceeded: list[str],
        source: Source,
    ) -> tuple[Release, bool]:
        """Give the release its name; False where that release was there already."""
        quarantine = aside.quarantine.select(list(QUARANTINE_SCHEMA)).sort("line", "reason", "row")
        doubtful = aside.doubtful.select(list(DOUBTFUL_SCHEMA)).sort("line", "key")
        quarantine.write_parquet(self.temporary / QUARANTINE)
        doubtful.write_parquet(self.temporary / DOUBTFUL)
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "dataset": self.dataset.name,
            "mode": self.mode,
            "base": base.hash if base else None,
            "corrects": corrects.hash if corrects else None,
            "delivered_on": delivered_on.isoformat(),
            "rows": self.files,
            "content": {
                "quarantine": hash_content(sort_rows(quarantine.select("reason", "row"))),
                "doubtful": hash_content(sort_rows(doubtful.select("key").unique())),
            },
            "rows_in": rows_in,
            "quarantined": quarantine.height,
            "repeated": repeated,
            "unassigned": doubtful["key"].null_count(),
            "reasons": dict(sorted(aside.reasons.items())),
            "changed": asdict(changed),
            "exceeded": exceeded,
            "columns": {name: column.type for name, column in self.columns.items()},
            "source": asdict(source),
            "files": {
                path.name: hash_file(path) for path in sorted(self.temporary.glob("*.parquet"))
            },
        }
        there = self._same_delivery(name_delivery(manifest), base)
        manifest["hash"] = name_release(manifest)
        target = self.folder / manifest["hash"]
        if there is not None or target.exists():
            return there or read_manifest(target), False
        earlier = list_releases(self.root, self.dataset.name)
        manifest["sequence"] = 1 + max((release.sequence for release in earlier), default=0)
        write_json(self.temporary / MANIFEST, manifest)
        publish_folder(self.temporary, target)
        return read_manifest(target), True

    def _same_delivery(self, name: str, base: Release | None) -> Release | None:
        """The release of the same changes, where it has been applied to what is there already."""
        if base is None:
            return None
        links = [link for link in chain_of(base) if link.mode == self.mode]
        return next((link for link in links if link.delivery == name), None)
