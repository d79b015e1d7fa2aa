"""Two versions of a policy compared by meaning: every change, and none that is only spelling.

`COMPARED` names for each field of a policy what finds its changes. What no one of them finds in a
field that differs is told as a change of that field, so that nothing is passed over.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields

from policies.amount_change import compare_also, compare_portions, compare_steps
from policies.change import Change, Section
from policies.clause_change import compare_clauses
from policies.element_change import (
    compare_basis,
    compare_delivery,
    compare_examples,
    compare_frames,
    compare_regions,
    compare_terms,
)
from policies.fact_change import compare_facts, compare_row_sets, compare_tables
from policies.plain_change import compare_ends, compare_fields, compare_lists, compare_values
from policies.policy import Policy
from policies.row_change import compare_each
from policies.setting import Setting
from policies.value_change import compare_parameters
from profiles.fact import Vocabulary

Comparing = Callable[[Setting], Iterator[Change]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All changes from one version of a policy to another, in the order of its page."""

    old: Policy
    new: Policy
    changes: tuple[Change, ...]

    @property
    def deciding(self) -> tuple[Change, ...]:
        """The changes that can change who gets what, when or how."""
        return tuple(change for change in self.changes if change.decides)


def compare_versions(old: Policy, new: Policy, vocabulary: Vocabulary) -> Difference:
    """The changes from one version to another; none exactly where both files say the same."""
    setting = Setting(old=old, new=new, vocabulary=vocabulary)
    changes: list[Change] = []
    for field, compare in COMPARED.items():
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            changes += list(compare(setting)) or _otherwise(field, was, now)
    if not changes and old.content_hash != new.content_hash:
        changes = [Change(kind="respelled", section="text", direction="same")]
    return Difference(old=old, new=new, changes=tuple(changes))


def _otherwise(field: str, was: object, now: object) -> list[Change]:
    """What is left of a field in which no change was found: another order, or the whole of it."""
    match was, now:
        case (tuple(), tuple()) if len(was) == len(now) and all(part in now for part in was):
            return [Change(kind="reordered", section="text", detail=field, direction="same")]
        case _:
            return list(compare_fields("text", "", field, was, now))


def _plain(section: Section, field: str, detail: str = "") -> Comparing:
    def compare(setting: Setting) -> Iterator[Change]:
        yield from compare_values(
            section, "", detail, getattr(setting.old, field), getattr(setting.new, field)
        )

    return compare


def _listed(section: Section, field: str, detail: str = "") -> Comparing:
    def compare(setting: Setting) -> Iterator[Change]:
        yield from compare_lists(
            section, "", detail, getattr(setting.old, field), getattr(setting.new, field)
        )

    return compare


def _end(section: Section, field: str, *, first: bool) -> Comparing:
    def compare(setting: Setting) -> Iterator[Change]:
        was, now = getattr(setting.old, field), getattr(setting.new, field)
        pairs = ((was, None), (now, None)) if first else ((None, was), (None, now))
        yield from compare_ends(section, "", *pairs)

    return compare


def _facts(setting: Setting) -> Iterator[Change]:
    yield from compare_facts(setting.old.facts, setting.new.facts, setting, "facts")


def _rows(setting: Setting) -> Iterator[Change]:
    yield from compare_row_sets(setting.old.row_sets, setting.new.row_sets, setting)


def _clauses(setting: Setting) -> Iterator[Change]:
    yield from compare_clauses(setting.old.clauses, setting.new.clauses, setting, "clauses")


def _steps(setting: Setting) -> Iterator[Change]:
    yield from compare_steps(setting.old.steps, setting.new.steps, setting, "amount")


def _portions(setting: Setting) -> Iterator[Change]:
    yield from compare_portions(setting.old.portions, setting.new.portions, setting)


def _also(setting: Setting) -> Iterator[Change]:
    yield from compare_also(setting.old.also, setting.new.also, setting)


COMPARED: Mapping[str, Comparing] = {
    "id": _plain("id", "id"),
    "version": _plain("version", "version"),
    "title_zh": _plain("title", "title_zh", "zh"),
    "title_en": _plain("title", "title_en", "en"),
    "audience": _plain("audience", "audience"),
    "authority": _plain("authority", "authority"),
    "level": _plain("level", "level"),
    "region": compare_regions,
    "basis": compare_basis,
    "effective_from": _end("effective", "effective_from", first=True),
    "effective_to": _end("effective", "effective_to", first=False),
    "effective_at": _plain("effective", "effective_at", "at"),
    "window_from": _end("window", "window_from", first=True),
    "window_to": _end("window", "window_to", first=False),
    "per": _plain("per", "per"),
    "period": _plain("period", "period"),
    "item": _plain("item", "item"),
    "parameters": compare_parameters,
    "row_sets": _rows,
    "facts": _facts,
    "tables": compare_tables,
    "clauses": _clauses,
    "each": compare_each,
    "benefit_kind": _plain("benefit kind", "benefit_kind"),
    "unit": _plain("unit", "unit"),
    "portions": _portions,
    "steps": _steps,
    "also": _also,
    "delivery": compare_delivery,
    "terms": compare_terms,
    "contact_office": _plain("contact", "contact_office", "office"),
    "contact_phone": _plain("contact", "contact_phone", "phone"),
    "not_modelled": _listed("not modelled", "not_modelled"),
    "not_modelled_en": _listed("not modelled", "not_modelled_en", "en"),
    "examples": compare_examples,
    "frame": compare_frames,
}
"""For each field of a policy what finds its changes, in the order in which they are told."""

UNCOMPARED = ("file", "content_hash")
"""Where a policy was written, and the hash of it all."""

assert {*COMPARED, *UNCOMPARED} == {field.name for field in fields(Policy)}
