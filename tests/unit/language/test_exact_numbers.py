"""Numbers on thresholds, half-fen ties and the edges of 64 and 128 bits, against plain integers."""

import operator
from collections.abc import Callable
from fractions import Fraction
from random import Random

import polars as pl
import pytest

from language import exact
from language.definition import Constant, Given
from language.exact import TooWide
from language.frame import prepare
from language.lowering import Lowering
from language.parse import parse
from language.reference import evaluate
from language.types import FactType

ROWS = 100_000
SCOPE = {
    "part": Given(name="part", type=FactType.INTEGER),
    "total": Given(name="total", type=FactType.INTEGER),
    "money": Given(name="money", type=FactType.MONEY),
    "rate": Given(name="rate", type=FactType.RATIO),
    "number": Given(name="number", type=FactType.NUMBER),
}
_WHOLE = {"part": pl.Int64, "total": pl.Int64}
TYPES = {name: given.type for name, given in SCOPE.items()}


def truth_of(text: str, frame: pl.DataFrame) -> list[bool | None]:
    prepared = prepare(frame, TYPES, frame.columns)
    column = Lowering(SCOPE, prepared.known).boolean(parse(text))
    return prepared.frame.select(pl.int_range(pl.len()), value=column)["value"].to_list()


def fen_of(text: str, frame: pl.DataFrame) -> list[int | None]:
    prepared = prepare(frame, TYPES, frame.columns)
    column = exact.to_fen(Lowering(SCOPE, prepared.known).number(parse(text)))
    return prepared.frame.select(pl.int_range(pl.len()), value=column)["value"].to_list()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 - 189/200 <= 0.055", True),
        ("10/3*3 >= 10", True),  # 28 decimal digits would say 9.99…
        ("0.1 + 0.2 == 0.3", True),
        ("1 == 1.0", True),
        ("0.07 * 100 == 7", True),
        ("1/3 + 1/3 + 1/3 == 1", True),
        ("$round(2.675, 2) == 2.68", True),  # in binary floats 2.67
        ("$round(-2.5) == -3", True),
        ("7 // -2 == -3", True),
        ("-7 % 2 == -1", True),
        ("$floor(-2.1) == -3", True),
        ("$ceil(-2.9) == -2", True),
    ],
)
def test_arithmetic_is_that_of_the_law_not_of_floats(text: str, wanted: bool) -> None:
    assert evaluate(parse(text), SCOPE, {}).value is wanted
    assert truth_of(text, pl.DataFrame({"part": [1, 2]})) == [wanted, wanted]


def test_a_quotient_on_a_threshold_is_compared_as_whole_numbers() -> None:
    """A share of staff against 5.5 %, a third of the rows on the threshold exactly."""
    rng = Random("threshold")
    totals = [200 * rng.randint(1, 5000) if rng.random() < 0.6 else rng.randint(1, 10**6)
              for _ in range(ROWS)]  # fmt: skip
    parts = [total * 11 // 200 + rng.choice((-1, 0, 0, 1)) for total in totals]
    frame = pl.DataFrame({"part": parts, "total": totals})
    for sign, text in (("<=", "part / total <= 0.055"), (">", "part * 100 / total > 5.5")):
        wanted = [(p * 200 <= 11 * t) is (sign == "<=") for p, t in zip(parts, totals, strict=True)]
        assert truth_of(text, frame) == wanted
    rest = truth_of("1 - (total - part) / total == 0.055", frame)
    assert rest == [p * 200 == 11 * t for p, t in zip(parts, totals, strict=True)]
    assert 0.2 * ROWS < sum(bool(value) for value in rest) < 0.5 * ROWS


def test_a_decimal_meets_its_own_threshold_whatever_its_float() -> None:
    """Random decimals of up to 12 places, compared with themselves and their neighbours."""
    rng = Random("decimals")
    for places in (0, 1, 2, 3, 4, 6, 9, 12):
        scale = 10**places
        most = 10 ** (15 - places)
        whole = [rng.randint(-(10**15) + 1, 10**15 - 1) % (most * scale) for _ in range(12_500)]
        values = [float(f"{w // scale}.{w % scale:0{places}d}") if places else float(w)
                  for w in whole]  # fmt: skip
        frame = pl.DataFrame({"number": values})
        edge = sorted(whole)[len(whole) // 2]
        shown = f"{edge // scale}.{edge % scale:0{places}d}" if places else str(edge)
        assert truth_of(f"number <= {shown}", frame) == [w <= edge for w in whole]
        assert truth_of(f"number == {shown}", frame) == [w == edge for w in whole]


def test_half_a_fen_is_rounded_away_from_zero_on_every_tie() -> None:
    rng = Random("ties")
    fen = [rng.randint(-(10**9), 10**9) for _ in range(ROWS)]
    frame = pl.DataFrame({"money": fen}, schema={"money": pl.Int64})
    for text, numerator, denominator in (
        ("money * 0.125", 1, 8),
        ("money * 0.055", 11, 200),
        ("money * 2 / 3", 2, 3),
        ("money / 2", 1, 2),
    ):
        wanted = []
        for value in fen:
            doubled = 2 * abs(value) * numerator + denominator
            rounded = doubled // (2 * denominator)
            wanted.append(rounded if value >= 0 else -rounded)
        assert fen_of(text, frame) == wanted, text


def test_rates_with_different_scales_multiply_exactly() -> None:
    rng = Random("rates")
    fen = [rng.randint(0, 10**10) for _ in range(20_000)]
    rates = [rng.choice((0.2, 0.055, 0.3333, 0.5, 0.00125)) for _ in fen]
    frame = pl.DataFrame({"money": fen, "rate": rates})
    wanted = []
    for value, rate in zip(fen, rates, strict=True):
        product = value * Fraction(repr(rate))
        wanted.append((2 * product.numerator + product.denominator) // (2 * product.denominator))
    assert fen_of("money * rate", frame) == wanted


@pytest.mark.parametrize("bits", [30, 31, 32, 61, 62, 63, 64, 100, 122, 123, 124, 125, 126])
def test_products_beside_a_word_boundary_are_exact_or_refused(bits: int) -> None:
    """Int64 wraps silently in Polars; here a part whose product may not fit is TooWide."""
    near = [2 ** (bits // 2) + step for step in (-2, -1, 0, 1)]
    beside = [2 ** (bits - bits // 2) + step for step in (2, -1, 0, -1)]
    parts = [sign * value for value in near for sign in (1, -1)]
    totals = [sign * value for value in beside for sign in (1, 1)]
    if max(map(abs, (*parts, *totals))) >= 2**63:
        parts, totals = [p // 4 for p in parts], [t // 4 for t in totals]
    frame = pl.DataFrame({"part": parts, "total": totals}, schema=_WHOLE)
    pairs = list(zip(parts, totals, strict=True))
    for text, wanted in (
        ("part * total > total * total - part", [p * t > t * t - p for p, t in pairs]),
        ("part * total == (part - 1) * total + total", [True] * len(pairs)),
        ("(part * total) // total == part", [True] * len(pairs)),
        ("part * total % part == 0", [True] * len(pairs)),
    ):
        try:
            assert truth_of(text, frame) == wanted, text
        except TooWide:
            assert bits >= 62, text


def test_a_sum_that_leaves_64_bits_does_not_wrap() -> None:
    near = 2**63 - 1
    frame = pl.DataFrame({"part": [near, -near, 1], "total": [near, -near, 1]})
    assert truth_of("part + total > 0", frame) == [True, False, True]
    assert truth_of("part * 4 > 0", frame) == [True, False, True]
    assert truth_of("-part < 0", frame) == [True, False, True]
    assert truth_of("$abs(part - total - total) == part", frame) == [True, False, True]


def test_numbers_beyond_126_bits_are_too_wide() -> None:
    frame = pl.DataFrame({"part": [2**62], "total": [2**62]})
    with pytest.raises(TooWide):
        truth_of("part * total * part > 0", frame)


def test_an_amount_beyond_64_bits_is_too_wide() -> None:
    with pytest.raises(TooWide):
        fen_of("money * 100000", pl.DataFrame({"money": [10**17]}))


@pytest.mark.parametrize("value", [2.0**53 + 2, 1e300, 1e-13, 0.1 + 0.2])
def test_a_column_that_no_scale_holds_is_left_to_the_reference(value: float) -> None:
    frame = pl.DataFrame({"number": [value, 1.0]})
    assert prepare(frame, TYPES, ["number"]).unscalable == {"number"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_counts_as_missing(value: float) -> None:
    assert truth_of("number > 5", pl.DataFrame({"number": [value, 6.0]})) == [None, True]


@pytest.mark.parametrize("kind", [pl.Int8, pl.Int32, pl.UInt16])
def test_narrow_whole_columns_do_not_wrap(kind: type[pl.DataType]) -> None:
    frame = pl.DataFrame({"part": pl.Series([100, 127], dtype=kind)})
    assert truth_of("part * 1000 > 50000", frame) == [True, True]


def test_the_bounds_of_an_empty_part_and_of_an_empty_column_are_harmless() -> None:
    empty = pl.DataFrame({"part": [], "total": []}, schema=_WHOLE)
    assert truth_of("part / total > 1", empty) == []
    nothing = pl.DataFrame({"part": [None, None]}, schema={"part": pl.Int64})
    assert truth_of("part > 1 or part <= 1", nothing) == [None, None]
    assert truth_of("total > 1", nothing) == [None, None]


@pytest.mark.parametrize("factor", [2, 3, 7, 100])
def test_a_written_factor_beside_a_written_number_is_divided_out_exactly(factor: int) -> None:
    parts = [None, *range(-12, 13)]
    frame = pl.DataFrame({"part": parts}, schema={"part": pl.Int64})
    signs: dict[str, Callable[[int, int], bool]] = {
        "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
        ">": operator.gt, ">=": operator.ge,
    }  # fmt: skip
    for bound in range(-25, 26, 3 if factor > 3 else 1):
        for sign, compare in signs.items():
            wanted = [None if part is None else compare(part * factor, bound) for part in parts]
            assert truth_of(f"part * {factor} {sign} {bound}", frame) == wanted, (sign, bound)
            turned = [None if part is None else compare(bound, part * factor) for part in parts]
            assert truth_of(f"{bound} {sign} part / (1 / {factor})", frame) == turned, (sign, bound)


def test_a_divisor_that_is_never_negative_is_unknown_where_it_is_zero() -> None:
    frame = pl.DataFrame({"part": [-1, 1, 1, None], "total": [0, 0, 3, 3]}, schema=_WHOLE)
    assert truth_of("part / total >= 1", frame) == [None, None, False, None]
    assert truth_of("part / total == part / total", frame) == [None, None, True, None]


def test_what_is_held_between_two_numbers_needs_no_room_for_more() -> None:
    """Months of interest are at most twelve, whatever a loan's own months are."""
    frame = pl.DataFrame({"money": [10**15, 2, -5], "part": [2**62, 7, -3]})
    held = "money * $max(0, $min(part, 12)) / 12"
    assert fen_of(held, frame) == [10**15, 1, 0]
    assert fen_of("$min(part, 5) * $max(money, 0) / $max(money, 1)", frame) == [500, 10, 0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("((part ** 8) ** 8) > 0", True),
        ("((part ** 8) ** 8) * ((part ** 8) ** 8) > 0", None),
        ("((part ** 8) ** 8) ** 8 > 0", None),
        ("1 / part / ((part ** 8) ** 8) < 1", True),
    ],
)
def test_a_number_longer_than_any_law_needs_is_unknown(text: str, value: bool | None) -> None:
    assert evaluate(parse(text), SCOPE, {"part": Fraction(10**15)}).value is value


CONSTANTS = {
    f"c{number}": Fraction(text)
    for number, text in enumerate(("-3", "-1", "-0.5", "0", "0.5", "1", "3", "1/3", "-7/2"))
}
FORMS = (
    "part + {c}", "{c} - part", "part * {c}", "part / {c}", "{c} / part", "part // {c}",
    "{c} // part", "part % {c}", "{c} % part", "$min(part, {c})", "$max(part, {c}, total)",
    "$round(part / {c})", "$round(money * {c}, 1)", "$floor(part * {c})", "$ceil(part / {c})",
    "$abs(part + {c})", "part / {c} / total", "(part - {c}) ** 2", "-part / -{c}",
    "{c} / $abs(part)", "part / $abs($max(0, $min(part, 1)) * {c})",
)  # fmt: skip


def test_constants_of_every_sign_stand_on_either_side() -> None:
    """The value, and each comparison of it with a constant and with a column, as the reference."""
    scope = SCOPE | {name: Constant(value=value) for name, value in CONSTANTS.items()}
    parts = [-4, -3, -1, 0, 1, 2, 3, 7, None]
    frame = pl.DataFrame(
        {"part": parts * 3, "total": [-2] * 9 + [0] * 9 + [5] * 9,
         "money": [-150, 0, 33, None, 1, 99, 12_345, -5, 50] * 3},
        schema={"part": pl.Int64, "total": pl.Int64, "money": pl.Int64},
    )  # fmt: skip
    facts = [
        {name: None if row[name] is None else Fraction(row[name]) / (100 if name == "money" else 1)
         for name in frame.columns}
        for row in frame.iter_rows(named=True)
    ]  # fmt: skip
    prepared = prepare(frame, TYPES, frame.columns)
    lowering = Lowering(scope, prepared.known)
    texts = [form.format(c=name) for form in FORMS for name in CONSTANTS]
    numbers = {text: lowering.number(parse(text)) for text in texts}
    truths = [
        f"{text} {sign} {other}"
        for place, text in enumerate(texts)
        for sign in ("<", "<=", ">", ">=", "==", "!=")
        for other in (f"c{place % 9}", "total")
    ]
    columns = [
        expr.alias(f"{text} {kind}")
        for text, number in numbers.items()
        for kind, expr in (("top", number.numerator.expr), ("bottom", number.denominator.expr))
    ] + [lowering.boolean(parse(text)).alias(text) for text in truths]
    found = prepared.frame.lazy().with_columns(columns).collect()
    for text in texts:
        wanted = [evaluate(parse(text), scope, row).value for row in facts]
        pairs = zip(found[f"{text} top"], found[f"{text} bottom"], strict=True)
        assert [None if None in pair else Fraction(*pair) for pair in pairs] == wanted, text
    for text in truths:
        wanted = [evaluate(parse(text), scope, row).value for row in facts]
        assert found[text].to_list() == wanted, text


@pytest.mark.parametrize("name", CONSTANTS)
def test_the_bounds_of_a_number_hold_every_value_it_has(name: str) -> None:
    """A column is given no more room than the bounds say: what leaves them would wrap."""
    scope = SCOPE | {name: Constant(value=value) for name, value in CONSTANTS.items()}
    frame = pl.DataFrame(
        {"part": [-4, -1, 0, 3, None], "total": [5, -2, 0, 1, 1], "money": [7] * 5}
    )
    prepared = prepare(frame, TYPES, frame.columns)
    lowering = Lowering(scope, prepared.known)
    for form in FORMS:
        number = lowering.number(parse(form.format(c=name)))
        for whole in (number.numerator, number.denominator):
            values = prepared.frame.select(pl.int_range(pl.len()), v=whole.expr)["v"].to_list()
            assert all(whole.low <= value <= whole.high for value in values if value is not None)
        assert number.denominator.low > 0
