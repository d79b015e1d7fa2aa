"""All policies over one part in one pass: who is eligible, who is unknown, and for how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from engine.columns import lower_award
from engine.decision import decide
from engine.evaluate_rows import (
    UNDECIDED_DELIVERY,
    evaluate_with_rows,
    outcome_by_reference,
    used_columns,
)
from engine.own_measures import add_own_measures, group_bounds
from engine.part_outcome import (
    OPEN,
    OUTCOME_SCHEMA,
    PartOutcome,
    PolicyOutcome,
    alike_or_each,
    gather_part,
    join_policies,
    list_rows,
    rows_of,
    texts_of,
)
from engine.program import Bound, Program, bind
from engine.row_frames import row_frame_of_part
from engine.verdicts import Plan, Verdicts, decide_bits, plan_verdicts
from language.bits import Bits
from language.column import GIVEN, NOT_APPLICABLE
from language.exact import TooWide
from language.frame import Prepared, facts_of_row, flag_columns, prepare
from language.reach import reachable_facts
from language.types import FactType


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
    bounds: Sequence[Bound],
    frame: pl.DataFrame,
    kind: str,
    *,
    plan: Plan | None = None,
    rows: Mapping[str, pl.DataFrame] | None = None,
    doubtful: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, Tally]:
    """The outcome of one part: columns OUTCOME_SCHEMA, sorted by policy, then as the part is.

    `missing` names the facts that an open amount waits for; `delivery` is how the benefit reaches
    this subject.

    `frame` has a column `subject` and one for each fact known of these subjects. `plan` is that of
    the policies that stand for a subject as a whole (`split_bounds`), where the caller has it from
    another part. `rows` are the part's rows by dataset, at least those of `datasets_needed`, and
    `doubtful` whose of them were set aside.
    """
    outcome, by_reference = evaluate_in_bits(
        bounds, frame, kind, plan=plan, rows=rows, doubtful=doubtful
    )
    listed = list_rows(outcome)
    eligible = int((listed["verdict"] == "eligible").sum())
    tally = Tally(
        decisions=len(bounds) * frame.height,
        eligible=eligible,
        unknown=listed.height - eligible,
        by_reference=by_reference,
    )
    return listed, tally


def evaluate_in_bits(
    bounds: Sequence[Bound],
    frame: pl.DataFrame,
    kind: str,
    *,
    plan: Plan | None = None,
    rows: Mapping[str, pl.DataFrame] | None = None,
    doubtful: pl.DataFrame | None = None,
) -> tuple[PartOutcome, int]:
    """As `evaluate_part`, in bits; and how many rows the reference decided."""
    groups = group_bounds(bounds)
    if len(groups) > 1:
        found = [
            evaluate_in_bits(group, frame, kind, rows=rows, doubtful=doubtful) for group in groups
        ]
        return join_groups([outcome for outcome, _ in found]), sum(slow for _, slow in found)
    frame = add_own_measures(bounds, frame, rows or {}, doubtful)
    whole, apart = split_bounds(bounds)
    part = prepare_part(whole, frame, kind)
    decided = decide_bits(_usable_plan(whole, part, plan), part.prepared, part.types)
    policies, pieces, by_reference = [], [pl.DataFrame(schema=OUTCOME_SCHEMA)], 0
    for number, bound in enumerate(whole):
        outcome = award_bits(bound, part, decided[number]) if number in decided else None
        if outcome is None:
            pieces.append(outcome_by_reference(bound, frame, kind))
            by_reference += frame.height
        else:
            policies.append(outcome)
    for bound in apart:
        given = row_frame_of_part(bound, frame, rows or {}, doubtful)
        piece, slow = evaluate_with_rows(bound, frame, kind, given)
        by_reference += frame.height if slow else 0
        pieces.append(piece)
    in_rows = {bound.policy.key for bound in apart}
    gathered = gather_part(kind, frame["subject"], pl.concat(pieces), in_rows)
    return replace(gathered, policies=join_policies([policies, gathered.policies])), by_reference


def split_bounds(bounds: Sequence[Bound]) -> tuple[list[Bound], list[Bound]]:
    """The policies that stand for a subject as a whole, and those with rows or items."""
    apart = [bool(bound.policy.each or bound.policy.item) for bound in bounds]
    pairs = list(zip(bounds, apart, strict=True))
    return [b for b, is_apart in pairs if not is_apart], [b for b, is_apart in pairs if is_apart]


def join_groups(found: Sequence[PartOutcome]) -> PartOutcome:
    """The outcome of policies that were evaluated apart, as if they had been together."""
    return replace(
        found[0],
        policies=join_policies([one.policies for one in found]),
        rows=pl.concat([one.rows for one in found]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPart:
    """A part as it was read, and with its numbers made whole."""

    kind: str
    frame: pl.DataFrame
    prepared: Prepared
    types: Mapping[str, FactType]


def prepare_part(bounds: Sequence[Bound], frame: pl.DataFrame, kind: str) -> PreparedPart:
    """The part made ready for these policies."""
    types: dict[str, FactType] = {}
    for bound in bounds:
        types |= bound.types
    return PreparedPart(kind=kind, frame=frame, prepared=prepare(frame, types, types), types=types)


def _usable_plan(bounds: Sequence[Bound], part: PreparedPart, plan: Plan | None) -> Plan:
    given = {name.removesuffix(GIVEN) for name in part.frame.columns if name.endswith(GIVEN)}
    return plan_verdicts(bounds, frozenset(given)) if given or plan is None else plan


def awarded_amounts(bound: Bound, part: PreparedPart, found: Verdicts) -> pl.DataFrame | None:
    """The amounts of those whom a verdict concerns: subject, eligible, amount_fen, delivery.

    None where no column holds the amounts, or the policy's conditions grow beyond measure.
    """
    if bound.names & part.prepared.unscalable:
        return None
    try:
        amount, delivery = lower_award(bound, part.prepared.known)
        wanted = _columns_of(part.frame, award_names(bound))
        concerned = part.prepared.frame.select(wanted)[found.rows]
        return (
            concerned.lazy()
            .select(
                "subject",
                eligible=pl.lit(pl.Series(found.eligible)),
                amount_fen=pl.when(pl.lit(pl.Series(found.eligible))).then(amount).cast(pl.Int64),
                delivery=delivery.fill_null(UNDECIDED_DELIVERY),
            )
            .collect()
        )
    except (TooWide, pl.exceptions.PolarsError):
        return None


def award_bits(bound: Bound, part: PreparedPart, found: Bits) -> PolicyOutcome | None:
    """The outcome of one policy: amounts are worked out for those who are eligible.

    None as for `awarded_amounts`.
    """
    rows = rows_of(found.true)
    columns = set(_columns_of(part.frame, award_names(bound)))
    # what rests on nobody's facts is the same for everybody
    alike = columns == {"subject"} and len(rows) > 1
    asked = rows[:1] if alike else rows
    given = np.ones(len(asked), np.bool_)
    awarded = awarded_amounts(bound, part, Verdicts(rows=asked, eligible=given))
    if awarded is None:
        return None
    amounts = awarded["amount_fen"]
    is_open = amounts.is_null()
    waiting = pl.Series(asked).filter(is_open)
    missing = pl.Series([""]).new_from_index(0, len(asked))
    if waiting.len():
        missing = missing.scatter(is_open.arg_true(), waits_for(bound, part.frame, waiting))
    return PolicyOutcome(
        policy=bound.policy.id,
        version=bound.policy.version,
        period=bound.period.name,
        eligible=found.true,
        unknown=found.possible & ~found.true,
        amounts=alike_or_each(amounts.fill_null(OPEN).to_numpy()),
        delivery=texts_of(awarded["delivery"]),
        missing=texts_of(missing),
    )


def award_names(bound: Bound) -> frozenset[str]:
    """The names that amounts and delivery reach."""
    tests = [case.when for case in bound.policy.delivery if case.when is not None]
    return bound.amount_names | reachable_facts(tests, bound.scope)


def waits_for(bound: Bound, frame: pl.DataFrame, rows: pl.Series) -> pl.Series:
    """Of these rows of the part the facts that an open amount waits for, with commas between.

    Asked of the reference, which knows which of the missing facts matter, once for all rows that
    miss the same facts and have the same values where those decide which facts count.
    """
    if rows.is_empty():
        return pl.Series("missing", [], dtype=pl.String)
    used = frame.select(_columns_of(frame, bound.amount_names))[rows]
    known = set(used.columns)
    flags = [pl.col(name).is_null() for name in sorted(bound.amount_names) if name in known]
    companions = [pl.col(name) for name in used.columns if name.endswith(NOT_APPLICABLE)]
    values = [pl.col(name) for name in sorted(bound.deciding_names) if name in known]
    alike = used.with_row_index("::place")
    if not (flags or values):
        groups = alike.select(pl.col("::place").implode())
    else:
        # a column of its own name each, as a fact may stand in several of these
        keys = [e.alias(f"::key{n}") for n, e in enumerate([*flags, *companions, *values])]
        groups = alike.group_by(keys, maintain_order=True).agg("::place")
    whole = frame.select(used_columns(frame, bound))
    words, places = [], []
    for members in groups["::place"]:
        facts = facts_of_row(whole.row(rows[members[0]], named=True), bound.types)
        words.append(",".join(decide(bound, facts).missing))
        places.append(members)
    told = pl.concat(
        pl.select(place=members, missing=pl.lit(text))
        for members, text in zip(places, words, strict=True)
    )
    return told.sort("place")["missing"]


def _columns_of(frame: pl.DataFrame, names: frozenset[str]) -> list[str]:
    """The subject's column and those that these facts are in."""
    wanted = {"subject", *names, *flag_columns(names)}
    return [name for name in frame.columns if name in wanted]
