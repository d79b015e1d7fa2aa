"""The kinds of problem that a check tells of: what each means, and where the guide explains it.

Problems carry the code of their kind (`language.errors.Problem`). What is wrong with a part of the
file has the name of its key; what an author may want to look up or to set aside has a name of its
own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "notice"]
PAGE = "docs/reference/checks.md"
GUIDE = "../policy-author.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckKind:
    """One kind: its code, how grave it is, what it means in both languages, and what to do.

    `guide` is where the rule itself is explained, seen from the reference pages.
    """

    code: str
    level: Level
    zh: str
    en: str
    remedy: str
    guide: str

    @property
    def link(self) -> str:
        """Where it is explained."""
        return f"{PAGE}#{self.code}"


def _kinds() -> Mapping[str, CheckKind]:
    table: tuple[tuple[str, Level, str, str, str, str], ...] = (
        ("yaml", "error", "文件不是可读的YAML，或用了不允许的写法（锚点、别名、标签、重复的键）",
         "The file cannot be read as YAML, or uses what is not allowed: anchors, aliases, tags, a "
         "key that stands twice, nesting too deep.",
         "Correct the sign at this place. Inside { } a text with a comma, a colon or a bracket "
         "stands in quotes.", "the-file"),
        ("file", "error", "文件无法读取，或整个文件有问题",
         "The file cannot be read, is empty, too large, or not UTF-8.",
         "Save it as UTF-8; split it where it is too large.", "the-file"),
        ("unknown-key", "error", "没有这个键",
         "A key that no policy has, often a slip or a key in the wrong place.",
         "Correct the spelling, or move it to where it belongs.", "keys-of-a-policy"),
        ("missing-key", "error", "缺少必填的键", "A key that every policy needs is not there.",
         "Add it.", "keys-of-a-policy"),
        ("wrong-value", "error", "键的值不合要求",
         "What stands under a key is not what it takes.",
         "Write one of the values or forms that are named.", "keys-of-a-policy"),
        ("condition", "error", "条件无法理解，或类型不符",
         "A condition or formula that cannot be read, or whose kinds do not fit.",
         "Correct it at the sign that is shown.", "../language.md"),
        ("unknown-name", "error", "条件用到的名称不存在",
         "A condition uses a name that is no fact, parameter, table or column here.",
         "Take the name that is suggested, or declare the fact.", "facts-of-a-policy"),
        ("table-overlap", "error", "决策表中两行同时适用",
         "Two rows of a table apply to the same values though its hit policy forbids it.",
         "Part the rows, or say with first or priority which counts.", "which-row-counts"),
        ("version-overlap", "error", "同一事项的两个版本同日有效，或版本重复",
         "Two versions of one policy are in force on one day, or stand in two files.",
         "End the older one on the day before the newer begins.", "time"),
        ("version-gap", "warning", "同一事项的前后两个版本之间有空档",
         "Between two versions of one policy there are days on which none is in force.",
         "Begin the newer one on the day after the older ends, unless nothing is meant to be paid "
         "on those days.", "time"),
        ("frame", "error", "与母本不符",
         "What an implementation says does not fit its frame: it may not say this, must say more, "
         "or goes beyond a bound.", "Say only what the frame leaves open.", "frames"),
        ("direct-not-modelled", "error", "有未建模条件的政策不能直接兑现",
         "The policy is paid without asking, but names conditions that data cannot settle.",
         "Use confirm or invite, or model the condition.", "delivery"),
        ("example-failed", "error", "示例的结果与预期不符",
         "What came out of a worked example is not what it expects.",
         "Decide by the text of the law which of the two is wrong.", "examples"),
        ("no-examples", "warning", "没有示例", "The policy has no worked cases.",
         "Write one for each clause that holds, fails, and is unknown.", "examples"),
        ("never-false", "warning", "没有示例使该条款不成立",
         "No example makes this clause false, so nobody would notice if it always held.",
         "Add an example in which this clause alone fails; zhida test --propose writes one.",
         "examples"),
        ("no-says", "warning", "条款没有给人看的文字",
         "A clause without words: whoever is refused by it reads its id.", "Add says.", "clauses"),
        ("no-source", "warning", "参数取值没有依据",
         "A value of a parameter names no document.", "Name document and article.", "parameters"),
        ("no-value", "warning", "政策有效期内某日参数没有取值",
         "On some day on which the policy is in force a parameter has no value.",
         "Add the value, or end the policy before.", "parameters"),
        ("ends-soon", "warning", "参数取值即将到期",
         "The value of a parameter ends within 90 days of the day of the check, and nothing newer "
         "follows.", "Add the value that follows.", "parameters"),
        ("unused", "warning", "声明后从未使用", "A parameter, fact or output is declared and never "
         "used: often a slip of a name.", "Use it or leave it out.", "parameters"),
        ("no-fact", "warning", "条款没有用到任何事实",
         "A clause that is the same for everybody.", "Look for a slip.", "clauses"),
        ("said-number", "warning", "文字中的数字在条件中没有出现",
         "The words of a clause tell a number or a day that its condition does not know.",
         "Correct the words or the condition.", "clauses"),
        ("always", "warning", "条件恒真或恒假",
         "A condition that holds always or never, whatever the facts.",
         "Look for a slip in a name, a value or a sign.", "../language.md"),
        ("order", "warning", "运算次序可能与原意不同",
         "An order of operators that may be read otherwise than it is meant.",
         "Write the brackets.", "../language.md"),
        ("units", "warning", "单位不一致", "Quantities of different units are added, compared or "
         "told as one another. Where it is certain it is an error.",
         "Bring both to one unit; a share is applied with times.", "../language.md"),
        ("tiers", "warning", "分档不衔接", "Tiers leave a part out, count it twice or stand out "
         "of order.", "Let each tier begin where the one before ends.", "tiers"),
        ("table-gap", "warning", "表格有空缺", "A table has no row for values that people may "
         "have.", "Add a row, else, a default, or a clause that keeps these out.",
         "what-check-finds-in-tables"),
        ("idle-row", "warning", "表格行不起作用", "A row that never counts, or is not needed.",
         "Leave it out, or correct the rows.", "what-check-finds-in-tables"),
        ("table-too-large", "warning", "表格过大，未能分析到底",
         "A table whose rows combine in too many ways to be followed to the end.",
         "Split the table.", "what-check-finds-in-tables"),
        ("unknown-text", "warning", "文本型事实写了unknown",
         "An example gives a text the word unknown, which is a word there.",
         "Write null where it is missing.", "examples"),
        ("kept", "warning", "已读取但尚不生效的键",
         "A key that is understood and kept, and on which nothing acts yet.",
         "Nothing; know that it is so.", "kept-for-later"),
        ("frame-alone", "warning", "没有政策实施该母本", "No policy here implements this frame.",
         "Its conditions are checked with the first policy that does.", "frames"),
        ("entry-criteria", "warning", "不符合免申即享四项准入条件",
         "The policy is given without an application, but whom it is for, what it rests on, what "
         "it pays or whether it is in force is not clear from the file.",
         "Say it, or let people apply with delivery: invite.", "delivery"),
        ("always-on-snapshot", "warning", "条款对当前快照中所有对象都成立",
         "A clause holds for everybody in the snapshot: it decides nothing there.",
         "Look for a slip; it may be right.", "clauses"),
        ("never-on-snapshot", "warning", "条款对当前快照中所有对象都不成立",
         "A clause lets nobody in the snapshot pass.",
         "Look for a slip in a value or code.", "clauses"),
        ("unknown-on-snapshot", "warning", "条款对当前快照中多数对象无法判断",
         "A clause is unknown for most in the snapshot.",
         "See with zhida unknowns which facts are missing, and who could deliver them.",
         "clauses"),
    )  # fmt: skip
    parts = (
        ("policy", "政策标识", "keys-of-a-policy"),
        ("version", "版本", "keys-of-a-policy"),
        ("region", "适用地区", "where"),
        ("effective", "有效期", "time"),
        ("window", "兑现期限", "time"),
        ("per", "周期", "time"),
        ("period", "所属期", "time"),
        ("parameters", "参数", "parameters"),
        ("facts", "事实", "facts-of-a-policy"),
        ("rows", "明细", "rows"),
        ("tables", "决策表", "decision-tables"),
        ("clauses", "条款", "clauses"),
        ("each", "逐行判断", "each"),
        ("benefit", "待遇和金额", "amounts"),
        ("delivery", "兑现方式", "delivery"),
        ("examples", "示例", "examples"),
        ("stacking", "叠加规则", "stacking"),
        ("budget", "预算", "budget"),
        ("back_pay", "补发期限", "kept-for-later"),
        ("recipient", "接收人", "kept-for-later"),
        ("deadlines", "时限", "kept-for-later"),
        ("public_notice", "公示", "kept-for-later"),
        ("service", "事项要素", "kept-for-later"),
        ("basis", "依据", "keys-of-a-policy"),
        ("implements", "实施母本", "frames"),
        ("without", "不采用母本的条款", "frames"),
        ("kind", "文件种类", "keys-of-a-policy"),
    )  # fmt: skip
    found = [
        CheckKind(code=code, level=level, zh=zh, en=en, remedy=remedy, guide=_guide(guide))
        for code, level, zh, en, remedy, guide in table
    ]
    found += [
        CheckKind(
            code=key,
            level="error",
            zh=f"{label}（{key}）有错",
            en=f"What stands under `{key}` contradicts itself or the rest of the policy.",
            remedy="Do what the message says.",
            guide=_guide(guide),
        )
        for key, label, guide in parts
    ]
    return {kind.code: kind for kind in found}


def _guide(anchor: str) -> str:
    return anchor if anchor.endswith(".md") else f"{GUIDE}#{anchor}"


CHECK_KINDS: Mapping[str, CheckKind] = _kinds()
