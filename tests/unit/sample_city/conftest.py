"""One small city on two days, read back as text."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from profiles.sample_city import DEFAULT_SEED, CityReport, write_city
from profiles.sample_city.delivery import ENCODINGS

FIRMS, RESIDENTS = 4_000, 12_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCity:
    """The report of a written city and its files by dataset, every cell as text."""

    report: CityReport
    files: dict[str, pl.DataFrame]


def read_file(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path).with_columns(pl.all().cast(pl.String))
    text = path.read_bytes().decode(ENCODINGS.get(path.stem, "utf-8"))
    return pl.read_csv(io.BytesIO(text.encode()), infer_schema=False)


def _write(target: Path, as_of: date) -> WrittenCity:
    report = write_city(target, firms=FIRMS, residents=RESIDENTS, seed=DEFAULT_SEED, as_of=as_of)
    return WrittenCity(
        report=report, files={name: read_file(path) for name, path in report.files.items()}
    )


@pytest.fixture(scope="session")
def october(tmp_path_factory: pytest.TempPathFactory) -> WrittenCity:
    return _write(tmp_path_factory.mktemp("october"), date(2025, 10, 31))


@pytest.fixture(scope="session")
def november(tmp_path_factory: pytest.TempPathFactory) -> WrittenCity:
    return _write(tmp_path_factory.mktemp("november"), date(2025, 11, 30))


@pytest.fixture(scope="session")
def reader() -> Callable[[Path], pl.DataFrame]:
    return read_file
