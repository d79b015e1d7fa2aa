"""Two versions of a policy compared, for a program to read."""

from fractions import Fraction
from typing import Any

from console.change_words import ChangeWords
from console.difference_page import Places
from language.contrast import Sort, Witness
from language.unparse import show_number
from policies.change import Change
from policies.dating import Retroaction, Succession
from policies.difference import Difference
from policies.policy import Policy


def difference_as_json(
    difference: Difference,
    spoken: tuple[ChangeWords, ChangeWords],
    *,
    succession: Succession,
    retroaction: Retroaction | None,
    places: Places,
) -> dict[str, Any]:
    """All of a difference; `spoken` says it in Chinese and in English."""
    return {
        "old": _version(difference.old),
        "new": _version(difference.new),
        "time": {
            "relation": succession.relation,
            "from": succession.first,
            "to": succession.last,
            "retroactive": None if retroaction is None else _back(retroaction),
        },
        "changes": [_change(change, spoken, places) for change in difference.changes],
    }


def _version(policy: Policy) -> dict[str, str]:
    return {
        "policy": policy.id,
        "version": policy.version,
        "file": policy.file,
        "hash": policy.content_hash,
    }


def _back(found: Retroaction) -> dict[str, Any]:
    passed = found.first <= found.last
    return {
        "day": found.day,
        "from": found.first if passed else None,
        "to": found.last if passed else None,
        "periods": found.periods,
        "causes": found.causes,
    }


def _change(
    change: Change, spoken: tuple[ChangeWords, ChangeWords], places: Places
) -> dict[str, Any]:
    zh, en = spoken
    sides = {words.language: words.sides(change) for words in spoken}
    old_place, new_place = places(change)
    return {
        "kind": change.kind,
        "section": change.section,
        "name": change.name,
        "detail": change.detail,
        "direction": change.direction,
        "decides": change.decides,
        "says": {"zh": zh.headline(change), "en": en.headline(change)},
        "before": {language: side[0] for language, side in sides.items()},
        "after": {language: side[1] for language, side in sides.items()},
        "effects": [
            {"section": effect.section, "name": effect.name, "direction": effect.direction}
            for effect in change.effects
        ],
        "gains": _facts(change.gains),
        "loses": _facts(change.loses),
        "old_place": old_place,
        "new_place": new_place,
    }


def _facts(witness: Witness | None) -> dict[str, Any] | None:
    if witness is None:
        return None
    return {name: _value(value) for name, value in witness.items()}


def _value(value: Sort) -> str | bool | None:
    match value:
        case None | bool():
            return value
        case Fraction():
            return show_number(value)
        case _:
            return str(value)
