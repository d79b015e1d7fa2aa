"""Bodies made by columns are the canonical JSON of each, and as careful."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import NewEntries, canonical_bodies
from ledger.errors import EntryRefused
from ledger.journal import canonical_json, refuse_clear_text

NOW = datetime(2025, 12, 1, tzinfo=UTC)

TEXTS = st.text() | st.sampled_from(
    ["", '"', "\\", "\n\t\r\b\f\x00\x1f\x7f", "补贴", "\u2028", "é\ud83d", "13812345678", "😀"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
COLUMNS = st.sampled_from([TEXTS, st.integers(), st.none() | st.integers(), VALUES])


@st.composite
def many_entries(draw: st.DrawFn) -> NewEntries:
    count = draw(st.integers(0, 4))
    names = draw(st.lists(TEXTS, max_size=6, unique=True))
    parts: dict[str, dict[str, Any]] = {"shared": {}, "columns": {}, "optional": {}}
    for name in names:
        where = draw(st.sampled_from(sorted(parts)))
        if where == "shared":
            parts[where][name] = draw(VALUES)
        else:
            one: st.SearchStrategy[Any] = draw(COLUMNS)
            if where == "optional":
                one = st.none() | one
            parts[where][name] = draw(st.lists(one, min_size=count, max_size=count))
    return NewEntries(kind="k", actor="a", now=NOW, subjects=["s"] * count, **parts)


def one_by_one(entries: NewEntries) -> list[dict[str, Any]]:
    return [
        {
            **entries.shared,
            **{name: values[row] for name, values in entries.columns.items()},
            **{n: v[row] for n, v in entries.optional.items() if v[row] is not None},
        }
        for row in range(len(entries.subjects))
    ]


@given(many_entries())
def test_bodies_by_columns_are_canonical_json_and_refused_alike(entries: NewEntries) -> None:
    alone = [canonical_json(body) for body in one_by_one(entries)]
    try:
        for text in alone:
            refuse_clear_text("k", text)
    except EntryRefused:
        with pytest.raises(EntryRefused):
            canonical_bodies(entries)
        return
    assert canonical_bodies(entries) == alone


@pytest.mark.parametrize("clear", ["13812345678", "91350100M000100Y43", "990101199001010018"])
@pytest.mark.parametrize("where", ["shared", "columns", "optional", "key", "inside"])
def test_what_must_not_be_clear_is_refused_wherever_it_stands(clear: str, where: str) -> None:
    places: dict[str, dict[str, Any]] = {
        "shared": {"shared": {"item": clear}},
        "columns": {"columns": {"item": ["fine", clear]}},
        "optional": {"optional": {"item": [None, clear]}},
        "key": {"columns": {clear: [1, 2]}},
        "inside": {"columns": {"item": [{"of": ["fine"]}, {"of": ["fine", clear]}]}},
    }
    entries = NewEntries(
        kind="award.opened", actor="a", now=NOW, subjects=["s", "t"], **places[where]
    )
    with pytest.raises(EntryRefused, match=r"award\.opened") as refused:
        canonical_bodies(entries)
    assert clear not in str(refused.value)


def test_columns_of_different_lengths_are_no_entries() -> None:
    entries = NewEntries(
        kind="k", actor="a", now=NOW, subjects=["s", "t"], columns={"item": ["only one"]}
    )
    with pytest.raises(ValueError, match="zip"):
        canonical_bodies(entries)
