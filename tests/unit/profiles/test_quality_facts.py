"""How complete facts are, counted by hand over a small city."""

from datetime import date
from pathlib import Path

import pytest

from profiles.quality_facts import FactQuality, measure_facts
from profiles.snapshot import read_part
from tests.unit.profiles.delivery_world import DATASETS, DAY, deliver
from tests.unit.profiles.test_city_snapshot import (
    FIRMS,
    INSURANCE,
    VOCABULARY,
    build,
    deliver_city,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    deliver_city(tmp_path)
    return tmp_path


def counts(home: Path, as_of: date = DAY) -> dict[str, FactQuality]:
    found = measure_facts(build(home, as_of, part_size=2), VOCABULARY)
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
    of_accounts = [q for q in found.values() if q.dataset == "annual-accounts"]
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
