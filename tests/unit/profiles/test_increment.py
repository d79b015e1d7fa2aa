"""Increments against snapshots built from nothing: what is read of both must be the same."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from language.types import FactType
from profiles.dataset import builtin_datasets
from profiles.errors import DeliveryRefused
from profiles.ingest import ingest
from profiles.sample_city import write_city
from profiles.snapshot import (
    Snapshot,
    find_part,
    read_answered,
    read_changes,
    read_flips,
    read_part,
    verify_snapshot,
)
from profiles.snapshot_taking import build_snapshot
from profiles.standing import accept_release
from profiles.vocabulary_load import builtin_vocabulary

DATASETS = builtin_datasets()
WORDS = builtin_vocabulary(DATASETS)
KEY = bytes(range(32))
FIGURES = {name for name, dataset in DATASETS.items() if dataset.kind == "region"}
"""With other figures of regions everything is built anew."""


def grants(*rows) -> pl.DataFrame:
    """Awards of our own: `kind`, `subject`, and the columns of the row set."""
    dtypes: dict[FactType, type[pl.DataType]] = {
        FactType.DATE: pl.Date,
        FactType.MONEY: pl.Int64,
        FactType.INTEGER: pl.Int64,
    }
    columns = WORDS.row_sets["grants"].columns.values()
    schema: dict[str, type[pl.DataType]] = {"kind": pl.String, "subject": pl.String}
    schema |= {column.name: dtypes.get(column.type, pl.String) for column in columns}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A small city's files by dataset, as texts."""
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, firms=40, residents=160, as_of=date(2027, 12, 1), insured_months=14)
    files = {path.stem: read_texts(path) for path in sorted(folder.iterdir())}
    for name, register in (
        ("answers-resident", "household-register"),
        ("answers-enterprise", "registration"),
    ):
        files[name] = draw_answers(name, files[register].to_series(), random.Random(name))
    return files


def draw_answers(name, keys, chance) -> pl.DataFrame:
    """Answers that begin and expire around the days that are compared, right and wrong ones."""
    dataset = DATASETS[name]
    answers = [
        ("education_level", "bachelor"), ("education_level", "none"), ("education_level", "high"),
        ("graduated_on", "2024-06-30"), ("child_status", "disabled"), ("child_status", "healthy"),
        ("other_children", "否"), ("sex", "female"), ("energy_type", "gas"),
        ("energy_type", "power"), ("energy_type", "wood"),
    ]  # fmt: skip
    rows = []
    for key in keys.unique(maintain_order=True):
        for _ in range(chance.choice((0, 0, 1, 1, 2, 4))):
            given = date(2027, 11, 1) + timedelta(days=chance.randrange(200))
            expires = given + timedelta(days=chance.randrange(60))
            role = chance.choice(("declared", "corrected"))
            fact, value = chance.choice(answers)
            rows.append([key, fact, value, role, "portal", given.isoformat(), expires.isoformat()])
    return pl.DataFrame(rows, schema=list(dataset.columns), orient="row")


def read_texts(path) -> pl.DataFrame:
    if path.suffix == ".csv":
        written = path.read_bytes()
        try:
            text = written.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = written.decode("gb18030")
        return pl.read_csv(text.encode(), infer_schema=False)
    return pl.read_parquet(path).with_columns(pl.all().cast(pl.String))


def deliver(home, name, frame, day) -> None:
    """Take a frame in as a full delivery; a release that waits is accepted."""
    path = home / f"{name}.csv"
    frame.write_csv(path)
    try:
        release = ingest(path, DATASETS[name], root=home / "releases", delivered_on=day).release
    except DeliveryRefused:
        return  # nothing of it can be used: the delivery before goes on counting
    if release.standing == "waiting":
        accept_release(release, by="test", reason="meant so", at=day.isoformat())


def world(home, folder="snapshots") -> dict[str, Any]:
    return {
        "releases_root": home / "releases",
        "snapshots_root": home / folder,
        "datasets": DATASETS,
        "vocabulary": WORDS,
        "key": KEY,
        "part_size": 1000,
        "made": {"grants": grants()},
    }


def build(home, day, part_size, base=None, folder="snapshots") -> Snapshot:
    def refuse(reason: str) -> None:
        raise AssertionError(reason)

    asked = {"as_of": day, "part_size": part_size, "base": base, "on_anew": refuse}
    return build_snapshot(**world(home, folder) | asked)


def change(frame, chance) -> pl.DataFrame:
    """Rows gone, cells exchanged between rows or unreadable, rows that come and are unreadable."""
    rows = [list(row) for row in frame.rows() if chance.random() > 0.04]
    places = range(1, len(frame.columns))
    for _ in range(len(rows) // 12):
        one, other, place = chance.choice(rows), chance.choice(rows), chance.choice(places)
        one[place], other[place] = other[place], one[place]
    for _ in range(len(rows) // 40):
        chance.choice(rows)[chance.choice(places)] = "?"
        another = list(chance.choice(rows))
        another[chance.choice(places)] = "?"
        rows.append(another)
    return pl.DataFrame(rows, schema=frame.schema, orient="row")


def assert_same(one, other) -> None:
    """The same parts, facts, rows and doubt."""
    listed = [(part.kind, part.number, part.subjects) for part in one.all_parts]
    assert listed == [(part.kind, part.number, part.subjects) for part in other.all_parts]
    for ours, theirs in zip(one.all_parts, other.all_parts, strict=True):
        mine, whole = read_part(one, ours), read_part(other, theirs)
        assert mine.facts.equals(whole.facts), differing(mine.facts, whole.facts)
        assert mine.doubtful.equals(whole.doubtful)
        if ours.kind != "region":
            assert read_answered(one, ours).equals(read_answered(other, theirs))
        assert set(mine.rows) == set(whole.rows)
        for name, rows in whole.rows.items():
            assert mine.rows[name].equals(rows), name


def differing(one, other) -> list[str] | set[str]:
    if one.height != other.height:
        return set(one["subject"]) ^ set(other["subject"])
    return [name for name in one.columns if not one[name].equals(other[name])]


def assert_changes_tell_all(base, increment) -> None:
    """What an increment says has changed is what is other in its facts."""
    for part in increment.all_parts:
        was, now = read_part(base, find_part(base, part)).facts, read_part(increment, part).facts
        before = {row["subject"]: row for row in was.rows(named=True)}
        after = {row["subject"]: row for row in now.rows(named=True)}
        told = set(read_changes(increment, part).rows())
        expected: set[tuple[str, str, str | None]] = {
            (subject, "came", None) for subject in after.keys() - before.keys()
        }
        expected |= {(subject, "left", None) for subject in before.keys() - after.keys()}
        for subject in before.keys() & after.keys():
            one, other = before[subject], after[subject]
            expected |= {
                (subject, "changed", name.removesuffix("::none"))
                for name in one
                if one[name] != other[name]
            }
        assert told == expected


@pytest.mark.parametrize(
    ("days", "part_size"),
    [
        ((date(2027, 12, 20), date(2027, 12, 21), date(2027, 12, 30)), 50),
        ((date(2027, 12, 30), date(2027, 12, 31), date(2028, 1, 1)), 1000),
        ((date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)), 1000),
        ((date(2028, 4, 30), date(2028, 5, 1), date(2028, 6, 30)), 1000),
    ],
    ids=["in-a-month", "across-the-year", "29-february", "two-months"],
)
def test_an_increment_holds_what_a_snapshot_built_from_nothing_holds(
    tmp_path, city, days, part_size
):
    chance = random.Random(days[0].toordinal())
    for name, frame in city.items():
        deliver(tmp_path, name, frame, days[0])
    base = build(tmp_path, days[0], part_size)
    files = dict(city)
    for day in days[1:]:
        for name in chance.sample(sorted(files.keys() - FIGURES), 12):
            files[name] = change(files[name], chance)
            deliver(tmp_path, name, files[name], day)
        increment = build(tmp_path, day, part_size, base)
        whole = build(tmp_path, day, part_size, folder="whole")
        assert increment.base == base
        assert_same(increment, whole)
        assert_changes_tell_all(base, increment)
        verify_snapshot(increment)
        base = increment


def test_without_a_delivery_only_those_are_looked_at_whose_rows_come_to_count(tmp_path, city):
    day = date(2028, 1, 10)
    name = "disability-certificates"
    ends = pl.lit("2028-01-13")
    for dataset, frame in city.items():
        if dataset.startswith("answers-"):
            continue  # they expire on any day
        if dataset == name:
            frame = frame.with_columns(ends.alias("valid_to"))
        deliver(tmp_path, dataset, frame, day)
    base = build(tmp_path, day, 1000)
    same = build(tmp_path, day, 1000, base)
    assert all(not part.hashes for part in same.all_parts)
    assert_same(same, base)
    flips = pl.concat([read_flips(base, part) for part in base.all_parts if part.kind != "region"])
    first = flips["flips_on"].min()
    assert first == date(2028, 1, 14)
    later = build(tmp_path, first, 1000, base)
    assert_same(later, build(tmp_path, first, 1000, folder="whole"))
    changed = pl.concat([read_changes(later, part) for part in later.all_parts])
    assert 0 < changed["subject"].n_unique() <= city[name].height
    assert "disability_level" in set(changed["fact"])


@pytest.mark.parametrize(
    ("change_of", "reason"),
    [
        ({"key": bytes(32)}, "the key"),
        ({"as_of": date(2028, 1, 9)}, "later day"),
        ({"as_of": date(2028, 4, 1)}, "too many days"),
        ({"part_size": 20}, "outgrown"),
        ({"vocabulary": replace(WORDS, facts=dict(list(WORDS.facts.items())[:-1]))}, "vocabulary"),
        ({"made": {"others": grants()}}, "others came for the first time"),
    ],
)
def test_where_changes_cannot_be_told_all_is_built_anew(tmp_path, city, change_of, reason):
    day = date(2028, 1, 10)
    for name in ("registration", "household-register", "households", "size-class"):
        deliver(tmp_path, name, city[name], day - timedelta(days=2))
    base = build(tmp_path, day, 100)
    reasons: list[str] = []
    asked = {"as_of": day, "part_size": 100, "base": base, "on_anew": reasons.append}
    built = build_snapshot(**world(tmp_path) | asked | change_of)
    assert built.base is None
    assert [reason in told for told in reasons] == [True]


def test_after_seven_increments_and_with_a_new_dataset_all_is_built_anew(tmp_path, city):
    day = date(2028, 1, 10)
    for name in ("registration", "household-register", "size-class"):
        deliver(tmp_path, name, city[name], day)
    base = build(tmp_path, day, 1000)
    for number in range(7):
        base = build(tmp_path, day + timedelta(days=number + 1), 1000, base)
    reasons: list[str] = []
    eighth = day + timedelta(days=8)
    asked = {"as_of": eighth, "base": base, "on_anew": reasons.append}
    assert build_snapshot(**world(tmp_path) | asked).base is None
    deliver(tmp_path, "zombie-list", city["zombie-list"], eighth)
    fresh = build_snapshot(**world(tmp_path) | {"as_of": day})
    asked |= {"base": fresh}
    base = build_snapshot(**world(tmp_path) | asked)
    assert base.base is None
    name = "disability-employment-ratio"
    deliver(tmp_path, name, city[name], eighth)
    base = build_snapshot(**world(tmp_path) | asked)
    deliver(tmp_path, name, city[name].head(1), eighth)
    asked |= {"base": base}
    assert build_snapshot(**world(tmp_path) | asked).base is None
    told = ["7 increments", "first time", "first time", "figures of regions"]
    assert [part in reason for part, reason in zip(told, reasons, strict=True)] == [True] * 4
