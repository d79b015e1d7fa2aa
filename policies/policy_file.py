"""The shape of a policy file: its keys and what may stand under each."""

from typing import Literal

from pydantic import Field

from language.types import FactType
from policies.strict import Says, Strict, TitleFile
from policies.terms_file import (
    Answer,
    BudgetFile,
    DeadlinesFile,
    Late,
    NoticeFile,
    ServiceFile,
    Silence,
    StackingFile,
)
from profiles.fact_file import FactFile, RowSetFile


class BasisFile(Strict):
    """A document that the policy rests on."""

    document: str = ""
    number: str = ""
    article: str = ""
    issued: str = ""


class DatesFile(Strict):
    """First and last day; `at` is the fact whose day is compared instead of as_of."""

    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    at: str | None = None


class RegionFile(Strict):
    """Where the policy holds: codes or names, what is excepted, and the fact compared."""

    of: str | None = None
    in_: list[str] = Field(default=[], alias="in")
    except_: list[str] = Field(default=[], alias="except")


class TierFile(Strict):
    """One step of a cumulative scale."""

    over: str = "0"
    up_to: str | None = None
    each: str | None = None
    gives: str | None = None
    rate: str | None = None


RowsFile = dict[str, "str | dict[str, str | dict[str, str]]"]


class ValueFile(Strict):
    """A parameter's value from a day on."""

    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    source: str | None = None
    value: str | None = None
    rows: RowsFile | None = None
    list_: list[str] | None = Field(default=None, alias="list")
    tiers: list[TierFile] | None = None


class BoundsFile(Strict):
    """Between which numbers a parameter's values lie: for all, or by the keys of its rows."""

    at_most: str | RowsFile | None = None
    at_least: str | RowsFile | None = None
    source: str | None = None


class ParameterFile(ValueFile):
    """A parameter: one value, or dated `values`, `by` one fact or several."""

    label: Says | None = None
    says: Says | None = None
    note: str | None = None
    unit: str | None = None
    type: FactType | None = None
    by: str | list[str] | None = None
    system: str | None = None
    at: str | None = None
    values: list[ValueFile] | None = None
    bounds: BoundsFile | list[BoundsFile] | None = None


class InputFile(Strict):
    """An input of a decision table: the fact `name`, or what the formula `is` gives."""

    name: str | None = None
    is_: str | None = Field(default=None, alias="is")
    label: Says | None = None
    type: FactType | None = None
    system: str | None = None
    values: list[str] = []


class OutputFile(Strict):
    """An output of a decision table; `values` in the order of their priority."""

    name: str | None = None
    label: Says | None = None
    type: FactType | None = None
    unit: str | None = None
    values: list[str] = []


class RuleFile(Strict):
    """A row of a decision table, with its source."""

    when: list[str]
    then: str | list[str]
    says: Says | None = None
    source: str | None = None


class DecisionTableFile(Strict):
    """A decision table, its rows here or in a file beside the policy."""

    label: Says | None = None
    says: Says | None = None
    source: str | None = None
    note: str | None = None
    inputs: list[str | InputFile] = Field(min_length=1)
    outputs: list[str | OutputFile] = []
    hit: str
    default: str | list[str] | None = None
    rows: list[list[str] | RuleFile] | None = None
    file: str | None = None
    sheet: str | None = None


class ClauseFile(Strict):
    """A clause: a leaf with `when` or `judged_by`, or a group of all, any or none."""

    id: str
    says: Says | None = None
    source: str | None = None
    note: str | None = None
    when: str | None = None
    judged_by: str | None = None
    not_yet: str | None = None
    all: list["ClauseFile"] | None = None
    any: list["ClauseFile"] | None = None
    none: list["ClauseFile"] | None = None


class StepFile(Strict):
    """One step of an amount; exactly one of the operations."""

    when: str | None = None
    says: Says | None = None
    source: str | None = None
    first: str | None = None
    take: str | None = None
    plus: str | None = None
    minus: str | None = None
    times: str | None = None
    at_most: str | None = None
    at_least: str | None = None
    nothing_below: str | None = None
    round: str | None = None
    decided_by: str | None = None


AmountFile = str | StepFile | list[str | StepFile]


class PortionFile(Strict):
    """One line of an award."""

    id: str
    says: Says | None = None
    source: str | None = None
    when: str | None = None
    amount: AmountFile


class AlsoFile(Strict):
    """Another figure that the recipient is told."""

    label: Says | None = None
    unit: str | None = None
    amount: AmountFile


class BenefitFile(Strict):
    """What the recipient gets."""

    kind: Literal[
        "cash",
        "relief",
        "deduction",
        "insurance",
        "service",
        "limit",
        "duration",
        "qualification",
    ] = "cash"
    unit: str = "yuan"
    amount: AmountFile | None = None
    portions: list[PortionFile] = []
    also: dict[str, AlsoFile] = {}
    payee: str | None = None
    through: str | None = None


class DeliveryFile(Strict):
    """One case of how the benefit reaches the recipient."""

    when: str | None = None
    by: Literal["direct", "confirm", "invite"]
    says: Says | None = None
    ahead: str | None = None
    answer: Answer | None = None
    late: Late | None = None
    silence: Silence | None = None


class ClaimFile(Strict):
    """What of a row is used up, and the group of policies among which it is."""

    of: str
    group: str


class LimitFile(Strict):
    """A quantity that the rows share; `as` names the part that a row gets."""

    on: str
    up_to: str
    order: str | None = None
    per: str | list[str] | None = None
    as_: str | None = Field(default=None, alias="as")
    says: Says | None = None
    source: str | None = None


class EachFile(Strict):
    """Rows decided one by one."""

    row: str
    claim: ClaimFile | None = None
    facts: dict[str, FactFile] = {}
    clauses: list[ClauseFile] = []
    amount: AmountFile | None = None
    limits: list[LimitFile] = []


class ContactFile(Strict):
    """Whom to ask."""

    office: str = ""
    phone: str = ""


class UnmodelledFile(Strict):
    """A condition that data cannot settle."""

    says: Says
    source: str | None = None


class ExpectFile(Strict):
    """What an example must give."""

    verdict: Literal["eligible", "ineligible", "unknown"]
    amount: str | None = None
    amounts: dict[str, str] = {}
    failing: list[str] | None = None
    missing: list[str] | None = None
    rows: dict[Literal["eligible", "ineligible", "unknown"], int] | None = None


class CaseFile(Strict):
    """One example."""

    name: str
    as_of: str | None = None
    given: dict[str, object] = {}
    expect: ExpectFile
    source: str | None = None


class ExamplesFile(Strict):
    """Worked cases, with what they share."""

    as_of: str | None = None
    given: dict[str, object] = {}
    cases: list[CaseFile]


class PolicyFile(Strict):
    """A policy as its author writes it."""

    policy: str
    version: str
    kind: Literal["policy", "frame", "check"] = "policy"
    title: TitleFile
    audience: Literal["enterprise", "resident", "household"]
    authority: str
    level: Literal["national", "province", "city", "county", "town", "village"]
    region: str | RegionFile | None = None
    basis: list[BasisFile] = Field(min_length=1)
    effective: DatesFile = DatesFile()
    per: Literal["year", "half", "quarter", "month", "once"] | dict[str, str] = "year"
    period: str = "this"
    window: DatesFile | None = None
    parameters: dict[str, ParameterFile] = {}
    facts: dict[str, FactFile] = {}
    rows: dict[str, RowSetFile] = {}
    tables: dict[str, DecisionTableFile] = {}
    clauses: list[ClauseFile] = []
    benefit: BenefitFile
    delivery: Literal["direct", "confirm", "invite"] | list[DeliveryFile] = "confirm"
    public_notice: NoticeFile | None = None
    deadlines: DeadlinesFile | None = None
    contact: ContactFile = ContactFile()
    not_modelled: list[UnmodelledFile] = []
    examples: ExamplesFile | None = None
    implements: str | None = None
    without: list[str] = []
    each: EachFile | None = None
    stacking: StackingFile | None = None
    budget: BudgetFile | None = None
    back_pay: str | None = None
    recipient: str | None = None
    service: ServiceFile | None = None
