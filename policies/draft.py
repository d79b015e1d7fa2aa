"""A policy on its way from file to meaning: its document, what names mean, and what is wrong."""

from collections.abc import Mapping
from copy import copy
from datetime import date
from typing import TYPE_CHECKING

from language.check import check, how_to_give
from language.definition import Definition
from language.document import Document, Place
from language.errors import ConditionRefused, Problem
from language.expression import Expression, Name, walk
from language.types import Kind
from policies.doubt import Quantities, find_doubts
from policies.policy_file import PolicyFile
from policies.strict import TitleFile
from profiles.fact import Vocabulary
from profiles.fact_file import LabelFile
from profiles.formula import parse_at
from profiles.row_set import RowSet

if TYPE_CHECKING:
    from policies.each import RowNames

TIMES = ("as_of", "period_start", "period_end")
"""The only dates of a run that conditions may use."""


class Draft:
    """One document being read; problems gather, so that all are told together.

    Of a policy with `each`: `row_scope` is what names mean for a row, `row_used` what its
    conditions use, and `only_rows` says of every name that only a row has what it is.
    """

    def __init__(self, document: Document, file: PolicyFile, vocabulary: Vocabulary) -> None:
        self.document = document
        self.file = file
        self.vocabulary = vocabulary
        self.scope: dict[str, Definition] = {}
        self.row_sets: Mapping[str, RowSet] = vocabulary.row_sets
        self.files: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.used: list[Expression] = []
        self.quantities = Quantities()
        self.row_names: RowNames | None = None
        self.row_scope: dict[str, Definition] = {}
        self.row_used: list[Expression] = []
        self.only_rows: Mapping[str, str] = {}

    def of_rows(self, scope: Mapping[str, Definition]) -> "Draft":
        """The same document and problems, where names mean what they do for a row."""
        inner = self.with_scope(scope)
        inner.used, inner.only_rows = self.row_used, {}
        return inner

    def with_scope(self, scope: Mapping[str, Definition]) -> "Draft":
        """The same document and problems with other names."""
        inner = copy(self)
        inner.scope = dict(scope)
        other = {name for name in scope if self.scope.get(name) != scope[name]}
        inner.quantities = self.quantities.without(frozenset(other))
        return inner

    def refuse(
        self, place: Place, message: str, remedy: str = "", offset: int = -1, *, code: str = ""
    ) -> None:
        """Note what makes the file unusable; without a code under the key where it stands."""
        self.problems.append(self.document.problem(place, message, remedy, offset, code))

    def warn(
        self, code: str, place: Place, message: str, remedy: str = "", offset: int = -1
    ) -> None:
        """Note what its author should look at."""
        self.warnings.append(self.document.problem(place, message, remedy, offset, code))

    def doubt(self, text: str, expression: Expression, place: Place) -> None:
        """Note what an expression says that its author probably, or surely, does not mean."""
        for finding in find_doubts(text, expression, self.scope, self.quantities):
            notes = self.problems if finding.certain else self.warnings
            notes.append(
                self.document.problem(
                    place, finding.message, finding.remedy, finding.offset, finding.code
                )
            )

    def check(self, expression: Expression, place: Place, *, amount: bool = False) -> Kind | None:
        """The kind of an expression's value; None after noting what is wrong with it."""
        if self.names_rows(expression, place):
            return None
        try:
            return check(expression, self.scope, amount=amount)
        except ConditionRefused as refusal:
            code = "unknown-name" if refusal.unknown else "condition"
            remedy = self.remedy_of(refusal)
            self.refuse(place, refusal.message, remedy, refusal.offset, code=code)
            return None

    def names_rows(self, expression: Expression, place: Place) -> bool:
        """Whether it uses what only a row has, after noting so."""
        for part in walk(expression):
            if isinstance(part, Name) and part.name in self.only_rows:
                what = self.only_rows[part.name]
                message = f'"{part.name}" is {what}: it has no one value for the subject'
                remedy = "use it under each:, where it has the value of the row"
                self.refuse(place, message, remedy, max(part.offset, 0), code="condition")
                return True
        return False

    def remedy_of(self, refusal: ConditionRefused) -> str:
        """What to do, with the Chinese name beside that of a fact that was probably meant.

        A fact of another kind of subject is told as that: its name is no slip.
        """
        if refusal.unknown == "amount":
            return "what an award comes to has no name: write its steps once more"
        other = self.vocabulary.facts.get(refusal.unknown)
        if other is not None and other.of != self.file.audience:
            return (
                f"it is a fact of {other.of}, the policy is for {self.file.audience}: "
                "declare it under facts: with its type"
            )
        shared = self.vocabulary.facts.get(refusal.suggestion)
        own = self.file.facts.get(refusal.suggestion)
        label = label_of(own.label) if own is not None else shared.label_zh if shared else ""
        return f'did you mean "{refusal.suggestion}" {label}?' if label else refusal.remedy

    def expression(
        self, text: str, place: Place, kind: Kind, *, amount: bool = False
    ) -> Expression | None:
        """Parse and check; None after noting what is wrong. `amount` allows `??`."""
        parsed, found = parse_at(text, self.document, place)
        self.problems += found
        if parsed is None:
            return None
        actual = self.check(parsed, place, amount=amount)
        if actual is None:
            return None
        if actual is not kind:
            message = f'"{text}" is {actual}, here stands {kind}'
            self.refuse(place, message, how_to_give(kind), code="condition")
            return None
        self.doubt(text, parsed, place)
        self.used.append(parsed)
        return parsed

    def any_expression(self, text: str, place: Place) -> Expression | None:
        """Parse an expression whose kind is not given; None after noting what is wrong."""
        parsed, found = parse_at(text, self.document, place)
        self.problems += found
        return parsed

    def day(self, text: str | None, place: Place) -> date | None:
        """A day; None where there is none, or after noting that it cannot be read."""
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.refuse(place, f'"{text}" is not a day', "write 2024-05-01")
            return None


def label_of(label: LabelFile | str | None) -> str:
    """The Chinese name of a fact as its author wrote it; empty where there is none."""
    return label if isinstance(label, str) else "" if label is None else label.zh


def words(says: TitleFile | None) -> tuple[str, str]:
    """A text for people in Chinese and in English; English falls back to Chinese."""
    return ("", "") if says is None else (says.zh, says.en or says.zh)
