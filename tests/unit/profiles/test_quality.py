"""The quality of a dataset, against counts by hand of what was delivered."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from profiles.quality import DatasetQuality, Limits, measure_quality
from profiles.release import Release, list_releases, read_release
from profiles.standing import accept_release
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code, deliver

INSURANCE = DATASETS["unemployment-insurance"]
HEADER = "uscc,month,insured,premium,paid_in_full"
LATER = DAY + timedelta(days=30)


def months(firms: range, insured: int = 10, paid: str = "true") -> list[str]:
    return [
        f"{credit_code(firm)},2025-{month:02},{insured + firm % 7},{1000 + firm % 90}.5,{paid}"
        for firm in firms
        for month in (1, 2, 3)
    ]


def quality(home: Path, on: date, **limits: float) -> DatasetQuality:
    return measure_quality(home / "releases", INSURANCE, on, Limits(**limits))


def concerns(found: DatasetQuality) -> set[tuple[str, str]]:
    return {(flag.concern, flag.column) for flag in found.flags}


def test_what_was_never_delivered_is_flagged_and_has_no_age(tmp_path: Path) -> None:
    found = quality(tmp_path, DAY)
    assert concerns(found) == {("never delivered", "")}
    assert found.age_days is None
    assert found.releases == ()
    deliver(tmp_path, INSURANCE, HEADER, *months(range(3)), on=LATER)
    assert concerns(quality(tmp_path, DAY)) == {("never delivered", "")}


def test_age_counts_from_the_delivery_and_is_stale_a_day_after_its_term(tmp_path: Path) -> None:
    deliver(tmp_path, INSURANCE, HEADER, *months(range(3)))
    days = INSURANCE.fresh_within_days
    assert days is not None
    last = quality(tmp_path, DAY + timedelta(days=days))
    assert (last.age_days, last.stale, concerns(last)) == (days, False, set())
    over = quality(tmp_path, DAY + timedelta(days=days + 1))
    assert (over.age_days, over.stale) == (days + 1, True)
    (flag,) = over.flags
    assert (flag.concern, flag.figure, flag.limit) == ("stale", days + 1, days)


def test_completeness_agrees_with_duckdb(tmp_path: Path) -> None:
    register = DATASETS["registration"]
    lines = [
        f"{credit_code(n)},某公司,{'某某' if n % 3 else ''},某路,990101,enterprise,"
        f"{'C3512' if n % 4 else ''},{'100' if n % 5 else ''},零售,2020-01-01,"
        f"{'2024-01-01' if n % 6 == 0 else ''}"
        for n in range(60)
    ]
    deliver(tmp_path, register, ",".join(register.columns), *lines)
    found = measure_quality(tmp_path / "releases", register, DAY)
    (release,) = list_releases(tmp_path / "releases", register.name)
    rows = read_release(release, register)
    assert rows.height == 60
    for column in found.columns:
        with duckdb.connect() as oracle:
            asked = f'select count(*) - count("{column.column}") from delivered'
            expected = oracle.register("delivered", rows).execute(asked).fetchall()
        assert column.missing == expected[0][0]
        assert column.rows == 60
    shares = {column.column: column.completeness for column in found.columns}
    assert shares["legal_representative"] == pytest.approx(40 / 60)
    # an empty last day says that the firm is still there
    assert shares[register.time.columns[1]] is None
    assert register.key not in shares


def test_rows_set_aside_repeated_and_contradicting_are_counted_by_reason(tmp_path: Path) -> None:
    good = months(range(30))
    deliver(
        tmp_path,
        INSURANCE,
        HEADER,
        *good,
        good[0],  # repeated
        f"{credit_code(50)},2025-01,5,1,true",
        f"{credit_code(50)},2025-01,6,1,true",  # contradicts the line before
        f"{credit_code(51)},2025-01,many,1,true",
        f"{credit_code(52)[:-1]}!,2025-01,5,1,true",
    )
    found = quality(tmp_path, DAY)
    (counts,) = found.releases
    assert (counts.rows_in, counts.rows, counts.quarantined) == (95, 90, 4)
    assert (counts.repeated, counts.contradictions, counts.unassigned) == (1, 2, 1)
    assert Counter(counts.reasons).total() == 4
    assert concerns(found) == {("quarantined", ""), ("contradictions", "")}
    figures = {flag.concern: flag.figure for flag in found.flags}
    assert figures == {"quarantined": 4 / 95, "contradictions": 2 / 95}


def test_reasons_over_time_are_those_of_every_release(tmp_path: Path) -> None:
    for number in range(3):
        bad = [f"{credit_code(60 + n)},2025-01,x,1,true" for n in range(number)]
        lines = [*months(range(20)), *bad]
        deliver(tmp_path, INSURANCE, HEADER, *lines, on=DAY + timedelta(days=number))
    found = quality(tmp_path, LATER)
    assert [counts.quarantined for counts in found.releases] == [0, 1, 2]
    assert [counts.delivered_on for counts in found.releases] == [
        DAY + timedelta(days=number) for number in range(3)
    ]
    assert [sum(counts.reasons.values()) for counts in found.releases] == [0, 1, 2]


def test_an_ordinary_month_later_raises_no_flag(tmp_path: Path) -> None:
    deliver(tmp_path, INSURANCE, HEADER, *months(range(200)))
    assert quality(tmp_path, DAY).drift is None
    deliver(tmp_path, INSURANCE, HEADER, *months(range(5, 208)), on=LATER)
    found = quality(tmp_path, LATER)
    assert found.drift is not None
    changed = found.drift.changed
    assert (changed.new, changed.vanished, changed.changed, found.drift.same) == (24, 15, 0, 585)
    assert found.flags == ()


def accept(release: Release) -> None:
    if release.standing == "waiting":
        accept_release(release, by="a", reason="asked the department", at="2025-07-01")


def test_a_release_that_lost_a_district_waits_and_is_flagged_once_it_counts(
    tmp_path: Path,
) -> None:
    deliver(tmp_path, INSURANCE, HEADER, *months(range(200)))
    lost = deliver(tmp_path, INSURANCE, HEADER, *months(range(150)), on=LATER).release
    assert lost.standing == "waiting"
    found = quality(tmp_path, LATER)
    assert concerns(found) == {("waiting", "")}
    assert (found.rows, found.drift) == (600, None)
    assert [counts.standing for counts in found.releases] == ["in force", "waiting"]
    accept(lost)
    found = quality(tmp_path, LATER)
    assert found.rows == 450
    assert concerns(found) == {("rows", ""), ("vanished", "")}
    assert {flag.concern: flag.figure for flag in found.flags} == {"rows": 0.25, "vanished": 0.25}


def test_changes_are_measured_as_the_whole_dataset_after_them(tmp_path: Path) -> None:
    deliver(tmp_path, INSURANCE, HEADER, *months(range(20)))
    header = HEADER + ",removed"
    lines = [f"{credit_code(0)},2025-01,99,5,true,false", f"{credit_code(1)},2025-01,1,1,true,true"]
    deliver(tmp_path, INSURANCE, header, *lines, on=LATER, mode="incremental")
    found = quality(tmp_path, LATER)
    assert found.rows == 59
    assert [column.rows for column in found.columns] == [59] * len(found.columns)
    assert found.drift is not None
    changed = found.drift.changed
    assert (changed.new, changed.vanished, changed.changed, found.drift.same) == (0, 1, 1, 58)
    assert found.newest is not None
    assert found.newest.rows == 2


def test_amounts_in_another_unit_and_a_turned_flag_are_seen(tmp_path: Path) -> None:
    deliver(tmp_path, INSURANCE, HEADER, *months(range(200)))
    other = [
        ",".join([c[0], c[1], c[2], f"{float(c[3]) / 10000:.2f}", "false"])
        for c in (line.split(",") for line in months(range(200)))
    ]
    accept(deliver(tmp_path, INSURANCE, HEADER, *other, on=LATER).release)
    found = quality(tmp_path, LATER)
    assert concerns(found) == {
        ("changed", ""),
        ("distribution", "premium"),
        ("distribution", "paid_in_full"),
    }


def test_a_column_that_empties_is_flagged(tmp_path: Path) -> None:
    register = DATASETS["registration"]
    header = ",".join(register.columns)

    def lines(capital: str) -> list[str]:
        return [
            f"{credit_code(n)},某公司,某某,某路,990101,enterprise,C3512,"
            f"{capital if n % 2 else 100},零售,2020-01-01,"
            for n in range(100)
        ]

    deliver(tmp_path, register, header, *lines("100"))
    accept(deliver(tmp_path, register, header, *lines(""), on=LATER).release)
    found = measure_quality(tmp_path / "releases", register, LATER)
    emptied = list(register.columns)[7]
    assert ("missing", emptied) in concerns(found)


def test_limits_are_the_callers(tmp_path: Path) -> None:
    deliver(tmp_path, INSURANCE, HEADER, *months(range(200)))
    deliver(tmp_path, INSURANCE, HEADER, *months(range(5, 208)), on=LATER)
    assert ("vanished", "") in concerns(quality(tmp_path, LATER, vanished=0.02))


def test_an_empty_list_after_an_empty_list_is_no_drift(tmp_path: Path) -> None:
    zombies = DATASETS["zombie-list"]
    for on in (DAY, LATER):
        deliver(tmp_path, zombies, "uscc,listed_on,removed_on", on=on)
    found = measure_quality(tmp_path / "releases", zombies, LATER)
    assert found.flags == ()
    assert {column.completeness for column in found.columns} == {None}
    assert found.drift is not None
    assert (found.drift.rows_before, found.drift.rows_now) == (0, 0)
