"""Versions in time: what follows what, where none is in force, what looks back."""

from datetime import date
from pathlib import Path

import pytest

from language.errors import FilesRefused
from policies.dating import Retroaction, Succession, find_gaps, look_back, succeed
from policies.difference import compare_versions
from policies.load import Loaded, load_policies
from policies.policy import Policy
from tests.support.policy_texts import vocabulary

TEXT = """\
policy: written
version: {version}
title: {{zh: 测试}}
audience: enterprise
authority: 市局
level: city
basis: [{{document: 办法}}]
effective: {{{days}}}
per: {per}
period: {period}
parameters: {{most: {{source: 一, values: [{values}]}}}}
clauses: [{{id: c, says: 一, when: ui_paid_months >= 12}}]
benefit: {{amount: most}}
"""
FIRST = "{from: 2020-01-01, value: 100}"


def write(
    folder: Path, version: str, days: str, *, values: str = FIRST, per: str = "month",
    period: str = "this",
) -> Path:  # fmt: skip
    path = folder / f"{version}.yaml"
    text = TEXT.format(version=version, days=days, values=values, per=per, period=period)
    path.write_text(text, encoding="utf-8")
    return path


def load(*paths: Path) -> Loaded:
    return load_policies(paths, vocabulary())


def one(path: Path) -> Policy:
    return load(path).policies[0]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("from: 2025-01-01, to: 2025-06-30", "from: 2025-07-01", ("follows", "2025-07-01", None)),
        (
            "from: 2025-01-01, to: 2025-06-30",
            "from: 2025-07-02, to: 2025-12-31",
            ("gap", "2025-07-01", "2025-07-01"),
        ),
        (
            "from: 2025-01-01, to: 2025-06-30",
            "from: 2025-06-30, to: 2025-12-31",
            ("overlap", "2025-06-30", "2025-06-30"),
        ),
        ("from: 2025-01-01", "from: 2025-07-01", ("overlap", "2025-07-01", None)),
        (
            "from: 2025-07-01",
            "from: 2025-01-01, to: 2025-03-31",
            ("before", "2025-01-01", "2025-03-31"),
        ),
    ],
)
def test_how_a_version_stands_to_the_one_before(
    tmp_path: Path, old: str, new: str, expected: tuple[str, str, str | None]
) -> None:
    relation, first, last = expected
    assert succeed(one(write(tmp_path, "1", old)), one(write(tmp_path, "2", new))) == Succession(
        relation=relation,  # type: ignore[arg-type]  # one of the relations
        first=date.fromisoformat(first),
        last=date.max if last is None else date.fromisoformat(last),
    )


def test_a_gap_between_versions_is_a_warning_that_names_its_days(tmp_path: Path) -> None:
    loaded = load(
        write(tmp_path, "3", "from: 2026-02-01"),
        write(tmp_path, "1", "from: 2025-01-01, to: 2025-06-30"),
        write(tmp_path, "2", "from: 2025-07-01, to: 2025-12-31"),
    )
    (gap,) = [warning for warning in loaded.warnings if warning.code == "version-gap"]
    assert "from 2026-01-01 to 2026-01-31" in gap.message
    assert gap.file.endswith("3.yaml")


def test_versions_that_follow_each_other_have_no_gap(tmp_path: Path) -> None:
    loaded = load(
        write(tmp_path, "1", "from: 2025-01-01, to: 2025-06-30"),
        write(tmp_path, "2", "from: 2025-07-01"),
    )
    assert find_gaps(loaded.policies) == []


def test_versions_in_force_on_one_day_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FilesRefused, match="both in force on 2025-07-01"):
        load(
            write(tmp_path, "1", "from: 2025-01-01"),
            write(tmp_path, "2", "from: 2025-07-01"),
        )


def back(old: Path, new: Path, day: str) -> Retroaction | None:
    before, after = one(old), one(new)
    changes = compare_versions(before, after, vocabulary()).changes
    return look_back(before, after, changes, date.fromisoformat(day))


def test_a_version_that_begins_on_the_day_or_later_looks_ahead(tmp_path: Path) -> None:
    old = write(tmp_path, "1", "from: 2025-01-01, to: 2025-06-30")
    new = write(tmp_path, "2", "from: 2025-07-01")
    assert back(old, new, "2025-07-01") is None
    assert back(old, new, "2025-05-20") is None


def test_a_version_that_began_before_the_day_names_days_and_periods(tmp_path: Path) -> None:
    old = write(tmp_path, "1", "from: 2025-01-01, to: 2025-06-30")
    new = write(tmp_path, "2", "from: 2025-07-01")
    found = back(old, new, "2025-09-15")
    assert found == Retroaction(
        day=date(2025, 9, 15),
        first=date(2025, 7, 1),
        last=date(2025, 9, 14),
        periods=("2025-07", "2025-08", "2025-09"),
        causes=("effective",),
    )


def test_where_the_last_period_is_decided_it_is_that_which_is_touched(tmp_path: Path) -> None:
    old = write(tmp_path, "1", "from: 2025-01-01, to: 2025-06-30", period="last", per="quarter")
    new = write(tmp_path, "2", "from: 2025-07-01", period="last", per="quarter")
    found = back(old, new, "2025-11-01")
    assert found is not None
    assert found.periods == ("2025Q2", "2025Q3")


def test_a_value_of_days_that_have_passed_touches_them_from_its_first_day(tmp_path: Path) -> None:
    later = "{from: 2025-06-15, value: 130}"
    (tmp_path / "new").mkdir()
    old = write(tmp_path, "1", "from: 2025-01-01")
    new = write(tmp_path / "new", "1", "from: 2025-01-01", values=f"{FIRST}, {later}")
    found = back(old, new, "2025-09-15")
    assert found is not None
    assert (found.first, found.last) == (date(2025, 6, 15), date(2025, 9, 14))
    assert found.causes == ("parameters most",)
    assert found.periods == ("2025-06", "2025-07", "2025-08", "2025-09")
    assert back(old, new, "2025-06-15") is None


def test_another_rule_in_a_version_in_force_looks_back_to_its_first_day(tmp_path: Path) -> None:
    old = write(tmp_path, "1", "from: 2025-08-01")
    (tmp_path / "new").mkdir()
    new = tmp_path / "new" / "1.yaml"
    new.write_text(old.read_text(encoding="utf-8").replace(">= 12", ">= 9"), encoding="utf-8")
    found = back(old, new, "2025-09-15")
    assert found is not None
    assert (found.first, found.causes) == (date(2025, 8, 1), ("rule",))


def test_other_words_look_back_at_nothing(tmp_path: Path) -> None:
    old = write(tmp_path, "1", "from: 2025-08-01")
    (tmp_path / "new").mkdir()
    new = tmp_path / "new" / "1.yaml"
    new.write_text(
        old.read_text(encoding="utf-8").replace("says: 一", "says: 二"), encoding="utf-8"
    )
    assert back(old, new, "2025-09-15") is None


def test_one_version_that_ends_later_or_earlier_touches_the_days_between(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    shorter = write(tmp_path, "1", "from: 2025-01-01, to: 2025-06-30")
    longer = write(tmp_path / "new", "1", "from: 2025-01-01, to: 2025-12-31")
    for old, new in ((shorter, longer), (longer, shorter)):
        found = back(old, new, "2025-08-10")
        assert found is not None
        assert (found.first, found.last) == (date(2025, 7, 1), date(2025, 8, 9))
        assert found.periods == ("2025-07", "2025-08")
        assert found.causes == ("effective",)
        assert back(old, new, "2025-07-01") is None


def test_a_value_without_days_counts_from_the_first_day_in_force(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    old = write(tmp_path, "1", "from: 2025-06-01", values="{value: 100}")
    new = write(tmp_path / "new", "1", "from: 2025-06-01", values="{value: 130}")
    found = back(old, new, "2025-08-10")
    assert found is not None
    assert (found.first, found.causes) == (date(2025, 6, 1), ("parameters most",))
    assert back(old, new, "2025-06-01") is None


def test_a_value_chosen_by_a_day_of_the_subject_looks_back_though_the_version_does_not(
    tmp_path: Path,
) -> None:
    def version(folder: Path, name: str, days: str, value: int) -> Path:
        folder.mkdir()
        path = write(folder, name, days, values=f"{{from: 2020-01-01, value: {value}}}")
        text = path.read_text(encoding="utf-8").replace(
            "{source: 一,", "{source: 一, at: approved_on,"
        )
        path.write_text(text, encoding="utf-8")
        return path

    old = version(tmp_path / "old", "1", "from: 2025-01-01, to: 2025-12-31", 100)
    new = version(tmp_path / "new", "2", "from: 2026-01-01", 130)
    found = back(old, new, "2025-11-01")
    assert found is not None
    assert (found.causes, found.periods) == (("parameters most",), ())
    assert found.first > found.last
