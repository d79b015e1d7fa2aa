"""Which parts of two outcomes hold the same subjects, so that they can be compared."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import polars as pl

from engine.outcome import Increment, Outcome, read_replaced
from engine.outcome_parts import Part, read_part
from engine.outcome_reading import read_whole
from engine.part_outcome import OUTCOME_SCHEMA, PartOutcome, list_rows
from engine.same_subjects import join_subjects, subset

Pair = tuple[PartOutcome, PartOutcome]
"""A part of now, and that of before with the same subjects."""

AGAIN, ANEW = "again", "anew"
"""What an increment's own parts hold: some subjects under the policies that it takes over, and
everybody under those that it does not."""


def pair_parts(now: Outcome, before: Outcome | None) -> Iterator[Pair]:
    """The parts of two outcomes, each with the one that has the same subjects.

    Of an increment and the outcome that it stands on only what it decided itself. Where the
    subjects were parted otherwise, all parts of a kind are brought together.
    """
    increment = now.increment
    if increment is not None and before is not None and increment.base.hash == before.hash:
        yield from _pair_own(now, increment)
        return
    both = [now] if before is None else [now, before]
    for kind in sorted({part.kind for outcome in both for part in _all_parts(outcome)}):
        if before is None:
            for part in read_whole(now):
                if part.kind == kind:
                    yield part, join_subjects(kind, [])
        elif _parted_alike(now, before, kind):
            for name in sorted({p.name for p in (*now.parts, *before.parts) if p.kind == kind}):
                yield _read_named(now, name, kind), _read_named(before, name, kind)
        else:
            yield _read_kind(now, kind), _read_kind(before, kind)


def names_of(kind: str, number: int | None = None) -> Callable[[str], bool]:
    """Which parts of an outcome hold what there is of the subjects of a kind, or of those of one
    part of a snapshot."""
    beginnings: tuple[str, ...] = (f"{kind}-",)
    if number is not None:
        beginnings = (f"{kind}-{number:04d}", f"{kind}-{AGAIN}")

    def holds(name: str) -> bool:
        return name.startswith(beginnings)

    return holds


def read_subject(outcome: Outcome, kind: str, number: int, subject: str) -> pl.DataFrame:
    """One subject's rows in the columns OUTCOME_SCHEMA; `number` is that of its part."""
    asked = pl.Series("subject", [subject])
    found = [list_rows(subset(part, asked)) for part in read_whole(outcome, names_of(kind, number))]
    return pl.concat([pl.DataFrame(schema=OUTCOME_SCHEMA), *found])


def _all_parts(outcome: Outcome) -> tuple[Part, ...]:
    if outcome.increment is None:
        return outcome.parts
    return (*outcome.parts, *_all_parts(outcome.increment.base))


def _parted_alike(now: Outcome, before: Outcome, kind: str) -> bool:
    if now.increment is not None or before.increment is not None:
        return False
    several = now.parting.get(kind)
    return several is not None and several == before.parting.get(kind)


def _read_named(outcome: Outcome, name: str, kind: str) -> PartOutcome:
    """The part of this name; that of nobody where there is none."""
    found = [part for part in outcome.parts if part.name == name]
    return read_part(outcome.path, found[0]) if found else join_subjects(kind, [])


def _read_kind(outcome: Outcome, kind: str) -> PartOutcome:
    return join_subjects(kind, list(read_whole(outcome, names_of(kind))))


def _pair_own(now: Outcome, increment: Increment) -> Iterator[Pair]:
    """What an increment decided itself beside what its base says of the same."""
    for kind in sorted(increment.replaced):
        replaced = read_replaced(now, kind)
        kept = {key[1:] for key in increment.kept if key[0] == kind}
        before, others = [], []
        for part in read_whole(increment.base, names_of(kind)):
            before.append(subset(_only(part, kept, True), replaced))
            others.append(_only(part, kept, False))
        own = [part for part in now.parts if part.kind == kind]
        again = [read_part(now.path, part) for part in own if _is_again(part)]
        yield join_subjects(kind, again), join_subjects(kind, before)
        anew = [read_part(now.path, part) for part in own if not _is_again(part)]
        if anew or any(part.policies or part.rows.height for part in others):
            yield from _pair_anew(kind, anew, others)


def _is_again(part: Part) -> bool:
    return part.name.startswith(f"{part.kind}-{AGAIN}")


def _pair_anew(kind: str, anew: list[PartOutcome], others: list[PartOutcome]) -> Iterator[Pair]:
    """Policies that all were decided anew for; parts of the same subjects stand side by side."""
    left = list(others)
    for part in anew:
        same = [other for other in left if other.subjects.equals(part.subjects)]
        if not same:
            yield join_subjects(kind, anew), join_subjects(kind, others)
            return
        left = [other for other in left if other is not same[0]]
    if any(part.policies or part.rows.height for part in left) or len(anew) != len(others):
        yield join_subjects(kind, anew), join_subjects(kind, others)
        return
    for part in anew:
        yield part, next(o for o in others if o.subjects.equals(part.subjects))


def _only(part: PartOutcome, kept: set[tuple[str, str, str]], inside: bool) -> PartOutcome:
    """The part with the policies that are taken over, or with the others."""
    key = pl.concat_str("policy", "version", "period", separator="\n")
    names = ["\n".join(one) for one in kept]
    held = key.is_in(names)
    return replace(
        part,
        policies=tuple(one for one in part.policies if (one.key in kept) == inside),
        rows=part.rows.filter(held if inside else ~held),
    )
