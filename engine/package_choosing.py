"""The choice for all subjects of one pattern: highest groups first, then part by part.

A part is what conflicts, requirements and caps connect; parts do not touch each other. One without
a conflict or requirement leaves nothing to choose: all of it goes on, cut where a cap says so.
"""

import numpy as np

from engine.package_cluster import (
    Cluster,
    Rows,
    alike,
    measure_caps,
    name_offers,
    pairs,
    pose_problem,
    take,
    to_pattern,
    unite,
    write,
)
from engine.package_pattern import Cap, connect, places_in, set_of
from engine.package_paying import hold, pay_caps_alone, pay_chosen
from engine.package_solving import Amounts, Solution, solve

_UNKNOWN = ("open", "moneyless", "waiting")


def choose(cluster: Cluster) -> None:
    """Write what becomes of every offer of every subject."""
    pattern = cluster.pattern
    everybody = np.arange(len(cluster.places))
    capped = unite(cap.received for cap in pattern.caps)
    for i in places_in(pattern.fixed):
        # an award under a cap keeps what it has until its cap is paid out below
        write(cluster, everybody, i, "kept", "cap-unsure" if capped >> i & 1 else "")
    for i, ruled in pattern.ruled.items():
        by = name_offers(pattern, ruled.by)
        if ruled.policies:
            by = name_policies(ruled.policies)
        write(cluster, everybody, i, "lost", ruled.reason, by=by)
    for subjects, live, maybe in _settle_highest(cluster, everybody):
        for part, caps in _part(cluster, live):
            _choose_part(cluster, subjects, part, caps, maybe & part)
        for cap in pattern.caps:
            if not cap.members & live and not cap.unsure:
                pay_caps_alone(cluster, subjects, cap)


def name_policies(policies: tuple[str, ...]) -> str:
    """Policies of which there is no offer, as offers are named."""
    return "[" + ", ".join(f'["{policy}", ""]' for policy in policies) + "]"


def _settle_highest(cluster: Cluster, everybody: Rows) -> list[tuple[Rows, int, int]]:
    """Subjects alike in what their highest groups leave, with the live and the uncertain offers.

    A group's own best comes before everything else: its lower members are never drawn in its
    place. Where who is highest is not known yet, those who may be are uncertain.
    """
    cases = [(everybody, cluster.pattern.live, 0)]
    for group in cluster.pattern.highest:
        after = []
        for subjects, live, maybe in cases:
            after += _split(cluster, subjects, live, maybe, group)
        cases = after
    return cases


def _split(
    cluster: Cluster, subjects: Rows, live: int, maybe: int, group: int
) -> list[tuple[Rows, int, int]]:
    pattern = cluster.pattern
    offers = places_in(group)
    unknown = group & pattern.having(*_UNKNOWN)
    problem = pose_problem(pattern, offers, unknown, requires=False, caps=[])
    none = np.zeros((len(subjects), 0), dtype=np.int64)
    solution = solve(problem, take(cluster.amounts, subjects, offers), none, none)
    if solution is None:
        hold(cluster, subjects, group, "large", group)
        return [(subjects, live & ~group, maybe)]
    cases = []
    for rows, always, ever in alike(solution):
        stays, stand = to_pattern(always, offers), to_pattern(ever, offers)
        for i in places_in(group & ~stand):
            best = stand & ~unknown or stand
            against = name_offers(pattern, pattern.conflicts[i] & best or best)
            difference = None
            if not unknown:
                place = offers.index(i)
                difference = solution.total[rows] - solution.with_total[rows, place]
            write(cluster, subjects[rows], i, "lost", "highest", by=against, difference=difference)
        cases.append((subjects[rows], live & ~(group & ~stand), maybe | (stand & ~stays)))
    return cases


def _part(cluster: Cluster, live: int) -> list[tuple[int, list[Cap]]]:
    """The live offers in parts that nothing connects, each with its caps."""
    pattern = cluster.pattern
    near = list(pattern.conflicts)
    for i, required in enumerate(pattern.requires):
        for any_of in required:
            near[i] |= any_of
            for j in places_in(any_of):
                near[j] |= 1 << i
    for cap in pattern.caps:
        for i in places_in(cap.members):
            near[i] |= cap.members
    return [
        (part, [cap for cap in pattern.caps if cap.members & part]) for part in connect(live, near)
    ]


def _choose_part(cluster: Cluster, subjects: Rows, part: int, caps: list[Cap], maybe: int) -> None:
    pattern = cluster.pattern
    waiting = part & pattern.having("waiting")
    unclear = set_of(i for i in places_in(part) if pattern.nodes[i].policy in cluster.rules.unclear)
    if unclear:
        hold(cluster, subjects, part, "unclear", unclear)
        return
    if any(cap.unsure for cap in caps):
        hold(cluster, subjects, part, "cap-unsure", unite(cap.received for cap in caps))
        return
    is_choice = any(pattern.conflicts[i] & part or pattern.requires[i] for i in places_in(part))
    if not is_choice:
        chosen = [(np.arange(len(subjects)), part & ~waiting)]
        pay_chosen(cluster, subjects, part, caps, chosen)
        return
    unknown = part & pattern.having(*_UNKNOWN) | maybe
    under_caps = unite(cap.members for cap in caps)
    pending = pattern.having("received-open") & unite(cap.received for cap in caps)
    if undecided := unknown & under_caps | pending:
        # what it takes of the cap could make another set the best one
        hold(cluster, subjects, part, "open", undecided)
        return
    # what is open or without money and conflicts with nothing goes on whatever it is worth
    firm = set_of(i for i in places_in(part) if not pattern.conflicts[i] & part)
    uncertain = waiting | maybe | unknown & ~firm
    offers = places_in(part)
    room, grows = measure_caps(cluster, subjects, caps)
    problem = pose_problem(pattern, offers, uncertain, requires=True, caps=caps)
    amounts = take(cluster.amounts, subjects, offers)
    amounts[:, [place for place, i in enumerate(offers) if unknown >> i & 1]] = 0
    solution = solve(problem, amounts, room, grows)
    if solution is None:
        hold(cluster, subjects, part, "large", uncertain or part)
        return
    chosen = [(rows, to_pattern(always, offers)) for rows, always, _ in alike(solution)]
    if uncertain:
        for rows, stays in chosen:
            hold(cluster, subjects[rows], part & ~stays, "open", uncertain)
    else:
        _tell_losers(cluster, subjects, offers, caps, solution)
    pay_chosen(cluster, subjects, part, caps, chosen)


def _tell_losers(
    cluster: Cluster, subjects: Rows, offers: list[int], caps: list[Cap], solution: Solution
) -> None:
    for place, i in enumerate(offers):
        lost = np.flatnonzero((solution.always & (1 << place)) == 0)
        found = pairs(solution.always[lost], solution.with_best[lost, place], lost)
        for best, other, rows in found:
            with_it = solution.with_total[rows, place]
            possible = with_it >= 0
            _tell_loser(
                cluster,
                subjects[rows[possible]],
                i,
                to_pattern(best & ~other, offers),
                caps,
                solution.total[rows[possible]] - with_it[possible],
            )
            _tell_impossible(cluster, subjects[rows[~possible]], i, caps)


def _tell_loser(
    cluster: Cluster,
    subjects: Rows,
    offer: int,
    instead: int,
    caps: list[Cap],
    difference: Amounts,
) -> None:
    """Against an offer stands what would have to give way to it in the best set."""
    pattern = cluster.pattern
    sharing = unite(cap.members for cap in caps if cap.members >> offer & 1)
    by = name_offers(pattern, instead)
    reasons = [("tie", difference == 0), ("instead", difference > 0)]
    if not pattern.conflicts[offer] & instead and sharing & instead:
        reasons = [("cap", difference >= 0)]
    for reason, rows in reasons:
        write(cluster, subjects[rows], offer, "lost", reason, by=by, difference=difference[rows])


def _tell_impossible(cluster: Cluster, subjects: Rows, offer: int, caps: list[Cap]) -> None:
    """Nothing is left of its cap, or of what it requires."""
    pattern = cluster.pattern
    sharing = unite(cap.received for cap in caps if cap.members >> offer & 1)
    if sharing:
        write(cluster, subjects, offer, "lost", "cap", by=name_offers(pattern, sharing))
        return
    wanted = name_offers(pattern, unite(pattern.requires[offer]))
    write(cluster, subjects, offer, "lost", "requires", by=wanted)
