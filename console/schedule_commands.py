"""Commands for schedules: add, pause, resume and remove them, see what comes and what came."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.text import Text

from console import show
from console.command import print_json, settings_of
from console.errors import NothingThere
from console.options import Format, VocabularyPaths, one_of
from console.schedule_words import (
    ASSUMED,
    CATCH_UPS,
    OVERLAPS,
    STATES,
    say,
    say_moment,
    say_reason,
    say_timing,
)
from console.settings import read_account, read_clock
from console.wiring import load_words, opened_database
from engine.due_instances import remove_with_waiting
from engine.run_instance import Instance, list_instances
from engine.schedule import (
    RunOptions,
    Schedule,
    add_schedule,
    describe_schedule,
    find_schedule,
    list_schedules,
    pause_schedule,
    resume_schedule,
)
from engine.timing import HORIZON, fire_times, is_assumed, make_timing
from ledger.database import reading

app = typer.Typer(
    no_args_is_help=True, help="Schedules: add, list, pause, resume, remove, next, history."
)

Name = Annotated[str, typer.Argument(help="The schedule's name.")]
Some = Annotated[str | None, typer.Argument(help="One schedule (default: all).")]
_COLOURS = {"done": "green", "failed": "red", "skipped": "yellow", "running": "cyan"}


@app.command("add")
def add(
    context: typer.Context,
    name: Name,
    cron: Annotated[
        str | None,
        typer.Option(help='Five fields: minute hour day month weekday, like "30 2 * * mon-fri".'),
    ] = None,
    at: Annotated[str | None, typer.Option(help="Or a time of day, like 02:30.")] = None,
    calendar: Annotated[
        str, typer.Option(help="With --at: every-day, or working-days (工作日，含调休).")
    ] = "every-day",
    zone: Annotated[str, typer.Option(help="The time zone.")] = "Asia/Shanghai",
    snapshot: Annotated[
        bool,
        typer.Option(
            "--snapshot/--no-snapshot",
            help="First build the snapshot of the day, or run over the newest there is.",
        ),
    ] = True,
    trial: Annotated[
        bool, typer.Option("--trial", help="Only show what would come of it.")
    ] = False,
    catch_up: Annotated[
        str, typer.Option(help="Of fire times that were missed run: latest, all or none.")
    ] = "latest",
    overlap: Annotated[
        str, typer.Option(help="While the one before has not ended: skip or queue.")
    ] = "skip",
    vocabulary: VocabularyPaths = None,
    output: Format = "table",
) -> None:
    """Run the published policies at certain times, by whichever worker is there (zhida work)."""
    one_of(output, "table", "json")
    timing = make_timing(zone=zone, cron=cron, at=at, calendar=calendar)
    files = [path.expanduser().resolve() for path in vocabulary or ()]
    load_words(files)  # what cannot be read would only fail at night
    now = read_clock()
    with opened_database(settings_of(context)) as engine:
        schedule = add_schedule(
            engine,
            name,
            timing,
            RunOptions(
                build_snapshot=snapshot, trial=trial, vocabulary=tuple(str(f) for f in files)
            ),
            catch_up=catch_up,
            overlap=overlap,
            actor=read_account(),
            now=now,
        )
    if output == "json":
        print_json(_describe(schedule, now))
        return
    show.out.print(f"已添加 added: {escape(name)}")
    _show_coming([(schedule, fire_at) for fire_at in _coming(schedule, now, 3)])


@app.command("list")
def list_them(context: typer.Context, output: Format = "table") -> None:
    """All schedules, what each does, and when next."""
    one_of(output, "table", "json")
    now = read_clock()
    with opened_database(settings_of(context)) as engine, reading(engine) as connection:
        schedules = list_schedules(connection)
        last = {
            schedule.name: next(iter(list_instances(connection, schedule.name, limit=1)), None)
            for schedule in schedules
        }
    if output == "json":
        print_json(
            [
                {**_describe(schedule, now), "last": _describe_last(last[schedule.name])}
                for schedule in schedules
            ]
        )
        return
    if not schedules:
        raise NothingThere("there is no schedule yet (make one with: zhida schedule add)")
    heads = ("计划 schedule", "时间 when", "时区 zone", "快照 snapshot", "补 catch-up",
             "重叠 overlap", "上次 last", "下次 next")  # fmt: skip
    table = show.make_table(*heads, whole=(0,))
    for schedule in schedules:
        instance = last[schedule.name]
        coming = _coming(schedule, now, 1)
        shown = say_moment(coming[0], schedule.timing.zone) if coming else "—"
        name = Text(schedule.name)
        if schedule.options.trial:
            name.append(" 试算 trial", style="yellow")
        table.add_row(
            name,
            say_timing(schedule.timing),
            schedule.timing.zone,
            "当日 of the day" if schedule.options.build_snapshot else "最新 the newest",
            say(CATCH_UPS[schedule.catch_up]),
            say(OVERLAPS[schedule.overlap]),
            _state_of(instance) if instance else Text("—", style="dim"),
            Text("已暂停 paused", style="yellow") if schedule.paused_at else shown,
        )
    show.out.print(table)


@app.command("pause")
def pause(context: typer.Context, name: Name) -> None:
    """Let nothing of a schedule begin until it is resumed."""
    with opened_database(settings_of(context)) as engine:
        pause_schedule(engine, name, actor=read_account(), now=read_clock())
    show.out.print(f"已暂停 paused: {escape(name)}")


@app.command("resume")
def resume(context: typer.Context, name: Name) -> None:
    """Let a schedule fire again; fire times of the pause are not made up for."""
    now = read_clock()
    with opened_database(settings_of(context)) as engine:
        schedule = resume_schedule(engine, name, actor=read_account(), now=now)
    show.out.print(f"已恢复 resumed: {escape(name)}")
    _show_coming([(schedule, fire_at) for fire_at in _coming(schedule, now, 3)])


@app.command("remove")
def remove(context: typer.Context, name: Name) -> None:
    """Take a schedule away; what waits is skipped, what runs is ended, what was stays known."""
    with opened_database(settings_of(context)) as engine:
        remove_with_waiting(engine, name, actor=read_account(), now=read_clock())
    show.out.print(f"已删除 removed: {escape(name)}")


@app.command("next")
def show_next(
    context: typer.Context,
    schedule: Some = None,
    count: Annotated[int, typer.Option(min=1, max=1000, help="So many of each.")] = 5,
    output: Format = "table",
) -> None:
    """The coming fire times, and which of them are provisional."""
    one_of(output, "table", "json")
    now = read_clock()
    with opened_database(settings_of(context)) as engine, reading(engine) as connection:
        found = (
            list_schedules(connection)
            if schedule is None
            else [find_schedule(connection, schedule)]
        )
    coming = sorted(
        ((one, fire_at) for one in found for fire_at in _coming(one, now, count)),
        key=lambda pair: (pair[1], pair[0].name),
    )
    if output == "json":
        print_json(
            [
                {
                    "schedule": one.name,
                    "fire_at": fire_at,
                    "local": say_moment(fire_at, one.timing.zone),
                    "provisional": is_assumed(one.timing, fire_at),
                }
                for one, fire_at in coming
            ]
        )
        return
    if not coming:
        raise NothingThere("no fire time comes: there is no schedule, or all are paused")
    _show_coming(coming)


@app.command("history")
def show_history(
    context: typer.Context,
    schedule: Some = None,
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = 20,
    output: Format = "table",
) -> None:
    """What became of past fire times, the latest first, also of schedules that were removed."""
    one_of(output, "table", "json")
    with opened_database(settings_of(context)) as engine, reading(engine) as connection:
        found = list_instances(connection, schedule, limit=limit)
    if output == "json":
        print_json([_describe_instance(instance) for instance in found])
        return
    if not found:
        raise NothingThere(
            "nothing has come of any schedule yet (workers are started by: zhida work)"
        )
    heads = ("计划 schedule", "应于 due", "状态 state", "次 attempts", "结果 result")
    table = show.make_table(*heads, numbers=(3,), whole=(0, 1))
    for instance in found:
        what = say_reason(instance.reason) if instance.reason else instance.result.get("run", "")
        if held := instance.result.get("policies_held"):
            what += f" {len(held)} 项暂缓 policies held"
        table.add_row(
            instance.schedule,
            say_moment(instance.fire_at),
            _state_of(instance),
            f"{instance.attempts}",
            Text(what, style="dim"),
        )
    show.out.print(table)


def _coming(schedule: Schedule, now: datetime, count: int) -> list[datetime]:
    if schedule.paused_at is not None:
        return []
    after = max(now, schedule.seen_until)
    return fire_times(schedule.timing, after=after, until=after + HORIZON, limit=count)


def _show_coming(coming: list[tuple[Schedule, datetime]]) -> None:
    table = show.make_table("计划 schedule", "当地时间 local", "UTC", "", whole=(0, 1, 2))
    for schedule, fire_at in coming:
        assumed = is_assumed(schedule.timing, fire_at)
        table.add_row(
            schedule.name,
            say_moment(fire_at, schedule.timing.zone),
            say_moment(fire_at),
            Text(say(ASSUMED) if assumed else "", style="yellow"),
        )
    show.out.print(table)


def _state_of(instance: Instance) -> Text:
    return Text(say(STATES[instance.state]), style=_COLOURS.get(instance.state, ""))


def _describe(schedule: Schedule, now: datetime) -> dict[str, Any]:
    coming = _coming(schedule, now, 1)
    return {
        **describe_schedule(schedule),
        "paused_at": schedule.paused_at,
        "next": coming[0] if coming else None,
    }


def _describe_last(instance: Instance | None) -> dict[str, Any] | None:
    if instance is None:
        return None
    return {"fire_at": instance.fire_at, "state": instance.state, "reason": instance.reason}


def _describe_instance(instance: Instance) -> dict[str, Any]:
    return {
        "schedule": instance.schedule,
        "fire_at": instance.fire_at,
        "day": instance.day,
        "state": instance.state,
        "reason": instance.reason,
        "attempts": instance.attempts,
        "not_before": instance.not_before,
        "worker": instance.owner,
        "started_at": instance.started_at,
        "finished_at": instance.finished_at,
        "result": dict(instance.result),
    }
