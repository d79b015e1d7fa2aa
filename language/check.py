"""Static checks of an expression against its scope, and the kind of its value.

Stricter than rule-engine: it lets `1 == "1"` be silently false; here nothing crosses kinds.
"""

import difflib
from datetime import date

from language.code_check import refuse_beginning, refuse_other_codes
from language.definition import (
    Choice,
    Constant,
    Dated,
    DecisionTable,
    Definition,
    Formula,
    Given,
    NoValue,
    Scope,
    Table,
    Tiers,
    declared_kind,
    kind_of_scalar,
)
from language.errors import ConditionRefused
from language.expression import (
    Arithmetic,
    Call,
    Coalesce,
    Comparison,
    Conditional,
    DoesNotApply,
    Expression,
    Literal,
    Logic,
    Match,
    Membership,
    Name,
    Negative,
    Not,
    walk,
)
from language.functions import FUNCTIONS, Function, whole_literal
from language.reach import parts_of, reachable_facts
from language.types import Kind
from language.unparse import unparse

_RANGES = {"round": (0, 8), "add_days": (-3_660_000, 3_660_000)}
_HOW = {
    Kind.BOOLEAN: "compare it, for example with == or >=",
    Kind.NUMBER: "numbers are facts of type integer, money, ratio or number",
    Kind.DATE: "a date is a date fact, as_of, or $date(2024, 5, 1)",
    Kind.TEXT: 'a text is a fact of type code or text, or stands in quotes, like "C3512"',
}
_TIMES = {
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip


def check(expression: Expression, scope: Scope, *, amount: bool = False) -> Kind:
    """The kind of the expression's value.

    `amount` allows `??`. Raises ConditionRefused for an unknown name or function, a wrong number of
    arguments, or an operator between values it does not fit.
    """
    kind = _Checker(scope).kind(expression)
    if not amount:
        _refuse_defaults(expression, scope)
    return kind


def _refuse_defaults(expression: Expression, scope: Scope) -> None:
    """Refuse `??` in a condition, also where it comes in by the formula of a fact."""
    names = sorted(reachable_facts([expression], scope))
    within = [(None, expression)] + [(n, e) for n in names for e in parts_of(scope.get(n))]
    for name, part in within:
        if any(isinstance(inner, Coalesce) for inner in walk(part)):
            where = "a condition" if name is None else f'a condition, but "{name}" uses it'
            raise ConditionRefused(
                f'"??" is not allowed in {where}: it would read missing as a value',
                offset=expression.offset,
                remedy="a missing fact makes the clause unknown; ?? may stand in amounts",
            )


def how_to_give(kind: Kind) -> str:
    """What to write where a value of this kind is needed."""
    return _HOW[kind]


def kind_of_definition(definition: Definition, scope: Scope) -> Kind:
    """The kind of what a name stands for."""
    return _Checker(scope).of_definition(definition)


class _Checker:
    """One walk; the names being resolved are kept, so that a circle is found, and those resolved,
    so that each is looked through once however often others use it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.open: list[str] = []
        self.known: dict[str, Kind] = {}

    def kind(self, expression: Expression) -> Kind:
        match expression:
            case Literal(value=value):
                return kind_of_scalar(value)
            case Name():
                return self.of_name(expression)
            case Not(operand=operand):
                return self.want(operand, Kind.BOOLEAN, '"not"')
            case Negative(operand=operand):
                return self.want(operand, Kind.NUMBER, '"-"')
            case Logic(operator=operator, operands=operands):
                for operand in operands:
                    self.want(operand, Kind.BOOLEAN, f'"{operator}"')
                return Kind.BOOLEAN
            case Comparison(operator=operator, left=left, right=right):
                return self.comparison(operator, left, right)
            case Arithmetic(left=left, right=right):
                self.want(left, Kind.NUMBER, "arithmetic")
                return self.want(right, Kind.NUMBER, "arithmetic")
            case Membership(member=member, items=items):
                kind = self.kind(member)
                for item in items:
                    if kind_of_scalar(item.value) is not kind:
                        raise ConditionRefused(
                            f"{unparse(member)} is {kind}, the list holds {unparse(item)}",
                            offset=member.offset,
                            remedy='texts and codes stand in quotes, like "C3512"',
                        )
                refuse_other_codes(member, [item.value for item in items], self.scope)
                return Kind.BOOLEAN
            case Match(member=member):
                return self.matched(member)
            case DoesNotApply(name=name):
                self.of_name(name)
                definition = self.scope[name.name]
                if not (isinstance(definition, Given) and definition.may_not_apply):
                    raise ConditionRefused(
                        f'"{name.name}" cannot be compared with null',
                        offset=name.offset,
                        remedy="only facts declared `absent: none` can not apply; a missing fact "
                        "makes the clause unknown by itself",
                    )
                return Kind.BOOLEAN
            case Coalesce(left=left, right=right):
                return self.same(left, right, '"??"')
            case Conditional(test=test, then=then, otherwise=otherwise):
                self.want(test, Kind.BOOLEAN, '"?"')
                return self.same(then, otherwise, '"? :"')
            case Call():
                return self.call(expression)

    def matched(self, member: Expression) -> Kind:
        kind = self.kind(member)
        if kind is not Kind.TEXT:
            raise ConditionRefused(
                f"a pattern is for texts, {unparse(member)} is {kind}",
                offset=member.offset,
                remedy="compare it with == or <",
            )
        return Kind.BOOLEAN

    def want(self, expression: Expression, kind: Kind, where: str) -> Kind:
        found = self.kind(expression)
        if found is not kind:
            raise ConditionRefused(
                f"{where} needs {kind}, {unparse(expression)} is {found}",
                offset=expression.offset,
                remedy=_HOW[kind],
            )
        return kind

    def same(self, left: Expression, right: Expression, where: str) -> Kind:
        kinds = self.kind(left), self.kind(right)
        if kinds[0] is not kinds[1]:
            raise ConditionRefused(
                f"{where}: {unparse(left)} is {kinds[0]}, {unparse(right)} is {kinds[1]}",
                offset=left.offset,
                remedy="both sides are of one kind; brackets say what belongs together",
            )
        return kinds[0]

    def comparison(self, operator: str, left: Expression, right: Expression) -> Kind:
        sign = _TIMES[operator]
        kinds = self.kind(left), self.kind(right)
        if kinds[0] is not kinds[1]:
            raise ConditionRefused(
                f'"{sign}" compares {unparse(left)}, {kinds[0]}, with {unparse(right)}, {kinds[1]}',
                offset=left.offset,
                remedy="compare values of one kind; a date is written $date(2024, 5, 1)",
            )
        if operator not in ("eq", "ne") and kinds[0] in (Kind.BOOLEAN, Kind.TEXT):
            raise ConditionRefused(
                f'"{sign}" has no meaning between values that are each {kinds[0]}',
                offset=left.offset,
                remedy="use == or in [..]",
            )
        for side, other in ((left, right), (right, left)):
            if isinstance(other, Literal):
                refuse_other_codes(side, [other.value], self.scope)
        return Kind.BOOLEAN

    def _is_a_value(self, word: str) -> bool:
        """Whether a fact has this word among its values."""
        facts = (fact for fact in self.scope.values() if isinstance(fact, Given))
        return any(word in fact.values for fact in facts)

    def of_name(self, name: Name) -> Kind:
        if name.name not in self.scope:
            close = difflib.get_close_matches(name.name, list(self.scope), n=1)
            raise ConditionRefused(
                f'unknown fact "{name.name}"',
                offset=name.offset,
                suggestion=close[0] if close else "",
                unknown=name.name,
                remedy=f'did you mean "{close[0]}"?'
                if close
                else "the day of the run is as_of"
                if name.name in ("today", "now", "date")
                else f'a text stands in quotes: "{name.name}"'
                if self._is_a_value(name.name)
                else "declare it under facts: with its type",
            )
        if name.name in self.open:
            circle = " → ".join([*self.open[self.open.index(name.name) :], name.name])
            raise ConditionRefused(
                f"facts define each other in a circle: {circle}",
                offset=name.offset,
                remedy="one of them must be given",
            )
        if name.name in self.known:
            return self.known[name.name]
        self.open.append(name.name)
        try:
            kind = self.known[name.name] = self.of_definition(self.scope[name.name])
            return kind
        except ConditionRefused as refusal:
            if isinstance(self.scope[name.name], (Formula, Choice)):
                raise ConditionRefused(
                    f'in "{name.name}": {refusal.message}',
                    offset=name.offset,
                    remedy=refusal.remedy,
                    suggestion=refusal.suggestion,
                    unknown=refusal.unknown,
                ) from None
            raise
        finally:
            self.open.pop()

    def of_definition(self, definition: Definition) -> Kind:
        match definition:
            case Given():
                return declared_kind(definition)
            case Constant(value=value):
                return kind_of_scalar(value)
            case NoValue(kind=kind) | Dated(kind=kind) | Table(kind=kind):
                for name in getattr(definition, "by", ()):
                    self.of_name(name)
                return kind
            case DecisionTable(inputs=inputs, kind=kind):
                for key in inputs:
                    self.kind(key)
                return kind
            case Tiers(by=by):
                return self.want(by, Kind.NUMBER, "tiers")
            case Formula(expression=expression):
                return self.kind(expression)
            case Choice(cases=cases):
                kinds = []
                for test, then in cases:
                    if test is not None:
                        self.want(test, Kind.BOOLEAN, '"when"')
                    kinds.append(self.kind(then))
                if len(set(kinds)) > 1:
                    raise ConditionRefused(
                        f"the values of choose are of different kinds: {', '.join(kinds)}",
                        offset=cases[0][1].offset,
                        remedy="give all cases numbers, or all texts, dates, yes or no",
                    )
                return kinds[0]

    def call(self, call: Call) -> Kind:
        function = FUNCTIONS.get(call.function)
        if function is None:
            close = difflib.get_close_matches(call.function, list(FUNCTIONS), n=1)
            raise ConditionRefused(
                f'unknown function "${call.function}"',
                offset=call.offset,
                remedy=f'did you mean "${close[0]}"?'
                if close
                else "functions: " + ", ".join(f"${name}" for name in FUNCTIONS),
            )
        if call.function == "has":
            return self.has(call)
        self.count(call, function)
        for position, argument in enumerate(call.arguments):
            kind = function.arguments[min(position, len(function.arguments) - 1)]
            self.want(argument, kind, f'"${call.function}"')
            if position in function.literal:
                self.literal(call, position, argument, kind)
        if call.function == "starts_with":
            refuse_beginning(call, self.scope)
        if call.function == "date":
            year, month, day = (whole_literal(argument) for argument in call.arguments)
            try:
                # a computed year may be a leap year; where it is none, 29 February is undefined
                date(year if isinstance(call.arguments[0], Literal) else 2000, month, day)
            except (TypeError, ValueError, OverflowError):
                raise ConditionRefused(
                    f"{unparse(call)} is no day of the calendar",
                    offset=call.offset,
                    remedy="write year, month, day, like $date(2024, 5, 1)",
                ) from None
        return function.result

    def literal(self, call: Call, position: int, argument: Expression, kind: Kind) -> None:
        """Refuse an argument that must be written out and is not, or is too far away."""
        if kind is not Kind.NUMBER:
            if not isinstance(argument, Literal):
                raise ConditionRefused(
                    f'argument {position + 1} of "${call.function}" must be written out',
                    offset=call.offset,
                    remedy=f"for example {FUNCTIONS[call.function].example}",
                )
            return
        number = whole_literal(argument)
        lowest, highest = _RANGES.get(call.function, (0, 10_000))
        if number is None or not lowest <= number <= highest:
            raise ConditionRefused(
                f'argument {position + 1} of "${call.function}" must be a whole number written '
                f"out, from {lowest} to {highest}",
                offset=call.offset,
                remedy=f"for example {FUNCTIONS[call.function].example}",
            )

    def count(self, call: Call, function: Function) -> None:
        least = len(function.arguments) - function.optional
        most = 32 if function.variadic else len(function.arguments)
        if not least <= len(call.arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ConditionRefused(
                f'"${call.function}" takes {wanted} arguments, not {len(call.arguments)}',
                offset=call.offset,
                remedy=f"for example {function.example}",
            )

    def has(self, call: Call) -> Kind:
        match call.arguments:
            case (Name() as name,) if isinstance(
                self.scope.get(name.name), (Table, DecisionTable, Dated)
            ):
                self.of_name(name)
                return Kind.BOOLEAN
            case (Name() as name,) if isinstance(self.scope.get(name.name), NoValue):
                return Kind.BOOLEAN
        raise ConditionRefused(
            '"$has" takes the name of one table parameter',
            offset=call.offset,
            remedy="for example $has(care), where care is declared with rows: or list:",
        )
