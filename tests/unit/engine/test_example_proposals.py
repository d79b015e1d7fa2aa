"""Proposed examples: each passes when it stands in its file, and each shows something new."""

import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.example_boundaries import cover_boundaries
from engine.example_coverage import cover_examples
from engine.example_proposals import Proposed, propose_examples, tell_wanted
from engine.examples import run_examples
from policies.example_writing import add_cases
from policies.load import load_policies
from policies.policy import Policy
from tests.support.policy_texts import load_one, vocabulary, write_policies
from tests.support.whole_policies import WHOLE


def reached(policy: Policy) -> int:
    """How many values and sides of thresholds the examples show."""
    sides = cover_boundaries(policy, vocabulary())
    covered = cover_examples(policy, vocabulary()).covered
    return covered + sum(bool(side.examples) for side in sides)


def taken_over(folder: Path, text: str) -> tuple[Proposed, Policy]:
    """What is proposed for a policy, and the policy with all of it put into its file."""
    (path,) = write_policies(folder, {"written": textwrap.dedent(text)})
    (before,) = load_policies([path], vocabulary()).policies
    proposed = propose_examples(before, vocabulary())
    if proposed.proposals:
        examples = [proposal.example for proposal in proposed.proposals]
        written = add_cases(path.read_text(encoding="utf-8"), "written", "1", examples, {})
        path.write_text(written, encoding="utf-8")
    (after,) = load_policies([path], vocabulary()).policies
    return proposed, after


def assert_each_passes_and_shows_more(proposed: Proposed, after: Policy) -> None:
    for result in run_examples(after, vocabulary()):
        assert result.passed, (result.example, result.differences)
    old = len(proposed.policy.examples)
    assert len(after.examples) == old + len(proposed.proposals)
    counts = [
        reached(replace(after, examples=after.examples[:count]))
        for count in range(old, len(after.examples) + 1)
    ]
    assert counts == sorted(set(counts))
    names = [example.name for example in after.examples]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", list(WHOLE))
def test_proposals_of_policies_with_every_element_pass_and_show_more(
    tmp_path: Path, name: str
) -> None:
    assert_each_passes_and_shows_more(*taken_over(tmp_path, WHOLE[name]))


FACTS = """\
facts:
  n: {label: 数, type: integer}
  m: {label: 钱, type: money}
  r: {label: 率, type: ratio}
  f: {label: 是, type: boolean}
  c: {label: 类, type: code, values: [one, two, three]}
  d: {label: 日, type: date}
  o: {label: 另, type: date, absent: none}
  half: {says: 半, is: n / 2}
"""
NUMBER = st.sampled_from(["0", "1", "5", "12", "100"])
TEST = st.one_of(
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["n", "m", "r", "half", "n + m", "$years(d, as_of)"]),
        st.sampled_from([">=", ">", "<=", "<", "==", "!="]),
        st.one_of(NUMBER, st.just("least")),
    ),
    st.sampled_from(
        ["f", "not f", 'c == "one"', 'c in ["one", "two"]', "d <= as_of", "o == null",
         "o > $date(2024, 3, 1)", "d < o", "$year(d) == $year(as_of) - 1"]
    ),
)  # fmt: skip
CONDITION = st.recursive(
    TEST,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=3,
)


@st.composite
def policies(draw: st.DrawFn) -> str:
    whens = draw(st.lists(CONDITION, min_size=1, max_size=4))
    leaves = [f"{{id: a{n}, says: 一, when: '{when}'}}" for n, when in enumerate(whens)]
    group = draw(st.sampled_from(["all", "any", "none"]))
    clauses = f"[{{id: g, {group}: [{', '.join(leaves)}]}}]"
    later = draw(st.sampled_from(["", ", {from: 2025-01-01, value: 7, source: 二}"]))
    step = draw(CONDITION)
    return (
        "effective: {from: 2024-01-01, to: 2025-12-31}\n"
        + FACTS
        + "parameters:\n"
        + f"  least: {{values: [{{from: 2020-01-01, value: 3, source: 一}}{later}]}}\n"
        + f"clauses: {clauses}\n"
        + f"benefit: {{amount: [100, {{plus: 1, when: '{step}'}}]}}\n"
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=policies())
def test_proposals_of_drawn_policies_pass_and_show_more(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    assert_each_passes_and_shows_more(*taken_over(tmp_path_factory.mktemp("drawn"), text))


def given_by(proposed: Proposed) -> dict[str, Mapping[str, object]]:
    return {one.example.name: one.example.given for one in proposed.proposals}


def propose(folder: Path, clauses: str, cases: str = "") -> Proposed:
    text = f"{FACTS}clauses: [{clauses}]\nbenefit: {{amount: 1}}\n{cases}"
    return propose_examples(load_one(folder, text), vocabulary())


@pytest.mark.parametrize(
    ("when", "holds", "fails"),
    [
        ("n >= 12", "12", "11"),
        ("n > 12", "13", "12"),
        ("n <= 12", "12", "13"),
        ("m < 100", "99.99", "100"),
        ("m >= 100", "100", "99.99"),
    ],
)
def test_figures_stand_on_the_threshold_and_one_step_beside_it(
    tmp_path: Path, when: str, holds: str, fails: str
) -> None:
    found = given_by(propose(tmp_path, f"{{id: a, says: 一, when: '{when}'}}"))
    name = when[0]
    assert {key: values.get(name, "null") for key, values in found.items()} == {
        "a is true": holds,
        "a is false": fails,
        "a is unknown": "null",
    }


def test_days_of_birth_stand_on_the_birthday_and_the_day_after(tmp_path: Path) -> None:
    cases = """\
examples:
  as_of: 2025-09-01
  cases: [{name: x, given: {d: 1950-01-01}, expect: {verdict: eligible, amount: 1}}]
"""
    found = propose(tmp_path, "{id: a, says: 一, when: '$years(d, as_of) >= 60'}", cases)
    days = {str(values.get("d", "null")) for values in given_by(found).values()}
    assert days == {"1965-09-01", "1965-09-02", "null"}


def test_a_clause_fails_alone_where_the_others_can_hold(tmp_path: Path) -> None:
    cases = """\
examples:
  as_of: 2025-09-01
  cases:
    - name: all hold
      given: {n: 20, m: 500, f: false}
      expect: {verdict: eligible, amount: 1}
"""
    clauses = (
        "{id: a, says: 一, when: n >= 12}, {id: b, says: 二, when: m >= 100},"
        "{id: g, none: [{id: c, says: 三, when: f}]}"
    )
    proposed = propose(tmp_path, clauses, cases)
    failing = {
        one.example.name: one.example.failing
        for one in proposed.proposals
        if one.example.verdict == "ineligible"
    }
    assert failing == {"a is false": ("a",), "b is false": ("b",), "c is true": ("c",)}
    assert proposed.not_found == ()


def test_an_example_that_there_is_comes_before_one_without_facts(tmp_path: Path) -> None:
    """Of alternatives the others fail, so that the one that is unknown leaves the verdict open."""
    cases = """\
examples:
  as_of: 2025-09-01
  cases:
    - name: the first holds
      given: {n: 20, f: false, c: two}
      expect: {verdict: eligible, amount: 1}
"""
    clauses = (
        "{id: g, any: [{id: a, says: 一, when: n >= 12}, {id: b, says: 二, when: f},"
        "{id: e, says: 三, when: 'c == \"one\"'}]}"
    )
    found = given_by(propose(tmp_path, clauses, cases))
    assert found["a is unknown"] == {"n": "null", "f": "false", "c": "two"}


def test_what_is_proved_impossible_is_not_asked_for_and_what_is_not_found_is_said(
    tmp_path: Path,
) -> None:
    """Between two facts nothing is proved, so what cannot be is only not found."""
    proved = propose(tmp_path, "{id: a, says: 一, when: 'n > 3 and n < 4'}")
    assert "a is true" not in given_by(proved)
    assert [tell_wanted(one.wanted) for one in proved.not_found] == []
    open_ = propose(tmp_path, "{id: a, says: 一, when: 'n + m >= m + n'}")
    assert [tell_wanted(one.wanted) for one in open_.not_found] == ["a is false"]


def test_rows_are_proposed_one_by_one(tmp_path: Path) -> None:
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
      given: {hires: [{contract_months: 12, months_pension: 3}, {contract_months: 9}]}
      expect: {verdict: eligible}
"""
    proposed, after = taken_over(tmp_path, text)
    assert_each_passes_and_shows_more(proposed, after)
    assert proposed.not_found == ()
    rows = {one.example.name: one.example.given["hires"] for one in proposed.proposals}
    assert rows["paid is false"] == [{"contract_months": "12", "months_pension": "2"}]
    assert rows["long is unknown"] == [{"contract_months": "null", "months_pension": "3"}]


def test_each_span_has_examples_of_its_own_days(tmp_path: Path) -> None:
    text = """\
effective: {from: 2024-01-01, to: 2025-12-31}
parameters:
  least:
    values: [{from: 2020-01-01, value: 3, source: 一}, {from: 2025-01-01, value: 6, source: 二}]
clauses: [{id: a, says: 一, when: ui_paid_months >= least}]
benefit: {amount: 1}
"""
    proposed, after = taken_over(tmp_path, text)
    assert_each_passes_and_shows_more(proposed, after)
    found = {
        (str(one.example.as_of)[:4], one.example.verdict): one.example.given.get(
            "ui_paid_months", "null"
        )
        for one in proposed.proposals
    }
    assert found == {
        ("2024", "eligible"): "3",
        ("2024", "ineligible"): "2",
        ("2024", "unknown"): "null",
        ("2025", "eligible"): "6",
        ("2025", "ineligible"): "5",
        ("2025", "unknown"): "null",
    }
