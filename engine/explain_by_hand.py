"""Explanations of subjects whose facts are given by hand."""

from dataclasses import replace
from datetime import date

from engine.explain import explain
from engine.explanation import Explanation
from engine.own_measures import add_given_measures
from engine.program import Bound, Program, bind
from engine.rows import RowsGiven
from engine.rows_by_hand import row_facts_beside, rows_given_by_hand
from language.frame import facts_of_row
from language.reference import Facts
from policies.rows import row_sets_beside
from profiles.hand import Subject, Trouble
from profiles.hand_frame import build_frame


def explain_subjects(
    program: Program, subjects: list[Subject], as_of: date
) -> tuple[list[Explanation], list[Trouble]]:
    """Explain every policy of a subject's audience, as `zhida evaluate` decides it.

    `as_of` is the day of lines without one. The region does not scope where it is not given.
    """
    told: list[Explanation] = []
    troubles: list[Trouble] = []
    for subject in subjects:
        day = subject.as_of or as_of
        for policy in program.policies:
            if subject.audience not in (None, policy.audience):
                continue
            bound = bind(policy, program.vocabulary, day)
            facts, rows, found = read_given(program, bound, subject)
            troubles += found
            told.append(
                explain(
                    bound,
                    program.vocabulary,
                    facts,
                    subject.subject,
                    {},
                    by_hand=True,
                    rows=rows,
                )
            )
    return told, list(dict.fromkeys(troubles))


def read_given(
    program: Program, bound: Bound, subject: Subject
) -> tuple[Facts, RowsGiven, tuple[Trouble, ...]]:
    """One subject's facts and rows as the reference reads them under a policy, with troubles."""
    ((facts, rows),), troubles = read_all_given(program, bound, [subject])
    return facts, rows, troubles


def read_all_given(
    program: Program, bound: Bound, subjects: list[Subject]
) -> tuple[list[tuple[Facts, RowsGiven]], tuple[Trouble, ...]]:
    """The facts and rows of several subjects at once, in their order, with troubles."""
    policy, shared = bound.policy, program.vocabulary.facts
    own = {fact.name: fact for other in program.policies for fact in other.facts}
    own |= {fact.name: fact for fact in policy.facts}
    hand = build_frame(
        subjects,
        program.vocabulary,
        {name: fact for name, fact in own.items() if name not in shared},
        policy.audience,
        bound.as_of,
        row_sets=row_sets_beside(policy, program.policies, program.vocabulary),
        also=row_facts_beside(policy, program.policies),
    )
    measured = replace(hand, frame=add_given_measures(bound, hand, subjects))
    rows = rows_given_by_hand(bound, measured)
    facts = [facts_of_row(row, bound.types) for row in measured.frame.iter_rows(named=True)]
    return list(zip(facts, rows, strict=True)), hand.troubles
