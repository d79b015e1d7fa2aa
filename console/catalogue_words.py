"""The words around the catalogue's pages, in Chinese and English."""

from collections.abc import Mapping

CATALOGUE_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "import": "清单导入比对", "unknown columns": "未识别的列",
        "row": "行", "cell": "单元格", "column": "要素", "policy": "政策", "why": "原因",
        "in file": "清单所载", "in policy": "政策所载", "differences": "逐要素差异",
        "refused": "不予采用", "new": "新事项", "draft": "草稿",
        "no draft": "未生成（用 --out 指定文件夹）",
        "known": "{} 行为已有事项，{} 处差异；{} 行为新事项；{} 处不予采用",
        "none": "无",
        "search": "检索", "score": "相关度", "matched": "匹配之处", "text": "原文",
        "similar": "相似政策", "texts": "文本", "facts": "事实", "shared": "共同之处",
        "overlap": "政策交叉", "first": "前者", "second": "后者", "both": "两者均符合",
        "only first": "仅前者", "only second": "仅后者", "undecided": "待定",
        "settled": "叠加规则", "sum first": "前者付给两者均符合者",
        "sum second": "后者付给两者均符合者",
        "snapshot": "{} 的快照", "sample": "样本城市，{}",
        "quiet": "另有 {} 对无人同时符合，其中 {} 对有待定者",
        "compare": "同一事项对照", "same": "各处一致的要素", "only one": "仅一项，无可对照",
        "review": "待复核事项", "day": "日期", "reason": "缘由",
        "negative": "负面清单", "excluded": "排除情形", "not fit": "不宜免申即享的政策",
        "condition": "不得有", "clause": "条款", "source": "出处", "title": "名称", "about": "所涉",
        "not alone": "与其他情形并存时",
    },
    "en": {
        "import": "A catalogue compared", "unknown columns": "Unknown columns",
        "row": "row", "cell": "cell", "column": "element", "policy": "policy", "why": "why",
        "in file": "the file says", "in policy": "the policy says",
        "differences": "Differences, element by element",
        "refused": "Not taken", "new": "New items", "draft": "draft",
        "no draft": "not written (name a folder with --out)",
        "known": "{} rows are known, with {} differences; {} rows are new; {} are not taken",
        "none": "none",
        "search": "Search", "score": "score", "matched": "matched in", "text": "text",
        "similar": "Similar policies", "texts": "texts", "facts": "facts", "shared": "shared",
        "overlap": "Overlapping policies", "first": "first", "second": "second",
        "both": "eligible for both", "only first": "first only", "only second": "second only",
        "undecided": "undecided",
        "settled": "stacking", "sum first": "first pays to both",
        "sum second": "second pays to both",
        "snapshot": "the snapshot of {}", "sample": "a sample city, {}",
        "quiet": "{} more pairs have nobody in both; {} of these have some undecided",
        "compare": "One item compared", "same": "elements that are the same everywhere",
        "only one": "there is only one, nothing to compare",
        "review": "Due for review", "day": "day", "reason": "reason",
        "negative": "Negative lists", "excluded": "what excludes",
        "not fit": "Policies not fit for delivery without an application",
        "condition": "must not be", "clause": "clause", "source": "source", "title": "title",
        "about": "about", "not alone": "together with something else",
    },
}  # fmt: skip
REVIEW_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "ended": "已到期，未见后续版本，应续期或移出清单", "ends": "即将到期",
        "cancelled": "已过计划取消日期", "value ends": "标准即将到期",
        "old basis": "依据文件已超过五年", "undated basis": "依据文件未载发文日期",
        "promise late": "承诺办结时限长于法定时限",
        "promise unclear": "承诺与法定办结时限单位不同，无法比较",
        "promise missing": "未载承诺办结时限",
    },
    "en": {
        "ended": "Ended with no later version: to be renewed or taken off the list",
        "ends": "Ends soon", "cancelled": "The planned last day has passed",
        "value ends": "A value ends soon", "old basis": "A basis older than five years",
        "undated basis": "A basis without a date",
        "promise late": "Promised for later than the law allows",
        "promise unclear": "Promise and statutory limit in different units: not comparable",
        "promise missing": "No promised time limit",
    },
}  # fmt: skip
"""Reasons for a review, in the order in which they are listed."""
CRITERION_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "object": "对象须由部门认定", "basis": "依据文件无文号",
        "amount": "金额未定或由部门核定", "in-force": "未载起始日期",
    },
    "en": {
        "object": "an office has to judge whom it is for",
        "basis": "no document of basis has a number",
        "amount": "the amount is not given or left to an office",
        "in-force": "no first day is said",
    },
}  # fmt: skip
"""What of the four criteria of 免申即享 is not met."""
