"""Words of the data quality report, in Chinese and English."""

from collections.abc import Mapping

from engine.needed_facts import Lack
from profiles.dataset import Dataset
from profiles.quality import Concern, Flag

CONCERNS: Mapping[Concern, tuple[str, str]] = {
    "never delivered": ("从未交付", "never delivered"),
    "waiting": ("有批次待人工确认", "releases wait for a person"),
    "stale": ("已过期", "stale"),
    "quarantined": ("隔离行过多", "many rows set aside"),
    "contradictions": ("相互矛盾的行", "contradicting rows"),
    "rows": ("行数骤变", "row count changed"),
    "vanished": ("行大量消失", "rows vanished"),
    "changed": ("行大量变化", "rows changed"),
    "missing": ("缺失增多", "more is missing"),
    "distribution": ("分布漂移", "distribution drifted"),
}
LACKS: Mapping[Lack, tuple[str, str]] = {
    "no dataset": ("没有数据集提供", "no dataset"),
    "never delivered": ("从未交付", "never delivered"),
    "stale": ("已过期", "stale"),
}
KINDS: Mapping[str, tuple[str, str]] = {
    "enterprise": ("企业", "enterprises"),
    "resident": ("个人", "residents"),
    "household": ("家庭", "households"),
    "region": ("地区", "regions"),
}


def say_flag(flag: Flag, dataset: Dataset) -> tuple[str, str]:
    """A flag with its figure and limit in Chinese and English."""
    zh, en = CONCERNS[flag.concern]
    if flag.column:
        label = dataset.columns[flag.column].label
        zh, en = f"{label.zh}：{zh}", f"{flag.column}: {en}"
    match flag.concern:
        case "never delivered":
            return zh, en
        case "waiting":
            return f"{zh}（{flag.figure:.0f}）", f"{en} ({flag.figure:.0f})"
        case "stale":
            days, limit = f"{flag.figure:.0f}", f"{flag.limit:.0f}"
            return f"{zh}（{days} 天，限 {limit} 天）", f"{en} ({days} days, limit {limit})"
        case "distribution":
            figure, limit = f"PSI {flag.figure:.2f}", f"{flag.limit:.2f}"
        case _:
            figure, limit = say_share(flag.figure), say_share(flag.limit)
    return f"{zh}（{figure}，限 {limit}）", f"{en} ({figure}, limit {limit})"


def say_share(share: float | None) -> str:
    """A share in percent; whole only where it is: 99.97 % of a city is not everybody."""
    if share is None:
        return "—"
    percent = share * 100
    if 0 < percent < 0.1:
        return "<0.1%"
    if 99.9 < percent < 100:
        return ">99.9%"
    return f"{percent:.0f}%" if percent in (0, 100) else f"{percent:.1f}%"
