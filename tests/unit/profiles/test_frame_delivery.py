"""A frame is taken in as the file with the same content: same rows, same quarantine."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from profiles.errors import DeliveryRefused, FrameRefused
from profiles.frame_delivery import ingest_frame
from profiles.release import list_releases, read_quarantine, read_release
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code, deliver

INSURANCE = DATASETS["unemployment-insurance"]
HEADER = "uscc,month,insured,premium,paid_in_full"
FIRMS = [credit_code(number) for number in range(3)]
CELLS: dict[str, list[Any]] = {
    "uscc": [FIRMS[0], FIRMS[1], FIRMS[1][:-1] + "!", FIRMS[2]],
    "month": ["2025-01", "2025-01", "2025-01", "2025-13"],
    "insured": [10, 11, 3, 4],
    "premium": [100.5, 20.25, None, 0.01],
    "paid_in_full": [True, False, True, True],
}
LINES = [
    f"{FIRMS[0]},2025-01,10,100.5,true",
    f"{FIRMS[1]},2025-01,11,20.25,false",
    f"{CELLS['uscc'][2]},2025-01,3,,true",
    f"{FIRMS[2]},2025-13,4,0.01,true",
]


def in_form(form: str, cells: dict[str, list[Any]]) -> Any:
    frame = pl.DataFrame(cells)
    return {"polars": frame, "pandas": pd.DataFrame(cells), "arrow": frame.to_arrow()}[form]


@pytest.mark.parametrize("form", ["polars", "pandas", "arrow"])
def test_a_frame_becomes_the_release_that_its_file_becomes(form: str, tmp_path: Path) -> None:
    from_file = deliver(tmp_path / "file", INSURANCE, HEADER, *LINES)
    found = ingest_frame(
        in_form(form, CELLS), INSURANCE, root=tmp_path / "frame", delivered_on=DAY, name="june"
    )
    assert found.created
    assert (found.release.rows_in, found.release.rows, found.release.quarantined) == (4, 2, 2)
    assert found.release.reasons == from_file.release.reasons
    rows = read_release(found.release, INSURANCE)
    assert rows.equals(read_release(from_file.release, INSURANCE))
    assert rows["premium"].to_list() == [10050, 2025]
    reasons = read_quarantine(found.release)["reason"].to_list()
    assert reasons == read_quarantine(from_file.release)["reason"].to_list()
    again = ingest_frame(in_form(form, CELLS), INSURANCE, root=tmp_path / "frame", delivered_on=DAY)
    assert not again.created


def test_columns_may_have_their_chinese_names(tmp_path: Path) -> None:
    labels = {name: column.label.zh for name, column in INSURANCE.columns.items()}
    frame = pl.DataFrame(CELLS).rename(labels)
    found = ingest_frame(frame, INSURANCE, root=tmp_path, delivered_on=DAY)
    assert found.release.rows == 2


def test_float_identifiers_are_refused_and_leave_nothing_behind(tmp_path: Path) -> None:
    floats = pd.DataFrame(CELLS | {"uscc": [91990101.0, None, 1.0, 2.0]})
    with pytest.raises(FrameRefused, match='june: column "uscc" holds floating'):
        ingest_frame(floats, INSURANCE, root=tmp_path, delivered_on=DAY, name="june")
    assert list_releases(tmp_path, INSURANCE.name) == []
    assert list(tmp_path.rglob("*.parquet")) == []


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    frame = pl.DataFrame(CELLS).drop("premium")
    with pytest.raises(DeliveryRefused, match='frame: column "premium"'):
        ingest_frame(frame, INSURANCE, root=tmp_path, delivered_on=DAY)


def test_nothing_but_the_release_stays_on_disk(tmp_path: Path) -> None:
    ingest_frame(pl.DataFrame(CELLS), INSURANCE, root=tmp_path, delivered_on=DAY)
    lock = f".{INSURANCE.name}.lock"  # empty: one delivery at a time holds it
    assert sorted(path.name for path in tmp_path.iterdir()) == [lock, INSURANCE.name]
    assert (tmp_path / lock).stat().st_size == 0
    (release,) = (tmp_path / INSURANCE.name).iterdir()
    assert json.loads((release / "manifest.json").read_text())["source"]["name"] == "frame"


def test_a_frame_of_changes_changes_what_a_file_delivered(tmp_path: Path) -> None:
    deliver(tmp_path, INSURANCE, HEADER, *LINES[:2])
    changes = pl.DataFrame(
        {
            "uscc": FIRMS[:2],
            "month": ["2025-01"] * 2,
            "insured": [99, 11],
            "premium": [1.5, 2.5],
            "paid_in_full": [True] * 2,
            "removed": [False, True],
        }
    )
    found = ingest_frame(
        changes, INSURANCE, root=tmp_path / "releases", delivered_on=DAY, mode="incremental"
    )
    rows = read_release(found.release, INSURANCE)
    assert rows.select("uscc", "insured", "premium").rows() == [(FIRMS[0], 99, 150)]
