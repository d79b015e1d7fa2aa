"""Other machines that decide parts: the workers of a Dask scheduler, through its executor.

Every worker has this release of Zhida and sees the installation's folder under the same path
(docs/scale.md). Whoever reaches the scheduler can have a worker execute anything: it belongs into a
closed network, with TLS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import DecidersLost, MachinesRefused
from console.processes import Deciding, choose_processes
from console.settings import Settings
from engine.outcome_parts import SOFTWARE

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 30.0
"""Seconds to wait for the scheduler, and for its first worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a worker says of itself."""

    software: str
    sees: bool


@contextmanager
def deciding_machines(
    scheduler: str, home: Path, *, patience: float = PATIENCE
) -> Iterator[Executor]:
    """An executor of all workers of a scheduler (`tcp://HOST:PORT`, `tls://HOST:PORT`).

    Raises MachinesRefused where nobody answers, no worker comes, or one could not do its work, and
    DecidersLost where they are gone meanwhile.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise MachinesRefused(
            "deciding on several machines needs Dask: pip install 'zhida[machines]'"
        ) from None
    try:
        client = Client(scheduler, timeout=patience, set_as_default=False)
    except (OSError, ValueError) as error:
        raise MachinesRefused(
            f"no scheduler answers at {scheduler} (start one with: dask scheduler)"
        ) from error
    try:
        _check_workers(client, scheduler, home, patience)
        yield client.get_executor(pure=False)
    except (KilledWorker, CancelledError) as error:
        raise DecidersLost(f"the scheduler at {scheduler} or its workers") from error
    finally:
        client.close()


def choose_by(settings: Settings, processes: int | None = None) -> Callable[[int], Deciding]:
    """Who decides so many subjects: the workers of the scheduler that the settings name, or as many
    processes of this machine as were asked for."""
    scheduler = settings.scheduler
    if scheduler is None or processes is not None:
        return choose_processes(processes)
    return lambda subjects: deciding_machines(scheduler, settings.home)


def _check_workers(client: Client, scheduler: str, home: Path, patience: float) -> None:
    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError:
        raise MachinesRefused(
            f"the scheduler at {scheduler} has no workers (start them with: dask worker "
            f"{scheduler})"
        ) from None
    try:
        machines: dict[str, Machine] = client.run(describe_machine, home)
    except ModuleNotFoundError as error:
        raise MachinesRefused(
            f"a worker has no {error.name}: install release {SOFTWARE} of Zhida where it runs"
        ) from None
    for name, machine in sorted(machines.items()):
        if machine.software != SOFTWARE:
            raise MachinesRefused(
                f"the worker at {name} has release {machine.software} of Zhida, not {SOFTWARE}: "
                "install the same on all machines"
            )
        if not machine.sees:
            raise MachinesRefused(
                f"the worker at {name} does not see {home}: mount the folder there, same path"
            )


def describe_machine(home: Path) -> Machine:
    """What this process is and sees, asked on every worker."""
    return Machine(software=SOFTWARE, sees=(home / "zhida.json").is_file())
