"""The residents of an increment that is being made, for the rows of others that bring their facts.

Each layer holds some subjects: what a newer one replaces is not looked for in the older ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from language.column import NOT_APPLICABLE
from profiles.part_files import doubtful_file, facts_file, replaced_file, rows_file
from profiles.snapshot import FACTS


@dataclass(frozen=True, slots=True, kw_only=True)
class LayeredResidents:
    """As `profiles.joining.Residents`, over the folders of snapshots, the newest first."""

    folders: Sequence[Path]
    parts: Sequence[int]
    datasets: frozenset[str]

    def facts_of(self, ids: pl.Series, names: list[str]) -> pl.DataFrame:
        """These facts of these residents, with `subject`; who is none of them has no line."""
        found = [pl.DataFrame(schema={"subject": pl.String})]
        for number in self.parts:
            for path, wanted in self._layers(facts_file("resident", number), number, FACTS, ids):
                facts = pl.scan_parquet(path)
                known = facts.collect_schema().names()
                flags = [name + NOT_APPLICABLE for name in names]
                columns = ["subject", *(name for name in [*names, *flags] if name in known)]
                mine = pl.col("subject").is_in(wanted.implode())
                found.append(facts.select(columns).filter(mine).collect())
        return pl.concat(found, how="diagonal")

    def rows_of(self, ids: pl.Series, dataset: str) -> pl.DataFrame | None:
        """Their rows of a dataset; None where none was delivered."""
        if dataset not in self.datasets:
            return None
        found = []
        for number in self.parts:
            name = rows_file(dataset, "resident", number)
            for path, wanted in self._layers(name, number, dataset, ids):
                mine = pl.col("subject").is_in(wanted.implode())
                found.append(pl.scan_parquet(path).filter(mine).collect())
        return pl.concat(found)

    def doubtful(self, dataset: str) -> pl.Series:
        """Of whom rows of a dataset were set aside."""
        found = [pl.Series("subject", [], dtype=pl.String)]
        for number in self.parts:
            name = doubtful_file("resident", number)
            newest = next(folder / name for folder in self.folders if (folder / name).exists())
            unsure = pl.read_parquet(newest)
            found.append(unsure.filter(pl.col("dataset") == dataset)["subject"])
        return pl.concat(found)

    def _layers(
        self, name: str, number: int, source: str, ids: pl.Series
    ) -> Iterator[tuple[Path, pl.Series]]:
        """The files of this name, the newest first, each with whom to look for in it."""
        for folder in self.folders:
            path = folder / name
            if path.exists():
                yield path, ids
            replaced = folder / replaced_file("resident", number)
            if replaced.exists():
                newer = pl.read_parquet(replaced).filter(pl.col("source") == source)["subject"]
                ids = ids.filter(~ids.is_in(newer.implode()))
