"""The rows that a policy declares for itself, beside those of the vocabulary."""

from collections.abc import Iterable
from dataclasses import replace

from language.document import Place
from policies.draft import TIMES, Draft
from policies.policy import Policy
from profiles.fact import Vocabulary
from profiles.row_set import RowSet
from profiles.row_set_build import build_row_set


def build_row_sets(draft: Draft) -> dict[str, RowSet]:
    """The policy's own row sets by name; with the name of a shared one they add columns to it.

    Afterwards the draft's `row_sets` holds all that the policy's measures may be from.
    """
    own: dict[str, RowSet] = {}
    for name, entry in draft.file.rows.items():
        place: Place = ("rows", name)
        before = len(draft.problems)
        taken = {
            "fact": name in draft.file.facts or name in draft.vocabulary.facts,
            "parameter": name in draft.file.parameters,
            "date of the run": name in TIMES,
        }
        for what, clashes in taken.items():
            if clashes:
                draft.refuse(place, f'"{name}" is a {what} and rows', "rename one of them")
        if entry.bring:
            message = "only rows of a vocabulary bring facts: they are joined with the snapshot"
            draft.refuse((*place, "bring"), message, "move these rows to a vocabulary file")
        for column, file in entry.columns.items():
            if file.from_ is not None:
                message = "a column measured over other rows belongs to the vocabulary"
                remedy = "move these rows to a vocabulary file, or write it under facts: of each:"
                draft.refuse((*place, "columns", column, "from"), message, remedy)
        if len(draft.problems) > before:
            continue
        row_set, found = build_row_set(
            name,
            entry,
            draft.document,
            place,
            draft.vocabulary.row_sets,
            draft.vocabulary.facts,
            of=draft.file.audience,
        )
        draft.problems += found
        if row_set is not None and row_set.of not in (None, draft.file.audience):
            message = (
                f'"{name}" holds rows of {row_set.of}, the policy is for {draft.file.audience}'
            )
            draft.refuse(place, message)
        if row_set is not None:
            own[name] = row_set
    draft.row_sets = {**draft.vocabulary.row_sets, **own}
    return own


def row_sets_beside(
    policy: Policy, policies: Iterable[Policy], vocabulary: Vocabulary
) -> dict[str, RowSet]:
    """The row sets that subjects may give: the policy's own, and what policies beside it add.

    The columns of the others are read too, so that a row which one policy understands is no
    trouble to another.
    """
    found: dict[str, RowSet] = {}
    for other in policies:
        for name, row_set in other.row_sets.items():
            base = policy.row_sets.get(name) or vocabulary.row_sets.get(name) or row_set
            known = found.get(name, base)
            found[name] = replace(known, columns={**row_set.columns, **known.columns})
    return found
