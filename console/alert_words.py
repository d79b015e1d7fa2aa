"""Alerts in words: what, why it matters, what to do, in Chinese and English."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.alert import Alert, Kind
from engine.wording import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert in one language."""

    what: str
    why: str
    remedy: str


_OUTCOMES = {
    "passes": ("全部通过", "everybody passes"),
    "fails": ("全部不通过", "everybody fails"),
    "unknown": ("全部待定", "it is unknown for everybody"),
}
_WORDS: Mapping[Kind, Mapping[Language, tuple[str, str, str]]] = {
    "no run": {
        "zh": (
            "已有{figure:.0f}小时没有被接受的运行（限{limit:.0f}小时）",
            "新符合的人没有被找到，按月的兑现没有开出",
            "运行 zhida run；不成则看它的报错和 zhida report",
        ),
        "en": (
            "no run was accepted for {figure:.0f} hours (limit {limit:.0f})",
            "who has come to match is not found, and no award of the month is opened",
            "zhida run; if it is refused, what it says, and zhida report",
        ),
    },
    "run unended": {
        "zh": (
            "运行 {name} 开始{figure:.0f}小时仍未结束（限{limit:.0f}小时）",
            "已接受的匹配可能还没有兑现和通知",
            "看进程是否还在；若不在，重做同一命令，会从中断处继续",
        ),
        "en": (
            "run {name} began {figure:.0f} hours ago and has not ended (limit {limit:.0f})",
            "matches may be accepted whose awards and notices are not there yet",
            "look whether its process is alive; if not, the same command goes on where it ended",
        ),
    },
    "unknowns jumped": {
        "zh": (
            "{name} 的待定由{before:.1%}升到{figure:.1%}",
            "多半是某个数据集没有交付、过期或换了形式，应得的人被搁置",
            "zhida report 看最缺的事实，zhida quality 看数据集",
        ),
        "en": (
            "{name}: unknown for {figure:.1%} of its subjects, {before:.1%} before",
            "most likely a dataset was not delivered, is stale or has changed its form, and people "
            "wait for what is theirs",
            "zhida report tells which facts are missing, zhida quality which dataset",
        ),
    },
    "clause constant": {
        "zh": (
            "{name} 的条款 {clause} 现在{outcome}；上次有{before:,.0f}个对象不是这样"
            "（本次计{figure:,.0f}个）",
            "条款不再区分任何人：数据或政策改动使它失效",
            "zhida clauses {name} 看各条款，zhida diff 看政策改动，zhida quality 看数据",
        ),
        "en": (
            "{name}: of clause {clause} {outcome} now ({figure:,.0f} counted); before, "
            "{before:,.0f} came out otherwise",
            "the clause tells nobody apart any more: a change of data or of the policy broke it",
            "zhida clauses {name} shows its clauses, zhida diff what changed in the policy, zhida "
            "quality the data",
        ),
    },
    "journal unsealed": {
        "zh": (
            "日志有{figure:,.0f}条超过{limit:.0f}分钟未封存",
            "通知由封存的日志写成，未封存的兑现无人知晓",
            "zhida verify 会封存；再不成，看是否有进程持有封存租约",
        ),
        "en": (
            "{figure:,.0f} journal entries are unsealed, the oldest for more than {limit:.0f} "
            "minutes",
            "notices are written from sealed entries: nobody is told of these",
            "zhida verify seals them; if not, look which process holds the sealer's lease",
        ),
    },
    "deliveries failed": {
        "zh": (
            "{name} 渠道有{figure:,.0f}次投递失败（限{limit:.0f}次）",
            "有人没有得到通知",
            "看该渠道的配置和可达性；收件人可从收件箱、上门等其他方式得知",
        ),
        "en": (
            "{figure:,.0f} deliveries by {name} have failed for good (limit {limit:.0f})",
            "somebody was not told",
            "look at the channel's settings and whether it can be reached; tell the recipients by "
            "another way",
        ),
    },
    "deliveries overdue": {
        "zh": (
            "{name} 渠道有{figure:,.0f}次投递过期{limit:.0f}小时仍未送出",
            "没有进程在投递，或渠道一直拒收",
            "运行 zhida run，或启动投递进程",
        ),
        "en": (
            "{figure:,.0f} deliveries by {name} are overdue by more than {limit:.0f} hours",
            "nothing delivers, or the channel keeps refusing",
            "zhida run, or start what delivers",
        ),
    },
    "policy held": {
        "zh": (
            "{name} 变动过大，被制动，等待复核（变动{figure:,.0f}项）",
            "在两人决定之前，它的匹配不会兑现，也不会通知",
            "zhida held show {name} 看差异和原因，由另一人 zhida held approve 或 discard",
        ),
        "en": (
            "{name} changed too much and is held ({figure:,.0f} changes)",
            "until two people have decided, no match of it becomes an award and nobody is told",
            "zhida held show {name} tells what is different and why; another person decides: "
            "zhida held approve or discard",
        ),
    },
    "schedule failed": {
        "zh": (
            "计划 {name} 最近一次运行失败（试了{figure:.0f}次）：{detail}",
            "当次没有运行，也不会再试",
            "消除原因后 zhida run，或等下一次",
        ),
        "en": (
            "schedule {name}: its last run has failed after {figure:.0f} attempts: {detail}",
            "there was no run for that time, and it is not tried again",
            "mend what it says, then zhida run, or wait for the next time",
        ),
    },
    "schedule late": {
        "zh": (
            "计划 {name} 到时{figure:.1f}小时仍无人执行（限{limit:.1f}小时）",
            "没有执行进程在看，到时的运行都不会发生",
            "启动 zhida work；已启动的，看它的日志",
        ),
        "en": (
            "schedule {name} was due {figure:.1f} hours ago and nobody has begun (limit "
            "{limit:.1f})",
            "no worker looks after it: whatever is scheduled does not happen",
            "start zhida work; where it runs, look at what it says",
        ),
    },
}
NAMES: Mapping[Kind, tuple[str, str]] = {
    "no run": ("没有运行", "no run"),
    "run unended": ("运行未结束", "run not ended"),
    "unknowns jumped": ("待定骤增", "unknowns jumped"),
    "clause constant": ("条款不变", "clause turned constant"),
    "journal unsealed": ("日志未封存", "journal unsealed"),
    "deliveries failed": ("投递失败", "deliveries failed"),
    "deliveries overdue": ("投递过期", "deliveries overdue"),
    "policy held": ("政策被制动", "policy held"),
    "schedule failed": ("计划运行失败", "scheduled run failed"),
    "schedule late": ("计划逾时", "schedule late"),
}
NEVER = {
    "zh": "还没有被接受的运行",
    "en": "no run was ever accepted",
}


def tell_alert(alert: Alert, language: Language) -> Told:
    """An alert in words."""
    what, why, remedy = _WORDS[alert.kind][language]
    clause, _, outcome = alert.detail.partition(" ")
    values = {
        "name": alert.name,
        "figure": alert.figure,
        "limit": alert.limit,
        "before": alert.before,
        "clause": clause,
        "detail": alert.detail,
        "outcome": _OUTCOMES.get(outcome, ("", ""))[0 if language == "zh" else 1],
    }
    if alert.kind == "no run" and alert.since is None:
        what = NEVER[language]
    return Told(
        what=what.format(**values), why=why.format(**values), remedy=remedy.format(**values)
    )
