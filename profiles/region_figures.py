"""Published figures of regions, and which of them each region's subjects have."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from language.column import NOT_APPLICABLE
from profiles.content import hash_content, sort_rows
from profiles.derivation import compute_facts
from profiles.fact import Vocabulary
from profiles.part_files import doubtful_file, facts_file, rows_file
from profiles.parting import Chosen, withhold
from profiles.region import region_path
from profiles.release import read_release


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFigures:
    """Published figures by region, and those that were set aside."""

    facts: pl.DataFrame
    doubtful: pl.DataFrame
    vocabulary: Vocabulary

    def of(self, regions: pl.Series) -> pl.DataFrame:
        """For each subject's region the figures of its own, or of the nearest above."""
        figures = _spread_downwards(self.facts, self.vocabulary, self.doubtful, regions)
        placed = pl.DataFrame({"region": regions})
        joined = placed.join(figures, on="region", how="left", maintain_order="left")
        return joined.drop("region")


def compute_region_figures(
    folder: Path, chosen: Iterable[Chosen], vocabulary: Vocabulary, as_of: date
) -> tuple[RegionFigures, dict[str, str]]:
    """Published figures of regions, and the hash of each file's content.

    They are also kept as the one part of kind `region`, as published.
    """
    rows: dict[str, pl.DataFrame] = {}
    doubtful = [pl.DataFrame(schema={"dataset": pl.String, "subject": pl.String})]
    for item in chosen:
        if item.dataset.kind == "region" and not item.stale:
            frame = read_release(item.release, item.dataset)
            rows[item.dataset.name] = sort_rows(frame.rename({item.dataset.key: "subject"}))
            keys = item.doubtful.alias("subject")
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
    hashes = {}
    if rows:
        for name, frame in rows.items():
            path = folder / rows_file(name, "region", 0)
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(path)
            hashes[rows_file(name, "region", 0)] = hash_content(frame)
        for name, frame in (
            (facts_file("region", 0), facts),
            (doubtful_file("region", 0), unsure),
        ):
            frame.write_parquet(folder / name)
            hashes[name] = hash_content(frame)
    return RegionFigures(facts=facts, doubtful=unsure, vocabulary=vocabulary), hashes


def _spread_downwards(
    facts: pl.DataFrame,
    vocabulary: Vocabulary,
    doubtful: pl.DataFrame,
    regions: pl.Series,
) -> pl.DataFrame:
    """For each region the facts of its own, one by one, or of the nearest above that has it.

    A doubtful region above ends the search: the figure set aside there might have been the one.
    """
    codes = regions.drop_nulls().unique().sort().to_list()
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
