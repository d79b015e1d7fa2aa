"""The words for changes between two versions of a policy, in Chinese and English."""

from collections.abc import Mapping

Words = Mapping[str, tuple[str, str]]

SECTIONS: Words = {
    "id": ("政策编号", "id"), "version": ("版本", "version"), "title": ("名称", "title"),
    "audience": ("对象", "audience"), "authority": ("主管部门", "authority"),
    "level": ("层级", "level"), "region": ("适用地区", "region"), "basis": ("依据", "basis"),
    "effective": ("有效期", "in force"), "window": ("兑现期限", "time of payment"),
    "per": ("兑现周期", "award for each"), "period": ("所属期", "period"),
    "item": ("兑现标的", "item"), "benefit kind": ("待遇种类", "kind of benefit"),
    "unit": ("单位", "unit"), "contact": ("咨询", "contact"),
    "not modelled": ("须人工核实", "for a person to check"), "examples": ("算例", "examples"),
    "frame": ("母本", "frame"), "parameters": ("参数", "parameter"), "facts": ("事实", "fact"),
    "rows": ("明细", "rows"), "tables": ("决策表", "decision table"), "clauses": ("条款", "clause"),
    "row clauses": ("逐项条款", "clause of each row"),
    "row facts": ("逐项事实", "fact of each row"),
    "row amount": ("每项金额", "amount of each row"), "row set": ("逐项明细", "rows decided"),
    "limits": ("共享限额", "limit"), "claim": ("占用", "claim"), "amount": ("金额", "amount"),
    "portions": ("分项", "portion"), "also": ("另告知", "also told"),
    "delivery": ("兑现方式", "delivery"), "deadlines": ("时限", "deadline"),
    "budget": ("预算", "budget"), "stacking": ("叠加规则", "stacking"),
    "back pay": ("补发期限", "back pay"), "recipient": ("接收人", "recipient"),
    "payee": ("收款人", "payee"), "through": ("经办渠道", "settled through"),
    "public notice": ("公示", "public notice"), "service": ("事项要素", "service element"),
    "text": ("文本", "text"),
}  # fmt: skip

KINDS: Words = {
    "added": ("新增", "added"), "removed": ("删去", "removed"), "moved": ("移至另一组", "moved"),
    "reordered": ("次序调整", "in another order"),
    "regrouped": ("组合方式改变", "counts otherwise"),
    "reworded": ("文字改动", "reworded"), "source": ("依据改动", "another source"),
    "respelled": ("写法不同，含义不变", "written otherwise"),
    "rewritten": ("内容改写", "rewritten"), "raised": ("数值提高", "raised"),
    "lowered": ("数值降低", "lowered"), "comparison": ("比较方式改变", "compared otherwise"),
    "members": ("名单改变", "list changed"), "condition added": ("增加条件", "condition added"),
    "condition removed": ("去掉条件", "condition removed"), "extended": ("延长", "longer"),
    "shortened": ("缩短", "shorter"), "shifted": ("日期改变", "another day"),
    "widened": ("范围扩大", "widened"), "narrowed": ("范围缩小", "narrowed"),
    "replaced": ("改变", "changed"), "counted": ("数量", "count"),
}  # fmt: skip

DIRECTIONS: Words = {
    "wider": ("放宽：无人因此失去", "wider: nobody loses by it"),
    "narrower": ("收紧：无人因此获得", "narrower: nobody gains by it"),
    "higher": ("提高", "higher"), "lower": ("降低", "lower"), "longer": ("延长", "longer"),
    "shorter": ("缩短", "shorter"), "same": ("含义不变", "same meaning"), "": ("", ""),
}  # fmt: skip

DEADLINES: Words = {
    "apply": ("申请", "application"), "confirm": ("确认", "confirmation"),
    "review": ("审核", "review"), "list": ("名单", "list"), "pay": ("支付", "payment"),
}  # fmt: skip

OF_FACTS: Words = {
    "wider": ("对更多人成立", "holds for more"), "narrower": ("对更少人成立", "holds for fewer"),
}  # fmt: skip
"""Directions of what is no clause: who gains by it depends on what rests on it."""
OF_LISTS: Words = {
    "higher": ("名单增加", "more on the list"), "lower": ("名单减少", "fewer on the list"),
}  # fmt: skip

DETAILS: Words = {
    "from": ("自", "from"), "to": ("至", "to"), "says": ("文字", "words"),
    "says_en": ("英文文字", "English words"), "label": ("名称", "label"),
    "label_zh": ("名称", "label"), "label_en": ("英文名称", "English label"),
    "source": ("依据", "source"), "when": ("条件", "condition"), "value": ("取值", "value"),
    "case": ("情形", "case"), "tier": ("档", "tier"), "rate": ("比率", "rate"),
    "over": ("起点", "over"), "up_to": ("上限", "up to"), "each": ("每", "for each"),
    "gives": ("给付", "gives"), "by": ("按", "by"), "row": ("行", "row"),
    "where": ("筛选", "where"), "judged_by": ("认定单位", "judged by"),
    "not_yet": ("未达到者待定", "unknown where not yet so"), "hit": ("命中规则", "hit policy"),
    "unit": ("单位", "unit"), "at": ("按何日取值", "whose day chooses"),
    "excludes": ("不得同享", "excludes"), "requires": ("须同享", "requires"),
    "group": ("组", "group"), "cap": ("封顶", "cap"), "amount": ("金额", "amount"),
    "period": ("周期", "period"), "order": ("次序", "order"), "days": ("天数", "days"),
    "show": ("公示内容", "shown"), "office": ("处室", "office"), "phone": ("电话", "phone"),
    "zh": ("中文", "Chinese"), "en": ("英文", "English"), "added": ("新增", "added"),
    "removed": ("删去", "removed"), "changed": ("改动", "changed"), "file": ("文件", "file"),
    "taken": ("取自母本", "taken from it"), "replaced": ("替换母本", "replacing its own"),
    "dropped": ("不采用", "left out"), "asking": ("征询", "asking"), "ahead": ("提前", "ahead"),
    "answer": ("答复有效期", "answer"), "late": ("迟复", "late"), "silence": ("未答复", "silence"),
    "columns": ("列", "columns"), "function": ("统计方式", "function"), "per": ("分别计算", "per"),
    "on": ("日期", "on"), "match": ("同值列", "match"), "expect": ("应有行数", "expected rows"),
    "length": ("长度", "length"), "count": ("数量", "count"), "type": ("类型", "type"),
}  # fmt: skip

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "title": "版本比较", "time": "时间", "deciding": "影响认定、金额或办理的变化",
        "reading": "只影响文字与依据的变化", "same": "写法不同、含义不变",
        "nothing": "两个版本没有差异。", "none deciding": "没有影响认定、金额或办理的变化。",
        "step": "第{}步", "arrow": " → ", "nobody": "（无）", "rests": "影响：{}",
        "gains": "由不通过变为通过之例：{}", "loses": "由通过变为不再通过之例：{}",
        "holds": "由不成立变为成立之例：{}", "held": "由成立变为不再成立之例：{}",
        "is": "{}为{}", "missing": "缺", "joint": "，", "top": "（最上层）", "in": "在“{}”之下",
        "follows": "新版本自{first}起有效，紧接旧版本。",
        "gap": "空档：{first}至{last}没有任何版本有效（新版本自{begin}起有效）。",
        "overlap": "错误：{first}至{last}两个版本同时有效。旧版本须止于新版本开始之前一日。",
        "before": "新版本（{first}至{last}）的时间在旧版本之前，请核对次序。",
        "state": "同一版本的两种文本，有效期{first}至{last}。",
        "open end": "无期限", "open start": "最初",
        "looks ahead": "不溯及既往：{day}之前的日期都不受影响。",
        "looks back": "溯及既往：涉及{day}之前的{first}至{last}。",
        "looks back at facts": "溯及既往：按当事日期取值的参数，其{day}之前的取值有改变。",
        "periods": "涉及已经认定的{count}个所属期：{periods}。",
        "one period": "涉及已经认定的所属期：{periods}。",
        "more": "等",
        "adjusts": "再次认定这些所属期时，已开立未付的兑现以同一兑现的调整行改为新金额，"
        "不重复开立；已付的不变。",
        "causes": "缘由：{}", "effective": "有效期起点", "window": "兑现期限起点",
        "rule": "现行版本的规则改变", "parameters": "参数“{}”",
        "relation follows": "紧接", "relation gap": "与前一版本之间有空档",
        "relation overlap": "与前一版本重叠", "relation before": "", "relation same": "",
        "version": "版本", "days": "日期", "relation": "衔接",
        "old": "旧", "new": "新", "versions": "全部版本", "list": "、", "colon": "：",
        "more changes": "（另有{}项变化）", "yes": "是", "no": "否",
    },
    "en": {
        "title": "Versions compared", "time": "Time",
        "deciding": "Changes in who gets what, when and how",
        "reading": "Changes in words and sources only",
        "same": "Written otherwise, same meaning",
        "nothing": "The two versions say the same.",
        "none deciding": "Nothing is decided, paid or delivered otherwise.",
        "step": "step {}", "arrow": " → ", "nobody": "(nothing)", "rests": "moves: {}",
        "gains": "passes now and not before, for example: {}",
        "loses": "passed before and does not now, for example: {}",
        "holds": "holds now and not before, for example: {}",
        "held": "held before and does not now, for example: {}",
        "is": "{} {}", "missing": "missing", "joint": ", ", "top": "(top)", "in": "under “{}”",
        "follows": "The newer version is in force from {first}, right after the older one.",
        "gap": "Gap: no version is in force from {first} to {last} (the newer begins on {begin}).",
        "overlap": "Error: both versions are in force from {first} to {last}. "
        "End the older one the day before the newer begins.",
        "before": "The newer version ({first} to {last}) lies before the older one: "
        "are they the right way round?",
        "state": "Two states of one version, in force from {first} to {last}.",
        "open end": "further notice", "open start": "the beginning",
        "looks ahead": "It looks ahead: no day before {day} is touched.",
        "looks back": "Retroactive: it applies to days before {day}, from {first} to {last}.",
        "looks back at facts": "Retroactive: parameters chosen by the day of a fact have other "
        "values for days before {day}.",
        "periods": "It applies to {count} periods already decided: {periods}.",
        "one period": "It applies to one period already decided: {periods}.",
        "more": " …",
        "adjusts": "Where a run decides such a period again, awards opened and not yet paid get an "
        "adjustment line; none is opened twice, and what is paid stays as it is.",
        "causes": "by: {}", "effective": "the first day in force", "window": "the time of payment",
        "rule": "the rule of a version in force already", "parameters": "parameter “{}”",
        "relation follows": "follows", "relation gap": "after a gap",
        "relation overlap": "overlaps the one before", "relation before": "", "relation same": "",
        "version": "version", "days": "days", "relation": "stands",
        "old": "old", "new": "new", "versions": "All versions", "list": ", ", "colon": ": ",
        "more changes": "(and {} more changes)", "yes": "yes", "no": "no",
    },
}  # fmt: skip

MOVES: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "heading": "对象与金额", "older": "旧版本", "newer": "新版本", "difference": "差额",
        "tried": "以{as_of}快照中的{subjects}个对象试算，两个版本都视同当日有效。",
        "values": "参数取值：旧版本按{old}，新版本按{new}。",
        "eligible": "符合", "unknown": "待定", "money": "金额（元）", "open": "金额未定",
        "what": "变动", "how many": "数量", "gained": "由不符合或待定变为符合",
        "lost": "由符合变为不符合", "unsettled": "由符合变为待定", "raised": "金额提高",
        "lowered": "金额降低", "reopened": "金额变为未定或已定",
        "short gained": "新符合", "short lost": "不再符合", "short unsettled": "变为待定",
        "change": "变化", "alone": "单独实施每项变化的结果", "changed": "金额改变",
        "interplay": "每项变化都单独作用于旧版本；合在一起的结果可能不同。",
        "together": "全部变化", "cannot": "不能单独实施", "few": "<5", "hidden": "…",
        "time": "时间与所属期", "amount": "金额", "each": "逐项判定", "region": "适用地区",
    },
    "en": {
        "heading": "People and money", "older": "older", "newer": "newer",
        "difference": "difference",
        "tried": "Tried on {subjects} subjects of the snapshot of {as_of}, both versions as if in "
        "force on that day.",
        "values": "Values of parameters: the older version as of {old}, the newer as of {new}.",
        "eligible": "eligible", "unknown": "unknown", "money": "money (yuan)",
        "open": "amount left open", "what": "what moves", "how many": "how many",
        "gained": "eligible now, not before", "lost": "eligible before, not now",
        "unsettled": "eligible before, unknown now", "raised": "a higher amount",
        "lowered": "a lower amount", "reopened": "an amount that was or is open",
        "short gained": "gained", "short lost": "lost", "short unsettled": "now unknown",
        "change": "change", "alone": "What each change does alone", "changed": "amount changed",
        "interplay": "Each change is made alone to the older version; together they may do more "
        "or less.",
        "together": "all changes", "cannot": "cannot be made alone", "few": "<5", "hidden": "…",
        "time": "time and period", "amount": "amount", "each": "rows decided", "region": "region",
    },
}  # fmt: skip
"""The words about what moves between two versions."""
