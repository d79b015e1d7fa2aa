"""What people answer or correct about themselves, in the place of what departments say or lack.

Answers come as rows of a dataset of their own for each kind of subjects, each with its source and
its last day. A fact says which it takes (`answers:` in a vocabulary): a *declared* value counts
where no department has one, a *corrected* one in the place of theirs, until it expires. Corrections
that contradict each other make the fact missing, whatever departments say; what cannot be read
counts for nothing and is told of.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from language.column import NOT_APPLICABLE
from profiles.complaint import Complaint
from profiles.content import sort_rows
from profiles.dataset import Column, Label
from profiles.fact import Fact, Vocabulary
from profiles.row_frame import DTYPES
from profiles.typed_values import parse_column

DATASETS: Mapping[str, str] = {
    "enterprise": "answers-enterprise",
    "resident": "answers-resident",
}
"""The dataset of answers by kind of subject."""
DECLARED, CORRECTED = "declared", "corrected"
DOES_NOT_APPLY = "none"
"""How an answer says that a fact does not apply."""
ANSWERED = {
    "subject": pl.String(),
    "fact": pl.String(),
    "role": pl.String(),
    "source": pl.String(),
    "given_on": pl.Date(),
    "expires_on": pl.Date(),
}
"""An answer that counts: whose, of which fact, how, where it was given, and for which days."""

_AGREED = "::agreed"
_VALUE, _NONE = "::value", "::none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that counts of one subject and fact: its `role`, where it was given (`source`), and
    the first and last day on which it counts."""

    role: str
    source: str
    given_on: date
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnswers:
    """Answers in force by fact, typed (`subject`, `role`, `source`, `given_on`, `expires_on`,
    `::value`, `::none`), and how many are not used for which reason."""

    by_fact: Mapping[str, pl.DataFrame]
    unused: Counter[str]


def read_answers(rows: pl.DataFrame, vocabulary: Vocabulary, kind: str, as_of: date) -> ReadAnswers:
    """The answers of a day; `rows` has `subject` and the columns of the dataset of answers."""
    in_force = rows.filter(
        pl.col("given_on") <= as_of, pl.col("expires_on") >= as_of, pl.col("value").is_not_null()
    )
    taken = takes_answers(vocabulary, kind)
    unused: Counter[str] = Counter()
    by_fact = {}
    for (name,), mine in in_force.group_by("fact", maintain_order=True):
        fact = taken.get(str(name))
        roles = () if fact is None else fact.answers
        strange = mine.filter(~pl.col("role").is_in(roles))
        if strange.height:
            unused["of a fact that takes no such answer"] += strange.height
        if fact is None:
            continue
        typed = _type_values(fact, mine.filter(pl.col("role").is_in(roles)))
        if typed.height < mine.height - strange.height:
            unused["of a value that the fact cannot have"] += (
                mine.height - strange.height - typed.height
            )
        if typed.height:
            by_fact[fact.name] = typed
    return ReadAnswers(by_fact=by_fact, unused=unused)


def count_unused(
    rows: pl.DataFrame, vocabulary: Vocabulary, kind: str, as_of: date
) -> Counter[str]:
    """How many answers in force count for nothing, by reason; rows as for `read_answers`."""
    read = read_answers(rows, vocabulary, kind, as_of)
    unused = Counter(read.unused)
    for name, typed in read.by_fact.items():
        for role in vocabulary.facts[name].answers:
            several = _agree(typed.filter(pl.col("role") == role)).filter(~pl.col(_AGREED))
            if several.height:
                unused["contradicting one another"] += several.height
    return unused


def answers_of(answered: pl.DataFrame, subject: str) -> dict[str, Answer]:
    """The answers of one subject that count, by fact; `answered` as `ANSWERED`."""
    return {
        row["fact"]: Answer(
            role=row["role"],
            source=row["source"],
            given_on=row["given_on"],
            expires_on=row["expires_on"],
        )
        for row in answered.filter(pl.col("subject") == subject).iter_rows(named=True)
    }


def takes_answers(vocabulary: Vocabulary, kind: str) -> dict[str, Fact]:
    """The facts of a kind of subjects that people may answer or correct."""
    return {
        name: fact for name, fact in vocabulary.facts.items() if fact.of == kind and fact.answers
    }


def apply_answers(
    facts: pl.DataFrame,
    rows: pl.DataFrame | None,
    vocabulary: Vocabulary,
    kind: str,
    as_of: date,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Facts with what people have answered, and the answers that count (as `ANSWERED`).

    `facts` are those of departments, one row a subject; `rows` the answers of these subjects, None
    where none were delivered. A fact that only people know has a column here and none before.
    """
    fresh = {
        name: pl.Series(name, [None] * facts.height, dtype=DTYPES[fact.type])
        for name, fact in takes_answers(vocabulary, kind).items()
        if fact.measure is None
    }
    facts = facts.with_columns(fresh.values())
    counted = [pl.DataFrame(schema=ANSWERED)]
    if rows is None or not rows.height:
        return facts, counted[0]
    answers = read_answers(rows, vocabulary, kind, as_of).by_fact
    for name in sorted(answers):
        fact, mine = vocabulary.facts[name], answers[name]
        flag = name + NOT_APPLICABLE
        columns = [pl.col(name), pl.col(flag)] if fact.may_not_apply else [pl.col(name)]
        corrected = _agree(mine.filter(pl.col("role") == CORRECTED))
        declared = _agree(mine.filter(pl.col("role") == DECLARED))
        lines = facts.select("subject", *columns)
        silent = pl.col(name).is_null()
        if fact.may_not_apply:
            silent &= ~pl.col(flag)
        unsaid = lines.filter(silent).select("subject")
        declared = declared.join(unsaid, on="subject", how="semi")
        declared = declared.join(corrected, on="subject", how="anti")
        counting = pl.concat([corrected, declared])
        lines = lines.join(counting, on="subject", how="left", maintain_order="left")
        answered = pl.col(_AGREED).is_not_null()
        # where answers contradict each other nothing is known, not even what departments say
        value = pl.when(answered).then(pl.col(_VALUE)).otherwise(pl.col(name))
        changed = [value.alias(name)]
        if fact.may_not_apply:
            none = pl.when(answered).then(pl.col(_NONE)).otherwise(pl.col(flag))
            changed.append(none.alias(flag))
        facts = facts.with_columns(lines.select(changed).get_columns())
        told = counting.filter(pl.col(_AGREED)).join(facts, on="subject", how="semi")
        counted.append(told.select(list(ANSWERED)))
    return facts, sort_rows(pl.concat(counted))


def _type_values(fact: Fact, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose value the fact can have, with it."""
    column = Column(
        name=_VALUE,
        type=fact.type.value,
        label=Label(zh=fact.label_zh),
        values=fact.values,
        system=fact.system,
        required=True,
    )
    none = rows["value"].str.strip_chars().str.to_lowercase() == DOES_NOT_APPLY
    none &= fact.may_not_apply
    parsed = parse_column(column, rows["value"])
    right = none | ~_complained(parsed.complaints, rows.height)
    values = parsed.values.cast(DTYPES[fact.type]).set(none, None)
    return rows.with_columns(values.alias(_VALUE), none.alias(_NONE)).filter(right)


def _complained(complaints: tuple[Complaint, ...], height: int) -> pl.Series:
    found = pl.repeat(False, height, dtype=pl.Boolean, eager=True)
    for complaint in complaints:
        found |= complaint.rows
    return found


def _agree(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a subject, of its last answer: whether all of them agree (`::agreed`), and the value
    (none where they do not)."""
    agreed = pl.struct(_VALUE, _NONE).n_unique() == 1
    last = rows.sort("subject", "given_on", "expires_on", "source", nulls_last=False)
    found = last.group_by("subject", maintain_order=True).agg(
        pl.all().last(), agreed.alias(_AGREED)
    )
    return found.with_columns(
        pl.when(_AGREED).then(pl.col(_VALUE)).alias(_VALUE),
        (pl.col(_NONE) & pl.col(_AGREED)).alias(_NONE),
    )
