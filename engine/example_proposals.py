"""Examples proposed for what a policy's examples leave untested, each proved by running it.

What a proposal expects is what the program gave. Its author has to confirm it against the text of
the law: taken over unread it would only prove that the program does what it does.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.amount import show_yuan
from engine.by_hand import Result, evaluate_subjects
from engine.example_boundaries import Boundary, cover_boundaries
from engine.example_coverage import Coverage, cover_examples, day_in, see_examples
from engine.example_search import (
    Found,
    Raw,
    Search,
    Wanted,
    bases_of,
    look_around,
    look_further,
    open_search,
    shown_by,
    subjects_giving,
)
from engine.examples import run_examples
from engine.policy_spans import PolicySpan
from engine.tested import Tested
from policies.policy import Example, Policy
from profiles.fact import Vocabulary

MAX_BASES = 4
"""Examples with which a search begins."""
MAX_DEEP = 1
"""Those of which several values are changed."""
_WORDS: Mapping[object, str] = {True: "true", False: "false", None: "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A ready example, and what it is proposed for; `shows` is all that no example showed."""

    example: Example
    span: PolicySpan
    shows: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """What is wanted in a span and no example was found for."""

    wanted: Wanted
    span: PolicySpan


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """The proposals for one policy, and what is left without one."""

    policy: Policy
    proposals: tuple[Proposal, ...]
    not_found: tuple[NotFound, ...]


def propose_examples(policy: Policy, vocabulary: Vocabulary, shared: Raw | None = None) -> Proposed:
    """Propose an example for each value and each side of a threshold that no example shows.

    `shared` is what the policy's examples give together (`examples.given`).
    """
    seen = see_examples(policy, vocabulary)
    coverage = cover_examples(policy, vocabulary, seen)
    missing = _missing(coverage, cover_boundaries(policy, vocabulary, seen))
    taken = {example.name for example in policy.examples}
    proposals: list[Proposal] = []
    not_found: list[NotFound] = []
    for span, wanted in missing.items():
        searched = _search(policy, vocabulary, span, wanted, shared or {})
        open_ = dict(wanted)
        for key in wanted:
            if key not in open_:
                continue
            proposal = _propose(policy, vocabulary, span, key, open_, searched, taken)
            if proposal is None:
                not_found.append(NotFound(wanted=key, span=span))
                del open_[key]
                continue
            taken.add(proposal.example.name)
            proposals.append(proposal)
            for shown in proposal.shows:
                open_.pop(shown, None)
    return Proposed(policy=policy, proposals=tuple(proposals), not_found=tuple(not_found))


def _missing(
    coverage: Coverage, boundaries: Iterable[Boundary]
) -> dict[PolicySpan, dict[Wanted, Tested]]:
    found: dict[PolicySpan, dict[Wanted, Tested]] = {span: {} for span in coverage.spans}
    for cell in coverage.missing:
        found[cell.span][(*cell.tested.key, cell.truth)] = cell.tested
    for side in boundaries:
        if not side.examples:
            key = ("threshold", side.threshold.text, side.side)
            found[side.span][key] = side.threshold.tested
    return {span: wanted for span, wanted in found.items() if wanted}


def _search(
    policy: Policy,
    vocabulary: Vocabulary,
    span: PolicySpan,
    wanted: Mapping[Wanted, Tested],
    shared: Raw,
) -> Mapping[Wanted, tuple[Found, Search]]:
    """The best that was found for each wanted; the bases nearest to the span come first."""
    bases = bases_of(policy, vocabulary, shared)
    inside = [base for base in bases if base[1] is not None and span.holds(base[1])]
    outside = [base for base in bases if base not in inside]
    chosen = [*inside[:MAX_BASES], *outside[: max(1, MAX_BASES - len(inside))], bases[-1]]
    searches: dict[date, Search] = {}
    tried: list[tuple[Search, Raw]] = []
    for base, as_of in chosen:
        day = day_in(span, as_of)
        search = searches.get(day) or open_search(policy, vocabulary, day)
        searches[day] = search
        tried.append((search, base))
        look_around(search, base, wanted, far=as_of is None)
    for key, tested in wanted.items():
        for search, base in [*tried[:MAX_DEEP], tried[-1]]:
            if any(key in one.best for one in searches.values()):
                break
            look_further(search, base, key, tested)
    found: dict[Wanted, tuple[Found, Search]] = {}
    for search in searches.values():
        for key, one in search.best.items():
            if key not in found or one.rank > found[key][0].rank:
                found[key] = (one, search)
    return found


def _propose(
    policy: Policy,
    vocabulary: Vocabulary,
    span: PolicySpan,
    wanted: Wanted,
    open_: Iterable[Wanted],
    searched: Mapping[Wanted, tuple[Found, Search]],
    taken: set[str],
) -> Proposal | None:
    if wanted not in searched:
        return None
    found, search = searched[wanted]
    (subject,) = subjects_giving(policy, vocabulary, [found.given], found.as_of)
    results, troubles = evaluate_subjects(search.program, [subject], found.as_of)
    if troubles:
        return None
    example = _example(policy, found, results[0], _name(wanted, span, policy, taken))
    alone = replace(policy, examples=(example,))
    # the proof: it runs as an example, and what it was looked for does come out
    (ran,) = run_examples(alone, vocabulary)
    if not ran.passed or wanted not in _shown(alone, vocabulary, span):
        return None
    shown = shown_by(search, found.seen)
    return Proposal(example=example, span=span, shows=tuple(key for key in open_ if key in shown))


def _shown(policy: Policy, vocabulary: Vocabulary, span: PolicySpan) -> set[Wanted]:
    """What the examples of a policy show in a span, counted as the coverage counts it."""
    seen = see_examples(policy, vocabulary)
    cells = cover_examples(policy, vocabulary, seen).cells
    found: set[Wanted] = {
        (*cell.tested.key, cell.truth) for cell in cells if cell.span == span and cell.examples
    }
    for side in cover_boundaries(policy, vocabulary, seen):
        if side.span == span and side.examples:
            found.add(("threshold", side.threshold.text, side.side))
    return found


def _name(wanted: Wanted, span: PolicySpan, policy: Policy, taken: set[str]) -> str:
    name = tell_wanted(wanted)
    if name in taken:
        name += f", {span.name}"
    numbers: Iterator[str] = (f"{name} ({number})" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(one for one in numbers if one not in taken)


def tell_wanted(wanted: Wanted) -> str:
    """What is wanted, in words."""
    sort, id_, value = wanted
    if sort == "threshold":
        return f"{id_}: exactly" if value == "on" else f"{id_}: next to it"
    if sort == "table row":
        return f"{id_} counts"
    return f"{id_} is {_WORDS[value]}"


def _example(policy: Policy, found: Found, result: Result, name: str) -> Example:
    told: dict[str, Any] = {}
    if result.verdict == "eligible" and (policy.steps or policy.portions):
        told["amount"] = _amount(result.amount_fen)
        told["amounts"] = {key: _amount(fen) for key, fen in result.amounts_fen.items()}
    if policy.each is not None and result.rows:
        verdicts = [row.verdict for row in result.rows]
        told["rows"] = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    return Example(
        name=name,
        as_of=found.as_of,
        given=found.given,
        verdict=result.verdict,  # type: ignore[arg-type]  # one of the three
        amount=told.get("amount"),
        amounts=told.get("amounts", {}),
        failing=result.failed if result.verdict == "ineligible" else None,
        missing=result.missing or None,
        rows=told.get("rows"),
        line=0,
    )


def _amount(fen: int | None) -> str:
    return "unknown" if fen is None else show_yuan(fen) or "unknown"
