"""Which rows of a decision table apply to a subject, as its author wrote them."""

from dataclasses import dataclass

from language.definition import Hit
from language.reference import Reference
from language.truth import Value
from policies.policy import Policy, PolicyTable, TableRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RowHit:
    """A row with its number, cells and source, and whether it applies (unknown: perhaps)."""

    row: TableRow
    applies: Value


def table_of(policy: Policy, output: str) -> PolicyTable | None:
    """The decision table that an output's name comes from."""
    return next(
        (table for table in policy.tables if output in {out.name for out in table.outputs}), None
    )


def find_rows(table: PolicyTable, reference: Reference) -> tuple[RowHit, ...]:
    """The rows that apply or may apply, in the order in which the hit policy asks them."""
    definition = table.outputs[0].definition
    rows = {row.number: row for row in table.rows}
    return tuple(
        RowHit(row=rows[rule.number], applies=applies)
        for rule, applies in zip(
            definition.rules, reference.rules_that_apply(definition), strict=True
        )
        if applies.value is not False
    )


def find_counting_rows(table: PolicyTable, reference: Reference) -> tuple[RowHit, ...]:
    """The rows that the output comes from: of `first` and `priority` one, else all that apply.

    None while it is open whether another row counts instead.
    """
    hits = find_rows(table, reference)
    if table.hit in (Hit.FIRST, Hit.PRIORITY):
        hits = hits[:1]
    return hits if all(hit.applies.value is True for hit in hits) else ()
