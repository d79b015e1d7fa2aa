"""Published figures of regions, and which of them each region's subjects have."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl

from language.column import NOT_APPLICABLE
from profiles.content import hash_content, sort_rows
from profiles.derivation import compute_facts
from profiles.fact import Vocabulary
from profiles.parting import Chosen, Parting, doubtful_file, facts_file, rows_file, withhold
from profiles.region import region_path
from profiles.release import read_doubtful, read_release


def compute_region_facts(
    folder: Path,
    chosen: Iterable[Chosen],
    partings: Iterable[Parting],
    vocabulary: Vocabulary,
    as_of: date,
    hashes: dict[tuple[str, int], dict[str, str]],
) -> pl.DataFrame:
    """Published figures of every region that somebody is in, its own or the nearest above.

    They are also kept as the one part of kind `region`, as published.
    """
    rows: dict[str, pl.DataFrame] = {}
    doubtful = [pl.DataFrame(schema={"dataset": pl.String, "subject": pl.String})]
    for item in chosen:
        if item.dataset.kind == "region" and not item.stale:
            frame = read_release(item.release, item.dataset)
            rows[item.dataset.name] = sort_rows(frame.rename({item.dataset.key: "subject"}))
            keys = read_doubtful(item.release).alias("subject")
            about = pl.lit(item.dataset.name).alias("dataset")
            doubtful.append(pl.DataFrame(keys).select(about, "subject"))
    unsure = sort_rows(pl.concat(doubtful))
    published = pl.concat(
        [pl.Series("subject", [], dtype=pl.String)]
        + [f["subject"] for f in rows.values()]
        + [unsure["subject"]]
    )
    published = published.unique().sort()
    facts = compute_facts(vocabulary, "region", published, rows, as_of)
    facts = withhold(facts, vocabulary, "region", unsure)
    if rows:
        for name, frame in rows.items():
            path = folder / rows_file(name, "region", 0)
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(path)
            hashes.setdefault(("region", 0), {})[name] = hash_content(frame)
        facts.write_parquet(folder / facts_file("region", 0))
        unsure.write_parquet(folder / doubtful_file("region", 0))
    regions = [parting.members["region"] for parting in partings]
    return _spread_downwards(facts, vocabulary, unsure, regions)


def _spread_downwards(
    facts: pl.DataFrame,
    vocabulary: Vocabulary,
    doubtful: pl.DataFrame,
    regions: Iterable[pl.Series],
) -> pl.DataFrame:
    """For each region the facts of its own, one by one, or of the nearest above that has it.

    A doubtful region above ends the search: the figure set aside there might have been the one.
    """
    wanted = pl.concat([pl.Series("region", [], dtype=pl.String), *regions])
    codes = wanted.drop_nulls().unique().sort().to_list()
    paths = [(code, up, step) for code in codes for step, up in enumerate(region_path(code))]
    schema = {"region": pl.String, "subject": pl.String, "step": pl.Int64}
    nearest = pl.DataFrame(paths, schema=schema, orient="row").join(
        facts, on="subject", how="inner"
    )
    found = []
    for name in facts.columns[1:]:
        fact = vocabulary.facts[name.removesuffix(NOT_APPLICABLE)]
        assert fact.measure is not None
        unsure = doubtful.filter(pl.col("dataset") == fact.measure.dataset)["subject"]
        ends = pl.col(name).is_not_null() | pl.col("subject").is_in(unsure.implode())
        found.append(pl.col(name).filter(ends).first())
    return nearest.sort("region", "step").group_by("region", maintain_order=True).agg(found)
