"""A simulation for programs: one JSON object, or rows of one table.

Small numbers of a breakdown are left out as on the page.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from console.simulation_page import MOVED, hidden_cells
from console.sweep import Sweep
from engine.breakdown import EVENTS, FEW, ClassCount
from engine.monthly_pace import month_spent
from engine.simulation import Simulation
from engine.version_moves import Standing
from language.unparse import show_number

_STANDING = ("subjects", "eligible", "unknown", "amount_fen", "open_amounts")


def simulation_as_json(found: Simulation, varied: Sequence[Sweep]) -> dict[str, Any]:
    """All of it; null stands for a number that is not shown."""
    budget = found.policy.terms.budget
    spent = month_spent(found.pace, budget.amount) if budget and found.pace else None
    return {
        "policy": found.policy.key,
        "content_hash": found.policy.content_hash,
        "baseline": found.baseline.key if found.baseline else None,
        "as_of": found.as_of,
        "values_of": found.valued_on,
        "before": _standing(found.before) if found.before else None,
        "after": _standing(found.after),
        "moves": {key: getattr(found.moves, key) for key in MOVED}
        | {"difference_fen": found.moves.difference_fen},
        "by_class": {
            name: [_class(classes, number) for number in range(len(classes))]
            for name, classes in found.by_class.items()
        },
        "clauses": [
            {
                "clause": one.id,
                "one_short": _unless_few(one.one_short),
                "one_open": _unless_few(one.one_open),
                "passes": _unless_few(one.passes),
                "fails": _unless_few(one.fails),
                "unknown": _unless_few(one.unknown),
            }
            for one in (found.clauses.clauses if found.clauses else ())
        ],
        "months": [
            {
                "month": month.month,
                "awards": month.awards,
                "amount_fen": month.amount_fen,
                "open_amounts": month.open_amounts,
            }
            for month in found.pace
        ],
        "budget_fen": int(budget.amount * 100) if budget else None,
        "budget_spent_in": spent,
        "sweep": [
            {
                "values": {
                    one.shown: show_number(value)
                    for one, value in zip(varied, point.values, strict=True)
                },
                **_standing(point.standing),
                "moves": {key: getattr(point.moves, key) for key in MOVED},
            }
            for point in found.sweep
        ],
    }


def write_csv(found: Sequence[tuple[Simulation, Sequence[Sweep]]]) -> str:
    """One line for each number: policy, section, name, measure, value; money in fen."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("policy", "section", "name", "measure", "value"))
    for one, varied in found:
        for row in _lines(one, varied):
            writer.writerow((one.policy.key, *row))
    return text.getvalue()


def _lines(found: Simulation, varied: Sequence[Sweep]) -> Iterator[tuple[str, str, str, object]]:
    for name, standing in (("before", found.before), ("after", found.after)):
        if standing is not None:
            yield from (("result", name, key, n) for key, n in _standing(standing).items())
    yield from (("moves", "", key, getattr(found.moves, key)) for key in MOVED)
    yield "moves", "", "difference_fen", found.moves.difference_fen
    for dimension, classes in found.by_class.items():
        for number, one in enumerate(classes):
            for key, count in _class(classes, number).items():
                if key != "class":
                    yield dimension, one.name, key, "" if count is None else count
    for clause in found.clauses.clauses if found.clauses else ():
        for key in ("one_short", "one_open", "passes", "fails", "unknown"):
            shown = _unless_few(getattr(clause, key))
            yield "clause", clause.id, key, "" if shown is None else shown
    for month in found.pace:
        yield "month", month.month, "awards", month.awards
        yield "month", month.month, "amount_fen", month.amount_fen
    for point in found.sweep:
        values = zip(varied, point.values, strict=True)
        name = " ".join(f"{which.shown}={show_number(value)}" for which, value in values)
        yield from (("sweep", name, key, n) for key, n in _standing(point.standing).items())


def _standing(standing: Standing) -> dict[str, int]:
    return {key: getattr(standing, key) for key in _STANDING}


def _class(classes: Sequence[ClassCount], number: int) -> dict[str, Any]:
    one, hidden = classes[number], hidden_cells(classes)
    few = number in hidden["eligible"]
    moved = any(number in hidden[event] for event in ("gained", "lost", "unsettled", "changed"))
    return {
        "class": one.name,
        **{e: None if number in hidden[e] else one.counts[e] for e in EVENTS},
        "amount_fen": None if few else one.amount_fen,
        "difference_fen": None if few or moved else one.difference_fen,
    }


def _unless_few(count: int) -> int | None:
    return None if 0 < count < FEW else count
