"""A subject's package in words: what is in it, what is not and why, in Chinese and English."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Texts = Mapping[str, str]
FREE = "free"
"""The decision on a match of which no rule speaks."""

_SAID: Mapping[str, tuple[str, str]] = {
    "free": ("不受叠加规则限制", "no rule concerns it"),
    "chosen": ("选入套餐", "in the package"),
    "chosen cut": (
        "选入套餐；与{by}共用上限，只余{paid}",
        "in the package; it shares a cap with {by}, which leaves {paid}",
    ),
    "kept": ("已兑现，保留", "awarded already; it stays"),
    "kept cap-unsure": (
        "已兑现，保留；上限余额未定，金额暂不调整",
        "awarded already; its amount stays until what the cap leaves is known",
    ),
    "lost received": ("已兑现{by}，不得同享", "{by} was awarded already and excludes it"),
    "lost requires": ("须同享{by}，未享受", "it requires {by}, which is not drawn"),
    "lost highest": ("就高享受：{by}{more}", "only the highest: {by} instead{more}"),
    "lost instead": ("以{by}代替{own}：多{difference}", "{by} instead of {own}: {difference} more"),
    "lost tie": (
        "{by}与其金额相同，次序在前",
        "{by} instead of {own}: worth the same, and first in order",
    ),
    "lost cap": ("上限已由{by}用完", "the cap is used up by {by}"),
    "held open": (
        "待定：须先确定{by}",
        "held: {by} has to be decided first",
    ),
    "held cap-unsure": (
        "待定：{by}金额未知，上限余额未定",
        "held: the amount of {by} is not known, so neither is what the cap leaves",
    ),
    "held large": (
        "待定：相互牵连的待遇过多",
        "held: too many benefits depend on each other",
    ),
    "held unclear": (
        "待定：同组政策文件的规则或上限不一致",
        "held: the files of its group say different things",
    ),
    "held claim": ("所占用的已归{by}", "what it claims is held by {by}"),
    "waiting": ("可能符合，尚未确定", "it may come: not decided yet"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One offer of a package; `by` are policy and period of what it lost to or waits for.

    `paid_fen` is what of `amount_fen` is paid under caps; null where it is not known. `says` has
    the sentence by language, `title` the policy's name.
    """

    policy: str
    period: str
    title: Texts
    decision: str
    reason: str
    amount_fen: int | None
    paid_fen: int | None
    difference_fen: int | None
    by: tuple[tuple[str, str], ...]
    says: Texts


def tell_package(
    choices: Iterable[Mapping[str, Any]], titles: Mapping[str, Texts]
) -> tuple[Told, ...]:
    """Each choice of one subject, a row of `engine.package.CHOICE_SCHEMA`, in words.

    What is in the package comes first, then what is not, then what waits, each by policy and
    period. `titles` are the names of policies; one without a name is called by its id.
    """
    order = {"kept": 0, "chosen": 1, FREE: 2, "lost": 3, "held": 4, "waiting": 5}
    told = [_tell(row, titles) for row in choices]
    return tuple(sorted(told, key=lambda one: (order[one.decision], one.policy, one.period)))


def _tell(row: Mapping[str, Any], titles: Mapping[str, Texts]) -> Told:
    by = tuple((policy, period) for policy, period in json.loads(row["by"]))
    title = titles.get(row["policy"]) or {"zh": row["policy"], "en": row["policy"]}
    said = _SAID[f"{row['decision']} {row['reason']}".strip()]
    says = {}
    for language, text in zip(("zh", "en"), said, strict=True):
        says[language] = text.format(
            by=_list(by, titles, language, row["period"]),
            own=title[language],
            difference=show_money(row["difference_fen"], language),
            more=_more(row["difference_fen"], language),
            paid=show_money(row["paid_fen"], language),
        )
    return Told(
        policy=row["policy"],
        period=row["period"],
        title=title,
        decision=row["decision"],
        reason=row["reason"],
        amount_fen=row["amount_fen"],
        paid_fen=row["paid_fen"],
        difference_fen=row["difference_fen"],
        by=by,
        says=says,
    )


def show_money(fen: int | None, language: str) -> str:
    """Fen as people write money: 3,200 元, 0.50 yuan; nothing where there is no amount."""
    if fen is None:
        return "未定" if language == "zh" else "an open amount"
    yuan, rest = divmod(abs(fen), 100)
    text = f"{'-' if fen < 0 else ''}{yuan:,}" + (f".{rest:02d}" if rest else "")
    return f"{text}元" if language == "zh" else f"{text} yuan"


def _more(fen: int | None, language: str) -> str:
    """How much the highest is more."""
    if fen == 0:
        same = {"zh": "在前（金额相同）", "en": ": worth the same, and first in order"}
        return same[language]
    if language == "zh":
        return "更高" + ("" if fen is None else show_money(fen, language))
    return "" if fen is None else f": {show_money(fen, language)} more"


def _list(
    by: Iterable[tuple[str, str]], titles: Mapping[str, Texts], language: str, own_period: str
) -> str:
    """The names of offers; the period where it is another than that of the offer itself."""
    names = []
    for policy, period in by:
        name = titles[policy][language] if policy in titles else policy
        if period and period != own_period:
            name += f"（{period}）" if language == "zh" else f" ({period})"
        names.append(name)
    if not names:
        return "其他待遇" if language == "zh" else "others"
    return "、".join(names) if language == "zh" else " and ".join(names)
