"""One fact that several departments give: the first of them that has a value wins.

Each department's value is kept beside the fact, as the hidden facts `NAME::1`, `NAME::2` in the
order of precedence, so that it can be told whose value counts for whom, and where they disagree.
"""

from collections.abc import Iterable, Mapping

import polars as pl

from profiles.fact import Fact, Vocabulary
from profiles.identifier import mask_series
from profiles.part_name import part_name

DISAGREEMENT = {
    "fact": pl.String,
    "subject": pl.String,
    "counts": pl.String,
    "differs": pl.String,
}


def parts_of_fact(fact: Fact) -> list[str]:
    """The hidden facts of a fact that several departments give, in their order; else none."""
    if not fact.others:
        return []
    return [part_name(fact.name, place) for place in range(1, len(fact.others) + 2)]


def merge_parts(fact: Fact, columns: Mapping[str, pl.Series]) -> pl.Series:
    """The fact's column: of each subject the first value that its departments have.

    `columns` hold the hidden facts by name; missing where none of them has a value.
    """
    names = parts_of_fact(fact)
    return pl.select(pl.coalesce(pl.lit(columns[name]) for name in names)).to_series().alias(
        fact.name
    )  # fmt: skip


def speaking_part(name: str, known: Iterable[str], row: Mapping[str, object]) -> str:
    """The hidden fact whose value counts for the subject of this row of facts, else the name.

    `known` are all names of facts. Where no department has a value it is that of the first.
    """
    names = set(known)
    place, first = 1, part_name(name, 1)
    while (part := part_name(name, place)) in names:
        if row.get(part) is not None:
            return part
        place += 1
    return first if first in names else name


def find_disagreements(vocabulary: Vocabulary, kind: str, facts: pl.DataFrame) -> pl.DataFrame:
    """Where departments say different things of one subject: a line for each that differs.

    `facts` is a part's frame of facts. Columns: `fact`, `subject` (its surrogate id), `counts` and
    `differs`, the datasets whose value counts and whose differs from it. A department without a
    value disagrees with nobody; facts that are missing because rows were set aside are left out.
    """
    found = [pl.DataFrame(schema=DISAGREEMENT)]
    for fact in vocabulary.facts.values():
        names = parts_of_fact(fact)
        if fact.of != kind or not names or fact.name not in facts.columns:
            continue
        measures = [vocabulary.facts[name].measure for name in names]
        datasets = [measure.dataset for measure in measures if measure is not None]
        speaks = pl.coalesce(
            pl.when(pl.col(name).is_not_null()).then(pl.lit(dataset))
            for name, dataset in zip(names, datasets, strict=True)
        )
        for name, dataset in zip(names, datasets, strict=True):
            differs = facts.filter(pl.col(name) != pl.col(fact.name))
            found.append(
                differs.select(
                    pl.lit(fact.name).alias("fact"),
                    "subject",
                    speaks.alias("counts"),
                    pl.lit(dataset).alias("differs"),
                )
            )
    return pl.concat(found).sort("fact", "subject", "differs")


def count_disagreements(found: pl.DataFrame) -> pl.DataFrame:
    """Of how many subjects each fact is disputed, by whom: `fact`, `counts`, `differs`,
    `subjects`."""
    counted = found.group_by("fact", "counts", "differs").agg(
        pl.col("subject").n_unique().cast(pl.Int64).alias("subjects")
    )
    return counted.sort("fact", "counts", "differs")


def mask_disagreements(found: pl.DataFrame) -> pl.DataFrame:
    """The lines for a list that people read: the subject as its first and last two characters."""
    return found.with_columns(mask_series(found["subject"]))
