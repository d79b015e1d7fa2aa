"""Releases of policies and their acts, in the terminal and as JSON."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from rich.markup import escape
from rich.text import Text

from console import show
from policies.act import Standing
from policies.publication import told_begin

STATE_WORDS = {
    "submitted": ("已提交", "submitted", "yellow"),
    "reviewed": ("已审核", "reviewed", "yellow"),
    "approved": ("已批准", "approved", "cyan"),
    "published": ("已发布", "published", "green"),
    "expired": ("已失效", "expired", "dim"),
    "withdrawn": ("已撤回", "withdrawn", "red"),
    "draft": ("草稿", "draft", "dim"),
}


def describe_standing(standing: Standing, day: date) -> dict[str, Any]:
    """A release as JSON has it: its elements, its state on a day, its acts."""
    release, withdrawn = standing.release, standing.withdrawn
    return {
        "policy": release.policy,
        "version": release.version,
        "title": {"zh": release.title_zh, "en": release.title_en},
        "content_hash": release.content_hash,
        "state": standing.state(day),
        "effective_from": release.effective_from if release.effective_from.year > 1 else None,
        "last_day": release.last_day,
        "adopted_by": release.adopted_by or None,
        "author": release.author,
        "imported": release.import_hash,
        "withdrawn_from": withdrawn.day if withdrawn else None,
        "acts": [
            {
                "step": act.step,
                "actor": act.actor,
                "at": act.at,
                "day": act.day,
                "reason": act.reason,
                "signature": act.signature,
            }
            for act in standing.acts
        ],
    }


def show_standings(standings: Sequence[Standing], day: date) -> None:
    """A line for each release: its state, and who did what when."""
    if not standings:
        show.out.print("nothing is submitted yet (zhida policy submit FILE --as NAME)")
        return
    table = show.make_table("政策 policy", "state", "content", "by whom, when", whole=(1, 2, 3))
    for standing in standings:
        release, withdrawn = standing.release, standing.withdrawn
        name = Text(release.title_zh)
        name.append(f"\n{release.key}", style="dim")
        zh, en, colour = STATE_WORDS[standing.state(day)]
        state = Text(f"{zh} {en}", style=colour)
        if withdrawn is not None:
            state.append(f"\nfrom {withdrawn.day}", style="red")
        acts = "\n".join(f"{act.step} {act.at:%Y-%m-%d} {act.actor}" for act in standing.acts)
        table.add_row(name, state, release.content_hash[:12], Text(acts, style="dim"))
    show.out.print(table)


def show_signed(
    standing: Standing, day: date, changed: tuple[str | None, list[str]] = (None, [])
) -> None:
    """What exactly somebody has put their name to."""
    release, act = standing.release, standing.acts[-1]
    zh, en, colour = STATE_WORDS.get(act.step, STATE_WORDS["published"])
    title = escape(release.title_zh)
    english = (
        f" ({escape(release.title_en)})" if release.title_en not in ("", release.title_zh) else ""
    )
    show.out.print(f"[{colour}]{zh} {en}[/] [bold]{escape(release.key)}[/] {title}{english}")
    show.out.print(f"  content {release.content_hash}", soft_wrap=True)
    if release.adopted_by:
        show.out.print(f"  adopted by {release.adopted_by}, as if it had issued it")
    before, parts = changed
    if before is not None:
        show.out.print(f"  与已发布的 against {escape(before)}:")
        for part in parts or ["无变化 no change"]:
            show.out.print(f"    {escape(part)}", soft_wrap=True)
    if act.step != "withdrawn" and release.effective_from < day:
        show.out.print(
            f"  [yellow]溯及既往 retroactive[/]: it begins {told_begin(release)}, before today"
        )
    if act.step == "withdrawn":
        show.out.print(f"  from {act.day}; awards opened until then stay as they are")
    if act.reason:
        show.out.print(f"  {escape(act.reason)}", soft_wrap=True)
