"""What a policy file may not say: every refusal names its place, what is wrong and what to do."""

import re
from pathlib import Path

import pytest

from language.errors import FilesRefused, Problem
from policies.errors import NothingToLoad
from policies.load import load_policies
from tests.support.policy_texts import HEAD, load_text, vocabulary, write_policies

CLAUSE = "clauses: [{id: a, says: 一, source: 一, when: is_zombie}]\n"
BENEFIT = "benefit: {kind: cash, amount: 1}\n"
HEAD_LINES = HEAD.count("\n")


def problems_of(folder: Path, text: str) -> list[Problem]:
    with pytest.raises(FilesRefused) as refused:
        load_text(folder, text)
    return refused.value.problems


def the_problem(folder: Path, text: str) -> Problem:
    found = problems_of(folder, text)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


REFUSED = {
    # keys and shapes
    "a value that ends before it begins": (
        "parameters: {p: {values: [{from: 2025-05-01, to: 2025-04-30, value: 1, source: 一}]}}\n"
        f"{CLAUSE}benefit: {{kind: cash, amount: p}}\n",
        "ends before it begins",
    ),
    "a region of none": (f"{CLAUSE}{BENEFIT}region: {{in: []}}\n", "the policy holds nowhere"),
    "a fact named subject": (
        f"facts: {{subject: {{label: x, type: integer}}}}\n{CLAUSE}{BENEFIT}",
        '"subject" is no name for a fact',
    ),
    "unknown key": (f"{CLAUSE}{BENEFIT}clause: x\n", 'unknown key "clause"'),
    "unknown key in a clause": ("clauses: [{id: a, wen: is_zombie}]\n" + BENEFIT, '"wen"'),
    "no benefit": (CLAUSE, 'key "benefit" is missing'),
    "no clauses": (BENEFIT, "neither clauses nor portions"),
    "clauses as text": ("clauses: is_zombie\n" + BENEFIT, "must be a list"),
    "a value that is none of the list": (f"{CLAUSE}benefit: {{kind: gift, amount: 1}}\n", '"gift"'),
    "per each": (f"{CLAUSE}{BENEFIT}per: {{each: child}}\n", '"child"'),
    # dates
    "no such day": (f"{CLAUSE}{BENEFIT}effective: {{from: 2024-02-30}}\n", "is not a day"),
    "an end before the beginning": (
        f"{CLAUSE}{BENEFIT}effective: {{from: 2024-05-01, to: 2024-04-30}}\n",
        "ends before it begins",
    ),
    "a window's end": (
        f"{CLAUSE}{BENEFIT}window: {{from: 2024-05-01, to: 2024-04-30}}\n",
        "ends before it begins",
    ),
    "a window at a fact": (f"{CLAUSE}{BENEFIT}window: {{at: registered_on}}\n", "not to window"),
    "effective at no date": (f"{CLAUSE}{BENEFIT}effective: {{at: revenue}}\n", "no date fact"),
    "effective at Chinese": (f"{CLAUSE}{BENEFIT}effective: {{at: 日期}}\n", "no date fact"),
    "effective at a word": (f"{CLAUSE}{BENEFIT}effective: {{at: in}}\n", "no date fact"),
    "the last of once": (f"{CLAUSE}{BENEFIT}per: once\nperiod: last\n", "has no last period"),
    "no period": (f"{CLAUSE}{BENEFIT}period: someday\n", "is not a period"),
    "a period of another length": (f"{CLAUSE}{BENEFIT}per: month\nperiod: 2024\n", "not a period"),
    # region
    "no such region": (f"{CLAUSE}{BENEFIT}region: 亚特兰蒂斯\n", "is no region"),
    "a region of Chinese": (
        f"{CLAUSE}{BENEFIT}region: {{of: 地区, in: ['440000']}}\n", "no region fact",
    ),
    "a region of a number": (
        f"{CLAUSE}{BENEFIT}region: {{of: revenue, in: ['440000']}}\n", "no region",
    ),
    # clauses
    "two forms": ("clauses: [{id: a, when: is_zombie, judged_by: 局}]\n" + BENEFIT, "needs one of"),
    "no form": ("clauses: [{id: a}]\n" + BENEFIT, "needs one of"),
    "an empty group": ("clauses: [{id: a, any: []}]\n" + BENEFIT, "has no members"),
    "not_yet on a group": (
        "clauses: [{id: a, not_yet: 'true', any: [{id: b, when: is_zombie}]}]\n" + BENEFIT,
        '"not_yet" belongs to a leaf',
    ),
    "not_yet of something else": (
        "clauses: [{id: a, not_yet: NO, when: is_zombie}]\n" + BENEFIT,
        '"not_yet" is true or false',
    ),
    "an id twice": (
        "clauses: [{id: a, when: is_zombie}, {id: a, when: is_zombie}]\n" + BENEFIT,
        'clause id "a" is taken',
    ),
    "an id of the scope": ("clauses: [{id: region, when: is_zombie}]\n" + BENEFIT, "is taken"),
    "a portion's id": (
        CLAUSE + "benefit: {portions: [{id: a, amount: 1}]}\n", 'id "a" is taken',
    ),
    "a number for a condition": ("clauses: [{id: a, when: revenue}]\n" + BENEFIT, "here stands"),
    "an unknown fact": (
        "clauses: [{id: a, when: revenu > 1}]\n" + BENEFIT, 'unknown fact "revenu"',
    ),
    "a resident's fact": ("clauses: [{id: a, when: age > 1}]\n" + BENEFIT, 'unknown fact "age"'),
    "a code that never is": (
        "clauses: [{id: a, when: 'ent_size == \"smal\"'}]\n" + BENEFIT, 'never "smal"',
    ),
    "a default in a clause": (
        "clauses: [{id: a, when: '(is_zombie ?? false)'}]\n" + BENEFIT, r"is not allowed",
    ),
    "a default behind a clause": (
        "facts: {n: {is: 'revenue ?? 0'}}\nclauses: [{id: a, when: n < 5}]\n" + BENEFIT,
        r"\?\?",
    ),
    "a default in a choice": (
        "facts: {n: {choose: [{when: '(is_zombie ?? false)', value: 1}, {value: 2}]}}\n"
        "clauses: [{id: a, when: n < 5}]\n" + BENEFIT,
        r"\?\?",
    ),
    # names
    "a fact called as_of": (
        "facts: {as_of: {type: date}}\n" + CLAUSE + BENEFIT, "a date of the run",
    ),
    "a fact in Chinese": ("facts: {人数: {type: integer}}\n" + CLAUSE + BENEFIT, "is no name"),
    "a parameter in Chinese": (
        "parameters: {比例: {value: 1}}\n" + CLAUSE + BENEFIT, "is no name",
    ),
    "a fact called in": ("facts: {in: {is: revenue + 1}}\n" + CLAUSE + BENEFIT, '"in"'),
    "a fact called true": ('facts: {"true": {type: number}}\n' + CLAUSE + BENEFIT, '"true"'),
    "a parameter called null": ('parameters: {"null": {value: 1}}\n' + CLAUSE + BENEFIT, '"null"'),
    "a parameter and a fact": (
        "facts: {x: {type: number}}\nparameters: {x: {value: 1}}\n" + CLAUSE + BENEFIT,
        "a parameter and a fact",
    ),
    "a circle": (
        "facts: {x: {is: y + 1}, y: {is: x + 1}}\nclauses: [{id: a, when: x > 1}]\n" + BENEFIT,
        "in a circle",
    ),
    "a parameter at an unknown day": (
        "parameters: {x: {at: signed_on, source: 一, values: [{from: 2025-01-01, value: 1}]}}\n"
        + CLAUSE
        + BENEFIT,
        'unknown fact "signed_on"',
    ),
    "a fact without a type": ("facts: {x: {says: 一}}\n" + CLAUSE + BENEFIT, "has no type"),
    "a measure of others": (
        "facts: {x: {from: employee-insurance, count: rows}}\n" + CLAUSE + BENEFIT,
        "holds rows of resident",
    ),
    "another type than its value": (
        "facts: {x: {type: date, is: revenue + 1}}\n"
        "clauses: [{id: a, when: x > as_of}]\n" + BENEFIT,
        "is declared date",
    ),
    # parameters
    "no value": ("parameters: {x: {by: revenue}}\n" + CLAUSE + BENEFIT, "needs one of value"),
    "value and rows": (
        "parameters: {x: {by: revenue, value: 1, rows: {up to 5: 1}}}\n" + CLAUSE + BENEFIT,
        "exactly one of",
    ),
    "rows without by": ("parameters: {x: {rows: {a: 1}}}\n" + CLAUSE + BENEFIT, 'needs "by:"'),
    "by an unknown fact": (
        "parameters: {x: {by: revenu, rows: {up to 5: 1}}}\n" + CLAUSE + BENEFIT,
        'unknown fact "revenu"',
    ),
    "two values of one day": (
        "parameters: {x: {values: [{from: 2024-01-01, value: 1}, {from: 2024-01-01, value: 2}]}}\n"
        + CLAUSE + BENEFIT,
        "two values from",
    ),
    "values of two kinds": (
        "parameters: {x: {values: [{from: 2024-01-01, value: 1}, "
        "{from: 2025-01-01, value: true}]}}\n"
        + CLAUSE + BENEFIT,
        "different kinds",
    ),
    "a key that never is": (
        "parameters: {x: {by: ent_size, rows: {huge: 1}}}\n" + CLAUSE + BENEFIT, 'never "huge"',
    ),
    "local": (
        "parameters: {x: {value: 1, local: {may: 'true'}}}\n" + CLAUSE + BENEFIT,
        '"local" belongs to a frame',
    ),
    "tiers by two": (
        "parameters: {x: {by: [revenue, rd_expense], tiers: [{over: 0, rate: 5%}]}}\n"
        + CLAUSE + BENEFIT,
        "by one fact",
    ),
    "a tier without a rate": (
        "parameters: {x: {by: revenue, tiers: [{over: 0}]}}\n" + CLAUSE + BENEFIT, "has a rate",
    ),
    # amounts
    "cash without an amount": (CLAUSE + "benefit: {kind: cash}\n", "neither an amount nor"),
    "no first step": (CLAUSE + "benefit: {amount: [{plus: 1}]}\n", "begins with an expression"),
    "two operations": (
        CLAUSE + "benefit: {amount: [1, {plus: 1, minus: 2}]}\n", "has one operation",
    ),
    "a rounding of no kind": (
        CLAUSE + "benefit: {amount: [1, {round: to 5}]}\n", "is no rounding",
    ),
    "a rounding to zero": (
        CLAUSE + "benefit: {amount: [1, {round: down to 0}]}\n", "is above zero",
    ),
    "a sum of portions without any": (
        CLAUSE + "benefit: {amount: sum_of_portions}\n", "needs portions",
    ),
    "an amount beside portions": (
        CLAUSE + "benefit: {portions: [{id: p, amount: 1}], amount: 5}\n", "begins with",
    ),
    "a sum of rows": (CLAUSE + "benefit: {amount: sum_of_rows}\n", "needs each"),
    "an amount that is yes or no": (CLAUSE + "benefit: {amount: is_zombie}\n", "here stands"),
    # delivery
    "direct with open conditions": (
        CLAUSE + BENEFIT + "delivery: direct\nnot_modelled: [{says: 一}]\n", "pays without asking",
    ),
    "a way that is none": (f"{CLAUSE}{BENEFIT}delivery: post\n", '"post" is not a value'),
    "a case by a way that is none": (
        f"{CLAUSE}{BENEFIT}delivery: [{{by: post}}]\n", '"post" is not a value of "by"',
    ),
    "a step with a slip": (
        CLAUSE + "benefit: {amount: [{first: 1}, {tims: 2}]}\n", 'unknown key "tims"',
    ),
    "a step that is a list": (CLAUSE + "benefit: {amount: [[1]]}\n", "must "),
    "a last case with a condition": (
        CLAUSE + BENEFIT + "delivery: [{when: is_zombie, by: invite}]\n", "every case but the last",
    ),
    # examples
    "an example without a day": (
        CLAUSE + BENEFIT + "examples: {cases: [{name: x, expect: {verdict: eligible}}]}\n",
        "has no day",
    ),
    "an example with an unknown fact": (
        CLAUSE + BENEFIT + "examples: {as_of: 2024-01-01, cases: [{name: x, given: {revenu: 1}, "
        "expect: {verdict: eligible}}]}\n",
        'unknown fact "revenu"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_a_policy_may_not_say_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    text, words = REFUSED[name]
    problems = problems_of(tmp_path, text)

    assert any(re.search(words, str(problem)) for problem in problems), problems
    for problem in problems:
        assert problem.file.endswith("written.yaml")
        assert problem.line >= 1
        assert problem.column >= 1


def test_all_problems_of_all_files_are_told_at_once_with_line_and_column(tmp_path: Path) -> None:
    paths = write_policies(
        tmp_path,
        {
            "first": (
                "effective: {from: 2024-02-30}\n"
                "clauses:\n"
                "  - {id: a, says: 一, when: revenu > 1}\n"
                "  - {id: b, says: 一, when: 'is_zombie and $years(registered_on) > 1'}\n"
                "benefit: {amount: 1}\n"
            ),
            "second": "clauses: [{id: a, when: is_zombie}]\nbenefit: {amount: 1}\nclauses: []\n",
            "third": "clauses: [{id: a, when: is_zombie}]\nbenefit: {amount: 1\n",
        },
    )
    with pytest.raises(FilesRefused) as refused:
        load_policies(paths, vocabulary())
    places = [(Path(p.file).stem, p.line, p.column) for p in refused.value.problems]
    assert places == [
        ("first", HEAD_LINES + 1, 19),
        ("first", HEAD_LINES + 3, 28),
        ("first", HEAD_LINES + 4, 43),
        ("second", HEAD_LINES + 3, 1),
        ("third", HEAD_LINES + 3, 1),
    ]
    assert 'did you mean "revenue"' in str(refused.value)


ROWS = (
    "rows:\n"
    "  loans:\n"
    "    columns:\n"
    "      lent: {type: money}\n"
    "      part: {is: lent / 2}\n"
    "facts: {lent_sum: {says: 一, from: loans, sum: lent}}\n"
    "each: {row: loans, clauses: [{id: a, says: 一, when: lent > 1}], amount: part}\n"
)


def test_rows_that_cannot_be_read_are_told_once(tmp_path: Path) -> None:
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, ROWS + "benefit: {amount: [sum_of_rows, {at_most: lent_sum}]}\n")
    assert [p.message for p in refused.value.problems] == ['column "part" has no type']


def test_a_mistake_elsewhere_does_not_make_rows_unknown(tmp_path: Path) -> None:
    text = ROWS.replace("{is:", "{type: money, is:") + BENEFIT + "back_pay: soon\n"
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, text)
    assert not [p for p in refused.value.problems if "loans" in p.message]


def test_a_policy_and_version_stand_in_one_file_only(tmp_path: Path) -> None:
    paths = write_policies(tmp_path, {"one": CLAUSE + BENEFIT})
    copy = tmp_path / "two.yaml"
    copy.write_bytes(paths[0].read_bytes())
    with pytest.raises(FilesRefused, match="is also in"):
        load_policies([tmp_path], vocabulary())


def test_two_versions_in_force_on_one_day_are_refused(tmp_path: Path) -> None:
    text = HEAD.format(name="one") + CLAUSE + BENEFIT
    (tmp_path / "a.yaml").write_text(text + "effective: {from: 2024-01-01, to: 2024-12-31}\n")
    later = text.replace("version: 1", "version: 2")
    for start, fits in (("2024-12-31", False), ("2025-01-01", True)):
        (tmp_path / "b.yaml").write_text(later + f"effective: {{from: {start}}}\n")
        if fits:
            assert len(load_policies([tmp_path], vocabulary()).policies) == 2
        else:
            with pytest.raises(FilesRefused, match="both in force on 2024-12-31"):
                load_policies([tmp_path], vocabulary())


def test_a_folder_without_policies_is_told(tmp_path: Path) -> None:
    with pytest.raises(NothingToLoad):
        load_policies([tmp_path], vocabulary())


def test_the_content_hash_ignores_comments_and_order_and_sees_every_value(tmp_path: Path) -> None:
    plain = load_text(tmp_path, CLAUSE + BENEFIT).policies[0]
    turned = load_text(tmp_path, f"# a remark\n{BENEFIT}\n{CLAUSE}").policies[0]
    other = load_text(tmp_path, CLAUSE + BENEFIT.replace("1", "2")).policies[0]
    assert plain.content_hash == turned.content_hash != other.content_hash


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ('ent_region == "深圳市"', 'is never "深圳市": it holds codes of GB/T 2260'),
        ('ent_region == "4403"', '$starts_with(ent_region, "4403")'),
        ('ent_region in ["440300", "厦门"]', 'is never "厦门"'),
        ('gbt4754_code != "制造业"', 'is never "制造业": it holds codes of GB/T 4754'),
        ('ent_region in ["440300", "350200"] or gbt4754_code == "C3512"', None),
    ],
)
def test_a_name_beside_a_fact_of_codes_is_refused_for_it_would_never_be_equal(
    tmp_path: Path, when: str, told: str | None
) -> None:
    text = f"clauses: [{{id: a, says: 一, source: 一, when: '{when}'}}]\n" + BENEFIT
    if told is None:
        load_text(tmp_path, text)
        return
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, text)
    assert told in str(refused.value)


def test_a_fact_of_another_kind_of_subject_is_told_as_that(tmp_path: Path) -> None:
    text = "facts: {twice: {is: 'age * 2'}}\nclauses: [{id: a, when: twice > 3}]\n"
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, text + BENEFIT)
    assert 'unknown fact "age"' in str(refused.value)
    assert "it is a fact of resident, the policy is for enterprise" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "parameters: {x: {by: $month(as_of), source: 一, rows: {1: 2, else: 3}}}\n"
            "clauses: [{id: a, when: x > 1}]\n" + BENEFIT,
            "a formula has a name here: declare it under facts: with is:",
        ),
        (
            CLAUSE + "benefit: {amount: 5, also: {rest: {label: 余额, amount: 9 - amount}}}\n",
            "what an award comes to has no name: write its steps once more",
        ),
    ],
)
def test_what_has_no_name_is_refused_with_what_to_write(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, text)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "per: {each: y}\nfacts: {y: {type: text, label: 季}}\n",
        "effective: {from: 2024-01-01, at: y}\n"
        "facts: {y: {is: '$add_months(z, 1)'}, z: {type: date, label: 日}}\n",
        "region: {of: y, in: ['440000']}\nfacts: {y: {type: code, system: GB/T 2260, label: 地}}\n",
    ],
)
def test_what_the_time_the_place_or_the_item_needs_counts_as_used(
    tmp_path: Path, text: str
) -> None:
    warnings = [str(w) for w in load_text(tmp_path, text + CLAUSE + BENEFIT).warnings]
    assert not any("never used" in warning for warning in warnings), warnings


def test_unknown_given_for_a_text_is_warned_of_for_there_it_is_a_word(tmp_path: Path) -> None:
    text = (
        "facts: {season: {label: 采暖季, type: text}, kind: {label: 类, type: code}}\n"
        "clauses: [{id: a, says: 一, source: 一, when: season == kind}]\n" + BENEFIT
    )
    for given, told in (("season: unknown", 1), ("season: null", 0), ("kind: unknown", 0)):
        cases = f"[{{name: x, given: {{{given}}}, expect: {{verdict: unknown}}}}]"
        examples = f"examples: {{as_of: 2024-01-01, cases: {cases}}}\n"
        warnings = [str(w) for w in load_text(tmp_path, text + examples).warnings]
        assert sum("write null where it is missing" in warning for warning in warnings) == told


def test_what_is_never_used_is_warned_of(tmp_path: Path) -> None:
    text = "parameters: {x: {value: 1, source: 一}}\nfacts: {y: {is: revenue + 1}}\n"
    warnings = [str(w) for w in load_text(tmp_path, text + CLAUSE + BENEFIT).warnings]
    assert any('parameter "x" is never used' in warning for warning in warnings)
    assert any('fact "y" is never used' in warning for warning in warnings)
    assert any("no examples" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("benefit: {amount: [100, {max: 500}]}\n", 'unknown key "max" (did you mean "at_most"?)'),
        ("benefit: {amount: 100}\nnot_modelled: [一]\n", '"entry 1 of not_modelled" must'),
        ("benefit: {amount: 100元/月}\n", "expressions have no units: write the plain number"),
        ("benefit: {amount: 500 - 10%}\n", "a share is written 0.055 here"),
        ("benefit: {amount: x}\nparameters: {x: {by: staff_prev_year, source: 一, "
         "rows: {80-89: 1}}}\n", "rows are 80, 80 to 89, from 90, under 30"),
    ],
)  # fmt: skip
def test_what_authors_try_is_refused_with_what_to_write(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, CLAUSE + text)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("ent_size is null", "write == null"),
        ("ui_paid_months between 1 and 2", "write a >= 60 and a <= 79"),
        ("founded_on > today", "the day of the run is as_of"),
        ('$starts_with(ent_region, "440300")', 'begins with "440300" (write "4403")'),
        ('$starts_with(ent_region, "深圳")', 'write its code, like "4403"'),
        ('$starts_with(ent_region, "4403") or $starts_with(ent_region, "44")', None),
        ('$starts_with(ent_region, "440305") or $starts_with(gbt4754_code, "C3500")', None),
    ],
)  # fmt: skip
def test_a_condition_that_authors_try_is_refused_with_what_to_write(
    tmp_path: Path, when: str, told: str | None
) -> None:
    text = (
        "facts: {founded_on: {label: 成立日期, type: date}}\n"
        f"clauses: [{{id: a, says: 一, source: 一, when: '{when}'}}]\n" + BENEFIT
    )
    if told is None:
        load_text(tmp_path, text)
        return
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, text)
    assert told in str(refused.value)
