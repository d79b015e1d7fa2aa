"""Runs tests against one mutant, in a process that has the libraries imported but none of our code.

Such a process is forked for each mutant: importing libraries is most of what starting the tests
costs. The module is replaced as it is imported, so that nobody holds the whole one.
"""

import importlib
import os
import resource
import signal
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

LIBRARIES = (
    "pytest", "_pytest.assertion.rewrite", "polars", "duckdb", "numpy", "pandas", "pyarrow",
    "pyarrow.parquet", "rule_engine", "rule_engine.builtins", "yaml", "pydantic", "sqlalchemy",
    "psycopg", "jinja2", "rich.console", "rich.table", "typer",
)  # fmt: skip


def import_libraries() -> None:
    """What every mutant's tests need; Polars starts no threads before it is used."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    for name in LIBRARIES:
        importlib.import_module(name)


class _MutantFinder:
    """Finds the mutant in the module's place, as importer and loader of it."""

    def __init__(self, module: str, path: Path, code: CodeType) -> None:
        self.module, self.path, self.code = module, path, code

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self.module:
            return None
        return spec_from_file_location(name, self.path, loader=self)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


def silence() -> None:
    """What this process prints goes to the file that ZHIDA_MUTANT_LOG names, or nowhere."""
    silent = os.open(os.environ.get("ZHIDA_MUTANT_LOG", os.devnull), os.O_WRONLY | os.O_APPEND)
    os.dup2(silent, 1)
    os.dup2(silent, 2)


def survives(module: str, path: Path, code: CodeType, tests: Sequence[str], timeout: float) -> bool:
    """Whether all tests pass with the mutant; one that runs longer than `timeout` seconds, counted
    as the processor's, is noticed too."""
    child = os.fork()
    if child == 0:
        _test_and_exit(_MutantFinder(module, path, code), tests, timeout)
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    if ended in (4, 5):
        raise SystemExit("pytest was asked for tests that are not there")
    return ended == 0


def _test_and_exit(finder: _MutantFinder, tests: Sequence[str], timeout: float) -> None:
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (int(timeout), int(timeout) + 5))
        signal.alarm(int(timeout) * 12)  # a mutant that waits forever
        silence()
        sys.meta_path.insert(0, finder)
        import pytest

        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
    finally:
        sys.stdout.flush()
        os._exit(code)
