"""What a sweep asks for: a parameter, perhaps a row of it, and the values to try."""

import re
from dataclasses import dataclass
from fractions import Fraction

import typer

from language.number import parse_number

STEPS = 5
"""Steps from the first to the last value of a span that says no number of them."""
_FORM = re.compile(
    r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\[(?P<row>[^\]]+)\])?=(?P<values>.+)", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A parameter by its name, a row of it by its keys, and the values in the order asked.

    `percent` says that they were written as shares.
    """

    name: str
    row: tuple[str, ...]
    values: tuple[Fraction, ...]
    percent: bool = False

    @property
    def shown(self) -> str:
        """What is varied, as its author wrote it."""
        return f"{self.name}[{' / '.join(self.row)}]" if self.row else self.name


def read_sweep(text: str) -> Sweep:
    """`NAME=FIRST..LAST`, with `/STEPS` behind it, or `NAME=VALUE,VALUE`; `NAME[ROW]` for a table.

    Numbers are written as in policies: 5.5%, 500万. Raises typer.BadParameter with what to write.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise typer.BadParameter(
            f'"{text}" is no sweep: write limit=0.03..0.08, limit=3%,5%,8% '
            "or rate[small]=50%..90%/4"
        )
    row = tuple(part.strip() for part in (form["row"] or "").split(" / ") if part.strip())
    span, slash, count = form["values"].partition("/")
    if ".." not in span:
        numbers = [_number(part, text) for part in form["values"].split(",")]
        return _sweep(form["name"], row, numbers, text)
    first, _, last = span.partition("..")
    low, high = _number(first, text), _number(last, text)
    steps = STEPS
    if slash:
        if not re.fullmatch(r"[1-9]\d?", count.strip(), re.ASCII):
            raise typer.BadParameter(f'"{count}" in "{text}" is no number of steps from 1 to 99')
        steps = int(count)
    values = [low + (high - low) * step / steps for step in range(steps + 1)]
    return _sweep(form["name"], row, values, text)


def _sweep(name: str, row: tuple[str, ...], values: list[Fraction], text: str) -> Sweep:
    return Sweep(name=name, row=row, values=tuple(dict.fromkeys(values)), percent="%" in text)


def _number(text: str, whole: str) -> Fraction:
    try:
        return parse_number(text.strip())
    except ValueError as error:
        raise typer.BadParameter(f'in "{whole}": {error}') from None
