"""Examples looked for: an example that there is, with one value changed, then with several.

What is wanted is a value of a condition, or a side of a threshold. Of all that show it the best is
kept: the one in which it decides the verdict, the other clauses hold, and figures stand on or next
to a threshold.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from engine.example_boundaries import Side, Threshold, sides_of, thresholds_of
from engine.example_coverage import facts_known, read_subjects
from engine.example_limits import days_at_limit, numbers_at_limit
from engine.example_points import NULL, Varied, missing_of, varied_names, write_number
from engine.examples import subjects_of_examples
from engine.program import Bound, Program, bind, compile_policies
from engine.tested import Seen, Tested, Truth, see, tested_of, values_of
from language.definition import Choice, Formula
from language.expression import Expression, Logic, Name, Not
from language.reach import reachable_facts
from language.reference import Reference
from policies.policy import Example, Policy
from profiles.fact import Vocabulary
from profiles.hand import Subject

Raw = Mapping[str, Any]
Wanted = tuple[str, str, Truth | Side]
"""The sort and id of a condition with a value, or "threshold", its text and a side."""
ROUNDS, BEAM, MOST = 5, 4, 400
"""Changes that are tried one after the other, how many are followed, and the most of one round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A subject that shows something: what it gives, and what came out."""

    given: Raw
    as_of: date
    seen: Seen
    rank: tuple[float, ...]


@dataclass(slots=True, kw_only=True)
class Search:
    """The search for one policy in one span: what is known of it, and the best of each wanted."""

    policy: Policy
    vocabulary: Vocabulary
    program: Program
    bound: Bound
    tested: tuple[Tested, ...]
    thresholds: tuple[Threshold, ...]
    varied: tuple[Varied, ...]
    best: dict[Wanted, Found] = field(default_factory=dict)


def open_search(policy: Policy, vocabulary: Vocabulary, as_of: date) -> Search:
    """Make ready to look for examples on a day."""
    bound = bind(policy, vocabulary, as_of)
    tested = tested_of(bound, facts_known(policy, vocabulary))
    return Search(
        policy=policy,
        vocabulary=vocabulary,
        program=compile_policies([policy], vocabulary),
        bound=bound,
        tested=tested,
        thresholds=thresholds_of(bound, tested),
        varied=varied_names(bound, tested, vocabulary),
    )


def shown_by(search: Search, seen: Seen) -> dict[Wanted, Tested]:
    """All values and sides that a subject shows."""
    found: dict[Wanted, Tested] = {}
    for tested in search.tested:
        for truth in values_of(tested, seen):
            found[(*tested.key, truth)] = tested
    for threshold in search.thresholds:
        for side in sides_of(threshold, seen):
            found[("threshold", threshold.text, side)] = threshold.tested
    return found


def look_around(search: Search, base: Raw, wanted: Iterable[Wanted], *, far: bool = False) -> None:
    """Keep the best of what a base and all changes of one of its values show.

    A base that is `far` is no example of the policy, and comes after those that are.
    """
    open_ = frozenset(wanted)
    ((_, held),) = _read(search, [base])
    varied = [*search.varied, *_at_limits(search, held)]
    for one, seen in _read(search, [base, *_changes(search, base, varied)]):
        _note(search, one, seen, open_, len(_differing(base, one)), far=far)


def look_further(search: Search, base: Raw, wanted: Wanted, tested: Tested) -> None:
    """Look for one wanted value by several changes, each time from those that came nearest."""
    if wanted[0] == "threshold" or tested.when is None:
        return
    assert not isinstance(wanted[2], str)
    scope = search.bound.row_scope if tested.of_row else search.bound.scope
    names = reachable_facts([tested.when], scope)
    varied = [one for one in search.varied if one.name in names]
    ((_, held),) = _read(search, [base])
    varied += [one for one in _at_limits(search, held) if one.name in names]
    beam: list[Raw] = [base]
    for _ in range(ROUNDS):
        given = [one for held in beam for one in _changes(search, held, varied)][:MOST]
        scored = []
        for one, seen in _read(search, given):
            _note(search, one, seen, frozenset({wanted}), len(_differing(base, one)))
            near = max(
                (_nearness(tested.when, wanted[2], walk) for walk in seen.walks(tested)),
                default=0.0,
            )
            scored.append((near, one))
        if wanted in search.best:
            return
        scored.sort(key=lambda pair: -pair[0])
        beam = [one for _, one in scored[:BEAM]]


def _note(
    search: Search,
    given: Raw,
    seen: Seen,
    wanted: frozenset[Wanted],
    changes: int,
    *,
    far: bool = False,
) -> None:
    shown = shown_by(search, seen)
    sides = sum(key[0] == "threshold" for key in shown)
    for key, tested in shown.items():
        if key not in wanted:
            continue
        rank = (*_rank(tested, key, seen, search), -float(far), sides, -changes)
        held = search.best.get(key)
        if held is None or rank > held.rank:
            as_of = search.bound.as_of
            search.best[key] = Found(given=given, as_of=as_of, seen=seen, rank=rank)


def _rank(tested: Tested, wanted: Wanted, seen: Seen, search: Search) -> tuple[float, float]:
    """Whether the verdict is as the wanted value alone would make it, and what else holds."""
    expected = "eligible"
    if tested.sort in ("clause", "row clause") and wanted[0] != "threshold":
        value = wanted[2]
        expected = "unknown" if value is None else "eligible"
        if value is tested.fails:
            expected = "ineligible"
    elif wanted[0] == "threshold" and seen.decision.verdict == "ineligible":
        expected = "ineligible"  # one of its sides stands in the way
    others = [one for one in search.tested if one.sort in ("clause", "row clause")]
    good = 0.0
    for one in others:
        values = values_of(one, seen)
        good += one.key != tested.key and values == {not one.fails}
    return float(seen.decision.verdict == expected), good


def _nearness(when: Expression, wanted: Truth, walk: Reference) -> float:
    """How much of a condition is as it must be for the wanted value, from 0 to 1."""
    value = walk.value(when).value
    if value is wanted:
        return 1.0
    if wanted is None:
        return 0.0
    match when:
        case Not(operand=operand):
            return _nearness(operand, not wanted, walk)
        case Logic(operator=operator, operands=operands):
            parts = [_nearness(operand, wanted, walk) for operand in operands]
            every = (operator == "and") == wanted
            return 0.99 * (sum(parts) / len(parts) if every else max(parts))
        case Name(name=name):
            inner = _behind(name, walk)
            return 0.99 * _nearness(inner, wanted, walk) if inner is not None else 0.0
    return 0.3 if value is not None else 0.0


def _behind(name: str, walk: Reference) -> Expression | None:
    match walk.scope.get(name):
        case Formula(expression=expression):
            return expression
        case Choice(cases=cases):
            held = [then for test, then in cases if test is None or walk.value(test).value is True]
            return held[0] if held else None
    return None


def _changes(search: Search, base: Raw, varied: Iterable[Varied]) -> Iterator[Raw]:
    """The base with one other value, also of its first row."""
    each = search.policy.each
    for one in varied:
        rows = base.get(each.row_set.name) if each is not None else None
        holder = (rows[0] if isinstance(rows, list) and rows else {}) if one.of_row else base
        if one.computed and one.name not in holder:
            continue
        for value in one.values:
            if not one.of_row:
                if one.name not in base or base[one.name] != value:
                    yield {**base, one.name: value}
                continue
            assert each is not None
            rows = base.get(each.row_set.name) or [{}]
            first = rows[0]
            if one.name not in first or first[one.name] != value:
                changed = [{**first, one.name: value}, *rows[1:]]
                yield {**base, each.row_set.name: changed}


def _at_limits(search: Search, held: Seen) -> list[Varied]:
    """Each measured fact on the limit that holds for this subject, and a step to either side."""
    found = []
    for threshold in search.thresholds:
        for walk in held.walks(threshold.tested)[:1]:
            near = [(name, write_number(n)) for name, n in numbers_at_limit(threshold, walk)]
            near += [(name, day.isoformat()) for name, day in days_at_limit(threshold, walk)]
            for one in search.varied:
                values = tuple(text for name, text in near if name == one.name and text)
                if values:
                    found.append(replace(one, values=values))
    return found


def _differing(base: Raw, given: Raw) -> list[str]:
    return [name for name in given if name not in base or base[name] != given[name]]


def _read(search: Search, given: Sequence[Raw]) -> Iterator[tuple[Raw, Seen]]:
    """What comes out for subjects that give this; those who give what cannot be read are left."""
    subjects = subjects_giving(search.policy, search.vocabulary, given, search.bound.as_of)
    read = read_subjects(search.program, search.bound, subjects)
    for one, (facts, rows) in zip(given, read, strict=True):
        yield one, see(search.bound, facts, rows)


def subjects_giving(
    policy: Policy, vocabulary: Vocabulary, given: Sequence[Raw], as_of: date
) -> list[Subject]:
    """Subjects that give what examples on this day would."""
    blank = Example(
        name="", as_of=as_of, given={}, verdict="unknown", amount=None, amounts={}, failing=None,
        missing=None, line=0,
    )  # fmt: skip
    examples = tuple(replace(blank, given=one) for one in given)
    return subjects_of_examples(replace(policy, examples=examples), vocabulary)


def bases_of(policy: Policy, vocabulary: Vocabulary, shared: Raw) -> list[tuple[Raw, date | None]]:
    """What a search begins with: examples that come out eligible first, and one without facts.

    Of the rows that the policy decides one stays. `shared` is what all examples give.
    """
    facts = facts_known(policy, vocabulary)
    order = {"eligible": 0, "unknown": 1, "ineligible": 2}
    chosen = sorted(policy.examples, key=lambda example: order[example.verdict])
    found: list[tuple[Raw, date | None]] = [
        (_with_one_row(policy, example.given), example.as_of) for example in chosen
    ]
    nothing: dict[str, Any] = {
        name: missing_of(facts[name]) if name in facts else NULL for name in shared
    }
    if policy.each is not None:
        nothing[policy.each.row_set.name] = [{}]
    return [*found, (nothing, None)]


def _with_one_row(policy: Policy, given: Raw) -> Raw:
    if policy.each is None or policy.each.row_set.name not in given:
        return given
    name = policy.each.row_set.name
    raw = given[name]
    if isinstance(raw, Mapping):
        rows: list[Any] = [{"key": key, "value": value} for key, value in raw.items()]
    elif isinstance(raw, list):
        rows = [row if isinstance(row, Mapping) else {"value": row} for row in raw]
    else:
        return given
    return {**given, name: rows[:1] or [{}]}
