"""Who gains, who loses and what money moves between two versions: sections and JSON.

In a breakdown, numbers of subjects from 1 to 4 are shown as <5 and their money not at all, so that
nobody is told apart.
"""

from typing import Any

from console.change_words import ChangeWords
from console.difference_words import MOVES, SECTIONS
from console.page import Grid, Section
from engine.version_moves import Moves, PartMoves, VersionMoves
from policies.single_change import Part

FEW = 5
"""Below so many subjects a breakdown does not say how many."""
_COUNTS = ("gained", "lost", "unsettled", "raised", "lowered", "reopened")


def build_moves(found: VersionMoves, words: ChangeWords) -> list[Section]:
    """What both versions give, what moves, and what each change does alone."""
    said = MOVES[words.language]
    subjects = f"{found.before.subjects:,}"
    notes = [said["tried"].format(as_of=found.as_of, subjects=subjects)]
    if found.old_day != found.as_of or found.new_day != found.as_of:
        notes.append(said["values"].format(old=found.old_day, new=found.new_day))
    before, after = found.before, found.after
    standing = Grid(
        heads=("", said["older"], said["newer"], said["difference"]),
        rows=(
            _counted(said["eligible"], before.eligible, after.eligible),
            _counted(said["unknown"], before.unknown, after.unknown),
            (said["money"], _money(before.amount_fen), _money(after.amount_fen),
             _signed(after.amount_fen - before.amount_fen)),
            _counted(said["open"], before.open_amounts, after.open_amounts),
        ),
        notes=tuple(notes),
    )  # fmt: skip
    moves = found.moves
    money = {"gained": moves.gained_fen, "lost": -moves.lost_fen}
    moved = Grid(
        heads=(said["what"], said["how many"], said["money"]),
        rows=tuple(
            (said[key], f"{getattr(moves, key):,}", _signed(money[key]) if key in money else "")
            for key in _COUNTS
            if getattr(moves, key) or key in money
        ),
    )
    sections = [Section(heading=said["heading"], blocks=(standing, moved))]
    if found.parts:
        sections.append(_alone(found, words))
    return sections


def _alone(found: VersionMoves, words: ChangeWords) -> Section:
    said = MOVES[words.language]
    heads = (said["change"], *(said[f"short {key}"] for key in ("gained", "lost", "unsettled")),
             said["changed"], said["money"])  # fmt: skip
    rows = [(_label(one.part, words), *_cells(one.moves, said["cannot"])) for one in found.parts]
    rows.append((said["together"], *_cells(found.moves, "", few=0)))
    grid = Grid(heads=heads, rows=tuple(rows), notes=(said["interplay"],))
    return Section(heading=said["alone"], blocks=(grid,))


def _cells(moves: Moves | None, otherwise: str, few: int = FEW) -> tuple[str, ...]:
    if moves is None:
        return (otherwise, "", "", "", "")
    changed = moves.raised + moves.lowered + moves.reopened
    counts = (moves.gained, moves.lost, moves.unsettled, changed)
    hidden = [0 < count < few for count in counts]
    shown = [f"<{FEW}" if hides else f"{n:,}" for n, hides in zip(counts, hidden, strict=True)]
    return (*shown, "…" if any(hidden) else _signed(moves.difference_fen))


def _label(part: Part, words: ChangeWords) -> str:
    """What a part is called."""
    said = MOVES[words.language]
    if part.where in said:
        return said[part.where]
    section = words.pick(SECTIONS[part.where])
    names = words.words["list"].join(words.label_of(part.where, name) for name in part.names)
    return f"{section} {names}"


def _counted(label: str, before: int, after: int) -> tuple[str, str, str, str]:
    return label, f"{before:,}", f"{after:,}", f"{after - before:+,}"


def _money(fen: int) -> str:
    return f"{fen / 100:,.2f}"


def _signed(fen: int) -> str:
    return f"{fen / 100:+,.2f}"


def moves_as_json(found: VersionMoves) -> dict[str, Any]:
    """What moves, for a program; small numbers of a breakdown are left out as on the page."""
    return {
        "as_of": found.as_of,
        "values_of": {"old": found.old_day, "new": found.new_day},
        "old": _standing(found.before),
        "new": _standing(found.after),
        "moves": {key: getattr(found.moves, key) for key in _COUNTS}
        | {"difference_fen": found.moves.difference_fen},
        "alone": [_part(one) for one in found.parts],
    }


def _standing(standing: object) -> dict[str, int]:
    keys = ("subjects", "eligible", "unknown", "amount_fen", "open_amounts")
    return {key: getattr(standing, key) for key in keys}


def _part(one: PartMoves) -> dict[str, Any]:
    told: dict[str, Any] = {"where": one.part.where, "names": one.part.names, "moves": None}
    if one.moves is not None:
        counts = {key: getattr(one.moves, key) for key in _COUNTS}
        few = any(0 < count < FEW for count in counts.values())
        told["moves"] = {
            key: f"<{FEW}" if 0 < count < FEW else count for key, count in counts.items()
        } | {"difference_fen": None if few else one.moves.difference_fen}
    return told
