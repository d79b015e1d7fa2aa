"""How corrected rows take the place of quarantined ones, line by line.

A row that is sound closes the line that it corrects. What is itself bad, what two rows say
differently of one line, and what contradicts a row that was taken stay under that line, with the
reason: it is open as before.
"""

from dataclasses import replace

import polars as pl

from profiles.changeset import CORRECTS, REMOVED, identity_of
from profiles.dataset import Dataset
from profiles.duplicates import Settled, set_aside, settle_duplicates
from profiles.errors import DeliveryRefused
from profiles.quarantine import find_corrected
from profiles.release import Release, chain_of, read_delivered
from profiles.row_block import RowBlock
from profiles.sifting import Sifted
from profiles.typed_values import parse_column

_CONTENT = "::content"
_LINES = {"line": pl.Int64(), CORRECTS: pl.Int64(), _CONTENT: pl.UInt64()}
OTHERWISE = "contradiction: other rows correct the same line otherwise"


class Correction:
    """One delivery of corrections on its way: which row stands for which line.

    `corrected` is the release whose lines they are, known once all blocks are read (`begin`).
    """

    def __init__(self, file: str, dataset: Dataset, before: Release) -> None:
        self.file = file
        self.dataset = dataset
        self.before = before
        self.corrected = before
        self._told = [pl.DataFrame(schema=_LINES)]
        self._open = [pl.Series(CORRECTS, [], dtype=pl.Int64)]
        self._lost: list[int] = []
        self._contrary = pl.Series(CORRECTS, [], dtype=pl.Int64)
        self._lineage: list[Release] = []
        self._later: list[Release] = []

    def read(self, block: RowBlock, sifted: Sifted) -> Sifted:
        """A block's rows, the bad ones under the lines that they correct."""
        column = block.columns[CORRECTS]
        lines = parse_column(column, block.cells[CORRECTS]).values.alias(CORRECTS)
        told = pl.DataFrame([block.cells["line"], lines]).drop_nulls()
        content = sifted.good.select(list(self.dataset.columns)).hash_rows(seed=0)
        found = told.join(
            sifted.good.select("line", content.alias(_CONTENT)), on="line", how="left"
        )
        self._told.append(found.select(list(_LINES)))
        self._lost += sifted.bad.join(told, on="line", how="anti")["line"].to_list()
        return replace(sifted, bad=self._under_lines(sifted.bad, told))

    def begin(self) -> None:
        """Find the release that is corrected, and what was taken beside its lines and since.

        Raises `DeliveryRefused` where nothing is left to correct, a line is not set aside, or it
        cannot be told which one a row corrects.
        """
        if self._lost:
            named = ", ".join(str(line) for line in sorted(self._lost)[:5])
            problem = f"it cannot be told which line is corrected in its own lines {named}"
            raise DeliveryRefused(self.file, [f"{problem} (each needs its {CORRECTS})"])
        told = pl.concat(self._told)
        self.corrected = find_corrected(self.file, self.before, told[CORRECTS])
        several = told.group_by(CORRECTS).agg(pl.col(_CONTENT).n_unique())
        self._contrary = several.filter(pl.col(_CONTENT) > 1)[CORRECTS]
        chain = {link.hash: link for link in chain_of(self.before)}
        self._lineage = [self.corrected]
        while (earlier := self._lineage[-1].corrects) is not None:
            self._lineage.append(chain[earlier])
        known = {link.hash for link in self._lineage}
        first = self._lineage[-1].sequence
        self._later = [
            link for name, link in chain.items() if link.sequence > first and name not in known
        ]

    def settle(self, rows: pl.DataFrame, slots: range) -> Settled:
        """A share's rows: those that count, how many repeat one, and those to set aside.

        What was delivered since for the same key is newer and stays: such rows close their line and
        change nothing.
        """
        told = pl.concat(self._told).select("line", CORRECTS)
        rows = rows.join(told, on="line", how="left", maintain_order="left")
        otherwise = pl.col(CORRECTS).is_in(self._contrary.implode())
        aside = [set_aside(rows.filter(otherwise), self.dataset, OTHERWISE)]
        rest = rows.filter(~otherwise)
        once = rest.unique(CORRECTS, keep="first", maintain_order=True).drop(CORRECTS)
        settled = settle_duplicates(once, self.dataset)
        repeated = rest.height - once.height + settled.repeated
        kept = settled.kept
        identity = identity_of(self.dataset, "correction")
        if identity is not None and kept.height:
            for link in self._later:
                newer = read_delivered(link, self.dataset, slots, names=identity)
                kept = kept.join(newer, on=identity, how="anti", nulls_equal=True)
            taken = self._read_taken(identity, kept[self.dataset.key], slots)
            beside = kept.join(taken, on=identity, how="left", nulls_equal=True,
                               maintain_order="left")  # fmt: skip
            mine = kept.select(list(self.dataset.columns)).hash_rows(seed=0)
            there = beside["::taken"].fill_null(False)
            same = (beside[_CONTENT] == mine).fill_null(False)
            repeated += int((there & same).sum())
            reason = f"contradiction: a row that was taken has the same {', '.join(identity)}"
            reason += " and another content"
            aside.append(set_aside(kept.filter(there & ~same), self.dataset, reason))
            kept = kept.filter(~there)
        bad = [frame for frame in (*aside, settled.contradictions) if frame.height]
        if not bad:
            return Settled(kept=kept, repeated=repeated, contradictions=pl.DataFrame())
        return Settled(
            kept=kept, repeated=repeated, contradictions=self._under_lines(pl.concat(bad), told)
        )

    def closed(self) -> pl.Series:
        """The lines that are corrected: all that were named, without those that stay open."""
        named = pl.concat(self._told)[CORRECTS].unique()
        return named.filter(~named.is_in(pl.concat(self._open).implode()))

    def _under_lines(self, bad: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
        """Bad rows, each under the line that it corrects, which so stays open."""
        found = bad.join(told.select("line", CORRECTS), on="line", how="inner")
        self._open.append(found[CORRECTS])
        reason = pl.concat_str(pl.lit("correction: "), "reason")
        return found.with_columns(pl.col(CORRECTS).alias("line"), reason.alias("reason")).select(
            bad.columns
        )

    def _read_taken(self, identity: list[str], keys: pl.Series, slots: range) -> pl.DataFrame:
        """What was taken of the delivery whose lines are corrected, and of its corrections."""
        found = []
        for link in self._lineage:
            rows = read_delivered(link, self.dataset, slots, keys)
            content = rows.select(list(self.dataset.columns)).hash_rows(seed=0).alias(_CONTENT)
            gone = rows[REMOVED] if REMOVED in rows.columns else pl.lit(False)
            told = pl.when(~gone).then(pl.lit(content)).alias(_CONTENT)
            found.append(rows.select(*identity, told, pl.lit(True).alias("::taken")))
        return pl.concat(found).unique(identity, keep="first", maintain_order=True)
