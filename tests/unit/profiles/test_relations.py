"""Who belongs to whom on a day: relations with first and last days, against a count by hand."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from profiles.identifier import subject_ids
from profiles.identity import read_changes, resolve
from profiles.ingest import ingest
from profiles.release import newest_release, read_release
from profiles.sample_city import write_city
from profiles.snapshot import read_part
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
BORN = [date(1980, 1, 1), date(1982, 5, 5), date(2007, 6, 1), date(2007, 6, 2), date(2020, 1, 1)]
PEOPLE = [resident_number(n, f"{born:%Y%m%d}") for n, born in enumerate(BORN)]
HOUSEHOLDS = PEOPLE[:2]
FIRMS = [credit_code(number) for number in range(3)]
MEMBERS = [
    (0, 0, "head", "1980-01-01", ""),
    (0, 2, "child", "2007-06-01", ""),
    (0, 3, "child", "2007-06-02", "2025-03-31"),  # moved over to the other household
    (1, 1, "head", "1982-05-05", ""),
    (1, 3, "other", "2025-04-01", ""),
    (1, 4, "child", "2020-01-01", "2025-06-01"),  # the last day still counts
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    registration = ",".join(DATASETS["registration"].columns)
    firms = [f"{f},某公司,某某,某路,990101,enterprise,C3512,100,零售,2020-01-01," for f in FIRMS]
    deliver(tmp_path, "registration", registration, *firms)
    register = ",".join(DATASETS["household-register"].columns)
    people = [
        f"{person},某某,male,{born},990101,{born},户{n},head,,"
        for n, (person, born) in enumerate(zip(PEOPLE, BORN, strict=True))
    ]
    deliver(tmp_path, "household-register", register, *people)
    deliver(
        tmp_path, "households", "household_id,head_id,region,formed_on,dissolved_on",
        *(f"{h},{h},990101,2000-01-01," for h in HOUSEHOLDS),
    )  # fmt: skip
    deliver(
        tmp_path, "household-members", "household_id,person_id,relation,from_on,to_on",
        *(f"{HOUSEHOLDS[h]},{PEOPLE[p]},{r},{a},{b}" for h, p, r, a, b in MEMBERS),
    )  # fmt: skip
    deliver(
        tmp_path, "enterprise-groups", "uscc,parent,role,from_on,to_on",
        f"{FIRMS[0]},{FIRMS[0]},parent,2021-01-01,",
        f"{FIRMS[1]},{FIRMS[0]},member,2021-01-01,2025-05-31",
    )  # fmt: skip
    deliver(
        tmp_path, "shareholders", "uscc,holder_no,kind,person_id,firm,share_pct,from_on,to_on",
        f"{FIRMS[0]},1,partner,{PEOPLE[0]},,60,2020-01-01,",
        f"{FIRMS[0]},2,partner,{PEOPLE[1]},,40,2020-01-01,2024-12-31",
        f"{FIRMS[0]},3,partner,,{FIRMS[2]},40,2025-01-01,",
        f"{FIRMS[1]},1,shareholder,{PEOPLE[1]},,100,2020-01-01,",
    )  # fmt: skip
    return tmp_path


def facts(home: Path, kind: str, codes: list[str], name: str, as_of: date) -> list[object]:
    snapshot = build_snapshot(
        releases_root=home / "releases",
        snapshots_root=home / "snapshots",
        datasets=DATASETS,
        vocabulary=VOCABULARY,
        as_of=as_of,
        key=KEY,
    )
    frames = [read_part(snapshot, part, datasets=[]).facts for part in snapshot.parts(kind)]
    found = dict(pl.concat(frames).select("subject", name).iter_rows())
    return [found[subject] for subject in subject_ids(kind, pl.Series(codes), KEY)]


def members_on(day: date, younger_than: int | None = None) -> list[int]:
    """How many belong to each household on a day, or of them those under so many years."""
    counted = [0, 0]
    for household, person, _, first, last in MEMBERS:
        born = BORN[person]
        age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        there = first <= day.isoformat() <= (last or "9999-12-31")
        counted[household] += there and (younger_than is None or age < younger_than)
    return counted


@pytest.mark.parametrize("day", [DAY, date(2025, 6, 2)])
def test_a_household_counts_who_belongs_to_it_on_the_day(home: Path, day: date) -> None:
    assert facts(home, "household", HOUSEHOLDS, "hh_size", day) == members_on(day)
    assert facts(home, "household", HOUSEHOLDS, "hh_minors", day) == members_on(day, 18)
    assert members_on(DAY) != members_on(date(2025, 6, 2))


def test_a_group_and_partners_are_those_of_the_day(home: Path) -> None:
    parent = subject_ids("enterprise", pl.Series(FIRMS[:1]), KEY)[0]
    assert facts(home, "enterprise", FIRMS, "ent_group", DAY) == [parent, None, None]
    assert facts(home, "enterprise", FIRMS, "partners", DAY) == [2, 0, 0]


def test_former_numbers_of_the_sample_city_lead_to_its_firms(tmp_path: Path) -> None:
    report = write_city(tmp_path / "city", firms=400, residents=300, as_of=date(2025, 10, 31))
    for name in ("registration", "enterprise-identifier-changes"):
        file = report.files[name]
        ingest(file, DATASETS[name], root=tmp_path / "r", delivered_on=date(2025, 10, 31))
    read = {}
    for name in ("registration", "enterprise-identifier-changes"):
        release = newest_release(tmp_path / "r", name, date(2025, 11, 1))
        assert release is not None
        read[name] = read_release(release, DATASETS[name])
    changes = read["enterprise-identifier-changes"]
    known = read_changes("enterprise", changes, "uscc")
    old = changes["old_identifier"]
    today = resolve(old, known, date(2025, 10, 31))
    assert today.to_list() == changes["uscc"].to_list()
    assert len(today) > 20
    listed = today.is_in(read["registration"]["uscc"].implode())
    assert listed.sum() > 0.95 * len(listed)  # the others are mistyped in the register
    assert resolve(old, known, date(2015, 9, 30)).to_list() == old.to_list()
