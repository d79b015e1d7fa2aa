"""Facts and rows that policies need and nobody delivers, with the policies they hold back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.program import Bound
from language.definition import Given
from profiles.answers import DATASETS, DECLARED
from profiles.fact import Fact, Vocabulary
from profiles.row_set import RowSet

Lack = Literal["no dataset", "never delivered", "stale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededFact:
    """A fact, or the rows of a row set, that policies ask about and that is not there for anybody.

    `datasets` are where it would come from, any of them; none where no dataset is declared for it:
    then it comes only by hand. `policies` are those that reach it, by id.
    """

    name: str
    kind: str
    label_zh: str
    label_en: str
    datasets: tuple[str, ...]
    lack: Lack
    policies: tuple[str, ...]


def find_needed(
    bounds: Iterable[Bound], vocabulary: Vocabulary, delivered: Mapping[str, bool]
) -> tuple[NeededFact, ...]:
    """What these policies need and do not get, what most of them need first.

    `delivered` says of each dataset that has a release, and of rows that are our own (`grants`),
    whether they are stale.
    """
    found: dict[tuple[str, str], NeededFact] = {}
    asking: dict[tuple[str, str], set[str]] = {}
    for bound in bounds:
        for needed in _needs_of(bound, vocabulary):
            lack = _lack_of(needed, delivered)
            if lack is None:
                continue
            key = (needed.kind, needed.name)
            found.setdefault(key, needed)
            asking.setdefault(key, set()).add(bound.policy.id)
    told = [
        NeededFact(
            name=needed.name,
            kind=needed.kind,
            label_zh=needed.label_zh,
            label_en=needed.label_en,
            datasets=needed.datasets,
            lack=_lack_of(needed, delivered) or "no dataset",
            policies=tuple(sorted(asking[key])),
        )
        for key, needed in found.items()
    ]
    return tuple(sorted(told, key=lambda needed: (-len(needed.policies), needed.kind, needed.name)))


def _lack_of(needed: NeededFact, delivered: Mapping[str, bool]) -> Lack | None:
    if not needed.datasets:
        return None if needed.name in delivered else "no dataset"
    stale = [delivered[name] for name in needed.datasets if name in delivered]
    if not stale:
        return "never delivered"
    return "stale" if all(stale) else None


def _needs_of(bound: Bound, vocabulary: Vocabulary) -> Iterable[NeededFact]:
    """The facts that a policy is given, and the row sets that it measures or decides itself."""
    own = {measured.fact.name for measured in bound.own_measures}
    known = {fact.name: fact for fact in bound.policy.facts}
    known |= {name: fact for name, fact in vocabulary.facts.items() if name not in known}
    for name in sorted(bound.names - own):
        fact = known.get(name.split("::")[0])
        if fact is None or not isinstance(bound.scope.get(name), Given):
            continue
        measures = known.get(name, fact).measures
        datasets = dict.fromkeys(measure.dataset for measure in measures if measure.dataset)
        if DECLARED in fact.answers:
            datasets[DATASETS[fact.of]] = None
        yield _needed(bound, fact, tuple(datasets))
    row_sets = {measured.row_set.name: measured.row_set for measured in bound.own_measures}
    for row_set in (row_sets | dict(bound.row_sets)).values():
        yield _needed_rows(bound, row_set)


def _needed(bound: Bound, fact: Fact, datasets: tuple[str, ...]) -> NeededFact:
    return NeededFact(
        name=fact.name,
        kind=bound.policy.audience,
        label_zh=fact.label_zh or fact.name,
        label_en=fact.label_en or fact.name,
        datasets=datasets,
        lack="no dataset",
        policies=(),
    )


def _needed_rows(bound: Bound, row_set: RowSet) -> NeededFact:
    return NeededFact(
        name=row_set.name,
        kind=bound.policy.audience,
        label_zh=row_set.label_zh or row_set.name,
        label_en=row_set.label_en or row_set.name,
        datasets=(row_set.dataset,) if row_set.dataset else (),
        lack="no dataset",
        policies=(),
    )
