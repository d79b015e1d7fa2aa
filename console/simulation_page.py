"""A simulation as a page: what it gives, what moves, by class, who is one short, and by month."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from console.page import Bar, Bars, Block, Grid, Page, Section
from console.simulation_words import INDUSTRIES, SIZES, WORDS
from console.sweep import Sweep
from engine.breakdown import EVENTS, FEW, UNKNOWN, ClassCount, Dimension, hide_few
from engine.clause_counts import PolicyCounts
from engine.monthly_pace import MonthPace, month_spent
from engine.simulation import Simulation
from engine.version_moves import Moves, Standing
from engine.wording import Language
from language.unparse import show_number
from policies.terms import Budget
from profiles.region import region_name

HIDDEN = f"<{FEW}"
DIMENSIONS: tuple[Dimension, ...] = ("district", "size", "industry", "age")
MOVED = ("gained", "lost", "unsettled", "raised", "lowered", "reopened")
SHOWN = ("eligible", "unknown", "gained", "lost", "unsettled", "changed")
"""What a breakdown tells of each class, beside how many subjects it has."""


def build_simulation(found: Simulation, varied: Sequence[Sweep], language: Language) -> Page:
    """The page; `varied` is what a sweep varies."""
    said = WORDS[language]
    policy, baseline = found.policy, found.baseline
    title = policy.title_zh if language == "zh" else policy.title_en or policy.title_zh
    against = said["nothing"] if baseline is None else said["baseline"].format(key=baseline.key)
    sections = [_result(found, said), _moves(found.moves, said)]
    sections += [
        _breakdown(name, found.by_class[name], language, said)
        for name in DIMENSIONS
        if name in found.by_class
    ]
    sections.append(_one_short(found.clauses, language, said))
    if found.pace:
        sections.append(_pace(found.pace, policy.terms.budget, said))
    if found.sweep:
        sections.append(_sweep(found, varied, said))
    return Page(
        title=said["title"].format(title=title),
        subtitle=f"{policy.key} · {against}",
        language=language,
        sections=tuple(sections),
    )


def _result(found: Simulation, said: Mapping[str, str]) -> Section:
    before, after = found.before or Standing(), found.after
    notes = [said["tried"].format(as_of=found.as_of, subjects=f"{after.subjects:,}")]
    if found.valued_on != found.as_of:
        notes.append(said["values"].format(day=found.valued_on))
    grid = Grid(
        heads=("", said["before"], said["after"], said["difference"]),
        rows=(
            _counted(said["eligible"], before.eligible, after.eligible),
            _counted(said["unknown"], before.unknown, after.unknown),
            (said["money"], money(before.amount_fen), money(after.amount_fen),
             signed(after.amount_fen - before.amount_fen)),
            _counted(said["open"], before.open_amounts, after.open_amounts),
        ),
        notes=tuple(notes),
    )  # fmt: skip
    return Section(heading=said["result"], blocks=(grid,))


def _moves(moves: Moves, said: Mapping[str, str]) -> Section:
    fen = {"gained": moves.gained_fen, "lost": -moves.lost_fen}
    rows = [
        (said[key], f"{getattr(moves, key):,}", signed(fen[key]) if key in fen else "")
        for key in MOVED
        if getattr(moves, key) or key in fen
    ]
    grid = Grid(heads=(said["what"], said["how many"], said["money"]), rows=tuple(rows))
    return Section(heading=said["moves"], blocks=(grid,))


def hidden_cells(classes: Sequence[ClassCount]) -> Mapping[str, frozenset[int]]:
    """Of each thing that is counted, the classes whose number is not shown."""
    hidden = {event: hide_few([one.counts[event] for one in classes]) for event in EVENTS}
    # how many live somewhere is known anyway, so nothing has to stand in for a small class
    few = {n for n, one in enumerate(classes) if 0 < one.counts["subjects"] < FEW}
    return hidden | {"subjects": frozenset(few)}


def _breakdown(
    name: Dimension, classes: Sequence[ClassCount], language: Language, said: Mapping[str, str]
) -> Section:
    hidden = hidden_cells(classes)
    columns = ["subjects", *(e for e in SHOWN if any(one.counts[e] for one in classes))]
    rows, bars = [], []
    for number, one in enumerate(classes):
        label = say_class(name, one.name, language)
        cells = [
            HIDDEN if number in hidden[event] else f"{one.counts[event]:,}" for event in columns
        ]
        few = number in hidden["eligible"]
        moved = any(number in hidden[event] for event in ("gained", "lost", "unsettled", "changed"))
        rows.append((
            label, *cells, "…" if few else money(one.amount_fen),
            "…" if few or moved else signed(one.difference_fen),
        ))  # fmt: skip
        if not few:
            share = one.counts["eligible"] / max(one.counts["subjects"], 1)
            text = f"{one.counts['eligible']:,}  {share:.1%}"
            bars.append(Bar(label=label, values=(one.counts["eligible"],), text=text))
    heads = (said["class"], *(said[event] for event in columns), said["money"], said["difference"])
    notes = (said["few"].format(few=FEW),) if any(hidden[event] for event in columns) else ()
    blocks: list[Block] = [Grid(heads=heads, rows=tuple(rows), notes=notes)]
    if bars:
        blocks.append(Bars(bars=tuple(bars), caption=said["eligible"]))
    return Section(heading=said[name], blocks=tuple(blocks))


def say_class(dimension: Dimension, name: str, language: Language) -> str:
    """What a class is called."""
    if name == UNKNOWN:
        return WORDS[language]["?"]
    index = 0 if language == "zh" else 1
    match dimension:
        case "district":
            known = region_name(name.ljust(6, "0"))
            return f"{known} {name}" if known else name
        case "size":
            return SIZES.get(name, (name, name))[index]
        case "industry":
            return f"{name} {INDUSTRIES[name][index]}" if name in INDUSTRIES else name
        case "age":
            return name.removeprefix("0") if name.startswith("00") else name


def _one_short(
    clauses: PolicyCounts | None, language: Language, said: Mapping[str, str]
) -> Section:
    if clauses is None:
        grid = Grid(rows=(), notes=(said["no clauses"],))
        return Section(heading=said["short"], blocks=(grid,))
    rows = tuple(
        (
            "  " * one.depth + (one.says_zh if language == "zh" else one.says_en),
            *(few_or(n) for n in (one.one_short, one.one_open, one.passes, one.fails, one.unknown)),
        )
        for one in clauses.clauses
    )
    heads = ("clause", "one short", "one open", "passes", "fails", "unknown")
    grid = Grid(heads=tuple(said[head] for head in heads), rows=rows, notes=(said["short note"],))
    return Section(heading=said["short"], blocks=(grid,))


def few_or(count: int) -> str:
    """A number, hidden where it is of few."""
    return HIDDEN if 0 < count < FEW else f"{count:,}"


def _pace(pace: Sequence[MonthPace], budget: Budget | None, said: Mapping[str, str]) -> Section:
    total, rows, bars = 0, [], []
    for month in pace:
        total += month.amount_fen
        share = f"{total / float(budget.amount * 100):.1%}" if budget and budget.amount else ""
        cells = (month.month, f"{month.awards:,}", money(month.amount_fen), money(total))
        rows.append((*cells, share) if budget else cells)
        bars.append(
            Bar(label=month.month, values=(month.amount_fen / 100,), text=money(month.amount_fen))
        )
    heads = [said["month"], said["awards"], said["money"], said["cumulative"]]
    notes = [said["pace note"]]
    if budget is not None:
        heads.append(said["share"])
        spent = month_spent(pace, budget.amount)
        amount = said["budget"].format(amount=f"{float(budget.amount):,.0f}")
        told = said["lasts"] if spent is None else said["spent"].format(month=spent)
        notes.append(f"{amount}。{told}" if said is WORDS["zh"] else f"{amount}. {told}")
        if budget.period != "year":
            period = said.get(budget.period, budget.period)
            notes.append(said["per period"].format(period=period))
    grid = Grid(heads=tuple(heads), rows=tuple(rows), notes=tuple(notes))
    chart = Bars(bars=tuple(bars), caption=said["month money"])
    return Section(heading=said["pace"], blocks=(grid, chart))


def _sweep(found: Simulation, varied: Sequence[Sweep], said: Mapping[str, str]) -> Section:
    rows, eligible, paid = [], [], []
    for point in found.sweep:
        values = tuple(map(say_value, point.values, varied))
        label = " · ".join(values)
        standing, moves = point.standing, point.moves
        rows.append((
            *values, f"{standing.eligible:,}", f"{standing.unknown:,}", money(standing.amount_fen),
            f"{moves.gained:,}", f"{moves.lost:,}", f"{moves.unsettled:,}",
            signed(standing.amount_fen - found.after.amount_fen),
        ))  # fmt: skip
        eligible.append(
            Bar(label=label, values=(standing.eligible,), text=f"{standing.eligible:,}")
        )
        paid.append(
            Bar(label=label, values=(standing.amount_fen / 100,), text=money(standing.amount_fen))
        )
    told = ("eligible", "unknown", "money", "gained", "lost", "unsettled", "difference")
    heads = (*(one.shown for one in varied), *(said[key] for key in told))
    grid = Grid(heads=heads, rows=tuple(rows), notes=(said["sweep note"],))
    charts = (
        Bars(bars=tuple(eligible), caption=said["sweep eligible"]),
        Bars(bars=tuple(paid), caption=said["sweep money"]),
    )
    return Section(heading=said["sweep"], blocks=(grid, *charts))


def say_value(value: Fraction, sweep: Sweep) -> str:
    """A value as its author writes it, a share in percent where it was asked so."""
    return f"{show_number(value * 100)}%" if sweep.percent else show_number(value)


def _counted(label: str, before: int, after: int) -> tuple[str, str, str, str]:
    return label, f"{before:,}", f"{after:,}", f"{after - before:+,}"


def money(fen: int) -> str:
    """An amount in yuan with two decimals, exact."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def signed(fen: int) -> str:
    """A difference of amounts in yuan."""
    return f"+{money(fen)}" if fen >= 0 else money(fen)
