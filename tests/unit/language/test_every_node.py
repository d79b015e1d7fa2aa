"""Every node of rule-engine's grammar is computed both ways, or refused with place and remedy."""

import inspect
from typing import Any

import polars as pl
import pytest
from rule_engine import ast
from rule_engine.parser import Parser

from language.check import check
from language.definition import Definition, Given
from language.errors import ConditionRefused
from language.expression import walk
from language.frame import prepare, types_of
from language.grammar import REFUSED, read_tree
from language.lowering import Lowering
from language.parse import parse
from language.reference import evaluate
from language.types import FactType

SCOPE: dict[str, Definition] = {
    "n": Given(name="n", type=FactType.INTEGER),
    "b": Given(name="b", type=FactType.BOOLEAN),
    "t": Given(name="t", type=FactType.TEXT),
    "d": Given(name="d", type=FactType.DATE, may_not_apply=True),
}

COMPUTED = {
    ast.AddExpression: "n + 1 == 3",
    ast.SubtractExpression: "n - 1 == 1",
    ast.ArithmeticExpression: "n * 2 ** 2 / 4 // 1 % 3 == 2",
    ast.ArithmeticComparisonExpression: "n > 1",
    ast.BooleanExpression: "b == true",
    ast.CoalesceExpression: "b ?? false",
    ast.ComparisonExpression: "n == 2",
    ast.ContainsExpression: "n in [1, 2]",
    ast.FloatExpression: "n == 2.0",
    ast.FunctionCallExpression: "$abs(n) == 2",
    ast.FuzzyComparisonExpression: 't =~ "C"',
    ast.LogicExpression: "b and n == 2",
    ast.StringExpression: 't == "C35"',
    ast.SymbolExpression: "b",
    ast.TernaryExpression: "b ? n == 2 : n == 3",
    ast.UnaryExpression: "not (-n == 2)",
}
ELSEWHERE = {
    ast.ArrayExpression: "n in [1, 2]",
    ast.SetExpression: "n in {1, 2}",
    ast.NullExpression: "d != null",
}
"""Nodes that have a meaning in one place and are refused in every other."""
REFUSALS = {
    ast.ArrayExpression: ("n == 2 and [1, 2] == [1, 2]", 11),
    ast.SetExpression: ("n == 2 and {1, 2} == n", 11),
    ast.NullExpression: ("n == 2 and (null) > 1", 12),
    ast.MappingExpression: ('n == 2 and {"a": 1} == n', 11),
    ast.BytesExpression: ('n == 2 and b"00" == t', 11),
    ast.DatetimeExpression: ('n == 2 and d < d"2024-01-01"', 15),
    ast.TimedeltaExpression: ('n == 2 and t"P1D" > n', 11),
    ast.BitwiseExpression: ("n == 2 and n | 1 == 3", 13),
    ast.BitwiseShiftExpression: ("n == 2 and n << 1 == 4", 13),
    ast.GetAttributeExpression: ("n == 2 and d.year == 1", 12),
    ast.GetItemExpression: ("n == 2 and t[0] == 'C'", 12),
    ast.GetSliceExpression: ("n == 2 and t[0:1] == 'C'", 12),
    ast.ComprehensionExpression: ("n == 2 and n in [x for x in [1]]", 16),
}
NOT_WRITTEN = {ast.FunctionExpression}
"""Nodes that no text makes."""


def nodes_of_the_grammar() -> set[type]:
    """The node classes that rule-engine evaluates, without those that only others are made of."""
    classes = {
        member
        for _, member in inspect.getmembers(ast, inspect.isclass)
        if issubclass(member, ast.ExpressionBase)
    }
    return {cls for cls in classes if not cls.__name__.endswith("Base")}


def test_every_node_of_the_grammar_is_accounted_for() -> None:
    known = set(COMPUTED) | set(REFUSALS) | NOT_WRITTEN
    assert nodes_of_the_grammar() == known
    assert set(ELSEWHERE) <= set(REFUSALS)
    assert set(COMPUTED).isdisjoint(REFUSALS)


def nodes_made_by(node: Any) -> set[type]:
    """The classes of a tree's nodes."""
    if isinstance(node, (tuple, list)) or hasattr(node, "popleft"):
        return {cls for part in node for cls in nodes_made_by(part)}
    if not hasattr(node, "cls"):
        return set()
    inside = [*node.args, *node.kwargs.values()]
    return {node.cls}.union(*(nodes_made_by(part) for part in inside))


@pytest.mark.parametrize("cls", [*COMPUTED, *ELSEWHERE], ids=lambda cls: cls.__name__)
def test_a_permitted_node_is_computed_both_ways(cls: type) -> None:
    text = (COMPUTED | ELSEWHERE)[cls]
    assert cls in nodes_made_by(read_tree(text))
    tree = parse(text)
    check(tree, SCOPE, amount=True)
    frame = pl.DataFrame({"n": [2], "b": [True], "t": ["C35"]}).with_columns(d=pl.date(2024, 1, 1))
    prepared = prepare(frame, types_of(SCOPE), frame.columns)
    column = Lowering(SCOPE, prepared.known).boolean(tree)
    assert prepared.frame.select(v=column)["v"].to_list() == [True]
    two = parse("2").value  # type: ignore[union-attr]
    day = parse("$date(2024, 1, 1)")
    facts = {"n": two, "b": True, "t": "C35", "d": evaluate(day, SCOPE, {}).value}
    assert evaluate(tree, SCOPE, facts).value is True


@pytest.mark.parametrize("cls", list(REFUSALS), ids=lambda cls: cls.__name__)
def test_any_other_node_is_refused_with_its_place_and_a_remedy(cls: type) -> None:
    text, offset = REFUSALS[cls]
    # the guard sees the word "for" before the grammar sees what it makes
    offset = text.index("for") if cls is ast.ComprehensionExpression else offset
    with pytest.raises(ConditionRefused) as refused:
        check(parse(text), SCOPE)
    assert refused.value.offset == offset
    assert refused.value.message
    assert refused.value.remedy


@pytest.mark.parametrize("cls", list(REFUSALS), ids=lambda cls: cls.__name__)
def test_a_node_is_refused_also_where_the_guard_would_let_it_pass(
    cls: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("language.parse.check_text", lambda text: None)
    text, offset = REFUSALS[cls]
    assert cls in nodes_made_by(read_tree(text))
    with pytest.raises(ConditionRefused) as refused:
        parse(text)
    assert refused.value.offset == offset
    assert refused.value.message
    assert refused.value.remedy
    assert cls in REFUSED


def test_every_production_makes_nodes_that_are_accounted_for() -> None:
    """Each rule of the parser names the classes it makes, in its code."""
    made = set()
    for name, function in inspect.getmembers(Parser, inspect.isfunction):
        if name.startswith("p_expression"):
            made |= {cls for cls in dir(ast) if f"ast.{cls}," in inspect.getsource(function)}
    known = set(COMPUTED) | set(REFUSALS)
    assert {getattr(ast, name) for name in made} == known


def test_every_part_of_a_tree_knows_where_it_begins() -> None:
    text = (
        'b and not (n + 1 > -2 or t =~ "C") or (n not in [3, -4] ? d == null : $abs(n) ** 2 == 5)'
    )
    for part in walk(parse(text)):
        assert part.offset >= 0
    beginnings = {type(part).__name__: text[part.offset :] for part in walk(parse(text))}
    assert beginnings["Not"].startswith("n not in")
    assert beginnings["Negative"].startswith("-2")
    assert beginnings["Match"].startswith("t =~")
    assert beginnings["Membership"].startswith("n not in")
    assert beginnings["Call"].startswith("$abs")
    assert beginnings["DoesNotApply"].startswith("d ==")
    assert beginnings["Conditional"].startswith("n not in")


def test_trees_that_differ_only_in_their_places_are_equal() -> None:
    assert parse("n  > 1") == parse("n > 1")
    assert hash(parse("n  > 1 and b")) == hash(parse("(n > 1) and b"))


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (r'"A\x42"', "AB"),
        (r'"\u4e2d"', "中"),
        (r'"\101"', "A"),
        (r'"\d"', r"\d"),
        (r'"\\d"', r"\d"),
        (r'r"\\d"', r"\\d"),
        (r'"a\tb"', "a\tb"),
        (r'"\""', '"'),
        (r'"\U0001f600"', "😀"),
        ("'it\\'s'", "it's"),
        ('s"plain"', "plain"),
    ],
)
def test_texts_are_read_as_rule_engine_reads_them(typed: str, text: str) -> None:
    assert parse(f"t == {typed}").right.value == text  # type: ignore[union-attr]


@pytest.mark.parametrize("typed", [r'"\ud800"', r'"\x00"', r'"\0"', r'"\Uffffffff"'])
def test_escapes_that_are_no_signs_are_refused(typed: str) -> None:
    with pytest.raises(ConditionRefused) as refused:
        parse(f"t == {typed}")
    assert refused.value.offset == 5
