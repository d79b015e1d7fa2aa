"""Which rows of a decision table apply, told with their numbers and sources."""

from datetime import date
from fractions import Fraction
from pathlib import Path

from engine.program import bind
from engine.table_rows import find_counting_rows, find_rows, table_of
from engine.telling import Teller
from language.reference import Facts, Reference
from tests.support.policy_texts import load_one, vocabulary

TEXT = """
facts: {years: {label: 年数, type: integer}, group: {label: 类别, type: code, values: [a, b]}}
tables:
  t:
    inputs: [years, group]
    outputs: [{values: [high, low]}]
    hit: priority
    source: 办法
    rows:
      - [up to 5, a, low]
      - {when: [any, b], then: high, source: 办法 四}
      - [from 5, any, high]
clauses: [{id: c, says: 一, source: 一, when: 't == "high"'}]
benefit: {amount: 1}
"""


def test_rows_that_apply_or_may_apply_are_told_in_the_order_of_the_hit_policy(
    tmp_path: Path,
) -> None:
    policy = load_one(tmp_path, TEXT)
    bound = bind(policy, vocabulary(), date(2025, 1, 1))
    table = table_of(policy, "t")
    assert table is not None
    assert table_of(policy, "years") is None

    def told(facts: Facts) -> list[tuple[int, object, str]]:
        hits = find_rows(table, Reference(bound.scope, facts))
        return [(hit.row.number, hit.applies.value, hit.row.source) for hit in hits]

    assert told({"years": Fraction(5), "group": "a"}) == [(3, True, "办法"), (1, True, "办法")]
    assert told({"years": Fraction(4), "group": "b"}) == [(2, True, "办法 四")]
    assert told({"group": "a"}) == [(3, None, "办法"), (1, None, "办法")]


def test_an_output_is_told_with_the_row_it_comes_from(tmp_path: Path) -> None:
    policy = load_one(tmp_path, TEXT)
    bound = bind(policy, vocabulary(), date(2025, 1, 1))
    cases: list[tuple[Facts, list[str], str | None, str]] = [
        ({"years": Fraction(4), "group": "b"}, ["第2行"], "high", "办法 四"),
        ({"years": Fraction(5), "group": "a"}, ["第3行"], "high", "办法"),
        ({"group": "a"}, [], None, "办法"),
    ]
    for facts, rows, value, source in cases:
        teller = Teller(bound, vocabulary(), facts, {})
        (told,) = [fact for fact in teller.used(bound.names) if fact.name == "t"]
        assert told.value_zh == value
        assert told.legal_source == source
        assert told.parameter is not None
        assert [row.label_zh for row in told.parameter.row] == rows
        counting = find_counting_rows(policy.tables[0], teller.reference)
        assert len(counting) == len(rows)
