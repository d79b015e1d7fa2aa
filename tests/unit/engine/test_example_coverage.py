"""What a policy's examples reach, against a model in plain Python."""

import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.example_coverage import Coverage, clauses_never_false, cover_examples
from policies.load import CATALOGUE, load_policies
from tests.support.policy_texts import load_one, vocabulary

POLICY = """\
effective: {from: 2024-01-01, to: 2025-12-31}
parameters:
  least:
    values: [{from: 2020-01-01, value: 3, source: 一}, {from: 2025-01-01, value: 6, source: 二}]
  share: {by: ent_size, source: 一, rows: {large: 10%, "medium, small": 20%}}
clauses:
  - {id: paid, says: 一, when: ui_paid_months >= least}
  - id: never
    says: 二
    none:
      - {id: zombie, says: 二, when: is_zombie}
      - {id: dishonest, says: 二, when: credit_serious_dishonest}
benefit:
  amount: [100, {times: share}, {plus: 5, when: hnte_valid}]
examples:
  cases:
"""
Case = tuple[str, int | None, bool | None, str | None]


def write_case(number: int, case: Case) -> str:
    day, months, zombie, size = case
    given = {
        "ui_paid_months": "null" if months is None else str(months),
        "is_zombie": "null" if zombie is None else str(zombie).lower(),
        "ent_size": "null" if size is None else size,
    }
    told = ", ".join(f"{name}: {value}" for name, value in given.items())
    return (
        f"    - {{name: case {number}, as_of: {day}, given: {{{told}}}, "
        "expect: {verdict: unknown}}\n"
    )


def model(cases: list[Case]) -> set[tuple[str, str, bool | None]]:
    """Which cells the cases reach: id, first day of the span, value."""
    reached: set[tuple[str, str, bool | None]] = set()
    for day, months, zombie, size in cases:
        if not "2024-01-01" <= day <= "2025-12-31":
            continue
        span = "2024-01-01" if day < "2025-01-01" else "2025-01-01"
        least = 3 if day < "2025-01-01" else 6
        reached.add(("paid", span, None if months is None else months >= least))
        reached.add(("zombie", span, zombie))
        reached.add(("dishonest", span, None))
        reached.add(("amount, step 3", span, None))
        if size == "large":
            reached.add(("share, row 1: large", span, True))
        elif size in ("medium", "small"):
            reached.add(("share, row 2: medium, small", span, True))
    return reached


def cells(coverage: Coverage) -> dict[tuple[str, str, bool | None], tuple[str, ...]]:
    return {(c.tested.id, c.span.start.isoformat(), c.truth): c.examples for c in coverage.cells}


CASES = st.lists(
    st.tuples(
        st.sampled_from(["2023-12-31", "2024-01-01", "2024-12-31", "2025-01-01", "2026-01-01"]),
        st.sampled_from([None, 2, 3, 5, 6]),
        st.sampled_from([None, True, False]),
        st.sampled_from([None, "large", "small", "micro"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases=CASES)
def test_coverage_is_that_of_the_model(
    tmp_path_factory: pytest.TempPathFactory, cases: list[Case]
) -> None:
    folder = tmp_path_factory.mktemp("covered")
    text = POLICY + "".join(write_case(n, case) for n, case in enumerate(cases))
    coverage = cover_examples(load_one(folder, text), vocabulary())
    found = cells(coverage)
    assert {cell for cell, examples in found.items() if examples} == model(cases)
    conditions = ("paid", "zombie", "dishonest", "amount, step 3")
    rows = ("share, row 1: large", "share, row 2: medium, small")
    assert found.keys() == {
        *itertools.product(conditions, ("2024-01-01", "2025-01-01"), (True, False, None)),
        *itertools.product(rows, ("2024-01-01", "2025-01-01"), (True,)),
    }
    assert coverage.covered == len(model(cases))
    outside = [f"case {n}" for n, case in enumerate(cases) if not "2024" <= case[0] < "2026"]
    assert list(coverage.outside) == outside


def covered(folder: Path, clauses: str, cases: str = "") -> dict[str, set[bool | None]]:
    """The values looked for of each clause."""
    text = f"clauses: [{clauses}]\nbenefit: {{amount: 1}}\n{cases}"
    found: dict[str, set[bool | None]] = {}
    for cell in cover_examples(load_one(folder, text), vocabulary()).cells:
        found.setdefault(cell.tested.id, set()).add(cell.truth)
    return found


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("staff >= 30", {True, False, None}),
        ("staff >= 30 or not (staff >= 30)", {True, None}),
        ("is_zombie and not is_zombie", {False, None}),
        ("staff > 3 and staff < 4", {False, None}),
        ("revenue > 3 and revenue < 4", {True, False, None}),
        ('ent_size == "large" or ic_listed', {True, False, None}),
        # between two facts nothing is proved
        ("staff >= staff_prev_year or staff < staff_prev_year", {True, False, None}),
    ],
)
def test_a_value_is_left_out_only_where_it_can_never_come_out(
    tmp_path: Path, when: str, wanted: set[bool | None]
) -> None:
    assert covered(tmp_path, f"{{id: a, says: 一, when: '{when}'}}") == {"a": wanted}


def test_a_condition_of_parameters_alone_has_the_value_of_each_span(tmp_path: Path) -> None:
    text = """\
effective: {from: 2024-01-01, to: 2025-12-31}
parameters:
  exempt:
    values:
      - {from: 2020-01-01, value: "true", source: 一}
      - {from: 2025-01-01, value: "false", source: 二}
clauses: [{id: a, says: 一, when: exempt}]
benefit: {amount: 1}
"""
    found = cells(cover_examples(load_one(tmp_path, text), vocabulary()))
    assert found.keys() == {("a", "2024-01-01", True), ("a", "2025-01-01", False)}


def test_what_an_office_judges_is_unknown_and_what_is_not_yet_so_is_never_false(
    tmp_path: Path,
) -> None:
    found = covered(
        tmp_path,
        "{id: a, says: 一, judged_by: 区局},"
        "{id: b, says: 二, when: ui_paid_months >= 6, not_yet: true}",
    )
    assert found == {"a": {None}, "b": {True, None}}


def test_what_has_a_value_for_who_misses_it_is_never_unknown(tmp_path: Path) -> None:
    text = """\
clauses: [{id: a, says: 一, when: staff >= 1}]
benefit:
  amount:
    - 100
    - {plus: 1, when: 'is_zombie ?? false'}
    - {plus: 2, when: '$starts_with(ent_region ?? "", "1503")'}
    - {plus: 3, when: '(is_zombie ?? false) and ic_listed'}
    - {plus: 4, when: '(staff ?? 0) / (staff_prev_year ?? 0) > 1'}
"""
    found: dict[str, set[bool | None]] = {}
    for cell in cover_examples(load_one(tmp_path, text), vocabulary()).cells:
        found.setdefault(cell.tested.id, set()).add(cell.truth)
    assert found["amount, step 2"] == found["amount, step 3"] == {True, False}
    # who misses the first of two is no zombie, so that the other may decide or not
    assert found["amount, step 4"] == {True, False, None}
    # nothing may be divided by nought
    assert found["amount, step 5"] == {True, False, None}


def test_the_day_of_the_run_is_not_taken_for_a_fixed_value(tmp_path: Path) -> None:
    found = covered(tmp_path, "{id: a, says: 一, when: 'as_of >= $date(2025, 1, 1)'}")
    assert found == {"a": {True, False, None}}


def test_rows_are_asked_one_by_one(tmp_path: Path) -> None:
    text = """\
each:
  row: hires
  clauses:
    - {id: long, says: 一, when: contract_months >= 12}
    - {id: paid, says: 二, when: months_pension >= 3}
  amount: 100
benefit: {kind: cash}
examples:
  as_of: 2025-09-01
  cases:
    - name: two
      given: {hires: [{contract_months: 12, months_pension: 3}, {contract_months: 11}]}
      expect: {verdict: eligible}
"""
    found = cells(cover_examples(load_one(tmp_path, text), vocabulary()))
    reached = {(id_, truth) for (id_, _, truth), examples in found.items() if examples}
    assert reached == {("long", True), ("long", False), ("paid", True), ("paid", None)}


def test_a_value_chosen_by_a_facts_day_is_counted_by_that_day(tmp_path: Path) -> None:
    text = """\
parameters:
  least:
    at: approved_on
    values:
      - {from: 2024-01-01, value: 3, source: 一}
      - {from: 2025-01-01, value: 4, source: 二}
clauses: [{id: a, says: 一, when: 'ui_paid_months >= least'}]
benefit: {amount: 1}
examples:
  as_of: 2026-09-01
  cases:
    - name: before
      given: {approved_on: 2024-12-31, ui_paid_months: 3}
      expect: {verdict: eligible}
"""
    found = cells(cover_examples(load_one(tmp_path, text), vocabulary()))
    rows = {id_: bool(examples) for (id_, _, _), examples in found.items() if id_ != "a"}
    assert rows == {"least, value from 2025-01-01": False, "least, value from 2024-01-01": True}


def test_clauses_that_no_example_lets_fail(tmp_path: Path) -> None:
    """Beneath a `none` a clause fails by being true; what an office judges has no example."""
    text = """\
clauses:
  - {id: paid, says: 一, when: ui_paid_months >= 6}
  - {id: grown, says: 一, when: revenue >= 100}
  - {id: office, says: 一, judged_by: 区局}
  - id: never
    says: 二
    none: [{id: zombie, says: 二, when: is_zombie}, {id: listed, says: 二, when: ic_listed}]
benefit: {amount: 1}
examples:
  as_of: 2025-09-01
  cases:
    - {name: a, given: {ui_paid_months: 5, is_zombie: false}, expect: {verdict: ineligible}}
    - {name: b, given: {ui_paid_months: 6, ic_listed: true}, expect: {verdict: ineligible}}
"""
    found = clauses_never_false(load_one(tmp_path, text), vocabulary())
    assert found == ("grown", "zombie")


def test_a_clause_that_can_fail_in_one_span_only_is_asked_for(tmp_path: Path) -> None:
    text = """\
effective: {from: 2024-01-01, to: 2025-12-31}
parameters:
  exempt:
    values:
      - {from: 2020-01-01, value: "false", source: 一}
      - {from: 2025-01-01, value: "true", source: 二}
clauses: [{id: a, says: 一, when: exempt or ic_listed}, {id: b, says: 二, when: staff >= 1}]
benefit: {amount: 1}
examples:
  as_of: 2025-09-01
  cases: [{name: x, given: {staff: 0}, expect: {verdict: ineligible}}]
"""
    assert clauses_never_false(load_one(tmp_path, text), vocabulary()) == ("a",)


@pytest.fixture(scope="module")
def catalogue() -> Mapping[str, Coverage]:
    loaded = load_policies([CATALOGUE], vocabulary())
    return {policy.key: cover_examples(policy, vocabulary()) for policy in loaded.policies}


def test_every_example_of_the_catalogue_counts_or_is_outside(
    catalogue: Mapping[str, Coverage],
) -> None:
    for key, coverage in catalogue.items():
        named = {name for cell in coverage.cells for name in cell.examples}
        rows_only = coverage.policy.each is not None and not coverage.policy.clauses
        missing = {example.name for example in coverage.policy.examples} - named
        assert rows_only or missing <= set(coverage.outside), key
