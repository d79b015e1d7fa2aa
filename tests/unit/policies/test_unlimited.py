"""`unlimited` (不封顶): a ceiling that never binds, in every evaluation, and nothing else."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.policy_page import build_page
from console.show_page import write_page
from engine.by_hand import evaluate_subjects
from engine.examples import run_examples
from engine.program import compile_policies
from language.errors import FilesRefused
from policies.load import load_policies
from policies.policy import Policy
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.hand import Subject
from profiles.vocabulary_load import builtin_vocabulary

POLICY = """\
policy: cap-by-grade
version: 2025.1
title: {zh: 分级封顶补贴, en: Capped by grade}
audience: enterprise
authority: 示范市
level: city
region: "990100"
basis: [{document: 示范办法, number: 示发〔2025〕1号}]
effective: {from: 2025-01-01}
facts:
  spending: {label: {zh: 投入, en: spending}, type: money}
  grade: {label: {zh: 等级, en: grade}, type: code, values: [first, second, third]}
parameters:
  cap:
    label: {zh: 上限, en: ceiling}
    by: grade
    values:
      - {from: 2025-01-01, source: 办法 三, rows: {first: unlimited, second: 5万, third: unknown}}
      - {from: 2025-07-01, source: 办法 三, rows: {else: unlimited}}
clauses: [{id: spends, says: {zh: 有投入, en: spends}, source: 办法 二, when: spending > 0}]
benefit: {amount: [{first: spending, says: 投入}, {at_most: cap, says: 上限, source: 办法 三}]}
examples:
  as_of: 2025-06-30
  cases:
    - name: no ceiling
      given: {grade: first, spending: 1000亿}
      expect: {verdict: eligible, amount: 1000亿}
    - name: a ceiling
      given: {grade: second, spending: 1000亿}
      expect: {verdict: eligible, amount: 5万}
    - name: below it
      given: {grade: second, spending: 100}
      expect: {verdict: eligible, amount: 100}
    - name: left open
      given: {grade: third, spending: 100}
      expect: {verdict: eligible, amount: unknown}
    - name: grade missing
      given: {spending: 100}
      expect: {verdict: eligible, amount: unknown, missing: [grade]}
    - name: lifted for all
      as_of: 2025-07-01
      given: {grade: second, spending: 1000亿}
      expect: {verdict: eligible, amount: 1000亿}
"""


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return builtin_vocabulary(builtin_datasets())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policies")


def load(text: str, path: Path, words: Vocabulary) -> Policy:
    path.write_text(text, encoding="utf-8")
    (policy,) = load_policies([path], words).policies
    return policy


def test_a_ceiling_that_is_unlimited_never_binds(tmp_path: Path, words: Vocabulary) -> None:
    policy = load(POLICY, tmp_path / "p.yaml", words)
    results = run_examples(policy, words)
    assert len(results) == 6
    assert [result.differences for result in results if not result.passed] == []


DRAWN = st.lists(
    st.tuples(st.sampled_from(["first", "second"]), st.integers(1, 10**16)), min_size=1, max_size=9
)


@settings(max_examples=60, deadline=None)
@given(DRAWN)
def test_amounts_are_those_of_plain_python(
    words: Vocabulary, folder: Path, drawn: list[tuple[str, int]]
) -> None:
    policy = load(POLICY, folder / "p.yaml", words)
    program = compile_policies([policy], words)
    subjects = [
        Subject(
            line=number,
            subject=str(number),
            audience="enterprise",
            as_of=None,
            facts={"grade": grade, "spending": f"{fen // 100}.{fen % 100:02}"},
        )
        for number, (grade, fen) in enumerate(drawn)
    ]
    results, troubles = evaluate_subjects(program, subjects, date(2025, 6, 30))
    assert troubles == []
    wanted = [fen if grade == "first" else min(fen, 5_000_000) for grade, fen in drawn]
    assert [result.amount_fen for result in results] == wanted


def test_people_read_it_as_a_word(tmp_path: Path, words: Vocabulary) -> None:
    policy = load(POLICY, tmp_path / "p.yaml", words)
    pages = {
        "不封顶": build_page(policy, words, "zh"),
        "unlimited": build_page(policy, words, "en"),
    }
    for word, built in pages.items():
        page = write_page([built])
        assert word in page
        assert "1,000,000,000,000,000" not in page
        assert "1000000000000000" not in page


ROWS = """\
policy: hires-without-limit
version: 2025.1
title: {zh: 吸纳就业补贴, en: Hiring}
audience: enterprise
authority: 示范市
level: city
basis: [{document: 示范办法, number: 示发〔2025〕1号}]
effective: {from: 2025-01-01}
parameters:
  most: {label: 人数上限, by: ent_size, source: 三, rows: {micro: unlimited, else: 2}}
each:
  row: hires
  clauses: [{id: long, says: 一年, source: 二, when: contract_months >= 12}]
  limits: [{on: rows, up_to: most, order: hire_on}]
  amount: 1000 * rows_counted
benefit: {amount: sum_of_rows}
examples:
  as_of: 2025-06-30
  given:
    hires:
      - {person_id: A, hire_on: 2025-01-01, contract_months: 12}
      - {person_id: B, hire_on: 2025-01-02, contract_months: 12}
      - {person_id: C, hire_on: 2025-01-03, contract_months: 12}
  cases:
    - {name: no limit, given: {ent_size: micro}, expect: {verdict: eligible, amount: 3000}}
    - {name: a limit, given: {ent_size: small}, expect: {verdict: eligible, amount: 2000}}
    - {name: not known, expect: {verdict: eligible, amount: unknown}}
"""


def test_rows_may_share_without_a_limit(tmp_path: Path, words: Vocabulary) -> None:
    results = run_examples(load(ROWS, tmp_path / "p.yaml", words), words)
    assert len(results) == 3
    assert [result.differences for result in results if not result.passed] == []


(CLAUSES,) = (line for line in POLICY.splitlines() if line.startswith("clauses"))
(AMOUNT,) = (line for line in POLICY.splitlines() if line.startswith("benefit"))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (AMOUNT, "benefit: {amount: cap}"),
        (AMOUNT, "benefit: {amount: [spending, {plus: cap}]}"),
        (AMOUNT, "benefit: {amount: [spending, {minus: cap}]}"),
        (AMOUNT, "benefit: {amount: [spending, {times: cap}]}"),
        (AMOUNT, "benefit: {amount: [spending, {at_least: cap}]}"),
        (AMOUNT, "benefit: {amount: [spending, {nothing_below: cap}]}"),
        (AMOUNT, "benefit: {amount: [spending, {at_most: cap * 2}]}"),
        (AMOUNT, "benefit: {amount: [spending, {at_most: '$min(cap, 5)'}]}"),
        (AMOUNT, "benefit: {amount: [spending, {at_most: cap}, {plus: 1, when: cap > 5}]}"),
        (AMOUNT, "benefit: {amount: [spending, {at_most: cap}], also: {a: {amount: cap}}}"),
        (AMOUNT, "benefit: {portions: [{id: a, says: a, source: a, amount: cap}]}"),
        (AMOUNT, "benefit: {portions: [{id: a, says: a, source: a, when: cap > 1, amount: 1}]}"),
        (AMOUNT, AMOUNT + "\ndelivery: [{when: cap > 5, by: invite}, {by: confirm}]"),
        (CLAUSES, "clauses: [{id: a, says: a, source: a, when: spending <= cap}]"),
        (CLAUSES, "clauses: [{id: a, says: a, source: a, when: $has(cap)}]"),
        ("facts:", "facts:\n  twice: {says: a, is: cap * 2}"),
        ("facts:", "facts:\n  same: {says: a, is: cap}"),
        ("facts:", "facts:\n  c: {says: a, choose: [{when: cap > 1, value: 1}, {value: 2}]}"),
        ("facts:", "facts:\n  m: {says: a, from: hires, where: contract_months > cap, any: rows}"),
        (
            "parameters:",
            "tables: {t: {inputs: [cap], hit: first, rows: [[over 5, 1]]}}\nparameters:",
        ),
    ],
)
def test_nothing_else_is_made_of_it(
    tmp_path: Path, words: Vocabulary, was: str, becomes: str
) -> None:
    assert was in POLICY
    with pytest.raises(FilesRefused) as refused:
        load(POLICY.replace(was, becomes), tmp_path / "p.yaml", words)
    assert '"cap" may be unlimited, and is used otherwise than as a ceiling' in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "tables: {t: {inputs: [grade], hit: first, rows: [[first, 1], [second, unlimited]]}}",
            "at_most",
        ),
        ("budget: {amount: unlimited}", "is not a number"),
    ],
)
def test_elsewhere_it_is_no_number(tmp_path: Path, words: Vocabulary, text: str, told: str) -> None:
    with pytest.raises(FilesRefused) as refused:
        load(POLICY + text + "\n", tmp_path / "p.yaml", words)
    assert told in str(refused.value)


def test_a_ceiling_above_a_bound_is_refused(tmp_path: Path, words: Vocabulary) -> None:
    text = POLICY.replace("    by: grade\n", "    by: grade\n    bounds: {at_most: 10万}\n")
    with pytest.raises(FilesRefused, match="above the bound 100000"):
        load(text, tmp_path / "p.yaml", words)


def test_a_tier_may_say_that_it_has_no_end(tmp_path: Path, words: Vocabulary) -> None:
    tiers = """\
  whole:
    label: 累进
    by: spending
    source: 三
    tiers: [{over: 0, up_to: 100, rate: 10%}, {over: 100, up_to: unlimited, rate: 5%}]
clauses:"""
    text = POLICY.replace("clauses:", tiers, 1).replace("{first: spending,", "{first: whole,")
    text = text.replace("grade: first, spending: 1000亿", "grade: first, spending: 300")
    text = text.replace("amount: 1000亿", "amount: 20", 1)
    first = run_examples(load(text, tmp_path / "p.yaml", words), words)[0]
    assert first.differences == ()
