"""Processes of this machine that decide parts side by side."""

import multiprocessing
import os
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
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
