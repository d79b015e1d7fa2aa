"""Which points of a table nobody comes to: the clauses, or what stands before, rule them out."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from language.definition import Constant, Definition, Scalar, Scope
from language.expression import Call, Coalesce, Expression, Literal, Name, names_in, walk
from language.reach import parts_of, reachable_facts
from language.reference import Reference
from language.truth import Value, kleene_and, kleene_not, kleene_or
from policies.axis import Sort
from policies.policy import Clause, ClauseGroup, Leaf, Policy, Region, Step, leaves_of

Gates = tuple[Expression | Clause, ...]
"""The conditions and clauses that must hold before a name is used."""


def rules_out(
    policy: Policy, names: Iterable[str], scope: Scope
) -> Callable[[Mapping[str, Sort]], bool]:
    """A test whether nobody who needs these outputs can have these facts."""
    uses = _uses_of(policy, frozenset(names), scope)

    def ruled_out(facts: Mapping[str, Sort]) -> bool:
        if not _in_scope(policy, facts):
            return True
        reference = Reference(scope, facts)
        if any(_value(clause, reference).value is False for clause in policy.clauses):
            return True
        return all(any(_held(gate, reference).value is False for gate in gates) for gates in uses)

    return ruled_out


def is_asked_for(policy: Policy, names: Iterable[str], scope: Scope) -> bool:
    """Whether the author asks if a table has a row ($has), or says what counts if not (??)."""
    wanted = frozenset(names)
    for expression in _all_expressions(policy, scope):
        for part in walk(expression):
            match part:
                case Call(function="has", arguments=(Name(name=name),)) if name in wanted:
                    return True
                case Coalesce(left=left) if wanted & reachable_facts([left], scope):
                    return True
    return False


def written_values(policy: Policy, scope: Scope) -> list[Scalar]:
    """Every value that clauses, gates and `effective` compare with: beyond it they may not hold."""
    tests = [leaf.when for leaf in _all_leaves(policy)]
    tests += [portion.when for portion in policy.portions]
    tests += [step.when for step in _steps_of(policy)]
    found = [test for test in tests if test is not None]
    values = [part.value for test in found for part in walk(test) if isinstance(part, Literal)]
    for name in reachable_facts(found, scope):
        definition: Definition | None = scope.get(name)
        if isinstance(definition, Constant):
            values.append(definition.value)
    if policy.effective_at is not None:
        values += [day for day in (policy.effective_from, policy.effective_to) if day is not None]
    return list(dict.fromkeys(values))


def _in_scope(policy: Policy, facts: Mapping[str, Sort]) -> bool:
    region, day = policy.region, facts.get(policy.effective_at or "")
    if isinstance(day, date):
        last = policy.effective_to or date.max
        if not policy.effective_from <= day <= last:
            return False
    if region is None or region.fact not in facts:
        return True
    return _in_region(region, facts[region.fact])


def _in_region(region: Region, code: Sort) -> bool:
    if not isinstance(code, str):
        return True
    return code.startswith(region.within) and not code.startswith(region.excepted)


def _value(clause: Clause, reference: Reference) -> Value:
    match clause:
        case Leaf(when=None):
            return Value(None)
        case Leaf(when=when, not_yet=not_yet):
            assert when is not None
            value = reference.value(when)
            return Value(None) if not_yet and value.value is False else value
        case ClauseGroup(members=members, group=group):
            inner = [_value(member, reference) for member in members]
            match group:
                case "all":
                    return kleene_and(inner)
                case "any":
                    return kleene_or(inner)
                case "none":
                    return kleene_not(kleene_or(inner))


def _held(gate: Expression | Clause, reference: Reference) -> Value:
    match gate:
        case Leaf() | ClauseGroup():
            return _value(gate, reference)
        case _:
            for name in names_in(gate) - reference.scope.keys():
                # what rows come to, or a limit leaves of one: no value of the table's settles it
                reference.known.setdefault(name, Value(None))
            return reference.value(gate)


def _uses_of(policy: Policy, names: frozenset[str], scope: Scope) -> list[Gates]:
    """Where the names are used, each with the conditions that stand before."""

    def reaches(expression: Expression | None) -> bool:
        return expression is not None and bool(names & reachable_facts([expression], scope))

    found: list[Gates] = []

    def visit(steps: tuple[Step, ...], before: Gates) -> None:
        for step in steps:
            if reaches(step.when):
                found.append(before)
            if reaches(step.operand):
                found.append((*before, *((step.when,) if step.when is not None else ())))

    free = [leaf.when for leaf in leaves_of(policy.clauses)]
    free += [case.when for case in policy.delivery]
    free += [portion.when for portion in policy.portions]
    found += [() for expression in free if reaches(expression)]
    for portion in policy.portions:
        visit(portion.steps, (portion.when,) if portion.when is not None else ())
    visit(policy.steps, ())
    for told in policy.also:
        visit(told.steps, ())
    if policy.each is not None:
        # a row's clauses stand before all that a row uses
        rows = policy.each.clauses
        found += [rows for leaf in leaves_of(rows) if reaches(leaf.when)]
        visit(policy.each.steps, rows)
    return found


def _all_leaves(policy: Policy) -> list[Leaf]:
    return leaves_of((*policy.clauses, *(policy.each.clauses if policy.each else ())))


def _steps_of(policy: Policy) -> list[Step]:
    found = list(policy.steps)
    for portion in policy.portions:
        found += portion.steps
    for told in policy.also:
        found += told.steps
    return found + list(policy.each.steps if policy.each else ())


def _all_expressions(policy: Policy, scope: Scope) -> list[Expression]:
    """Every expression of the policy, those of its facts among them."""
    found = [leaf.when for leaf in _all_leaves(policy)]
    found += [case.when for case in policy.delivery]
    found += [portion.when for portion in policy.portions]
    for step in _steps_of(policy):
        found += [step.when, step.operand]
    direct = [expression for expression in found if expression is not None]
    names = reachable_facts(direct, scope)
    return direct + [part for name in sorted(names) for part in parts_of(scope.get(name))]
