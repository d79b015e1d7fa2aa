"""What changed where rows are decided one by one: their clauses, amounts, limits and claims."""

from collections.abc import Iterator

from policies.amount_change import compare_steps, number_of
from policies.change import Change
from policies.clause_change import compare_clauses
from policies.condition_change import is_more
from policies.fact_change import compare_facts, compare_row_sets
from policies.plain_change import compare_fields, compare_values
from policies.policy import Each, Limit
from policies.setting import Setting


def compare_each(setting: Setting) -> Iterator[Change]:
    """The changes of `each`."""
    was, now = setting.old.each, setting.new.each
    if was is None or now is None:
        names = [None if side is None else side.row_set.name for side in (was, now)]
        yield from compare_values("row set", "", "", *names)
        return
    yield from compare_values("row set", "", "", was.row_set.name, now.row_set.name)
    name = now.row_set.name
    declared = name in setting.old.row_sets and name in setting.new.row_sets
    if name == was.row_set.name and not declared:  # else told where they are declared
        rows = ({name: was.row_set}, {name: now.row_set})
        yield from compare_row_sets(*rows, setting, "row set")
    yield from compare_facts(was.facts, now.facts, setting, "row facts")
    yield from compare_clauses(was.clauses, now.clauses, setting, "row clauses")
    yield from compare_steps(was.steps, now.steps, setting, "row amount")
    yield from _compare_limits(was, now)
    yield from _compare_rest(was, now)


def _compare_rest(was: Each, now: Each) -> Iterator[Change]:
    if was.claim is None or now.claim is None:
        yield from compare_values("claim", "", "", was.claim, now.claim)
    else:
        yield from compare_fields("claim", "", "", was.claim, now.claim)
    yield from compare_values("effective", "", "at rows", was.dated, now.dated)
    yield from compare_values("item", "", "", was.item, now.item)


def _compare_limits(was: Each, now: Each) -> Iterator[Change]:
    before, after = (
        {limit.name or str(number): limit for number, limit in enumerate(side.limits, start=1)}
        for side in (was, now)
    )
    for name in dict.fromkeys([*after, *before]):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            yield from compare_values("limits", name, "", one, other)
        else:
            yield from _compare_limit(name, one, other)


def _compare_limit(name: str, one: Limit, other: Limit) -> Iterator[Change]:
    passed = ["name"]
    if one.up_to != other.up_to:
        passed += ["up_to", "text"]
        rose = is_more(number_of(other.up_to), number_of(one.up_to))
        yield Change(
            kind="rewritten" if rose is None else "raised" if rose else "lowered",
            section="limits",
            name=name,
            detail="up_to",
            before=one.up_to,
            after=other.up_to,
            direction="" if rose is None else "higher" if rose else "lower",
        )
    yield from compare_fields("limits", name, "", one, other, passed)
