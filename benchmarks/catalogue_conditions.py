"""Conditions as policies of the catalogue have them, each written twice: as an author writes it in
YAML, and as somebody who knows Polars writes it.

By hand money is in fen and an age is a day of birth, so that nothing is worked out row by row that
is the same for all. What does not apply (`::none`) is in no list, and neither more nor less than
anything. A `Simple` is the same once more
for engines that know one fact, one comparison and one value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

DAY = date(2025, 9, 30)
"""The day of the runs, the last of its month."""
STARTS = {"month": date(2025, 9, 1), "quarter": date(2025, 7, 1), "year": date(2025, 1, 1)}
"""The first day of the period in which the day lies."""

NOT_ALWAYS = frozenset(
    {
        "school_kind", "disability_type", "disability_level", "flex_group", "education_level",
        "service_place", "placement", "title", "title_event", "above_scale_first_on",
    }
)  # fmt: skip
"""Facts that do not apply to everybody."""

DECIMALS = frozenset({"staff_prev_year", "disabled_staff_prev_year"})
"""Facts with up to two decimals."""

c = pl.col


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """One comparison: `is` is ge, le, gt, in, true or false; money in fen."""

    fact: str
    is_: str
    value: int | tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition's text, and the expression for it; of one that hangs on the day on which the
    period begins, which period."""

    text: str
    hand: pl.Expr
    simple: Simple | None = None
    per: str = ""

    @property
    def key(self) -> str:
        """What tells it from others."""
        return f"{self.text} {self.per}"


def at_least(fact: str, value: int, *, money: bool = False) -> Condition:
    """At least so many, or yuan."""
    least = value * 100 if money else value
    return Condition(
        text=f"{fact} >= {value}",
        hand=c(fact) >= least,
        simple=Simple(fact=fact, is_="ge", value=least),
    )


def at_most(fact: str, value: int, *, money: bool = False) -> Condition:
    """At most so many, or yuan."""
    most = value * 100 if money else value
    return Condition(
        text=f"{fact} <= {value}",
        hand=c(fact) <= most,
        simple=Simple(fact=fact, is_="le", value=most),
    )


def holds(fact: str) -> Condition:
    """A fact that is true."""
    return Condition(text=fact, hand=c(fact), simple=Simple(fact=fact, is_="true"))


def holds_not(fact: str) -> Condition:
    """A fact that is false."""
    return Condition(text=f"not {fact}", hand=~c(fact), simple=Simple(fact=fact, is_="false"))


def applies(fact: str) -> Condition:
    """A fact that does not apply to everybody applies."""
    return Condition(
        text=f"{fact} != null",
        hand=pl.when(c(f"{fact}::none")).then(False).when(c(fact).is_not_null()).then(True),
        simple=Simple(fact=f"{fact}::none", is_="false"),
    )


def one_of(fact: str, values: Sequence[str]) -> Condition:
    """A code out of a list."""
    listed = ", ".join(f'"{value}"' for value in values)
    return Condition(
        text=f"{fact} in [{listed}]" if len(values) > 1 else f"{fact} == {listed}",
        hand=_if_any(fact, c(fact).is_in(list(values)) if values[1:] else c(fact) == values[0]),
        simple=Simple(fact=fact, is_="in", value=tuple(values)),
    )


def in_trade(sections: Sequence[str]) -> Condition:
    """An industry whose code begins with one of these letters."""
    parts = " or ".join(f'$starts_with(gbt4754_code, "{letter}")' for letter in sections)
    return Condition(text=parts, hand=c("gbt4754_code").str.slice(0, 1).is_in(list(sections)))


def aged_from(years: int) -> Condition:
    """Of so many years or older on the day of the run."""
    return Condition(
        text=f"age >= {years}",
        hand=c("birth_date") <= years_before(DAY, years),
        simple=Simple(fact="age", is_="ge", value=years),
    )


def aged_up_to(years: int) -> Condition:
    """Not yet a year older than so many years on the day of the run."""
    return Condition(
        text=f"age <= {years}",
        hand=c("birth_date") > years_before(DAY, years + 1),
        simple=Simple(fact="age", is_="le", value=years),
    )


def aged_at_start(years: int, per: str) -> Condition:
    """Of so many years or older on the first day of the period."""
    return Condition(
        text=f"$years(birth_date, period_start) >= {years}",
        hand=c("birth_date") <= years_before(STARTS[per], years),
        per=per,
    )


def since(fact: str, day: date) -> Condition:
    """On a day or later."""
    return Condition(
        text=f"{fact} >= $date({day.year}, {day.month}, {day.day})",
        hand=c(fact) >= day,
    )


def within_months(fact: str, day: str, months: int) -> Condition:
    """A number of completed months, `fact`, since a `day`: at most so many.

    As the day of the run is the last of its month, any day of a month is as many months ago.
    """
    first = DAY.year * 12 + DAY.month - 1 - months
    return Condition(
        text=f"{fact} <= {months}",
        hand=c(day) >= date(first // 12, first % 12 + 1, 1),
    )


def share_at_least(part: str, whole: str, percent: int) -> Condition:
    """A part of a whole; unknown where the whole is nothing."""
    return Condition(
        text=f"{part} / {whole} >= 0.{percent:02d}",
        hand=pl.when(c(whole) != 0).then(_whole(part) * 100 >= _whole(whole) * percent),
    )


def few_laid_off() -> Condition:
    """The share of staff that was laid off, to two places, within the limit for its number."""
    sums, counts = c("ui_insured_avg_prev_year::sum"), c("ui_insured_avg_prev_year::count")
    limit = pl.when(c("ui_insured_count") <= 30).then(20_000).when(c("ui_insured_count") > 30)
    # half up to two places and then at most 5.5 is below 5.505; the average is a quotient itself
    return Condition(
        text="layoff_rate_pct <= layoff_limit",
        hand=pl.when((counts != 0) & (sums != 0)).then(
            c("ui_benefit_recipients") * counts * 100_000 < sums * (limit.then(5_500) + 5)
        ),
    )


LAYOFF_LIMIT = (
    "layoff_limit: {by: ui_insured_count, source: 办法, rows: {up to 30: 20, over 30: 5.5}}"
)
"""The parameter that `few_laid_off` names."""


def _whole(fact: str) -> pl.Expr:
    """In hundredths where it is a decimal: 0.29 * 100 as a float is less than 29."""
    return (c(fact) * 100).round().cast(pl.Int64) if fact in DECIMALS else c(fact)


def _if_any(fact: str, test: pl.Expr) -> pl.Expr:
    return test & ~c(f"{fact}::none") if fact in NOT_ALWAYS else test


def years_before(day: date, years: int) -> date:
    """The last birthday of those who are so many years old on a day, or older."""
    return date(day.year - years, day.month, day.day)
