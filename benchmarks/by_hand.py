"""The baseline: the same policies written by hand in Polars, as somebody who knows it well would.

Kleene logic is Polars' own; every condition that several policies share is computed once, texts are
an Enum so that comparing and listing them is comparing small numbers, and a quotient is compared
as a product so that nothing is rounded. What comes out is the same: for each policy the numbers of
the rows that are eligible, and of those that are unknown.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.generated_enterprises import Draft

Rows = npt.NDArray[np.intp]


def write_tests(drafts: Sequence[Draft]) -> tuple[dict[str, pl.Expr], list[list[str]]]:
    """The distinct conditions by name, and for each policy the names of those it needs."""
    shared: dict[tuple[str, ...], str] = {}
    exprs: dict[str, pl.Expr] = {}

    def test(key: tuple[str, ...], write: Callable[[], pl.Expr]) -> str:
        name = shared.setdefault(key, f"test{len(shared)}")
        if name not in exprs:
            exprs[name] = write().alias(name)
        return name

    needed = []
    for draft in drafts:
        names = []
        if draft.district is not None:
            region = draft.district
            names.append(test(("region", region), lambda: pl.col("ent_region") == region))  # noqa: B023
        for form, drawn in draft.asked:
            texts = (form.text,) if isinstance(form.text, str) else form.text
            key = tuple(text.format(**drawn) for text in texts)
            names.append(test(key, lambda: form.hand(drawn)))  # noqa: B023
        for form in draft.never:
            names.append(test(("not", str(form.text)), lambda: ~form.hand({})))  # noqa: B023
        needed.append(names)
    return exprs, needed


def decide_by_hand(
    exprs: dict[str, pl.Expr], needed: Sequence[Sequence[str]], frame: pl.DataFrame
) -> list[tuple[Rows, Rows]]:
    """The numbers of the rows eligible and unknown, for each policy."""
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    used = {name for expr in exprs.values() for name in expr.meta.root_names()}
    encoded = frame.lazy().select(
        pl.col(name).cast(pl.Categorical) if name in texts and name != "gbt4754_code" else name
        for name in used
    )
    tested = encoded.select(exprs.values()).collect()
    decided = tested.lazy().select(_all_of(names).alias(str(n)) for n, names in enumerate(needed))
    with ThreadPoolExecutor(pl.thread_pool_size()) as executor:
        return list(executor.map(_find, decided.collect()))


def _all_of(names: Iterable[str]) -> pl.Expr:
    return reduce(lambda a, b: a & b, (pl.col(name) for name in names))


def _find(verdict: pl.Series) -> tuple[Rows, Rows]:
    eligible = np.flatnonzero(verdict.fill_null(False).to_numpy())
    return eligible, np.flatnonzero(verdict.is_null().to_numpy())
