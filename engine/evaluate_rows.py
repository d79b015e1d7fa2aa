"""One policy with `each`, or with an item for each value of a fact, over one part."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from engine.columns import lower_policy
from engine.decision import Decision, claims_of, decide
from engine.part_outcome import OUTCOME_SCHEMA
from engine.program import Bound
from engine.row_columns import (
    CLAIMS,
    COUNT,
    ITEM,
    OPEN,
    RowFrame,
    join_subjects,
    list_claims,
    sum_rows_of_part,
)
from engine.rows import MISSING_ROWS, RowsGiven
from language.column import GIVEN, NOT_APPLICABLE
from language.exact import TooWide
from language.frame import facts_of_row, prepare

UNDECIDED_DELIVERY = "invite"
"""Where it is not known which case of delivery fits, nobody is paid without having asked."""
NOT_DELIVERED = RowFrame(rows=None)


def evaluate_with_rows(
    bound: Bound, frame: pl.DataFrame, kind: str, given: RowFrame = NOT_DELIVERED
) -> tuple[pl.DataFrame, bool]:
    """The policy's outcome over a part, and whether the reference had to decide it.

    `frame` has the facts of the subjects, `given` their rows.
    """
    try:
        return _by_columns(bound, frame, kind, given), False
    except (TooWide, pl.exceptions.PolarsError):
        return outcome_by_reference(bound, frame, kind, given), True


def _by_columns(bound: Bound, frame: pl.DataFrame, kind: str, given: RowFrame) -> pl.DataFrame:
    policy = bound.policy
    joined, rows = frame, None
    if policy.each is not None:
        summed = sum_rows_of_part(bound, frame, given)
        joined = join_subjects(frame, summed, given)
        rows = summed.lowered(joined)
    prepared = prepare(joined, bound.types, bound.types)
    if bound.names & prepared.unscalable:
        raise TooWide("a column mixes magnitudes too far apart")
    columns = lower_policy(bound, prepared.known, rows=rows)
    whole = pl.lit(None, dtype=pl.Int64)
    counted = policy.each is not None
    item = pl.col(ITEM) if policy.each is not None and policy.each.item else columns.item
    eligible = pl.when(columns.verdict)
    decided = prepared.frame.lazy().select(
        pl.lit(policy.id).alias("policy"),
        pl.lit(policy.version).alias("version"),
        "subject",
        pl.lit(kind).alias("kind"),
        pl.lit(bound.period.name).alias("period"),
        item.fill_null("").alias("item"),
        columns.amount_fen.cast(pl.Int64).alias("amount_fen"),
        pl.when(columns.verdict)
        .then(columns.delivery.fill_null(UNDECIDED_DELIVERY))
        .otherwise(pl.lit(""))
        .alias("delivery"),
        columns.verdict.alias("::verdict"),
        (pl.col(COUNT) if counted else whole).alias("rows"),
        (pl.col(OPEN) if counted else whole).alias("rows_open"),
        eligible.then(pl.col(CLAIMS) if counted else pl.lit(""))
        .otherwise(pl.lit(""))
        .alias("claims"),
    )
    verdict = pl.col("::verdict")
    found = (
        decided.filter(verdict.is_null() | verdict)
        .with_columns(
            pl.when(verdict).then(pl.lit("eligible")).otherwise(pl.lit("unknown")).alias("verdict")
        )
        .collect()
    )
    missing = _waits_for(bound, frame, given, found)
    return found.with_columns(missing).select(list(OUTCOME_SCHEMA))


def _waits_for(
    bound: Bound, frame: pl.DataFrame, given: RowFrame, found: pl.DataFrame
) -> pl.Series:
    """The facts that each open amount waits for, with commas between; asked of the reference."""
    is_open = (found["verdict"] == "eligible") & found["amount_fen"].is_null()
    waiting = frame.filter(pl.col("subject").is_in(found["subject"].filter(is_open).implode()))
    told: dict[tuple[str, str], str] = {}
    for subject, decision in _decide_all(bound, waiting, given):
        for line in lines_of(decision):
            told[subject, line["item"]] = line["missing"]
    lines = found.select("subject", "item", is_open.alias("open"))
    texts = [told.get((s, i), "") if is_open else "" for s, i, is_open in lines.iter_rows()]
    return pl.Series("missing", texts, dtype=pl.String)


def outcome_by_reference(
    bound: Bound, frame: pl.DataFrame, kind: str, given: RowFrame = NOT_DELIVERED
) -> pl.DataFrame:
    """The outcome of one policy by the row-by-row reference."""
    shared = {
        "policy": bound.policy.id,
        "version": bound.policy.version,
        "kind": kind,
        "period": bound.period.name,
    }
    lines = [
        {**shared, "subject": subject, **line}
        for subject, decision in _decide_all(bound, frame, given)
        for line in lines_of(decision)
    ]
    return pl.DataFrame(lines, schema=dict(OUTCOME_SCHEMA))


def lines_of(decision: Decision) -> list[dict[str, Any]]:
    """A decision's lines of an outcome: one for each item, or one, or none where ineligible."""
    delivery = decision.delivery or UNDECIDED_DELIVERY
    if decision.verdict == "ineligible":
        return []
    if decision.items:
        return [
            {
                "item": item.item,
                "amount_fen": item.amount_fen,
                "missing": _names(item.missing, item.verdict, item.amount_fen),
                "verdict": item.verdict,
                "delivery": delivery if item.verdict == "eligible" else "",
                "rows": item.rows,
                "rows_open": item.undecided,
                "claims": list_claims(item.claims) if item.verdict == "eligible" else "",
            }
            for item in decision.items
        ]
    counted = decision.holding is not None
    claims = claims_of(decision.rows) if decision.verdict == "eligible" else ()
    undecided = sum(row.verdict == "unknown" for row in decision.rows)
    return [
        {
            "item": decision.item,
            "amount_fen": decision.amount_fen,
            "missing": _names(decision.missing, decision.verdict, decision.amount_fen),
            "verdict": decision.verdict,
            "delivery": delivery if decision.verdict == "eligible" else "",
            "rows": decision.holding,
            "rows_open": undecided if counted else None,
            "claims": list_claims(claims),
        }
    ]


def _names(missing: tuple[str, ...], verdict: str, amount_fen: int | None) -> str:
    return ",".join(missing) if verdict == "eligible" and amount_fen is None else ""


def _decide_all(
    bound: Bound, frame: pl.DataFrame, given: RowFrame
) -> Iterator[tuple[str, Decision]]:
    rows = rows_by_subject(bound, frame["subject"], given) if bound.policy.each else {}
    for row in frame.select(used_columns(frame, bound)).iter_rows(named=True):
        facts = facts_of_row(row, bound.types)
        subject = row["subject"]
        yield subject, decide(bound, facts, rows=rows.get(subject, MISSING_ROWS))


def rows_by_subject(bound: Bound, subjects: pl.Series, given: RowFrame) -> Mapping[str, RowsGiven]:
    """Each subject's rows as the reference reads them."""
    if given.rows is None:
        return {}
    rows = given.rows.filter(pl.col("subject").is_in(subjects.implode()))
    found: dict[str, list[Any]] = {subject: [] for subject in subjects}
    for row in rows.iter_rows(named=True):
        found[row["subject"]].append(facts_of_row(row, bound.row_types))
    complete = set(subjects if given.complete is None else given.complete)
    return {
        subject: RowsGiven(rows=tuple(members), complete=subject in complete)
        for subject, members in found.items()
    }


def used_columns(frame: pl.DataFrame, bound: Bound) -> list[str]:
    """The columns of a frame that a policy's facts are in."""
    wanted = {"subject", *bound.names}
    wanted |= {name + suffix for name in bound.names for suffix in (GIVEN, NOT_APPLICABLE)}
    return [name for name in frame.columns if name in wanted]
