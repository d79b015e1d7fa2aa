"""Facts that are worked out, each once, as columns beside those that were read.

What a name means is else written out wherever it stands: an age in each row of a table of ages.
Policies that mean the same by a name share its column.
"""

from dataclasses import replace

import polars as pl

from language.column import Column
from language.definition import Given, Scope
from language.exact import Exact, Whole
from language.expression import Name
from language.predicate import Predicate, predicate_of


class Shelf:
    """The columns of names, to be worked out over a frame (`fill`) before they are read there."""

    def __init__(self) -> None:
        self._known: dict[Predicate, Column] = {}
        self._layers: list[list[pl.Expr]] = []
        self._layer_of: dict[str, int] = {}

    def put(self, name: str, scope: Scope, column: Column) -> Column:
        """What stands for a name: the column that `fill` makes of what it was lowered to.

        A fact that was read stays what it is.
        """
        if isinstance(scope[name], Given):
            return column
        meaning = predicate_of(Name(name=name), scope)
        if meaning not in self._known:
            self._known[meaning] = self._lay(column)
        return self._known[meaning]

    def fill(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the columns that were put here: those first on which others rest."""
        for layer in self._layers:
            frame = frame.lazy().with_columns(layer).collect(optimizations=AS_IT_STANDS)
        return frame

    def _lay(self, column: Column) -> Column:
        if isinstance(column, Exact):
            return Exact(
                numerator=self._lay_whole(column.numerator),
                denominator=self._lay_whole(column.denominator),
            )
        return self._keep(column)

    def _lay_whole(self, whole: Whole) -> Whole:
        if whole.constant is not None:
            return whole
        return replace(whole, expr=self._keep(whole.expr))

    def _keep(self, column: pl.Expr) -> pl.Expr:
        roots = column.meta.root_names()
        if not roots:  # the same for everybody
            return column
        layer = max(self._layer_of.get(name, -1) for name in roots) + 1
        kept = f"::shelf{len(self._layer_of)}"
        self._layer_of[kept] = layer
        while len(self._layers) <= layer:
            self._layers.append([])
        self._layers[layer].append(column.alias(kept))
        return pl.col(kept)


AS_IT_STANDS = pl.QueryOptFlags.none()
"""To look for what hundreds of columns have in common takes longer than working them out."""
