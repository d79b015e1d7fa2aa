"""Words of schedules and their instances, in Chinese and English."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.timing import Timing

STATES: Mapping[str, tuple[str, str]] = {
    "queued": ("等待", "queued"),
    "running": ("执行中", "running"),
    "done": ("完成", "done"),
    "failed": ("失败", "failed"),
    "skipped": ("跳过", "skipped"),
}
CHANGES: Mapping[str, tuple[str, str]] = {
    "began": ("开始", "began"),
    "done": ("完成", "done"),
    "failed": ("本次未成", "attempt failed"),
    "skipped": ("跳过", "skipped"),
    "lost": ("租约已失", "lease lost"),
    "returned": ("退回", "given back"),
}
REASONS: Mapping[str, tuple[str, str]] = {
    "missed": ("错过", "missed, no worker was at work"),
    "overlap": ("上一次未结束", "the one before had not ended"),
    "removed": ("计划已删除", "the schedule was removed"),
    "overtaken": ("已有更晚日期的结果生效", "a run of a later day counts already"),
    "abandoned": ("多次执行均中断", "every worker that began it stopped without a word"),
}
"""Reasons that the engine gives by a word; others are sentences."""

CALENDARS: Mapping[str, tuple[str, str]] = {
    "every-day": ("每天", "every day"),
    "working-days": ("工作日", "working days"),
}
CATCH_UPS: Mapping[str, tuple[str, str]] = {
    "latest": ("补最近一次", "latest"),
    "all": ("全部补", "all"),
    "none": ("不补", "none"),
}
OVERLAPS: Mapping[str, tuple[str, str]] = {"skip": ("跳过", "skip"), "queue": ("排队", "queue")}
ASSUMED = ("日历未公布，暂定", "provisional: the calendar is not published yet")


def say(words: tuple[str, str]) -> str:
    """Both languages beside each other."""
    return " ".join(words)


def say_reason(reason: str) -> str:
    """Why an instance was left out or failed."""
    return say(REASONS[reason]) if reason in REASONS else reason


def say_timing(timing: Timing) -> str:
    """When a schedule fires."""
    if timing.cron is not None:
        return f"{timing.cron}"
    at = timing.time_of_day
    assert at is not None
    return f"{at.isoformat('minutes')} {say(CALENDARS[timing.calendar])}"


def say_moment(moment: datetime, zone: str | None = None) -> str:
    """An instant to the minute, in a zone or in UTC."""
    there = moment.astimezone(UTC if zone is None else ZoneInfo(zone))
    if zone is None:
        return there.strftime("%Y-%m-%d %H:%M:%SZ")
    return there.strftime("%Y-%m-%d %H:%M %z")
