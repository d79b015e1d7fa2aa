"""All policies over one part in one pass: who is eligible, who is unknown, and for how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from engine.awarding import PreparedPart, award_bits, find_awards, prepare_part
from engine.evaluate_rows import (
    evaluate_with_rows,
    outcome_by_reference,
)
from engine.own_measures import add_own_measures, group_bounds
from engine.part_outcome import (
    OUTCOME_SCHEMA,
    PartOutcome,
    gather_part,
    join_policies,
    list_rows,
    rows_of,
)
from engine.program import Bound, Program, bind
from engine.row_frames import row_frame_of_part
from engine.verdicts import Plan, decide_bits, plan_verdicts
from language.column import GIVEN


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
    eligible = {number: rows_of(bits.true) for number, bits in decided.items()}
    awards = find_awards(whole, part, eligible)
    policies, pieces, by_reference = [], [pl.DataFrame(schema=OUTCOME_SCHEMA)], 0
    for number, bound in enumerate(whole):
        if number in awards:
            bits, gives = decided[number], eligible[number]
            policies.append(award_bits(bound, part, bits, gives, awards[number]))
        else:
            pieces.append(outcome_by_reference(bound, frame, kind))
            by_reference += frame.height
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


def _usable_plan(bounds: Sequence[Bound], part: PreparedPart, plan: Plan | None) -> Plan:
    given = {name.removesuffix(GIVEN) for name in part.frame.columns if name.endswith(GIVEN)}
    return plan_verdicts(bounds, frozenset(given)) if given or plan is None else plan
