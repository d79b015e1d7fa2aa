"""How large a policy's columns are taken to be: by hand, from what its clauses and steps repeat."""

from datetime import date
from pathlib import Path

import pytest

from engine import columns
from engine.columns import check_size
from engine.program import bind
from language.exact import TooWide
from tests.support.policy_texts import load_one, vocabulary

CLAUSES = "clauses: [{id: a, says: 一, source: 法, when: not is_zombie}]\n"  # of size 2


@pytest.mark.parametrize(
    ("text", "size"),
    [
        # the verdict stands alone, and once more beside the amount
        ("benefit: {amount: revenue}", 2 + (2 + 2)),
        ("benefit: {amount: [revenue, {times: -staff_prev_year}]}", 2 + (2 + 1 + 1 + 2)),
        ("benefit: {amount: [revenue, {plus: 1, when: is_zombie}]}", 2 + (2 + 2 + 1 + 2 + 2)),
        # each bound or rounding compares what is below it and takes it again
        ("benefit: {amount: [revenue, {at_most: 5}]}", 2 + (2 + 6 * (2 + 1))),
        ("benefit: {amount: [revenue, {at_least: 5}]}", 2 + (2 + 6 * (2 + 1))),
        ("benefit: {amount: [revenue, {nothing_below: 5}]}", 2 + (2 + 6 * (2 + 1))),
        ("benefit: {amount: [revenue, {round: down to 1}]}", 2 + (2 + 6 * (2 + 1))),
        ("benefit: {amount: [revenue, {round: up to 1}]}", 2 + (2 + 6 * (2 + 1))),
        ("benefit: {amount: [revenue, {round: half up to 1}]}", 2 + (2 + 6 * (2 + 1))),
        ("benefit: {amount: revenue, also: {told: {label: 另, amount: -revenue}}}",
         2 + (2 + 2) + (2 + 3)),
        # a portion of size 2 and one of 3 under a test of 1, which stands in the verdict, in the
        # amount of each, and twice beside its line in the whole amount
        ("benefit: {portions: [{id: p, says: 一, source: 法, amount: revenue}, {id: q, says: 二, "
         "source: 法, when: is_zombie, amount: -revenue}]}",
         3 + (3 + 2) + (3 + 3) + (3 + 2 * (2 + 3 + 2) + 1)),
        ("benefit: {portions: [{id: p, says: 一, source: 法, amount: revenue}, {id: q, says: 二, "
         "source: 法, when: is_zombie, amount: -revenue}], amount: highest_portion}",
         3 + (3 + 2) + (3 + 3) + (3 + 2 * (2 + 3 + 2) * 6 + 1)),
    ],
)  # fmt: skip
def test_a_policy_is_refused_as_columns_just_below_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, size: int
) -> None:
    bound = bind(load_one(tmp_path, CLAUSES + text), vocabulary(), date(2025, 9, 1))
    monkeypatch.setattr(columns, "MAX_SIZE", size)
    check_size(bound)
    monkeypatch.setattr(columns, "MAX_SIZE", size - 1)
    with pytest.raises(TooWide):
        check_size(bound)
