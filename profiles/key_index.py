"""Where keys stand in a list of them, looked up by whole columns.

The rows of a release stand sorted by key within each slot, so that looking one after the other up
in sorted keys is a walk along them: several times faster than a join, which would hash all keys for
each dataset anew.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.text_bytes import rows_of_bytes

Places = npt.NDArray[np.int64]
"""For each key its place in the list; -1 where it is not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIndex:
    """`keys`, each there once and none null, in their order; `ordered` are their bytes sorted and
    `order` the place of each of these (None where the keys are of several lengths)."""

    keys: pl.Series
    order: Places
    ordered: npt.NDArray[np.bytes_] | None

    @classmethod
    def of(cls, keys: pl.Series) -> "KeyIndex":
        """Make the index."""
        if keys.is_sorted():
            return cls(keys=keys, order=np.arange(len(keys)), ordered=_fixed(keys))
        order = keys.arg_sort()
        return cls(
            keys=keys,
            order=order.to_numpy().astype(np.int64),
            ordered=_fixed(keys.gather(order)),
        )

    def find(self, values: pl.Series) -> Places:
        """The places of these values; null is nowhere."""
        if self.ordered is None or not len(values) or values.null_count():
            return self._join(values)
        wanted = _fixed(values)
        if wanted is None or wanted.dtype != self.ordered.dtype:
            return self._join(values)
        found = np.minimum(np.searchsorted(self.ordered, wanted), len(self.ordered) - 1)
        return np.where(self.ordered[found] == wanted, self.order[found], -1)

    def _join(self, values: pl.Series) -> Places:
        places = pl.int_range(len(self.keys), dtype=pl.Int64, eager=True)
        known = pl.DataFrame({"key": self.keys, "place": places})
        wanted = pl.DataFrame({"key": values})
        found = wanted.join(known, on="key", how="left", maintain_order="left")["place"]
        return found.fill_null(-1).to_numpy()


def _fixed(texts: pl.Series) -> npt.NDArray[np.bytes_] | None:
    """Texts of one length as NumPy compares them: byte by byte. None where one ends in a zero byte,
    which NumPy does not see."""
    rows = rows_of_bytes(texts)
    if rows is None or not rows[:, -1].all():
        return None
    return rows.view(f"S{rows.shape[1]}").ravel()
