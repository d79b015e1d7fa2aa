"""Conditions in words: every function and operator, brackets where they matter, units."""

from fractions import Fraction

import pytest

from engine.shown_value import mask, show_plain, show_value, unit_of
from engine.table_words import say_matcher, say_tier
from engine.wording import WORDED_FUNCTIONS, Wording
from language.definition import Anything, Beneath, Equal, Otherwise, Tier, Within
from language.functions import FUNCTIONS
from language.parse import parse
from language.types import FactType
from profiles.fact import Fact
from tests.support.policy_texts import vocabulary

FACTS = vocabulary().facts
ZH = Wording(
    language="zh",
    labels={name: fact.label_zh for name, fact in FACTS.items()} | {"as_of": "运行日"},
    facts=FACTS,
)
EN = Wording(
    language="en",
    labels={name: fact.label_en for name, fact in FACTS.items()} | {"as_of": "day of the run"},
    facts=FACTS,
)


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("revenue >= 20000000", "年度营业(销售)收入 ≥ 20,000,000.00元"),
        ("ui_paid_months < 6", "失业保险足额缴费月数 < 6个月"),
        ("not is_zombie", "僵尸企业：否"),
        ("is_zombie == true", "僵尸企业 = 是"),
        ('ent_size in ["small", "micro"]', "企业规模 属于 “small”、“micro”"),
        ('not (ent_size in ["small"])', "企业规模 不属于 “small”"),
        ("hnte_event == null", "高企认定事件 不适用"),
        ("hnte_event != null", "高企认定事件 适用"),
        (
            "is_zombie and (revenue > 1 or revenue < 0)",
            "僵尸企业：是 且 （年度营业(销售)收入 > 1.00元 或 年度营业(销售)收入 < 0.00元）",
        ),
        ("$years(birth_date, as_of) >= 80", "自出生日期至运行日的周年数 ≥ 80年"),
        ("birth_date >= $date(2022, 1, 1)", "出生日期 ≥ 2022年1月1日"),
        ("$add_months(birth_date, 36) > as_of", "出生日期之后36个月 > 运行日"),
        ("$add_months(as_of, -6) > birth_date", "运行日之前6个月 > 出生日期"),
        ("(revenue + 1) * 2 > 5", "（年度营业(销售)收入 + 1.00元） × 2 > 5.00元"),
        ('gbt4754_code =~ "C3"', "国民经济行业代码 开头符合模式 “C3”"),
        ('gbt4754_code !~~ "C3"', "国民经济行业代码 中无符合模式 “C3” 之处"),
        ("revenue - (revenue - 1) > 0", None),
        ("$max(0, revenue - 5) > 1", None),
        ('$starts_with(gbt4754_code, "C")', None),
        ("revenue // 3 + revenue % 3 - 2 ** 3 > -1", None),
        ("is_zombie ? revenue > 1 : revenue > 2", None),
    ],
)
def test_a_condition_is_put_into_chinese(text: str, zh: str | None) -> None:
    said = ZH.words(parse(text))
    if zh is not None:
        assert said == zh.replace("僵尸企业", FACTS["is_zombie"].label_zh).replace(
            "高企认定事件", FACTS["hnte_event"].label_zh
        ).replace("企业规模", FACTS["ent_size"].label_zh).replace(
            "国民经济行业代码", FACTS["gbt4754_code"].label_zh
        )
    for sign in ("$", "==", ">=", "**", "//", " and ", " or ", "null", "true"):
        assert sign not in said
        if sign not in (" and ", " or "):
            assert sign not in EN.words(parse(text))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_words(name: str) -> None:
    assert name in WORDED_FUNCTIONS, f"say ${name} in engine/wording.py, in both languages"
    if name == "has":
        return
    example = FUNCTIONS[name].example
    assert f"${name}" not in ZH.words(parse(example))
    assert f"${name}" not in EN.words(parse(example))


def test_english_is_english() -> None:
    assert EN.words(parse("birth_date >= $date(2022, 1, 1)")).endswith("≥ 2022-01-01")
    said = EN.words(parse("$months(birth_date, as_of) <= 24 and not is_zombie"))
    assert said.startswith("full months from ")
    assert "≤ 24 months and " in said


def test_a_number_is_shown_exactly_or_marked_as_rounded() -> None:
    assert show_plain(Fraction("0.000001")) == "0.000001"
    assert show_plain(Fraction(123456789012345)) == "123,456,789,012,345"
    assert show_plain(Fraction("1234567.25")) == "1,234,567.25"
    assert show_plain(Fraction(-7, 3)) == "-7/3"
    assert show_plain(Fraction(10**20, 3)) == "≈ 33,333,333,333,333,333,333"
    assert show_plain(Fraction(1, 7919)) == "≈ 0.000126279"
    assert show_plain(-Fraction(12_345_678, 7919)) == "≈ -1558.9946"
    assert show_plain(Fraction(2_450_001, 700)) == "≈ 3500.0014"
    assert show_plain(Fraction(10**8, 3) / 10_000) == "≈ 3333.3333"
    assert show_plain(Fraction(10**9, 7)) == "≈ 142,857,143"


def test_a_value_has_its_unit_in_both_languages() -> None:
    assert show_value(Fraction("0.055"), unit="ratio") == ("5.5%", "5.5%")
    assert show_value(Fraction(1), unit="month") == ("1个月", "1 month")
    assert show_value(Fraction("12.5"), unit="yuan") == ("12.50元", "12.50 yuan")
    assert show_value(Fraction(3), unit="yuan/month/person") == (
        "3.00元/月/人",
        "3.00 yuan/month/person",
    )
    assert show_value(Fraction("24.5"), unit="yuan/m2") == ("24.50元/平方米", "24.50 yuan/m²")
    assert show_value(Fraction(40), unit="hour") == ("40小时", "40 hours")
    assert show_value(Fraction(359_800, 113) * 10, unit="yuan") == (
        "≈ 31,840.7080元",
        "≈ 31,840.7080 yuan",
    )
    assert show_value(Fraction(-1, 3), unit="yuan/month")[0] == "≈ -0.3333元/月"
    assert show_value(Fraction(3), unit="yuan/month") == ("3.00元/月", "3.00 yuan/month")
    assert show_value(Fraction(3), unit="sheep") == ("3 sheep", "3 sheep")
    assert show_value(None, unit="month") == (None, None)
    assert unit_of(parse("revenue / 2 + 1"), FACTS) == "yuan"
    assert unit_of(parse("revenue / revenue"), FACTS) == ""
    assert unit_of(parse("$min($months(birth_date, as_of), 12)"), FACTS) == "month"


def test_free_text_and_long_numbers_are_not_shown() -> None:
    """Nobody can tell a name from another text, so no free text is told."""
    text = Fact(name="holder", of="resident", label_zh="", label_en="", type=FactType.TEXT)
    for name in ("张三", "zhangsan", "13800138000"):
        assert show_value(name, text)[0] == "（文字，不显示）"
    code = Fact(name="kind", of="resident", label_zh="", label_en="", type=FactType.CODE)
    assert show_value("some_kind", code)[0] == "some_kind"
    assert show_value("某人住处", code)[0] == "（文字，不显示）"
    assert "19900307" not in mask("110101199003071234")
    assert mask("13800138000") == "13********0"
    assert "MA3C" not in mask("91370100MA3C12345X")
    assert mask("A-17 2025-09-01 Rbnozvogjlkqbjm3c") == "A-17 2025-09-01 Rbnozvogjlkqbjm3c"


def test_a_tables_key_and_a_tier_are_told() -> None:
    size = FACTS["ent_size"]
    assert say_matcher(Equal(values=("small", "micro")), size)[0] == "small、micro"
    assert say_matcher(Beneath(prefixes=("4401",)), FACTS["ent_region"])[0] == "广州市（440100）"
    wide = Within(low=Fraction(5), low_included=True, high=Fraction(9), high_included=False)
    assert say_matcher(wide, FACTS["ui_paid_months"]) == (
        "≥ 5个月且< 9个月",
        "≥ 5 months and < 9 months",
    )
    assert say_matcher(Otherwise(others=()), size)[1] == "any other"
    assert say_matcher(Anything(), size)[1] == "anything"
    rate = Tier(over=Fraction(0), up_to=Fraction(36000), rate=Fraction(3, 100))
    assert say_tier(rate, "yuan") == (
        "超过0.00元至36,000.00元的部分：3%",
        "over 0.00 yuan up to 36,000.00 yuan: 3%",
    )
    each = Tier(over=Fraction(100), up_to=None, each=Fraction(10), gives=Fraction(5))
    assert say_tier(each, "person")[1] == "over 100 people: 5 for each 10 people"
