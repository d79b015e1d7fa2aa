"""Small numbers of people in a breakdown are not told, neither on the page nor to a program."""

import json
from dataclasses import replace
from datetime import date

from console.change_words import ChangeWords
from console.moves_page import build_moves, moves_as_json
from console.page import Grid
from engine.version_moves import Moves, PartMoves, Standing, VersionMoves
from policies.difference import compare_versions
from policies.load import CATALOGUE, load_policies
from policies.single_change import Part
from tests.support.policy_texts import vocabulary

DAY = date(2025, 10, 31)
FOUND = VersionMoves(
    as_of=DAY,
    old_day=DAY,
    new_day=date(2026, 1, 1),
    before=Standing(subjects=1000, eligible=100, unknown=7, amount_fen=1_000_000),
    after=Standing(subjects=1000, eligible=99, unknown=8, amount_fen=1_010_000),
    moves=Moves(gained=2, lost=3, raised=20, gained_fen=111, lost_fen=222, changed_fen=10_111),
    parts=(
        PartMoves(part=Part(where="clauses", names=("new",)), moves=Moves(lost=3, lost_fen=222)),
        PartMoves(part=Part(where="amount"), moves=Moves(raised=20, changed_fen=10_333)),
        PartMoves(part=Part(where="parameters", names=("gone",)), moves=None),
    ),
)


def test_a_breakdown_hides_few_people_and_their_money() -> None:
    policy = load_policies([CATALOGUE], vocabulary()).policies[0]
    difference = compare_versions(policy, replace(policy, version="2"), vocabulary())
    words = ChangeWords(difference, vocabulary(), "en")
    total, alone = build_moves(FOUND, words)
    (grid,) = alone.blocks
    assert isinstance(grid, Grid)
    assert grid.rows == (
        ("clause “new”", "0", "<5", "0", "0", "…"),
        ("amount", "0", "0", "0", "20", "+103.33"),
        ("parameter “gone”", "cannot be made alone", "", "", "", ""),
        ("all changes", "2", "3", "0", "20", "+100.00"),
    )
    standing, _ = total.blocks
    assert isinstance(standing, Grid)
    assert standing.rows[0] == ("eligible", "100", "99", "-1")
    assert "2026-01-01" in standing.notes[1]


def test_a_program_is_told_no_more() -> None:
    told = moves_as_json(FOUND)
    first, second, third = told["alone"]
    assert first["moves"]["lost"] == "<5"
    assert first["moves"]["difference_fen"] is None
    assert second["moves"]["difference_fen"] == 10_333
    assert third["moves"] is None
    assert "222" not in json.dumps(told["alone"])
