"""The author's guide is carried out as it is written: its files, commands and what they print."""

from pathlib import Path

import pytest

from tests.support.guide import assert_printed, carry_out, edit_file

GUIDE = Path(__file__).parents[2] / "docs/author-guide.md"


def test_the_afternoon_goes_as_it_is_told(tmp_path: Path) -> None:
    assert carry_out(GUIDE, tmp_path) >= 20


def test_a_line_that_is_not_printed_is_noticed() -> None:
    printed = "first\nsecond   7 eligible\nthird\n"
    assert_printed("first\n…7 eligible\nthird", printed)
    with pytest.raises(AssertionError, match="not printed"):
        assert_printed("third\nfirst", printed)
    with pytest.raises(AssertionError, match="not printed"):
        assert_printed("second 8 …", printed)


def test_an_edit_must_fit_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb: 2\nc: 3\n", encoding="utf-8")
    edit_file(path, "-a: 1\n+a: 9\n-c: 3\n+c: 8\n+d: 7\n")
    assert path.read_text(encoding="utf-8") == "a: 9\nb: 2\nc: 8\nd: 7\n"
    with pytest.raises(AssertionError, match="not once"):
        edit_file(path, "-x: 1\n+x: 2\n")
