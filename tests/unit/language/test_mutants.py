"""The faults that a mutation run puts in: each changes the code, and none only its words."""

import ast

import pytest

from tests.mutation import scope
from tests.mutation.mutants import find_sites, mutate
from tests.mutation.patched import changed_functions

TEXT = '''"""What it is for."""
from typing import Literal
Way = Literal["up", "down"] | None
LIMIT = 3
def count(values: list[int], most: int = 5) -> int | None:
    """How many are small."""
    assert most != 0, "never"
    if not values or most < 1:
        raise ValueError("nothing to count")
    values.sort()
    if most == 9:
        return None
    match most:
        case 7:
            return 1
    pairs = zip(values, values, strict=True)
    return min(most, sum(1 for value, _ in pairs if value <= LIMIT and value != -2))
'''


def test_every_fault_changes_the_code_and_nothing_but_one_place() -> None:
    sites = find_sites(ast.parse(TEXT))
    whats = [site.what for site in sites]
    assert len(sites) == len(set(zip(whats, [site.line for site in sites], strict=True)))
    before = compile(ast.parse(TEXT), "count.py", "exec")
    for number in range(len(sites)):
        _, after = mutate(TEXT, number, "count.py")
        assert after != before
        tree = ast.parse(TEXT)
        find_sites(tree)[number].apply()
        assert ast.unparse(tree) != ast.unparse(ast.parse(TEXT)), sites[number]


@pytest.mark.parametrize(
    "what",
    ["Lt becomes LtE", "LtE becomes Lt", "NotEq becomes Eq", "or becomes and", "and becomes or",
     "Not left out", "USub left out", "3 becomes 4", "min becomes max", "test negated",
     "nothing returned", "case never applies", "call left out"],
)  # fmt: skip
def test_a_fault_of_each_kind_is_found(what: str) -> None:
    assert what in [site.what for site in find_sites(ast.parse(TEXT))]


def test_what_no_behaviour_rests_on_is_left_alone() -> None:
    sites = find_sites(ast.parse(TEXT))
    assert not [site for site in sites if site.line in (1, 2, 3, 7, 9)]
    assert not [site for site in sites if site.what == "True becomes False"]
    assert not [site for site in sites if "up" in site.what or "small" in site.what]


def test_a_function_is_patched_and_what_runs_on_import_is_not() -> None:
    before = compile(ast.parse(TEXT), "count.py", "exec")
    for number, site in enumerate(find_sites(ast.parse(TEXT))):
        changed = changed_functions(before, mutate(TEXT, number, "count.py")[1])
        if site.line < 6:
            assert changed is None, site
        elif changed is not None:  # None: a function within it was left out
            assert ("count.py", "count", 5) in changed


def test_every_module_that_decides_has_tests_to_be_tried_with() -> None:
    for path in scope.modules():
        assert len(scope.tests_for(path)) >= 10
        assert len(scope.tests_for(path)) == len(set(scope.tests_for(path)))
