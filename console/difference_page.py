"""Two versions of a policy as a page: what an approver of the newer one reads."""

from collections.abc import Callable, Sequence
from datetime import date

from console.change_words import ChangeWords
from console.page import Block, Entry, Grid, Outline, Page, Section
from policies.change import Change
from policies.dating import Retroaction, Succession, span_of, succeed
from policies.difference import Difference
from policies.policy import Policy

Places = Callable[[Change], tuple[str, str]]
"""Where a change stands in the file of the older and of the newer version; "" where it is not."""
MOST_PERIODS = 24
_LEADS = {"added": "+", "condition added": "+", "removed": "−", "condition removed": "−"}


def build_difference_page(
    difference: Difference,
    words: ChangeWords,
    *,
    succession: Succession,
    retroaction: Retroaction | None,
    day: date,
    places: Places,
    family: Sequence[Policy] = (),
    moves: Sequence[Section] = (),
) -> Page:
    """The page of a difference; `moves` are the sections about people and money.

    `family` are all versions of the policy at hand.
    """
    said = words.words
    deciding = [change for change in difference.changes if change.decides]
    same = [c for c in difference.changes if not c.decides and c.direction == "same"]
    reading = [c for c in difference.changes if not c.decides and c.direction != "same"]
    sections = [
        Section(
            heading=said["time"],
            blocks=(_lines([*say_succession(words, succession),
                            *say_retroaction(words, retroaction, day)]),),
        )
    ]  # fmt: skip
    if len(family) > 2:
        sections.append(_versions(words, family))
    if not difference.changes:
        sections.append(Section(heading=said["deciding"], blocks=(_lines([said["nothing"]]),)))
    else:
        block: Block = (
            Outline(entries=tuple(_entry(change, words, places) for change in deciding))
            if deciding
            else _lines([said["none deciding"]])
        )
        sections.append(Section(heading=said["deciding"], blocks=(block,)))
    sections += moves
    for key, changes in (("reading", reading), ("same", same)):
        if changes:
            entries = tuple(_entry(change, words, places) for change in changes)
            sections.append(Section(heading=said[key], blocks=(Outline(entries=entries),)))
    new = difference.new
    return Page(
        title=f"{said['title']}{said['colon']}{words.new.pick(new.title_zh, new.title_en)}",
        subtitle=f"{difference.old.key} {difference.old.file} → {new.key} {new.file}",
        language=words.language,
        sections=tuple(sections),
    )


def _lines(lines: Sequence[str]) -> Outline:
    return Outline(entries=tuple(Entry(depth=0, text=line) for line in lines))


def _entry(change: Change, words: ChangeWords, places: Places) -> Entry:
    was, now = words.sides(change)
    nothing = words.words["nobody"]
    notes = [f"{was or nothing}{words.words['arrow']}{now or nothing}"] if was or now else []
    notes += [note for note in (words.effects(change), *words.witnesses(change)) if note]
    where = [place for place in places(change) if place]
    notes += [words.words["arrow"].join(where)] if where else []
    return Entry(
        depth=0,
        lead=_LEADS.get(change.kind, "~"),
        text=words.headline(change),
        # of days the kind says it already
        mark="" if change.direction in ("longer", "shorter") else words.direction(change),
        notes=tuple(notes),
    )


def say_succession(words: ChangeWords, succession: Succession) -> list[str]:
    """How the newer version stands to the older in time."""
    said = words.words
    key = "state" if succession.relation == "same" else succession.relation
    return [
        said[key].format(
            first=_day(succession.first, said["open start"], said["open end"]),
            last=_day(succession.last, said["open start"], said["open end"]),
            begin=_day(span_of(words.new.policy)[0], said["open start"], said["open end"]),
        )
    ]


def _versions(words: ChangeWords, family: Sequence[Policy]) -> Section:
    """All versions in the order of their days, and how each stands to the one before."""
    said = words.words
    ordered = sorted(family, key=span_of)
    rows = []
    for index, policy in enumerate(ordered):
        first, last = span_of(policy)
        days = [_day(day, said["open start"], said["open end"]) for day in (first, last)]
        relation = succeed(ordered[index - 1], policy).relation if index else "same"
        rows.append((policy.version, " – ".join(days), said[f"relation {relation}"]))
    heads = (said["version"], said["days"], said["relation"])
    return Section(heading=said["versions"], blocks=(Grid(heads=heads, rows=tuple(rows)),))


def _day(day: date, start: str, end: str) -> str:
    if day.year == 1:
        return start
    return end if day == date.max else day.isoformat()


def say_retroaction(words: ChangeWords, found: Retroaction | None, day: date) -> list[str]:
    """Which days and periods that have passed the newer version decides otherwise."""
    said = words.words
    if found is None:
        return [said["looks ahead"].format(day=day)]
    lines = []
    if found.first > found.last:
        lines.append(said["looks back at facts"].format(day=day))
    else:
        first = _day(found.first, said["open start"], said["open end"])
        lines.append(said["looks back"].format(day=day, first=first, last=found.last))
    causes = said["list"].join(_cause(words, cause) for cause in found.causes)
    lines.append(said["causes"].format(causes))
    if found.periods:
        names = [words.new.words.get(name, name) for name in found.periods[:MOST_PERIODS]]
        shown = said["list"].join(names)
        shown += said["more"] if len(found.periods) > MOST_PERIODS else ""
        key = "periods" if len(found.periods) > 1 else "one period"
        lines.append(said[key].format(count=len(found.periods), periods=shown))
        lines.append(said["adjusts"])
    return lines


def _cause(words: ChangeWords, cause: str) -> str:
    key, _, name = cause.partition(" ")
    return words.words[key].format(words.new.label(name) if name else "")
