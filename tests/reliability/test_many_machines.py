"""The same run on the workers of a real scheduler: two more processes, as if on other machines."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
from distributed import Client

from console.errors import DecidersLost, MachinesRefused
from console.machines import deciding_machines
from engine.city_evaluation import PartDone, evaluate_city
from engine.program import Program
from profiles.snapshot import Snapshot
from tests.unit.engine_runs.test_city_evaluation import alone, city, program, snapshot

__all__ = ["alone", "city", "program", "snapshot"]  # fixtures
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(words: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Dask that runs meanwhile; it finds the project as this process does."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *words], env=environment, stdout=out, stderr=out
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def scheduling(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler without workers: its address and its process."""
    port = free_port()
    words = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    with running([*words, "--no-dashboard"], folder / "scheduler.log") as process:
        yield f"tcp://127.0.0.1:{port}", process


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler without workers."""
    with scheduling(tmp_path_factory.mktemp("dask")) as (address, _):
        yield address


@contextmanager
def workers(scheduler: str, folder: Path, several: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    words = ["distributed.cli.dask_worker", scheduler, "--nthreads", "1", "--no-nanny"]
    words += ["--no-dashboard", "--local-directory", str(folder)]
    with ExitStack() as stack:
        found = [
            stack.enter_context(running(words, folder / f"worker-{number}.log"))
            for number in range(several)
        ]
        client = stack.enter_context(Client(scheduler, set_as_default=False))
        client.wait_for_workers(several, timeout=120)
        client.close()
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "zhida.json").write_text("{}")
    return tmp_path


def test_two_workers_of_a_scheduler_write_the_same_outcome(
    home: Path, scheduler: str, program: Program, snapshot: Snapshot, alone: str
) -> None:
    with workers(scheduler, home, 2), deciding_machines(scheduler, home) as executor:
        outcome, parts = evaluate_city(
            program, snapshot, home / "outcome", executor=executor, clock=tell_process
        )
    assert outcome.hash == alone
    assert len({part.seconds for part in parts}) == 2  # the numbers of two processes
    assert os.getpid() not in {part.seconds for part in parts}
    assert len(parts) == len(outcome.parts) > 5
    assert not any(part.found for part in parts)


CALLS = count()


def tell_process() -> tuple[float, float]:
    """A clock after which each part took as many seconds as its process has for a number."""
    return float(os.getpid()) if next(CALLS) % 2 else 0.0, 0.0


def test_what_a_worker_had_in_hand_is_done_by_another_when_it_dies(
    home: Path, scheduler: str, program: Program, snapshot: Snapshot, alone: str
) -> None:
    with workers(scheduler, home, 2) as both, deciding_machines(scheduler, home) as executor:

        def kill_one(_part: PartDone, done: int, _several: int) -> None:
            if done == 1:
                both[0].kill()

        outcome, parts = evaluate_city(
            program, snapshot, home / "outcome", executor=executor, on_part=kill_one
        )
    assert outcome.hash == alone
    assert len(parts) == len(outcome.parts)


def test_where_the_scheduler_dies_it_is_said_and_the_run_goes_on_without_it(
    home: Path, program: Program, snapshot: Snapshot, alone: str
) -> None:
    with scheduling(home) as (address, process), workers(address, home, 1):

        def kill_it(_part: PartDone, done: int, _several: int) -> None:
            if done == 2:
                process.kill()
                process.wait()

        with (
            pytest.raises(DecidersLost, match="goes on with the parts that were not written"),
            deciding_machines(address, home) as executor,
        ):
            evaluate_city(program, snapshot, home / "outcome", executor=executor, on_part=kill_it)
    outcome, parts = evaluate_city(program, snapshot, home / "outcome")
    assert outcome.hash == alone
    assert sum(part.found for part in parts) >= 2


def test_a_scheduler_without_workers_is_named(home: Path, scheduler: str) -> None:
    told = f"{scheduler} has no workers"
    with (
        pytest.raises(MachinesRefused, match=told),
        deciding_machines(scheduler, home, patience=1),
    ):
        pass


def test_where_no_scheduler_answers_it_is_said(home: Path) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    with (
        pytest.raises(MachinesRefused, match=f"no scheduler answers at {address}"),
        deciding_machines(address, home, patience=1),
    ):
        pass


def test_a_worker_that_does_not_see_the_folder_is_named(tmp_path: Path, scheduler: str) -> None:
    elsewhere = tmp_path / "not-mounted"
    with (
        workers(scheduler, tmp_path, 1),
        pytest.raises(MachinesRefused, match=r"does not see .*not-mounted"),
        deciding_machines(scheduler, elsewhere),
    ):
        pass
