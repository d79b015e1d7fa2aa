"""The programs of runs, kept so that their reasons can be told later."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from console.errors import NothingThere
from console.settings import Settings
from console.wiring import load_chosen, load_words, opened_database
from engine.program import Program, compile_policies
from engine.run import Run
from language.errors import FilesRefused
from ledger.database import reading
from policies.errors import PublicationRefused
from policies.load import Loaded
from policies.release import list_releases, load_releases
from profiles.folder import write_json


def keep_program(
    settings: Settings,
    program: Program,
    loaded: Loaded,
    adopted_by: str | None,
    vocabulary_files: Sequence[Path] = (),
) -> None:
    """Keep the files of a run, so that its reasons can be told after they were edited."""
    with _kept(settings, program, vocabulary_files) as partial:
        if partial is None:
            return
        for number, path in enumerate(loaded.files):
            # each in a folder of its own, so that files of tables stay beside what names them
            folder = partial / "policies" / f"{number:04d}"
            for name in (path.name, *loaded.beside.get(path, ())):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path.parent / name, folder / name)
        # where a frame was found, there may be policies that were not run
        keys = [policy.key for policy in program.policies]
        write_json(partial / "program.json", {"adopted_by": adopted_by, "policies": keys})


def keep_releases(
    settings: Settings, program: Program, vocabulary_files: Sequence[Path] = ()
) -> None:
    """Note which releases a program was made of: the ledger keeps their files."""
    with _kept(settings, program, vocabulary_files) as partial:
        if partial is not None:
            hashes = [policy.content_hash for policy in program.policies]
            write_json(partial / "program.json", {"releases": hashes})


@contextmanager
def _kept(
    settings: Settings, program: Program, vocabulary_files: Sequence[Path]
) -> Iterator[Path | None]:
    """A folder to fill, which gets its name when it is whole; None where it is there already."""
    target = settings.programs / program.hash
    if target.exists():
        yield None
        return
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "vocabulary").mkdir(parents=True)
    for number, path in enumerate(vocabulary_files):
        shutil.copyfile(path, partial / "vocabulary" / f"{number:04d}-{path.name}")
    yield partial
    partial.rename(target)


def load_kept(settings: Settings, program_hash: str) -> Program:
    """The program of a run, from the copies it was run with or from the releases in the ledger."""
    folder = settings.programs / program_hash
    try:
        kept = json.loads((folder / "program.json").read_text(encoding="utf-8"))
    except OSError:
        raise NothingThere(
            f"the policies of that run are gone ({folder}); run again to keep them anew"
        ) from None
    vocabulary = load_words(sorted((folder / "vocabulary").glob("*.yaml")))
    if "releases" in kept:
        with opened_database(settings) as engine, reading(engine) as connection:
            releases = list_releases(connection, kept["releases"])
            return compile_policies(load_releases(connection, releases, vocabulary), vocabulary)
    loaded = load_chosen([folder / "policies"], vocabulary, kept["adopted_by"])
    policies = [p for p in loaded.policies if p.key in kept.get("policies", [p.key])]
    return compile_policies(policies, vocabulary)


def find_former(settings: Settings, run: Run) -> Program | None:
    """The program of a run before, if it was kept, can still be read, and still means the same."""
    try:
        program = load_kept(settings, run.program_hash)
    except (NothingThere, FilesRefused, PublicationRefused, ValueError, KeyError):
        return None
    return program if program.hash == run.program_hash else None
