"""A draft of a policy from a row of a catalogue: what the row says, the rest left to its author."""

import json
import re
from collections.abc import Mapping
from datetime import date

from policies.item_columns import COLUMNS, NO, SEPARATOR, YES
from policies.new_policy import Heading, quote, write_examples, write_head
from policies.service_codes import LEVEL_CODES, SERVER_TYPE
from profiles.region import region_code

_SAID_ELSEWHERE = {
    "task_name", "dept_name", "plan_effective_date", "accept_condition",
}  # fmt: skip
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NUMBER = re.compile(r"[^\s《》；;]*〔\d{4}〕\s*第?\d+号")


class RowRefused(ValueError):
    """A row that says too little for a draft: the column that lacks, and why."""

    def __init__(self, column: str, why: str) -> None:
        self.column = column
        self.why = why
        super().__init__(why)


def draft_policy(cells: Mapping[str, str], schema: str) -> tuple[str, str]:
    """The id of the draft and the text of its file. Raises RowRefused where a column lacks."""
    for field, zh in (
        ("task_name", "事项名称"),
        ("dept_name", "实施主体"),
        ("by_law", "设定依据"),
        ("plan_effective_date", "生效日期"),
    ):
        if not cells.get(field):
            raise RowRefused(zh, "a draft needs it and it is empty")
    document, number = _basis(cells["by_law"])
    heading = Heading(
        id=_id(cells),
        title_zh=cells["task_name"],
        title_en="",
        authority=cells["dept_name"],
        level=_level(cells),
        region=_region(cells),
        document=document,
        number=number,
        effective_from=date.fromisoformat(cells["plan_effective_date"]),
    )
    head = write_head(heading, schema)
    head.insert(5, f"audience: {_audience(cells)}")
    if version := cells.get("version"):
        head = [f"version: {quote_always(version)}" if _is_version(x) else x for x in head]
    if end := cells.get("plan_cancel_date"):
        head = [
            f"effective: {{from: {heading.effective_from}, to: {end}}}"
            if line.startswith("effective:")
            else line
            for line in head
        ]
    office = quote_always(heading.authority)
    says = cells.get("accept_condition") or cells.get("conditions") or "由部门认定"
    amount = cells.get("amount_rule", "")
    told = f", says: {quote_always(amount)}" if amount else ""
    lines = [
        *head,
        f"per: {cells.get('per') or 'once'}",
        "",
        "clauses:  # 尚无条件，先由部门认定: no condition yet, so the office judges",
        f"  - {{id: judged, says: {{zh: {quote_always(says)}}}, judged_by: {office}}}",
        "",
        "benefit:",
        f"  kind: {cells.get('kind') or 'cash'}",
        f"  amount: [{{decided_by: {office}{told}}}]  # 尚无公式: no formula yet",
        "delivery: invite",
        "",
        *_service(cells),
        *write_examples(heading),
    ]
    return heading.id, "\n".join(lines) + "\n"


def quote_always(text: str) -> str:
    """A text in quotes, safe inside flow collections, with signs that nobody sees escaped."""
    plain = quote(text)
    return plain if plain.startswith('"') else json.dumps(text, ensure_ascii=False)


def _is_version(line: str) -> bool:
    return line.startswith("version:")


def _service(cells: Mapping[str, str]) -> list[str]:
    """`service:` with what the policy does not say elsewhere."""
    lines = []
    for column in COLUMNS:
        value = cells.get(column.field, "")
        if not column.typed or not value or column.field in _SAID_ELSEWHERE:
            continue
        if column.field == "plan_cancel_date":
            continue
        match column.kind:
            case "list":
                parts = ", ".join(quote_always(part) for part in value.split(SEPARATOR))
                shown = f"[{parts}]"
            case "boolean":
                shown = {YES: "true", NO: "false"}[value]
            case "whole":
                shown = value
            case _:
                shown = quote_always(value)
        lines.append(f"  {column.field}: {shown}")
    return ["service:", *lines, ""] if lines else []


def _id(cells: Mapping[str, str]) -> str:
    given = cells.get("policy", "")
    if given:
        if not _ID.fullmatch(given):
            raise RowRefused("政策标识", f'"{given}" is no id: a-z, 0-9 and - alone')
        return given
    code = cells.get("task_code") or cells.get("catalog_code") or ""
    made = re.sub(r"[^a-z0-9]+", "-", code.casefold()).strip("-")
    if not made:
        raise RowRefused("政策标识", "a draft needs it, or 实施编码 or 基本编码, for its id")
    return f"item-{made}"


def _level(cells: Mapping[str, str]) -> str:
    if level := cells.get("level"):
        return level
    for level, code in LEVEL_CODES.items():
        if cells.get("use_level") == code:
            return level
    raise RowRefused("政策级别", "a draft needs it or 行使层级")


def _audience(cells: Mapping[str, str]) -> str:
    if target := cells.get("target"):
        return target
    served = cells.get("server_type")
    if served in ("1", "2"):
        return {"1": "resident", "2": "enterprise"}[served]
    why = f"served are {SERVER_TYPE[served][0]}" if served else "a draft needs it or 服务对象"
    raise RowRefused("惠及对象", why)


def _region(cells: Mapping[str, str]) -> str:
    region = cells.get("region", "")
    if not region:
        return ""
    code = region_code(region)
    if code is None:
        raise RowRefused("适用地区", f'"{region}" is no region of GB/T 2260: name one')
    return code


def _basis(text: str) -> tuple[str, str]:
    """The first document and its number."""
    first = re.split(r"[；;\n]", text)[0].strip()
    title = re.search(r"《(.+)》", first)
    number = _NUMBER.search(first)
    document = title[1] if title else first
    return document, number[0] if number else ""
