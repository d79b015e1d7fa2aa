"""How far policies overlap: who is eligible for two at once, counted over a snapshot.

Nothing is written and nobody is named: what comes out are numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.evaluate import evaluate_part
from engine.own_measures import datasets_needed
from engine.program import bind
from policies.as_if import as_if_in_force
from policies.policy import Policy
from profiles.fact import Vocabulary
from profiles.snapshot import Snapshot, read_part

Tell = Callable[[str, int, int], None]
_Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two policies for one kind of subjects, and how many of these stand where.

    `undecided` are those for whom at least one of the two is unknown; all others are in exactly one
    of `both`, `only_first`, `only_second`, `neither`. The money is what each pays to those in both,
    as far as amounts are known; `open` are those in both whose amount is not.
    """

    first: Policy
    second: Policy
    subjects: int
    both: int
    only_first: int
    only_second: int
    neither: int
    first_fen: int
    second_fen: int
    first_open: int
    second_open: int

    @property
    def undecided(self) -> int:
        """For whom one of the two is unknown."""
        decided = self.both + self.only_first + self.only_second + self.neither
        return self.subjects - decided


@dataclass(slots=True, kw_only=True)
class _Sums:
    """Numbers of every pair of policies: rows are the first, columns the second."""

    subjects: int
    both: _Counts
    only: _Counts
    neither: _Counts
    fen: _Counts
    open: _Counts


def count_overlaps(
    policies: Sequence[Policy], snapshot: Snapshot, vocabulary: Vocabulary, tell: Tell
) -> list[Overlap]:
    """The overlap of every two policies for one kind, each as if in force on the snapshot's day."""
    found: list[Overlap] = []
    for kind in dict.fromkeys(policy.audience for policy in policies):
        chosen = [policy for policy in policies if policy.audience == kind]
        if len(chosen) < 2:
            continue
        sums = _count(chosen, kind, snapshot, vocabulary, tell)
        for one in range(len(chosen)):
            for other in range(one + 1, len(chosen)):
                found.append(
                    Overlap(
                        first=chosen[one],
                        second=chosen[other],
                        subjects=sums.subjects,
                        both=int(sums.both[one, other]),
                        only_first=int(sums.only[one, other]),
                        only_second=int(sums.only[other, one]),
                        neither=int(sums.neither[one, other]),
                        first_fen=int(sums.fen[one, other]),
                        second_fen=int(sums.fen[other, one]),
                        first_open=int(sums.open[one, other]),
                        second_open=int(sums.open[other, one]),
                    )
                )
    return found


def _count(
    policies: Sequence[Policy], kind: str, snapshot: Snapshot, vocabulary: Vocabulary, tell: Tell
) -> _Sums:
    bounds = []
    for number, policy in enumerate(policies):
        opened, _ = as_if_in_force(policy, snapshot.as_of)
        # a name of its own, as two of them may be versions of one policy
        bounds.append(
            bind(replace(opened, id=_name(number), version="1"), vocabulary, snapshot.as_of)
        )
    shape = (len(policies), len(policies))
    both, only, neither, fen, opened_amounts = (np.zeros(shape, np.int64) for _ in range(5))
    subjects = 0
    parts = list(snapshot.parts(kind))
    for done, part in enumerate(parts):
        tell("counting overlaps", done, len(parts))
        frames = read_part(snapshot, part, datasets=datasets_needed(bounds))
        rows, _ = evaluate_part(
            bounds, frames.facts, kind, rows=frames.rows, doubtful=frames.doubtful
        )
        people = frames.facts["subject"]
        subjects += people.len()
        standing = [_stand(rows, _name(number), people) for number in range(len(policies))]
        eligible = np.stack([one["eligible"].to_numpy() for one in standing]).astype(np.int64)
        unknown = np.stack([one["unknown"].to_numpy() for one in standing]).astype(np.int64)
        amount = np.stack([one["fen"].to_numpy() for one in standing]).astype(np.int64)
        waiting = np.stack([one["open"].to_numpy() for one in standing]).astype(np.int64)
        ineligible = 1 - eligible - unknown
        both += eligible @ eligible.T
        only += eligible @ ineligible.T
        neither += ineligible @ ineligible.T
        fen += amount @ eligible.T
        opened_amounts += waiting @ eligible.T
    return _Sums(
        subjects=subjects, both=both, only=only, neither=neither, fen=fen, open=opened_amounts
    )


def _stand(rows: pl.DataFrame, name: str, people: pl.Series) -> pl.DataFrame:
    """For each subject whether it is eligible or unknown, its money, and whether some is open.

    A subject with several awards of a policy is eligible where one of them is.
    """
    is_eligible = pl.col("verdict") == "eligible"
    found = (
        rows.filter(pl.col("policy") == name)
        .group_by("subject")
        .agg(
            eligible=is_eligible.any(),
            unknown=~is_eligible.any(),
            fen=pl.col("amount_fen").filter(is_eligible).sum(),
            open=(is_eligible & pl.col("amount_fen").is_null()).any(),
        )
    )
    joined = pl.DataFrame({"subject": people}).join(
        found, on="subject", how="left", maintain_order="left"
    )
    return joined.with_columns(
        pl.col("eligible", "unknown", "open").fill_null(False), pl.col("fen").fill_null(0)
    )


def _name(number: int) -> str:
    return f"policy-{number:04d}"
