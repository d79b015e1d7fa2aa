"""Examples put into a policy's file, beneath those that stand there."""

from datetime import date
from pathlib import Path

import pytest

from policies.errors import ExamplesNotWritten
from policies.example_writing import add_cases
from policies.load import load_policies
from policies.policy import Example
from tests.support.policy_texts import HEAD, vocabulary

BODY = """\
clauses: [{id: a, says: 一, when: 'ui_paid_months >= 12'}]   # comment
benefit: {amount: 1}
"""
CASES = """\
examples:
  as_of: 2025-09-01
  given: {ent_size: small}
  cases:
    - {name: one, given: {ui_paid_months: 12}, expect: {verdict: eligible}}
    - name: two
      given: {ui_paid_months: 11}
      expect: {verdict: ineligible}      # stays
"""
AFTER = "\n# what follows\ncontact: {office: 某科, phone: '12345'}\n"
ADDED = Example(
    name='three: "null", 零',
    as_of=date(2025, 10, 1),
    given={
        "ui_paid_months": "null",
        "ent_size": "small",
        "gbt4754_code": 'a, {b}: "c" #d',
        "hires": [{"hire_on": "2025-03-01", "contract_months": "null"}, {}],
    },
    verdict="unknown",
    amount="unknown",
    amounts={"base": "-3.50"},
    failing=(),
    missing=("ui_paid_months",),
    rows={"unknown": 2},
    line=0,
)


def text(body: str = BODY + CASES, name: str = "written") -> str:
    return HEAD.format(name=name) + body


def add(whole: str, name: str = "written") -> str:
    return add_cases(whole, name, "1", [ADDED], {"ent_size": "small"})


def assert_only_added(before: str, after: str) -> None:
    """Everything that stood there stands there still, and what is new stands together."""
    common = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before)
    )
    rest = before[common:]
    assert after.endswith(rest)
    assert len(after) > len(before)


@pytest.mark.parametrize(
    "before",
    [
        text(),
        text(BODY + CASES + AFTER),
        text(CASES + BODY),
        text(BODY + CASES).rstrip("\n"),
        text(BODY + CASES.replace("    - ", "  - ").replace("\n      ", "\n    ")),
        text(BODY + CASES.replace("{verdict: ineligible} ", "\n        verdict: ineligible ")),
        text(BODY + CASES.replace("name: two", "name: |\n        two\n        lines")),
        text() + "---\n" + text(name="second"),
        text(name="second") + "---\n" + text(BODY + CASES + AFTER),
        text(BODY),
        text(BODY) + "---\n" + text(name="second"),
        "\ufeff" + text(),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_example_is_added_and_all_else_stays_byte_for_byte(
    tmp_path: Path, before: str, end: str
) -> None:
    before = before.replace("\n", end)
    after = add(before)
    if not before.endswith(end):
        before += end
    assert_only_added(before, after)
    path = tmp_path / "p.yaml"
    path.write_bytes(after.encode())
    loaded = load_policies([path], vocabulary())
    (policy,) = (policy for policy in loaded.policies if policy.id == "written")
    found = policy.examples[-1]
    given = dict(ADDED.given)
    assert (found.name, found.as_of, dict(found.given)) == (ADDED.name, ADDED.as_of, given)
    assert (found.verdict, found.amount, found.amounts) == ("unknown", "unknown", {"base": "-3.50"})
    assert (found.failing, found.missing, found.rows) == ((), ("ui_paid_months",), {"unknown": 2})
    if "second" in before:
        (other,) = (policy for policy in loaded.policies if policy.id == "second")
        assert [example.name for example in other.examples] == ["one", "two"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (BODY + "examples: {as_of: 2025-09-01, cases: [{name: x, expect: {verdict: unknown}}]}\n",
         "stand in brackets"),
        (BODY + "examples:\n  cases: [{name: x, expect: {verdict: unknown}}]\n",
         "stand in brackets"),
        (BODY + "examples:\n  cases: []\n", "no cases"),
        (BODY + "examples:\n  as_of: 2025-09-01\n", "no cases"),
    ],
)  # fmt: skip
def test_cases_in_brackets_are_refused_with_what_to_do(body: str, told: str) -> None:
    with pytest.raises(ExamplesNotWritten, match=told):
        add(text(body))


def test_a_policy_that_is_not_in_the_file_is_refused() -> None:
    with pytest.raises(ExamplesNotWritten, match="is not in the file"):
        add(text(), name="other")
    with pytest.raises(ExamplesNotWritten, match="brackets"):
        add("{policy: written, version: 1}")
