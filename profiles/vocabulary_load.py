"""From vocabulary files to the vocabulary: every error of every file in one go."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from language.check import check
from language.definition import Constant, Definition
from language.document import Document, Place
from language.document_decoding import decode
from language.document_reading import read_documents
from language.errors import ConditionRefused, FilesRefused, Problem
from language.expression import Name
from language.types import kind_of
from profiles.dataset import Dataset
from profiles.fact import Fact, Vocabulary
from profiles.fact_build import build_fact
from profiles.fact_file import VocabularyFile
from profiles.row_set import RowSet, row_set_of
from profiles.row_set_build import build_row_set

BUILTIN = Path(__file__).parent / "vocabulary"

Files = list[tuple[Document, VocabularyFile]]


def load_vocabulary(paths: Iterable[Path], datasets: Mapping[str, Dataset]) -> Vocabulary:
    """Read vocabulary files. Raises FilesRefused with every problem of every file.

    Facts may be measured over rows that any of the files declares, and those rows may bring facts
    measured over datasets: so facts over datasets come first, then rows, then the other facts.
    """
    problems: list[Problem] = []
    files: Files = []
    for path in sorted(paths):
        documents, found = read_documents(path)
        problems += found
        for document in documents:
            file, found = decode(document, VocabularyFile)
            problems += found
            if file is not None:
                files.append((document, file))
    row_sets = {name: row_set_of(dataset) for name, dataset in datasets.items()}
    declared = {name for _, file in files for name in file.rows}
    facts: dict[str, Fact] = {}
    places: dict[str, tuple[Document, Place]] = {}
    for later in (False, True):
        for document, file in files:
            for name, entry in file.facts.items():
                if bool(declared & {entry.from_, *entry.else_from}) is not later:
                    continue
                place: Place = ("facts", name)
                if name in places:
                    problems.append(document.problem(place, f'fact "{name}" is declared twice'))
                    continue
                built, found = build_fact(name, entry, document, place, row_sets)
                problems += found
                places[name] = (document, place)
                facts |= {fact.name: fact for fact in built}
        if not later:
            problems += _build_rows(files, row_sets, facts)
    order = [name for _, file in files for name in file.facts]
    ranks = {name: rank for rank, name in enumerate(order)}
    ordered = sorted(facts, key=lambda name: ranks[name.split("::")[0]])
    vocabulary = Vocabulary(
        facts={name: facts[name] for name in ordered}, datasets=datasets, row_sets=row_sets
    )
    problems += _check_formulas(vocabulary, places)
    if problems:
        raise FilesRefused(problems)
    return vocabulary


def builtin_vocabulary(datasets: Mapping[str, Dataset]) -> Vocabulary:
    """The vocabulary that comes with the program."""
    return load_vocabulary(sorted(BUILTIN.glob("*.yaml")), datasets)


def _build_rows(
    files: Files, row_sets: dict[str, RowSet], facts: Mapping[str, Fact]
) -> list[Problem]:
    """Add the declared row sets to those of the datasets; what is wrong with them."""
    problems: list[Problem] = []
    for document, file in files:
        for name, entry in file.rows.items():
            place: Place = ("rows", name)
            if name in row_sets:
                problems.append(document.problem(place, f'rows "{name}" are declared twice'))
                continue
            if name in facts:
                message = f'"{name}" is a fact and rows'
                problems.append(document.problem(place, message, "rename one of them"))
                continue
            row_set, found = build_row_set(name, entry, document, place, row_sets, facts)
            problems += found
            if row_set is not None:
                row_sets[name] = row_set
    return problems


def _check_formulas(
    vocabulary: Vocabulary, places: Mapping[str, tuple[Document, Place]]
) -> list[Problem]:
    problems = []
    clock: dict[str, Definition] = {"as_of": Constant(value=date(2000, 1, 1))}
    for name, fact in vocabulary.facts.items():
        if fact.formula is None or "::" in name or name not in places:
            continue
        scope = vocabulary.scope(fact.of) | clock
        document, place = places[name]
        try:
            kind = check(Name(name=name), scope)
        except ConditionRefused as refusal:
            problems.append(document.problem(place, refusal.message, refusal.remedy))
            continue
        if kind is not kind_of(fact.type):
            problems.append(
                document.problem(place, f'"{name}" is declared {fact.type}, its formula is {kind}')
            )
    return problems
