"""Rows of a delivery that cannot be used, and how corrected ones come back.

A correction names the line of the quarantined row that each of its rows stands for. What it does
not name stays set aside, and whoever it is about stays doubtful.
"""

from collections import Counter

import polars as pl

from profiles.errors import DeliveryRefused
from profiles.release import (
    DOUBTFUL_SCHEMA,
    QUARANTINE_SCHEMA,
    Release,
    chain_of,
    read_doubtful_lines,
    read_quarantine,
)
from profiles.release_write import SetAside

MOST = 1_000_000
"""With more unusable rows than these a delivery is refused: nobody looks after so many."""
_SCHEMA = {**QUARANTINE_SCHEMA, "counted": pl.String(), "key": pl.String()}


class Quarantine:
    """Gathers the bad rows of a delivery. Raises `DeliveryRefused` where they are too many."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.height = 0
        self.reasons: Counter[str] = Counter()
        self._rows = [pl.DataFrame(schema=_SCHEMA)]
        self._earlier: list[tuple[pl.DataFrame, pl.DataFrame]] = []

    def add(self, bad: pl.DataFrame) -> None:
        """Take rows as sifting and the search for contradictions give them."""
        if not bad.height:
            return
        self._rows.append(bad.select(list(_SCHEMA)))
        self.height += bad.height
        counts = bad["counted"].value_counts()
        self.reasons.update(dict(counts.iter_rows()))
        if self.height > MOST:
            told = "; ".join(f"{reason} ({n} rows)" for reason, n in self.reasons.most_common(5))
            raise DeliveryRefused(
                self.file, [f"more than {MOST:,} rows cannot be used: {told}; correct the file"]
            )

    def take_over(self, corrected: Release, lines: pl.Series) -> None:
        """Keep what was set aside of the release that is corrected, without these lines."""
        rest = ~pl.col("line").is_in(lines.implode())
        quarantine = read_quarantine(corrected).filter(rest)
        self._earlier.append((quarantine, read_doubtful_lines(corrected).filter(rest)))
        if quarantine.height:
            self.reasons["not corrected yet"] += quarantine.height

    def finish(self) -> SetAside:
        """What goes into the release."""
        rows = pl.concat(self._rows)
        quarantine = rows.select(list(QUARANTINE_SCHEMA))
        doubtful = rows.select(list(DOUBTFUL_SCHEMA))
        return SetAside(
            # a correction may be as bad as the one before it: then it stands there already
            quarantine=pl.concat([quarantine, *(frame for frame, _ in self._earlier)]).unique(),
            doubtful=pl.concat([doubtful, *(frame for _, frame in self._earlier)]).unique(),
            reasons=self.reasons,
        )


def open_quarantines(newest: Release) -> list[Release]:
    """The releases of a chain whose rows set aside no correction has taken over, newest first."""
    chain = chain_of(newest)
    done = {link.corrects for link in chain}
    return [link for link in reversed(chain) if link.quarantined and link.hash not in done]


def find_corrected(file: str, newest: Release, lines: pl.Series) -> Release:
    """The release whose quarantined rows a correction stands for: the last that has any.

    Raises `DeliveryRefused` where nothing is left to correct, or a line is not set aside.
    """
    still_open = open_quarantines(newest)
    if not still_open:
        raise DeliveryRefused(file, ["no row is set aside that it could correct"])
    corrected = still_open[0]
    known = read_quarantine(corrected)["line"]
    strange = lines.filter(~lines.is_in(known.implode())).unique().sort()
    if len(strange):
        named = ", ".join(str(line) for line in strange.head(5))
        problem = f"corrects lines that are not set aside in {corrected.hash[:12]}: {named}"
        raise DeliveryRefused(file, [problem])
    return corrected
