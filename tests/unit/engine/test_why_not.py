"""Why not: the corrections are exactly the smallest sets of clauses that make it eligible."""

import itertools
import random
from collections.abc import Mapping

import pytest

from engine.why_not import find_corrections
from language.reference import Value, kleene_and, kleene_not, kleene_or
from policies.policy import Clause, ClauseGroup, Leaf


def leaf(name: str) -> Leaf:
    return Leaf(id=name, says="", says_en="", source="", when=None, text="")


def group(kind: str, *members: Clause) -> ClauseGroup:
    return ClauseGroup(
        id=f"{kind}-{members[0].id}", says="", says_en="", source="",
        group=kind, members=members,  # type: ignore[arg-type]
    )  # fmt: skip


def value_of(clause: Clause, values: Mapping[str, bool | None]) -> Value:
    if isinstance(clause, Leaf):
        return Value(values[clause.id])
    inner = [value_of(member, values) for member in clause.members]
    if clause.group == "all":
        return kleene_and(inner)
    return kleene_or(inner) if clause.group == "any" else kleene_not(kleene_or(inner))


def verdict(
    clauses: tuple[Clause, ...], values: Mapping[str, bool | None], portions: tuple[str, ...]
) -> bool | None:
    tests = [value_of(clause, values) for clause in clauses]
    if portions:
        tests.append(kleene_or([Value(values[name]) for name in portions]))
    return kleene_and(tests).value  # type: ignore[return-value]  # a truth value


def brute_force(
    clauses: tuple[Clause, ...],
    values: Mapping[str, bool | None],
    portions: tuple[str, ...],
    *,
    wanted: bool,
    changeable: bool,
) -> set[frozenset[str]]:
    """Every set of tests that, set to whatever values, brings it about, and none within it does."""
    free = [n for n, v in values.items() if changeable or v is None]
    found: set[frozenset[str]] = set()
    for size in range(len(free) + 1):
        for names in itertools.combinations(free, size):
            if any(smaller <= set(names) for smaller in found):
                continue
            for chosen in itertools.product([True, False], repeat=size):
                changed = {**values, **dict(zip(names, chosen, strict=True))}
                if verdict(clauses, changed, portions) is wanted:
                    found.add(frozenset(names))
                    break
    return found


def draw_tree(random_: random.Random, names: list[str], depth: int) -> Clause:
    if len(names) == 1 or depth == 0:
        return leaf(names[0]) if len(names) == 1 else group("any", *map(leaf, names))
    cut = random_.randrange(1, len(names))
    members = [draw_tree(random_, part, depth - 1) for part in (names[:cut], names[cut:])]
    return group(random_.choice(["all", "any", "none"]), *members)


@pytest.mark.parametrize("seed", range(40))
def test_corrections_are_those_that_trying_every_set_finds(seed: int) -> None:
    random_ = random.Random(seed)
    names = [f"c{n}" for n in range(random_.randrange(2, 7))]
    cut = random_.randrange(1, len(names) + 1)
    clauses = tuple(draw_tree(random_, part, 3) for part in (names[:cut], names[cut:]) if part)
    portions = tuple(f"p{n}" for n in range(random_.choice([0, 0, 1, 2])))
    values = {name: random_.choice([True, False, None]) for name in (*names, *portions)}
    for wanted, changeable in itertools.product([True, False], repeat=2):
        found = find_corrections(
            clauses,
            values,
            scope={},
            alternatives={name: values[name] for name in portions},
            wanted=wanted,
            changeable=changeable,
            limit=1000,
        )
        sets = [frozenset(c.change + c.settle) for c in found.corrections]
        assert len(set(sets)) == len(sets) == found.count
        expected = brute_force(clauses, values, portions, wanted=wanted, changeable=changeable)
        assert set(sets) == expected
        assert all(values[name] is None for c in found.corrections for name in c.settle)
        fewer = find_corrections(
            clauses, values, scope={}, alternatives={n: values[n] for n in portions},
            wanted=wanted, changeable=changeable, limit=2,
        )  # fmt: skip
        # the smallest sets are kept, and how many there are is not forgotten
        assert [c.size for c in fewer.corrections] == [c.size for c in found.corrections][:2]
        assert fewer.count == found.count


def test_a_million_ways_are_counted_and_the_smallest_told() -> None:
    clauses = tuple(
        group("any", *(leaf(f"c{row}-{column}") for column in range(4))) for row in range(10)
    )
    values = {f"c{row}-{column}": False for row in range(10) for column in range(4)}
    found = find_corrections(clauses, values, scope={"region": False}, alternatives={})
    assert found.count == 4**10
    assert found.bounded
    assert len(found.corrections) == 16
    assert all(len(c.change) == 11 and c.change[0] == "region" for c in found.corrections)


def test_what_holds_asks_for_nothing() -> None:
    found = find_corrections((leaf("a"),), {"a": True}, scope={"region": True}, alternatives={})
    assert found.asks_nothing
    assert not found.bounded
