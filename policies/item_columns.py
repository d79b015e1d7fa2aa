"""The columns in which catalogues of service items are exchanged, and how their cells are read.

They are the elements of GB/T 39046-2020 table 4 and of the national implementation list, those that
cities add for benefits, and what the standards have no column for.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from policies.service_codes import CODES, find_code
from profiles.identifier import REASONS, check_identifiers

ColumnKind = Literal["text", "code", "whole", "boolean", "day", "list", "uscc"]
YES, NO = "是", "否"
LONGEST_NAME = 200
SEPARATOR = "、"
_YES, _NO = (YES, "true", "1", "yes"), (NO, "false", "0", "no")
_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemColumn:
    """One column; `typed` where `service:` of a policy may say it, `codes` where it is closed."""

    field: str
    zh: str
    kind: ColumnKind = "text"
    typed: bool = True
    codes: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    longest: int | None = None


def _column(
    name: str, zh: str, kind: ColumnKind = "text", longest: int | None = None
) -> ItemColumn:
    return ItemColumn(field=name, zh=zh, kind=kind, codes=CODES.get(name, {}), longest=longest)


def _ours(name: str, zh: str, kind: ColumnKind = "text") -> ItemColumn:
    return ItemColumn(field=name, zh=zh, kind=kind, typed=False, codes=CODES.get(name, {}))


COLUMNS: tuple[ItemColumn, ...] = (
    _ours("policy", "政策标识"),
    _ours("version", "政策版本"),
    _column("task_name", "事项名称", longest=LONGEST_NAME),
    _column("catalog_code", "基本编码"),
    _column("task_code", "实施编码"),
    _column("task_handle_item", "业务办理项编码"),
    _column("task_type", "事项类型", "code"),
    _ours("by_law", "设定依据"),
    _column("power_source", "权力来源"),
    _column("use_level", "行使层级", "code"),
    _column("dept_name", "实施主体"),
    _column("dept_code", "实施主体编码", "uscc"),
    _column("dept_type", "实施主体性质"),
    _column("joint_depts", "联办机构", "list"),
    _column("entrust_name", "委托部门"),
    _column("server_type", "服务对象", "code"),
    _column("project_type", "办件类型"),
    _column("anticipate_day", "法定办结时限", "whole"),
    _column("anticipate_type", "法定办结时限单位"),
    _column("anticipate_explain", "法定办结时限说明"),
    _column("promise_day", "承诺办结时限", "whole"),
    _column("promise_type", "承诺办结时限单位"),
    _column("promise_explain", "承诺办结时限说明"),
    _column("accept_condition", "受理条件"),
    _column("handle_flow", "办理流程", "list"),
    _column("special_procedure", "特别程序", "list"),
    _column("quota", "数量限制", "whole"),
    _column("is_fee", "是否收费", "boolean"),
    _column("fee_basis", "收费依据"),
    _column("handle_type", "办理形式"),
    _column("limit_scene_num", "到现场次数", "whole"),
    _column("link_way", "咨询方式"),
    _column("supervise_way", "监督投诉方式"),
    _column("task_state", "事项状态"),
    _column("task_version", "事项版本", "whole"),
    _column("plan_effective_date", "生效日期", "day"),
    _column("plan_cancel_date", "取消日期", "day"),
    _ours("benefit_kind", "政策类别"),
    _ours("level", "政策级别", "code"),
    _column("theme", "主题"),
    _column("industry", "支持行业", "list"),
    _ours("target", "惠及对象", "code"),
    _ours("region", "适用地区"),
    _ours("conditions", "申报条件"),
    _column("delivery_class", "兑现类型", "code"),
    _column("steps", "审批环节", "whole"),
    _column("days", "兑现时长", "whole"),
    _column("channel", "兑现方式"),
    _ours("amount_rule", "资助额度"),
    _ours("window", "申报时间"),
    _ours("budget", "预算"),
    _ours("excludes", "互斥", "list"),
    _ours("requires", "前置", "list"),
    _ours("stack_cap", "叠加上限"),
    _ours("not_modelled", "未建模条件"),
    _ours("kind", "金额类型", "code"),
    _ours("per", "享受周期", "code"),
    _ours("rounding", "取整"),
    _ours("data_inputs", "数据依据", "list"),
    _ours("as_of_rule", "时点规则"),
    _ours("notice_days", "公示天数"),
    _ours("notice_fields", "公示字段", "list"),
)
BY_FIELD: Mapping[str, ItemColumn] = {column.field: column for column in COLUMNS}
_BY_HEAD = {name.casefold(): column for column in COLUMNS for name in (column.field, column.zh)}


def find_column(head: str) -> ItemColumn | None:
    """The column of this Chinese name or field name."""
    return _BY_HEAD.get(unicodedata.normalize("NFKC", head).strip().casefold())


def read_cell(column: ItemColumn, text: str) -> str:
    """A cell in the one form in which cells are compared and exported; "" for an empty one.

    Raises ValueError with the reason where it is not of the column's type.
    """
    text = text.strip()
    if not text:
        return ""
    if column.longest is not None and len(text) > column.longest:
        raise ValueError(f"has {len(text)} signs, at most {column.longest} are allowed")
    match column.kind:
        case "whole":
            if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
                raise ValueError(f'"{text}" is no whole number: write digits alone')
            return str(int(text))
        case "boolean":
            folded = text.casefold()
            if folded not in (*_YES, *_NO):
                raise ValueError(f'"{text}" is neither {YES} nor {NO}')
            return YES if folded in _YES else NO
        case "day":
            return _read_day(text).isoformat()
        case "list":
            parts = re.split(r"[、，,；;\n]", text)
            return SEPARATOR.join(part.strip() for part in parts if part.strip())
        case "code":
            return find_code(column.field, text)
        case "uscc":
            reason = check_identifiers("uscc", pl.Series([text]))["reason"].item()
            if reason is not None:
                raise ValueError(f"no unified social credit code: {REASONS[reason]}")
            return text
        case "text":
            return text


def _read_day(text: str) -> date:
    found = _DAY.fullmatch(text)
    try:
        if found is not None:
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        pass
    raise ValueError(f'"{text}" is no day like 2025-10-31')
