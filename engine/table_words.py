"""The keys and tiers of legal tables put into words, in Chinese and English."""

from engine.shown_value import RATIO, YUAN, show_value
from language.definition import (
    Anything,
    Beneath,
    During,
    Equal,
    Matcher,
    NotApplying,
    OneOf,
    Otherwise,
    Tier,
    Within,
)
from profiles.fact import Fact
from profiles.region import region_name


def say_matcher(matcher: Matcher, fact: Fact | None) -> tuple[str, str]:
    """What a table's key asks for, in Chinese and English."""
    match matcher:
        case Equal(values=values):
            both = [show_value(value, fact) for value in values]
            return "、".join(zh or "" for zh, _ in both), ", ".join(en or "" for _, en in both)
        case Beneath(prefixes=prefixes):
            named = [_say_prefix(prefix, fact) for prefix in prefixes]
            return "、".join(zh for zh, _ in named), ", ".join(en for _, en in named)
        case Within(low=low, low_included=low_in, high=high, high_included=high_in):
            parts = []
            for bound, sign in ((low, "≥" if low_in else ">"), (high, "≤" if high_in else "<")):
                if bound is not None:
                    zh, en = show_value(bound, fact)
                    parts.append((f"{sign} {zh}", f"{sign} {en}"))
            return "且".join(zh for zh, _ in parts), " and ".join(en for _, en in parts)
        case During(first=first, last=last):
            days = [(day, sign) for day, sign in ((first, "≥"), (last, "≤")) if day is not None]
            if first == last and first is not None:
                days = [(first, "=")]
            return (
                "且".join(f"{sign} {day}" for day, sign in days),
                " and ".join(f"{sign} {day}" for day, sign in days),
            )
        case NotApplying():
            return "不适用", "does not apply"
        case OneOf(members=members):
            said = [say_matcher(member, fact) for member in members]
            return "或".join(zh for zh, _ in said), " or ".join(en for _, en in said)
        case Otherwise():
            return "其他", "any other"
        case Anything():
            return "不限", "anything"


def _say_prefix(prefix: str, fact: Fact | None) -> tuple[str, str]:
    if prefix == "":
        return "全国", "everywhere"
    if fact is not None and fact.system.startswith("GB/T 2260"):
        name = region_name(prefix.ljust(6, "0"))
        if name:
            return f"{name}（{prefix.ljust(6, '0')}）", f"{name} ({prefix.ljust(6, '0')})"
    return f"{prefix} 及其下", f"{prefix} and below"


def say_tier(tier: Tier, unit: str) -> tuple[str, str]:
    """A tier of a scale in Chinese and English."""

    def say(number: object, kind: str) -> tuple[str, str]:
        zh, en = show_value(number, unit=kind)  # type: ignore[arg-type]  # numbers of a tier
        return zh or "", en or ""

    (over_zh, over_en), (to_zh, to_en) = say(tier.over, unit), say(tier.up_to, unit)
    range_zh = f"超过{over_zh}" + (f"至{to_zh}的部分" if tier.up_to is not None else "的部分")
    range_en = f"over {over_en}" + (f" up to {to_en}" if tier.up_to is not None else "")
    if tier.rate is not None:
        zh, en = say(tier.rate, RATIO if unit == YUAN else "")
        return f"{range_zh}：{zh}", f"{range_en}: {en}"
    gives_zh, gives_en = say(tier.gives, "")
    if tier.each is not None:
        each_zh, each_en = say(tier.each, unit)
        return f"{range_zh}：每{each_zh}给{gives_zh}", f"{range_en}: {gives_en} for each {each_en}"
    return f"{range_zh}：给{gives_zh}", f"{range_en}: {gives_en} once"
