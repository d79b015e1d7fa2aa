"""The words around an explanation, in Chinese and English, for the terminal and for pages."""

from collections.abc import Mapping

from engine.explanation import Explanation
from engine.shown_value import unit_words

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "eligible": "符合", "ineligible": "不符合", "unknown": "待定（资料不全）",
        "all": "须全部符合", "any": "符合其一即可", "none": "均不得有", "portion": "分项",
        "amount": "金额", "amount open": "金额待定", "whole": "合计", "open": "待定",
        "missing": "缺",
        "missing facts": "缺少资料", "check": "须人工核实", "skipped": "不适用，跳过",
        "without": "无：", "with": "有：", "must not": "不得有：",
        "list": "、", "colon": "：",
        "is good": "符合", "is bad": "不符合", "is open": "待定",
        "clauses": "条款", "subject": "对象", "policy": "政策", "period": "所属期",
        "as of": "截至", "steps": "金额如何得出", "also": "另告知", "facts": "所用资料",
        "fact": "资料", "value": "值", "from": "来源",
        "title": "政策判定说明", "since": "自", "until": "至", "row": "适用行",
        "rules": "判定表第几行：", "tiers": "各档",
        "why not": "须改变之处（最少）", "near misses": "差多少",
        "deciding": "哪些资料到位即可判定", "settle": "（待定）", "more": "另有{}种",
        "bounded": "未能试遍全部可能", "may be": "可能为", "or": "或",
        "undefined": "算式无意义（如除以零）", "no row": "无对应标准",
        "does not apply": "资料不适用", "left open": "标准未定",
        "two rows": "决策表两行同时适用且不一致", "no value in force": "当日无有效标准",
        "judged by": "由其认定：", "decided by": "由其决定：", "not yet": "尚未达到：",
    },
    "en": {
        "eligible": "eligible", "ineligible": "not eligible", "unknown": "unknown",
        "all": "all of", "any": "any of", "none": "none of", "portion": "portion",
        "amount": "amount", "amount open": "amount open", "whole": "in all",
        "open": "open", "missing": "missing",
        "missing facts": "missing", "check": "for a person to check", "skipped": "skipped",
        "without": "not: ", "with": "", "must not": "must not be: ",
        "list": ", ", "colon": ": ",
        "is good": "as it must be", "is bad": "not as it must be", "is open": "open",
        "clauses": "Clauses", "subject": "Subject", "policy": "Policy", "period": "Period",
        "as of": "As of", "steps": "How the amount came about", "also": "Also told",
        "facts": "Facts used", "fact": "Fact", "value": "Value", "from": "From",
        "title": "A decision explained",
        "since": "from", "until": "to", "row": "row", "rules": "rows of the decision table: ",
        "tiers": "tiers",
        "why not": "What would have to be otherwise, at the least", "near misses": "How far",
        "deciding": "What could still decide", "settle": " (open)", "more": "and {} more ways",
        "bounded": "not everything could be tried", "may be": "then perhaps", "or": " or ",
        
        "undefined": "arithmetic without a result, such as division by zero",
        "no row": "the table has no row", "does not apply": "a fact does not apply",
        "two rows": "two rows of the table contradict each other",
        "left open": "the figure is left open", "no value in force": "no figure is in force",
        "judged by": "to be judged by ", "decided by": "to be decided by ",
        "not yet": "not yet: ",
    },
}  # fmt: skip


def say_amount(amount: str | None, unit: str, language: str, when_open: str) -> str:
    """An amount with its unit, or what stands for one that is open."""
    zh, en = unit_words(unit)
    return when_open if amount is None else amount + (zh if language == "zh" else en)


def say_reason(reason: str, told: Explanation, language: str) -> str:
    """What else than a missing fact leaves something open, in words."""
    words = WORDS[language]
    for start in ("judged by", "decided by", "not yet"):
        if reason.startswith(start):
            what = reason.removeprefix(start).removeprefix(":").strip()
            clauses = (clause for clause in told.clauses if clause.id == what)
            clause = next(clauses, None) if start == "not yet" else None
            if clause is not None:
                what = (clause.says_zh if language == "zh" else clause.says_en) or what
            return words[start] + what
    return words.get(reason, reason)


def say_corrections(told: Explanation, language: str) -> list[str]:
    """Each smallest set of clauses that would have to be otherwise, in one line."""
    words, zh = WORDS[language], language == "zh"
    # of one id the first counts: those of rows come later
    clauses = {clause.id: clause for clause in reversed(told.clauses)}
    names = {id_: (c.says_zh if zh else c.says_en) or id_ for id_, c in clauses.items()}
    unwanted = {id_ for id_, clause in clauses.items() if clause.unwanted}

    def name(id_: str) -> str:
        start = words["without"] if id_ in unwanted and zh else ""
        return start + (f"not: {names[id_]}" if id_ in unwanted and not zh else names[id_])

    lines = []
    for correction in told.why_not:
        parts = [name(id_) for id_ in correction.change]
        parts += [name(id_) + words["settle"] for id_ in correction.settle]
        lines.append(("；" if zh else "; ").join(parts))
    if told.why_not_count > len(told.why_not):
        lines.append(words["more"].format(f"{told.why_not_count - len(told.why_not):,}"))
    return lines


def say_deciding(told: Explanation, language: str) -> list[str]:
    """Each smallest set of facts that could settle an unknown verdict, and to what."""
    words = WORDS[language]
    lines = []
    for found in told.deciding:
        labels = found.labels_zh if language == "zh" else found.labels_en
        verdicts = words["or"].join(words[verdict] for verdict in found.verdicts)
        lines.append(f"{' + '.join(labels)} → {words['may be']} {verdicts}")
    if told.deciding_bounded:
        lines.append(words["bounded"])
    return lines
