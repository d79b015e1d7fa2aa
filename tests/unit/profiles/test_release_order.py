"""The order of a release's rows, against a sort of plain Python tuples."""

import dataclasses
from datetime import date

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from profiles.dataset import Column, Dataset, Label
from profiles.release_order import sort_by_slot
from profiles.slot import slots_of
from tests.unit.profiles.delivery_world import DATASETS, credit_code

WIDE = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
NARROW = st.one_of(st.none(), st.integers(-3, 3))


def dataset_of(**types: str) -> Dataset:
    def column(name: str, kind: str) -> Column:
        return Column(name=name, type=kind, label=Label(zh=name))  # type: ignore[arg-type]

    plain = DATASETS["size-class"]
    columns = {name: column(name, kind) for name, kind in types.items()}
    key = {"uscc": plain.columns["uscc"]}
    return dataclasses.replace(plain, columns=key | columns, unique=("day",))


def sorted_by_hand(rows: pl.DataFrame, names: list[str]) -> list[tuple[object, ...]]:
    slots = slots_of(rows["uscc"]).tolist()

    def place(row: tuple[int, dict[str, object]]) -> tuple[object, ...]:
        slot, cells = row
        others = [(cells[name] is not None, cells[name]) for name in names]
        return (
            slot,
            cells["uscc"],
            *[(known, value) if known else (known,) for known, value in others],
        )

    lines = sorted(zip(slots, rows.to_dicts(), strict=True), key=place)
    return [tuple(cells.values()) for _, cells in lines]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2020, 1, 5))),
            NARROW | WIDE,
            st.one_of(st.none(), st.booleans()),
            st.sampled_from([None, "", "a", "b"]),
        ),
        max_size=30,
    ),
    st.booleans(),
)
@example(drawn=[(0, None, -(2**63), None, None), (0, None, None, None, None)], with_text=False)
@example(drawn=[(0, None, 2**63 - 1, None, None), (0, None, None, None, None)], with_text=False)
def test_rows_are_sorted_as_tuples_are(drawn, with_text):
    cells = [(n, credit_code(row[0]), *row[1:]) for n, row in enumerate(drawn)]
    types = {
        "line": pl.Int64,
        "uscc": pl.String,
        "day": pl.Date,
        "number": pl.Int64,
        "flag": pl.Boolean,
        "text": pl.String,
    }
    rows = pl.DataFrame(cells, schema=types, orient="row")
    kinds = {"number": "integer", "day": "date", "flag": "boolean"}
    if with_text:
        kinds["text"] = "text"
    else:
        rows = rows.drop("text")
    dataset = dataset_of(**kinds)
    # `day` tells rows apart and so stands before `number`
    wanted = sorted_by_hand(rows, ["day", *(name for name in kinds if name != "day")])
    found = sort_by_slot(rows, dataset)
    assert found.drop("::slot").rows() == wanted
    assert (found["::slot"].to_numpy() == slots_of(found["uscc"])).all()
