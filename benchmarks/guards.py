"""How long it takes, and how much memory, to refuse a text that would hang or fill a parser.

Each text is refused in a process of its own, so that its peak memory is its own; the time is that
of the processor, the best of three. Run with `python -m benchmarks.guards`; the bounds are 50
milliseconds and 50 MiB for each.
"""

import contextlib
import multiprocessing
import resource
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from language.document_reading import read_text
from language.errors import ConditionRefused
from language.number import parse_number
from language.parse import parse

MAX_SECONDS = 0.05
REPEATS = 3
MAX_BYTES = 50 * 2**20

CONDITIONS = {
    "100,000 parentheses": "(" * 100_000,
    "100,000 exclamation marks": "!" * 100_000,
    "100,000 times not": "not " * 100_000 + "b",
    "100,000 minus signs": "-" * 100_000 + "1",
    "a shift by 3,000,000": "1 << 3000000",
    "a number of 999,999 digits": "(1e999999).floor",
    "a tower of powers": "9**9**9**9",
    "a list of 100,000": "i in [" + ",".join(["1"] * 100_000) + "]",
    "a literal of 5,000 digits": "i > " + "9" * 5000,
    "a pattern of a million steps": 'code =~ "((a{100}){100}){100}"',
    "a million signs": "i > 1 and " * 100_000 + "b",
    "4,096 bytes of operators": "i+" * 2047 + "i",
    "1,000 words without an operator": "i " * 1000,
}
FILES = {
    "YAML: 100,000 brackets": "a: " + "[" * 100_000,
    "YAML: 100,000 braces with keys": "a: " + "{a: " * 100_000,
    "YAML: 100,000 dashes": "a:\n  " + "- " * 100_000,
    "YAML: an alias bomb": "a: &a [1,1]\n" + "".join(f"b{i}: [*a,*a]\n" for i in range(100)),
    "YAML: a number of 5,000 digits": "a: " + "9" * 5000,
    "YAML: sexagesimal digits": "a: 1" + ":0" * 5000,
}


def refuse_condition(text: str) -> None:
    """Read a condition that must be refused."""
    try:
        parse(text)
    except ConditionRefused:
        return
    raise AssertionError(f"not refused: {text[:40]}")


def refuse_file(text: str) -> None:
    """Read a file whose content must be refused, or stays a text that is no number."""
    documents, problems = read_text(text, file="bomb.yaml")
    if problems:
        return
    try:
        parse_number(documents[0].value["a"])
    except ValueError:
        return
    raise AssertionError(f"not refused: {text[:40]}")


def _measure(refuse: Callable[[str], None], text: str, answer: Connection) -> None:
    with contextlib.suppress(AssertionError, KeyError, TypeError):
        refuse("nothing and")  # what is made once, like the parser's tables, is not counted
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        refuse(text)
        seconds.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    answer.send((min(seconds), peak * 1024))


def measure(refuse: Callable[[str], None], text: str) -> tuple[float, int]:
    """Seconds of the processor and further bytes at the peak, in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(refuse, text, theirs))
    process.start()
    seconds, peak = ours.recv()
    process.join()
    return seconds, peak


def main() -> None:
    """Print the table; exits with 1 where a bound is passed."""
    rows = [(name, *measure(refuse_condition, text)) for name, text in CONDITIONS.items()]
    rows += [(name, *measure(refuse_file, text)) for name, text in FILES.items()]
    print(f"{'refused':36}{'ms':>10}{'MiB':>10}")
    for name, seconds, peak in rows:
        print(f"{name:36}{seconds * 1000:10.2f}{peak / 2**20:10.1f}")
    if any(seconds > MAX_SECONDS or peak > MAX_BYTES for _, seconds, peak in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
