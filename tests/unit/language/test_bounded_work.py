"""Short conditions that would grow without bound as columns: decided, or left to the reference.

Each runs in a child process with a limit of memory and processor time, because running out of
memory inside Polars ends a process without an exception.
"""

import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (40, 40))
from random import Random
from language.parse import parse
from language.reference import evaluate
from tests.support.compared import agree, evaluate_columns
from tests.support.generated import build_frame, build_scope, draw_rows, facts_of

scope, rows = build_scope(), draw_rows(Random(1), 20)
expression = parse(sys.argv[1])
for found in evaluate_columns([expression], scope, build_frame(rows)).values():
    for row, value in zip(rows, found, strict=True):
        wanted = evaluate(expression, scope, facts_of(row)).value
        assert agree(wanted, value), (row, wanted, value)
print("done")
"""


@pytest.mark.parametrize(
    "text",
    [
        "$add_months($add_months($add_months(day, 1), 36), 36) >= day",
        "$years($add_months($add_months(day, 1), 36), $add_months(as_of, 1)) >= 1",
        "$round($round($round(money / whole / small, 2) / whole, 1) / small) > 1",
        "money / whole / small / number / ratio / whole / small / number / ratio > 1",
        "$abs($floor($ceil($abs($floor($ceil(number / whole))) / whole))) >= 1",
        "(whole % small % 7 % number % 5 % small % 3) == 1",
        "(flag ? maybe ? whole : small : flag ? number : money) > (maybe ? choice : scale)",
    ],
)
def test_a_short_condition_is_bounded_work(text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, text],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.strip() == "done"
