"""What is paid of a chosen set: in full, or what caps leave, the highest first."""

import numpy as np
import numpy.typing as npt

from engine.package_cluster import Cluster, Rows, measure_caps, name_offers, take, unite, write
from engine.package_pattern import Cap, places_in
from engine.package_solving import Amounts, pay_in_order


def pay_chosen(
    cluster: Cluster,
    subjects: Rows,
    part: int,
    caps: list[Cap],
    chosen: list[tuple[Rows, int]],
) -> None:
    """Write what is chosen and what is paid of it, and of what a cap leaves nothing.

    `chosen` has sets of offers and the places among `subjects` whose set it is.
    """
    offers = places_in(part)
    is_chosen = np.zeros((len(subjects), len(offers)), dtype=bool)
    for rows, members in chosen:
        is_chosen[rows] = [bool(members >> i & 1) for i in offers]
    whole = np.where(is_chosen, take(cluster.amounts, subjects, offers), 0)
    paid, left = whole.copy(), np.ones(whole.shape, dtype=bool)
    room, _ = measure_caps(cluster, subjects, caps)
    for number, cap in enumerate(caps):
        under = [place for place, i in enumerate(offers) if cap.members >> i & 1]
        paid[:, under] = pay_in_order(whole[:, under], room[:, number])
        used = paid[:, under].sum(axis=1)
        left[:, under] = (room[:, number] > used)[:, None]
        _raise_awards(cluster, subjects, cap, used)
    for place, i in enumerate(offers):
        _write_paid(
            cluster, subjects, i, caps, is_chosen[:, place], whole[:, place], paid[:, place],
            left[:, place],
        )  # fmt: skip


def pay_caps_alone(cluster: Cluster, subjects: Rows, cap: Cap) -> None:
    """Under this cap nothing is chosen: awards that grew get what is left of it."""
    _raise_awards(cluster, subjects, cap, np.zeros(len(subjects), dtype=np.int64))


def hold(cluster: Cluster, subjects: Rows, part: int, reason: str, because: int) -> None:
    """Hold what matches of a part; `because` are the offers that have to be decided first."""
    for i in places_in(part & ~cluster.pattern.having("waiting")):
        others = name_offers(cluster.pattern, because & ~(1 << i) or because)
        write(cluster, subjects, i, "held", reason, by=others)


def _write_paid(
    cluster: Cluster,
    subjects: Rows,
    offer: int,
    caps: list[Cap],
    is_chosen: npt.NDArray[np.bool_],
    whole: Amounts,
    paid: Amounts,
    left: npt.NDArray[np.bool_],
) -> None:
    pattern = cluster.pattern
    # an open amount may still get what is left; where nothing is, it would be in name only
    open_ones = bool(pattern.having("open") >> offer & 1)
    nothing = (paid == 0) & (~left if open_ones else whole > 0)
    cut = (paid < whole) & ~nothing
    sharing = unite(c.members | c.received for c in caps if c.members >> offer & 1)
    by = name_offers(pattern, sharing & ~pattern.having("waiting") & ~(1 << offer))
    full = is_chosen & ~nothing & ~cut
    write(cluster, subjects[full], offer, "chosen", paid=paid[full])
    part = is_chosen & cut
    write(cluster, subjects[part], offer, "chosen", "cut", by=by, paid=paid[part])
    write(cluster, subjects[is_chosen & nothing], offer, "lost", "cap", by=by)


def _raise_awards(cluster: Cluster, subjects: Rows, cap: Cap, used: Amounts) -> None:
    """An award under a cap keeps what it has; what is left raises them, the highest rise first."""
    awards = places_in(cap.received)
    has = take(cluster.has, subjects, awards)
    room = np.maximum(np.maximum(cap.cap_fen - has.sum(axis=1), 0) - used, 0)
    gained = pay_in_order(take(cluster.grows, subjects, awards), room)
    for place, i in enumerate(awards):
        write(cluster, subjects, i, "kept", paid=has[:, place] + gained[:, place])
