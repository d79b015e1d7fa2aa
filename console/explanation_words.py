"""The words around an explanation, in Chinese and English, for the terminal and for pages."""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "eligible": "符合", "ineligible": "不符合", "unknown": "待定（资料不全）",
        "all": "须全部符合", "any": "符合其一即可", "none": "均不得有", "portion": "分项",
        "amount": "金额", "amount open": "金额待定", "open": "待定", "missing": "缺",
        "missing facts": "缺少资料", "check": "须人工核实", "skipped": "不适用，跳过",
        "without": "无：", "with": "有：", "must not": "不得有：",
        "list": "、", "colon": "：", "of": "见",
        "is good": "符合", "is bad": "不符合", "is open": "待定",
        "clauses": "条款", "subject": "对象", "policy": "政策", "period": "所属期",
        "as of": "截至", "steps": "金额如何得出", "also": "另告知", "facts": "所用资料",
        "department": "来源部门", "release": "批次", "delivered": "交付日期", "legal": "依据",
        "title": "政策判定说明", "since": "自", "until": "至", "row": "适用行", "tiers": "各档",
        "undefined": "算式无意义（如除以零）", "no row": "无对应标准",
        "does not apply": "资料不适用", "left open": "标准未定",
        "no value in force": "当日无有效标准",
        "judged by": "由其认定：", "decided by": "由其决定：", "not yet": "尚未达到：",
    },
    "en": {
        "eligible": "eligible", "ineligible": "not eligible", "unknown": "unknown",
        "all": "all of", "any": "any of", "none": "none of", "portion": "portion",
        "amount": "amount", "amount open": "amount open", "open": "open", "missing": "missing",
        "missing facts": "missing", "check": "for a person to check", "skipped": "skipped",
        "without": "not ", "with": "", "must not": "must not be: ",
        "list": ", ", "colon": ": ", "of": "see",
        "is good": "as it must be", "is bad": "not as it must be", "is open": "open",
        "clauses": "Clauses", "subject": "Subject", "policy": "Policy", "period": "Period",
        "as of": "As of", "steps": "How the amount came about", "also": "Also told",
        "facts": "Facts used", "department": "Department", "release": "Release",
        "delivered": "Delivered", "legal": "Legal source", "title": "A decision explained",
        "since": "from", "until": "to", "row": "row", "tiers": "tiers",
        "undefined": "arithmetic without a result, such as division by zero",
        "no row": "the table has no row", "does not apply": "a fact does not apply",
        "left open": "the figure is left open", "no value in force": "no figure is in force",
        "judged by": "to be judged by ", "decided by": "to be decided by ",
        "not yet": "not yet: ",
    },
}  # fmt: skip


def say_reason(reason: str, language: str) -> str:
    """What else than a missing fact leaves something open, in words."""
    words = WORDS[language]
    for start in ("judged by", "decided by", "not yet"):
        if reason.startswith(start):
            return words[start] + reason.removeprefix(start).removeprefix(":").strip()
    return words.get(reason, reason)
