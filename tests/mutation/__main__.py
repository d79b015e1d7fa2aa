"""A sample of mutants of `language` and of the engine's evaluation, and how many the tests notice.

`python -m tests.mutation --sample 150` draws the same mutants whenever the code is the same.
"""

import argparse
import ast
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.mutation import kill
from tests.mutation.mutants import find_sites, mutate

ROOT = Path(__file__).parents[2]
EVALUATION = (
    "amount", "by_hand", "clause_tree", "columns", "decision", "evaluate", "evaluate_rows", "few",
    "measured", "own_measures", "program", "row_columns", "row_frames", "rows", "rows_by_hand",
    "settling", "verdicts",
)  # fmt: skip
"""Modules of `engine` that decide, beside everything in `language`."""
LANGUAGE_TESTS = (
    "language/test_exact_numbers.py", "language/test_traps.py", "language/test_every_node.py",
    "language/test_sql.py", "language/test_check_refusals.py", "language/test_date_functions.py",
    "language/test_guard.py", "language/test_patterns.py", "language/test_hit_policies.py",
    "language/test_always.py", "language/test_unit_check.py", "language/test_precedence.py",
    "language/test_place.py", "language/test_any_text.py", "docs/test_language_page.py",
    "language/test_million_pairs.py", "engine/test_verdicts_in_bits.py",
    "language/test_reference_and_columns.py",
)  # fmt: skip
ENGINE_TESTS = (
    "engine/test_rare_elements.py", "engine/test_reasons.py", "engine/test_rows_both_ways.py",
    "engine/test_verdicts_in_bits.py", "engine/test_by_hand.py", "engine/test_rows_by_hand.py",
    "engine/test_own_measures.py", "engine/test_few_subjects.py", "engine/test_rows_model.py",
    "engine/test_whole_policies.py", "engine/test_program_hash.py", "engine/test_tables.py",
)  # fmt: skip
FILE_TESTS = ("policies/test_authors_yaml.py", "policies/test_refusals.py")
"""For how files are read, which stands in `language` too."""
READERS = ("document", "number", "errors")
SECONDS = 240
"""Of the processor's time for one mutant; the tests take a quarter of it."""


def tests_for(path: Path) -> list[str]:
    """The tests of a mutant, those of its own module first."""
    names = LANGUAGE_TESTS if path.parent.name == "language" else ENGINE_TESTS
    if path.stem in READERS:
        names = (*FILE_TESTS, *names)
    else:
        names = (*names, *(ENGINE_TESTS[:1] if names is LANGUAGE_TESTS else ()))
    near = [name for name in names if path.stem in name]
    ordered = [*near, *(name for name in dict.fromkeys(names) if name not in near)]
    files = [str(ROOT / "tests/unit" / name) for name in ordered]
    return [*files, "--deselect", str(ROOT / "tests/unit/engine/test_whole_policies.py::"
            "test_the_number_of_threads_changes_no_hash")]  # fmt: skip


def modules() -> list[Path]:
    """The modules that are mutated."""
    found = sorted((ROOT / "language").glob("*.py"))
    found += [ROOT / "engine" / f"{name}.py" for name in EVALUATION]
    return [path for path in found if path.exists() and path.stat().st_size]


def module_of(path: Path) -> str:
    """The name that a module is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", default="2026")
    parser.add_argument("--skip", type=int, default=0, help="mutants of the sample done before")
    parser.add_argument("--only", default="", help="mutants of modules with this in their path")
    chosen = parser.parse_args(arguments)
    os.environ["ZHIDA_FUZZ"] = "40000"
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
    for path, number in wanted:
        name = str(path.relative_to(ROOT))
        site, code = mutate(sources[path], number, str(path))
        made[name] += 1
        survived = kill.survives(module_of(path), path, code, tests_for(path), SECONDS)
        left[name] += survived
        word = "SURVIVED" if survived else "killed"
        print(f"{word} {name}:{site.line}: {site.what} [{number}]", flush=True)
    if not left and wanted:
        path, _ = wanted[0]
        code = compile(sources[path], str(path), "exec")
        if not kill.survives(module_of(path), path, code, tests_for(path), SECONDS):
            raise SystemExit("the tests fail without any mutant")
    for name, count in sorted(made.items()):
        print(f"{name:32} {count - left[name]:4} of {count:4}")
    killed, total = made.total() - left.total(), made.total()
    print(f"killed {killed} of {total}, {killed / max(total, 1):.0%}")


if __name__ == "__main__":
    main()
