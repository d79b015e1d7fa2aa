"""The text of a new policy file: complete enough for `check`, with a word where more is to say."""

import json
import re
from dataclasses import dataclass
from datetime import date

from language.number import parse_number
from profiles.region import full_name

_PLAIN = re.compile(
    r"[A-Za-z\u4e00-\u9fff][\w\u4e00-\u9fff〔〕（）《》、·.-]*(?: [\w〔〕（）《》.-]+)*"
)
_WORDS = ("true", "false", "null", "yes", "no", "on", "off")
NEEDS_AMOUNT = ("cash", "relief", "deduction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What every new policy says of itself; `region` is a code, or empty for everywhere."""

    id: str
    title_zh: str
    title_en: str
    authority: str
    level: str
    region: str
    document: str
    number: str
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPolicy:
    """What a policy of its own says besides; without a `condition` the authority judges."""

    heading: Heading
    audience: str
    kind: str
    per: str
    amount: str
    condition: str
    says: str


def quote(text: str) -> str:
    """A text as a YAML scalar: plain where nobody could read it otherwise, else in quotes."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else _escape(sign) for sign in quoted)


def _escape(sign: str) -> str:
    """A sign that nobody sees, such as the end of a line that only YAML knows."""
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


def write_head(heading: Heading, schema: str, implements: str = "") -> list[str]:
    """The lines up to the dates, which policies and implementations have alike."""
    title = f"{{zh: {quote(heading.title_zh)}"
    title += f", en: {quote(heading.title_en)}}}" if heading.title_en else "}"
    number = f", number: {quote(heading.number)}" if heading.number else ""
    lines = [
        f"# yaml-language-server: $schema={schema}",
        "# 草稿：zhida check 会列出尚待补充之处。A draft: zhida check lists what is left to say.",
        f"policy: {heading.id}",
    ]
    lines += [f"implements: {implements}"] if implements else []
    lines += [
        f'version: "{heading.effective_from.year}.1"',
        f"title: {title}",
        f"authority: {quote(heading.authority)}",
        f"level: {heading.level}",
    ]
    if heading.region:
        lines.append(f'region: "{heading.region}"  # {full_name(heading.region)}')
    lines += [
        "basis:  # 政策依据，可补充 article（条）、issued（发文日期）: the documents it rests on",
        f"  - {{document: {quote(heading.document)}{number}}}",
        f"effective: {{from: {heading.effective_from}}}  # 有期限时加 to: with a last day, add to",
    ]
    return lines


def write_policy(new: NewPolicy, schema: str) -> str:
    """A policy with one condition and one example."""
    head = write_head(new.heading, schema)
    head.insert(5, f"audience: {new.audience}")
    lines = [*head, f"per: {new.per}", ""]
    lines += _amount_above(new.amount)
    lines += [
        "clauses:  # 条款，须全部满足；每条写明出处 source: all must hold; add the source of each",
        *_clause(new),
        "",
        "benefit:",
        f"  kind: {new.kind}",
    ]
    lines += [f"  amount: {_amount(new.amount)}"] if new.amount else []
    lines += [
        "delivery: confirm  # 一键确认；direct 直接兑现，invite 自行申请: after one click",
        "",
        *write_examples(new.heading),
    ]
    return "\n".join(lines) + "\n"


def write_examples(heading: Heading) -> list[str]:
    """One example that holds, and one to fill."""
    return [
        "examples:  # 算例：未给的事实即缺失: what is not given is missing",
        f"  as_of: {heading.effective_from}",
        "  cases:",
        "    - {name: 事实不明 nothing is known, expect: {verdict: unknown}}",
        "    # - {name: 符合 eligible, given: {事实: 值}, expect: {verdict: eligible, amount: 5}}",
        "    # - {name: 不符合 ineligible, given: {事实: 值}, expect: {verdict: ineligible}}",
    ]


def _clause(new: NewPolicy) -> list[str]:
    if new.condition:
        says = f"says: {{zh: {quote(new.says)}}}, " if new.says else ""
        return [f"  - {{id: first-condition, {says}when: {json.dumps(new.condition)}}}"]
    office = quote(new.heading.authority)
    return [
        "  # 尚无条件，先由部门认定: no condition yet, so the office judges and nobody is eligible",
        f"  - {{id: judged, says: {{zh: 由部门认定, en: judged by it}}, judged_by: {office}}}",
    ]


def _is_number(amount: str) -> bool:
    try:
        parse_number(amount)
    except ValueError:
        return False
    return True


def _amount(amount: str) -> str:
    return "standard" if _is_number(amount) else json.dumps(amount, ensure_ascii=False)


def _amount_above(amount: str) -> list[str]:
    """A number is a parameter, so that it can have a source and change."""
    if not amount or not _is_number(amount):
        return []
    return [
        "parameters:  # 数值与其依据 source；随时间变化时用 values: numbers with their sources",
        f"  standard: {{label: {{zh: 标准, en: standard}}, value: {amount.strip()}}}",
        "",
    ]
