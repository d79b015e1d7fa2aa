"""Amounts as policies of the catalogue have them, each written twice, as `catalogue_conditions`.

By hand an amount is in fen, whole, half up; it is null where a fact that it needs is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from benchmarks.catalogue_conditions import DAY, NOT_ALWAYS, c, years_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share in thousandths of a sum of money, with a ceiling in fen; of nothing, the ceiling."""

    fact: str | None
    thousandths: int
    most_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """The parameter and the steps of an amount, and the expression for it."""

    parameter: str | None
    steps: str
    hand: pl.Expr
    simple: Share | None = None


def constant(yuan: int) -> Amount:
    """The same for everybody."""
    return Amount(
        parameter=None,
        steps=str(yuan),
        hand=pl.lit(yuan * 100, dtype=pl.Int64),
        simple=Share(fact=None, thousandths=0, most_fen=yuan * 100),
    )


def by_code(fact: str, yuan: Mapping[str, int], other: int) -> Amount:
    """By a code; any other known code has its own amount."""
    rows = ", ".join(f"{code}: {amount}" for code, amount in yuan.items())
    fen = {code: amount * 100 for code, amount in yuan.items()}
    return Amount(
        parameter=f"standard: {{by: {fact}, source: 办法, rows: {{{rows}, else: {other}}}}}",
        steps="standard",
        hand=_of_known(
            fact,
            c(fact).cast(pl.String).replace_strict(fen, default=other * 100, return_dtype=pl.Int64),
        ),
    )


def by_title(first: int, review: int, better: int) -> Amount:
    """By a title and how it was got, in ten thousands; other titles have none."""
    hand = pl.when(c("title").is_in(["hnte", "little_giant"])).then(
        pl.when(c("title_event") == "first")
        .then(first)
        .when(c("title_event") == "review")
        .then(review)
    )
    champion = pl.when(c("title_event").is_in(["first", "review"])).then(better)
    return Amount(
        parameter=(
            "standard: {by: [title, title_event], source: 办法, rows: "
            f'{{"hnte, little_giant": {{first: {first}万, review: {review}万}}, '
            f"national_champion: {{first: {better}万, review: {better}万}}}}}}"
        ),
        steps="standard",
        hand=hand.when(c("title") == "national_champion").then(champion) * 1_000_000,
    )


def by_level(yuan: Sequence[int]) -> Amount:
    """By the level of a disability, the highest first; the other levels have nothing."""
    rows = ", ".join(f"{level}: {amount}" for level, amount in enumerate(yuan, 1))
    fen = {level: amount * 100 for level, amount in enumerate(yuan, 1)}
    tabled = c("disability_level").replace_strict(fen, default=0, return_dtype=pl.Int64)
    return Amount(
        parameter=f"standard: {{by: disability_level, source: 办法, rows: {{{rows}, else: 0}}}}",
        steps="standard",
        hand=_of_known("disability_level", tabled),
    )


def by_age(bands: Sequence[tuple[int, int]]) -> Amount:
    """From each of some ages on so many yuan; younger ones have nothing."""
    rows = [f"under {bands[0][0]}: 0"]
    for (start, yuan), (end, _) in pairwise(bands):
        rows.append(f"from {start} under {end}: {yuan}")
    rows.append(f"from {bands[-1][0]}: {bands[-1][1]}")
    born = c("birth_date")
    hand: pl.Expr = pl.when(born.is_not_null()).then(0)
    for start, yuan in bands:
        hand = pl.when(born <= years_before(DAY, start)).then(yuan * 100).otherwise(hand)
    return Amount(
        parameter=f"standard: {{by: age, source: 办法, rows: {{{', '.join(rows)}}}}}",
        steps="standard",
        hand=hand.cast(pl.Int64),
    )


def share_of(fact: str, thousandths: int, most: int) -> Amount:
    """A share of a sum of money, up to so many yuan."""
    return Amount(
        parameter=None,
        steps=f"[{fact}, {{times: {_decimal(thousandths)}}}, {{at_most: {most}}}]",
        hand=_least((c(fact) * thousandths + 500) // 1000, most * 100),
        simple=Share(fact=fact, thousandths=thousandths, most_fen=most * 100),
    )


def share_by_size(fact: str, rates: Mapping[str, int], other: int, most: int) -> Amount:
    """A share in thousandths by the size of a firm, up to so many yuan."""
    rows = ", ".join(f"{size}: {_decimal(rate)}" for size, rate in rates.items())
    rate = c("ent_size").cast(pl.String)
    rate = rate.replace_strict(dict(rates), default=other, return_dtype=pl.Int64)
    return Amount(
        parameter=(
            f"standard: {{by: ent_size, source: 办法, rows: {{{rows}, else: {_decimal(other)}}}}}"
        ),
        steps=f"[{fact}, {{times: standard}}, {{at_most: {most}}}]",
        hand=_least((c(fact) * _of_known("ent_size", rate) + 500) // 1000, most * 100),
    )


def smaller_of(one: str, other: str) -> Amount:
    """The smaller of two sums."""
    both = c(one).is_not_null() & c(other).is_not_null()
    return Amount(
        parameter=None,
        steps=f"'$min({one}, {other})'",
        hand=pl.when(both).then(pl.min_horizontal(one, other)),
    )


def each(fact: str, yuan: int, most: int) -> Amount:
    """So many yuan for each, up to so many."""
    return Amount(
        parameter=None,
        steps=f"[{fact}, {{times: {yuan}}}, {{at_most: {most}}}]",
        hand=_least(c(fact) * (yuan * 100), most * 100),
        simple=Share(fact=fact, thousandths=yuan * 100_000, most_fen=most * 100),
    )


def months_by_degree(yuan: Mapping[str, int], most: int) -> Amount:
    """By the highest degree, for each month of insurance, at most so many of them."""
    monthly = by_code("education_level", yuan, 0)
    return Amount(
        parameter=monthly.parameter,
        steps=f"[standard, {{times: '$min(local_insurance_months, {most})'}}]",
        hand=monthly.hand * _least(c("local_insurance_months"), most),
    )


def tiered(fact: str, first: int, then: int, bound: int, most: int) -> Amount:
    """A share of a sum up to a bound and another of what is above it, in thousandths."""
    low = _least(c(fact), bound * 100) * first
    high = pl.max_horizontal(c(fact) - bound * 100, 0) * then
    given = pl.when(c(fact).is_not_null()).then(_least((low + high + 500) // 1000, most * 100))
    return Amount(
        parameter=(
            f"standard: {{by: {fact}, source: 办法, tiers: [{{over: 0, up_to: {bound}, "
            f"rate: {_decimal(first)}}}, {{over: {bound}, rate: {_decimal(then)}}}]}}"
        ),
        steps=f"[standard, {{at_most: {most}}}]",
        hand=given,
    )


def _least(one: pl.Expr, most: int) -> pl.Expr:
    """The smaller one; null stays null, which `min_horizontal` would pass over."""
    return one.clip(upper_bound=most)


def _of_known(fact: str, amount: pl.Expr) -> pl.Expr:
    """Null where the fact is missing or does not apply; a table has no row for these."""
    known = c(fact).is_not_null()
    return pl.when(known & ~c(f"{fact}::none") if fact in NOT_ALWAYS else known).then(amount)


def _decimal(thousandths: int) -> str:
    return f"0.{thousandths:03d}" if thousandths < 1000 else str(thousandths / 1000)
