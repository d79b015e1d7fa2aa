"""A city decided part by part: the same outcome from any executor, however often it was stopped."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from console.errors import DecidersLost
from console.processes import deciding_processes
from engine.city_evaluation import PartDone, evaluate_city
from engine.outcome_parts import verify_part
from engine.outcome_reading import read_parts
from engine.program import Program, compile_policies
from policies.adoption import adopt
from policies.load import CATALOGUE, load_policies
from profiles.snapshot import Snapshot
from tests.unit.profiles.test_increment import WORDS, build, city, deliver

__all__ = ["city"]  # a fixture
DAY = date(2028, 1, 10)


@pytest.fixture(scope="module")
def program() -> Program:
    loaded = load_policies([CATALOGUE], WORDS)
    chosen = [adopt(policy, "990100") for policy in loaded.policies[::4]]
    assert any(policy.each for policy in chosen)
    return compile_policies(chosen, WORDS)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory, city: Any) -> Snapshot:
    folder = tmp_path_factory.mktemp("snapshot")
    for name, frame in city.items():
        deliver(folder, name, frame, DAY)
    return build(folder, DAY, 40)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, program: Program, snapshot: Snapshot) -> str:
    """The hash of the outcome that one process writes."""
    outcome, parts = evaluate_city(program, snapshot, tmp_path_factory.mktemp("alone"))
    assert len(outcome.parts) > 5
    assert not any(part.found for part in parts)
    for part in outcome.parts:
        verify_part(outcome.path, part)
    return outcome.hash


def test_processes_and_threads_write_the_same_outcome(
    tmp_path: Path, program: Program, snapshot: Snapshot, alone: str
) -> None:
    with deciding_processes(2) as pool:
        by_processes, parts = evaluate_city(
            program, snapshot, tmp_path / "processes", executor=pool
        )
    with ThreadPoolExecutor(3) as threads:
        by_threads, _ = evaluate_city(program, snapshot, tmp_path / "threads", executor=threads)
    assert by_processes.hash == by_threads.hash == alone
    assert len(parts) == len(by_processes.parts)


def test_a_run_stopped_after_each_part_goes_on_with_the_next(
    tmp_path: Path, program: Program, snapshot: Snapshot, alone: str
) -> None:
    told: list[tuple[bool, int, int]] = []

    class Stopped(Exception):
        pass

    def stop_at_new(part: PartDone, done: int, several: int) -> None:
        told.append((part.found, done, several))
        if not part.found and done < several:
            raise Stopped

    outcome = None
    for _ in range(20):
        try:
            outcome, parts = evaluate_city(program, snapshot, tmp_path, on_part=stop_at_new)
            break
        except Stopped:
            continue
    assert outcome is not None
    assert outcome.hash == alone
    several = told[-1][2]
    # each part was decided once, whatever was found again
    assert sum(not found for found, _, _ in told) == several
    assert [part.found for part in parts] == [True] * (several - 1) + [False]
    again, none = evaluate_city(program, snapshot, tmp_path)
    assert (again.hash, none) == (alone, ())


def end_this_process() -> tuple[float, float]:
    """A clock that is the end of whoever looks at it, as where memory runs out."""
    os._exit(9)


def test_a_process_that_is_ended_is_named_and_the_run_goes_on_when_it_is_repeated(
    tmp_path: Path, program: Program, snapshot: Snapshot, alone: str
) -> None:
    with pytest.raises(DecidersLost, match="repeat the command"), deciding_processes(2) as pool:
        evaluate_city(program, snapshot, tmp_path, executor=pool, clock=end_this_process)
    outcome, _ = evaluate_city(program, snapshot, tmp_path)
    assert outcome.hash == alone


def test_a_part_damaged_while_the_run_was_stopped_is_decided_again(
    tmp_path: Path, program: Program, snapshot: Snapshot, alone: str
) -> None:
    def stop(part: PartDone, done: int, several: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_city(program, snapshot, tmp_path, on_part=stop)
    file = sorted((tmp_path / "parts").glob("*/verdicts.parquet"))[0]
    file.write_bytes(file.read_bytes()[:-3])
    outcome, parts = evaluate_city(program, snapshot, tmp_path)
    assert outcome.hash == alone
    assert sum(part.found for part in parts) == 2
    assert sum(rows.height for rows in read_parts(outcome)) == outcome.eligible + outcome.unknown
