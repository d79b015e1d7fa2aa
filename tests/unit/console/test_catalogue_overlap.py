"""How far two policies overlap, against counts in plain Python over the same snapshot."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.catalogue_overlap import count_shown, settled_by
from console.cli import app
from console.trial_city import sample_snapshot
from engine.pair_overlap import count_overlaps
from policies.load import load_policies
from policies.policy import Policy
from profiles.snapshot import Snapshot, read_part
from tests.support.policy_texts import HEAD, load_one, vocabulary, write_policies

Verdict = bool | None


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


def text(name: str, when: str, amount: str, more: str = "") -> str:
    return (
        HEAD.format(name=name) + f"clauses: [{{id: x, says: {{zh: 某}}, when: '{when}'}}]\n"
        f"benefit: {{amount: {amount}}}\n" + more
    )


SMALL = text("small", 'ent_size in ["micro", "small"]', "100")
EARNING = text("earning", "revenue > 1000000", "revenue * 0.01")
STAFFED = text("staffed", "ui_insured_count >= 5", "revenue")


@pytest.fixture(scope="module")
def city() -> Iterator[Snapshot]:
    with sample_snapshot(vocabulary(), 180, silent) as snapshot:
        yield snapshot


def load(folder: Path, *texts: str) -> list[Policy]:
    for number, one in enumerate(texts):
        (folder / f"{number}.yaml").write_text(one, encoding="utf-8")
    return list(load_policies([folder], vocabulary()).policies)


def rows_of(city: Snapshot) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for part in city.parts("enterprise"):
        rows += read_part(city, part, datasets=set()).facts.to_dicts()
    return rows


def above(value: object, least: float, *, equal: bool) -> Verdict:
    if value is None:
        return None
    number = float(str(value))
    return number >= least if equal else number > least


def verdicts(row: dict[str, object]) -> dict[str, Verdict]:
    size = row["ent_size"]
    return {
        "small": None if size is None else size in ("micro", "small"),
        "earning": above(row["revenue"], 100_000_000, equal=False),  # fen
        "staffed": above(row["ui_insured_count"], 5, equal=True),
    }


def test_every_firm_is_counted_where_plain_python_counts_it(city: Snapshot, tmp_path: Path) -> None:
    policies = load(tmp_path, SMALL, EARNING, STAFFED)
    found = count_overlaps(policies, city, vocabulary(), silent)
    rows = rows_of(city)
    assert len(found) == 3
    assert any(one.undecided for one in found)
    for one in found:
        counts: Counter[tuple[Verdict, Verdict]] = Counter()
        for row in rows:
            verdict = verdicts(row)
            counts[verdict[one.first.id], verdict[one.second.id]] += 1
        assert one.subjects == len(rows)
        assert one.both == counts[True, True]
        assert one.only_first == counts[True, False]
        assert one.only_second == counts[False, True]
        assert one.neither == counts[False, False]
        assert one.undecided == sum(n for pair, n in counts.items() if None in pair)


def test_money_is_that_of_those_in_both_and_what_is_not_known_is_counted(
    city: Snapshot, tmp_path: Path
) -> None:
    (one,) = count_overlaps(load(tmp_path, SMALL, STAFFED), city, vocabulary(), silent)
    both = [row for row in rows_of(city) if set(list(verdicts(row).values())[::2]) == {True}]
    known = [int(str(row["revenue"])) for row in both if row["revenue"] is not None]
    assert one.first_fen == 10_000 * len(both)
    assert one.second_fen == sum(known)
    assert one.second_open == len(both) - len(known)
    assert (one.first_open, bool(known)) == (0, True)


def test_two_policies_for_different_kinds_are_no_pair(city: Snapshot, tmp_path: Path) -> None:
    resident = text("old", "age >= 60", "1").replace("audience: enterprise", "audience: resident")
    assert count_overlaps(load(tmp_path, SMALL, resident), city, vocabulary(), silent) == []


def stacked(folder: Path, name: str, stacking: str) -> Policy:
    folder = folder / name
    folder.mkdir()
    return load(folder, text(name, "revenue > 1", "1", f"stacking: {stacking}\n"))[0]


def test_pairs_that_stacking_settles_are_told(tmp_path: Path) -> None:
    excluding = stacked(tmp_path, "one", "{excludes: [other]}")
    other = stacked(tmp_path, "other", "{group: {name: g, rule: highest}}")
    third = stacked(tmp_path, "third", "{requires: [one], group: {name: g, rule: highest}}")
    assert settled_by(excluding, other) == settled_by(other, excluding) == "excludes"
    assert settled_by(other, third) == "highest"
    assert settled_by(excluding, third) == "requires"
    plain = load_one(tmp_path, text("x", "revenue > 1", "1").split("basis")[1].split("\n", 1)[1])
    assert settled_by(plain, other) is None


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, "<5"), (4, "<5"), (5, 5)])
def test_few_are_not_told_apart(count: int, shown: object) -> None:
    assert count_shown(count) == shown


def test_the_command_shows_numbers_of_few_as_such_and_nobody(tmp_path: Path) -> None:
    paths = write_policies(tmp_path, {"small": SMALL.split("basis")[1].split("\n", 1)[1]})
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "earning.yaml").write_text(EARNING, encoding="utf-8")
    arguments = ["--sample", "12", "--format", "json", "--policies", str(paths[0])]
    arguments += ["--policies", str(folder)]
    result = CliRunner().invoke(app, ["catalogue", "overlap", "small", "earning", *arguments])
    assert result.exit_code == 0, result.output
    (pair,) = json.loads(result.stdout)["pairs"]
    numbers = [pair[name] for name in ("subjects", "both", "only_first", "undecided")]
    assert all(number == "<5" or number == 0 or number >= 5 for number in numbers)
    assert pair["subjects"] == "<5"
    assert "subject_id" not in result.stdout


@pytest.mark.parametrize("arguments", [["a"], ["a", "b", "--all"], []])
def test_two_policies_or_all_are_asked_for(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["catalogue", "overlap", *arguments]).exit_code == 2
