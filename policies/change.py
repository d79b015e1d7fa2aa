"""One change between two versions of a policy: of what kind, where, from what, to what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from language.contrast import Witness

Section = Literal[
    "id", "version", "title", "audience", "authority", "level", "region", "basis", "effective",
    "window", "per", "period", "item", "benefit kind", "unit", "contact", "not modelled",
    "examples", "frame", "parameters", "facts", "rows", "tables", "clauses", "row clauses",
    "row facts", "row amount", "row set", "limits", "claim", "amount", "portions", "also",
    "delivery", "deadlines", "budget", "stacking", "back pay", "recipient", "payee", "through",
    "public notice", "service", "text",
]  # fmt: skip
"""What of a policy a change is in."""

Kind = Literal[
    "added", "removed", "moved", "reordered", "regrouped", "reworded", "source", "respelled",
    "rewritten", "raised", "lowered", "comparison", "members", "condition added",
    "condition removed", "extended", "shortened", "shifted", "widened", "narrowed", "replaced",
    "counted",
]  # fmt: skip
"""What was done. `respelled` has the same meaning for everybody; `reworded` changes what people
read, `source` where it stands in law; `replaced` is any other value for another."""

Direction = Literal["wider", "narrower", "higher", "lower", "longer", "shorter", "same", ""]
"""`wider`: nobody loses by it, `narrower`: nobody gains; `higher` and `lower` of a number or an
amount; `same`: nothing is decided otherwise. Empty where it cannot be told, or is neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a changed parameter, fact or table does to a clause or an amount that rests on it."""

    section: Section
    name: str
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `name` is an id or a name, `detail` a row key, a first day, a step or a key.

    `before` and `after` are parts of the two policies (a value, a condition, a clause), None where
    there is none. `gains` and `loses` are subjects by whose facts the change shows.
    """

    kind: Kind
    section: Section
    name: str = ""
    detail: str = ""
    before: object = None
    after: object = None
    direction: Direction = ""
    effects: tuple[Effect, ...] = ()
    gains: Witness | None = None
    loses: Witness | None = None

    @property
    def decides(self) -> bool:
        """Whether it can change who gets what, when, or how: not only what is read."""
        return self.kind not in ("reworded", "source", "respelled", "counted", "reordered") and (
            self.section not in ("version", "title", "authority", "basis", "contact")
        )


def turned(direction: Direction) -> Direction:
    """The direction of the opposite."""
    opposite: dict[Direction, Direction] = {
        "wider": "narrower", "narrower": "wider", "higher": "lower", "lower": "higher",
        "longer": "shorter", "shorter": "longer",
    }  # fmt: skip
    return opposite.get(direction, direction)


def pairs_by_key(
    before: Sequence[tuple[str, object]], after: Sequence[tuple[str, object]]
) -> list[tuple[str, object | None, object | None]]:
    """What stands under each key in the two, in the order of the later and then of the former."""
    old, new = dict(before), dict(after)
    return [(key, old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old])]
