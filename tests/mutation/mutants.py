"""Mutants of a module: its tree with one small fault, each where a reader could make it.

A comparison turned or moved by one, `and` for `or`, a sign, a constant, a test negated, a result
left out, a case that never applies, a call left out. What no test of behaviour could see is left
alone: annotations, decorators, docstrings, the words of errors and messages, assertions (also
`strict` of a `zip`).
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SKIPPED = (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place of a tree and one fault for it; `apply` changes the tree."""

    line: int
    what: str
    apply: Callable[[], None]


def find_sites(tree: ast.Module) -> list[Site]:
    """Every fault of a tree, in the order of its text."""
    return list(_of_body(tree, in_function=False))


def mutate(source: str, number: int, path: str) -> tuple[Site, CodeType]:
    """The fault of that number, and the module's code with it."""
    tree = ast.parse(source)
    site = find_sites(tree)[number]
    site.apply()
    return site, compile(ast.fix_missing_locations(tree), path, "exec")


def _of_body(node: ast.AST, *, in_function: bool) -> Iterator[Site]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, _SKIPPED):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            if not in_function and _is_type(child):
                continue
            if isinstance(child, ast.keyword) and child.arg == "strict":
                continue  # of `zip`: an assertion
            yield from _of_node(child, node)
            inside = in_function or isinstance(child, (ast.FunctionDef, ast.Lambda))
            yield from _of_body(child, in_function=inside)


def _is_type(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(op=ast.BitOr()) | ast.Subscript(value=ast.Name(id="Literal")):
            return True
    return False


def _site(node: ast.AST, what: str, apply: Callable[[], None]) -> Site:
    return Site(line=getattr(node, "lineno", 0), what=what, apply=apply)


def _of_node(node: ast.AST, parent: ast.AST) -> Iterator[Site]:
    match node:
        case ast.Compare(ops=ops):
            for place, operator in enumerate(ops):
                turned = _COMPARE[type(operator)]
                what = f"{type(operator).__name__} becomes {turned.__name__}"
                yield _site(node, what, _put(ops, place, turned()))
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in _ARITHMETIC:
            turned_ = _ARITHMETIC[type(operator)]
            what = f"{type(operator).__name__} becomes {turned_.__name__}"
            yield _site(node, what, _set(node, "op", turned_()))
        case ast.BoolOp(op=ast.And()):
            yield _site(node, "and becomes or", _set(node, "op", ast.Or()))
        case ast.BoolOp(op=ast.Or()):
            yield _site(node, "or becomes and", _set(node, "op", ast.And()))
        case ast.UnaryOp(op=operator, operand=operand):
            what = f"{type(operator).__name__} left out"
            yield _site(node, what, _replace(parent, node, operand))
        case ast.Constant(value=bool(value)):
            yield _site(node, f"{value} becomes {not value}", _set(node, "value", not value))
        case ast.Constant(value=int(value)):
            yield _site(node, f"{value} becomes {value + 1}", _set(node, "value", value + 1))
        case ast.Constant(value=str(value)) if value:
            yield _site(node, f"{value!r} becomes another", _set(node, "value", value + "?"))
        case ast.Name(id=name, ctx=ast.Load()) if name in _NAMES:
            yield _site(node, f"{name} becomes {_NAMES[name]}", _set(node, "id", _NAMES[name]))
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            negated = ast.UnaryOp(op=ast.Not(), operand=test)
            yield _site(node, "test negated", _set(node, "test", negated))
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield _site(node, "nothing returned", _set(node, "value", ast.Constant(value=None)))
        case ast.match_case(pattern=pattern):
            never = _set(node, "guard", ast.Constant(value=False))
            yield _site(pattern, "case never applies", never)
        case ast.Expr(value=ast.Call()):
            yield _site(node, "call left out", _replace(parent, node, ast.Pass()))


def _set(node: ast.AST, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(node, name, value)


def _put(items: list[ast.cmpop], place: int, value: ast.cmpop) -> Callable[[], None]:
    return lambda: items.__setitem__(place, value)


def _replace(parent: ast.AST, node: ast.AST, by: ast.AST) -> Callable[[], None]:
    def apply() -> None:
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, by)
            elif isinstance(value, list) and node in value:
                value[value.index(node)] = by

    return apply
