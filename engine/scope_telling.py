"""What a policy's dates and its region ask, where they do not simply hold."""

from datetime import date

from engine.deciding import truth
from engine.decision import Decision
from engine.explanation import ClauseTold
from engine.telling import Teller
from policies.parameter import ALWAYS
from policies.policy import Policy, Region
from profiles.region import region_name

_SCOPE = {
    "effective": ("政策有效期", "in force"),
    "window": ("兑现期限", "time of payment"),
    "region": ("适用地区", "region"),
    "item": ("标的", "item"),
}


def tell_scope(teller: Teller, decision: Decision) -> list[ClauseTold]:
    """The policy's dates and region, where they do not simply hold, with what they ask."""
    policy = teller.bound.policy
    rests_on = {"region": policy.region.fact if policy.region else None}
    rests_on["effective"] = policy.effective_at
    rests_on["item"] = policy.item
    told = []
    for name, value in decision.scope.items():
        says_zh, says_en = _SCOPE[name]
        fact = rests_on.get(name)
        asks_zh, asks_en = _what_it_asks(policy, name)
        told.append(
            ClauseTold(
                id=name,
                depth=0,
                says_zh=says_zh,
                says_en=says_en,
                source="",
                value=truth(value),
                condition_zh=asks_zh,
                condition_en=asks_en,
                facts=(teller.fact(fact),) if fact else (),
            )
        )
    return told


def _what_it_asks(policy: Policy, name: str) -> tuple[str, str]:
    match name:
        case "effective":
            return _days(policy.effective_from, policy.effective_to)
        case "window":
            return _days(policy.window_from, policy.window_to)
        case "region" if policy.region is not None:
            return _places(policy.region)
        case _:
            return "", ""


def _days(first: date | None, last: date | None) -> tuple[str, str]:
    begins = first if first != ALWAYS else None
    zh = (f"自{begins}起" if begins else "") + (f"至{last}止" if last else "")
    en = (f"from {begins} " if begins else "") + (f"to {last}" if last else "")
    return zh, en.strip()


def _places(region: Region) -> tuple[str, str]:
    within = [_place(prefix) for prefix in region.within]
    excepted = [_place(prefix) for prefix in region.excepted]
    zh = "、".join(name or "全国" for name in within)
    en = ", ".join(name or "everywhere" for name in within)
    if excepted:
        zh, en = f"{zh}，不含{'、'.join(excepted)}", f"{en}, except {', '.join(excepted)}"
    return zh, en


def _place(prefix: str) -> str:
    return (region_name(prefix.ljust(6, "0")) or prefix) if prefix else ""
