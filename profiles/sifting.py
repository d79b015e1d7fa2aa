"""A block's rows typed, and the good ones parted from the bad."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from profiles.complaint import Complaint
from profiles.dataset import Dataset
from profiles.delivery import CUT_OFF
from profiles.identifier import check_identifiers, mask_long_numbers, mask_series
from profiles.row_block import RowBlock
from profiles.typed_values import parse_column, write_texts

_CHECKED = ("uscc", "resident_id")
LONGEST_SHOWN = 200
"""Characters of a cell that the quarantine shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """Good rows (typed, with `line`), bad ones (the quarantine's columns, `counted` and `key`).

    `counted` is the reason counted for a row; `key` says whom it is about, null if nobody can tell.
    """

    good: pl.DataFrame
    bad: pl.DataFrame


def sift_block(block: RowBlock, dataset: Dataset, delivered_on: date | None = None) -> Sifted:
    """Type the block's cells and part the good rows from the bad ones.

    What must have happened by `delivered_on`, the day of the delivery, is not believed if it is
    later.
    """
    values: list[pl.Series] = [block.cells["line"]]
    complaints: list[Complaint] = []
    for name, column in block.columns.items():
        parsed = parse_column(column, block.cells[name])
        values.append(parsed.values)
        complaints += parsed.complaints
    typed = pl.DataFrame(values)
    complaints += _check_order(typed, dataset)
    if delivered_on is not None:
        complaints += _check_future(typed, dataset, delivered_on)
    if block.cut_line is not None:
        complaints.append(Complaint(reason=CUT_OFF, rows=typed["line"] == block.cut_line))
    broken = block.broken.select(
        "line",
        "reason",
        row=_mask_text(block.broken["text"]),
        counted=_strip_count("reason"),
        key=_find_keys(block.broken["text"], dataset),
    )
    if not complaints:
        return Sifted(good=typed, bad=broken)
    wrong = pl.any_horizontal([complaint.rows for complaint in complaints])
    is_wrong = pl.select(wrong).to_series()
    told = _tell_reasons(complaints, is_wrong)
    bad = told.select(
        block.cells["line"].filter(is_wrong),
        "reason",
        write_rows(block.cells.filter(is_wrong), dataset).alias("row"),
        "counted",
        typed[dataset.key].filter(is_wrong).alias("key"),
    )
    return Sifted(good=typed.filter(~is_wrong), bad=pl.concat([broken, bad]))


def _check_future(typed: pl.DataFrame, dataset: Dataset, delivered_on: date) -> list[Complaint]:
    """Days after the delivery that must have passed by then.

    They are those of events, those on which subjects of a register begin, and those that their
    dataset calls past. Other states may be announced before they begin, series paid in advance.
    """
    past = [name for name, column in dataset.columns.items() if column.past]
    begun = dataset.time.columns[0]
    over = dataset.time.form == "event" or (dataset.time.form == "state" and dataset.register)
    if over and begun not in past:
        past.append(begun)
    complaints = []
    for name in past:
        rows = (typed[name] > delivered_on).fill_null(False)
        if rows.any():
            complaints.append(Complaint(reason=f"{name}: later than the delivery", rows=rows))
    return complaints


def _check_order(typed: pl.DataFrame, dataset: Dataset) -> list[Complaint]:
    """A state that ends before it begins."""
    if dataset.time.form != "state":
        return []
    start, end = dataset.time.columns
    rows = (typed[end] < typed[start]).fill_null(False)
    return [Complaint(reason=f"{end}: before {start}", rows=rows)] if rows.any() else []


def _tell_reasons(complaints: Iterable[Complaint], wrong: pl.Series) -> pl.DataFrame:
    """For each wrong row all its complaints in words (`reason`), and the first as `counted`."""
    frame: dict[str, pl.Series] = {}
    words: list[pl.Expr] = []
    counted: list[pl.Expr] = []
    for place, complaint in enumerate(complaints):
        applies = f"rows_{place}"
        frame[applies] = complaint.rows.filter(wrong)
        short = pl.lit(complaint.reason)
        said: pl.Expr = short
        if complaint.words is not None:
            frame[f"words_{place}"] = complaint.words.filter(wrong)
            said = pl.coalesce(pl.col(f"words_{place}"), short)
        words.append(pl.when(pl.col(applies)).then(said))
        counted.append(pl.when(pl.col(applies)).then(short))
    return pl.DataFrame(frame).select(
        reason=pl.concat_str(words, separator="; ", ignore_nulls=True),
        counted=pl.coalesce(counted),
    )


def write_rows(cells: pl.DataFrame, dataset: Dataset) -> pl.Series:
    """Rows as JSON for people who look after them, with everything personal masked.

    Of a long cell only its beginning.
    """
    shown = []
    for name, column in dataset.columns.items():
        texts = _shorten(write_texts(cells[name]))
        if column.identifier == "region":
            shown.append(texts)
        elif column.identifier or column.sensitivity in ("personal", "sensitive"):
            shown.append(mask_series(texts))
        else:
            shown.append(mask_long_numbers(texts))
    return pl.DataFrame(shown).select(pl.struct(pl.all()).struct.json_encode()).to_series()


def _shorten(texts: pl.Series) -> pl.Series:
    long = texts.str.len_chars() > LONGEST_SHOWN
    return texts.zip_with(~long.fill_null(False), texts.str.head(LONGEST_SHOWN) + "…")


def _mask_text(lines: pl.Series) -> pl.Series:
    """A broken line, of which no cell can be told from another: its letters and digits starred.

    What is left shows how its cells were parted.
    """
    return lines.str.replace_all(r"[^\s,;\"'|]", "*").str.head(2_000).alias("row")


def _find_keys(lines: pl.Series, dataset: Dataset) -> pl.Series:
    """Whom each broken line is about: the one right identifier in it, null where there is none.

    Its cells cannot be told apart, but a check digit tells an identifier from other signs. Where a
    row may name others of the same kind, or two stand in one line, nobody can say.
    """
    columns = dataset.columns.values()
    nobody = pl.Series("key", [None] * len(lines), dtype=pl.String)
    several = sum(column.identifier == dataset.identifier for column in columns) > 1
    if several or dataset.identifier not in _CHECKED or not len(lines):
        return nobody
    # runs of other lengths are no identifiers, and of a longer one no part is
    found = lines.str.extract_all(r"[0-9A-Za-z]+").alias("found")
    told = pl.DataFrame({"place": pl.int_range(len(lines), eager=True), "found": found})
    told = told.explode("found").filter(pl.col("found").str.len_chars() == 18)
    checked = check_identifiers(dataset.identifier, told["found"])
    told = told.with_columns(checked).filter(pl.col("reason").is_null())
    told = told.select("place", "value").unique().filter(pl.col("place").is_unique())
    return nobody.scatter(told["place"], told["value"])


def _strip_count(column: str) -> pl.Expr:
    """`has 5 cells, not 7` counts as `wrong number of cells`."""
    reason = pl.col(column)
    return (
        pl.when(reason.str.starts_with("has "))
        .then(pl.lit("wrong number of cells"))
        .otherwise(reason)
    )
