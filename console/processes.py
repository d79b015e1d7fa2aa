"""Processes of this machine that decide parts side by side."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from console.settings import one_thread_each

MANY = 400_000
"""From so many subjects on, starting processes takes less time than they save."""


def processes_for(subjects: int, wanted: int | None = None) -> int:
    """How many processes decide so many subjects: those that were asked for, else one for each
    processor, and this one alone where there are few."""
    if wanted is not None:
        return wanted
    return (os.cpu_count() or 1) if subjects >= MANY else 1


@contextmanager
def deciding_processes(count: int) -> Iterator[Executor | None]:
    """An executor with so many processes of one thread each; None where this one is enough.

    Threads of one process wait for the interpreter between two operations; processes do not.
    """
    if count < 2:
        yield None
        return
    pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))
    try:
        with one_thread_each():
            # a process is started with each task that finds none idle
            for future in [pool.submit(time.sleep, 0.2) for _ in range(count)]:
                future.result()
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
