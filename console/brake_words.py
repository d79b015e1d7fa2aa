"""What the brake found, in Chinese and English."""

from fractions import Fraction

from engine.brake import Excess, Figures, Held, Limit

STATES = {
    "accepted": ("已采纳", "accepted"),
    "held": ("待复核", "held"),
    "approved": ("经批准", "approved"),
    "discarded": ("已作废", "discarded"),
    "superseded": ("已被取代", "superseded"),
    "recalled": ("已召回", "recalled"),
}
"""The states of a policy of a run."""

CHANGES = {
    "gained": ("新增", "gained"),
    "lost": ("减少", "lost"),
    "unsettled": ("转为待定", "now unknown"),
    "amount_changed": ("金额变动", "amount changed"),
}
"""The kinds of change."""

_WHAT: dict[Limit, tuple[str, str]] = {
    "per": ("所属期已改，将重新兑现", "its periods are others, to be opened anew"),
    "gained": ("新增", "gained"),
    "lost": ("减少", "lost"),
    "unsettled": ("转为待定", "now unknown"),
    "amount": ("金额变动", "amounts moved by"),
    "gained_share": ("新增", "gained"),
    "lost_share": ("减少", "lost"),
    "unsettled_share": ("转为待定", "now unknown"),
    "amount_share": ("金额变动", "amounts moved by"),
    "audience_share": ("符合人数占全体对象", "eligible of all subjects"),
}
_OF = {
    "amount_share": ("此前金额", "before"),
    "audience_share": ("全体", "in all"),
}
_BEFORE = ("此前符合", "eligible before")


def tell_excess(excess: Excess) -> tuple[str, str]:
    """By which figure a policy is over which limit, in both languages."""
    what_zh, what_en = _WHAT[excess.limit]
    money = excess.limit in ("amount", "amount_share")
    zh, en = f"{what_zh}{_shown(excess.figure, money)}", f"{what_en} {_shown(excess.figure, money)}"
    if excess.of is None:
        allowed = _shown(int(excess.allowed), money)
        unit_zh, unit_en = ("元", " yuan") if money else ("", "")
        return f"{zh}{unit_zh}，超过{allowed}{unit_zh}", f"{en}{unit_en}, more than {allowed}"
    of_zh, of_en = _OF.get(excess.limit, _BEFORE)
    whole = _shown(excess.of, money)
    share = f"{_percent(Fraction(excess.figure, excess.of))}" if excess.of else "—"
    return (
        f"{zh}（{of_zh}{whole}，占{share}），超过{_percent(excess.allowed)}",
        f"{en} of {whole} {of_en} ({share}), more than {_percent(excess.allowed)}",
    )


def tell_held(held: Held) -> list[tuple[str, str]]:
    """Every reason why a policy is held."""
    told = [tell_excess(excess) for excess in held.excesses]
    if held.linked:
        names = ", ".join(held.linked)
        told.append((f"与{names}同组", f"it is decided together with {names}"))
    return told


def tell_figures(figures: Figures) -> tuple[str, str]:
    """What a run changed in a policy, in a line."""
    before = "—" if figures.before is None else f"{figures.before:,}"
    yuan = f"{figures.difference_fen / 100:+,.2f}"
    return (
        f"此前{before}，现在{figures.eligible:,}：新增{figures.gained:,}，减少{figures.lost:,}，"
        f"转为待定{figures.unsettled:,}，金额变动{figures.amount_changed:,}，差额{yuan}元",
        f"{before} before, {figures.eligible:,} now: {figures.gained:,} gained, "
        f"{figures.lost:,} lost, {figures.unsettled:,} now unknown, "
        f"{figures.amount_changed:,} amounts changed, {yuan} yuan",
    )


def _shown(figure: int, money: bool) -> str:
    return f"{figure / 100:,.2f}" if money else f"{figure:,}"


def _percent(share: Fraction) -> str:
    return f"{float(share) * 100:,.4g}%"
