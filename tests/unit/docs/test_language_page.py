"""docs/language.md: every row of its tables, through the definition and through the columns."""

from pathlib import Path

import pytest
from language_tables import Line, by_columns, by_reference, read_lines

from language.check import check
from language.errors import ConditionRefused
from language.expression import parse

PAGE = Path(__file__).parents[3] / "docs" / "language.md"
LINES = list(read_lines(PAGE.read_text(encoding="utf-8")))
IDS = [f"line {line.number}: {line.text}" for line in LINES]


@pytest.mark.parametrize("line", LINES, ids=IDS)
def test_row_of_the_language_page_has_the_stated_value(line: Line) -> None:
    if line.refused:
        with pytest.raises(ConditionRefused):
            check(parse(line.text), line.scope, amount=line.amount)
        return
    expression = parse(line.text)
    check(expression, line.scope, amount=line.amount)
    assert by_reference(line, expression) == line.value
    assert by_columns(line, expression) == line.value


def test_language_page_has_rows_of_every_outcome() -> None:
    values = [line.value for line in LINES if not line.refused]
    assert {True, False, None} <= {v for v in values if v is None or isinstance(v, bool)}
    assert sum(line.refused for line in LINES) >= 15
    assert len(LINES) >= 80
