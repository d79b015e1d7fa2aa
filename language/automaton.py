"""A pattern as a program over sets of places: what matching means, in linear time.

The text is read once, sign by sign, with the set of all places where the pattern may stand
(Thompson, CACM 11(6), 1968). No place is held twice, so the work is at most the length of the text
times the steps of the pattern, whatever the pattern looks like: `(a+)+$` is harmless.
"""

from dataclasses import dataclass
from functools import lru_cache

from language.pattern import (
    Either,
    End,
    Pattern,
    Ranges,
    Repeat,
    Sequence,
    Signs,
    read_pattern,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One place in the program: read a sign of `ranges`, stand at an `end`, or go on.

    `then` are the places that follow; one without followers is the goal.
    """

    ranges: Ranges | None = None
    end: End | None = None
    then: tuple[int, ...] = ()


GOAL = 0


class _Builder:
    """Writes the program from its goal backwards, so that each step knows what follows."""

    def __init__(self) -> None:
        self.steps: list[Step] = [Step()]

    def add(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps) - 1

    def write(self, pattern: Pattern, then: int) -> int:
        """The place where the pattern begins, if `then` follows it."""
        match pattern:
            case Signs(ranges=ranges):
                return self.add(Step(ranges=ranges, then=(then,)))
            case End():
                return self.add(Step(end=pattern, then=(then,)))
            case Sequence(parts=parts):
                for part in reversed(parts):
                    then = self.write(part, then)
                return then
            case Either(parts=parts):
                return self.add(Step(then=tuple(self.write(part, then) for part in parts)))
            case Repeat(part=part, least=least, most=None):
                # the loop's place is taken first, since what is repeated leads back to it
                loop = self.add(Step())
                self.steps[loop] = Step(then=(self.write(part, loop), then))
                return self.times(part, least, loop)
            case Repeat(part=part, least=least, most=most):
                for _ in range((most or 0) - least):
                    then = self.add(Step(then=(self.write(part, then), then)))
                return self.times(part, least, then)

    def times(self, part: Pattern, count: int, then: int) -> int:
        for _ in range(count):
            then = self.write(part, then)
        return then


@lru_cache(maxsize=4096)
def _program(text: str) -> tuple[tuple[Step, ...], int]:
    builder = _Builder()
    start = builder.write(read_pattern(text), GOAL)
    return tuple(builder.steps), start


def matches(pattern: str, text: str, *, anywhere: bool) -> bool:
    """Whether the pattern matches at the text's beginning, or `anywhere` in it."""
    steps, start = _program(pattern)
    places: set[int] = set()
    for at in range(len(text) + 1):
        if anywhere or at == 0:
            places.add(start)
        places = _follow(steps, places, first=at == 0, last=at == len(text))
        if GOAL in places:
            return True
        if at < len(text):
            sign = ord(text[at])
            places = {
                follower
                for place in places
                if any(low <= sign <= high for low, high in steps[place].ranges or ())
                for follower in steps[place].then
            }
            if not places and not anywhere:
                return False
    return False


def _follow(steps: tuple[Step, ...], places: set[int], *, first: bool, last: bool) -> set[int]:
    """The places that are reached without reading a sign."""
    reached: set[int] = set()
    todo = list(places)
    while todo:
        place = todo.pop()
        if place in reached:
            continue
        reached.add(place)
        step = steps[place]
        if step.ranges is not None:
            continue
        if step.end is None or (first if step.end.first else last):
            todo.extend(step.then)
    return reached
