"""A run that stands on the one before has the hash of one that decides everybody."""

import os
import random
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from console.deciding import decide_snapshot
from engine import increment_evaluation
from engine.changes import compare_parts, diff_outcomes, summarise_changes
from engine.city_evaluation import evaluate_city
from engine.errors import IncrementDiffers, IncrementRefused
from engine.increment_evaluation import IncrementDone, evaluate_increment, why_in_full
from engine.outcome import Outcome, read_outcome
from engine.outcome_reading import read_parts
from engine.paired_parts import pair_parts
from engine.program import Program, compile_policies
from policies.adoption import adopt
from policies.load import CATALOGUE, load_policies
from profiles.snapshot import Snapshot
from tests.unit.profiles.test_increment import FIGURES, WORDS, build, change, city, deliver

__all__ = ["city"]  # a fixture
DAY = date(2028, 1, 10)

MORE = """
policy: {name}
version: 2027.1
title: {{zh: 试验}}
audience: resident
level: city
authority: 市局
basis: [{{document: 办法, article: 一}}]
region: "990100"
effective: {{from: 2020-01-01}}
per: {per}
clauses:
  - {{id: one, says: 一, source: 一, when: '{when}'}}
benefit: {{kind: cash, amount: {amount}}}
"""
TESTS = {
    "as-of-alone": ("month", "$month(as_of) == 2 or $day_of(as_of) > 3", "100"),
    "born-by-day": ("month", "$years(birth_date, as_of) >= 60", "100"),
    "period-starts": ("quarter", "birth_date < $add_months(period_start, 0 - 240)", "300"),
    "amount-by-age": ("month", "sex == \"female\"", "\"$years(birth_date, as_of) * 10\""),
    "amount-by-fact": ("year", "birth_date < $date(2000, 1, 1)",
                       "\"$years(birth_date, $date(2020, 1, 1)) * 10\""),
    "by-item": ("{each: education_level}", "sex == \"male\"", "100"),
}  # fmt: skip


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("policies")
    for name, (per, when, amount) in TESTS.items():
        if "day_of" in when:
            when = "$month(as_of) == 2 or $days($date(2027, 12, 1), as_of) > 29"
        (folder / f"{name}.yaml").write_text(
            MORE.format(name=name, per=per, when=when, amount=amount), encoding="utf-8"
        )
    own = load_policies([folder], WORDS).policies
    catalogue = load_policies([CATALOGUE], WORDS).policies
    # the time goes with the policies, and every third is of every shape
    chosen = [*own, *(catalogue if "TORTURE" in os.environ else catalogue[::3])]
    adopted = [adopt(policy, "990100") for policy in chosen]
    plain = [policy for policy in adopted if policy.each is None]
    return plain + [policy for policy in adopted if policy.each is not None]


def rows_of(outcome: Outcome) -> pl.DataFrame:
    key = ["policy", "version", "subject", "period", "item"]
    return pl.concat(read_parts(outcome)).sort(key)


def check_same(
    tmp_path: Path, program: Program, snapshot: Snapshot, base: Outcome, former: Program, name: str
) -> IncrementDone:
    assert why_in_full(program, snapshot, base, former) is None
    full, _ = evaluate_city(program, snapshot, tmp_path / "full" / name)
    done = evaluate_increment(
        program, snapshot, tmp_path / "outcomes" / name, base, former, sample=60
    )
    assert rows_of(done.outcome).equals(rows_of(full))
    assert done.outcome.counts == full.counts
    assert done.outcome.hash == full.hash
    assert read_outcome(done.outcome.path) == done.outcome
    wanted = diff_outcomes(rows_of(full), rows_of(base))
    for other in (done.outcome, full):
        found = compare_parts(pair_parts(other, base), samples=None)
        assert found.samples.equals(wanted)
        assert found.summary.to_dicts() == summarise_changes(wanted).to_dicts()
    return done


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
def test_a_run_over_what_changed_equals_one_over_everybody(
    tmp_path: Path, city: Any, policies: Any, days: tuple[date, ...], part_size: int
) -> None:
    chance = random.Random(days[0].toordinal() + 1)
    for name, frame in city.items():
        deliver(tmp_path, name, frame, days[0])
    snapshot = build(tmp_path, days[0], part_size)
    former = compile_policies(policies[:-2], WORDS)
    base, _ = evaluate_city(former, snapshot, tmp_path / "outcomes" / "0")
    assert base.eligible > 50
    files, again = dict(city), 0
    for number, day in enumerate(days[1:], start=1):
        for name in chance.sample(sorted(files.keys() - FIGURES), 6):
            files[name] = change(files[name], chance)
            deliver(tmp_path, name, files[name], day)
        snapshot = build(tmp_path, day, part_size, snapshot)
        # one policy comes, one goes, one becomes another version
        program = former
        if number == 2:
            edited = replace(policies[-3], version="x")
            program = compile_policies([*policies[2:-3], edited, policies[-1]], WORDS)
        done = check_same(tmp_path, program, snapshot, base, former, str(number))
        again += done.again
        assert done.compared > 60
        base, former = done.outcome, program
    assert base.chain == 2
    assert again > 0


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A city whose snapshot was run over, and the snapshot of the day after, with no change."""

    home: Path
    program: Program
    base: Outcome
    same: Snapshot

    def increment(self, path: Path, **others: Any) -> IncrementDone:
        given = {"base": self.base, "former": self.program, **others}
        return evaluate_increment(self.program, self.same, path, sample=200, **given)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, city: Any, policies: Any) -> Settled:
    home = tmp_path_factory.mktemp("settled")
    for name, frame in city.items():
        deliver(home, name, frame, DAY)
    snapshot = build(home, DAY, 40)
    plain = [policy for policy in policies if policy.each is None and not policy.item]
    program = compile_policies(plain, WORDS)
    base, _ = evaluate_city(program, snapshot, home / "outcomes" / "0")
    return Settled(home=home, program=program, base=base, same=build(home, DAY, 40, snapshot))


@pytest.fixture(scope="module")
def moved(settled: Settled, city: Any) -> Snapshot:
    """The snapshot of the day after, on which everybody's district and street are others."""
    register = city["household-register"].with_columns(region=pl.lit("990102003"))
    deliver(settled.home, "household-register", register, DAY)
    return build(settled.home, DAY, 40, settled.same)


def test_without_a_change_nobody_is_decided_again(tmp_path: Path, settled: Settled) -> None:
    done = settled.increment(settled.home / "outcomes" / "same")
    assert (done.again, done.anew) == (0, 0)
    full, _ = evaluate_city(settled.program, settled.same, tmp_path)
    assert done.outcome.hash == full.hash != settled.base.hash  # of another snapshot


def forge(settled: Settled, name: str) -> Outcome:
    """An outcome in which the last policy had no clauses."""
    *others, last = settled.program.policies
    other = compile_policies([*others, replace(last, clauses=())], WORDS)
    snapshot = settled.same.base
    assert snapshot is not None
    return evaluate_city(other, snapshot, settled.home / "outcomes" / name)[0]


def test_what_was_taken_over_wrongly_is_found_by_the_sample(settled: Settled) -> None:
    path = settled.home / "outcomes" / "forged-on"
    with pytest.raises(IncrementDiffers, match=settled.program.policies[-1].id):
        settled.increment(path, base=forge(settled, "forged"))
    assert not (path / "manifest.json").exists()


def test_where_the_sample_differs_everybody_is_decided(settled: Settled, tmp_path: Path) -> None:
    path = settled.home / "outcomes" / "in-full-after-all"
    base = forge(settled, "forged-too")
    decided = decide_snapshot(
        settled.program,
        settled.same,
        path,
        lambda what, done, total: None,
        base=base,
        former=settled.program,
    )
    full, _ = evaluate_city(settled.program, settled.same, tmp_path)
    assert decided.outcome.hash == full.hash
    assert decided.again is None
    assert decided.differed is not None
    assert decided.differed.policies == (settled.program.policies[-1].id,)
    left = {part.name for part in (path / "parts").iterdir()}
    assert left == {part.name for part in full.parts}
    assert not list(path.glob("replaced-*"))


def test_where_most_are_other_everybody_is_decided(
    settled: Settled, moved: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settled.home / "outcomes" / "most"
    few = evaluate_increment(settled.program, moved, path, settled.base, settled.program)
    assert few.again > 80
    monkeypatch.setattr(increment_evaluation, "FEW", 20)
    with pytest.raises(IncrementRefused, match=r"of 1.. subjects \(resident\) are other"):
        evaluate_increment(
            settled.program, moved, path.with_name("refused"), settled.base, settled.program
        )


def test_many_who_are_other_are_decided_in_groups(
    settled: Settled, moved: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(increment_evaluation, "GROUP", 30)
    path = settled.home / "outcomes" / "groups"
    done = evaluate_increment(settled.program, moved, path, settled.base, settled.program)
    groups = [part for part in done.outcome.parts if part.name.startswith("resident-again-")]
    assert len(groups) > 2
    full, _ = evaluate_city(settled.program, moved, tmp_path)
    assert done.outcome.hash == full.hash
    wanted = diff_outcomes(rows_of(full), rows_of(settled.base))
    assert wanted.height
    found = compare_parts(pair_parts(done.outcome, settled.base), samples=None)
    assert found.samples.equals(wanted)


def test_a_run_stands_on_no_outcome_of_another_meaning_or_release(settled: Settled) -> None:
    facts = dict(WORDS.facts)
    facts["sex"] = replace(facts["sex"], absent=None, label_en="another")
    other = compile_policies(settled.program.policies, replace(WORDS, facts=facts))
    program, same, base = settled.program, settled.same, settled.base
    assert "mean something else" in str(why_in_full(program, same, base, other))
    elder = replace(base, software="0.0.1")
    assert "release 0.0.1" in str(why_in_full(program, same, elder, program))
    assert why_in_full(program, same, base, program) is None


def test_a_run_stands_on_no_outcome_of_another_city(
    tmp_path: Path, city: Any, policies: Any
) -> None:
    for name in ("registration", "household-register", "households", "size-class"):
        deliver(tmp_path, name, city[name], DAY)
    snapshot = build(tmp_path, DAY, 100)
    program = compile_policies(policies[:3], WORDS)
    base, _ = evaluate_city(program, snapshot, tmp_path / "outcomes" / "0")
    other = build(tmp_path, date(2028, 1, 11), 100)
    assert "no increment" in str(why_in_full(program, other, base, program))
