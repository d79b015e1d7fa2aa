"""Folders that are written as a whole or not at all, and files that are checked when read."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from profiles.content import hash_file

Damaged = Callable[[Path, str], Exception]
"""The error for a file that is not what was written."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that one process has at a time; it is free again when the process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_json(path: Path, value: Any) -> None:
    """A JSON file for people and programs to read."""
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def publish_folder(temporary: Path, target: Path) -> None:
    """Give a finished folder its name, in one step that survives a power cut.

    Another process may have been faster with the same content: then its folder stays.
    """
    _sync_folder(temporary)
    try:
        temporary.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    _sync(target.parent)


def replace_folder(temporary: Path, target: Path) -> None:
    """Put a finished folder in the place of another, if there is one; it is whole or absent.

    Where another process puts one there at the same moment, either of them stays.
    """
    _sync_folder(temporary)
    former = temporary.with_name(f"{temporary.name}.former")
    with suppress(FileNotFoundError):
        target.rename(former)
    try:
        temporary.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(temporary, ignore_errors=True)
    _sync(target.parent)
    shutil.rmtree(former, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        _sync(path)
    _sync(folder)


def verify_file(path: Path, expected: str | None, damaged: Damaged) -> None:
    """Raise what `damaged` makes unless the file has the hash it was written with."""
    try:
        found = path.stat()
        digest = _hash_as_it_lies(path, found.st_ino, found.st_size, found.st_mtime_ns)
    except OSError as error:
        raise damaged(path, error.strerror or "cannot be read") from error
    if digest != expected:
        raise damaged(path, "is not the file that was written: it was cut off or changed")


@lru_cache(maxsize=1 << 14)
def _hash_as_it_lies(path: Path, inode: int, size: int, modified: int) -> str:
    """The hash of a file's bytes; of a file that several parts read it is worked out once."""
    return hash_file(path)


def read_parquet(
    path: Path,
    damaged: Damaged,
    *,
    names: Sequence[str] | None = None,
    rows: tuple[int, int] | None = None,
    only: pl.Series | None = None,
) -> pl.DataFrame:
    """A Parquet file, or of it these columns, so many rows from one on, and those of `only` these
    subjects; or what `damaged` makes.

    Raises also where a column is not there.
    """
    try:
        frame = pl.scan_parquet(path)
        if rows is not None:
            frame = frame.slice(*rows)
        if only is not None:
            frame = frame.filter(pl.col("subject").is_in(only.implode()))
        if names is not None:
            frame = frame.select(names)
        return frame.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise damaged(path, "is no readable Parquet file") from error


def read_columns(path: Path, damaged: Damaged) -> list[str]:
    """The names of a Parquet file's columns, or what `damaged` makes."""
    try:
        return list(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise damaged(path, "is no readable Parquet file") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
