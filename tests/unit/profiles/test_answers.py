"""What people answer about themselves, against a model in plain Python."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.types import FactType
from profiles.answers import (
    ANSWERED,
    CORRECTED,
    DECLARED,
    apply_answers,
    count_unused,
    read_answers,
)
from profiles.fact import Fact, Vocabulary
from profiles.measure import Measure

DAY = date(2025, 6, 15)
LEVELS = ("low", "high")
FACTS: dict[str, tuple[FactType, tuple[str, ...], tuple[str, ...], bool]] = {
    "level": (FactType.CODE, (DECLARED, CORRECTED), LEVELS, True),
    "income": (FactType.MONEY, (DECLARED,), (), False),
    "since": (FactType.DATE, (CORRECTED,), (), False),
    "closed": (FactType.BOOLEAN, (), (), False),
}
VALUES: dict[str, dict[str, Any]] = {
    "level": {"low": "low", "high": "high", "none": "does not apply"},
    "income": {"12.5": 1250, "0": 0},
    "since": {"2024-02-29": date(2024, 2, 29), "2023年1月1日": date(2023, 1, 1)},
}
"""The texts that can be read of each fact, and what they mean."""
UNREADABLE = ("middle", "", "2023-02-30", "12,5元多")
NOBODY_KNOWS, DOES_NOT_APPLY = None, "does not apply"


def vocabulary() -> Vocabulary:
    facts = {
        name: Fact(
            name=name, of="resident", label_zh=name, label_en=name, type=kind, answers=answers,
            values=values, may_not_apply=may_not_apply,
        )
        for name, (kind, answers, values, may_not_apply) in FACTS.items()
    }  # fmt: skip
    return Vocabulary(facts=facts, datasets={}, row_sets={})


def rows_of(answers: list[Any]) -> pl.DataFrame:
    schema = {
        "subject": pl.String,
        "fact": pl.String,
        "value": pl.String,
        "role": pl.String,
        "source": pl.String,
        "given_on": pl.Date,
        "expires_on": pl.Date,
    }
    return pl.DataFrame(answers, schema=schema, orient="row")


def model(said: Any, answers: list[tuple[Any, ...]], fact: str) -> Any:
    """What is known of a fact of one subject, where departments have `said` this of it."""
    in_force = [a for a in answers if a[1] == fact and a[5] <= DAY <= a[6]]
    meant = {
        role: {VALUES[fact][a[2]] for a in in_force if a[3] == role and a[2] in VALUES[fact]}
        for role in FACTS[fact][1]
    }
    for role in (CORRECTED, DECLARED):
        if meant.get(role) and (role == CORRECTED or said is NOBODY_KNOWS):
            return meant[role].pop() if len(meant[role]) == 1 else NOBODY_KNOWS
    return said


ANSWER = st.builds(
    lambda subject, fact, value, role, source, given_on, lasts: (
        subject, fact, value, role, source, given_on, given_on + timedelta(days=lasts)
    ),
    st.sampled_from("ab"),
    st.sampled_from(tuple(VALUES)),
    st.sampled_from([text for known in VALUES.values() for text in known] + list(UNREADABLE)),
    st.sampled_from((DECLARED, CORRECTED)),
    st.sampled_from(("portal", "window")),
    st.dates(DAY - timedelta(days=3), DAY + timedelta(days=1)),
    st.integers(-1, 4),
)  # fmt: skip
SAID = st.fixed_dictionaries(
    {
        "level": st.sampled_from((NOBODY_KNOWS, "low", "high", DOES_NOT_APPLY)),
        "income": st.sampled_from((NOBODY_KNOWS, 1250, 700)),
        "since": st.sampled_from((NOBODY_KNOWS, date(2020, 1, 1))),
    }
)


@given(st.lists(ANSWER, max_size=8), st.lists(SAID, min_size=3, max_size=3))
def test_an_answer_counts_as_the_model_says(answers, said):
    measured = vocabulary()
    # as if departments delivered them: a fact that nobody measures has no column before
    facts = pl.DataFrame({"subject": ["a", "b", "c"]}).with_columns(
        pl.Series("level", [_plain(line["level"]) for line in said], dtype=pl.String),
        pl.Series("level::none", [line["level"] == DOES_NOT_APPLY for line in said]),
        pl.Series("income", [line["income"] for line in said], dtype=pl.Int64),
        pl.Series("since", [line["since"] for line in said], dtype=pl.Date),
    )
    measured = _measured(measured)

    found, counted = apply_answers(facts, rows_of(answers), measured, "resident", DAY)

    for line, subject in zip(said, "abc", strict=True):
        mine = [answer for answer in answers if answer[0] == subject]
        row = found.filter(pl.col("subject") == subject).row(0, named=True)
        for name in VALUES:
            told = DOES_NOT_APPLY if row.get(f"{name}::none") else row[name]
            assert told == model(line[name], mine, name), (subject, name)
            about = counted.filter(pl.col("subject") == subject, pl.col("fact") == name)
            changed = told != line[name] and told is not NOBODY_KNOWS
            assert about.height <= 1
            assert about.height == 1 or not changed
    assert dict(counted.schema) == ANSWERED


def _plain(value: Any) -> Any:
    return None if value == DOES_NOT_APPLY else value


def _measured(words: Vocabulary) -> Vocabulary:
    """The vocabulary with facts that have a measure, whichever."""
    measure = Measure(rows="x", dataset="x", function="last", column="x")
    facts = {name: replace(fact, measure=measure) for name, fact in words.facts.items()}
    return Vocabulary(facts=facts, datasets={}, row_sets={})


def test_a_fact_that_only_people_know_has_a_column_also_without_answers():
    facts = pl.DataFrame({"subject": ["a", "b"]})
    answers = [("a", "income", "3", DECLARED, "portal", DAY, DAY)]

    silent, _ = apply_answers(facts, None, vocabulary(), "resident", DAY)
    told, counted = apply_answers(facts, rows_of(answers), vocabulary(), "resident", DAY)

    assert silent["income"].to_list() == [None, None]
    assert told["income"].to_list() == [300, None]
    assert counted.rows() == [("a", "income", DECLARED, "portal", DAY, DAY)]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (("closed", "是", DECLARED), "of a fact that takes no such answer"),
        (("unheard_of", "是", DECLARED), "of a fact that takes no such answer"),
        (("income", "5", CORRECTED), "of a fact that takes no such answer"),
        (("level", "middle", DECLARED), "of a value that the fact cannot have"),
        (("income", "none", DECLARED), "of a value that the fact cannot have"),
    ],
)
def test_an_answer_that_cannot_be_used_is_counted_and_counts_for_nothing(answer, reason):
    rows = rows_of([("a", *answer, "portal", DAY, DAY)])

    read = read_answers(rows, vocabulary(), "resident", DAY)

    assert read.by_fact == {}
    assert dict(count_unused(rows, vocabulary(), "resident", DAY)) == {reason: 1}


def test_corrections_that_contradict_each_other_are_counted_once():
    rows = rows_of(
        [("a", "level", value, CORRECTED, "portal", DAY, DAY) for value in ("low", "high", "low")]
    )

    unused = count_unused(rows, vocabulary(), "resident", DAY)

    assert dict(unused) == {"contradicting one another": 1}


def test_an_expired_answer_is_no_fault_and_counts_for_nothing():
    yesterday = DAY - timedelta(days=1)
    rows = rows_of([("a", "income", "5", DECLARED, "portal", yesterday, yesterday)])

    read = read_answers(rows, vocabulary(), "resident", DAY)

    assert (read.by_fact, dict(read.unused)) == ({}, {})
