"""The files of one day, written block by block as the departments write them."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import polars as pl
import pyarrow.parquet as pq

from profiles.sample_city.blemish import plant_blemishes
from profiles.sample_city.city import City
from profiles.sample_city.columns import LATE, PLANTED, ROW, as_text

PARQUET = frozenset({"employment", "employee-insurance", "medical-insurance"})
ENCODINGS = {"registration": "gb18030", "annual-accounts": "utf-8-sig"}
"""The encodings of the CSV files that are not plain UTF-8."""
NOT_IN_THE_CITY = frozenset(
    {
        "birth-registrations",
        "care-allowances",
        "culture-fee-cuts",
        "drug-approvals",
        "energy-use",
        "enterprise-loans",
        "enterprise-payments",
        "environment-credit",
        "equipment-recognitions",
        "family-children",
        "family-planning-support",
        "final-year-students",
        "government-accident-cover",
        "hire-comparison",
        "household-homes",
        "housing-fund-contributions",
        "housing-fund-limits",
        "income-tax-settlement",
        "industrial-operation",
        "industrial-output",
        "maternity-benefits",
        "medical-costs",
        "medical-insurance",
        "monthly-taxes",
        "needy-families",
        "old-age-certification",
        "park-tenants",
        "pension-support-list",
        "rd-statistics-filing",
        "resident-identifier-changes",
        "resident-payments",
        "resident-pension",
        "retained-tax",
        "retired-cadres",
        "special-deductions",
        "technology-projects",
        "upscale-reviews",
        "vehicle-purchases",
    }
)
"""Datasets that the city does not deliver: facts from them are missing there, as in many a city."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityReport:
    """What was written: rows of each file (duplicates counted), defects by dataset and kind.

    A defect in a column is called `kind:column`. `late` counts rows that are due and not in the
    file; `..._after_death` and `size_against_staff` are rows that another file contradicts.
    """

    seed: int
    as_of: date
    files: dict[str, Path]
    rows: dict[str, int]
    planted: dict[str, dict[str, int]]


class Delivery:
    """Open files in a directory; a context manager that closes them."""

    def __init__(self, city: City, target: Path) -> None:
        self._city = city
        self._target = target
        self._texts: dict[str, BinaryIO] = {}
        self._tables: dict[str, pq.ParquetWriter] = {}
        self.files: dict[str, Path] = {}
        self.rows: Counter[str] = Counter()
        self.planted: dict[str, Counter[str]] = {}
        target.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for text in self._texts.values():
            text.close()
        for table in self._tables.values():
            table.close()

    def deliver(self, dataset: str, frame: pl.DataFrame) -> None:
        """Plant the defects of these rows and append them to the dataset's file."""
        planted = self.planted.setdefault(dataset, Counter())
        kinds = frame[PLANTED].drop_nulls().value_counts()
        planted.update(dict(kinds.iter_rows()))
        frame = frame.filter(pl.col(PLANTED).ne_missing(LATE)).drop(PLANTED)
        if dataset not in PARQUET:
            frame = as_text(frame)
        frame, counts = plant_blemishes(self._city, dataset, frame)
        planted.update(counts)
        frame = frame.drop(ROW)
        self.rows[dataset] += len(frame)
        if dataset in PARQUET:
            self._append_table(dataset, frame)
        else:
            self._append_text(dataset, frame)

    def _append_text(self, dataset: str, frame: pl.DataFrame) -> None:
        first = dataset not in self._texts
        if first:
            self.files[dataset] = self._target / f"{dataset}.csv"
            self._texts[dataset] = self.files[dataset].open("wb")
        encoding = ENCODINGS.get(dataset)
        if encoding is None:
            frame.write_csv(self._texts[dataset], include_header=first)
            return
        written = BytesIO()
        frame.write_csv(written, include_header=first, line_terminator="\r\n")
        if encoding == "utf-8-sig" and not first:
            encoding = "utf-8"
        self._texts[dataset].write(written.getvalue().decode().encode(encoding))

    def _append_table(self, dataset: str, frame: pl.DataFrame) -> None:
        table = frame.to_arrow()
        if dataset not in self._tables:
            self.files[dataset] = self._target / f"{dataset}.parquet"
            self._tables[dataset] = pq.ParquetWriter(self.files[dataset], table.schema)
        self._tables[dataset].write_table(table)

    def report(self, as_of: date) -> CityReport:
        """What has been delivered."""
        return CityReport(
            seed=self._city.seed,
            as_of=as_of,
            files=dict(self.files),
            rows=dict(self.rows),
            planted={name: dict(sorted(kinds.items())) for name, kinds in self.planted.items()},
        )
