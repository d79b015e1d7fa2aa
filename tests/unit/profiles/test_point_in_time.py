"""A snapshot as it was known on a day, built at once and again after everything later has come,
against a model in plain Python of what was known."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from profiles.dataset import builtin_datasets
from profiles.ingest import ingest
from profiles.snapshot import Snapshot, read_part
from profiles.snapshot_taking import build_snapshot
from profiles.standing import accept_release, reject_release
from profiles.vocabulary_load import builtin_vocabulary
from tests.unit.profiles.delivery_world import KEY, credit_code

ALL = builtin_datasets()
DATASETS = {name: ALL[name] for name in ("registration", "size-class")}
WORDS = builtin_vocabulary(ALL)
START = date(2025, 3, 1)
FIRMS = [credit_code(number) for number in range(140)]
SIZES = ("micro", "small", "medium", "large")


@dataclass
class Delivered:
    """A delivery of size classes: what it says after it, when it came, when it was decided."""

    on: date
    sizes: dict[str, str]
    accepted_on: date | None
    """None: it never waited."""
    rejected: bool = False


@dataclass
class World:
    """Deliveries to a home, and what a person would know of them who reads them all."""

    home: Any
    delivered: list[Delivered] = field(default_factory=list)
    waiting: list[tuple[Any, Delivered]] = field(default_factory=list)

    def known(self, day: date) -> dict[str, str] | None:
        """The size classes as they are known at the end of a day."""
        counting = [
            each
            for each in self.delivered
            if each.on <= day
            and not each.rejected
            and (each.accepted_on is None or each.accepted_on <= day)
        ]
        return counting[-1].sizes if counting else None

    def deliver(self, sizes: dict[str, str], on: date) -> None:
        lines = ["uscc,year,ent_size", *(f"{firm},2024,{size}" for firm, size in sizes.items())]
        path = self.home / f"sizes-{len(self.delivered)}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        release = ingest(
            path, DATASETS["size-class"], root=self.home / "releases", delivered_on=on
        ).release
        told = Delivered(on=on, sizes=sizes, accepted_on=date.max)
        if release.standing == "waiting":
            self.waiting.append((release, told))
        else:
            told.accepted_on = None
        self.delivered.append(told)

    def decide(self, chance: random.Random, on: date) -> None:
        release, told = self.waiting.pop(chance.randrange(len(self.waiting)))
        told.rejected = chance.random() < 0.3
        decide = reject_release if told.rejected else accept_release
        told.accepted_on = on
        decide(release, by="test", reason="drawn", at=f"{on}T09:00:00+00:00")

    def build(self, as_of: date, known_on: date) -> Snapshot:
        return build_snapshot(
            releases_root=self.home / "releases",
            snapshots_root=self.home / "snapshots",
            datasets=DATASETS,
            vocabulary=WORDS,
            as_of=as_of,
            key=KEY,
            known_on=known_on,
        )


def sizes_in(snapshot: Snapshot) -> dict[str, int]:
    """How many firms have each size class, or none that is known."""
    found: dict[str, int] = defaultdict(int)
    for part in snapshot.parts("enterprise"):
        for size in read_part(snapshot, part).facts["ent_size"].to_list():
            found[str(size)] += 1
    return found


def counted(sizes: dict[str, str] | None) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for firm in FIRMS:
        found[str((sizes or {}).get(firm))] += 1
    return found


@pytest.fixture
def world(tmp_path) -> World:
    register = [",".join(DATASETS["registration"].columns)]
    blank = {name: "" for name in DATASETS["registration"].columns}
    for firm in FIRMS:
        row = blank | {"uscc": firm, "registered_on": "2020-01-01", "name": "示范商贸有限公司"}
        register.append(",".join(row.values()))
    path = tmp_path / "registration.csv"
    path.write_text("\n".join(register) + "\n", encoding="utf-8")
    report = ingest(
        path, DATASETS["registration"], root=tmp_path / "releases", delivered_on=START
    ).release
    assert report.rows == len(FIRMS)
    return World(home=tmp_path)


@pytest.mark.parametrize("seed", range(4))
def test_what_was_known_on_a_day_is_built_again_whatever_came_later(world, seed):
    chance = random.Random(seed)
    taken: dict[tuple[date, date], str] = {}
    sizes = {firm: chance.choice(SIZES) for firm in FIRMS}
    for day in (START + timedelta(days=number) for number in range(9)):
        if day == START or chance.random() < 0.6:
            for firm in chance.sample(FIRMS, chance.choice((3, 139))):
                sizes = {**sizes, firm: chance.choice(SIZES)}
            world.deliver(sizes, day)
        while world.waiting and chance.random() < 0.5:
            world.decide(chance, day)
        as_of = day - timedelta(days=chance.randrange(4))
        if as_of < START:
            continue
        snapshot = world.build(as_of, day)
        assert sizes_in(snapshot) == counted(world.known(day))
        taken[as_of, day] = snapshot.hash

    assert any(each.accepted_on is not None for each in world.delivered), "nothing ever waited"
    for (as_of, known_on), name in taken.items():
        assert world.build(as_of, known_on).hash == name
