"""One fact from several departments: against a clerk who asks them one after the other."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.errors import FilesRefused
from profiles.dataset import load_datasets
from profiles.derivation import compute_facts
from profiles.fact import Vocabulary
from profiles.identifier import subject_ids
from profiles.precedence import (
    count_disagreements,
    find_disagreements,
    mask_disagreements,
    speaking_part,
)
from profiles.snapshot import Snapshot, read_part
from profiles.snapshot_taking import build_snapshot
from profiles.vocabulary_load import load_vocabulary
from tests.unit.profiles.delivery_world import DATASETS, DAY, KEY, credit_code, deliver

DEPARTMENTS = ("statistics", "industry", "tax")
CLASSES = ("large", "small")
TABLE = """dataset: {name}
department: {{zh: 部门, en: Department}}
title: {{zh: 划型{name}, en: Size by {name}}}
basis: 政务数据共享条例
of: enterprise
key: {{column: uscc, identifier: uscc}}
time: {{event: classed_on}}
{complete}refresh: yearly
fresh_within: 100 days
retention: 5 years
columns:
  size: {{type: code, values: [large, small], label: {{zh: 划型}}}}
  listed: {{type: boolean, label: {{zh: 在册}}}}
  staff: {{type: integer, label: {{zh: 人数}}}}
  classed_on: {{type: date, label: {{zh: 日期}}, required: true}}
"""
FACT = "{{of: enterprise, label: {{zh: 划型}}, type: {type}, from: statistics, {more}, {measure}}}"


def make_vocabulary(folder: Path, **facts: str) -> Vocabulary:
    """These facts over the tables of three departments, the last of them complete."""
    paths = []
    for name in DEPARTMENTS:
        complete = "complete: 全量库\n" if name == "tax" else ""
        paths.append(folder / f"{name}.yaml")
        paths[-1].write_text(TABLE.format(name=name, complete=complete), encoding="utf-8")
    words = folder / "words.yaml"
    lines = [f"  {name}: {written}" for name, written in facts.items()]
    words.write_text("\n".join(["facts:", *lines]) + "\n", encoding="utf-8")
    return load_vocabulary([words], {**DATASETS, **load_datasets(paths)})


def size(more: str = "else_from: [industry, tax]", measure: str = "last: size") -> str:
    return FACT.format(type="code", more=more, measure=measure)


def problems(folder: Path, **facts: str) -> str:
    with pytest.raises(FilesRefused) as caught:
        make_vocabulary(folder, **facts)
    return "\n".join(f"{p.line}: {p.message}" for p in caught.value.problems)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return make_vocabulary(
        tmp_path_factory.mktemp("words"),
        size_of=size(),
        staff_of=FACT.format(
            type="integer", more="else_from: [industry, tax], absent: 0", measure="last: staff"
        ),
    )


Said = dict[str, dict[str, str | None]]
SAID = st.fixed_dictionaries(
    {
        name: st.dictionaries(
            st.sampled_from(["E1", "E2", "E3"]), st.sampled_from([*CLASSES, None]), max_size=3
        )
        for name in DEPARTMENTS
    }
)


def rows_of(said: Said, delivered: set[str]) -> dict[str, pl.DataFrame]:
    schema = {
        "subject": pl.String,
        "size": pl.String,
        "listed": pl.Boolean,
        "staff": pl.Int64,
        "classed_on": pl.Date,
    }
    return {
        name: pl.DataFrame(
            [(who, what, None, len(what or "") or None, DAY) for who, what in answers.items()],
            schema=schema,
            orient="row",
        )
        for name, answers in said.items()
        if name in delivered
    }


@given(SAID, st.sets(st.sampled_from(DEPARTMENTS)))
def test_the_first_department_that_has_a_value_wins(
    vocabulary: Vocabulary, said: Said, delivered: set[str]
) -> None:
    subjects = pl.Series(["E1", "E2", "E3"])
    facts = compute_facts(vocabulary, "enterprise", subjects, rows_of(said, delivered), DAY)
    disputes = set()
    for row in facts.iter_rows(named=True):
        who = row["subject"]
        answers = [
            (name, said[name][who])
            for name in DEPARTMENTS
            if name in delivered and said[name].get(who) is not None
        ]
        assert row["size_of"] == (answers[0][1] if answers else None)
        if answers:
            part = vocabulary.facts[speaking_part("size_of", vocabulary.facts, row)]
            assert part.measure is not None
            assert part.measure.dataset == answers[0][0]
        disputes |= {
            (who, answers[0][0], name) for name, value in answers if value != answers[0][1]
        }
        # no row in any, and the last of them, which is complete, was delivered: none it is
        expected = len(answers[0][1] or "") if answers else None
        if not answers and "tax" in delivered and who not in said["tax"]:
            expected = 0
        assert row["staff_of"] == expected
    found = find_disagreements(vocabulary, "enterprise", facts).filter(fact="size_of")
    assert set(found.select("subject", "counts", "differs").iter_rows()) == disputes
    counted = count_disagreements(found)
    assert counted["subjects"].sum() == len(disputes)


def test_a_list_of_disagreements_shows_no_subject_in_full(vocabulary: Vocabulary) -> None:
    said: Said = {"statistics": {"E1" * 8: "large"}, "industry": {"E1" * 8: "small"}, "tax": {}}
    rows = rows_of(said, set(DEPARTMENTS))
    facts = compute_facts(vocabulary, "enterprise", pl.Series(["E1" * 8]), rows, DAY)
    listed = mask_disagreements(find_disagreements(vocabulary, "enterprise", facts))
    assert listed.filter(fact="size_of").to_dicts() == [
        {
            "fact": "size_of",
            "subject": "E1" + "*" * 14 + "E1",
            "counts": "statistics",
            "differs": "industry",
        }
    ]


def build(home: Path, vocabulary: Vocabulary, as_of: date = DAY) -> Snapshot:
    return build_snapshot(
        releases_root=home / "releases",
        snapshots_root=home / "snapshots",
        datasets=vocabulary.datasets,
        vocabulary=vocabulary,
        as_of=as_of,
        key=KEY,
    )


def sizes(snapshot: Snapshot) -> dict[int, str | None]:
    """The fact of each firm, by the number it was made of."""
    codes = [credit_code(number) for number in range(3)]
    ids = subject_ids("enterprise", pl.Series(codes), KEY).to_list()
    facts = pl.concat([read_part(snapshot, p).facts for p in snapshot.parts("enterprise")])
    known = dict(facts.select("subject", "size_of").iter_rows())
    return {number: known[subject] for number, subject in enumerate(ids)}


def deliver_firms(home: Path, vocabulary: Vocabulary, on: date) -> None:
    heads = ",".join(DATASETS["registration"].columns)
    firms = [
        f"{credit_code(n)},某公司,某某,某路,990101,enterprise,C3512,100,零售,2020-01-01,"
        for n in range(3)
    ]
    deliver(home, "registration", heads, *firms, on=on)


def test_a_stale_department_says_nothing_and_the_next_is_asked(
    tmp_path: Path, vocabulary: Vocabulary
) -> None:
    heads = "uscc,size,listed,staff,classed_on"
    old = DAY - timedelta(days=101)
    deliver_firms(tmp_path, vocabulary, DAY)
    for name, on, value in (("statistics", old, "large"), ("industry", DAY, "small")):
        line = f"{credit_code(0)},{value},,,2024-01-01"
        deliver(tmp_path, vocabulary.datasets[name], heads, line, on=on)
    assert sizes(build(tmp_path, vocabulary)) == {0: "small", 1: None, 2: None}
    earlier = DAY - timedelta(days=1)
    deliver_firms(tmp_path, vocabulary, earlier)
    assert sizes(build(tmp_path, vocabulary, earlier))[0] == "large"


def test_where_a_row_of_any_department_was_set_aside_nothing_is_said(
    tmp_path: Path, vocabulary: Vocabulary
) -> None:
    heads = "uscc,size,listed,staff,classed_on"
    deliver_firms(tmp_path, vocabulary, DAY)
    good = f"{credit_code(1)},large,,,2024-01-01"
    bad = f"{credit_code(0)},huge,,,2024-01-01"
    deliver(tmp_path, vocabulary.datasets["statistics"], heads, good, bad, on=DAY)
    line = f"{credit_code(0)},small,,,2024-01-01"
    deliver(tmp_path, vocabulary.datasets["industry"], heads, line, on=DAY)
    assert sizes(build(tmp_path, vocabulary)) == {0: None, 1: "large", 2: None}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (size("else_from: [nobody]"), 'unknown dataset or rows "nobody"'),
        (size("else_from: [statistics]"), "a department stands twice"),
        (size("else_from: [industry, tax], absent: none"), "cannot not apply"),
        (size("else_from: [titles]"), 'has no column "size"'),
        (size("else_from: [industry], absent: small"), '"industry" is not complete'),
        (
            FACT.format(type="integer", more="else_from: [tax]", measure="average: staff"),
            "an average has one department",
        ),
        ("{of: enterprise, label: {zh: 某}, type: code, else_from: [tax]}", 'needs "from"'),
        (size("else_from: [disability-certificates]", "count: rows"), "rows of resident"),
    ],
)
def test_what_cannot_be_asked_in_turn_is_refused_in_words(
    tmp_path: Path, written: str, message: str
) -> None:
    assert message in problems(tmp_path, size_of=written)
