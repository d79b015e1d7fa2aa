"""Where Polars or rule-engine would say something else: each trap is shown, then avoided."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
import rule_engine

from language.check import check
from language.definition import Definition, Formula, Given
from language.errors import ConditionRefused
from language.frame import prepare, types_of
from language.lowering import Lowering
from language.parse import parse
from language.reference import evaluate
from language.types import FactType
from language.unparse import unparse

SCOPE: dict[str, Definition] = {
    "a": Given(name="a", type=FactType.INTEGER),
    "b": Given(name="b", type=FactType.INTEGER),
    "x": Given(name="x", type=FactType.NUMBER),
    "yes": Given(name="yes", type=FactType.BOOLEAN),
    "code": Given(name="code", type=FactType.CODE),
}


def truth_of(text: str, frame: pl.DataFrame) -> list[bool | None]:
    prepared = prepare(frame, types_of(SCOPE), frame.columns)
    column = Lowering(SCOPE, prepared.known).boolean(parse(text))
    return prepared.frame.select(pl.int_range(pl.len()), value=column)["value"].to_list()


def test_polars_divides_by_zero_to_infinity_and_here_it_is_undefined() -> None:
    frame = pl.DataFrame({"a": [1, -1, 0], "b": [0, 0, 0]})
    assert frame.select(pl.col("a") / pl.col("b"))["a"].to_list()[0] == float("inf")
    assert truth_of("a / b > 5", frame) == [None, None, None]
    assert truth_of("a % b > 5 or a // b > 5", frame) == [None, None, None]
    undefined = evaluate(parse("1 / a > 5"), SCOPE, {"a": Fraction(0)})
    assert undefined.value is None
    assert undefined.reasons == {"undefined"}


def test_polars_holds_nan_greater_than_five_and_here_it_is_missing() -> None:
    frame = pl.DataFrame({"x": [float("nan")]})
    assert frame.select(pl.col("x") > 5)["x"].to_list() == [True]
    assert truth_of("x > 5", frame) == [None]


def test_polars_wraps_whole_numbers_and_here_they_stay_exact() -> None:
    frame = pl.DataFrame({"a": [2**62]})
    assert frame.select(pl.col("a") * 4)["a"].to_list() == [0]
    assert truth_of("a * 4 > 0", frame) == [True]


def test_polars_filters_unknown_as_false_and_here_it_stays_unknown() -> None:
    frame = pl.DataFrame({"yes": [None, True, False]}, schema={"yes": pl.Boolean})
    assert frame.filter(pl.col("yes") | ~pl.col("yes")).height == 2
    assert truth_of("yes ? a == 1 : a == 1", frame.with_columns(a=1)) == [None, True, True]
    assert truth_of("yes or not yes", frame) == [None, True, True]


def test_polars_takes_the_smallest_of_what_is_there_and_here_a_missing_one_matters() -> None:
    frame = pl.DataFrame({"a": [1, None], "b": [None, 2]}, schema={"a": pl.Int64, "b": pl.Int64})
    assert frame.select(pl.min_horizontal("a", "b"))["a"].to_list() == [1, 2]
    assert truth_of("$min(a, b) <= 2", frame) == [None, None]


def test_polars_divides_a_column_by_a_number_through_its_reciprocal_and_here_it_is_exact() -> None:
    """Found on 10 % of decimals: `col / 100` is not the nearest float, so scales go by NumPy."""
    whole = list(range(1, 5000))
    by_reciprocal = pl.DataFrame({"n": whole}).select(pl.col("n").cast(pl.Float64) / 100)
    decimals = [n / 100 for n in whole]
    frame = pl.DataFrame({"x": decimals})
    assert truth_of("x * 100 == a", frame.with_columns(a=pl.Series(whole))) == [True] * len(whole)
    assert by_reciprocal.height == frame.height


def test_membership_of_a_missing_value_is_unknown() -> None:
    frame = pl.DataFrame({"code": [None, "A"]}, schema={"code": pl.String})
    assert truth_of('code in ["A"]', frame) == [None, True]
    assert truth_of('not (code in ["B", "C"])', frame) == [None, True]


def test_a_condition_of_constants_alone_counts_for_every_row() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3]})
    assert truth_of("1 < 2 and $date(2024, 1, 31) < $add_months($date(2024, 1, 31), 1)", frame) == [
        True,
        True,
        True,
    ]
    assert truth_of("$month_end($add_days($date(2024, 2, 1), 3)) == $date(2024, 2, 29)", frame) == [
        True,
        True,
        True,
    ]


def test_a_constant_without_a_value_is_unknown_for_every_row() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3]})
    assert truth_of("(1 / 0 ?? 2 / 0) < 3", frame) == [None, None, None]
    assert truth_of("a < 3 or 1 / 0 == 1", frame) == [True, True, None]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a == b < 3", "(a == (b < 3))"),
        ("yes == a in [1, 2]", "(yes == (a in [1, 2]))"),
        ("a < 3 == yes and yes", "(((a < 3) == yes) and yes)"),
        ("a ?? 0 > 5", "(a ?? (0 > 5))"),
        ("2**3**2 == a", "(((2 ** 3) ** 2) == a)"),
        ("-a ** 2 == b", "((-(a ** 2)) == b)"),
        ("a - b - 1 == 0", "(((a - b) - 1) == 0)"),
        ("not yes == yes", "(not (yes == yes))"),
        ("yes or yes and not yes", "(yes or (yes and (not yes)))"),
        ("yes ? a : yes ? b : 3", "(yes ? a : (yes ? b : 3))"),
    ],
)
def test_precedence_is_rule_engines_and_shown_with_every_bracket(text: str, printed: str) -> None:
    assert unparse(parse(text)) == printed


def test_double_question_mark_binds_looser_than_comparisons_so_mixing_is_refused() -> None:
    with pytest.raises(ConditionRefused, match="is a number"):
        check(parse("a ?? 0 > 5"), SCOPE, amount=True)


def test_two_powers_in_a_row_go_from_the_left() -> None:
    assert rule_engine.Rule("2**3**2 == 64").matches({})
    assert evaluate(parse("2**3**2 == 64"), SCOPE, {}).value is True


@pytest.mark.parametrize(
    "text",
    ['1 == "1"', 'code == 1', "yes == 1", 'a in ["1"]', "code in [1]", "$date(2024, 1, 1) == 2024",
     '$date(2024, 1, 1) == "2024-01-01"', "yes < yes", 'code < "B"', "yes + 1 == 2",
     "a and yes", "not a", '-code == "A"', "a ? 1 : 2 == 1"],
)  # fmt: skip
def test_values_of_different_kinds_are_never_compared(text: str) -> None:
    with pytest.raises(ConditionRefused):
        check(parse(text), SCOPE)


def test_rule_engine_takes_one_and_the_text_one_for_different_silently() -> None:
    assert rule_engine.Rule('1 == "1"').matches({}) is False


def test_null_beside_unequal_is_true_in_rule_engine_and_asks_for_none_here() -> None:
    assert rule_engine.Rule("null != 1").matches({})
    with pytest.raises(ConditionRefused, match="null"):
        parse("null != 1")
    with pytest.raises(ConditionRefused, match="cannot be compared with null"):
        check(parse("a != null"), SCOPE)


@pytest.mark.parametrize("text", ["null >= 1", "a >= null", "null", "null == null", "a in [null]"])
def test_null_has_no_other_use(text: str) -> None:
    with pytest.raises(ConditionRefused):
        check(parse(text), SCOPE)


def test_rule_engine_folds_in_28_digits_and_here_quotients_stay_exact() -> None:
    assert rule_engine.Rule("10/3*3 >= 10").matches({}) is False
    assert evaluate(parse("10/3*3 >= 10"), SCOPE, {}).value is True
    assert Decimal(10) / 3 * 3 < 10


def test_the_clock_and_chance_of_rule_engine_are_refused() -> None:
    for name in ("now", "today", "random", "range", "re_groups"):
        with pytest.raises(ConditionRefused, match="not allowed"):
            parse(f"${name} == 1")


def test_what_is_reached_through_a_formula_may_not_read_missing_as_a_value() -> None:
    """`??` in a fact's formula would bring a default into a clause by the back door."""
    scope = SCOPE | {"filled": Formula(expression=parse("a ?? 0"))}
    with pytest.raises(ConditionRefused, match=r"\?\?"):
        check(parse("filled < 5"), scope)
    check(parse("filled * 5"), scope, amount=True)


@pytest.mark.parametrize("function", ["min", "max"])
def test_the_smallest_of_many_is_bounded_work(function: str) -> None:
    """Written as a chain of choices the expression would grow threefold with every argument."""
    text = f"${function}({', '.join(['a', 'b', 'x', 'a + 1'] * 8)})"
    frame = pl.DataFrame({"a": [1, 5, None], "b": [2, 4, 1], "x": [1.5, 4.5, 0.5]})
    low, high = ([1, 4, None], [2, 6, None])
    wanted = low if function == "min" else high
    found = truth_of(f"{text} == {'1' if function == 'min' else '2'}", frame)
    assert found == [w == (1 if function == "min" else 2) if w else None for w in wanted]


@pytest.mark.parametrize("function", ["earliest", "latest"])
def test_the_earliest_of_many_days_is_bounded_work(function: str) -> None:
    days = ", ".join(f"$date(2024, 1, {day})" for day in range(1, 31))
    edge = 1 if function == "earliest" else 30
    text = f"${function}({days}) == $date(2024, 1, {edge})"
    assert truth_of(text, pl.DataFrame({"a": [1, 2]})) == [True, True]


def test_rule_engine_cuts_quotients_toward_zero_and_polars_down() -> None:
    assert rule_engine.Rule("-7 // 2 == -3 and -7 % 2 == -1").matches({})
    frame = pl.DataFrame({"a": [-7, 7, -7], "b": [2, -2, -2]})
    down = frame.select(q=pl.col("a") // pl.col("b"), r=pl.col("a") % pl.col("b"))
    assert down.rows()[0] == (-4, 1)
    assert truth_of("a // b == -3 and a % b == -1", frame) == [True, False, False]
    for (a, b), (quotient, rest) in zip(frame.rows(), [(-3, -1), (-3, 1), (3, -1)], strict=True):
        facts = {"a": Fraction(a), "b": Fraction(b)}
        assert evaluate(parse("a // b"), SCOPE, facts).value == quotient
        assert evaluate(parse("a % b"), SCOPE, facts).value == rest


def test_null_beside_an_order_raises_in_rule_engine_and_is_refused_here() -> None:
    with pytest.raises(rule_engine.errors.EvaluationError):
        rule_engine.Rule("null >= 1").matches({})
    with pytest.raises(ConditionRefused, match="null"):
        parse("null >= 1")


def test_a_pattern_is_held_to_the_beginning_alone() -> None:
    for text, holds in (
        ('"xab" =~ "ab"', False),
        ('"xab" =~~ "ab"', True),
        ('"abx" =~ "ab"', True),
    ):
        assert rule_engine.Rule(text).matches({}) is holds
        assert evaluate(parse(text), SCOPE, {}).value is holds


def test_full_width_digits_match_in_rule_engine_and_not_here() -> None:
    text = r'"１" =~ "\\d"'
    assert rule_engine.Rule(text).matches({}) is True
    assert evaluate(parse(text), SCOPE, {}).value is False


@pytest.mark.parametrize("text", ["$min(a, b) == 1", "$max(a, b, 3) == 3"])
def test_rule_engine_takes_one_list_for_the_smallest_and_here_the_numbers_stand_side_by_side(
    text: str,
) -> None:
    with pytest.raises(rule_engine.errors.FunctionCallError):
        rule_engine.Rule(text).matches({"a": 1, "b": 2})
    assert evaluate(parse(text), SCOPE, {"a": Fraction(1), "b": Fraction(2)}).value is True


def test_rule_engine_counts_lines_on_from_text_to_text_and_here_a_place_is_of_its_own_text() -> (
    None
):
    parser = rule_engine.parser.Parser()
    lines = []
    for _ in range(2):
        with pytest.raises(rule_engine.errors.RuleSyntaxError) as told:
            parser.parse("a >\n\n > 1", rule_engine.Context())
        lines.append(told.value.token.lineno)
    assert lines[1] > lines[0]
    for _ in range(2):
        with pytest.raises(ConditionRefused) as refused:
            parse("a >\n\n > 1")
        assert refused.value.offset == 6


def test_rule_engine_gives_no_place_for_a_wrong_type_and_here_every_refusal_has_one() -> None:
    types = rule_engine.type_resolver_from_dict({"a": rule_engine.DataType.FLOAT})
    with pytest.raises(rule_engine.errors.EvaluationError) as told:
        rule_engine.Rule('a > 0 and a + "x" > 1', context=rule_engine.Context(type_resolver=types))
    assert set(vars(told.value)) == {"message"}
    with pytest.raises(ConditionRefused) as refused:
        check(parse('a > 0 and a + "x" > 1'), SCOPE)
    assert refused.value.offset == 14


def test_rule_engine_takes_a_numpy_number_for_another_and_here_none_gets_through() -> None:
    """Rows become plain values before the definition sees them."""
    assert rule_engine.Rule("a == 1").matches({"a": np.int64(1)}) is False
    frame = pl.DataFrame({"a": np.array([1, 2]), "x": np.array([0.1, 0.2])})
    assert truth_of("a == 1 and x == 0.1", frame) == [True, False]
    for row in frame.rows():
        assert {type(value) for value in row} == {int, float}


def test_polars_sums_nothing_to_zero() -> None:
    """What a sum over no rows means is said by the dataset: see the tests of measures."""
    assert pl.DataFrame({"a": [None, None]}, schema={"a": pl.Int64}).sum().item() == 0
    assert pl.DataFrame({"a": []}, schema={"a": pl.Int64}).sum().item() == 0
    frame = pl.DataFrame({"a": [None], "b": [2]}, schema={"a": pl.Int64, "b": pl.Int64})
    assert truth_of("a + b >= 0", frame) == [None]


def test_polars_sums_floats_in_the_order_they_come_and_fen_in_any() -> None:
    amounts = [0.1, 0.2, 0.3, 1e9, -1e9] * 20
    forward, back = pl.Series(amounts).sum(), pl.Series(amounts[::-1]).sum()
    fen = [round(amount * 100) for amount in amounts]
    assert pl.Series(fen).sum() == pl.Series(fen[::-1]).sum() == 20 * 60
    assert forward != 12 or back != 12


def test_a_pattern_in_quotes_keeps_its_backslashes_without_a_warning() -> None:
    """rule-engine reads `\\d` by a codec that warns, which tests would take for an error."""
    assert parse(r'code =~ "\d"') == parse(r'code =~ r"\d"') == parse(r'code =~ "\\d"')


def test_names_are_ascii_and_a_mistyped_one_is_shown_with_what_was_meant() -> None:
    with pytest.raises(ConditionRefused, match="no meaning here") as refused:
        parse("人数 > 1")
    assert refused.value.offset == 0
    with pytest.raises(ConditionRefused) as unknown:
        check(parse("yess"), SCOPE)
    assert unknown.value.suggestion == "yes"


def test_polars_raises_on_a_day_that_does_not_exist_and_here_it_is_undefined() -> None:
    frame = pl.DataFrame({"a": [2024, 2025, None]})
    with pytest.raises(pl.exceptions.ComputeError):
        frame.select(pl.date("a", 2, 29))
    assert truth_of("$date(a, 2, 29) > $date(2020, 1, 1)", frame) == [True, None, None]
