"""The brake: which policies of a run change too much to go on before a second person has looked.

Pure: what a run changed in a policy, and how much it may, say whether it is over which limit. A
policy over a limit is held together with the policies that it is linked with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

Limit = Literal[
    "per",
    "gained",
    "lost",
    "unsettled",
    "amount",
    "gained_share",
    "lost_share",
    "unsettled_share",
    "amount_share",
    "audience_share",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a run may change in a policy; a figure above its limit holds the policy.

    `gained`, `lost`, `unsettled` (subjects or items) and `amount_fen` are absolute and hold for a
    first run too. The shares are of what was accepted before: of those eligible, of their known
    amounts. `audience_share` is the share of all subjects of the policy's kind that is eligible;
    it counts where less was accepted before. Up to `few` may change whatever share they are.
    """

    gained: int = 500_000
    lost: int = 100_000
    unsettled: int = 500_000
    amount_fen: int = 50_000_000_000  # 500 million yuan
    gained_share: Fraction = Fraction(1, 5)
    lost_share: Fraction = Fraction(1, 10)
    unsettled_share: Fraction = Fraction(1, 10)
    amount_share: Fraction = Fraction(1, 5)
    audience_share: Fraction = Fraction(3, 4)
    few: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run found in a policy, and changed against what was accepted of it before.

    `eligible` are matches, `reached` the subjects that have one, of `audience` subjects in all.
    `before`, `reached_before` and `before_fen` are those of the outcome accepted last; None: there
    is none, the policy runs for the first time. Amounts are the sums of those known. `per` says
    its periods, how long and which (`month last`, `year 2025`), "" where that is not known; of
    runs that noted less it is how long they are. `period` is the one that was decided.
    """

    audience: int
    reached: int
    eligible: int
    amount_fen: int
    before: int | None = None
    reached_before: int | None = None
    before_fen: int | None = None
    gained: int = 0
    lost: int = 0
    unsettled: int = 0
    amount_changed: int = 0
    difference_fen: int = 0
    per: str = ""
    per_before: str = ""
    period: str = ""

    @property
    def changed(self) -> int:
        """How many matches are other than before."""
        return self.gained + self.lost + self.unsettled + self.amount_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """One limit that a policy is over: by which figure, of what, where at most `allowed` may be.

    Counts are of matches or subjects, those of `amount` and `amount_share` in fen. `of` is what a
    share is of, None of an absolute limit.
    """

    limit: Limit
    figure: int
    allowed: Fraction
    of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Why a policy is held: its own excesses, and the policies over a limit it is linked with."""

    excesses: tuple[Excess, ...] = ()
    linked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakeLimits:
    """The limits of an installation: those of every policy, and of some by id others."""

    usual: Limits = field(default_factory=Limits)
    by_policy: Mapping[str, Limits] = field(default_factory=dict)

    def of(self, policy: str) -> Limits:
        """The limits of a policy."""
        return self.by_policy.get(policy, self.usual)


def find_excesses(figures: Figures, limits: Limits) -> tuple[Excess, ...]:
    """Every limit that a policy is over, absolute ones first.

    Where its periods are others, all its matches get awards once more, although nothing
    is gained: more than few of them are held whatever the other limits are.
    """
    counted: tuple[tuple[Limit, int, int], ...] = (
        ("gained", figures.gained, limits.gained),
        ("lost", figures.lost, limits.lost),
        ("unsettled", figures.unsettled, limits.unsettled),
        ("amount", abs(figures.difference_fen), limits.amount_fen),
    )
    found = [
        Excess(limit=name, figure=count, allowed=Fraction(allowed))
        for name, count, allowed in counted
        if count > allowed
    ]
    length = figures.per.partition(" ")[0]
    another = figures.per_before not in ("", length, figures.per)
    if another and figures.eligible > limits.few:
        found.insert(0, Excess(limit="per", figure=figures.eligible, allowed=Fraction(limits.few)))
    found += [
        Excess(limit=name, figure=figure, allowed=allowed, of=whole)
        for name, figure, whole, allowed, behind in _shares(figures, limits)
        if behind > limits.few and figure > allowed * whole
    ]
    return tuple(found)


def _shares(figures: Figures, limits: Limits) -> Iterator[tuple[Limit, int, int, Fraction, int]]:
    """Each share: its figure, of what, how much is allowed, and how many stand behind it."""
    before = figures.before
    if before is not None:
        gained, lost, unsettled = figures.gained, figures.lost, figures.unsettled
        moved, was = abs(figures.difference_fen), figures.before_fen or 0
        yield "gained_share", gained, before, limits.gained_share, gained
        yield "lost_share", lost, before, limits.lost_share, lost
        yield "unsettled_share", unsettled, before, limits.unsettled_share, unsettled
        # no share of nothing: where all amounts were open, only the absolute limit counts
        if was:
            yield "amount_share", moved, was, limits.amount_share, figures.changed
    # so large a share that was accepted once is not asked about each time
    if (figures.reached_before or 0) <= limits.audience_share * figures.audience:
        reached = figures.reached
        yield "audience_share", reached, figures.audience, limits.audience_share, reached


def brake(
    figures: Mapping[str, Figures], limits: BrakeLimits, groups: Iterable[Sequence[str]] = ()
) -> dict[str, Held]:
    """The policies that are held and why, by id; all others go on.

    `groups` are policies that are decided together: where one is held, all of them are.
    """
    over = {
        policy: excesses
        for policy, one in figures.items()
        if (excesses := find_excesses(one, limits.of(policy)))
    }
    held = {policy: Held(excesses=excesses) for policy, excesses in over.items()}
    for group in groups:
        causes = sorted(policy for policy in group if policy in over)
        for policy in group if causes else ():
            if policy in figures:
                held[policy] = Held(
                    excesses=over.get(policy, ()),
                    linked=tuple(cause for cause in causes if cause != policy),
                )
    return dict(sorted(held.items()))
