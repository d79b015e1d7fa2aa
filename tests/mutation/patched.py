"""Runs the tests against many mutants from one collection: each in a fork, its functions patched.

Starting pytest and reading the catalogue is most of what a killed mutant costs. A mutant of a
function's body is put in place of the function's code in a fork of a process that has collected the
tests; what cannot be patched, or has already been called while collecting, is left to `kill`.
"""

import gc
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import _lru_cache_wrapper
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.main import pytest_runtestloop

Key = tuple[str, str, int]
"""A function by its file, its qualified name and its first line."""


PASSED, FAILED, NOT_TESTED = 0, 1, 3


def key_of(code: CodeType) -> Key:
    return (code.co_filename, code.co_qualname, code.co_firstlineno)


class Forks:
    """A pytest plugin: collects once, then gives `use` the means to try mutants."""

    def __init__(self, root: Path, use: Callable[["Forks"], None]) -> None:
        self.root, self.use = root, use
        self.called: set[Key] = set()
        self.session: Any = None
        self.threads = len(os.listdir("/proc/self/task"))

    def watch(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(self.root)):
            self.called.add(key_of(frame.f_code))

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            print(f"\nnoticed by {report.nodeid}", flush=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        sys.setprofile(None)
        if len(os.listdir("/proc/self/task")) > self.threads:
            print("a test file starts threads while it is collected, which no fork would have")
            return True
        self.session = session
        self.use(self)
        return True

    def survives(self, change: dict[Key, CodeType], files: Sequence[str], seconds: float) -> bool:
        """Whether the tests of these files pass with these functions changed; a change that cannot
        be put in place counts as survived."""
        child = os.fork()
        if child == 0:
            self._test_and_exit(change, files, seconds)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) in (PASSED, NOT_TESTED)

    def _test_and_exit(
        self, change: dict[Key, CodeType], files: Sequence[str], seconds: float
    ) -> None:
        code = NOT_TESTED
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
            signal.alarm(int(seconds) * 12)  # a mutant that waits forever
            _patch(change)
            by_file: dict[str, list[Any]] = {}
            for item in self.session.items:
                by_file.setdefault(str(item.path), []).append(item)
            self.session.items[:] = [item for name in files for item in by_file[name]]
            pytest_runtestloop(self.session)
            code = PASSED
        finally:
            sys.stdout.flush()
            os._exit(FAILED if self.session.testsfailed else code)


def collect(root: Path, files: Sequence[str], use: Callable[[Forks], None]) -> bool:
    """Collect the tests of these files and let `use` try mutants on them; whether that went well.

    A fork has no threads but its own, so that a file that starts some (Polars does on its first
    frame) while it is collected cannot be used.
    """
    forks = Forks(root, use)
    sys.setprofile(forks.watch)
    options = ["-x", "-q", "-s", "-p", "no:cacheprovider"]
    pytest.main([*options, *files], plugins=[forks])
    return forks.session is not None


def changed_functions(before: CodeType, after: CodeType) -> dict[Key, CodeType] | None:
    """The functions whose code differs; None where what runs on import differs."""
    changed: dict[Key, CodeType] = {}
    pairs = list(zip_longest(_bodies(before), _bodies(after)))
    if any(one is None or other is None for one, other in pairs):
        return None  # a function within one was left out
    for one, other in pairs:
        if one == other:
            continue
        if one.co_flags & 0x2:  # CO_NEWLOCALS: a function, and not a module or a class
            changed[key_of(other)] = other
        elif _without_bodies(one) != _without_bodies(other):
            return None
    return changed


def _bodies(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _bodies(constant)


def _without_bodies(code: CodeType) -> tuple[object, ...]:
    constants = tuple(repr(c) for c in code.co_consts if not isinstance(c, CodeType))
    return (code.co_code, constants, code.co_names)


def _patch(change: dict[Key, CodeType]) -> None:
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and key_of(thing.__code__) in change:
            thing.__code__ = change[key_of(thing.__code__)]
        elif isinstance(thing, _lru_cache_wrapper):
            thing.cache_clear()
