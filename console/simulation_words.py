"""The words about a simulation, in Chinese and English."""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "title": "政策试算：{title}", "baseline": "对比：{key}",
        "nothing": "对比：目前没有同类政策",
        "tried": "以{as_of}快照中的{subjects}个对象试算，视同当日有效。"
        "没有写入任何批次、兑现或通知。",
        "values": "参数取值按{day}。",
        "result": "结果", "before": "现行", "after": "试算", "difference": "差额",
        "eligible": "符合", "unknown": "待定", "money": "金额（元）", "open": "金额未定",
        "moves": "变动", "what": "变动", "how many": "数量",
        "gained": "新增符合", "lost": "不再符合", "unsettled": "由符合变为待定",
        "raised": "金额提高", "lowered": "金额降低", "reopened": "金额变为未定或已定",
        "district": "按地区", "size": "按企业规模", "industry": "按行业门类", "age": "按年龄",
        "class": "类别", "subjects": "对象", "changed": "金额改变", "?": "缺该项事实",
        "few": "少于{few}的数目以及可由合计推算的数目不显示。",
        "short": "只差一项条款",
        "short note": "其他条款都成立、只因这一项不符合的对象数；以及只因这一项而待定的对象数。",
        "clause": "条款", "one short": "只差此项", "one open": "只待此项", "passes": "通过",
        "fails": "不通过",
        "no clauses": "逐行判断的政策没有逐条款的统计。",
        "pace": "全年进度", "month": "月份", "awards": "新增兑现", "cumulative": "累计（元）",
        "pace note": "假设每月最后一日运行一次，除按日计算的年龄、期限、标准和有效期外，"
        "事实都与快照日相同。",
        "budget": "预算{amount}元", "share": "占预算",
        "spent": "按此进度，预算在{month}用完。", "lasts": "按此进度，预算全年够用。",
        "per period": "预算按{period}计，这里只与全年比较。",
        "sweep": "参数取值试算", "value": "取值", "sweep note": "变动与未改参数的试算方案相比。",
        "sweep eligible": "各取值下符合的对象", "sweep money": "各取值下的金额（元）",
        "month money": "各月金额（元）", "year": "年", "half": "半年", "quarter": "季度",
        "once": "一次",
    },
    "en": {
        "title": "Simulation: {title}", "baseline": "against {key}",
        "nothing": "against nothing: no such policy is in force",
        "tried": "Tried on {subjects} subjects of the snapshot of {as_of}, as if in force on that "
        "day. No run, award or notice was written.",
        "values": "Values of parameters as of {day}.",
        "result": "Result", "before": "now", "after": "proposed", "difference": "difference",
        "eligible": "eligible", "unknown": "unknown", "money": "money (yuan)",
        "open": "amount left open",
        "moves": "What moves", "what": "what moves", "how many": "how many",
        "gained": "gain it", "lost": "lose it", "unsettled": "eligible now, unknown then",
        "raised": "a higher amount", "lowered": "a lower amount",
        "reopened": "an amount that was or is open",
        "district": "By district", "size": "By size of enterprise", "industry": "By industry",
        "age": "By age",
        "class": "class", "subjects": "subjects", "changed": "amount changed",
        "?": "fact missing",
        "few": "Numbers below {few}, and those that would follow from the sum, are not shown.",
        "short": "One clause short",
        "short note": "How many fail by this clause alone, all others holding, and how many are "
        "unknown by it alone.",
        "clause": "clause", "one short": "fail by it alone", "one open": "unknown by it alone",
        "passes": "pass", "fails": "fail",
        "no clauses": "Of a policy that decides rows no clause has one value for a subject.",
        "pace": "The year by month", "month": "month", "awards": "awards opened",
        "cumulative": "in all (yuan)",
        "pace note": "A run on the last day of each month, all facts as on the day of the snapshot "
        "but ages, terms, standards and days of validity.",
        "budget": "budget of {amount} yuan", "share": "of the budget",
        "spent": "At this pace the budget is spent in {month}.",
        "lasts": "At this pace the budget lasts through the year.",
        "per period": "The budget is for a {period}; here it is compared with the year.",
        "sweep": "Other values", "value": "value",
        "sweep note": "What moves is told against the proposal as it is.",
        "sweep eligible": "Eligible at each value", "sweep money": "Money at each value (yuan)",
        "month money": "Money by month (yuan)", "year": "year", "half": "half",
        "quarter": "quarter", "once": "once",
    },
}  # fmt: skip

SIZES: Mapping[str, tuple[str, str]] = {
    "large": ("大型", "large"), "medium": ("中型", "medium"), "small": ("小型", "small"),
    "micro": ("微型", "micro"),
}  # fmt: skip
INDUSTRIES: Mapping[str, tuple[str, str]] = {
    "A": ("农、林、牧、渔业", "agriculture, forestry, fishing"), "B": ("采矿业", "mining"),
    "C": ("制造业", "manufacturing"), "D": ("电力、热力、燃气及水生产和供应业", "energy and water"),
    "E": ("建筑业", "construction"), "F": ("批发和零售业", "wholesale and retail"),
    "G": ("交通运输、仓储和邮政业", "transport, storage, post"),
    "H": ("住宿和餐饮业", "hotels and catering"), "I": ("信息传输、软件和信息技术服务业", "IT"),
    "J": ("金融业", "finance"), "K": ("房地产业", "real estate"),
    "L": ("租赁和商务服务业", "leasing and business services"),
    "M": ("科学研究和技术服务业", "research and technical services"),
    "N": ("水利、环境和公共设施管理业", "water, environment, public facilities"),
    "O": ("居民服务、修理和其他服务业", "resident services"), "P": ("教育", "education"),
    "Q": ("卫生和社会工作", "health and social work"),
    "R": ("文化、体育和娱乐业", "culture, sport, entertainment"),
    "S": ("公共管理、社会保障和社会组织", "public administration"),
    "T": ("国际组织", "international organisations"),
}  # fmt: skip
"""Sections of GB/T 4754-2017."""
