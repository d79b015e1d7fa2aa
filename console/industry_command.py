"""The command that suggests industry codes to the register."""

from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from console import show
from console.command import print_json, read_day, settings_of
from console.errors import NothingThere
from console.linking import register_of_firms
from console.options import Day, Format
from console.settings import read_clock, read_key
from console.wiring import load_words
from profiles.identifier import mask_long_numbers, mask_series
from profiles.industry import learn_industries, suggest_industries
from profiles.release import newest_release, read_release

CODE, SCOPE, NAME = "industry_code", "business_scope", "name"


def suggest_codes(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option(help="Write all suggestions as CSV, with credit codes.")
    ] = None,
    as_of: Day = None,
    limit: Annotated[int, typer.Option(min=1, help="So many firms are shown.")] = 20,
    output: Format = "table",
) -> None:
    """Suggest industry codes for firms that the register has none of, from their business scope.

    A list for the register to decide: no fact comes from it.
    """
    settings = settings_of(context)
    read_key(settings)
    register = register_of_firms(load_words().datasets)
    day = read_day(as_of, read_clock().date())
    release = newest_release(settings.releases, register.name, day)
    if release is None:
        raise NothingThere(f"no register was delivered on or before {day}")
    rows = read_release(release, register).select(register.key, NAME, SCOPE, CODE)
    with show.progress() as tell:
        tell("learning from the register", 0, 1)
        model = learn_industries(rows[SCOPE], rows[CODE])
    lacking = rows.filter(pl.col(CODE).is_null())
    found = suggest_industries(model, lacking[SCOPE])
    listed = (
        lacking.with_row_index("row")
        .with_columns(pl.col("row").cast(pl.Int64))
        .join(found, on="row", how="inner", maintain_order="right")
    )
    if to is not None:
        listed.select(register.key, NAME, SCOPE, "rank", "code", "probability").write_csv(to)
    firms = listed["row"].n_unique()
    shown = listed.filter(pl.col("row").is_in(listed["row"].unique().sort().head(limit).implode()))
    told = shown.select(
        mask_series(shown[register.key]),
        mask_long_numbers(shown[SCOPE].str.head(60)),
        "rank",
        "code",
        "probability",
    )
    summary = {"lacking": lacking.height, "suggested": firms, "learnt_from": model.firms}
    if output == "json":
        print_json({**summary, "release": release.hash, "suggestions": told.to_dicts()})
        return
    table = show.make_table("firm", "scope", "rank", "code", "probability", numbers=(2, 4))
    for firm, scope, rank, code, probability in told.iter_rows():
        table.add_row(firm, scope, str(rank), code, f"{probability:.2f}")
    show.out.print(table)
    show.out.print(
        f"{lacking.height:,} firms have no code, {firms:,} have a suggestion (learnt from "
        f"{model.firms:,}); the register decides, no fact comes from this"
    )
