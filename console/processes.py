"""Processes of this machine that decide parts side by side."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager

from console.errors import DecidersLost
from console.settings import one_thread_each

Deciding = AbstractContextManager[Executor | None]
"""An executor for as long as parts are decided; None: this process decides them."""

MANY = 400_000
"""From so many subjects on, starting processes takes less time than they save."""


def processes_for(subjects: int, wanted: int | None = None) -> int:
    """How many processes decide so many subjects: those that were asked for, else one for each
    processor, and this one alone where there are few."""
    if wanted is not None:
        return wanted
    return (os.cpu_count() or 1) if subjects >= MANY else 1


def choose_processes(wanted: int | None = None) -> Callable[[int], Deciding]:
    """For how many subjects an executor is wanted, the executor of this machine: as many processes
    as were asked for, or as many as are worth it."""
    return lambda subjects: deciding_processes(processes_for(subjects, wanted))


def deciding_here(subjects: int) -> Deciding:
    """As many processes as are worth it for so many subjects."""
    return deciding_processes(processes_for(subjects))


@contextmanager
def deciding_processes(count: int) -> Iterator[Executor | None]:
    """An executor with so many processes of one thread each; None where this one is enough.

    Threads of one process wait for the interpreter between two operations; processes do not. A
    process is started with the first tasks that find none idle, so the setting that each has one
    thread holds while tasks are given out.
    """
    if count < 2:
        yield None
        return
    spawn = multiprocessing.get_context("spawn")
    with one_thread_each(), ProcessPoolExecutor(count, mp_context=spawn) as pool:
        try:
            yield pool
        except BrokenProcessPool as error:
            raise DecidersLost("a process") from error
        finally:
            pool.shutdown(cancel_futures=True)
