"""Industry codes suggested from business scopes: right mostly, calibrated, and only suggestions."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from profiles.errors import NothingToLearn
from profiles.industry import (
    LEAST_OF_CODE,
    SUGGESTED,
    WORTH_TELLING,
    learn_industries,
    suggest_industries,
)
from profiles.sample_city.city import found_city
from profiles.sample_city.firm_files import make_registration
from profiles.sample_city.firms import form_firms
from profiles.sample_city.scopes import PHRASES, write_scopes
from profiles.sample_city.shape import TRADES

SOUP = ["面馆经营；小吃制售", "小吃制售；外卖送餐", "面条制售", "早点制售", "小吃制售", "面馆小吃"]
SOFT = ["软件开发", "程序设计；软件测试", "应用软件开发", "软件销售", "软件研发", "程序开发"]


def learnt_from(*scopes: str | None, code: str | None = None) -> pl.DataFrame:
    rows = [(text, "H6220") for text in SOUP] + [(text, "I6513") for text in SOFT]
    rows += [(text, code) for text in scopes]  # type: ignore[misc]
    return pl.DataFrame(rows, schema={"scope": pl.String(), "code": pl.String()}, orient="row")


def test_firms_of_a_city_get_their_code_back() -> None:
    city = found_city(firms=6_000, residents=100, seed=6, as_of=date(2025, 10, 31))
    register = make_registration(city, form_firms(city, np.arange(6_000)))
    scopes, codes = register["business_scope"], register["industry_code"]
    model = learn_industries(scopes[:5_000], codes[:5_000])
    found = suggest_industries(model, scopes[5_000:])
    found = found.with_columns(right=found["code"] == codes[5_000:].gather(found["row"]))
    first = found.filter(pl.col("rank") == 1)
    assert 0.88 < first["right"].sum() / 1_000 < 1
    assert found["right"].sum() / 1_000 > 0.97
    # what is said to be likely is so
    for low, high in ((0.3, 0.6), (0.6, 0.9), (0.9, 1.01)):
        among = found.filter(pl.col("probability").is_between(low, high, closed="left"))
        told, true = among["probability"].mean(), among["right"].mean()
        assert true == pytest.approx(told, abs=0.15)
    assert found["probability"].min() >= WORTH_TELLING  # type: ignore[operator]
    assert found.group_by("row").len()["len"].max() <= SUGGESTED  # type: ignore[operator]


def test_the_same_register_gives_the_same_suggestions() -> None:
    rows = learnt_from()
    asked = pl.Series(["软件和小吃", "面条", "软件"])
    once, again = (
        suggest_industries(learn_industries(rows["scope"], rows["code"]), asked) for _ in range(2)
    )
    assert once.equals(again)
    best = once.filter(pl.col("rank") == 1)
    assert dict(best.select("row", "code").iter_rows())[2] == "I6513"


def test_what_nobody_can_tell_gets_no_suggestion() -> None:
    rows = learnt_from(None, "", "  ", code="I6513")
    model = learn_industries(rows["scope"], rows["code"])
    assert model.firms == len(SOUP) + len(SOFT)
    assert suggest_industries(model, pl.Series([None, "", "  "], dtype=pl.String)).is_empty()
    assert suggest_industries(model, pl.Series([], dtype=pl.String)).is_empty()
    assert suggest_industries(model, pl.Series([None, "软件开发"]))["row"].unique().to_list() == [1]


def test_a_code_that_few_firms_have_is_never_suggested() -> None:
    rare = ["花卉种植"] * (LEAST_OF_CODE - 1)
    rows = learnt_from(*rare, code="A0141")
    model = learn_industries(rows["scope"], rows["code"])
    assert model.codes == ("H6220", "I6513")
    rows = learnt_from(*rare, "花卉种植", code="A0141")
    assert "A0141" in learn_industries(rows["scope"], rows["code"]).codes


def test_a_register_without_codes_teaches_nothing() -> None:
    rows = learnt_from()
    with pytest.raises(NothingToLearn, match="only 6 firms"):
        learn_industries(rows["scope"][:6], rows["code"][:6])
    with pytest.raises(NothingToLearn, match="only 0 firms"):
        learn_industries(rows["scope"], pl.Series([None] * rows.height, dtype=pl.String))


def test_scopes_of_the_city_are_varied_and_each_names_an_activity_of_its_trade() -> None:
    assert PHRASES.keys() == {trade.code for trade in TRADES}
    assert {len(phrases.split()) for phrases in PHRASES.values()} == {5}
    index = np.arange(3_000)
    trade = index % len(TRADES)
    scopes = write_scopes(3, index, trade)
    assert scopes.equals(write_scopes(3, index[:3_000], trade))
    assert scopes[:50].equals(write_scopes(3, index[:50], trade[:50]))
    assert scopes.n_unique() > 2_000
    for scope, place in zip(scopes[:500], trade[:500].tolist(), strict=True):
        assert scope.startswith("示范经营范围：")
        parts = scope.removeprefix("示范经营范围：").split("；")
        assert set(parts) & set(PHRASES[TRADES[place].code].split())
