"""The baseline of a run over a city: the same policies written by hand in Polars, as somebody who
knows it well would.

Only the columns that are needed are read; every condition that several policies share is worked out
once, over texts as categories; Kleene's logic is Polars' own; amounts are worked out for those
whom they concern. What is written is sparse: for each policy the numbers of its rows in the part,
which of them are eligible, and their amounts.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.catalogue_shapes import REGION_OF, Draft
from profiles.part_files import facts_file
from profiles.snapshot import Snapshot

SPARSE = {
    "policy": pl.UInt16(),
    "row": pl.UInt32(),
    "eligible": pl.Boolean(),
    "amount_fen": pl.Int64(),
}
WHOLE_TEXT = "gbt4754_code"
"""Asked for its beginning, so it stays a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandWritten:
    """The policies of one audience: the distinct tests, for each policy how its verdict follows
    from them, and its amount with the columns that it needs."""

    columns: tuple[str, ...]
    tests: tuple[pl.Expr, ...]
    verdicts: tuple[pl.Expr, ...]
    amounts: Mapping[int, pl.Expr]


def write_by_hand(drafts: Iterable[Draft], audience: str) -> HandWritten:
    """All expressions for an audience."""
    shared: dict[str, pl.Expr] = {}
    verdicts, amounts = [], {}
    for draft in drafts:
        if draft.shape.audience != audience:
            continue
        region = REGION_OF[audience]
        needed = [_region(shared, region, draft.district)]
        for clause in draft.shape.clauses:
            found = []
            for condition in clause.members:
                shared.setdefault(condition.key, condition.hand.alias(condition.key))
                found.append(pl.col(condition.key))
            match clause.group:
                case "any":
                    needed.append(reduce(lambda a, b: a | b, found))
                case "none":
                    needed.append(~reduce(lambda a, b: a | b, found))
                case _:
                    needed += found
        verdicts.append(reduce(lambda a, b: a & b, needed).alias(str(draft.number)))
        amounts[draft.number] = draft.shape.amount.hand
    names = {name for expr in [*shared.values(), *amounts.values()] for name in _roots(expr)}
    return HandWritten(
        columns=tuple(sorted(names)),
        tests=tuple(shared.values()),
        verdicts=tuple(verdicts),
        amounts=amounts,
    )


def decide_city_by_hand(drafts: Sequence[Draft], snapshot: Snapshot, target: Path) -> None:
    """One file for each part, named as the part."""
    target.mkdir(parents=True, exist_ok=True)
    for audience in REGION_OF:
        written = write_by_hand(drafts, audience)
        for part in snapshot.parts(audience) if written.verdicts else ():
            frame = decide_by_hand(written, snapshot.path / facts_file(part.kind, part.number))
            frame.write_parquet(target / f"{part.kind}-{part.number:04d}.parquet")


def decide_by_hand(written: HandWritten, facts: Path) -> pl.DataFrame:
    """A part's outcome in the columns SPARSE."""
    encoded = pl.scan_parquet(facts).select(written.columns).collect()
    texts = [name for name, dtype in encoded.schema.items() if dtype == pl.String]
    encoded = encoded.with_columns(
        pl.col(name).cast(pl.Categorical) for name in texts if name != WHOLE_TEXT
    )
    tested = encoded.lazy().select(written.tests).collect()
    decided = tested.lazy().select(written.verdicts).collect()
    with ThreadPoolExecutor(pl.thread_pool_size()) as executor:
        found = list(executor.map(_find, decided.get_columns()))
    concerned = []
    for verdict, (eligible, _) in zip(decided.get_columns(), found, strict=True):
        amount = written.amounts[int(verdict.name)]
        names = _roots(amount) or written.columns[:1]
        rows = encoded.lazy().select(names).select(pl.all().gather(eligible))
        filled = amount if _roots(amount) else pl.repeat(amount, pl.len())
        concerned.append(rows.select(filled.cast(pl.Int64).alias("amount_fen")))
    pieces = []
    for verdict, (eligible, unknown), amounts in zip(
        decided.get_columns(), found, pl.collect_all(concerned), strict=True
    ):
        number = int(verdict.name)
        pieces.append(_rows(number, eligible, True, amounts["amount_fen"]))
        nothing = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(unknown))
        pieces.append(_rows(number, unknown, False, nothing))
    return pl.concat([pl.DataFrame(schema=SPARSE), *pieces])


def _region(shared: dict[str, pl.Expr], fact: str, district: str | None) -> pl.Expr:
    name = f"{fact} {district}"
    if district is None:
        test = pl.col(fact).cast(pl.String).str.starts_with("9901")
    else:
        test = pl.col(fact) == district
    shared.setdefault(name, test.alias(name))
    return pl.col(name)


def _roots(expr: pl.Expr) -> list[str]:
    return sorted(set(expr.meta.root_names()))


def _find(verdict: pl.Series) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    eligible = np.flatnonzero(verdict.fill_null(False).to_numpy())
    return eligible, np.flatnonzero(verdict.is_null().to_numpy())


def _rows(
    number: int, rows: npt.NDArray[np.intp], eligible: bool, amounts: pl.Series
) -> pl.DataFrame:
    height = len(rows)
    return pl.DataFrame(
        [
            pl.Series("policy", [number], dtype=pl.UInt16).new_from_index(0, height),
            pl.Series("row", rows.astype(np.uint32)),
            pl.Series("eligible", [eligible]).new_from_index(0, height),
            amounts.alias("amount_fen"),
        ]
    )
