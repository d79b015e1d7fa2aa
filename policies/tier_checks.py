"""Whether the tiers of a scale fit together: none empty, none missing, none counted twice."""

import itertools
from fractions import Fraction

from language.definition import Tier, Tiers
from language.unparse import show_number


def find_tier_faults(scale: Tiers) -> list[tuple[str, str]]:
    """What an author should look at: a message with a number for which it shows, and a remedy."""
    found = []
    tiers = sorted(scale.tiers, key=lambda tier: tier.over)
    if list(scale.tiers) != tiers:
        first = next(b for a, b in itertools.pairwise(scale.tiers) if b.over < a.over)
        found.append(
            (f"the tier over {show_number(first.over)} stands too late", "write the lowest first")
        )
    by = scale.by.name
    for lower, upper in itertools.pairwise(tiers):
        end = lower.up_to
        if end is not None and end < upper.over:
            found.append(
                (
                    f"no tier for the part over {show_number(end)}, for example for {by} "
                    f"{show_number((end + upper.over) / 2)}",
                    "let a tier begin where the one before ends, or write one that gives 0",
                )
            )
        elif _goes_beyond(lower, upper):
            found.append(
                (
                    f"the tiers over {show_number(lower.over)} and over {show_number(upper.over)} "
                    f"both add their part, for example for {by} "
                    f"{show_number(_inside(lower, upper))}",
                    "end the lower one with up_to: if only one of them is meant",
                )
            )
    return found


def _goes_beyond(lower: Tier, upper: Tier) -> bool:
    """Whether the lower tier goes on growing where the upper one has begun."""
    once = lower.rate is None and lower.each is None
    return not once and (lower.up_to is None or lower.up_to > upper.over)


def _inside(lower: Tier, upper: Tier) -> Fraction:
    ends = [end for end in (lower.up_to, upper.up_to) if end is not None]
    return (upper.over + min(ends)) / 2 if ends else upper.over + 1
