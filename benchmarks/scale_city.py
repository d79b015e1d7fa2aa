"""The city of the benchmark of a run: taken the whole way from department files to a snapshot once,
and kept for the next time."""

import shutil
from pathlib import Path

from benchmarks.catalogue_conditions import DAY
from profiles.dataset import builtin_datasets
from profiles.ingest import ingest
from profiles.part_files import MANIFEST
from profiles.sample_city import write_city
from profiles.snapshot import Snapshot, open_snapshot
from profiles.snapshot_taking import build_snapshot
from profiles.vocabulary_load import builtin_vocabulary

RESIDENTS, FIRMS = 0.9, 0.112
"""Of so many subjects; a tenth of the firms have closed by the day. Households come on top."""


def find_city(folder: Path, subjects: int) -> Snapshot | None:
    """The snapshot that was made before; None where there is none."""
    found = (folder / str(subjects) / "snapshots").glob(f"*/{MANIFEST}")
    return next((open_snapshot(path.parent) for path in found), None)


def make_city(folder: Path, subjects: int) -> Snapshot:
    """The snapshot of a city of so many residents and firms together.

    Files and releases are removed again: of ten million subjects they are some gigabytes.
    """
    made = find_city(folder, subjects)
    if made is not None:
        return made
    work = folder / str(subjects)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    write_city(
        work / "files",
        firms=max(1, round(subjects * FIRMS)),
        residents=max(1, round(subjects * RESIDENTS)),
        as_of=DAY,
    )
    datasets = builtin_datasets()
    for file in sorted((work / "files").iterdir()):
        ingest(file, datasets[file.stem], root=work / "releases", delivered_on=DAY)
    shutil.rmtree(work / "files")
    snapshot = build_snapshot(
        releases_root=work / "releases",
        snapshots_root=work / "snapshots",
        datasets=datasets,
        vocabulary=builtin_vocabulary(datasets),
        as_of=DAY,
        key=bytes(32),
    )
    shutil.rmtree(work / "releases")
    return snapshot
