import polars as pl
import pytest

from profiles.region import region_code, region_codes, region_name, region_path


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("440600", "440600"),
        ("4406", "440600"),
        ("44", "440000"),
        ("440106001", "440106001"),
        ("440106001002", "440106001002"),
        ("４４０６００", "440600"),
        ("佛山市", "440600"),
        ("佛山", "440600"),
        ("Foshan", "440600"),
        ("foshan", "440600"),
        ("FOSHAN", "440600"),
        ("Wuhai", "150300"),
        ("Wenzhou", "330300"),
        ("Jinyun", "331122"),
        ("Hangzhou", "330100"),
        ("Chongqing", "500000"),
        ("Xiamen", "350200"),
        ("Yuxi", "530400"),
        ("Lu'an", "341500"),
        ("Luan", "341500"),
        ("Lvliang", "141100"),
        ("Lüliang", "141100"),
        ("Shaanxi", "610000"),
        ("Shanxi", "140000"),
        ("示范市", "990100"),
        ("示范一区", "990101"),
    ],
)
def test_codes_names_and_pinyin_give_the_code(written, code):
    assert region_code(written) == code


def test_a_province_comes_before_a_prefecture_of_the_same_name():
    assert region_code("吉林") == "220000"
    assert region_code("吉林市") == "220200"


def test_a_prefecture_comes_before_a_county_of_the_same_name():
    assert region_code("朝阳") == "211300"


@pytest.mark.parametrize("written", ["鼓楼区", "Suzhou", "", "nowhere", "1", "44060", "佛"])
def test_what_names_no_region_or_several_gives_none(written):
    assert region_code(written) is None


def test_the_names_above_tell_counties_of_one_name_apart():
    assert region_code("福州市鼓楼区") == "350102"
    assert region_code("江苏省南京市鼓楼区") == "320106"


def test_a_column_keeps_its_order_and_its_nulls():
    found = region_codes(pl.Series("where", ["佛山", None, "x", "44"]))
    assert found.to_list() == ["440600", None, None, "440000"]
    assert found.name == "where"


def test_the_path_goes_from_the_nearest_to_the_province():
    assert region_path("440106001") == ("440106001", "440106", "440100", "440000")
    assert region_path("440100") == ("440100", "440000")
    assert region_name("440600") == "佛山市"
    assert region_name("000000") is None
