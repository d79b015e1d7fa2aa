"""Proportions of the city, and that both sides of every threshold are populated."""

import polars as pl
import pytest


def amounts(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(",", "").cast(pl.Float64)


@pytest.fixture(scope="module")
def living(october):
    register = october.files["household-register"].unique(subset="id_number")
    day = pl.col("birth_date").str.to_date("%Y-%m-%d", strict=False)
    register = register.filter(pl.col("died_on").is_null()).with_columns(
        age=(pl.date(2025, 10, 31) - day).dt.total_days() / 365.2425
    )
    return register.drop_nulls("age")


def share(series: pl.Series) -> float:
    return float(series.sum()) / len(series)


def test_as_many_live_here_as_were_asked_for(october):
    register = october.files["household-register"].unique(subset="id_number")
    assert register["died_on"].is_null().sum() == pytest.approx(12_000, rel=0.03)
    assert october.report.rows["registration"] == pytest.approx(4_000, rel=0.03)


def test_ages_have_the_shape_of_the_census_of_2020(living):
    assert share(living["age"] < 15) == pytest.approx(0.165, abs=0.025)
    assert share(living["age"] >= 60) == pytest.approx(0.19, abs=0.025)
    assert share(living["age"] >= 80) == pytest.approx(0.022, abs=0.01)
    assert 0.98 < share(living["sex"] == "male") / share(living["sex"] == "female") < 1.2
    households = living.group_by("household_no").len()["len"]
    assert households.mean() == pytest.approx(2.62, abs=0.1)
    assert set(range(1, 6)) <= set(households)


def test_no_day_of_birth_is_crowded(living):
    # Spouses held at the lowest age all had one birthday: 7.6 million used up its numbers.
    assert living.group_by("birth_date").len()["len"].max() < 8


def test_disability_rises_with_age(living, october):
    certificates = october.files["disability-certificates"]
    held = living.join(certificates, on="id_number", how="semi")
    assert len(held) / len(living) == pytest.approx(0.06, abs=0.012)
    shares = [
        len(held.filter(pl.col("age").is_between(*ages)))
        / len(living.filter(pl.col("age").is_between(*ages)))
        for ages in ((0, 15), (15, 60), (60, 75), (75, 110))
    ]
    assert shares == sorted(shares)
    assert set(certificates["disability_level"].unique()) == {"1", "2", "3", "4"}


def test_two_to_three_percent_are_assisted(living, october):
    current = october.files["social-assistance"].filter(pl.col("to_on").is_null())
    assisted = living.join(current, on="id_number")
    assert 0.015 < len(assisted) / len(living) < 0.035
    assert set(current["category"]) == {"dibao", "low_income", "edge", "tekun"}


def test_members_of_an_assisted_household_are_assisted_together(living, october):
    current = october.files["social-assistance"].filter(pl.col("category") == "dibao")
    current = current.filter(pl.col("to_on").is_null()).unique(subset="id_number")
    homes = living.join(current, on="id_number", how="semi")["household_no"]
    members = living.filter(pl.col("household_no").is_in(homes.implode()))
    assert len(homes) / len(members) > 0.9


def test_six_percent_are_registered_elsewhere_in_the_province(living):
    elsewhere = living["region"].str.starts_with("9902").fill_null(False)
    assert share(elsewhere) == pytest.approx(0.06, abs=0.015)


def test_kindergarten_is_for_ages_three_to_six(living, october):
    current = october.files["kindergarten"].filter(pl.col("to_on").is_null())
    children = living.join(current, on="id_number")
    assert children["age"].min() > 3
    assert children["age"].max() < 6.3
    assert set(children["school_kind"]) == {"public", "private_approved", "unlicensed"}
    dearer = children.select(amounts("own_fee_month") > amounts("public_fee_month")).to_series()
    assert dearer.any()
    assert not dearer.drop_nulls().all()


def test_size_classes_follow_the_weights_and_the_staff(october):
    sizes = october.files["size-class"].filter(pl.col("year") == "2025")
    shares = dict(sizes["ent_size"].value_counts(normalize=True).iter_rows())
    for size, expected, within in (
        ("micro", 0.77, 0.04),
        ("small", 0.18, 0.03),
        ("medium", 0.045, 0.015),
        ("large", 0.012, 0.007),
    ):
        assert shares[size] == pytest.approx(expected, abs=within)
    accounts = october.files["annual-accounts"].filter(pl.col("year") == "2024")
    staff = (
        accounts.select("uscc", amounts("staff"))
        .join(sizes, on="uscc")
        .group_by("ent_size")
        .agg(pl.col("staff").median())
    )
    medians = dict(staff.iter_rows())
    assert medians["micro"] < medians["small"] < medians["medium"] < medians["large"]


def test_legal_forms_and_industries_are_mixed(october):
    register = october.files["registration"]
    forms = set(register["ent_type"])
    assert {"enterprise", "individual_business", "law_firm", "public_institution"} <= forms
    assert register["industry_code"].drop_nulls().str.contains(r"^[A-S]\d{4}$").all()
    assert {"C3512", "F5111", "H6210", "I6513"} <= set(register["industry_code"])
    lawyers = register.filter(pl.col("ent_type") == "law_firm")["industry_code"].drop_nulls()
    assert set(lawyers) == {"L7231"}


def test_layoffs_lie_on_both_sides_of_their_limits(october):
    insured = (
        october.files["unemployment-insurance"]
        .filter(pl.col("month").str.starts_with("2024"))
        .group_by("uscc")
        .agg(pl.col("insured").cast(pl.Float64).mean())
    )
    drawing = october.files["unemployment-benefit"]
    drawing = drawing.filter(pl.col("started_on").str.starts_with("2024")).group_by("uscc").len()
    rates = insured.join(drawing, on="uscc", how="left").with_columns(
        rate=pl.col("len").fill_null(0) / pl.col("insured")
    )
    few = rates.filter(pl.col("insured") <= 30)["rate"]
    many = rates.filter(pl.col("insured") > 30)["rate"]
    for series, limit in ((few, 0.2), (many, 0.055)):
        assert share(series > 0) > 0.08
        assert 0.01 < share(series > limit) < 0.25


def test_premiums_are_a_hundredth_of_the_wage_base_with_gaps(october):
    rows = october.files["unemployment-insurance"].with_columns(
        a_head=amounts("premium") / amounts("insured")
    )
    full = rows.filter(pl.col("paid_in_full") == "true")
    assert 35 < full["a_head"].median() < 80
    short = rows.filter(pl.col("paid_in_full") == "false")
    assert 0.001 < len(short) / len(rows) < 0.03
    assert short["a_head"].median() < full["a_head"].median()


def test_sales_lie_on_both_sides_of_the_exemption(october):
    filings = october.files["vat-filing"].filter(pl.col("vat_type") == "small_scale")
    for period, limit in (("month", 100_000), ("quarter", 300_000)):
        sales = filings.filter(pl.col("vat_period") == period).select(amounts("vat_sales"))
        assert 0.2 < share(sales.to_series() <= limit) < 0.8
    assert (
        (october.files["vat-filing"].select(amounts("vat_real_estate_sales") > 0)).to_series().any()
    )


def test_disabled_staff_lie_on_both_sides_of_the_quota(october):
    audited = october.files["disabled-staff"].unique(subset=["uscc", "year"])
    staff = october.files["annual-accounts"].select("uscc", "year", amounts("staff"))
    ratios = audited.join(staff, on=["uscc", "year"]).filter(pl.col("staff") > 30)
    ratio = ratios.select(pl.col("disabled_staff").cast(pl.Float64) / pl.col("staff")).to_series()
    assert share(ratio < 0.01) > 0.05
    assert share((ratio >= 0.01) & (ratio < 0.015)) > 0.05
    assert share(ratio >= 0.015) > 0.05


def test_lists_are_as_long_as_they_should_be(october):
    firms = october.report.rows["registration"]
    for name, end, expected in (
        ("serious-dishonesty-list", "removed_on", 0.01),
        ("abnormal-operation-list", "removed_on", 0.03),
        ("zombie-list", "removed_on", 0.003),
        ("labour-dispatch-licences", "expired_on", 0.005),
    ):
        current = october.files[name][end].null_count() / firms
        assert expected / 2 < current < expected * 1.8, name


def test_research_belongs_to_some_industries_only(october):
    spent = october.files["annual-accounts"].with_columns(amounts("rd_expense"))
    spent = spent.join(october.files["registration"], on="uscc").drop_nulls(
        ["rd_expense", "industry_code"]
    )
    spends = spent.filter(pl.col("rd_expense") > 0)
    assert 0.01 < len(spends) / len(spent) < 0.2
    assert set(spends["industry_code"].str.head(1)) == {"C", "I", "M"}


def test_reviews_are_missing_for_most_firms(october):
    reviewed = october.files["ecology-review"]
    assert 0.05 < reviewed["uscc"].n_unique() / october.report.rows["registration"] < 0.5
    assert 0.85 < share(reviewed["compliant"] == "true") < 0.99


def test_own_contributions_lie_on_both_sides_of_the_lowest_tier(october):
    tiers = october.files["flexible-lowest-tier"].select(
        "year", tier=amounts("lowest_tier_contrib")
    )
    paid = october.files["flexible-contributions"].select("year", paid=amounts("own_paid"))
    paid = paid.join(tiers, on="year")
    assert (paid["paid"] < paid["tier"]).any()
    assert (paid["paid"] == paid["tier"]).any()
    assert (paid["paid"] > paid["tier"]).any()
