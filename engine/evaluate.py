"""All policies over one part in one pass: who is eligible, who is unknown, and for how much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from engine.columns import lower_policy
from engine.decision import decide
from engine.outcome import OUTCOME_SCHEMA
from engine.program import Bound, Program, bind
from language.column import GIVEN, NOT_APPLICABLE
from language.exact import TooWide
from language.frame import facts_of_row, prepare
from language.types import FactType

UNDECIDED_DELIVERY = "invite"
"""Where it is not known which case of delivery fits, nobody is paid without having asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a pass over a part did: decisions by verdict, and rows that the reference decided."""

    decisions: int
    eligible: int
    unknown: int
    by_reference: int


def bind_audience(program: Program, audience: str, as_of: date) -> list[Bound]:
    """The policies for one kind of subjects that are in force on a day."""
    bounds = [
        bind(policy, program.vocabulary, as_of)
        for policy in program.policies
        if policy.audience == audience
    ]
    return [bound for bound in bounds if bound.outside is None]


def evaluate_part(
    bounds: Sequence[Bound], frame: pl.DataFrame, kind: str
) -> tuple[pl.DataFrame, Tally]:
    """The outcome of one part: columns OUTCOME_SCHEMA, sorted by policy, then as the part is.

    `missing` names the facts that an open amount waits for; `delivery` is how the benefit reaches
    this subject.

    `frame` has a column `subject` and one for each fact known of these subjects.
    """
    types: dict[str, FactType] = {}
    for bound in bounds:
        types |= bound.types
    prepared = prepare(frame, types, types)
    plans: list[tuple[Bound, list[pl.Expr]]] = []
    slow: list[Bound] = []
    for number, bound in enumerate(bounds):
        try:
            if bound.names & prepared.unscalable:
                raise TooWide("a column mixes magnitudes too far apart")
            columns = lower_policy(bound, prepared.known)
        except TooWide:
            slow.append(bound)
            continue
        plans.append(
            (
                bound,
                [
                    columns.verdict.alias(f"{number}::verdict"),
                    columns.amount_fen.alias(f"{number}::amount"),
                    columns.delivery.alias(f"{number}::delivery"),
                ],
            )
        )
    results: list[tuple[str, str, pl.DataFrame]] = []
    for decided, done in _decide_all(plans, prepared.frame, slow):
        for bound, group in done:
            names = [expr.meta.output_name() for expr in group]
            rows = _pick(decided, names, bound, kind, frame)
            results.append((bound.policy.id, bound.policy.version, rows))
    for bound in slow:
        rows = _outcome_of(bound, frame, kind)
        results.append((bound.policy.id, bound.policy.version, rows))
    results.sort(key=lambda result: result[:2])
    empty = pl.DataFrame(schema=dict(OUTCOME_SCHEMA))
    outcome = pl.concat([empty, *(rows for _, _, rows in results)])
    eligible = int((outcome["verdict"] == "eligible").sum())
    tally = Tally(
        decisions=len(bounds) * frame.height,
        eligible=eligible,
        unknown=outcome.height - eligible,
        by_reference=len(slow) * frame.height,
    )
    return outcome, tally


Plan = tuple[Bound, list[pl.Expr]]


def _decide_all(
    plans: list[Plan], frame: pl.DataFrame, slow: list[Bound]
) -> Iterator[tuple[pl.DataFrame, list[Plan]]]:
    """The columns of all policies in one pass.

    Should Polars refuse it, each policy goes alone, and the one that it refuses joins `slow`: no
    policy stops the others.
    """
    if not plans:
        return
    try:
        yield _select(plans, frame), plans
    except pl.exceptions.PolarsError:
        for plan in plans:
            try:
                yield _select([plan], frame), [plan]
            except pl.exceptions.PolarsError:
                slow.append(plan[0])


def _select(plans: list[Plan], frame: pl.DataFrame) -> pl.DataFrame:
    exprs = [expr for _, group in plans for expr in group]
    return frame.lazy().select("subject", *exprs).collect()


def _waits_for(bound: Bound, frame: pl.DataFrame, rows: pl.Series) -> pl.Series:
    """Of these rows of the part the facts that an open amount waits for, with commas between.

    Asked of the reference, which knows which of the missing facts matter, once for all rows that
    miss the same facts and have the same values where those decide which facts count.
    """
    if rows.is_empty():
        return pl.Series("missing", [], dtype=pl.String)
    used = frame.select(_used(frame, bound))[rows]
    known = set(used.columns)
    flags = [
        pl.col(name).is_null().alias(f"{name}::missing")
        for name in sorted(bound.amount_names)
        if name in known
    ]
    companions = [pl.col(name) for name in used.columns if name.endswith(NOT_APPLICABLE)]
    values = [pl.col(name) for name in sorted(bound.deciding_names) if name in known]
    alike = used.with_row_index("row")
    if not (flags or values):
        groups = alike.select(pl.col("row").implode())
    else:
        # a column of its own name each, as a fact may stand in several of these
        keys = [e.alias(f"key{n}") for n, e in enumerate([*flags, *companions, *values])]
        groups = alike.group_by(keys, maintain_order=True).agg("row")
    told: list[str] = [""] * used.height
    for members in groups["row"].to_list():
        facts = facts_of_row(used.row(members[0], named=True), bound.types)
        missing = ",".join(decide(bound, facts).missing)
        for member in members:
            told[member] = missing
    return pl.Series("missing", told, dtype=pl.String)


def _pick(
    decided: pl.DataFrame, names: list[str], bound: Bound, kind: str, frame: pl.DataFrame
) -> pl.DataFrame:
    verdict, amount, delivery = (pl.col(name) for name in names)
    policy = bound.policy
    found = (
        decided.lazy()
        .with_row_index("row")
        .filter(verdict.is_null() | verdict)
        .select(
            "row",
            pl.lit(policy.id).alias("policy"),
            pl.lit(policy.version).alias("version"),
            "subject",
            pl.lit(kind).alias("kind"),
            pl.lit(bound.period.name).alias("period"),
            pl.lit("").alias("item"),
            amount.cast(pl.Int64).alias("amount_fen"),
            delivery.fill_null(UNDECIDED_DELIVERY).alias("delivery"),
            pl.when(verdict).then(pl.lit("eligible")).otherwise(pl.lit("unknown")).alias("verdict"),
        )
        .collect()
    )
    is_open = (found["verdict"] == "eligible") & found["amount_fen"].is_null()
    waiting = found["row"].filter(is_open)
    missing = pl.DataFrame({"row": waiting, "missing": _waits_for(bound, frame, waiting)})
    return (
        found.join(missing, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("missing").fill_null(""))
        .select(list(OUTCOME_SCHEMA))
    )


def _outcome_of(bound: Bound, frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The outcome of one policy by the row-by-row reference."""
    rows = []
    for row in frame.select(_used(frame, bound)).iter_rows(named=True):
        decision = decide(bound, facts_of_row(row, bound.types))
        if decision.verdict == "ineligible":
            continue
        rows.append(
            {
                "policy": bound.policy.id,
                "version": bound.policy.version,
                "subject": row["subject"],
                "kind": kind,
                "period": bound.period.name,
                "item": "",
                "amount_fen": decision.amount_fen,
                "missing": ",".join(decision.missing) if decision.verdict == "eligible" else "",
                "verdict": decision.verdict,
                "delivery": decision.delivery or UNDECIDED_DELIVERY,
            }
        )
    return pl.DataFrame(rows, schema=OUTCOME_SCHEMA)


def _used(frame: pl.DataFrame, bound: Bound) -> list[str]:
    """The columns of a frame that a policy's facts are in."""
    wanted = {"subject", *bound.names}
    wanted |= {name + suffix for name in bound.names for suffix in (GIVEN, NOT_APPLICABLE)}
    return [name for name in frame.columns if name in wanted]
