"""Random versions of random policies: what is said of them holds for everybody who is decided."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision import Decision, decide
from engine.program import bind
from language.definition import Scope
from language.expression import Expression
from language.reference import Facts, evaluate
from policies.difference import Difference, compare_versions
from policies.load import load_policies
from tests.support.policy_texts import vocabulary

DAY = date(2025, 10, 31)
RANK = {"ineligible": 0, "unknown": 1, "eligible": 2}
FLAGS = ("hnte_valid", "is_zombie", "credit_serious_dishonest", "sound")
NUMBERS = ("ui_paid_months", "revenue", "rd_expense")
FIGURES = ("1", "2", "3", "least", "most", "graded", "least + 1", "3 - least")
SIZES = ("large", "medium", "small", "micro")


def draw_test(rng: Random) -> str:
    match rng.randrange(5):
        case 0:
            return rng.choice(FLAGS)
        case 1:
            chosen = rng.sample(SIZES, rng.randint(1, 3))
            return f"ent_size in {json.dumps(chosen)}"
        case 2:
            return f'ent_size {rng.choice(("==", "!="))} "{rng.choice(SIZES)}"'
        case 3:
            sign = rng.choice((">=", ">", "<", "<=", "=="))
            return f"{rng.choice(NUMBERS)} {sign} {rng.choice(FIGURES)}"
        case _:
            return "listed"


def draw_condition(rng: Random) -> str:
    test = draw_test(rng)
    match rng.randrange(6):
        case 0:
            return f"not ({test})"
        case 1:
            return f"({test}) and ({draw_test(rng)})"
        case 2:
            return f"({test}) or ({draw_test(rng)})"
        case _:
            return test


def draw_clause(rng: Random, names: Iterator[int], depth: int) -> dict[str, Any]:
    name = f"c{next(names)}"
    if depth == 0 or rng.random() < 0.5:
        return {"id": name, "says": name, "when": draw_condition(rng)}
    group = rng.choice(("all", "any", "none"))
    members = [draw_clause(rng, names, depth - 1) for _ in range(rng.randint(1, 3))]
    return {"id": name, "says": name, group: members}


def draw_policy(rng: Random) -> dict[str, Any]:
    names = iter(range(1000))
    return {
        "policy": "drawn", "version": "1", "title": {"zh": "测试"}, "audience": "enterprise",
        "authority": "市局", "level": "city", "basis": [{"document": "办法"}],
        "parameters": {
            "least": {"value": "2", "source": "一"},
            "most": {"value": "3", "source": "一"},
            "graded": {"by": "ent_size", "source": "一",
                       "rows": {"large": "1", "medium": "2", "else": "3"}},
            "listed": {"by": "ent_size", "source": "一", "list": ["large", "small"]},
            "rate": {"value": "2", "source": "一"},
        },
        "facts": {"sound": {"says": "正常", "is": "not is_zombie or revenue > least"}},
        "clauses": [draw_clause(rng, names, 2) for _ in range(rng.randint(1, 3))],
        "benefit": {"amount": ["revenue + 1", {"plus": "rate", "when": draw_condition(rng)},
                               {"at_most": "most"}, {"minus": "least"}, {"at_least": "0"}]},
    }  # fmt: skip


def clauses_in(members: list[dict[str, Any]]) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Each clause by the list it stands in and its place there."""
    for index, clause in enumerate(members):
        yield members, index
        for group in ("all", "any", "none"):
            yield from clauses_in(clause.get(group, []))


def edit(policy: dict[str, Any], rng: Random) -> None:
    places = list(clauses_in(policy["clauses"]))
    members, index = rng.choice(places)
    clause = members[index]
    parameters = policy["parameters"]
    match rng.randrange(10):
        case 0 | 1 if "when" in clause:
            clause["when"] = draw_condition(rng)
        case 2 if "when" in clause:
            old = clause["when"]
            joint = rng.choice(("and", "or"))
            clause["when"] = f"({old}) {joint} ({draw_test(rng)})"
        case 3:
            name = f"n{rng.randrange(10**6)}"
            members.insert(index, {"id": name, "says": name, "when": draw_condition(rng)})
        case 4 if len(members) > 1:
            del members[index]
        case 5:
            name = rng.choice(("least", "most", "rate"))
            parameters[name] = {"value": rng.choice("1234"), "source": "一"}
        case 6:
            parameters["graded"]["rows"]["medium"] = rng.choice("1234")
        case 7:
            parameters["listed"]["list"] = rng.sample(SIZES, rng.randint(1, 3))
        case 8:
            policy["facts"]["sound"]["is"] = rng.choice(
                ("not is_zombie", "not is_zombie or revenue > 3", "is_zombie or revenue > least")
            )
        case 9:
            policy["benefit"]["amount"][1]["when"] = draw_condition(rng)
        case _:
            policy["benefit"]["amount"][2] = {"at_most": rng.choice("1234")}


def draw_facts(rng: Random) -> Facts:
    drawn: dict[str, Any] = {name: rng.random() < 0.5 for name in FLAGS if name != "sound"}
    drawn |= {name: Fraction(rng.randint(0, 4)) for name in NUMBERS}
    drawn["ent_size"] = rng.choice(SIZES)
    return {name: None if rng.random() < 0.15 else value for name, value in drawn.items()}


def said_of(difference: Difference, *sections: str) -> set[str]:
    """The directions of all that is said of these sections; "" where something is left open."""
    found: set[str] = set()
    for change in difference.deciding:
        if change.section in sections:
            found.add(change.direction)
        found |= {effect.direction for effect in change.effects if effect.section in sections}
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_what_is_said_of_random_edits_holds_for_everybody(seed: int, edits: int) -> None:
    rng = Random(seed)
    base = draw_policy(rng)
    edited = deepcopy(base)
    for _ in range(edits):
        edit(edited, rng)
    loaded = []
    with TemporaryDirectory() as folder:
        for name, value in (("old", base), ("new", edited)):
            path = Path(folder) / f"{name}.yaml"
            path.write_text(json.dumps(value), encoding="utf-8")
            loaded.append(load_policies([path], vocabulary()).policies[0])
    old, new = loaded
    difference = compare_versions(old, new, vocabulary())
    assert bool(difference.changes) == (old.content_hash != new.content_hash)
    bounds = [bind(policy, vocabulary(), DAY) for policy in (old, new)]
    for change in difference.changes:
        for shown in (change.gains, change.loses):
            if shown is not None:
                # each side by the parameters of its own version
                sides = [
                    truth(part, shown, bound.scope)
                    for part, bound in zip((change.before, change.after), bounds, strict=True)
                ]
                assert sides[0] != sides[1], change
    who = said_of(difference, "clauses")
    amount = said_of(difference, "amount")
    for _ in range(150):
        facts = draw_facts(rng)
        was, now = (decide(bound, facts) for bound in bounds)
        moved = RANK[now.verdict] - RANK[was.verdict]
        assert not moved or who, difference.changes
        if "" not in who:
            assert moved >= 0 or "narrower" in who, difference.changes
            assert moved <= 0 or "wider" in who, difference.changes
        told = [amount_of(decision) for decision in (was, now)]
        if None not in told and told[0] != told[1]:
            assert amount, difference.changes
            if "" not in amount:
                assert told[0] < told[1] or "lower" in amount, difference.changes  # type: ignore[operator]
                assert told[0] > told[1] or "higher" in amount, difference.changes  # type: ignore[operator]


def truth(part: object, facts: Facts, scope: Scope) -> object:
    """The value of one side of a change for the subject that it shows."""
    assert isinstance(part, Expression)
    return evaluate(part, scope, facts).value


def amount_of(decision: Decision) -> Fraction | None:
    value = decision.amount.value
    return value if isinstance(value, Fraction) else None
