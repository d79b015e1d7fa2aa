"""A sample of mutants of `language` and of the engine's evaluation, and how many the tests notice.

`python -m tests.mutation --sample 150` draws the same mutants whenever the code is the same.
"""

import argparse
import ast
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from tests.mutation import kill, patched
from tests.mutation.mutants import find_sites, mutate
from tests.mutation.scope import ROOT, WITH_THREADS, modules, tests_for

SECONDS = 300
"""Of the processor's time for one mutant; the tests take a third of it."""
FEW_PAIRS, MANY_PAIRS = 8_000, 200_000
"""Generated pairs that each mutant is tried with, and those that have survived once more."""
PAIRS = ROOT / "tests/unit/language/test_million_pairs.py"


def module_of(path: Path) -> str:
    """The name that a module is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


Mutant = tuple[Path, int]


def try_quickly(
    wanted: Sequence[Mutant], sources: Mapping[Path, str], *, trusted: bool
) -> Iterator[str]:
    """For each mutant `killed`, `survived` or `unsure`, by patching functions in forks.

    The tests run without any mutant first, unless they are `trusted`. All in a process of its own,
    so that this one stays without any of our modules.
    """
    every = dict.fromkeys(name for path, _ in wanted for name in tests_for(path))
    files = [name for name in every if name not in WITH_THREADS]
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(read_end)
            kill.silence()
            with os.fdopen(write_end, "w", buffering=1) as pipe:

                def use(forks: patched.Forks) -> None:
                    if not trusted and not forks.survives({}, files, SECONDS * 4):
                        print("fails", file=pipe)
                        return
                    for path, number in wanted:
                        print(_one_quickly(forks, path, number, sources[path]), file=pipe)

                status = int(not patched.collect(ROOT, files, use))
        finally:
            os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        for line in pipe:
            if line.strip() == "fails":
                raise SystemExit("tests fail without any mutant (ZHIDA_MUTANT_LOG=FILE keeps why)")
            yield line.strip()
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit("the tests could not be collected (ZHIDA_MUTANT_LOG=FILE keeps why)")


def _one_quickly(forks: patched.Forks, path: Path, number: int, source: str) -> str:
    _, code = mutate(source, number, str(path))
    change = patched.changed_functions(compile(ast.parse(source), str(path), "exec"), code)
    if change is None:
        return "unsure"
    files = [name for name in tests_for(path) if name not in WITH_THREADS]
    if not forks.survives(change, files, SECONDS):
        return "killed"
    is_whole = files == tests_for(path) and not forks.called & set(change)
    return "survived" if is_whole else "unsure"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", default="2026")
    parser.add_argument("--skip", type=int, default=0, help="mutants of the sample done before")
    parser.add_argument("--only", default="", help="mutants of modules with this in their path")
    parser.add_argument("--trusted", action="store_true", help="the tests are known to pass")
    chosen = parser.parse_args(arguments)
    os.environ["ZHIDA_FUZZ"] = str(FEW_PAIRS)
    os.chdir(ROOT)
    kill.import_libraries()
    sources = {path: path.read_text(encoding="utf-8") for path in modules()}
    every = [
        (path, number)
        for path, source in sources.items()
        for number in range(len(find_sites(ast.parse(source))))
    ]
    drawn = Random(chosen.seed).sample(every, min(chosen.sample, len(every)))
    wanted = [pair for pair in drawn[chosen.skip :] if chosen.only in str(pair[0])]
    print(f"{len(every):,} mutants, {len(wanted)} of them tried", flush=True)
    made: Counter[str] = Counter()
    left: Counter[str] = Counter()

    def tell(path: Path, number: int, *, survived: bool) -> None:
        name = str(path.relative_to(ROOT))
        site, code = mutate(sources[path], number, str(path))
        if survived and path.parent.name == "language":
            os.environ["ZHIDA_FUZZ"] = str(MANY_PAIRS)
            survived = kill.survives(module_of(path), path, code, [str(PAIRS)], SECONDS)
            os.environ["ZHIDA_FUZZ"] = str(FEW_PAIRS)
        word = "SURVIVED" if survived else "killed"
        made[name] += 1
        left[name] += survived
        print(f"{word} {name}:{site.line}: {site.what} [{number}]", flush=True)

    unsure = []
    words = try_quickly(wanted, sources, trusted=chosen.trusted)
    found = zip(wanted, words, strict=True)
    for (path, number), word in found:
        if word == "unsure":
            unsure.append((path, number))
        else:
            tell(path, number, survived=word == "survived")
    for path, number in unsure:
        _, code = mutate(sources[path], number, str(path))
        survived = kill.survives(module_of(path), path, code, tests_for(path), SECONDS)
        tell(path, number, survived=survived)
    for name, count in sorted(made.items()):
        print(f"{name:32} {count - left[name]:4} of {count:4}")
    killed, total = made.total() - left.total(), made.total()
    print(f"killed {killed} of {total}, {killed / max(total, 1):.0%}")


if __name__ == "__main__":
    main()
