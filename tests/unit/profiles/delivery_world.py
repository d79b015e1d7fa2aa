"""Files and identifiers for tests of deliveries; check digits come from python-stdnum."""

from datetime import date
from pathlib import Path

from stdnum.cn import ric, uscc

from profiles.dataset import Dataset, builtin_datasets
from profiles.ingest import ReleaseReport, ingest

KEY = bytes(range(32))
DATASETS = builtin_datasets()
DAY = date(2025, 6, 1)


def credit_code(number: int) -> str:
    """The valid code of an invented enterprise."""
    body = f"91990101MA{number:07d}"
    return body + uscc.calc_check_digit(body)


def resident_number(number: int, born: str = "19900101") -> str:
    """The valid number of an invented resident of the reserved region 99."""
    body = f"990101{born}{number:03d}"
    return body + ric.calc_check_digit(body + "0")


def write_csv(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """A file of lines, made with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def deliver(
    home: Path, dataset: str | Dataset, *lines: str, on: date = DAY, **options: object
) -> ReleaseReport:
    """Ingest lines as a CSV file of a dataset into `home/releases`."""
    known = DATASETS[dataset] if isinstance(dataset, str) else dataset
    path = write_csv(home / "in" / f"{known.name}-{on}.csv", *lines)
    return ingest(path, known, root=home / "releases", delivered_on=on, **options)  # type: ignore[arg-type]
