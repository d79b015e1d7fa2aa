"""Verdicts in bits are those of the reference, whatever the condition and the column."""

import itertools
from datetime import date
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest

from engine import verdicts
from engine.decision import decide
from engine.program import bind
from engine.verdicts import Plan, decide_part, plan_conditions, plan_verdicts
from language.bits import find_rows, pack, words_of
from language.expression import Expression
from language.frame import prepare
from language.parse import parse
from language.reference import NONE, evaluate
from tests.support.generated import (
    MAY_NOT_APPLY,
    TYPES,
    build_frame,
    build_scope,
    draw_rows,
    facts_of,
    write_truth,
)
from tests.support.policy_texts import load_one, vocabulary

SCOPE = build_scope()
ROWS, CONDITIONS, BATCHES = 100, 40, 6
PLAIN = (
    "flag", "not maybe", "whole >= 3", "whole < 2.5", "3 > whole", "whole == 4", "whole != 4",
    "whole == 4.5", "whole in [1, 2, 7, 99]", "money >= 3", "money != 10", 
    "money in [1, 3, 10, 20]",
    "number > 5.5", "ratio == 0.055", "day <= $date(2024, 1, 1)", "day == as_of", "day != as_of",
    "other_day > $date(2021, 1, 1)", "other_day == $date(2024, 1, 1)", "other_day == null",
    "code == \"C1\"", "code != \"C1\"", "code in [\"A\", \"B\", \"中文\", \"none\"]",
    "$starts_with(code, \"C\")", "$starts_with(text, \"中\")", "$starts_with(text, \"\")",
    "not $starts_with(code, \"A\")", "maybe == true", "maybe != flag", "code == text",
    "day >= $date($year(as_of), 3, 1)", "$date($year(day), 2, 28) <= day",
    "$years(day, as_of) >= 2", "$month(day) in [1, 2, 3, 5, 7, 9, 11]", "10 / whole > 3",
    "$has(by_whole)", "$has(by_two)", "by_whole > 0.1", "whole % 2 == 1", "money / whole > 1",
)  # fmt: skip


def _compare(plan: Plan, conditions: list[Expression], rows: list[dict[str, object]]) -> int:
    """Fails where a verdict is not the reference's; how many conditions were decided in bits."""
    found = decide_part(plan, prepare(build_frame(rows), TYPES, TYPES), TYPES)
    facts = [facts_of(row) for row in rows]
    for number, decided in found.items():
        values: list[bool | None] = [False] * len(rows)
        for row, eligible in zip(decided.rows.tolist(), decided.eligible.tolist(), strict=True):
            values[row] = True if eligible else None
        for row, subject, value in zip(rows, facts, values, strict=True):
            assert value is evaluate(conditions[number], SCOPE, subject).value, (
                conditions[number],
                row,
            )
    return len(found)


@pytest.mark.parametrize("missing", [None, 0.0, 1.0], ids=["some", "none", "all"])
def test_every_form_of_a_plain_test_has_the_value_of_the_reference(missing: float | None) -> None:
    conditions = [parse(text) for text in PLAIN]
    rows = draw_rows(Random("plain"), 250, missing)
    plan = plan_conditions(conditions, SCOPE)
    assert _compare(plan, conditions, rows) == len(conditions)
    assert _compare(plan, conditions, []) == len(conditions)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_any_condition_in_bits_has_the_value_of_the_reference(batch: int) -> None:
    rng = Random(f"bits {batch}")
    conditions = [parse(write_truth(rng, rng.randint(1, 4))) for _ in range(CONDITIONS)]
    decided = _compare(plan_conditions(conditions, SCOPE), conditions, draw_rows(rng, ROWS))
    assert decided >= 0.9 * CONDITIONS  # the rest is too wide for columns


def test_facts_that_apply_to_everybody_have_no_code_for_not_applying() -> None:
    rows = draw_rows(Random("apply"), 200)
    for row in rows:
        row |= {name: None for name in MAY_NOT_APPLY if repr(row[name]) == "does not apply"}
    conditions = [parse(text) for text in PLAIN]
    assert _compare(plan_conditions(conditions, SCOPE), conditions, rows) == len(conditions)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = [parse(text) for text in PLAIN]
    plan = plan_conditions(conditions, SCOPE)
    monkeypatch.setattr(verdicts, "BLOCK_ROWS", 64)
    assert _compare(plan, conditions, draw_rows(Random("blocks"), 333)) == len(conditions)


def test_policies_that_ask_the_same_share_their_tests(tmp_path: Path) -> None:
    text = """
        parameters: {{limit: {{source: 一, value: {limit}}}}}
        clauses:
          - {{id: a, says: 一, when: ui_paid_months >= limit}}
          - {{id: b, says: 一, when: not is_zombie}}
        benefit: {{amount: {amount}}}
    """
    bounds = []
    for number, limit in enumerate((6, 6, 7)):
        folder = tmp_path / str(number)
        folder.mkdir()
        policy = load_one(folder, text.format(limit=limit, amount=number + 1))
        bounds.append(bind(policy, vocabulary(), date(2025, 1, 1)))
    plan = plan_verdicts(bounds)
    assert len(plan.predicates) == 3
    assert plan.roots[0] == plan.roots[1] != plan.roots[2]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("height", [0, 1, 63, 64, 65, 70_000])
def test_rows_are_found_again_in_their_bits(share: float, height: int) -> None:
    flags = np.random.default_rng(height).random(height) < share
    among = flags & (np.arange(height) % 3 == 0)
    rows, found = find_rows(pack(flags), pack(among))
    assert rows.tolist() == np.flatnonzero(flags).tolist()
    assert rows[found].tolist() == np.flatnonzero(among).tolist()


def test_a_text_of_too_many_values_is_compared_as_text() -> None:
    texts = [None if number % 9 == 0 else f"T{number}" for number in range(75_000)]
    frame = pl.DataFrame({"text": texts})
    condition = parse('text == "T17" or $starts_with(text, "T659")')
    found = decide_part(plan_conditions([condition], SCOPE), prepare(frame, TYPES, TYPES), TYPES)
    wanted = frame.select(
        pl.col("text").is_null()
        | (pl.col("text") == "T17")
        | pl.col("text").str.starts_with("T659")
    ).to_series()
    assert found[0].rows.tolist() == wanted.fill_null(True).arg_true().to_list()


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 63, 64, 65, 1000])
def test_a_columns_own_bits_are_its_flags_wherever_it_was_cut(rows: int) -> None:
    random = Random(rows)
    flags = pl.Series([random.choice((True, False, None)) for _ in range(rows + 70)])
    for start in (0, 1, 8, 64, 69):
        cut = flags[start : start + rows]
        assert words_of(cut).tolist() == pack(cut.fill_null(False).to_numpy()).tolist()
    halves = flags[:rows].append(flags[3:9])
    assert words_of(halves).tolist() == pack(halves.fill_null(False).to_numpy()).tolist()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.04, 0.06, 0.5, 1.0])
def test_rows_found_in_words_are_those_whose_bits_are_set(share: float) -> None:
    random = Random(str(share))
    possible = [random.random() < share for _ in range(300_000)]
    true = [flag and random.random() < 0.5 for flag in possible]
    rows, eligible = find_rows(pack(np.array(possible)), pack(np.array(true)))
    assert rows.tolist() == [row for row, flag in enumerate(possible) if flag]
    assert eligible.tolist() == [true[row] for row in rows]


def test_a_value_just_beyond_a_columns_own_is_nobodys() -> None:
    """The codes after the last value are those of what does not apply, and of what is missing."""
    texts = [
        form.format(value=value)
        for value in (-1, 0, 1, 2, 3, 4, 5, 99)
        for form in ("level == {value}", "level != {value}", "level in [{value}]",
                     "level in [1, {value}]", "level >= {value}", "level < {value}")
    ]  # fmt: skip
    rows = draw_rows(Random("beyond"), 80)
    levels = (1, 2, 3, NONE, None)
    changed = [{**row, "level": levels[place % 5]} for place, row in enumerate(rows)]
    conditions = [parse(text) for text in texts]
    assert _compare(plan_conditions(conditions, SCOPE), conditions, changed) == len(conditions)


SCOPED = """
effective: {{from: 2024-03-01, to: 2025-06-30, at: ui_paid_on}}
region: {{in: {within}, except: {without}}}
facts: {{ui_paid_on: {{label: 日, type: date}}}}
clauses: [{{id: a, says: 一, source: 一, when: not is_zombie}}]
benefit: {{amount: 1}}
"""


@pytest.mark.parametrize(
    ("within", "without"),
    [("['990100']", "[]"), ("['990101', '990200']", "[]"), ("['990000']", "['990101']"),
     ("['990000', '110000']", "['990100', '990201']")],
)  # fmt: skip
def test_where_and_when_a_policy_holds_is_decided_in_bits_as_by_the_reference(
    tmp_path: Path, within: str, without: str
) -> None:
    bound = bind(
        load_one(tmp_path, SCOPED.format(within=within, without=without)),
        vocabulary(),
        date(2025, 9, 1),
    )
    codes = ["990100", "990101", "990102", "990200", "990201", "990299", "110000", "110101", None]
    days = [date(2024, 2, 29), date(2024, 3, 1), date(2025, 6, 30), date(2025, 7, 1), None]
    rows = list(itertools.product(codes, days, (True, False, None)))
    frame = pl.DataFrame(
        [(str(number), *row) for number, row in enumerate(rows)],
        schema={"subject": pl.String, "ent_region": pl.String, "ui_paid_on": pl.Date,
                "is_zombie": pl.Boolean},
        orient="row",
    )  # fmt: skip
    plan = plan_verdicts([bound])
    found = decide_part(plan, prepare(frame, bound.types, bound.types), bound.types)[0]
    eligible = dict(zip(found.rows.tolist(), found.eligible.tolist(), strict=True))
    names = {True: "eligible", False: "unknown", None: "ineligible"}
    seen = set()
    for number, (code, day, zombie) in enumerate(rows):
        facts = {"ent_region": code, "ui_paid_on": day, "is_zombie": zombie}
        wanted = decide(bound, facts).verdict
        assert names[eligible.get(number)] == wanted, facts
        seen.add(wanted)
    assert seen == {"eligible", "ineligible", "unknown"}
