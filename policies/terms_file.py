"""The keys of a policy beside verdict and amount: rules between policies, money, dates, service."""

from typing import Literal

from pydantic import Field

from policies.strict import Strict

BudgetPeriod = Literal["year", "half", "quarter", "month", "once"]
BudgetOrder = Literal["earliest", "highest", "lowest", "ratio"]
GroupRule = Literal["exclusive", "highest", "sum-capped"]
Answer = Literal["for each period", "holds until withdrawn"]
Late = Literal["lost", "from that month", "in full"]
Silence = Literal["declines", "accepts", "waits"]


class GroupFile(Strict):
    """Policies of which one subject draws one, the highest, or no more than `cap` together."""

    name: str
    rule: GroupRule
    cap: str | None = None


class StackingFile(Strict):
    """What a policy may stand beside, for one subject and period."""

    excludes: list[str] = []
    requires: list[str] = []
    group: GroupFile | None = None


class BudgetFile(Strict):
    """How much there is in a period, and who comes first where it is too little."""

    amount: str
    period: BudgetPeriod = "year"
    order: BudgetOrder = "earliest"


class NoticeFile(Strict):
    """How long a list is shown to the public, and what of each award it shows."""

    days: str
    show: list[str] = []


class DeadlinesFile(Strict):
    """Until when each step has to be done."""

    apply: str | None = None
    confirm: str | None = None
    review: str | None = None
    list_: str | None = Field(default=None, alias="list")
    pay: str | None = None


class ServiceFile(Strict):
    """Elements of a service item (GB/T 39046 and the national implementation list).

    What the policy says elsewhere is not repeated: title, basis, level, authority, conditions.
    """

    task_name: str | None = None
    catalog_code: str | None = None
    task_code: str | None = None
    task_handle_item: str | None = None
    task_type: str | None = None
    power_source: str | None = None
    use_level: Literal["1", "2", "3", "4", "5", "6", "7"] | None = None
    dept_name: str | None = None
    dept_code: str | None = None
    dept_type: str | None = None
    joint_depts: list[str] | None = None
    entrust_name: str | None = None
    server_type: Literal["1", "2", "3", "4", "5", "6"] | None = None
    project_type: str | None = None
    anticipate_day: str | None = None
    anticipate_type: str | None = None
    anticipate_explain: str | None = None
    promise_day: str | None = None
    promise_type: str | None = None
    promise_explain: str | None = None
    accept_condition: str | None = None
    handle_flow: list[str] | None = None
    special_procedure: list[str] | None = None
    quota: str | None = None
    is_fee: Literal["true", "false"] | None = None
    fee_basis: str | None = None
    handle_type: str | None = None
    limit_scene_num: str | None = None
    link_way: str | None = None
    supervise_way: str | None = None
    task_state: str | None = None
    task_version: str | None = None
    plan_effective_date: str | None = None
    plan_cancel_date: str | None = None
    theme: str | None = None
    industry: list[str] | None = None
    delivery_class: str | None = None
    steps: str | None = None
    days: str | None = None
    channel: str | None = None
