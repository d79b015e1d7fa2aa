"""Linking composed: a file, the register, the model and what persons have decided."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from console.errors import NothingThere
from console.settings import Settings, read_key
from ledger.database import reading
from ledger.journal import record
from profiles.column_mapping import ColumnMapping
from profiles.content import hash_file
from profiles.dataset import Dataset
from profiles.identifier import subject_ids
from profiles.ingest import Progress, ReleaseReport
from profiles.link import BY_MACHINE, Link, Settled, name_link, read_links, settle_links
from profiles.linkage import LINKED, REVIEW, link_rows
from profiles.linkage_model import builtin_model
from profiles.linkage_register import FIELDS, prepare_register
from profiles.linked_delivery import deliver_linked
from profiles.release import Release, newest_release, read_release
from profiles.unkeyed import SHOWN, link_of, read_fields, read_unkeyed, show_fields

_WORTH_SHOWING = 0.02
"""Beside the best candidate, a person sees others from this score on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """What became of a file: its rows without a usable key, and how many different ones."""

    unkeyed: int
    different: int
    settled: Settled
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Firms:
    """The register on a day: its release, and `uscc`, `subject`, `FIELDS` and `shown` by row."""

    release: Release
    frame: pl.DataFrame


def run_linking(
    settings: Settings,
    engine: Engine,
    datasets: Mapping[str, Dataset],
    dataset: Dataset,
    source: Path,
    *,
    mapping: ColumnMapping | None = None,
    sheet: str | None = None,
    now: datetime,
    tell: Progress,
) -> LinkReport:
    """Link the rows of a file that have no usable key; what persons have decided stays."""
    link_of(dataset)
    key = read_key(settings)
    rows = read_unkeyed(source, dataset, key, mapping, sheet)
    different = rows.unique("row", keep="first", maintain_order=True)
    firms = _read_firms(settings, datasets, now.date(), key)
    tell("preparing the register", 0, firms.frame.height)
    register = prepare_register(firms.frame, firms.frame["uscc"])
    model = builtin_model()
    with reading(engine) as connection:
        rejected = read_links(connection, dataset.name, ("rejected",))
    excluded = (
        pl.DataFrame(
            {"name": [link.row for link in rejected], "subject": [r.candidate for r in rejected]},
            schema={"name": pl.String(), "subject": pl.String()},
        )
        .join(different.with_row_index("row_at"), left_on="name", right_on="row", how="inner")
        .join(firms.frame.select("subject", "uscc"), on="subject", how="inner")
        .select(pl.col("row_at").cast(pl.Int64).alias("row"), pl.col("uscc").alias("key"))
    )
    found = link_rows(different, register, model, excluded=excluded, on_progress=tell)
    first = pl.col("rank") == 1
    worth = found.filter(
        (first & (pl.col("decision") == LINKED))
        | ((pl.col("decision") == REVIEW) & (first | (pl.col("score") >= _WORTH_SHOWING)))
    ).join(firms.frame.select("uscc", "subject", SHOWN), left_on="key", right_on="uscc")
    sha256 = hash_file(source)
    proposed = []
    for pair in worth.iter_rows(named=True):
        row = different.row(pair["row"], named=True)
        shown = {"row": json.loads(row[SHOWN]), "firm": json.loads(pair[SHOWN])}
        proposed.append(
            Link(
                id=name_link(dataset.name, row["row"], pair["subject"]),
                dataset=dataset.name,
                row=row["row"],
                candidate=pair["subject"],
                state=pair["decision"],
                score=round(pair["score"] * 10_000),
                ahead=round(pair["ahead"] * 10_000),
                line=row["line"],
                source=sha256,
                register=firms.release.hash,
                model=model.hash,
                shown=json.dumps(shown, ensure_ascii=False),
                decided_by=BY_MACHINE,
                decided_at=now,
            )
        )
    settled = settle_links(engine, dataset.name, different["row"].to_list(), proposed, now=now)
    return LinkReport(
        unkeyed=rows.height, different=different.height, settled=settled, model=model.hash
    )


def run_delivery(
    settings: Settings,
    engine: Engine,
    datasets: Mapping[str, Dataset],
    dataset: Dataset,
    source: Path,
    *,
    mapping: ColumnMapping | None = None,
    sheet: str | None = None,
    delivered_on: date,
    replacing: bool,
    actor: str,
    now: datetime,
) -> tuple[ReleaseReport, int]:
    """Take a file in once more with the keys that links in force have found; how many links."""
    key = read_key(settings)
    firms = _read_firms(settings, datasets, now.date(), key)
    with reading(engine) as connection:
        links = read_links(connection, dataset.name, ("linked", "accepted"))
    found = pl.DataFrame(
        {"row": [link.row for link in links], "subject": [link.candidate for link in links]},
        schema={"row": pl.String(), "subject": pl.String()},
    ).join(firms.frame.select("subject", pl.col("uscc").alias("key")), on="subject", how="inner")
    if found.is_empty():
        raise NothingThere(
            f"no row of {dataset.name} is linked (link some: zhida link run {dataset.name} FILE)"
        )
    report = deliver_linked(
        source,
        dataset,
        found.select("row", "key"),
        root=settings.releases,
        delivered_on=delivered_on,
        key=key,
        mapping=mapping,
        sheet=sheet,
        replacing=replacing,
    )
    if report.created:
        with engine.begin() as connection:
            record(
                connection,
                kind="links.delivered",
                actor=actor,
                body={
                    "dataset": dataset.name,
                    "release": report.release.hash,
                    "source": hash_file(source),
                    "links": found.height,
                },
                now=now,
            )
    return report, found.height


def register_of_firms(datasets: Mapping[str, Dataset]) -> Dataset:
    """The dataset that says who the enterprises are."""
    for dataset in datasets.values():
        if dataset.register and dataset.kind == "enterprise":
            return dataset
    raise NothingThere("no dataset is the register of enterprises")


def _read_firms(
    settings: Settings, datasets: Mapping[str, Dataset], on: date, key: bytes
) -> _Firms:
    register = register_of_firms(datasets)
    release = newest_release(settings.releases, register.name, on)
    if release is None:
        raise NothingThere(
            f"no register was delivered on or before {on} (zhida ingest … --dataset "
            f"{register.name})"
        )
    rows = read_release(release, register)
    fields = read_fields(rows, link_of(register))
    frame = fields.select(FIELDS).with_columns(
        rows[register.key].alias("uscc"),
        subject_ids(register.kind, rows[register.key], key),
        show_fields(fields, register),
    )
    return _Firms(release=release, frame=frame)
