"""How complete facts are, counted by hand over a small city."""

from datetime import date
from pathlib import Path

import pytest

from profiles.quality_facts import FactQuality, measure_facts
from profiles.snapshot import read_part
from profiles.snapshot_taking import build_snapshot
from tests.unit.profiles.delivery_world import DATASETS, DAY, KEY, deliver
from tests.unit.profiles.test_city_snapshot import (
    FIRMS,
    INSURANCE,
    REGISTRATION,
    VOCABULARY,
    build,
    deliver_city,
    firm,
)
from tests.unit.profiles.test_precedence import make_vocabulary, size


@pytest.fixture
def home(tmp_path: Path) -> Path:
    deliver_city(tmp_path)
    return tmp_path


def counts(home: Path, as_of: date = DAY) -> dict[str, FactQuality]:
    found = measure_facts(build(home, as_of, part_size=2), VOCABULARY).facts
    return {quality.fact.name: quality for quality in found if quality.kind == "enterprise"}


def test_each_subject_counts_once_as_known_or_by_why_not(home: Path) -> None:
    deliver(home, "titles", ",".join(DATASETS["titles"].columns))
    accounts = DATASETS["annual-accounts"]
    deliver(
        home,
        accounts,
        ",".join(accounts.columns),
        f"{FIRMS[0]},2024,12,80000,1000000,5",
        f"{FIRMS[1]},2024,many,80000,1000000,5",
    )
    found = counts(home)
    for quality in found.values():
        parts = (
            quality.known, quality.not_applicable, quality.never_delivered, quality.stale,
            quality.set_aside, quality.not_said,
        )  # fmt: skip
        assert sum(parts) == quality.subjects == len(FIRMS)
    assert found["ui_paid_months"].known == 5
    assert found["ui_paid_months"].completeness == 1
    assert found["title"].not_applicable == 5
    assert found["title"].completeness == 1
    assert found["credit_serious_dishonest"].never_delivered == 5
    assert found["credit_serious_dishonest"].completeness == 0
    of_accounts = [q for q in found.values() if q.datasets == ("annual-accounts",)]
    assert {q.set_aside for q in of_accounts} == {1}
    assert {q.not_said for q in of_accounts if q.known == 1} == {3}


def test_counts_are_those_of_the_frames_whatever_the_parts(home: Path) -> None:
    snapshot = build(home)
    (part,) = snapshot.parts("enterprise")
    facts = read_part(snapshot, part, datasets=[]).facts
    for name, quality in counts(home).items():
        assert quality.known == facts[name].len() - facts[name].null_count()


def test_a_stale_release_makes_its_facts_stale(home: Path) -> None:
    days = DATASETS["unemployment-insurance"].fresh_within_days
    assert days is not None
    late = date.fromordinal(DAY.toordinal() + days + 1)
    found = counts(home, late)
    assert found["ui_paid_months"].stale == 5
    assert found["ui_paid_months"].never_delivered == 0


def test_doubtful_subjects_are_set_aside_not_said_to_have_nothing(home: Path) -> None:
    lines = [f"{FIRMS[0]},2025-05,50,1,true", f"{FIRMS[1]},2025-05,x,1,true"]
    deliver(home, "unemployment-insurance", INSURANCE, *lines, on=DAY)
    deliver(home, "unemployment-insurance", INSURANCE, *lines, on=date(2025, 6, 2))
    found = counts(home, date(2025, 6, 2))["ui_paid_months"]
    assert (found.known, found.set_aside) == (4, 1)


def test_departments_that_say_different_things_are_counted_by_pair(tmp_path: Path) -> None:
    words = make_vocabulary(tmp_path, size_of=size())
    home = tmp_path / "city"
    deliver(home, "registration", REGISTRATION, *map(firm, FIRMS))
    said = {
        "statistics": {0: "large", 1: "large"},
        "industry": {0: "small", 2: "small"},
        "tax": {0: "small", 1: "large", 2: "large", 3: "small"},
    }
    for name, sizes in said.items():
        dataset = words.datasets[name]
        lines = [f"{FIRMS[n]},{size_of},true,5,2025-01-01" for n, size_of in sizes.items()]
        deliver(home, dataset, ",".join(dataset.columns), *lines)
    snapshot = build_snapshot(
        releases_root=home / "releases",
        snapshots_root=home / "snapshots",
        datasets=words.datasets,
        vocabulary=words,
        as_of=DAY,
        key=KEY,
    )
    seen = measure_facts(snapshot, words)
    told = {(d.fact.name, d.counts, d.differs): d.subjects for d in seen.disagreements}
    # firm 0: statistics counts against both others; firm 2: industry counts against tax
    assert told == {
        ("size_of", "statistics", "industry"): 1,
        ("size_of", "statistics", "tax"): 1,
        ("size_of", "industry", "tax"): 1,
    }
    (quality,) = [q for q in seen.facts if q.fact.name == "size_of"]
    assert quality.datasets == ("statistics", "industry", "tax")
    assert (quality.known, quality.not_said, quality.never_delivered) == (4, 1, 0)
