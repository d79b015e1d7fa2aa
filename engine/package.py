"""Packages (套餐配送): for each subject the best of what it matches, by the rules between policies.

An award that stays is fixed: what conflicts with it cannot be chosen, what it has counts toward a
cap. An open amount, a benefit without money, an unknown verdict may be worth anything: what could
turn out worse by their arrival is held, the rest goes on.
"""

from collections.abc import Mapping

import polars as pl

from engine.package_choosing import choose
from engine.package_cluster import DECISIONS, REASONS, UNTOLD, Cluster, Found, begin
from engine.package_offers import Offers, gather_offers, group_patterns
from engine.package_pattern import draw_pattern
from engine.package_rules import PackageRules

CHOICE_SCHEMA: Mapping[str, pl.DataType] = {
    "subject": pl.String(),
    "policy": pl.String(),
    "period": pl.String(),
    "status": pl.String(),  # of package_offers.STATUSES
    "decision": pl.String(),  # chosen, lost, held; kept: an award; waiting: it may come
    "reason": pl.String(),
    "by": pl.String(),  # a JSON list of [policy, period] that it lost to or waits for
    "difference_fen": pl.Int64(),  # so much more is the best than the best with it
    "amount_fen": pl.Int64(),  # what it comes to by itself; null: not known
    "paid_fen": pl.Int64(),  # what the caps leave of it; null: no cap is asked
}
"""The columns of choices: one row for each offer of which a rule speaks.

Reasons. Lost: `received` (an award stands against it), `requires` (what it requires is not there or
not chosen), `highest` (not the highest of its group), `instead` (what stands against it is worth
more), `tie` (worth the same), `cap` (the cap leaves nothing). Held: `open` (what it conflicts with
is not decided), `cap-unsure` (what the cap leaves cannot be said), `large` (too many offers),
`unclear` (the files contradict each other), `claim` (what it claims is another's). Chosen: `cut`
(the cap leaves a part), else nothing.
"""


def choose_packages(rows: pl.DataFrame, rules: PackageRules) -> pl.DataFrame:
    """The choice for each offer, in the columns of CHOICE_SCHEMA.

    `rows` has `subject`, `policy`, `period`, `status` (of `package_offers.STATUSES`), `amount_fen`,
    and of an award `has_fen`, what it has, and `grows_fen`, what the run would add; else these are
    0.
    """
    offers = gather_offers(rows, rules)
    found = begin(len(offers.node))
    amounts, has, grows = offers.amounts
    for nodes, places in group_patterns(offers):
        choose(
            Cluster(
                pattern=draw_pattern(nodes, rules),
                rules=rules,
                places=places,
                amounts=amounts[places],
                has=has[places],
                grows=grows[places],
                found=found,
            )
        )
    return _as_frame(offers, found)


def _as_frame(offers: Offers, found: Found) -> pl.DataFrame:
    said = pl.Series(list(found.said), dtype=pl.String)
    waiting = pl.col("status") == "waiting"
    unknown = pl.col("status").is_in(["open", "moneyless", "waiting", "received-unsure"])
    frame = offers.as_frame().with_columns(
        pl.Series(DECISIONS, dtype=pl.String)[found.decision].alias("decision"),
        pl.Series(REASONS, dtype=pl.String)[found.reason].alias("reason"),
        said[found.by].alias("by"),
        pl.Series("difference_fen", found.difference),
        pl.Series("paid_fen", found.paid),
    )
    return frame.with_columns(
        pl.when(waiting).then(pl.lit("waiting")).otherwise("decision").alias("decision"),
        pl.when(waiting).then(pl.lit("")).otherwise("reason").alias("reason"),
        pl.when(waiting).then(pl.lit("[]")).otherwise("by").alias("by"),
        pl.when(pl.col("difference_fen") != UNTOLD).then("difference_fen"),
        pl.when(~unknown).then(pl.col("amount_fen") + pl.col("has_fen") + pl.col("grows_fen")),
        pl.when((pl.col("paid_fen") != UNTOLD) & ~waiting).then("paid_fen").alias("paid_fen"),
    ).select(*CHOICE_SCHEMA)
