import dataclasses
import json
from datetime import date

import pytest

import profiles.release_write
from profiles.errors import ReleaseDamaged, ReleaseOutdated
from profiles.release import (
    list_releases,
    newest_release,
    read_doubtful,
    read_quarantine,
    read_release,
    verify_release,
)
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code, deliver

SIZES = DATASETS["size-class"]
HEADER = "uscc,year,ent_size"
LINES = [f"{credit_code(number)},2024,small" for number in range(300)]


def test_the_same_delivery_twice_is_one_release_in_whatever_order(tmp_path):
    first = deliver(tmp_path, SIZES, HEADER, *LINES, "bad,2024,small")
    again = deliver(tmp_path, SIZES, HEADER, "bad,2024,small", *reversed(LINES))
    assert first.created
    assert not again.created
    assert again.release == first.release
    assert len(list_releases(tmp_path / "releases", "size-class")) == 1


def test_another_content_or_another_day_is_another_release(tmp_path):
    deliver(tmp_path, SIZES, HEADER, *LINES)
    assert deliver(tmp_path, SIZES, HEADER, *LINES[1:]).created
    assert deliver(tmp_path, SIZES, HEADER, *LINES, "bad,2024,small").created
    assert deliver(tmp_path, SIZES, HEADER, *LINES, on=date(2025, 7, 1)).created


def test_the_newest_release_of_the_day_counts(tmp_path):
    root = tmp_path / "releases"
    may = deliver(tmp_path, SIZES, HEADER, *LINES, on=date(2025, 5, 1)).release
    june = deliver(tmp_path, SIZES, HEADER, *LINES[1:], on=DAY).release
    corrected = deliver(tmp_path, SIZES, HEADER, *LINES[2:], on=DAY).release
    assert newest_release(root, "size-class", date(2025, 4, 30)) is None
    assert newest_release(root, "size-class", date(2025, 5, 31)) == may
    assert newest_release(root, "size-class", DAY) == corrected != june


def test_of_several_deliveries_of_one_day_the_last_counts(tmp_path):
    for number in range(8):
        release = deliver(tmp_path, SIZES, HEADER, *LINES[number:]).release
        assert newest_release(tmp_path / "releases", "size-class", DAY) == release


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone", "swapped"])
def test_damaged_rows_are_found_and_named(tmp_path, damage):
    release = deliver(tmp_path, SIZES, HEADER, *LINES).release
    other = deliver(tmp_path, SIZES, HEADER, *LINES[1:]).release
    path = release.path / "rows-00.parquet"
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "swapped":
        path.write_bytes((other.path / "rows-00.parquet").read_bytes())
    elif damage == "cut":
        path.write_bytes(whole[:-100])
    else:
        path.write_bytes(whole[:500] + bytes([whole[500] ^ 1]) + whole[501:])
    with pytest.raises(ReleaseDamaged, match=r"rows-00\.parquet"):
        read_release(release, SIZES)


def test_rows_exchanged_together_with_their_hashes_are_found(tmp_path):
    release = deliver(tmp_path, SIZES, HEADER, *LINES).release
    other = deliver(tmp_path, SIZES, HEADER, *LINES[1:]).release
    (release.path / "rows-00.parquet").write_bytes((other.path / "rows-00.parquet").read_bytes())
    manifest = json.loads((release.path / "manifest.json").read_text(encoding="utf-8"))
    theirs = json.loads((other.path / "manifest.json").read_text(encoding="utf-8"))
    manifest["rows"] = theirs["rows"]
    (release.path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ReleaseDamaged, match="not the one it was released with"):
        read_release(release, SIZES)


def test_rows_exchanged_together_with_their_file_s_hash_are_found_by_looking_closely(tmp_path):
    release = deliver(tmp_path, SIZES, HEADER, *LINES).release
    other = deliver(tmp_path, SIZES, HEADER, *LINES[1:]).release
    verify_release(release, SIZES)
    (release.path / "rows-00.parquet").write_bytes((other.path / "rows-00.parquet").read_bytes())
    manifest = json.loads((release.path / "manifest.json").read_text(encoding="utf-8"))
    theirs = json.loads((other.path / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = manifest["files"] | {"rows-00.parquet": theirs["files"]["rows-00.parquet"]}
    (release.path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ReleaseDamaged, match=r"rows-00\.parquet.*do not match their hash"):
        verify_release(release, SIZES)


@pytest.mark.parametrize("change", [{"delivered_on": "2025-05-31"}, {"hash": "0"}, {"format": 9}])
def test_a_changed_manifest_is_found(tmp_path, change):
    release = deliver(tmp_path, SIZES, HEADER, *LINES).release
    path = release.path / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | change), encoding="utf-8")
    with pytest.raises(ReleaseDamaged):
        list_releases(tmp_path / "releases", "size-class")


def test_an_unreadable_manifest_is_found(tmp_path):
    release = deliver(tmp_path, SIZES, HEADER, *LINES).release
    (release.path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(ReleaseDamaged, match="manifest cannot be read"):
        read_quarantine(release)


def test_the_doubtful_are_those_whose_rows_were_set_aside(tmp_path):
    one, other = credit_code(500), credit_code(501)
    report = deliver(
        tmp_path,
        SIZES,
        HEADER,
        *LINES,
        f"{one},2024,giant",
        f"{other},2024,small",
        f"{other},2024,large",
        "bad,2024,small",
        "1,2",
    )
    assert sorted(read_doubtful(report.release)) == sorted([one, other])
    assert report.release.unassigned == 2
    assert report.release.quarantined == 5


def test_a_release_for_other_columns_is_outdated(tmp_path):
    release = deliver(tmp_path, SIZES, HEADER, *LINES).release
    columns = {name: column for name, column in SIZES.columns.items() if name != "ent_size"}
    with pytest.raises(ReleaseOutdated, match="ingest the delivery again"):
        read_release(release, dataclasses.replace(SIZES, columns=columns))


def test_a_delivery_killed_before_the_end_leaves_no_release(tmp_path, monkeypatch):
    def fail(temporary, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(profiles.release_write, "publish_folder", fail)
    with pytest.raises(OSError, match="No space"):
        deliver(tmp_path, SIZES, HEADER, *LINES)
    monkeypatch.undo()
    assert list_releases(tmp_path / "releases", "size-class") == []
    assert list((tmp_path / "releases" / "size-class").iterdir()) == []
    assert deliver(tmp_path, SIZES, HEADER, *LINES).created
