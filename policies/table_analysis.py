"""What is wrong with a table's rows: gaps, overlaps, rows that never count, rows too many.

Each input is cut into the sorts of values that the rows tell apart, and the rows are followed from
input to input; where the same rows are left, the rest is the same and is not followed again. Every
finding names one value for each input.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from language.definition import Hit, Matcher, Scalar
from policies.axis import Sort, fits

MAX_STEPS = 200_000
"""Sets of rows that are followed; a table with more is not analysed to the end."""
MAX_GAPS = 3
MAX_OVERLAPS = 10

Point = tuple[Sort, ...]
"""One value for each input."""
Outputs = tuple[Scalar | None, ...]
"""A row's value of each output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two rows, by index, that both apply at a point."""

    rows: tuple[int, int]
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A row that never counts or is not needed; `point` is where it applies, None if nowhere.

    `instead` is the row that counts there (None: the default).
    """

    row: int
    point: Point | None
    instead: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What was found; `complete` is False where the table was too large to follow to the end."""

    gaps: tuple[Point, ...]
    overlaps: tuple[Overlap, ...]
    unreachable: tuple[Idle, ...]
    redundant: tuple[Idle, ...]
    complete: bool


@dataclass(slots=True)
class _Regions:
    """The sets of rows that can apply together (as bits), each with a point where they do."""

    found: dict[int, Point] = field(default_factory=dict)
    gaps: list[Point] = field(default_factory=list)
    steps: int = 0


def analyse(
    rows: Sequence[Sequence[Matcher]],
    outputs: Sequence[Outputs],
    hit: Hit,
    axes: Sequence[Sequence[Sort]],
    *,
    default: Outputs | None = None,
    covers: Sequence[Sequence[Sort]] | None = None,
    possible: Callable[[Point], bool] = lambda point: True,
) -> Analysis:
    """Analyse rows in the order in which they are asked.

    `axes` holds each input's sorts. Gaps are looked for among `covers` and where `possible`,
    without `covers` not at all. `outputs` are compared for equality; a `default` of None is none.
    """
    regions = _follow(rows, axes, possible)
    gaps = _Regions()
    if covers is not None:
        gaps = _follow(rows, covers, possible, axes)
    overlaps = _overlaps(regions, outputs, hit)
    if regions.steps > MAX_STEPS:
        overlaps = _overlaps_of_pairs(rows, outputs, hit, axes)
    complete = max(regions.steps, gaps.steps) <= MAX_STEPS
    unreachable: list[Idle] = []
    redundant: list[Idle] = []
    if complete:
        unreachable = _unreachable(regions, len(rows), hit)
        idle = {row.row for row in unreachable}
        redundant = _redundant(regions, outputs, hit, default, idle)
    return Analysis(
        gaps=tuple(gaps.gaps),
        overlaps=tuple(overlaps),
        unreachable=tuple(unreachable),
        redundant=tuple(redundant),
        complete=complete,
    )


def _follow(
    rows: Sequence[Sequence[Matcher]],
    axes: Sequence[Sequence[Sort]],
    possible: Callable[[Point], bool],
    own: Sequence[Sequence[Sort]] | None = None,
) -> _Regions:
    groups = [_group(rows, index, axis) for index, axis in enumerate(axes)]
    regions = _Regions()
    seen: set[tuple[int, int]] = set()

    def walk(level: int, left: int, chosen: tuple[Sequence[Sort], ...]) -> None:
        regions.steps += 1
        if regions.steps > MAX_STEPS or len(regions.gaps) >= MAX_GAPS:
            return
        if left == 0:
            if own is not None:
                _note_gaps(regions, (*chosen, *axes[level:]), own, level - 1, possible)
            return
        if (level, left) in seen:
            return
        seen.add((level, left))
        if level == len(axes):
            regions.found[left] = tuple(values[0] for values in chosen)
            return
        for mask, values in groups[level].items():
            walk(level + 1, left & mask, (*chosen, values))

    walk(0, (1 << len(rows)) - 1, ())
    return regions


def _group(
    rows: Sequence[Sequence[Matcher]], index: int, axis: Sequence[Sort]
) -> dict[int, list[Sort]]:
    """The sorts of an input by the rows, as bits, whose key holds for them."""
    grouped: dict[int, list[Sort]] = {}
    for value in axis:
        mask = sum(1 << place for place, row in enumerate(rows) if fits(row[index], value))
        grouped.setdefault(mask, []).append(value)
    return grouped


def _note_gaps(
    regions: _Regions,
    box: Sequence[Sequence[Sort]],
    own: Sequence[Sequence[Sort]],
    last: int,
    possible: Callable[[Point], bool],
) -> None:
    """Note points of a box without rows that the clauses do not rule out: one for each value of
    the `last` input, the one that left no row.

    The sorts of the rows' `own` values go first: they are what an author looks for.
    """
    named = [[v for v in side if v in axis] for side, axis in zip(box, own, strict=True)]
    before = len(regions.gaps)
    for sides in (named, box):
        for value in sides[last]:
            for point in itertools.product(*sides[:last], [value], *sides[last + 1 :]):
                regions.steps += 20  # each takes as long as following so many
                if regions.steps > MAX_STEPS or len(regions.gaps) >= MAX_GAPS:
                    return
                if possible(point):
                    regions.gaps.append(point)
                    break
            if sides is box and len(regions.gaps) > before:
                return
        if len(regions.gaps) > before:
            return


def _bits(mask: int) -> list[int]:
    return [place for place in range(mask.bit_length()) if mask >> place & 1]


def _overlaps(regions: _Regions, outputs: Sequence[Outputs], hit: Hit) -> list[Overlap]:
    if hit not in (Hit.UNIQUE, Hit.ANY):
        return []
    found: dict[tuple[int, int], Point] = {}
    for mask, point in regions.found.items():
        for pair in itertools.combinations(_bits(mask), 2):
            if hit is Hit.ANY and outputs[pair[0]] == outputs[pair[1]]:
                continue
            found.setdefault(pair, point)
            if len(found) >= MAX_OVERLAPS:
                break
    return [Overlap(rows=pair, point=point) for pair, point in sorted(found.items(), key=_pair)]


def _overlaps_of_pairs(
    rows: Sequence[Sequence[Matcher]],
    outputs: Sequence[Outputs],
    hit: Hit,
    axes: Sequence[Sequence[Sort]],
) -> list[Overlap]:
    """The overlaps of a table too large to follow, each pair of rows for itself."""
    if hit not in (Hit.UNIQUE, Hit.ANY):
        return []
    held = [
        [sum(1 << n for n, value in enumerate(axis) if fits(key, value)) for key in column]
        for column, axis in zip(zip(*rows, strict=True), axes, strict=True)
    ]
    found: list[Overlap] = []
    for one, other in itertools.combinations(range(len(rows)), 2):
        if hit is Hit.ANY and outputs[one] == outputs[other]:
            continue
        shared = [column[one] & column[other] for column in held]
        if all(shared):
            point = tuple(axis[_bits(both)[0]] for axis, both in zip(axes, shared, strict=True))
            found.append(Overlap(rows=(one, other), point=point))
            if len(found) == MAX_OVERLAPS:
                break
    return found


def _pair(found: tuple[tuple[int, int], Point]) -> tuple[int, int]:
    return found[0]


def _unreachable(regions: _Regions, count: int, hit: Hit) -> list[Idle]:
    counting: set[int] = set()
    holding: dict[int, tuple[Point, int]] = {}
    for mask, point in regions.found.items():
        held = _bits(mask)
        counting |= set(held[:1] if hit in (Hit.FIRST, Hit.PRIORITY) else held)
        for row in held:
            holding.setdefault(row, (point, held[0]))
    return [
        Idle(
            row=row,
            point=holding[row][0] if row in holding else None,
            instead=holding[row][1] if row in holding else None,
        )
        for row in range(count)
        if row not in counting
    ]


def _redundant(
    regions: _Regions,
    outputs: Sequence[Outputs],
    hit: Hit,
    default: Outputs | None,
    idle: set[int],
) -> list[Idle]:
    """Rows without which every output would be the same, later rows first."""
    places: dict[int, list[tuple[list[int], Point]]] = {}
    for mask, point in regions.found.items():
        held = _bits(mask)
        for row in held:
            places.setdefault(row, []).append((held, point))
    found: dict[int, Idle] = {}
    before = -1
    while len(found) > before:  # with a row gone another may no longer be needed
        before = len(found)
        for row in reversed(range(len(outputs))):
            if row in idle or row in found:
                continue
            stand_ins = []
            for held, _ in places[row]:
                left = [r for r in held if r not in idle and r not in found]
                stand_ins.append(_stand_in(row, left, outputs, hit, default))
                if stand_ins[-1] is None:
                    break
            first = stand_ins[0]
            if None not in stand_ins:
                instead = None if first == _DEFAULT else first
                found[row] = Idle(row=row, point=places[row][0][1], instead=instead)
    return [found[row] for row in sorted(found)]


_DEFAULT = -1


def _stand_in(
    row: int, held: list[int], outputs: Sequence[Outputs], hit: Hit, default: Outputs | None
) -> int | None:
    """What gives the same output where these rows hold and `row` is gone, None if nothing does."""
    others = [other for other in held if other != row]
    match hit:
        case Hit.UNIQUE | Hit.ANY:
            same = [other for other in others if outputs[other] == outputs[row]]
        case Hit.FIRST | Hit.PRIORITY:
            if held[0] != row:
                return held[0]
            same = [other for other in others[:1] if outputs[other] == outputs[row]]
        case Hit.MIN | Hit.MAX:
            same = [other for other in others if _reaches(outputs[other], outputs[row], hit)]
        case _:
            return None
    if same:
        return same[0]
    return _DEFAULT if not others and default is not None and default == outputs[row] else None


def _reaches(one: Outputs, other: Outputs, hit: Hit) -> bool:
    pairs = [
        (a, b)
        for a, b in zip(one, other, strict=True)
        if isinstance(a, Fraction) and isinstance(b, Fraction)
    ]
    if len(pairs) < len(one):
        return False
    return all(a <= b if hit is Hit.MIN else a >= b for a, b in pairs)
