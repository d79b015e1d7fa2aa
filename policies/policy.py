"""A policy as it was understood: its clauses, amounts and dates, with everything parsed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from language.definition import Constant as ConstantValue
from language.definition import Dated, DecisionTable, Hit, NoValue, Table, Tiers
from language.expression import Expression
from policies.axis import Shape
from policies.period import Per
from policies.table_file import Cell
from policies.terms import UNASKED, Asking, Terms
from profiles.fact import Fact
from profiles.row_set import RowSet

Outside = Literal["effective", "window"]
"""What a policy is out of on a day."""
Group = Literal["all", "any", "none"]
Delivery = Literal["direct", "confirm", "invite"]
Operation = Literal[
    "take",
    "plus",
    "minus",
    "times",
    "at_most",
    "at_least",
    "nothing_below",
    "round_down",
    "round_up",
    "round_half_up",
    "decided_by",
    "portions",
]
SUM_OF_PORTIONS = "sum_of_portions"
HIGHEST_PORTION = "highest_portion"
SUM_OF_ROWS = "sum_of_rows"
ROWS_THAT_HOLD = "rows_that_hold"
ROW_NUMBERS = (SUM_OF_ROWS, ROWS_THAT_HOLD)
"""What the amounts of a policy with `each` may use: the rows' amounts summed, and their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One provision. Without `when` an office judges it; `not_yet`: false means not yet."""

    id: str
    says: str
    says_en: str
    source: str
    when: Expression | None
    text: str
    judged_by: str = ""
    not_yet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseGroup:
    """Provisions of which all, at least one, or none must hold."""

    id: str
    says: str
    says_en: str
    source: str
    group: Group
    members: tuple["Leaf | ClauseGroup", ...]


Clause = Leaf | ClauseGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an amount. `operand` is None for a rounding and where an office decides."""

    operation: Operation
    operand: Expression | None
    text: str
    when: Expression | None = None
    says: str = ""
    says_en: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """One line of an award; without `when` it always holds."""

    id: str
    says: str
    says_en: str
    source: str
    when: Expression | None
    text: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoTold:
    """Another figure that the recipient is told."""

    name: str
    label: str
    label_en: str
    unit: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCase:
    """How the benefit reaches those for whom `when` holds (everybody, where there is none)."""

    when: Expression | None
    by: Delivery
    says: str = ""
    says_en: str = ""
    asking: Asking = UNASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where a policy holds: codes begin with one of `within` and none of `excepted`."""

    fact: str
    within: tuple[str, ...]
    excepted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A quantity that the rows that hold share, one after the other.

    `quantity` is None where the rows themselves are counted. `name` stands for the part of it that
    a row gets, in the amount and in later limits.
    """

    name: str
    quantity: Expression | None
    up_to: Expression
    order: str | None
    per: tuple[str, ...]
    text: str
    says: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What of a row is used up: the value of a column, among the policies of a group."""

    of: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Each:
    """Rows decided one by one.

    `facts` are worked out for each row, `dated` says that `effective.at` is a column of the rows,
    `item` is the column of which each value is an award of its own, `names` are all names that
    only a row has.
    """

    row_set: RowSet
    facts: tuple[Fact, ...]
    clauses: tuple[Clause, ...]
    steps: tuple[Step, ...]
    limits: tuple[Limit, ...]
    claim: Claim | None
    dated: bool
    item: str | None
    names: frozenset[str]


Parameter = ConstantValue | NoValue | Table | Tiers | Dated


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedParameter:
    """A parameter's values over time.

    `at` names the fact whose day chooses; without it as_of does. Spans are latest first.
    """

    name: str
    label: str
    label_en: str
    unit: str
    at: str | None
    spans: tuple["ParameterSpan", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSpan:
    """A parameter's value from `start` to `end`, with its legal source."""

    start: date
    end: date | None
    value: ConstantValue | Table | Tiers
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInput:
    """An input of a decision table as its author wrote it, and its name for people."""

    text: str
    label: str
    label_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOutput:
    """One output of a decision table; conditions and amounts use it by its name."""

    name: str
    label: str
    label_en: str
    unit: str
    definition: DecisionTable


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A row as its author wrote it; `number` counts from 1 and is that of the rule.

    `where` is its first cell.
    """

    number: int
    cells: tuple[str, ...]
    outputs: tuple[str, ...]
    says: str
    source: str
    where: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTable:
    """A decision table of a policy: what it asks, what it gives, and its rows.

    `shapes` are what values each input may have.
    """

    name: str
    label: str
    label_en: str
    source: str
    hit: Hit
    inputs: tuple[TableInput, ...]
    outputs: tuple[TableOutput, ...]
    rows: tuple[TableRow, ...]
    shapes: tuple[Shape, ...]
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A worked case: facts as the author typed them, and what must come out."""

    name: str
    as_of: date
    given: Mapping[str, object]
    verdict: Literal["eligible", "ineligible", "unknown"]
    amount: str | None
    amounts: Mapping[str, str]
    failing: tuple[str, ...] | None
    missing: tuple[str, ...] | None
    line: int
    rows: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisLine:
    """A document that the policy rests on."""

    document: str
    number: str
    article: str
    issued: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameUse:
    """How a policy implements a frame: parts by their key and their name or id.

    `taken` come from the frame, `replaced` and `added` from the policy, `dropped` are left out.
    """

    frame: str
    file: str
    taken: tuple[tuple[str, str], ...]
    replaced: tuple[tuple[str, str], ...]
    added: tuple[tuple[str, str], ...]
    dropped: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of a policy, complete.

    `item` is the fact of which each value is an award of its own.
    """

    id: str
    version: str
    title_zh: str
    title_en: str
    audience: Literal["enterprise", "resident", "household"]
    authority: str
    level: str
    region: Region | None
    basis: tuple[BasisLine, ...]
    effective_from: date
    effective_to: date | None
    effective_at: str | None
    window_from: date | None
    window_to: date | None
    per: Per
    period: str
    parameters: tuple[DatedParameter, ...]
    facts: tuple[Fact, ...]
    row_sets: Mapping[str, RowSet]
    tables: tuple[PolicyTable, ...]
    clauses: tuple[Clause, ...]
    benefit_kind: str
    unit: str
    steps: tuple[Step, ...]
    portions: tuple[Portion, ...]
    also: tuple[AlsoTold, ...]
    delivery: tuple[DeliveryCase, ...]
    terms: Terms
    contact_office: str
    contact_phone: str
    not_modelled: tuple[str, ...]
    not_modelled_en: tuple[str, ...]
    examples: tuple[Example, ...]
    frame: FrameUse | None
    file: str
    content_hash: str
    each: Each | None = None
    item: str | None = None

    @property
    def key(self) -> str:
        """The policy with its version."""
        return f"{self.id}@{self.version}"

    @property
    def starts_on(self) -> date:
        """The first day on which a run may decide it."""
        start = date.min if self.effective_at else self.effective_from
        return max(start, self.window_from or date.min)

    @property
    def ends_on(self) -> date:
        """The last day on which a run may decide it."""
        end = date.max if self.effective_at else self.effective_to or date.max
        return min(end, self.window_to or date.max)

    def in_force(self, as_of: date) -> Outside | None:
        """None where the policy is in force, else which of `effective` and `window` it is out of.

        With `effective_at` each subject's own day decides, not `as_of`.
        """
        if self.effective_at is None and not (
            self.effective_from <= as_of
            and (self.effective_to is None or as_of <= self.effective_to)
        ):
            return "effective"
        if self.window_from is not None and as_of < self.window_from:
            return "window"
        if self.window_to is not None and as_of > self.window_to:
            return "window"
        return None


def leaves_of(clauses: tuple[Clause, ...]) -> list[Leaf]:
    """Every leaf of a clause tree, in order."""
    found: list[Leaf] = []
    for clause in clauses:
        match clause:
            case Leaf():
                found.append(clause)
            case ClauseGroup(members=members):
                found += leaves_of(members)
    return found
