"""Explanations of subjects whose facts are given by hand."""

from dataclasses import replace
from datetime import date

from engine.explain import explain
from engine.explanation import Explanation
from engine.own_measures import add_given_measures
from engine.program import Program, bind
from engine.rows_by_hand import row_facts_beside, rows_given_by_hand
from language.frame import facts_of_row
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
    shared = program.vocabulary.facts
    every_own = {f.name: f for policy in program.policies for f in policy.facts}
    for subject in subjects:
        day = subject.as_of or as_of
        for policy in program.policies:
            if subject.audience not in (None, policy.audience):
                continue
            own = every_own | {fact.name: fact for fact in policy.facts}
            own = {name: fact for name, fact in own.items() if name not in shared}
            row_sets = row_sets_beside(policy, program.policies, program.vocabulary)
            hand = build_frame(
                [subject],
                program.vocabulary,
                own,
                policy.audience,
                day,
                row_sets=row_sets,
                also=row_facts_beside(policy, program.policies),
            )
            troubles += hand.troubles
            bound = bind(policy, program.vocabulary, day)
            hand = replace(hand, frame=add_given_measures(bound, hand, [subject]))
            facts = facts_of_row(hand.frame.row(0, named=True), bound.types)
            (rows,) = rows_given_by_hand(bound, hand)
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
