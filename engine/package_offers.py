"""Offers: what a subject could draw of one policy for one period, gathered by who can conflict.

Several items of one policy and period are one offer: they never conflict with each other, and any
of them conflicts with what the policy conflicts with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from engine.package_rules import ONCE, PackageRules
from policies.period import parse_period

STATUSES = (
    "known",  # matches, the amount is known
    "open",  # matches, the amount is not known yet
    "moneyless",  # matches, and gives no money that could be weighed
    "waiting",  # may come: the verdict is unknown, or the match is held for another reason
    "received",  # there is an award, and it stays
    "received-open",  # there is an award, its amount is still open and follows from a later run
    "received-unsure",  # there is an award, nobody knows its amount
    "received-moneyless",
)
AMOUNTS = ("amount_fen", "has_fen", "grows_fen")
_PART = (0, 0, 0, 1, 2, 2, 2, 2)
"""Of one policy and period the statuses of one part are one offer, with the last of them."""
_LEVELS = {12: 1, 6: 2, 3: 3, 1: 4}

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An offer without its subject and amount: what the rules look at."""

    policy: str
    period: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Offers by number, those of one cluster side by side, in the order of policy and period.

    A cluster is what rules and overlapping periods could connect of one subject's. `node` is each
    offer's place in `nodes`, `amounts` has what AMOUNTS names, `starts` each cluster's first offer.
    """

    subjects: pl.Series
    nodes: tuple[Node, ...]
    subject: Numbers
    node: Numbers
    amounts: tuple[Numbers, Numbers, Numbers]
    starts: Numbers

    def as_frame(self) -> pl.DataFrame:
        """One row for each offer: subject, policy, period, status and the amounts."""
        names = {
            "policy": pl.Series([node.policy for node in self.nodes], dtype=pl.String),
            "period": pl.Series([node.period for node in self.nodes], dtype=pl.String),
            "status": pl.Series([node.status for node in self.nodes], dtype=pl.String),
        }
        return pl.DataFrame(
            {
                "subject": self.subjects[self.subject],
                **{name: values[self.node] for name, values in names.items()},
                **dict(zip(AMOUNTS, self.amounts, strict=True)),
            }
        )


def gather_offers(rows: pl.DataFrame, rules: PackageRules) -> Offers:
    """The offers of rows with `subject`, `policy`, `period`, `status` and AMOUNTS.

    Rows of policies of which no rule speaks are left out.
    """
    rows = rows.filter(pl.col("policy").is_in(sorted(rules.linked)))
    subjects, subject = _number_many(rows["subject"])
    policies, policy = _number_few(rows["policy"], sorted(rules.linked))
    periods, period = _number_few(rows["period"], rows["period"].unique().sort().to_list())
    _, status = _number_few(rows["status"], STATUSES)
    part = np.array(_PART)[status]
    key = ((subject * len(policies) + policy) * len(periods) + period) * 3 + part
    order = np.argsort(key, kind="stable")
    first = _first_of_each(key[order])
    amounts = [_sums(rows[name].to_numpy()[order], first) for name in AMOUNTS]
    one = order[first]
    subject, policy, period = subject[one], policy[one], period[one]
    status = np.maximum.reduceat(status[order], first) if len(first) else status[:0]

    linked = np.array([rules.linked[name] for name in policies], dtype=np.int64)[policy]
    group = subject * (max(rules.linked.values(), default=0) + 1) + linked
    cluster = group * len(periods) + _longest(group, period, periods)
    nodes, node = _number_nodes(policies, periods, policy, period, status)
    order = np.argsort(cluster * len(nodes) + node, kind="stable")
    amount, has, grows = (a[order] for a in amounts)
    return Offers(
        subjects=subjects,
        nodes=nodes,
        subject=subject[order],
        node=node[order],
        amounts=(amount, has, grows),
        starts=_first_of_each(cluster[order]),
    )


def group_patterns(offers: Offers) -> Iterator[tuple[tuple[Node, ...], Numbers]]:
    """Each pattern, its nodes, with a row for each cluster of it: where its offers stand.

    Clusters are grouped by a random number for each set of nodes, and then compared.
    """
    if not len(offers.starts):
        return
    mark = np.random.default_rng(0).integers(2**63, size=len(offers.nodes), dtype=np.int64)
    marks = np.bitwise_xor.reduceat(mark[offers.node], offers.starts)
    sizes = np.diff(np.append(offers.starts, len(offers.node)))
    order = np.lexsort((marks, sizes))
    bounds = _first_of_each(sizes[order], marks[order])
    for group in np.split(order, bounds[1:]):
        places = offers.starts[group][:, None] + np.arange(sizes[group[0]])
        found = offers.node[places]
        if (found == found[0]).all():
            yield tuple(offers.nodes[number] for number in found[0]), places
            continue
        distinct, which = np.unique(found, axis=0, return_inverse=True)  # pragma: no cover
        for number, numbers in enumerate(distinct):  # pragma: no cover
            yield tuple(offers.nodes[n] for n in numbers), places[which.ravel() == number]


def _number_few(values: pl.Series, names: Sequence[str]) -> tuple[Sequence[str], Numbers]:
    """The names, and the place among them of each value."""
    return names, values.cast(pl.Enum(names)).to_physical().cast(pl.Int64).to_numpy()


def _number_many(values: pl.Series) -> tuple[pl.Series, Numbers]:
    """The distinct values, and the place among them of each; by hash, several times as fast."""
    hashes = values.hash().to_numpy()
    order = np.argsort(hashes)
    first = _first_of_each(hashes[order])
    place = np.zeros(len(values), dtype=np.int64)
    place[order[first[1:]]] = 1
    place[order] = np.cumsum(place[order])
    distinct = values.gather(order[first])
    if (distinct.gather(place) == values).all():
        return distinct, place
    return values.unique().sort(), values.rank("dense").cast(
        pl.Int64
    ).to_numpy() - 1  # pragma: no cover


def _first_of_each(*keys: npt.NDArray[np.generic]) -> Numbers:
    """Where in ordered keys another one begins."""
    changes = np.zeros(len(keys[0]), dtype=bool)
    changes[:1] = True
    for key in keys:
        changes[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(changes)


def _sums(values: Numbers, first: Numbers) -> Numbers:
    return np.add.reduceat(values, first) if len(first) else values[:0]


def _longest(group: Numbers, period: Numbers, periods: Sequence[str]) -> Numbers:
    """For each offer the longest period of its group that contains its own, as a place.

    Periods of the calendar either contain each other or share no day, so the longest that is there
    names the cluster of all that it contains. `once` contains all.
    """
    around = [_around(name) for name in periods]
    place = {name: number for number, name in enumerate(periods)}
    there: Numbers | None = None
    longest = period.copy()
    for level in (4, 3, 2, 1, 0):
        container = np.array([place.get(names.get(level, ""), -1) for names in around])
        around_each = container[period] if len(periods) else container
        wanted = np.flatnonzero((around_each >= 0) & (around_each != period))
        if not len(wanted):
            continue
        if there is None:
            there = np.sort(group * len(periods) + period)
        keys = group[wanted] * len(periods) + around_each[wanted]
        found = np.searchsorted(there, keys)
        present = there[np.minimum(found, len(there) - 1)] == keys
        longest[wanted[present]] = around_each[wanted[present]]
    return longest


def _around(period: str) -> Mapping[int, str]:
    """The periods that contain one, by level: 0 once, 1 the year, 2 half, 3 quarter, 4 month."""
    if period == ONCE:
        return {0: ONCE}
    try:
        parsed = parse_period(period)
    except ValueError:
        return {0: ONCE, 4: period}
    year, month = parsed.start.year, parsed.start.month
    months = (parsed.end.year * 12 + parsed.end.month) - (year * 12 + month) + 1
    names = {
        0: ONCE,
        1: f"{year:04d}",
        2: f"{year:04d}H{(month + 5) // 6}",
        3: f"{year:04d}Q{(month + 2) // 3}",
        4: f"{year:04d}-{month:02d}",
    }
    return {level: name for level, name in names.items() if level <= _LEVELS[months]}


def _number_nodes(
    policies: Sequence[str],
    periods: Sequence[str],
    policy: Numbers,
    period: Numbers,
    status: Numbers,
) -> tuple[tuple[Node, ...], Numbers]:
    """The distinct nodes in the stated order, policy then period, and the place of each offer's."""
    key = (policy * max(len(periods), 1) + period) * len(STATUSES) + status
    occurs = np.zeros(len(policies) * max(len(periods), 1) * len(STATUSES), dtype=bool)
    occurs[key] = True
    node = (np.cumsum(occurs) - 1)[key]
    nodes = []
    for number in np.flatnonzero(occurs).tolist():
        rest, of_status = divmod(number, len(STATUSES))
        of_policy, of_period = divmod(rest, len(periods))
        nodes.append(
            Node(policy=policies[of_policy], period=periods[of_period], status=STATUSES[of_status])
        )
    return tuple(nodes), node
