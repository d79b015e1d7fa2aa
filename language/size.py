"""How large an expression becomes as columns: an estimate, so that no policy can hang a run.

Columns repeat what they use (a minimum compares and then chooses), so a chain of such steps, or of
facts defined by each other, grows by a factor with each link. What grows beyond MAX_SIZE is left
to the row-by-row reference, which works each name out once.
"""

from language.definition import Choice, Dated, DecisionTable, Formula, Scope, Table, Tiers
from language.exact import TooWide
from language.expression import (
    Arithmetic,
    Call,
    Coalesce,
    Comparison,
    Conditional,
    Expression,
    Logic,
    Match,
    Membership,
    Name,
    Negative,
    Not,
)

MAX_SIZE = 100_000
_ARITHMETIC = {"add": 2, "sub": 2, "mul": 2, "div": 3, "floordiv": 6, "mod": 9}
_CALLS = {
    "round": 6, "floor": 2, "ceil": 3, "abs": 2, "years": 4, "months": 6, "months_through": 2,
    "add_months": 4, "add_days": 2, "year": 1, "month": 1, "month_start": 1, "month_end": 1,
    "quarter": 1, "year_start": 1, "year_end": 2, "date": 4,
}  # fmt: skip
CHOICE = 3
"""A value that is compared, tested for null and then taken."""


def refuse_too_large(expression: Expression, scope: Scope) -> None:
    """Raise TooWide where an expression's columns would grow beyond measure."""
    if Sizes(scope).of(expression) > MAX_SIZE:
        raise TooWide("the condition is too large for columns")


class Sizes:
    """Sizes of one scope's names, each worked out once; capped, so that they stay small numbers."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.known: dict[str, int] = {}

    def of(self, expression: Expression) -> int:
        """The estimated number of nodes, at most about MAX_SIZE."""
        return min(self._of(expression), MAX_SIZE + 1)

    def _of(self, expression: Expression) -> int:
        match expression:
            case Name(name=name):
                return self.of_name(name)
            case Not(operand=operand) | Negative(operand=operand):
                return self.of(operand) + 1
            case Logic(operands=operands):
                return sum(self.of(operand) for operand in operands)
            case Comparison(left=left, right=right) | Coalesce(left=left, right=right):
                return 2 * (self.of(left) + self.of(right))
            case Arithmetic(operator="pow", left=left):
                return 16 * self.of(left)
            case Arithmetic(operator=operator, left=left, right=right):
                return _ARITHMETIC[operator] * (self.of(left) + self.of(right))
            case Membership(member=member, items=items):
                return len(items) * self.of(member)
            case Match(member=member):
                return 2 * self.of(member)
            case Conditional(test=test, then=then, otherwise=otherwise):
                return 2 * (2 * self.of(test) + self.of(then) + self.of(otherwise))
            case Call(function="has", arguments=(Name(name=name),)):
                return self.of_name(name)
            case Call(function=function, arguments=arguments):
                inside = sum(self.of(argument) for argument in arguments)
                if function in ("min", "max", "earliest", "latest"):
                    # folded in pairs, each pair repeating what is below it
                    halvings = (len(arguments) - 1).bit_length()
                    return int(inside * (2 * CHOICE) ** halvings)
                return inside * _CALLS.get(function, 8)
            case _:
                return 1

    def of_name(self, name: str) -> int:
        """The size of what a name stands for."""
        if name not in self.known:
            self.known[name] = 1  # a circle was refused when the policy was read
            self.known[name] = min(self._of_definition(self.scope.get(name)), MAX_SIZE + 1)
        return self.known[name]

    def _of_definition(self, definition: object) -> int:
        match definition:
            case Formula(expression=expression):
                return self.of(expression) + 2
            case Choice(cases=cases):
                tests = sum(2 * self.of(test) for test, _ in cases if test is not None)
                return 2 * (tests + sum(self.of(value) for _, value in cases))
            case Table(by=by, rows=rows):
                return 2 * len(rows) * sum(self.of_name(name.name) for name in by)
            case DecisionTable(inputs=inputs, rules=rules):
                # each test stands up to five times, under `first` once for each halving more
                copies = 5 + len(rules).bit_length()
                return copies * len(rules) * sum(self.of(key) + 1 for key in inputs)
            case Tiers(by=by, tiers=tiers):
                return 10 * len(tiers) * self.of_name(by.name)
            case Dated(at=at, spans=spans):
                inside = sum(self._of_definition(span.value) for span in spans)
                return 2 * len(spans) * self.of_name(at.name) + inside
            case _:
                return 1
