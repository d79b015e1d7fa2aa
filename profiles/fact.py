"""The vocabulary: the named, typed facts that conditions may use, and where each comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from language.definition import Choice, Definition, Formula, Given, Scalar
from language.types import FactType
from profiles.dataset import Dataset
from profiles.fact_file import Audience
from profiles.measure import Measure
from profiles.row_set import RowSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact: its meaning for people and where its value comes from.

    Exactly one of `measure` (from rows) and `formula` (from other facts) is set, or neither: then
    it is only ever given. `others` are the measures over further departments' rows, in the order in
    which they are asked where the ones before have no value; what each of them says is a hidden
    fact. `absent` is the value of a subject without rows in a complete dataset; `may_not_apply`
    says that it then does not apply, `null_is_none` that so does null by hand. `answers` are the
    ways in which people's own answers count (`profiles.answers`).
    """

    name: str
    of: Audience
    label_zh: str
    label_en: str
    type: FactType
    unit: str = ""
    system: str = ""
    values: tuple[str, ...] = ()
    says: str = ""
    source: str = ""
    measure: Measure | None = None
    others: tuple[Measure, ...] = ()
    formula: Formula | Choice | None = None
    absent: Scalar | None = None
    may_not_apply: bool = False
    null_is_none: bool = False
    answers: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What it is measured from, in the order of precedence."""
        return () if self.measure is None else (self.measure, *self.others)

    @property
    def given(self) -> Given:
        """The fact as conditions see it where it is given."""
        return Given(
            name=self.name,
            type=self.type,
            may_not_apply=self.may_not_apply,
            values=self.values,
            system=self.system,
        )


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All facts by name, the datasets they come from, and the rows that subjects have.

    Every dataset is a row set under its own name; `rows:` of vocabulary files declare others.
    """

    facts: Mapping[str, Fact]
    datasets: Mapping[str, Dataset]
    row_sets: Mapping[str, RowSet]

    def scope(self, audience: str) -> dict[str, Definition]:
        """What names mean for subjects of a kind: its own facts and those of its region."""
        definitions = self.definitions
        return {
            name: definitions[name]
            for name, fact in self.facts.items()
            if fact.of in (audience, "region")
        }

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        """What each fact's name means, whoever it is a fact of."""
        return {name: fact.formula or fact.given for name, fact in self.facts.items()}

    def label(self, name: str) -> str:
        """A fact's name with its Chinese label, for people."""
        fact = self.facts.get(name)
        return f"{name} {fact.label_zh}" if fact and fact.label_zh else name
