"""Tables and parameters: what a key means, which row wins, and which value is in force."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from engine.by_hand import evaluate_subjects
from engine.program import bind, compile_policies
from language.errors import FilesRefused
from language.expression import Name
from language.reference import Facts, evaluate
from policies.cell import parse_range, region_prefix
from policies.period import Per, parse_period, period_of
from profiles.hand import Subject
from tests.support.policy_texts import load_one, load_text, vocabulary

USED = "clauses: [{id: a, says: 一, source: 一, when: not is_zombie}]\nbenefit: {amount: t}\n"
CLAUSE = """
clauses: [{id: a, says: 一, source: 一, when: $has(t)}]
benefit: {amount: t}
"""


def value_of(folder: Path, table: str, facts: Facts, day: date = date(2025, 1, 1)) -> object:
    """The value of the parameter `t` for a subject, by the reference."""
    policy = load_one(folder, f"parameters:\n  t: {table}\n{CLAUSE}")
    bound = bind(policy, vocabulary(), day)
    return evaluate(Name(name="t"), bound.scope, facts).value


def verdict_of(folder: Path, table: str, given: Mapping[str, object]) -> tuple[str, int | None]:
    """What comes out for a subject given by hand, by columns where nothing is missing."""
    policy = load_one(folder, f"parameters:\n  t: {table}\n{CLAUSE}")
    subject = Subject(line=1, subject="a", audience="enterprise", as_of=None, facts=given)
    (result,), troubles = evaluate_subjects(
        compile_policies([policy], vocabulary()), [subject], date(2025, 1, 1)
    )
    assert troubles == []
    return result.verdict, result.amount_fen


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("up to 30", ["30", "29.99", "-5"], ["30.01"]),
        ("under 30", ["29.99"], ["30"]),
        ("over 30", ["30.01"], ["30"]),
        ("from 30", ["30"], ["29.99"]),
        ("70 to 79", ["70", "79", "79.0"], ["69.99", "79.01"]),
        ("from 1000万 under 5000万", ["10000000", "49999999.99"], ["9999999.99", "50000000"]),
        ("over 5.5% up to 20%", ["0.0551", "0.2"], ["0.055", "0.2001"]),
        ("from  1   up to  2", ["1", "2"], ["0", "3"]),
        ("-5 to -1", ["-5", "-1"], ["0", "-6"]),
    ],
)
def test_a_range_includes_what_the_laws_words_include(
    text: str, inside: list[str], outside: list[str]
) -> None:
    found = parse_range(text)
    assert found is not None

    def holds(value: Fraction) -> bool:
        above = (
            found.low is None or value > found.low or (found.low_included and value == found.low)
        )
        return above and (
            found.high is None
            or value < found.high
            or (found.high_included and value == found.high)
        )

    assert all(holds(Fraction(value)) for value in inside)
    assert not any(holds(Fraction(value)) for value in outside)


@pytest.mark.parametrize("text", ["", "30", "large", "beyond 5", "over", "up to", "over 1 from 2"])
def test_other_words_are_no_range(text: str) -> None:
    assert parse_range(text) is None


@pytest.mark.parametrize("text", ["10 to 5", "from 10 up to 9", "over x", "up to 1e5"])
def test_a_range_that_cannot_be_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_range(text)


@pytest.mark.parametrize(
    ("code", "prefix"),
    [("440000", "44"), ("440100", "4401"), ("440103", "440103"), ("000000", ""),
     ("110000", "11"), ("513422", "513422"), ("441900", "4419"), ("500000", "50")],
)  # fmt: skip
def test_a_region_code_covers_all_below_it(code: str, prefix: str) -> None:
    assert region_prefix(code) == prefix


INDUSTRY = "{by: gbt4754_code, system: GB/T 4754-2017, source: 一, rows: {"


@pytest.mark.parametrize(
    ("rows", "code", "wanted"),
    [
        ("C: 1, C35: 2, C3512: 3", "C3512", 3),
        ("C: 1, C35: 2, C3512: 3", "C3511", 2),
        ("C: 1, C35: 2, C3512: 3", "C3011", 1),
        ("C: 1, C35: 2, C3512: 3", "F5111", None),
        ("C3512: 3, C: 1", "C3512", 3),
        ("'G, K7010': 1, G5: 2", "G5111", 2),
        ("'G, K7010': 1, G5: 2", "K7010", 1),
        ("'G, K7010': 1, G5: 2", "G6010", 1),
        ("C: 1, else: 9", "F5111", 9),
        ("C: 1, else: unknown", "F5111", None),
        ("any: 4", "F5111", 4),
    ],
)
def test_of_codes_with_levels_the_most_specific_row_wins(
    tmp_path: Path, rows: str, code: str, wanted: int | None
) -> None:
    table = f"{INDUSTRY}{rows}}}}}"
    assert value_of(tmp_path, table, {"gbt4754_code": code}) == wanted
    if wanted is not None:
        assert verdict_of(tmp_path, table, {"gbt4754_code": code}) == ("eligible", wanted * 100)


def test_a_missing_key_is_unknown_but_for_any_alone(tmp_path: Path) -> None:
    assert verdict_of(tmp_path, f"{INDUSTRY}C: 1}}}}", {}) == ("unknown", None)
    assert verdict_of(tmp_path, f"{INDUSTRY}C: 1, else: 2}}}}", {}) == ("unknown", None)
    assert verdict_of(tmp_path, f"{INDUSTRY}any: 3}}}}", {}) == ("eligible", 300)


def test_a_known_key_without_a_row_is_no_and_one_left_open_is_open(tmp_path: Path) -> None:
    given = {"gbt4754_code": "F5111"}
    assert verdict_of(tmp_path, f"{INDUSTRY}C: 1}}}}", given) == ("ineligible", None)
    assert verdict_of(tmp_path, f"{INDUSTRY}C: 1, else: unknown}}}}", given) == ("eligible", None)


def test_regions_are_named_or_coded_and_cover_what_is_below(tmp_path: Path) -> None:
    table = '{by: ent_region, source: 一, rows: {"440000": 1, "440300": 2, "990100": 3}}'
    for code, wanted in (("440100", 1), ("440305", 2), ("990103", 3), ("110105", None)):
        assert value_of(tmp_path, table, {"ent_region": code}) == wanted


def test_a_list_is_yes_or_no(tmp_path: Path) -> None:
    text = """
        parameters: {key: {by: gbt4754_code, source: 一, list: [C, F51]}}
        clauses: [{id: a, says: 一, source: 一, when: key}]
        benefit: {amount: 1}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2025, 1, 1))
    for code, wanted in (("C3512", True), ("F5111", True), ("F5211", False), (None, None)):
        value = evaluate(Name(name="key"), bound.scope, {"gbt4754_code": code})
        assert value.value is wanted


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("up to 30: 1, from 30: 2", 'rows "up to 30" and "from 30" both hold for 30'),
        ("1 to 5: 1, 3: 2", "both hold for 3"),
        ("over 0.1‰ under 0.2‰: 1, over 0.15‰ under 0.3‰: 2", "both hold"),
        ("over 1 under 2: 1, over 1 under 2.5: 2", "both hold"),
        ("any: 1, else: 2", '"any" stands alone'),
        ("any: 1, 5: 2", '"any" stands alone'),
        ("10 to 5: 1", "ends below its beginning"),
        ("many: 1", "is not a number"),
        ("up to 30: {a: 1}", "needs one value"),
        ("up to 30: many, over 30: 5", "of different kinds"),
    ],
)
def test_rows_that_do_not_fit_together_are_refused(tmp_path: Path, rows: str, words: str) -> None:
    with pytest.raises(FilesRefused, match=words):
        load_text(
            tmp_path, f"parameters:\n  t: {{by: staff_prev_year, rows: {{{rows}}}}}\n{CLAUSE}"
        )


@pytest.mark.parametrize(
    ("rows", "warned"),
    [
        ("up to 30: 1, over 31: 2", True),
        ("up to 30: 1, over 30: 2", False),
        ("under 30: 1, over 30: 2", True),
        ("under 30: 1, from 30: 2", False),
        ("0 to 9: 1, from 10: 2", True),
    ],
)
def test_a_gap_between_rows_is_warned_of(tmp_path: Path, rows: str, warned: bool) -> None:
    table = f"{{by: staff_prev_year, source: 一, rows: {{{rows}}}}}"
    warnings = load_text(tmp_path, f"parameters:\n  t: {table}\n{USED}").warnings
    assert any("has no row for" in str(warning) for warning in warnings) is warned


def test_a_gap_among_some_dated_values_says_of_which(tmp_path: Path) -> None:
    later = "{from: 2025-07-01, rows: {under 30: 1, from 40: 2}}"
    for first, told in (
        ("{else: 1}", ", among the values from 2025-07-01 ("),
        ("{under 30: 1}", " ("),
    ):
        table = (
            "{by: ui_insured_count, source: 一, values: "
            f"[{{from: 2020-01-01, rows: {first}}}, {later}]}}"
        )
        warnings = load_text(tmp_path, f"parameters:\n  t: {table}\n{USED}").warnings
        gaps = [str(warning) for warning in warnings if "has no row for" in str(warning)]
        assert [gap for gap in gaps if f"ui_insured_count 30{told}" in gap], gaps


@pytest.mark.parametrize(
    ("effective", "gaps"),
    [
        ("{from: 2025-01-01, to: 2025-06-30, at: day}", []),
        ("{from: 2025-01-01, to: 2025-09-30, at: day}", ["2025-07-01"]),
        ("{from: 2024-12-31, to: 2025-06-30, at: day}", ["2024-12-31"]),
        ("{from: 2025-01-01, to: 2025-06-30}", ["2024-12-31", "2025-07-01"]),
    ],
)
def test_days_on_which_the_policy_is_not_in_force_are_no_gaps(
    tmp_path: Path, effective: str, gaps: list[str]
) -> None:
    rows = "{2025-01-01 to 2025-06-30: 1, from 2026-01-01: 2}"
    text = (
        f"effective: {effective}\nfacts: {{day: {{type: date}}}}\n"
        f"parameters:\n  t: {{by: day, source: 一, rows: {rows}}}\n{USED}"
    )
    warnings = [str(warning) for warning in load_text(tmp_path, text).warnings]
    found = [w.split("for day ")[1][:10] for w in warnings if "has no row for" in w]
    assert found == gaps


def test_neighbouring_whole_numbers_leave_no_gap(tmp_path: Path) -> None:
    table = "{by: ui_insured_count, source: 一, rows: {0 to 79: 1, from 80: 2}}"
    warnings = load_text(tmp_path, f"parameters:\n  t: {table}\n{USED}").warnings
    assert not any("no row for" in str(warning) for warning in warnings)


DATED = """
    label: 标准
    values:
      - {from: 2020-01-01, value: 3%, source: 一}
      - {from: 2022-04-01, to: 2022-12-31, value: 0, source: 二}
      - {from: 2024-01-01, value: 1%, source: 三}
"""


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        (date(2019, 12, 31), None),
        (date(2020, 1, 1), "3/100"),
        (date(2022, 3, 31), "3/100"),
        (date(2022, 4, 1), "0"),
        (date(2022, 12, 31), "0"),
        (date(2023, 1, 1), "3/100"),
        (date(2023, 12, 31), "3/100"),
        (date(2024, 1, 1), "1/100"),
        (date(9999, 12, 31), "1/100"),
    ],
)
def test_a_temporary_value_falls_back_to_the_one_before(
    tmp_path: Path, day: date, wanted: str | None
) -> None:
    text = f"parameters:\n  t: {DATED}\nclauses: [{{id: a, says: 一, when: revenue * t > 1}}]\n"
    policy = load_one(tmp_path, text + "benefit: {amount: 1}\n")
    bound = bind(policy, vocabulary(), day)
    value = evaluate(Name(name="t"), bound.scope, {}).value
    assert (None if value is None else str(value)) == wanted


def test_a_subjects_own_day_chooses_the_value(tmp_path: Path) -> None:
    text = """
        parameters:
          t:
            at: registered_on
            values:
              - {from: 2020-01-01, value: 1, source: 一}
              - {from: 2024-01-01, value: 2, source: 二}
        clauses: [{id: a, says: 一, source: 一, when: t > 0}]
        benefit: {amount: t}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2025, 1, 1))
    for day, wanted in (
        (date(2019, 12, 31), None), (date(2020, 1, 1), 1), (date(2023, 12, 31), 1),
        (date(2024, 1, 1), 2), (None, None),
    ):  # fmt: skip
        assert evaluate(Name(name="t"), bound.scope, {"registered_on": day}).value == wanted


TIERS = "[{over: 0, up_to: 1亿, each: 1000万, gives: 1万}, {over: 1亿, rate: 0.5‰}]"


@pytest.mark.parametrize(
    ("revenue", "wanted"),
    [(0, 0), (9_999_999, 0), (10_000_000, 10_000), (19_999_999, 10_000), (100_000_000, 100_000),
     (120_000_000, 110_000), (-5, 0)],
)  # fmt: skip
def test_tiers_add_up(tmp_path: Path, revenue: int, wanted: int) -> None:
    text = f"""
        parameters: {{t: {{by: revenue, source: 一, tiers: {TIERS}}}}}
        clauses: [{{id: a, says: 一, source: 一, when: t >= 0}}]
        benefit: {{amount: t}}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2025, 1, 1))
    assert evaluate(Name(name="t"), bound.scope, {"revenue": Fraction(revenue)}).value == wanted


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024H1", date(2024, 1, 1), date(2024, 6, 30)),
        ("2024H2", date(2024, 7, 1), date(2024, 12, 31)),
        ("2024Q1", date(2024, 1, 1), date(2024, 3, 31)),
        ("2024Q4", date(2024, 10, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2024-12", date(2024, 12, 1), date(2024, 12, 31)),
    ],
)
def test_a_period_by_its_name(name: str, start: date, end: date) -> None:
    period = parse_period(name)
    assert (period.name, period.start, period.end) == (name, start, end)


@pytest.mark.parametrize(
    "name",
    ["2024-13", "2024-00", "2024Q5", "2024Q0", "2024H3", "24", "2024-1", "this", "0000", "0000-01",
     "２０２４", "2024-2-1", ""],
)  # fmt: skip
def test_what_is_no_period_is_told(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_period(name)


@pytest.mark.parametrize(
    ("per", "which", "day", "name"),
    [
        ("month", "this", date(2025, 1, 31), "2025-01"),
        ("month", "last", date(2025, 1, 31), "2024-12"),
        ("quarter", "this", date(2025, 4, 1), "2025Q2"),
        ("quarter", "last", date(2025, 3, 31), "2024Q4"),
        ("half", "last", date(2025, 7, 1), "2025H1"),
        ("half", "this", date(2025, 6, 30), "2025H1"),
        ("year", "last", date(2024, 2, 29), "2023"),
        ("year", "2022", date(2024, 2, 29), "2022"),
        ("once", "this", date(2024, 2, 29), "once"),
    ],
)
def test_the_period_of_a_run(per: str, which: str, day: date, name: str) -> None:
    assert period_of(per, which, day, date(2020, 1, 1), None).name == name  # type: ignore[arg-type]


def test_every_day_lies_in_its_own_period_and_after_the_last() -> None:
    pers: tuple[Per, ...] = ("year", "half", "quarter", "month")
    for ordinal in range(date(2023, 12, 1).toordinal(), date(2025, 2, 1).toordinal()):
        day = date.fromordinal(ordinal)
        for per in pers:
            this = period_of(per, "this", day, day, None)
            last = period_of(per, "last", day, day, None)
            assert this.start <= day <= this.end
            assert (this.start - last.end).days == 1
            assert parse_period(this.name) == this


MANY_ROWS = "{" + ", ".join(f"{number}: 1" for number in range(5000)) + "}"
CODES = [
    '"' + ", ".join(f"C{number}" for number in range(start, start + 100)) + '"'
    for start in (1000, 1100, 1200)
]
BY_CODES = "{" + ", ".join(f"{inner}: 1" for inner in CODES) + "}"
MANY_CODES = "{" + ", ".join(f"{key}: {BY_CODES}" for key in CODES) + "}"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (f"{{by: ui_paid_months, source: 一, rows: {MANY_ROWS}}}", "more than 2,000 rows"),
        (
            f"{{by: [gbt4754_code, gbt4754_code], source: 一, rows: {MANY_CODES}}}",
            "more than 20,000 codes",
        ),
    ],
)
def test_a_table_too_large_to_compare_is_refused(table: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(FilesRefused, match=words):
        load_text(tmp_path, f"parameters:\n  t: {table}\n{USED}")


@pytest.mark.parametrize("link", ["{0} + {0}", "{0} * {0}", "{0} > 1 ? {0} : {0} + 1"])
def test_facts_that_use_each_other_twice_are_looked_through_once_each(
    link: str, tmp_path: Path
) -> None:
    """Forty of them, of which the last stands for a million million of the first."""
    facts = "".join(
        f"  f{number + 1}: {{says: x, is: '{link.format(f'f{number}')}'}}\n" for number in range(40)
    )
    loaded = load_text(
        tmp_path,
        f"facts:\n  f0: {{says: x, is: ui_paid_months * 1}}\n{facts}"
        "clauses: [{id: a, says: 一, when: f40 >= 1}]\nbenefit: {amount: 1}\n",
    )
    assert len(loaded.policies) == 1


def test_of_very_many_unknown_keys_the_first_are_told(tmp_path: Path) -> None:
    keys = "".join(f"key{number}: x\n" for number in range(20_000))
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, keys)
    assert len(refused.value.problems) == 201
