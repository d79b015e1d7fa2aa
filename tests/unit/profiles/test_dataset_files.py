import pickle

import pytest

from language.errors import FilesRefused
from profiles.dataset import builtin_datasets, load_datasets
from profiles.vocabulary_load import builtin_vocabulary

GOOD = """\
dataset: swimming-lessons
department: {zh: 体育局, en: Sports}
title: {zh: 游泳课}
basis: 体育法
of: resident
key: {column: id_number, identifier: resident_id}
time: {state: [from_on, to_on]}
complete: 体育局全量库
refresh: monthly
fresh_within: 3 months
retention: 5 years
unique: [from_on]
columns:
  from_on: {type: date, label: {zh: 起}, required: true}
  to_on: {type: date, label: {zh: 止}}
  fee: {type: money, unit: 万元, label: {zh: 费用}, at_least: 0, at_most: 1万}
  pool: {type: code, values: [big, small], label: {zh: 池}}
"""


def load(tmp_path, *texts: str):
    paths = []
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return load_datasets(paths)


def refused(tmp_path, *texts: str) -> list[str]:
    with pytest.raises(FilesRefused) as caught:
        load(tmp_path, *texts)
    return [
        f"{problem.line}: {problem.message} ({problem.remedy})" for problem in caught.value.problems
    ]


def test_the_datasets_of_the_city_load_and_say_what_they_are():
    datasets = builtin_datasets()
    assert len(datasets) == 85
    assert {d.name for d in datasets.values() if d.register} == {
        "registration",
        "household-register",
        "households",
    }
    for dataset in datasets.values():
        assert dataset.title.en
        assert dataset.department.en
        assert next(iter(dataset.columns)) == dataset.key
        for column in dataset.columns.values():
            assert column.label.zh
            assert column.label.en
            assert column.meaning.endswith(".")


def test_the_vocabulary_of_the_city_loads():
    vocabulary = builtin_vocabulary(builtin_datasets())
    assert len(vocabulary.facts) > 200
    assert vocabulary.facts["orphan_support"].absent == "none"
    assert not vocabulary.facts["orphan_support"].may_not_apply
    assert vocabulary.facts["disability_level"].may_not_apply


def test_a_dataset_is_read_with_everything_it_declares(tmp_path):
    dataset = load(tmp_path, GOOD)["swimming-lessons"]
    assert dataset.time.form == "state"
    assert dataset.time.columns == ("from_on", "to_on")
    assert dataset.fresh_within_days == 93
    assert dataset.columns["fee"].at_most == "10000"
    assert dataset.columns["pool"].values == ("big", "small")
    assert dataset.columns["id_number"].required


def test_a_dataset_can_be_sent_to_another_process():
    datasets = builtin_datasets()
    assert pickle.loads(pickle.dumps(datasets)) == datasets


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "label: {zh: 费用}",
            "past: true, label: {zh: 费用}",
            "16: only a date can be past ()",
        ),
        ("retention:", "retension:", '11: unknown key "retension" (did you mean "retention"?)'),
        ("[from_on, to_on]", "[from_on, too]", '7: there is no column "too" (did you mean "to_on"'),
        ("[from_on, to_on]", "[from_on]", '7: "state"'),
        ("{state: [from_on, to_on]}", "{series: from_on}", '7: "from_on" is a date, not a month'),
        ("{state: [from_on, to_on]}", "{}", "7: time is one of event, state and series"),
        ("identifier: resident_id", "identifier: uscc", '6: "uscc" does not tell one resident'),
        ("3 months", "90", '10: "90" is not a span of time'),
        (
            "unique: [from_on]",
            "unique: [form_on]",
            '12: there is no column "form_on" (did you mean',
        ),
        ("complete: 体育局全量库", "complete:", '8: "complete" names nobody'),
        ("unit: 万元, ", "unit: 万, ", '16: "万" is not a value of "unit"'),
        ("type: date, label: {zh: 止}", "type: date, unit: 元, label: {zh: 止}", "15: only money"),
        ("type: code, values", "type: text, values", "17: only a code has a list of values"),
        ("values: [big, small]", "values: [big, big]", "17: a value stands twice"),
        ("at_least: 0", "at_least: 2万", "16: lies below at_least"),
        ("fee:", "id_number:", '16: "id_number" is the key'),
        ("fee:", "Fee:", '16: "Fee" is not a name'),
        ("of: resident", "of: residents", '5: "residents" is not a value of "of"'),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(tmp_path, old, new, said):
    assert GOOD.count(old) == 1
    problems = refused(tmp_path, GOOD.replace(old, new))
    assert any(said in problem for problem in problems), problems


def test_all_problems_of_all_files_are_told_at_once(tmp_path):
    other = GOOD.replace("swimming-lessons", "diving-lessons")
    problems = refused(
        tmp_path,
        GOOD.replace("refresh: monthly\n", "").replace("type: money", "type: coins"),
        other.replace("basis: 体育法\n", ""),
    )
    assert len(problems) == 3


def test_two_datasets_of_one_name_and_two_registers_of_one_kind_are_refused(tmp_path):
    register = GOOD.replace("unique: [from_on]", "unique: []\nregister: true")
    other = register.replace("swimming-lessons", "diving-lessons")
    assert 'dataset "swimming-lessons" is declared twice' in refused(tmp_path, GOOD, GOOD)[0]
    assert "already is the register of kind resident" in refused(tmp_path, register, other)[0]
