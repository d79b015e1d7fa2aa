"""The outcome of one part: for each policy who is eligible and who is unknown, in bits.

A run over a city decides billions of times and finds hundreds of millions of rows; as two bits a
subject and policy they are compared and counted at the pace of memory. `list_rows` writes them out
as rows with texts wherever somebody wants to read them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from engine.fingerprint import (
    NO_ROWS,
    Lanes,
    Sum,
    factor_of,
    factor_of_number,
    join_lanes,
    mix_texts,
    weigh,
)
from language.bits import WORD, Flags, Rows, Words, find_rows, pack, word_count

MATCH_SCHEMA: Mapping[str, pl.DataType] = {
    "policy": pl.String(),  # the family, without version
    "version": pl.String(),
    "subject": pl.String(),
    "kind": pl.String(),  # enterprise, resident, household
    "period": pl.String(),  # 2025-11, 2025Q4, 2025H2, 2025, once
    "item": pl.String(),  # "": the subject as a whole
    "amount_fen": pl.Int64(),  # null: still open
}
"""The columns of matches."""

OUTCOME_SCHEMA: Mapping[str, pl.DataType] = {
    **MATCH_SCHEMA,
    "missing": pl.String(),  # names of the facts that an open amount waits for, commas between
    "delivery": pl.String(),  # direct, confirm, invite; "" where the verdict is unknown
    "verdict": pl.String(),  # eligible, unknown
    "rows": pl.Int64(),  # how many rows hold; null: the policy decides no rows
    "rows_open": pl.Int64(),  # how many rows are undecided
    "claims": pl.String(),  # what the rows that hold use up, a JSON list; "": nothing
}
KEY = ["policy", "subject", "period", "item"]

ROWS_SCHEMA: Mapping[str, pl.DataType] = {
    "place": pl.UInt32(),
    **{name: kind for name, kind in OUTCOME_SCHEMA.items() if name not in ("subject", "kind")},
}
"""The rows of policies that decide rows or have items: `place` is the subject's in the part."""

OPEN = np.iinfo(np.int64).min
"""Stands in arrays for an amount that is still open."""

UNKNOWN = factor_of(("unknown",))
"""What a row says that is unknown."""

Amounts = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A text for each of some rows: `words`, and the number of each row's word.

    Without `codes` all rows have the first word.
    """

    words: tuple[str, ...]
    codes: Codes | None = None

    def series(self, count: int) -> pl.Series:
        """The texts of so many rows."""
        words = pl.Series(self.words, dtype=pl.String)
        if self.codes is None:
            return words[:1].new_from_index(0, count)
        return words.gather(pl.Series(self.codes))


NOTHING = Texts(words=("",))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOutcome:
    """Who is eligible or unknown under one policy for one period, each a subject as a whole.

    `amounts` (fen, `OPEN` where open) is one number for all, or an array over the eligible
    subjects in the order of the part; so are `delivery` and `missing`, the facts that an open
    amount waits for.
    """

    policy: str
    version: str
    period: str
    eligible: Words
    unknown: Words
    amounts: int | Amounts
    delivery: Texts
    missing: Texts = NOTHING

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from the others of the part."""
        return self.policy, self.version, self.period

    def count_eligible(self) -> int:
        return int(np.bitwise_count(self.eligible).sum())

    def count_unknown(self) -> int:
        return int(np.bitwise_count(self.unknown).sum())

    def sum_amounts(self) -> tuple[int, int]:
        """The known amounts together, in fen, and how many are open."""
        if isinstance(self.amounts, int):
            count = self.count_eligible()
            return (0, count) if self.amounts == OPEN else (self.amounts * count, 0)
        is_open = self.amounts == OPEN
        count = int(is_open.sum())
        known = self.amounts[~is_open] if count else self.amounts
        return add_up(known), count


def add_up(amounts: Amounts) -> int:
    """The sum without overflow: of the high and the low halves apart."""
    high, low = amounts >> 32, amounts & 0xFFFFFFFF
    return (int(high.sum()) << 32) + int(low.sum())


@dataclass(frozen=True, kw_only=True)
class PartOutcome:
    """The outcome of a part; `rows` (`ROWS_SCHEMA`) are those of policies that decide rows."""

    kind: str
    subjects: pl.Series
    policies: tuple[PolicyOutcome, ...]
    rows: pl.DataFrame

    @cached_property
    def lanes(self) -> Lanes:
        """The fingerprint of each subject."""
        return mix_texts(self.subjects)

    @property
    def height(self) -> int:
        return len(self.subjects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one policy came to for one period over some subjects, with the sum of fingerprints."""

    eligible: int = 0
    unknown: int = 0
    amount_fen: int = 0
    open_amounts: int = 0
    fingerprint: Sum = NO_ROWS

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            eligible=self.eligible + other.eligible,
            unknown=self.unknown + other.unknown,
            amount_fen=self.amount_fen + other.amount_fen,
            open_amounts=self.open_amounts + other.open_amounts,
            fingerprint=self.fingerprint + other.fingerprint,
        )

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(
            eligible=self.eligible - other.eligible,
            unknown=self.unknown - other.unknown,
            amount_fen=self.amount_fen - other.amount_fen,
            open_amounts=self.open_amounts - other.open_amounts,
            fingerprint=self.fingerprint - other.fingerprint,
        )


Key = tuple[str, str, str]
"""Policy, version, period."""


def count_part(part: PartOutcome) -> dict[Key, Counts]:
    """What each policy of a part came to."""
    found = {outcome.key: _count(part, outcome) for outcome in part.policies}
    for (policy, version, period), rows in part.rows.group_by("policy", "version", "period"):
        eligible = rows["verdict"] == "eligible"
        key = (str(policy), str(version), str(period))
        counts = Counts(
            eligible=int(eligible.sum()),
            unknown=int((~eligible).sum()),
            amount_fen=add_up(rows["amount_fen"].fill_null(0).to_numpy()),
            open_amounts=int((eligible & rows["amount_fen"].is_null()).sum()),
            fingerprint=_sum_rows(part, rows),
        )
        found[key] = found.get(key, Counts()) + counts
    return found


def _count(part: PartOutcome, outcome: PolicyOutcome) -> Counts:
    eligible = rows_of(outcome.eligible)
    unknown = rows_of(outcome.unknown)
    amount_fen, open_amounts = outcome.sum_amounts()
    of_unknown = part.lanes[unknown].total().times(UNKNOWN)
    return Counts(
        eligible=len(eligible),
        unknown=len(unknown),
        amount_fen=amount_fen,
        open_amounts=open_amounts,
        fingerprint=_sum_eligible(part, outcome, eligible) + of_unknown,
    )


def _sum_eligible(part: PartOutcome, outcome: PolicyOutcome, eligible: Rows) -> Sum:
    """Rows that say the same are summed together; an amount of its own is a factor of its row."""
    lanes, alike = part.lanes[eligible], Sum(1, 1)
    if isinstance(outcome.amounts, int):
        alike = factor_of_number(outcome.amounts)
    else:
        lanes = weigh(lanes, outcome.amounts)
    total = Sum()
    for texts, chosen in _alike(outcome, len(eligible)):
        told = lanes if chosen is None else lanes[chosen]
        total += told.total().times(alike).times(factor_of(("eligible", *texts)))
    return total


def _alike(outcome: PolicyOutcome, count: int) -> Iterable[tuple[tuple[str, str], Flags | None]]:
    """The rows with the same delivery and the same missing facts; None is all of them."""
    delivery, missing = outcome.delivery, outcome.missing
    if delivery.codes is None and missing.codes is None:
        yield (delivery.words[0], missing.words[0]), None
        return
    none = np.zeros(count, np.uint16)
    ways = none if delivery.codes is None else delivery.codes
    waits = none if missing.codes is None else missing.codes
    for way, word in enumerate(delivery.words):
        for wait, names in enumerate(missing.words):
            chosen = (ways == way) & (waits == wait)
            if chosen.any():
                yield (word, names), chosen


def _sum_rows(part: PartOutcome, rows: pl.DataFrame) -> Sum:
    lanes = part.lanes[rows["place"].to_numpy()]
    for name, kind in ROWS_SCHEMA.items():
        if name in ("place", "policy", "version", "period"):
            continue
        if kind == pl.Int64():
            lanes = weigh(lanes, rows[name].fill_null(OPEN).to_numpy())
        else:
            lanes = join_lanes(lanes, mix_texts(rows[name]))
    return lanes.total()


def rows_of(words: Words) -> Rows:
    """The numbers of the rows whose bit is set."""
    return find_rows(words, words)[0]


def list_rows(part: PartOutcome, policies: Iterable[str] | None = None) -> pl.DataFrame:
    """A part's outcome as rows with the columns OUTCOME_SCHEMA, sorted by policy and version, then
    as the part is; only of some policies where these are named."""
    wanted = None if policies is None else set(policies)
    pieces = [
        (outcome.key, _list_policy(part, outcome))
        for outcome in part.policies
        if wanted is None or outcome.policy in wanted
    ]
    if part.rows.height:
        rows = part.rows
        if wanted is not None:
            rows = rows.filter(pl.col("policy").is_in(list(wanted)))
        for (policy, version, period), group in rows.group_by(
            "policy", "version", "period", maintain_order=True
        ):
            told = group.with_columns(
                subject=part.subjects.gather(group["place"]), kind=pl.lit(part.kind)
            )
            pieces.append(((str(policy), str(version), str(period)), told.select(*OUTCOME_SCHEMA)))
    pieces.sort(key=lambda piece: piece[0])
    return pl.concat([pl.DataFrame(schema=OUTCOME_SCHEMA), *(rows for _, rows in pieces)])


def _list_policy(part: PartOutcome, outcome: PolicyOutcome) -> pl.DataFrame:
    rows, eligible = find_rows(outcome.eligible | outcome.unknown, outcome.eligible)
    places = np.flatnonzero(eligible)
    count = len(places)
    amounts = np.full(len(rows), OPEN)
    amounts[places] = outcome.amounts
    texts = {}
    for name, words in (("missing", outcome.missing), ("delivery", outcome.delivery)):
        empty = pl.Series([""]).new_from_index(0, len(rows))
        texts[name] = empty.scatter(places, words.series(count)) if count else empty
    gives = pl.Series(eligible)
    return pl.DataFrame(
        {
            "subject": part.subjects.gather(pl.Series(rows)),
            "amount_fen": pl.Series(amounts),
            **texts,
            "gives": gives,
        }
    ).select(
        policy=pl.lit(outcome.policy),
        version=pl.lit(outcome.version),
        subject="subject",
        kind=pl.lit(part.kind),
        period=pl.lit(outcome.period),
        item=pl.lit(""),
        amount_fen=pl.when(pl.col("amount_fen") != OPEN).then("amount_fen"),
        missing="missing",
        delivery="delivery",
        verdict=pl.when("gives").then(pl.lit("eligible")).otherwise(pl.lit("unknown")),
        rows=pl.lit(None, dtype=pl.Int64),
        rows_open=pl.lit(None, dtype=pl.Int64),
        claims=pl.lit(""),
    )


def gather_part(
    kind: str, subjects: pl.Series, rows: pl.DataFrame, in_rows: Collection[str] = ()
) -> PartOutcome:
    """The outcome of a part from rows with the columns OUTCOME_SCHEMA.

    A policy one of whose rows has an item, rows or claims stays in rows, and so do those of
    `in_rows` (`id@version`): bits and rows have other fingerprints, and which of them a policy has
    must not hang on who happens to be in a part.
    """
    places = pl.DataFrame({"subject": subjects}).with_row_index("place")
    placed = rows.join(places, on="subject", how="left", maintain_order="left")
    apart = (pl.col("item") != "") | pl.col("rows").is_not_null() | (pl.col("claims") != "")
    key = ["policy", "version", "period"]
    named = pl.concat_str("policy", pl.lit("@"), "version").is_in(list(in_rows))
    stays = pl.any_horizontal(apart).any().over(key) | named
    whole = placed.filter(~stays)
    return PartOutcome(
        kind=kind,
        subjects=subjects,
        policies=tuple(
            gather_policy(len(subjects), (str(names[0]), str(names[1]), str(names[2])), group)
            for names, group in whole.group_by(key, maintain_order=True)
        ),
        rows=placed.filter(stays).select(*ROWS_SCHEMA),
    )


def gather_policy(height: int, key: Key, rows: pl.DataFrame) -> PolicyOutcome:
    """One policy's outcome from its rows, with their `place` in a part of so many subjects."""
    rows = rows.sort("place")
    eligible = rows.filter(pl.col("verdict") == "eligible")
    unknown = rows.filter(pl.col("verdict") != "eligible")
    policy, version, period = key
    return PolicyOutcome(
        policy=policy,
        version=version,
        period=period,
        eligible=pack_rows(eligible["place"].to_numpy(), height),
        unknown=pack_rows(unknown["place"].to_numpy(), height),
        amounts=alike_or_each(eligible["amount_fen"].fill_null(OPEN).to_numpy()),
        delivery=texts_of(eligible["delivery"]),
        missing=texts_of(eligible["missing"]),
    )


def pack_rows(places: npt.NDArray[np.generic], height: int) -> Words:
    """The bits of a part of so many subjects, set at some places."""
    flags = np.zeros(word_count(height) * WORD, np.bool_)
    flags[places] = True
    return pack(flags)


def alike_or_each(amounts: Amounts) -> int | Amounts:
    """One number where all are the same."""
    if not len(amounts):
        return OPEN
    low = int(amounts.min())
    return low if low == int(amounts.max()) else amounts


def texts_of(texts: pl.Series) -> Texts:
    """The words in their order, so that the same texts are always written the same way."""
    words = texts.unique().sort()
    if len(words) <= 1:
        return Texts(words=tuple(words) or ("",))
    if len(words) > np.iinfo(np.uint16).max:
        raise ValueError(f"{len(words)} different texts are too many for one policy")
    places = words.search_sorted(texts)
    return Texts(words=tuple(words), codes=places.to_numpy().astype(np.uint16))


def join_policies(found: Iterable[Sequence[PolicyOutcome]]) -> tuple[PolicyOutcome, ...]:
    """The policies of several groups, in their order."""
    return tuple(sorted((one for some in found for one in some), key=lambda one: one.key))
