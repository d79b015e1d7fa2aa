"""What an error says: where it stands as an editor takes it, then what, then the remedy."""

import pytest

from language.errors import ConditionRefused, FilesRefused, Problem


@pytest.mark.parametrize(
    ("line", "column", "remedy", "wanted"),
    [
        (14, 11, "write age", 'a.yaml:14:11: unknown fact "agee" (write age)'),
        (14, 1, "", 'a.yaml:14:1: unknown fact "agee"'),
        (0, 0, "write age", 'a.yaml: unknown fact "agee" (write age)'),
    ],
)
def test_a_problem_is_told_with_its_place_and_remedy(
    line: int, column: int, remedy: str, wanted: str
) -> None:
    problem = Problem(
        file="a.yaml", line=line, column=column, message='unknown fact "agee"', remedy=remedy
    )
    assert str(problem) == wanted


def test_all_problems_are_told_in_the_order_of_the_files_and_their_lines() -> None:
    places = [("b.yaml", 1, 1), ("a.yaml", 10, 2), ("a.yaml", 9, 30)]
    problems = [Problem(file=f, line=n, column=c, message="wrong") for f, n, c in places]
    assert str(FilesRefused(problems)).splitlines() == [
        "a.yaml:9:30: wrong", "a.yaml:10:2: wrong", "b.yaml:1:1: wrong",
    ]  # fmt: skip


def test_a_refused_condition_keeps_what_its_reader_needs() -> None:
    refused = ConditionRefused("unknown", offset=3, remedy="r", suggestion="age", unknown="agee")
    kept = (refused.message, refused.offset, refused.remedy, refused.suggestion, refused.unknown)
    assert kept == ("unknown", 3, "r", "age", "agee")
    assert ConditionRefused("unknown").offset == -1
