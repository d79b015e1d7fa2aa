import json
import pickle
from datetime import date

import polars as pl
import pytest

import profiles.snapshot_build
from profiles.errors import NothingRegistered, SnapshotDamaged
from profiles.identifier import subject_ids
from profiles.snapshot import Snapshot, open_snapshot, read_part, verify_snapshot
from profiles.snapshot_taking import build_snapshot
from profiles.vocabulary_load import builtin_vocabulary
from tests.unit.profiles.delivery_world import (
    DATASETS,
    DAY,
    KEY,
    credit_code,
    deliver,
    resident_number,
)

VOCABULARY = builtin_vocabulary(DATASETS)
FIRMS = [credit_code(number) for number in range(5)]
PERSONS = [resident_number(number) for number in range(3)]
REGISTRATION = ",".join(DATASETS["registration"].columns)
INSURANCE = "uscc,month,insured,premium,paid_in_full"


def firm(code: str, region: str = "990101", until: str = "") -> str:
    return f"{code},某公司,某某,某路,{region},enterprise,C3512,100,零售,2020-01-01,{until}"


def build(home, as_of: date = DAY, **options: object) -> Snapshot:
    return build_snapshot(
        releases_root=home / "releases",
        snapshots_root=home / "snapshots",
        datasets=DATASETS,
        vocabulary=VOCABULARY,
        as_of=as_of,
        key=KEY,
        **options,  # type: ignore[arg-type]
    )


def id_of(code: str) -> str:
    found: str = subject_ids("enterprise", pl.Series([code]), KEY)[0]
    return found


def facts_of(snapshot: Snapshot, code: str) -> dict[str, object]:
    for part in snapshot.parts("enterprise"):
        rows = read_part(snapshot, part, datasets=()).facts.filter(subject=id_of(code))
        if rows.height:
            return rows.row(0, named=True)
    raise AssertionError(f"nobody has the code {code}")


def deliver_city(home, on: date = DAY) -> None:
    deliver(home, "registration", REGISTRATION, *map(firm, FIRMS), on=on)
    deliver(
        home,
        "unemployment-insurance",
        INSURANCE,
        *(f"{FIRMS[0]},2024-{month:02},{9 + month},100.5,true" for month in range(1, 13)),
        f"{FIRMS[1]},2024-12,7,1,false",
        f"{credit_code(77)},2024-12,1,1,true",
        on=on,
    )
    deliver(
        home,
        "unemployment-benefit",
        "uscc,person_id,started_on",
        *(f"{FIRMS[0]},{person},2024-07-01" for person in PERSONS),
        on=on,
    )


@pytest.fixture
def home(tmp_path):
    deliver_city(tmp_path)
    return tmp_path


def test_facts_come_from_the_rows_of_each_subject(home):
    facts = facts_of(build(home), FIRMS[0])
    assert facts["ent_region"] == "990101"
    assert facts["ui_paid_months"] == 12
    assert facts["ui_insured_count"] == 21
    assert facts["ui_premium_prev_year"] == 12 * 10050
    assert facts["ui_benefit_recipients"] == 3
    assert facts_of(build(home), FIRMS[1])["ui_paid_months"] == 0


def test_what_was_never_delivered_is_missing_and_noted(home):
    snapshot = build(home)
    assert facts_of(snapshot, FIRMS[0])["credit_serious_dishonest"] is None
    assert facts_of(snapshot, FIRMS[0])["ent_size"] is None
    assert "zombie-list: never delivered, its facts are missing" in snapshot.notes
    assert snapshot.facts["is_zombie"].release is None
    used = {release.dataset: release for release in snapshot.releases}
    assert snapshot.facts["ui_paid_months"].release == used["unemployment-insurance"].hash
    assert snapshot.facts["ui_paid_months"].delivered_on == DAY


def test_an_empty_complete_list_says_that_nobody_is_on_it(home):
    deliver(home, "zombie-list", "uscc,listed_on,removed_on")
    assert facts_of(build(home), FIRMS[0])["is_zombie"] is False


def test_rows_about_nobody_in_the_register_are_counted(home):
    unmatched = {release.dataset: release.unmatched for release in build(home).releases}
    assert unmatched == {"registration": 0, "unemployment-benefit": 0, "unemployment-insurance": 1}


def test_a_stale_release_counts_as_not_delivered(home):
    fresh = build(home, date(2026, 7, 6))
    stale = build(home, date(2026, 7, 7))
    assert facts_of(fresh, FIRMS[0])["ui_paid_months"] == 12
    assert facts_of(stale, FIRMS[0])["ui_paid_months"] is None
    (used,) = [r for r in stale.releases if r.dataset == "unemployment-insurance"]
    assert used.stale
    assert (
        "unemployment-insurance: delivered 2025-06-01, more than 400 days before, "
        "its facts are missing" in stale.notes
    )
    frames = read_part(stale, stale.parts("enterprise")[0])
    assert "unemployment-insurance" not in frames.rows


def test_only_subjects_in_force_on_the_day_are_in_it(tmp_path):
    lines = [firm(FIRMS[0], until="2025-06-01"), firm(FIRMS[1], until="2025-05-31"), firm(FIRMS[2])]
    deliver(tmp_path, "registration", REGISTRATION, *lines)
    snapshot = build(tmp_path)
    (part,) = snapshot.parts("enterprise")
    expected = sorted(map(id_of, [FIRMS[0], FIRMS[2]]))
    assert read_part(snapshot, part).facts["subject"].to_list() == expected


def test_the_newest_delivery_before_the_day_counts_alone(home):
    header, line = INSURANCE, f"{FIRMS[0]},2025-05,50,1,true"
    deliver(home, "unemployment-insurance", header, line, on=date(2025, 7, 1))
    assert facts_of(build(home, date(2025, 6, 30)), FIRMS[0])["ui_paid_months"] == 12
    assert facts_of(build(home, date(2025, 7, 1)), FIRMS[0])["ui_paid_months"] == 1


def test_a_subject_has_each_figure_of_its_region_or_the_nearest_above(tmp_path):
    codes = [credit_code(number) for number in range(4)]
    regions = ["990101", "990102", "440106001", ""]
    deliver(tmp_path, "registration", REGISTRATION, *map(firm, codes, regions))
    deliver(
        tmp_path,
        "disability-employment-ratio",
        "region,year,ratio_pct",
        "990000,2025,1.5",
        "990101,2025,1.7",
        "广东省,2025,1.6",
    )
    deliver(
        tmp_path,
        "flexible-lowest-tier",
        "region,year,lowest_tier_contrib",
        "示范市,2025,10000",
    )
    snapshot = build(tmp_path)
    found = [
        (facts["p_disabled_ratio_pct"], facts["lowest_tier_contrib"])
        for facts in (facts_of(snapshot, code) for code in codes)
    ]
    assert found == [(1.7, 1_000_000), (1.5, 1_000_000), (1.6, None), (None, None)]
    (part,) = snapshot.parts("region")
    assert read_part(snapshot, part).facts["subject"].to_list() == [
        "440000",
        "990000",
        "990100",
        "990101",
    ]


def test_what_was_set_aside_makes_facts_missing_never_smaller(home):
    deliver(
        home,
        "unemployment-insurance",
        INSURANCE,
        *(f"{FIRMS[0]},2024-{month:02},10,100,true" for month in range(1, 13)),
        f"{FIRMS[0]},2024-12,11,100,true",
        *(f"{FIRMS[1]},2024-{month:02},10,100,true" for month in range(1, 13)),
        f"{FIRMS[2]},2024-12,ten,100,true",
        on=date(2025, 6, 2),
    )
    snapshot = build(home, date(2025, 6, 2))
    paid = [facts_of(snapshot, code)["ui_paid_months"] for code in FIRMS[:4]]
    assert paid == [None, 12, None, 0]
    assert facts_of(snapshot, FIRMS[0])["ent_region"] == "990101"
    (part,) = snapshot.parts("enterprise")
    doubtful = read_part(snapshot, part).doubtful
    assert set(doubtful["dataset"]) == {"unemployment-insurance"}
    assert set(doubtful["subject"]) == {id_of(FIRMS[0]), id_of(FIRMS[2])}


def test_a_bad_row_is_neither_no_row_nor_does_not_apply(home):
    deliver(
        home,
        "zombie-list",
        "uscc,listed_on,removed_on",
        f"{FIRMS[0]},2024-02-30,",
        f"{FIRMS[1]},2024-02-28,",
    )
    deliver(
        home,
        "titles",
        "uscc,title,event,recognised_on,valid_to",
        f"{FIRMS[0]},hero,first,2025-01-01,",
        f"{FIRMS[1]},hnte,first,2025-01-01,",
    )
    snapshot = build(home)
    zombie = [facts_of(snapshot, code)["is_zombie"] for code in FIRMS[:3]]
    assert zombie == [None, True, False]
    titles = [facts_of(snapshot, code)["title"] for code in FIRMS[:3]]
    assert titles == [None, "hnte", None]
    not_applicable = [facts_of(snapshot, code)["title::none"] for code in FIRMS[:3]]
    assert not_applicable == [False, False, True]


def test_bad_rows_of_whom_nobody_can_tell_are_noted(home):
    deliver(
        home,
        "zombie-list",
        "uscc,listed_on,removed_on",
        "x,2024-01-01,",
        "1,2",
        f"{FIRMS[1]},2024-02-28,",
    )
    (note,) = [note for note in build(home).notes if note.startswith("zombie-list")]
    assert "2 rows were set aside whose subject cannot be told" in note


def test_a_doubtful_figure_is_not_replaced_by_the_one_above(tmp_path):
    codes = FIRMS[:2]
    deliver(tmp_path, "registration", REGISTRATION, *map(firm, codes, ["990101", "990102"]))
    deliver(
        tmp_path,
        "disability-employment-ratio",
        "region,year,ratio_pct",
        "990000,2025,1.5",
        "990101,2025,170",
    )
    snapshot = build(tmp_path)
    found = [facts_of(snapshot, code)["p_disabled_ratio_pct"] for code in codes]
    assert found == [None, 1.5]


def test_a_snapshot_can_be_sent_to_another_process(home):
    snapshot = build(home)
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot


@pytest.mark.parametrize("part_size", [1, 2, 3, 5])
def test_parts_hold_each_subject_once_with_its_rows(home, part_size):
    whole = build(home, part_size=100)
    parted = build(home, part_size=part_size)
    parts = [read_part(parted, part) for part in parted.parts("enterprise")]
    assert len(parts) > 1 or part_size >= 5
    assert all(p.facts.height <= part_size for p in parts)
    assert all(p.facts["subject"].is_sorted() for p in parts)
    (one,) = [read_part(whole, part) for part in whole.parts("enterprise")]
    assert pl.concat([p.facts for p in parts]).sort("subject").equals(one.facts)
    for name in one.rows:
        found = pl.concat([p.rows[name] for p in parts])
        assert found.sort("subject", maintain_order=True).equals(one.rows[name])
        for frames in parts:
            assert set(frames.rows[name]["subject"]) <= set(frames.facts["subject"])


def test_only_surrogates_are_in_it_and_no_names(tmp_path):
    deliver_city(tmp_path)
    header = ",".join(DATASETS["household-register"].columns)
    lines = [f"{p},示例居民,male,1990-01-01,990101,,户一,head,00012345678," for p in PERSONS]
    deliver(tmp_path, "household-register", header, *lines)
    snapshot = build(tmp_path)
    texts = (snapshot.path / "manifest.json").read_text(encoding="utf-8")
    for part in snapshot.all_parts:
        frames = read_part(snapshot, part)
        texts += frames.facts.write_csv() + "".join(f.write_csv() for f in frames.rows.values())
    for secret in [*FIRMS, *PERSONS, "示例居民", "某某", "户一", "00012345678"]:
        assert secret not in texts
    (part,) = snapshot.parts("enterprise")
    recipients = read_part(snapshot, part).rows["unemployment-benefit"]["person_id"]
    assert set(recipients) == set(subject_ids("resident", pl.Series(PERSONS), KEY))
    assert "name" in read_part(snapshot, part).rows["registration"].columns


def test_the_same_releases_and_day_give_the_same_hash(tmp_path):
    for name, reverse in (("one", False), ("other", True)):
        home = tmp_path / name
        lines = [firm(code) for code in FIRMS]
        deliver(home, "registration", REGISTRATION, *(lines[::-1] if reverse else lines))
    one, other = build(tmp_path / "one"), build(tmp_path / "other")
    assert one.hash == other.hash
    assert build(tmp_path / "one") == one
    assert build(tmp_path / "one", date(2025, 6, 2)).hash != one.hash


def test_without_a_register_there_is_no_snapshot(tmp_path):
    deliver(tmp_path, "zombie-list", "uscc,listed_on,removed_on")
    with pytest.raises(NothingRegistered, match="no register was delivered"):
        build(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
@pytest.mark.parametrize(
    "name", ["facts-enterprise-0000.parquet", "rows/unemployment-insurance/enterprise-0000.parquet"]
)
def test_damaged_files_are_found_and_named(home, damage, name):
    snapshot = build(home)
    path = snapshot.path / name
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 4]) + whole[middle + 1 :])
    with pytest.raises(SnapshotDamaged, match=name):
        read_part(snapshot, snapshot.parts("enterprise")[0])


def test_a_file_exchanged_with_its_entry_in_the_manifest_is_found(home):
    one, other = build(home, part_size=1), build(home, part_size=100)
    name = min(name for name in one.files if name.startswith("facts-enterprise"))
    theirs = "facts-enterprise-0000.parquet"
    (one.path / name).write_bytes((other.path / theirs).read_bytes())
    manifest = json.loads((one.path / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][name] = other.files[theirs]
    (one.path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    changed = open_snapshot(one.path)
    verify_snapshot(other)
    with pytest.raises(SnapshotDamaged, match=f"{name}.*content does not match"):
        verify_snapshot(changed)


def test_a_changed_manifest_is_found(home):
    snapshot = build(home)
    path = snapshot.path / "manifest.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"as_of": "2025-06-01"', '"as_of": "2025-06-02"'), "utf-8")
    with pytest.raises(SnapshotDamaged, match="not the one it was built with"):
        open_snapshot(snapshot.path)
    path.write_text(text[:100], "utf-8")
    with pytest.raises(SnapshotDamaged, match="cannot be read"):
        open_snapshot(snapshot.path)


def test_a_build_that_fails_leaves_nothing_behind(home, monkeypatch):
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(profiles.snapshot_build, "compute_facts", fail)
    with pytest.raises(OSError, match="No space"):
        build(home)
    assert list((home / "snapshots").iterdir()) == []
    monkeypatch.undo()
    assert build(home).parts("enterprise")


def test_progress_tells_the_steps(home):
    told: list[tuple[str, int, int]] = []
    build(home, on_progress=lambda step, done, total: told.append((step, done, total)))
    assert {step for step, _, _ in told} == {"building parts"}
    assert told[-1][1] == told[-1][2]
