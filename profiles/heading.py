"""The heading of a delivery: which column of the dataset stands under each of its cells."""

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from profiles.column_mapping import ColumnMapping
from profiles.dataset import Column, Dataset
from profiles.errors import DeliveryRefused, HeadingRefused

_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """`names` has the dataset's column for each of its `cells`, None where it is not read.

    `columns` are the dataset's columns as they are written here.
    """

    cells: tuple[str, ...]
    names: tuple[str | None, ...]
    columns: Mapping[str, Column]


def match_header(
    file: str, header: Sequence[str], dataset: Dataset, mapping: ColumnMapping | None = None
) -> Heading:
    """What stands under each cell of a header, which may hold names, Chinese labels or own names.

    Raises `HeadingRefused` naming every unknown, missing and duplicate column, `DeliveryRefused`
    where the first row looks like one of data.
    """
    labels = Counter(column.label.zh for column in dataset.columns.values())
    known = {
        column.label.zh: name
        for name, column in dataset.columns.items()
        if labels[column.label.zh] == 1
    } | {name: name for name in dataset.columns}
    ignored: frozenset[str] = frozenset()
    if mapping is not None:
        known |= mapping.names
        ignored = mapping.ignored
    cells = [cell.strip() for cell in header]
    names = [None if cell in ignored else known.get(cell, "") for cell in cells]
    if not any(names) and any(sum(sign.isdigit() for sign in cell) >= 4 for cell in cells):
        # What it says may be about somebody, and is not repeated.
        raise DeliveryRefused(
            file, [f"its first row is no heading: write {', '.join(dataset.columns)}"]
        )
    missing = [name for name in dataset.columns if name not in names]
    problems = [
        _unknown_column(cell, known, dataset, missing)
        for cell, name in zip(cells, names, strict=True)
        if name == ""
    ]
    problems += [
        f'column "{name}" stands {several} times: keep one of them'
        for name, several in Counter(filter(None, names)).items()
        if several > 1
    ]
    problems += [_missing_column(dataset.columns[name], mapping) for name in missing]
    if problems:
        raise HeadingRefused(file, problems, tuple(cells))
    columns = {**dataset.columns, **(mapping.written if mapping else {})}
    return Heading(
        cells=tuple(cells),
        names=tuple(names),
        columns={name: columns[name] for name in dataset.columns},
    )


def hide_digits(cell: str) -> str:
    """A cell of a heading as it may be shown: a heading that is a row of somebody's is possible."""
    return "".join("*" if sign.isdigit() else sign for sign in cell[:_LONGEST_SHOWN])


def _unknown_column(
    cell: str, known: Mapping[str, str], dataset: Dataset, missing: Sequence[str]
) -> str:
    if not cell:
        return "a column has no name: name it, or remove it"
    # What is missing is what was meant before all that is there.
    wanted = [name for name, column in known.items() if column in missing]
    close = difflib.get_close_matches(cell, wanted, n=1, cutoff=0.5)
    close = close or difflib.get_close_matches(cell, known, n=1)
    remedy = f', did you mean "{close[0]}"?' if close else ""
    return f'unknown column "{hide_digits(cell)}"{remedy}'


def _missing_column(column: Column, mapping: ColumnMapping | None) -> str:
    told = f'column "{column.name}" ({column.label.zh}) is missing'
    own = [heading for heading, name in (mapping.names if mapping else {}).items()
           if name == column.name]  # fmt: skip
    return f'{told}: the mapping expects it under "{own[0]}"' if own else told
