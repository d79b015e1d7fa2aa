"""Policies with the shapes of the catalogue, over the facts of the sample city.

The catalogue has some fifty policies of many places; a city has hundreds. These are drawn after
what the catalogue's ask and give: allowances by age, place of registration, lists and income;
refunds by number of staff and lay-offs, rewards for research, scale, titles and jobs; amounts
that are constant, tabled, shares with a ceiling, tiers; by month, quarter, year or once. Half of
them are for one district: six districts have one text with amounts of their own.

The facts are those that the sample city delivers, except that one policy in `WAITING` asks for one
that no department has brought yet: among those who fulfil the rest its verdict is unknown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.catalogue_amounts import constant
from benchmarks.catalogue_conditions import holds
from benchmarks.catalogue_families import FAMILIES, All, Any, Clause, Shape, asked

DISTRICTS = ("990101", "990102", "990103", "990104", "990105", "990106")
REGION_OF = {"enterprise": "ent_region", "resident": "hukou_region", "household": "hh_region"}
WAITING = 10
CHANGED = 20
SEED = 20251031

UNDELIVERED = {"resident": ("consent", "cert_ok"), "enterprise": ("first_year_production_upscale",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A policy: its shape, and the district that it is for, None for the whole city."""

    number: int
    shape: Shape
    district: str | None

    @property
    def name(self) -> str:
        return f"p{self.number:04d}"


def draw_drafts(count: int, seed: int = SEED) -> Iterator[Draft]:
    """So many policies; a text for districts comes six times, with amounts of its own.

    The next text is of the family of which the fewest were drawn for its share.
    """
    rng = np.random.default_rng(seed)
    drawn = np.zeros(len(FAMILIES))
    shares = np.array([share for share, _ in FAMILIES])
    number = 0
    while number < count:
        chosen = int(np.argmin((drawn + 1) / shares))
        family = FAMILIES[chosen][1]
        shape = family(rng)
        districts: tuple[str | None, ...] = DISTRICTS if rng.random() < 1 / 7 else (None,)
        for district in districts[: count - number]:
            own = family(rng) if district else shape
            local = replace(shape, amount=own.amount) if own.per == shape.per else shape
            yield Draft(number=number, shape=_wait(local, number), district=district)
            drawn[chosen] += 1
            number += 1


def _wait(shape: Shape, number: int) -> Shape:
    """Every so often a policy rests on what nobody has brought, too."""
    facts = UNDELIVERED.get(shape.audience, ())
    if not facts or number % WAITING:
        return shape
    waits = asked(holds(facts[number // WAITING % len(facts)]))
    return replace(shape, clauses=shape.clauses + waits)


def change_some(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """The policies as they were before one in `CHANGED` was amended: that one asked for less, and
    gave everybody the same."""
    for draft in drafts:
        if draft.number % CHANGED == 1:
            shape = replace(draft.shape, clauses=draft.shape.clauses[:1], amount=constant(100))
            yield replace(draft, shape=shape)
        else:
            yield draft


def write_policies(folder: Path, drafts: Iterable[Draft]) -> None:
    """A file for each policy."""
    folder.mkdir(parents=True, exist_ok=True)
    for draft in drafts:
        (folder / f"{draft.name}.yaml").write_text(write_policy(draft), encoding="utf-8")


def write_policy(draft: Draft) -> str:
    """A policy as an author would write it."""
    shape = draft.shape
    place = draft.district or "990100"
    lines = [
        f"policy: {draft.name}",
        "version: 2025.1",
        f"title: {{zh: 第{draft.number}项}}",
        f"audience: {shape.audience}",
        "authority: 示范市民政局",
        f"level: {'county' if draft.district else 'city'}",
        f'region: {{of: {REGION_OF[shape.audience]}, in: ["{place}"]}}',
        "basis: [{document: 办法}]",
        "effective: {from: 2024-01-01}",
        f"per: {shape.per}",
    ]
    parameters = [*shape.parameters, *([shape.amount.parameter] if shape.amount.parameter else [])]
    if parameters:
        lines += ["parameters:", *(f"  {parameter}" for parameter in parameters)]
    lines.append("clauses:")
    for number, clause in enumerate(shape.clauses):
        lines += _write_clause(f"c{number}", clause)
    lines += [f"benefit: {{kind: cash, amount: {shape.amount.steps}}}", "delivery: confirm", ""]
    return "\n".join(lines)


def _write_clause(name: str, clause: Clause) -> list[str]:
    if clause.group == All:
        (condition,) = clause.members
        return [f"  - {{id: {name}, says: 条件, source: 办法, when: '{condition.text}'}}"]
    return [
        f"  - id: {name}\n    says: {'其一' if clause.group == Any else '不在此列'}\n"
        f"    source: 办法\n    {clause.group}:",
        *(
            f"      - {{id: {name}{place}, says: 条件, when: '{condition.text}'}}"
            for place, condition in enumerate(clause.members)
        ),
    ]
