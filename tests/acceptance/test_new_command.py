"""`zhida new policy`: whatever is answered, `check` takes the file, or none is written."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from console.cli import app
from console.errors import ConsoleError, NothingThere, WouldOverwrite
from console.new_file import find_schema
from console.questions import read_region
from console.suggesting import read_condition, start_of
from engine.examples import run_examples
from policies.load import load_policies
from policies.new_policy import quote
from policies.policy import Policy
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.fact_search import find_facts
from profiles.vocabulary_load import builtin_vocabulary
from tests.unit.policies.test_schema import mistakes

OPTIONS = {
    "--id": "elder-allowance",
    "--title-zh": "高龄津贴",
    "--title-en": "Old-age allowance",
    "--audience": "resident",
    "--authority": "示范市民政局",
    "--region": "示范市",
    "--document": "示范市高龄津贴发放办法",
    "--number": "示民发〔2025〕1号",
    "--from": "2025-01-01",
    "--amount": "100",
    "--per": "month",
    "--when": "age >= 80",
    "--says": "年满80周岁",
}
FRAME = """\
policy: shared
kind: frame
version: 2025.1
title: {zh: 示范补贴, en: Shared}
audience: resident
basis: [{document: 示范办法, number: 示发〔2025〕1号}]
parameters:
  one: {label: 标准, local: {required: true, at_most: 500}}
  table: {label: 加发, by: age, local: {required: true, at_least: 0}}
  free: {label: 比例, value: 2, source: 办法, local: {may: true}}
facts:
  months: {label: 月数, type: integer, local: {required: true}}
clauses:
  - {id: resident-there, local: {required: true}}
  - {id: long, says: 满12个月, source: 办法 二, when: months >= 12}
benefit: {local: {amount: {required: true}, unit: {may: true}}}
"""


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return builtin_vocabulary(builtin_datasets())


def new(*arguments: str | Path, options: dict[str, str] | None = None, typed: str = "") -> Result:
    told = [part for pair in (options or {}).items() for part in pair]
    return CliRunner().invoke(app, ["new", "policy", *map(str, arguments), *told], input=typed)


def loaded(path: Path, words: Vocabulary, *beside: Path) -> Policy:
    found = load_policies([path, *beside], words).policies
    (policy,) = [policy for policy in found if policy.file == str(path)]
    assert [r.differences for r in run_examples(policy, words) if not r.passed] == []
    return policy


# from options


def test_a_policy_from_options_is_taken_by_check_and_says_what_was_given(
    tmp_path: Path, words: Vocabulary
) -> None:
    path = tmp_path / "p.yaml"
    done = new(path, "--no-input", options=OPTIONS)
    assert done.exit_code == 0, done.output
    policy = loaded(path, words)
    assert (policy.id, policy.title_zh, policy.title_en, policy.audience, policy.per) == (
        "elder-allowance", "高龄津贴", "Old-age allowance", "resident", "month",
    )  # fmt: skip
    assert policy.region is not None
    assert (policy.level, policy.region.within) == ("city", ("9901",))
    assert (policy.basis[0].document, policy.basis[0].number) == (
        OPTIONS["--document"], OPTIONS["--number"],
    )  # fmt: skip
    (clause,) = policy.clauses
    assert clause.says == "年满80周岁"
    assert "no-source" in done.stderr  # what is left
    assert mistakes("policy", path.read_text(encoding="utf-8")) == []


def test_without_a_condition_the_office_judges_so_nobody_is_eligible(
    tmp_path: Path, words: Vocabulary
) -> None:
    path = tmp_path / "p.yaml"
    options = {key: value for key, value in OPTIONS.items() if key not in ("--when", "--says")}
    assert new(path, "--no-input", options=options).exit_code == 0
    policy = loaded(path, words)
    assert [example.verdict for example in policy.examples] == ["unknown"]


def test_all_that_is_missing_is_told_together_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    done = new(path, "--no-input")
    assert done.exit_code == 2
    for option in ("--id", "--title-zh", "--authority", "--document", "--from", "--audience",
                   "--amount"):  # fmt: skip
        assert option in done.stderr
    assert not path.exists()


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--id", "Elder Allowance", "a-z"),
        ("--title-zh", " ", "must not be empty"),
        ("--audience", "firm", "enterprise"),
        ("--level", "City", "province"),
        ("--region", "鼓楼区", "350102"),
        ("--region", "123456", "GB/T"),
        ("--from", "2024-02-30", "2025-01-01"),
        ("--per", "decade", "quarter"),
        ("--kind", "money", "cash"),
        ("--when", "agee >= 80", "age >= 1"),
        ("--when", "age", "a condition is yes or no"),
        ("--when", "周岁", "age >= 1"),
        ("--when", "ent_size == \"small\"", "no condition"),
        ("--say", "a=1", "--implements"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_told_with_what_to_do(
    tmp_path: Path, option: str, value: str, told: str
) -> None:
    path = tmp_path / "p.yaml"
    done = new(path, "--no-input", options={**OPTIONS, option: value})
    assert done.exit_code == 2
    assert told in re.sub(r"[│\s]+", " ", done.stderr)
    assert not path.exists()


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--amount", "agee * 2", "unknown"),
        ("--amount", "1:0:0", ""),
        ("--when", "1 > 0", "unknown"),
    ],
)
def test_what_check_would_refuse_is_not_written(
    tmp_path: Path, option: str, value: str, told: str
) -> None:
    path = tmp_path / "p.yaml"
    done = new(path, "--no-input", options={**OPTIONS, option: value})
    assert isinstance(done.exception, ConsoleError)
    assert told in str(done.exception)
    assert not path.exists()


def test_a_file_that_stands_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("mine", encoding="utf-8")
    done = new(path, "--no-input", options=OPTIONS)
    assert isinstance(done.exception, WouldOverwrite)
    assert path.read_text(encoding="utf-8") == "mine"


SIGNS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("#:,[]{}'\"!&*-?%@`|>\\"),
    min_size=1,
    max_size=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(SIGNS)
def test_any_text_is_quoted_so_that_it_reads_as_it_was_typed(text: str) -> None:
    for around in ("{0}", "{{a: {0}, b: c}}", "[{0}, d]"):
        written = "x: " + around.format(quote(text))
        read = yaml.load(written, Loader=yaml.BaseLoader)["x"]
        read = read["a"] if isinstance(read, dict) else read
        assert (read[0] if isinstance(read, list) else read) == text


# answers that are typed


def test_questions_are_asked_again_until_they_are_answered(
    tmp_path: Path, words: Vocabulary
) -> None:
    path = tmp_path / "p.yaml"
    typed = [
        "稳岗", "stay-on", "稳岗: 补贴", "", "示范市人社局", "鼓楼区", "福州市鼓楼区", "", "办法",
        "", "2025-13-01", "2025-01-01", "firm", "enterprise", "", "", "1万", "失信",
        "not credit_serious_dishonest", "非失信",
    ]  # fmt: skip
    done = new(path, typed="".join(f"{line}\n" for line in typed))
    assert done.exit_code == 0, done.output
    policy = loaded(path, words)
    assert (policy.id, policy.title_zh, policy.level) == ("stay-on", "稳岗: 补贴", "county")
    assert policy.region is not None
    assert policy.region.within == ("350102",)
    assert "350102 福建省福州市鼓楼区" in done.stderr
    assert "credit_serious_dishonest（严重失信主体名单" in done.stderr


def test_facts_of_a_vocabulary_may_be_used(tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text(
        "facts: {works_shifts: {of: resident, label: {zh: 轮班工作, en: Shifts}, type: boolean}}",
        encoding="utf-8",
    )
    path = tmp_path / "p.yaml"
    options = {**OPTIONS, "--when": "works_shifts", "--vocabulary": str(facts)}
    done = new(path, "--no-input", options=options)
    assert done.exit_code == 0, done.output
    assert f"zhida check {path} --vocabulary {facts}" in done.stderr.replace("\n", "")


def test_an_end_of_answers_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    done = new(path, typed="stay-on\n")
    assert done.exit_code == 1
    assert not path.exists()


# implementing a frame


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    path = tmp_path / "frame.yaml"
    path.write_text(FRAME, encoding="utf-8")
    return path


OF_FRAME = ("--title-zh", "--title-en", "--audience", "--amount", "--per", "--when", "--says")
HEAD = {key: value for key, value in OPTIONS.items() if key not in OF_FRAME}


def test_what_a_frame_leaves_is_told_with_its_bounds(tmp_path: Path, frame: Path) -> None:
    path = tmp_path / "p.yaml"
    done = new(path, "--no-input", "--implements", "shared", "-p", frame, options=HEAD)
    assert done.exit_code == 2
    told = re.sub(r"[│\s]+", "", done.stderr)
    assert "--sayone=…one（标准，≤500）" in told
    assert "--saytable=…table（加发，按byage，≥0）" in told
    assert "months" not in told  # something can stand in for these
    assert not path.exists()


def test_an_implementation_says_what_must_be_said(
    tmp_path: Path, frame: Path, words: Vocabulary
) -> None:
    path = tmp_path / "p.yaml"
    done = new(
        path, "--no-input", "--implements", "shared", "-p", frame,
        "--say", "one=300", "--say", "table={under 80: 0, else: 50}",
        "--say", "amount=[one, {plus: table}]",
        options=HEAD,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    policy = loaded(path, words, frame)
    assert policy.title_zh == "示范补贴"
    assert policy.frame is not None
    assert ("parameters", "one") in policy.frame.replaced
    text = path.read_text(encoding="utf-8")
    assert "# free: 可另行规定" in text
    assert mistakes("policy", text) == []
    assert f"zhida check {path} {frame}" in done.stderr.replace("\n", "")


def test_every_gap_but_numbers_has_something_that_stands_in(
    tmp_path: Path, frame: Path, words: Vocabulary
) -> None:
    path = tmp_path / "p.yaml"
    done = new(path, "--no-input", "--implements", "shared@2025.1", "-p", frame,
               "--say", "one=300", "--say", "table={else: 50}", options=HEAD)  # fmt: skip
    assert done.exit_code == 0, done.output
    loaded(path, words, frame)


@pytest.mark.parametrize(
    ("say", "told"),
    [("one=501", "501"), ("two=1", "one"), ("one", "one")],
)
def test_what_a_frame_does_not_allow_is_told(
    tmp_path: Path, frame: Path, say: str, told: str
) -> None:
    path = tmp_path / "p.yaml"
    done = new(path, "--no-input", "--implements", "shared", "-p", frame, "--say", say,
               "--say", "table={else: 50}", options=HEAD)  # fmt: skip
    assert done.exit_code in (1, 2)
    assert told in str(done.exception) + done.stderr
    assert not path.exists()


def test_a_frame_that_nobody_knows_is_told_with_the_nearest(tmp_path: Path) -> None:
    done = new(tmp_path / "p.yaml", "--no-input", "--implements", "job-retention-refunds")
    assert isinstance(done.exception, NothingThere)
    assert "job-retention-refund" in str(done.exception)


# its parts


def test_the_schema_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    assert find_schema(tmp_path / "a" / "p.yaml") == "./schemas/policy.schema.json"
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "policy.schema.json").write_text("{}")
    assert find_schema(tmp_path / "p.yaml") == "schemas/policy.schema.json"
    assert find_schema(tmp_path / "a" / "b" / "p.yaml") == "../../schemas/policy.schema.json"


@pytest.mark.parametrize(
    ("searched", "audience", "first"),
    [("年龄", "resident", "age"), ("特困", "resident", "tekun"), ("tekun", "resident", "tekun"),
     ("date of birth", "resident", "birth_date"), ("划型", "enterprise", "ent_size"),
     ("SIZE class", "enterprise", "ent_size")],
)  # fmt: skip
def test_a_fact_is_found_by_chinese_and_english_words(
    words: Vocabulary, searched: str, audience: str, first: str
) -> None:
    assert find_facts(searched, words, audience)[0].name == first


def test_facts_of_others_and_nonsense_are_not_found(words: Vocabulary) -> None:
    assert find_facts("划型", words, "resident") == []
    assert find_facts(" ，", words, "resident") == []
    assert find_facts("qqqq", words, "resident") == []


def test_what_is_proposed_for_a_fact_is_a_condition(words: Vocabulary) -> None:
    facts = [fact for fact in words.facts.values() if "::" not in fact.name and fact.of != "region"]
    assert len(facts) > 100
    for fact in facts:
        proposed = start_of(fact)
        assert read_condition(proposed, words, fact.of) == proposed


@pytest.mark.parametrize(
    ("text", "code"),
    [("", ""), ("990100", "990100"), ("成都", "510100"), ("广东省", "440000"),
     ("福州市鼓楼区", "350102"), ("350102001", "350102001")],
)  # fmt: skip
def test_a_region_is_read_from_its_name_or_code(text: str, code: str) -> None:
    assert read_region(text) == code
