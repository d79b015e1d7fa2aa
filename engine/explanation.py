"""An explanation as data: what `zhida explain` tells, whatever the form it is told in.

Its JSON has one key for each field here; docs/integrator.md describes them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from profiles.answers import Answer

FORMAT = "zhida-explanation-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact's value came from; `answer` where the person or firm itself gave it."""

    dataset: str
    department: str
    release: str
    delivered_on: date
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTold:
    """What a row of a legal table asks of one fact."""

    fact: str
    label_zh: str
    label_en: str
    says_zh: str
    says_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTold:
    """A tier of a cumulative scale and what it adds for this subject."""

    says_zh: str
    says_en: str
    part: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterTold:
    """Which value of a parameter counted: the span of days, the table's row, the tiers.

    `begins` and `ends` are both included, None is open. `chosen_by` is the fact whose day chose
    the span (`at:`), "" where the day of the run did; `chosen_by_zh` is what it is called. `rules`
    are the rows of a decision table that counted, numbered from 1 as its author wrote them; `row`
    then says what each of them asks.
    """

    begins: date | None
    ends: date | None
    chosen_by: str
    row: tuple[KeyTold, ...]
    tiers: tuple[TierTold, ...]
    rules: tuple[int, ...] = ()
    chosen_by_zh: str = ""
    chosen_by_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactUsed:
    """A fact or a parameter as it counted. `value`, exact and in `unit`, is None while missing."""

    name: str
    label_zh: str
    label_en: str
    value: bool | str | None
    value_zh: str | None
    value_en: str | None
    unit: str = ""
    source: Source | None = None
    legal_source: str = ""
    parameter: ParameterTold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseTold:
    """A clause with its truth value (None: unknown), how deep it stands, and what it rests on.

    `unwanted`: it stands under a `none`, so that it is good where it does not hold.
    """

    id: str
    depth: int
    says_zh: str
    says_en: str
    source: str
    value: bool | None
    condition_zh: str
    condition_en: str
    group: str = ""
    unwanted: bool = False
    facts: tuple[FactUsed, ...] = ()

    @property
    def good(self) -> bool | None:
        """Whether it is as it must be."""
        return None if self.value is None else self.value is not self.unwanted


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTold:
    """A step of an amount: what it does, with what, and what came out.

    `applied` is False where its condition does not hold, None where that is unknown. `operand` is
    what it did it with, `amount` what came out, None while open.
    """

    operation: str
    says_zh: str
    says_en: str
    does_zh: str
    does_en: str
    condition_zh: str
    condition_en: str
    source: str
    applied: bool | None
    operand_zh: str | None
    operand_en: str | None
    amount: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountTold:
    """A portion, what one row gives, or another figure that the recipient is told, in steps.

    `facts` are, of a row, the facts and parameters of its amount that its clauses do not tell.
    """

    name: str
    label_zh: str
    label_en: str
    unit: str
    amount: str | None
    steps: tuple[StepTold, ...]
    facts: tuple[FactUsed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionTold:
    """Ids of clauses that, all otherwise, would make the subject eligible, and none fewer of them.

    `change` failed; `settle` are not decided yet and would have to come out well too.
    """

    change: tuple[str, ...]
    settle: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMissTold:
    """How far a comparison in `clause` is from coming out as it must.

    The value is `direction` (below or above) the threshold by `gap`, exact and in `unit`;
    `included`: the threshold itself would do. From `holds_on` time alone brings it about.
    """

    clause: str
    says_zh: str
    says_en: str
    value: str
    threshold: str
    gap: str
    unit: str
    direction: str
    included: bool
    legal_source: str
    holds_on: date | None
    waits_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidingTold:
    """Missing facts that together could settle the verdict, and to which `verdicts`."""

    facts: tuple[str, ...]
    labels_zh: tuple[str, ...]
    labels_en: tuple[str, ...]
    verdicts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision with its reasons, for people and as data."""

    subject: str
    policy: str
    version: str
    title_zh: str
    title_en: str
    as_of: date
    period: str
    verdict: str
    amount: str | None
    unit: str
    clauses: tuple[ClauseTold, ...]
    steps: tuple[StepTold, ...]
    portions: tuple[AmountTold, ...]
    also: tuple[AmountTold, ...]
    rows: tuple[AmountTold, ...]
    amount_facts: tuple[FactUsed, ...]
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[FactUsed, ...]
    reasons: tuple[str, ...]
    why_not: tuple[CorrectionTold, ...]
    why_not_count: int
    near_misses: tuple[NearMissTold, ...]
    deciding: tuple[DecidingTold, ...]
    deciding_bounded: bool
    not_modelled_zh: tuple[str, ...]
    not_modelled_en: tuple[str, ...]


def as_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain data, days as 2025-10-31."""
    plain: dict[str, Any] = _plain(asdict(explanation))
    return {"format": FORMAT} | plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
