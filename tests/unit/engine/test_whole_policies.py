"""What holds for any policy as a whole: unknown only ever settles, and no order matters."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random

import polars as pl
import pytest

from engine.columns import check_size
from engine.evaluate import bind_audience, evaluate_in_bits, evaluate_part
from engine.part_outcome import Counts, count_part
from engine.program import Bound, bind, compile_policies
from language.exact import TooWide
from policies.load import CATALOGUE, load_policies
from tests.support.both_ways import compare_both_ways
from tests.support.drawn_subjects import draw_frame
from tests.support.policy_texts import load_one, vocabulary, write_policies
from tests.support.whole_policies import WHOLE, fill_missing

DAY = date(2025, 10, 31)
ROWS = 3000
ROOT = Path(__file__).parents[3]
PRINT_HASH = """
import sys
from pathlib import Path
import polars
from tests.unit.engine.test_whole_policies import order_world, outcome_hash
bounds, frame = order_world(Path(sys.argv[1]))
print(polars.thread_pool_size(), outcome_hash(bounds, [frame]))
"""


def written(folder: Path, name: str) -> Bound:
    return bind(load_one(folder, WHOLE[name]), vocabulary(), DAY)


def verdicts_of(
    bounds: Sequence[Bound], frame: pl.DataFrame, kind: str
) -> dict[tuple[str, str], str]:
    """By policy and subject; who is ineligible is not in it."""
    outcome, _ = evaluate_part(bounds, frame, kind)
    keys = outcome.select("policy", "subject").rows()
    return dict(zip(keys, outcome["verdict"], strict=True))


def count_fillings(bounds: Sequence[Bound], kind: str, seed: str) -> Counter[tuple[str, str]]:
    """Verdicts before and after some of the missing facts came in, by how often."""
    frame = draw_frame(bounds, Random(seed), ROWS, by_hand=False)
    before = verdicts_of(bounds, frame, kind)
    seen: Counter[tuple[str, str]] = Counter()
    for number, share in enumerate((0.3, 0.9)):
        other = draw_frame(bounds, Random(f"{seed} {number}"), ROWS, by_hand=False)
        rng = Random(seed)
        keep = pl.Series([rng.random() > share for _ in range(ROWS)])
        after = verdicts_of(bounds, fill_missing(frame, other, keep), kind)
        for bound in bounds:
            for subject in frame["subject"]:
                key = bound.policy.id, subject
                seen[before.get(key, "ineligible"), after.get(key, "ineligible")] += 1
    return seen


def check_only_settles(seen: Counter[tuple[str, str]]) -> None:
    for settled in ("eligible", "ineligible"):
        changed = {pair: count for pair, count in seen.items() if pair[0] == settled != pair[1]}
        assert not changed
    assert seen["unknown", "eligible"] + seen["unknown", "ineligible"] > 0.005 * seen.total()


@pytest.mark.parametrize("name", list(WHOLE))
def test_filling_missing_facts_never_changes_a_settled_verdict(name: str, tmp_path: Path) -> None:
    seen = count_fillings([written(tmp_path, name)], "enterprise", f"fill {name}")
    check_only_settles(seen)
    assert {before for before, _ in seen} == {"eligible", "ineligible", "unknown"}


@pytest.mark.parametrize("audience", ["enterprise", "resident"])
def test_filling_missing_facts_never_changes_a_settled_verdict_of_the_catalogue(
    audience: str,
) -> None:
    program = compile_policies(load_policies([CATALOGUE], vocabulary()).policies, vocabulary())
    bounds = bind_audience(program, audience, date(2024, 8, 31))
    check_only_settles(count_fillings(bounds, audience, f"catalogue {audience}"))


@pytest.mark.parametrize("name", list(WHOLE))
@pytest.mark.parametrize("by_hand", [False, True], ids=["run", "by hand"])
def test_columns_and_rows_decide_these_policies_alike(
    name: str, by_hand: bool, tmp_path: Path
) -> None:
    bound = written(tmp_path, name)
    frame = draw_frame([bound], Random(f"alike {name}"), 400, by_hand=by_hand)
    assert len(compare_both_ways(bound, frame, by_hand=by_hand)) >= 2


def outcome_hash(bounds: Sequence[Bound], parts: Sequence[pl.DataFrame]) -> str:
    totals: dict[tuple[str, str, str], Counts] = {}
    for part in parts:
        for key, counts in count_part(evaluate_in_bits(bounds, part, "enterprise")[0]).items():
            totals[key] = totals.get(key, Counts()) + counts
    told = sorted((*key, str(counts.fingerprint)) for key, counts in totals.items())
    return hashlib.sha256(repr(told).encode()).hexdigest()


def order_world(folder: Path) -> tuple[list[Bound], pl.DataFrame]:
    """These policies, and subjects for them."""
    policies = load_policies(write_policies(folder, WHOLE), vocabulary()).policies
    bounds = [bind(policy, vocabulary(), DAY) for policy in policies]
    return bounds, draw_frame(bounds, Random("order"), 1200, by_hand=False)


def test_order_and_division_of_parts_rows_and_policies_change_no_hash(tmp_path: Path) -> None:
    bounds, frame = order_world(tmp_path)
    wanted = outcome_hash(bounds, [frame])
    for seed in range(4):
        rng = Random(f"order {seed}")
        mixed = frame.sample(fraction=1, shuffle=True, seed=seed)
        cuts = sorted(rng.sample(range(frame.height), 4))
        ends = zip([0, *cuts], [*cuts, frame.height], strict=True)
        parts = [mixed[start:end] for start, end in ends]
        rng.shuffle(parts)
        order = rng.sample(bounds, len(bounds))
        assert outcome_hash(order, parts) == wanted
        chunks = pl.concat([mixed[:7], mixed[7:100], mixed[100:]], rechunk=False)
        assert outcome_hash(order, [chunks]) == wanted


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_changes_no_hash(threads: int, tmp_path: Path) -> None:
    bounds, frame = order_world(tmp_path)
    said = subprocess.run(
        [sys.executable, "-c", PRINT_HASH, str(tmp_path)],
        env={**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == [str(threads), outcome_hash(bounds, [frame])]


def test_a_condition_too_large_for_columns_is_decided_within_bounded_work(tmp_path: Path) -> None:
    """Thirty facts, each by the one before: a thousand million terms over one fact or two."""
    chain = "".join(
        f"  f{n}: {{says: x, choose: [{{when: f{n - 1} > 1, is: f{n - 1} * 1}}, {{value: 0}}]}}\n"
        for n in range(1, 31)
    )
    text = f"""
facts:
  f0: {{says: x, is: ui_paid_months * 1}}
{chain}
clauses:
  - {{id: one, says: 一, when: f30 >= 3}}
  - {{id: two, says: 二, when: f30 >= staff_prev_year * 1}}
benefit: {{amount: 1}}
"""
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    months = pl.Series([3, 2, 3, None], dtype=pl.Int64)
    staff = pl.Series([3, 3, 4, 3], dtype=pl.Float64)
    names = {"subject": ["a", "b", "c", "d"], "ui_paid_months": months, "staff_prev_year": staff}
    found = verdicts_of([bound], pl.DataFrame(names), "enterprise")
    assert {subject: verdict for (_, subject), verdict in found.items()} == {
        "a": "eligible",
        "d": "unknown",
    }


def test_an_amount_beyond_64_bits_stays_open_and_ends_no_run(tmp_path: Path) -> None:
    text = """
clauses: [{id: one, says: 一, when: revenue > 0}]
benefit: {amount: [revenue, {times: 999999999999999999999999}]}
"""
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    frame = pl.DataFrame({"subject": ["a", "b"], "revenue": [500, 0]})
    outcome, _ = evaluate_part([bound], frame, "enterprise")
    assert outcome.select("subject", "verdict", "amount_fen").rows() == [("a", "eligible", None)]


@pytest.mark.parametrize("name", ["place", "key0", "missing", "value", "held", "verdict", "number"])
def test_a_fact_may_have_a_name_that_columns_have_within(name: str, tmp_path: Path) -> None:
    text = f"""
facts:
  {name}: {{label: 甲, type: money}}
  other: {{label: 乙, type: money}}
  days: {{label: 丙, type: integer}}
clauses: [{{id: one, says: 一, when: '{name} > other and {name} > 1 or days / 3 > 1'}}]
benefit: {{amount: [{name}, {{plus: other}}]}}
"""
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    frame = pl.DataFrame(
        {"subject": ["a", "b"], name: [500, 500], "other": [1, None], "days": [1, 6]}
    )
    outcome, _ = evaluate_part([bound], frame, "enterprise")
    found = outcome.select("subject", "verdict", "amount_fen", "missing").rows()
    assert found == [("a", "eligible", 501, ""), ("b", "eligible", None, "other")]


PORTIONS_IN_STEPS = """
    facts:
      share: {is: revenue / (staff_prev_year * 1)}
      other: {is: rd_expense / (staff_prev_year * 1)}
    benefit:
      portions:
        - {id: one, says: 一, amount: [share, {at_most: other}, {round: down to 10}]}
        - {id: two, says: 二, amount: [share, {at_least: other}, {round: up to 10}]}
        - {id: three, says: 三, amount: [share, {nothing_below: other}, {at_most: revenue}]}
      amount: [highest_portion, {at_most: other}, {round: half up to 0.1}]
"""


def test_portions_that_steps_repeat_are_decided_within_bounded_work(tmp_path: Path) -> None:
    """As columns the highest of these would be some millions of terms: minutes and gigabytes."""
    bound = bind(load_one(tmp_path, PORTIONS_IN_STEPS), vocabulary(), DAY)
    with pytest.raises(TooWide):
        check_size(bound)
    frame = draw_frame([bound], Random("portions"), 20, by_hand=False)
    outcome, tally = evaluate_part([bound], frame, "enterprise")
    assert tally.by_reference > 0
    assert outcome.height > 0
