"""A run's report as a page: figures by policy, time by stage and part, what holds back whom."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.brake_words import STATES, tell_held
from console.page import Bar, Bars, Block, Grid, Page, Section
from console.run_report import Counted, RunReportData, parts_of, stage_times
from console.run_report_words import REPORT_WORDS
from console.simulation_page import few_or, money, signed
from engine.breakdown import FEW, hide_few
from engine.near_counts import DAYS, SHARES, Distance, NearCount
from engine.run_record import PolicyFigures
from engine.wording import Language

PARTS_SHOWN = 12
FACTS_SHOWN = 20
Said = Mapping[str, str]


def build_run_page(data: RunReportData, language: Language, *, top: int = FACTS_SHOWN) -> Page:
    """The report; `top`: so many of the facts that are missing most."""
    said = REPORT_WORDS[language]
    sections = [_overview(data, said)]
    if data.figures is not None:
        sections.append(_policies(data, data.figures.policies, language, said))
    sections.append(_times(data, said))
    if data.counted is not None:
        sections.append(_missing(data.counted, language, said, top))
        sections.append(_reasons(data.counted, said))
        if data.counted.near is not None:
            sections.append(_near(data.counted.near, language, said))
    run = data.run
    return Page(
        title=said["title"].format(as_of=run.as_of),
        subtitle=said["subtitle"].format(run=run.id, state=say_state(run.state, said)),
        language=language,
        sections=tuple(sections),
    )


def say_state(state: str, said: Said) -> str:
    """What a run's state is called."""
    return said["started state"] if state == "started" else said[state]


def _overview(data: RunReportData, said: Said) -> Section:
    run, figures = data.run, data.figures
    rows = [(said["started"], _moment(run.started_at))]
    if run.decided_at is not None:
        rows.append((said["decided"], _moment(run.decided_at)))
    if figures is not None:
        rows.append((said["against"], figures.against or said["nothing"]))
        rows.append((said["decisions"], f"{data.sum_of('subjects'):,}"))
        rows += [(said[name], f"{data.sum_of(name):,}") for name in ("eligible", "unknown")]
        rows.append((said["amount"], money(data.sum_of("amount_fen"))))
        rows.append((said["open"], f"{data.sum_of('open_amounts'):,}"))
    last = data.last
    if last is not None:
        counts = last.content.get("counts", {})
        rows.append((said["matches"], f"{counts.get('matches', 0):,}"))
        for name in ("opened", "adjusted", "notices", "sent", "retried", "failed"):
            total = data.total(name)
            if total or name in ("opened", "notices", "sent"):
                rows.append((said[name], f"{total:,}"))
        if by_reference := data.total("by_reference"):
            rows.append((said["by_reference"], f"{by_reference:,}"))
    rows.append((said["passes"], f"{len(data.passes):,}"))
    notes = [] if figures is not None else [said["no figures"]]
    if data.passes and data.passes[-1].trial:
        notes.append(said["trial"])
    notes += [data.note] if data.note else []
    return Section(heading=said["overview"], blocks=(Grid(rows=tuple(rows), notes=tuple(notes)),))


def _policies(
    data: RunReportData, policies: Sequence[PolicyFigures], language: Language, said: Said
) -> Section:
    heads = ("policy", "subjects", "eligible", "unknown", "amount", "open", "moved", "difference",
             "held")  # fmt: skip
    held, before, braked = data.held, data.unknown_before, data.braked
    rows = []
    for one in policies:
        if one.outside is not None and not say_moved(one):
            continue
        since = one.unknown - before.get(one.policy, one.unknown)
        matches, _ = held.get(one.policy, (0, ()))
        state = braked.get(one.policy)
        stopped = [STATES[state.state][0 if language == "zh" else 1]] if state else []
        rows.append((
            f"{one.title_zh if language == 'zh' else one.title_en} {one.policy}",
            f"{one.subjects:,}", f"{one.eligible:,}",
            f"{one.unknown:,}" + (f" ({since:+,})" if since else ""),
            money(one.amount_fen), f"{one.open_amounts:,}", say_moved(one),
            signed(one.difference_fen),
            " ".join([*stopped, *([f"{matches:,}"] if matches else [])]),
        ))  # fmt: skip
    outside = [one.policy for one in policies if one.outside is not None]
    notes = [said["moved note"]]
    notes += [said["outside"].format(names=", ".join(outside))] if outside else []
    grid = Grid(heads=tuple(said[head] for head in heads), rows=tuple(rows), notes=tuple(notes))
    blocks = [grid]
    if held:
        why = tuple(
            (policy, f"{matches:,}", "; ".join(dict.fromkeys(reasons)))
            for policy, (matches, reasons) in sorted(held.items())
        )
        names = (said["policy"], said["held"], said["why"])
        blocks.append(Grid(heads=names, rows=why, caption=said["held matches"]))
    if braked:
        stops = tuple(
            (policy, STATES[one.state][0 if language == "zh" else 1],
             "; ".join(told[0 if language == "zh" else 1] for told in tell_held(one.held)))
            for policy, one in sorted(braked.items())
        )  # fmt: skip
        names = (said["policy"], said["state"], said["why"])
        blocks.append(Grid(heads=names, rows=stops, caption=said["braked"]))
    return Section(heading=said["policies"], blocks=tuple(blocks))


def say_moved(one: PolicyFigures) -> str:
    """What is different from the run before: gained, lost, unsettled, another amount."""
    signs = (("+", one.gained), ("−", one.lost), ("?", one.unsettled), ("~", one.amount_changed))
    return " ".join(f"{sign}{count:,}" for sign, count in signs if count)


def _times(data: RunReportData, said: Said) -> Section:
    times = stage_times(data.passes)
    if not times:
        return Section(heading=said["times"], blocks=(Grid(rows=(), notes=(said["no pass"],)),))
    whole = sum(seconds for _, seconds, _ in times) or 1.0
    bars = tuple(
        Bar(
            label=said.get(name, name),
            values=(seconds,),
            text=f"{seconds:,.2f} s · {worked:,.2f} {said['worked']} · {seconds / whole:.0%}",
        )
        for name, seconds, worked in times
    )
    blocks: list[Block] = [Bars(bars=bars, caption=f"{whole:,.2f} s")]
    if len(data.passes) > 1:
        note = said["several"].format(count=len(data.passes))
        blocks.append(Grid(rows=(), notes=(note,)))
    if parts := _part_rows(parts_of(data.evaluating)):
        heads = (said["part"], said["subjects"], said["seconds"], said["worked"])
        rest = len(parts_of(data.evaluating)) - len(parts)
        notes = (said["parts note"].format(count=rest),) if rest else ()
        blocks.append(Grid(heads=heads, rows=parts, caption=said["parts"], notes=notes))
    return Section(heading=said["times"], blocks=tuple(blocks))


def _part_rows(parts: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], ...]:
    slowest = sorted(parts, key=lambda part: (-part["seconds"], part["part"]))[:PARTS_SHOWN]
    return tuple(
        (part["part"], f"{part['subjects']:,}", f"{part['seconds']:,.2f}",
         f"{part['processor_seconds']:,.2f}")
        for part in slowest
    )  # fmt: skip


def _missing(counted: Counted, language: Language, said: Said, top: int) -> Section:
    found = counted.held_back
    rows = []
    for fact in found.by_fact[:top]:
        origin = counted.origins[fact.fact]
        zh = language == "zh"
        rows.append((
            f"{origin.label_zh if zh else origin.label_en} {fact.fact}",
            (origin.department_zh if zh else origin.department_en) or "—",
            f"{fact.subjects:,}", f"{fact.alone.decisions:,}", money(fact.alone.amount_fen),
            f"{fact.together.decisions:,}", f"{fact.open_awards:,}",
        ))  # fmt: skip
    told = said["counted"].format(
        unknown=f"{found.unknown:,}",
        decisions=f"{found.decisions:,}",
        no_fact=f"{found.settled_by_no_fact:,}",
    )
    notes = [told, _over(counted, said)]
    if counted.left_out:
        notes.append(said["left out"].format(names=", ".join(counted.left_out)))
    heads = ("fact", "department", "who", "alone", "at most", "together", "awards")
    grid = Grid(heads=tuple(said[h] for h in heads), rows=tuple(rows), notes=tuple(notes))
    return Section(heading=said["missing"], blocks=(grid,))


def _over(counted: Counted, said: Said) -> str:
    if counted.sample is None:
        return said["all"]
    return said["sample"].format(count=f"{counted.sample:,}")


def _reasons(counted: Counted, said: Said) -> Section:
    rows = tuple(
        (one.policy, said.get(one.reason, one.reason), f"{one.decisions:,}")
        for one in counted.held_back.by_reason
    )
    heads = (said["policy"], said["reason"], said["undecided"])
    notes = () if rows else (said["none undefined"],)
    return Section(heading=said["reasons"], blocks=(Grid(heads=heads, rows=rows, notes=notes),))


def _near(found: Sequence[NearCount], language: Language, said: Said) -> Section:
    rows = []
    for one in found:
        says = one.says_zh if language == "zh" else one.says_en
        bands, several, unmeasured = shown_near(one)
        lines = [
            say_distance(distance, shown, language, said)
            for distance, shown in zip(one.distances, bands, strict=True)
        ]
        for count, name in ((several, "several ways"), (unmeasured, "unmeasured")):
            lines += [f"{said[name]}: {count}"] if count != "0" else []
        rows.append((f"{one.policy}: {says}", few_or(one.one_short), " · ".join(lines)))
    heads = (said["clause"], said["short"], said["distance"])
    notes = (said["few"].format(few=FEW),) if rows else (said["nobody near"],)
    grid = Grid(heads=heads, rows=tuple(rows), notes=notes)
    return Section(heading=said["near"], blocks=(grid,))


def shown_near(one: NearCount) -> tuple[list[tuple[str, ...]], str, str]:
    """The bands of each distance, and who was not measured for which reason, as they are shown.

    They add up to how many are one short, so they are hidden together: those of few, and the next
    one where it would give a single one away.
    """
    counts = [count for distance in one.distances for count in distance.bands]
    counts += [one.several, one.unmeasured]
    hidden = hide_few(counts)
    shown = [f"<{FEW}" if n in hidden else f"{count:,}" for n, count in enumerate(counts)]
    *flat, several, unmeasured = shown
    bands, start = [], 0
    for distance in one.distances:
        bands.append(tuple(flat[start : start + len(distance.bands)]))
        start += len(distance.bands)
    return bands, several, unmeasured


def name_bands(distance: Distance) -> tuple[str, ...]:
    """What the bands of a distance are called: `≤5%`, …, `>50%`."""
    if distance.measure == "share":
        ends = [f"{float(share):.0%}" for share in SHARES]
    else:
        ends = [str(days) for days in DAYS]
    return (*(f"≤{end}" for end in ends), f">{ends[-1]}")


def say_distance(distance: Distance, shown: Sequence[str], language: Language, said: Said) -> str:
    """One comparison, and how many are how far from it; bands of nobody are left out."""
    zh = language == "zh"
    test = said[distance.direction].format(
        measured=distance.measured_zh if zh else distance.measured_en,
        limit=distance.limit_zh if zh else distance.limit_en,
    )
    kind = {"share": "of share", "days": "of days", "by time": "of time"}[distance.measure]
    bands = zip(name_bands(distance), shown, strict=True)
    told = ", ".join(f"{name}: {count}" for name, count in bands if count != "0")
    return f"{test}; {said[kind]}{told}"


def _moment(moment: Any) -> str:
    return str(moment.isoformat(sep=" ", timespec="seconds"))
