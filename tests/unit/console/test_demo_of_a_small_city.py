"""The demonstration of a city so small that the second run finds nobody new."""

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from console.demo import choose_gained

ROWS = [
    ("E2", "enterprise", "kept", "a", 100),
    ("R2", "resident", "gained", "b", 100),
    ("R1", "resident", "gained", "b", 100),
    ("R3", "resident", "gained", "c", 100),
    ("R0", "resident", "gained", "b", None),
]


@pytest.mark.parametrize(
    ("kind", "policy", "found"),
    [
        ("enterprise", "a", None),
        ("resident", "c", ("R3", "c")),
        ("resident", "d", ("R1", "b")),
        ("household", "d", None),
    ],
)
def test_only_who_gained_an_amount_is_explained(kind: str, policy: str, found: Any) -> None:
    names = ["subject", "kind", "change", "policy", "amount_fen"]
    report: Any = SimpleNamespace(change_rows=pl.DataFrame(ROWS, schema=names, orient="row"))
    assert choose_gained(report, kind, policy) == found
