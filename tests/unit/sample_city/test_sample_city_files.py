"""The files: their columns, values and identifiers, and the defects that are planted in them."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import stdnum.cn.ric
import stdnum.cn.uscc
import yaml
from stdnum.iso7064 import mod_11_10

import profiles
from profiles.dataset import builtin_datasets
from profiles.ingest import ingest
from profiles.sample_city import DEFAULT_SEED, write_city
from profiles.sample_city.delivery import NOT_IN_THE_CITY

ALL = {
    path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    for path in sorted((Path(profiles.__file__).parent / "datasets").glob("*.yaml"))
}
DATASETS = {name: dataset for name, dataset in ALL.items() if name not in NOT_IN_THE_CITY}
FIRM_FILES = [name for name, dataset in DATASETS.items() if dataset["of"] == "enterprise"]
RESIDENT_FILES = [name for name, dataset in DATASETS.items() if dataset["of"] == "resident"]


def planted(city: Any, dataset: str, kind: str) -> int:
    """How many defects of a kind the report states, over all columns."""
    return sum(
        count for name, count in city.report.planted[dataset].items() if name.split(":")[0] == kind
    )


def resident_number_is_valid(number: str) -> bool:
    return len(number) == 18 and number[-1] == stdnum.cn.ric.calc_check_digit(number)


def test_what_the_city_leaves_out_are_datasets():
    assert set(ALL) > NOT_IN_THE_CITY


def test_every_dataset_that_is_delivered_has_one_file(october):
    assert set(october.files) == set(DATASETS)


@pytest.mark.parametrize("name", DATASETS)
def test_columns_are_those_of_the_dataset(october, name):
    dataset = DATASETS[name]
    columns = [dataset["key"]["column"], *dataset["columns"]]
    assert sorted(october.files[name].columns) == sorted(dict.fromkeys(columns))


@pytest.mark.parametrize("name", DATASETS)
def test_the_report_counts_the_rows_of_each_file(october, name):
    assert october.report.rows[name] == len(october.files[name]) > 0


@pytest.mark.parametrize("name", DATASETS)
def test_codes_are_in_the_closed_list_but_for_the_planted_ones(october, name):
    unknown = 0
    for column, form in DATASETS[name]["columns"].items():
        if "values" in form:
            values = october.files[name][column].drop_nulls()
            unknown += int((~values.is_in(form["values"])).sum())
    assert unknown == planted(october, name, "unknown_code")


@pytest.mark.parametrize("name", DATASETS)
def test_required_columns_are_filled_but_for_the_planted_gaps(october, name):
    for column, form in DATASETS[name]["columns"].items():
        if form.get("required") == "true":
            gaps = october.report.planted[name].get(f"missing:{column}", 0)
            assert october.files[name][column].null_count() == gaps


@pytest.mark.parametrize("name", FIRM_FILES)
def test_credit_codes_are_valid_but_for_the_planted_ones(october, name):
    codes = october.files[name]["uscc"]
    full_width = codes.str.contains("[０-９]")
    wrong = sum(not stdnum.cn.uscc.is_valid(code) for code in codes.filter(~full_width))
    assert full_width.sum() == planted(october, name, "full_width")
    assert wrong == october.report.planted[name].get("bad_check_digit:uscc", 0)
    assert codes.filter(~full_width).str.slice(2, 4).unique().to_list() == ["9901"]


@pytest.mark.parametrize("name", RESIDENT_FILES)
def test_resident_numbers_are_valid_but_for_the_planted_ones(october, name):
    numbers = october.files[name]["id_number"]
    full_width = numbers.str.contains("[０-９]")
    wrong = sum(not resident_number_is_valid(n.upper()) for n in numbers.filter(~full_width))
    assert full_width.sum() == planted(october, name, "full_width")
    assert wrong == planted(october, name, "bad_check_digit")
    assert numbers.str.ends_with("x").sum() == planted(october, name, "lower_case_x")
    assert numbers.filter(~full_width).str.head(4).unique().to_list() == ["9901"]


def test_numbers_of_persons_at_work_are_valid_but_for_the_planted_ones(october):
    for name in ("employment", "unemployment-benefit"):
        numbers = october.files[name]["person_id"]
        wrong = sum(not resident_number_is_valid(number.upper()) for number in numbers)
        assert wrong == october.report.planted[name].get("bad_check_digit:person_id", 0)


@pytest.mark.parametrize(
    ("name", "key"), [("registration", "uscc"), ("household-register", "id_number")]
)
def test_registers_name_each_subject_once_but_for_the_planted_duplicates(october, name, key):
    keys = october.files[name][key]
    twice = planted(october, name, "exact_duplicate") + planted(october, name, "contradiction")
    assert len(keys) - keys.n_unique() == twice


@pytest.mark.parametrize("name", DATASETS)
def test_duplicates_are_the_planted_ones(october, name):
    file, dataset = october.files[name], DATASETS[name]
    exact = len(file) - file.n_unique()
    assert exact == planted(october, name, "exact_duplicate")
    key = [dataset["key"]["column"], *dataset.get("unique", [])]
    assert len(file) - exact - file.unique().n_unique(key) == planted(
        october, name, "contradiction"
    )


def test_other_defects_are_found_as_often_as_the_report_says(october):
    found = {
        ("registration", "slashed_date:registered_on"): r"^\d{4}/\d{1,2}/\d{1,2}$",
        ("registration", "compact_date:registered_on"): r"^\d{8}$",
        ("registration", "thousands:registered_capital"): ",",
        ("unemployment-insurance", "thousands:premium"): r"^\d{1,3}(,\d{3})+\.\d\d$",
        ("vat-filing", "thousands:vat_sales"): r"^\d{1,3}(,\d{3})+\.\d\d$",
        ("annual-accounts", "thousands:revenue"): r"^\d{1,3}(,\d{3})+\.\d\d$",
        ("household-register", "slashed_date:birth_date"): "/",
        ("household-register", "compact_date:birth_date"): r"^\d{8}$",
    }
    for (name, defect), pattern in found.items():
        column = october.files[name][defect.split(":")[1]]
        count = int(column.str.contains(pattern).sum())
        assert count == october.report.planted[name][defect] > 0, (name, defect)


def test_optional_columns_miss_two_to_five_percent(october):
    accounts = october.files["annual-accounts"]
    for column in ("staff", "average_wage", "revenue", "rd_expense"):
        missing = accounts[column].null_count()
        assert missing == october.report.planted["annual-accounts"][f"missing:{column}"]
        assert 0.01 < missing / len(accounts) < 0.05


def test_departments_contradict_each_other_where_the_report_says(october):
    register = october.files["household-register"].unique(subset="id_number")
    dead = register.filter(pl.col("died_on").is_not_null()).select("id_number", "died_on")
    paid = october.files["employee-insurance"].join(dead, on="id_number")
    after = paid.filter(pl.col("month") > pl.col("died_on"))
    assert len(after) > 0
    assert (
        abs(len(after) - october.report.planted["employee-insurance"]["insured_after_death"]) < 20
    )
    sizes = october.files["size-class"].filter(pl.col("ent_size") == "medium")
    staff = october.files["annual-accounts"].select(
        "uscc", "year", pl.col("staff").cast(pl.Float64)
    )
    assert len(sizes.join(staff, on=["uscc", "year"]).filter(pl.col("staff") < 10)) > 0
    assert october.report.planted["size-class"]["size_against_staff"] > 0


def test_everything_is_visibly_synthetic(october):
    firms, residents = october.files["registration"], october.files["household-register"]
    assert firms["name"].str.contains(r"^示范第\d{7}号").all()
    assert firms["legal_representative"].drop_nulls().str.contains(r"^示例居民\d{8}$").all()
    assert firms["address"].str.starts_with("示范").all()
    assert residents["name"].str.contains(r"^示例居民\d{8}$").all()
    assert residents["phone"].drop_nulls().str.contains(r"^1004\d{7}$").all()  # mobiles: 13 to 19
    regions = pl.concat([firms["region"], residents["region"]]).drop_nulls().unique().sort()
    assert regions.to_list() == [*map(str, range(990101, 990107)), "990201", "990202", "990203"]


def test_residents_work_for_firms_of_the_register(october):
    jobs = october.files["employment"]
    firms = october.files["registration"]
    known = jobs.join(firms, on="uscc", how="semi")
    assert len(known) / len(jobs) > 0.99
    persons = jobs.join(
        october.files["household-register"], left_on="person_id", right_on="id_number", how="semi"
    )
    assert 0.93 < len(persons) / len(jobs) <= 1


def test_nobody_is_insured_before_the_firm_or_born_after_the_diploma(october):
    born = october.files["household-register"].select("id_number", "birth_date")
    born = born.filter(pl.col("birth_date").str.contains("-")).unique(subset="id_number")
    degrees = october.files["graduation"].filter(pl.col("graduated_on").str.contains("-"))
    ages = degrees.join(born, on="id_number").select(
        (pl.col("graduated_on").str.to_date() - pl.col("birth_date").str.to_date()).dt.total_days()
    )
    assert ages.to_series().min() > 20 * 365
    begun = october.files["registration"].select("uscc", "registered_on")
    begun = begun.filter(pl.col("registered_on").str.contains("-")).unique(subset="uscc")
    months = october.files["unemployment-insurance"].join(begun, on="uscc")
    assert (months["month"] > months["registered_on"].str.head(7)).all()


def test_a_state_that_lasts_has_no_end(october):
    for name, end in (
        ("registration", "deregistered_on"),
        ("household-register", "died_on"),
        ("employment", "left_on"),
        ("social-assistance", "to_on"),
        ("serious-dishonesty-list", "removed_on"),
    ):
        ends = october.files[name][end]
        assert ends.null_count() > 0
        assert ends.drop_nulls().max() <= "2025-10-31"


def test_former_registration_numbers_have_right_check_digits(october):
    numbers = october.files["enterprise-identifier-changes"]["old_identifier"]
    assert len(numbers) == numbers.n_unique() > 0
    assert all(len(number) == 15 and mod_11_10.is_valid(number) for number in numbers)
    assert numbers.str.head(4).unique().to_list() == ["9901"]


def test_accounts_and_contacts_lead_nowhere(october):
    for kind in ("enterprise", "resident"):
        accounts = october.files[f"{kind}-accounts"]
        assert accounts["account_no"].str.contains(r"^0000\d{15}$").all()
        assert 0.8 < accounts["verified_on"].count() / len(accounts) < 0.95
        contacts = october.files[f"{kind}-contacts"]
        mail, phones = (contacts.filter(channel=name)["address"] for name in ("email", "mobile"))
        assert mail.str.ends_with("@example.invalid").all()
        assert phones.str.contains(r"^1004\d{7}$").all()


def test_members_heads_spouses_and_guardians_are_in_the_registers(october):
    files = october.files
    residents = set(files["household-register"]["id_number"].str.to_uppercase())
    households = set(files["households"]["household_id"])
    assert households >= set(files["household-members"]["household_id"])
    for name, column in (
        ("households", "head_id"),
        ("household-members", "person_id"),
        ("marriages", "spouse_id"),
        ("guardians", "guardian_id"),
    ):
        known = files[name][column].is_in(residents)
        assert known.mean() > 0.99, (name, column)  # the others are mistyped in the register
    couples = files["marriages"].join(
        files["marriages"], left_on=["id_number", "spouse_id"], right_on=["spouse_id", "id_number"]
    )
    assert len(couples) == len(files["marriages"])


def test_a_firm_has_one_representative_at_a_time_and_all_its_shares_are_held(october):
    files = october.files
    spells = files["legal-representatives"].sort("uscc", "from_on")
    again = spells.filter(pl.col("uscc") == pl.col("uscc").shift())
    before = spells.filter(pl.col("uscc") == pl.col("uscc").shift(-1))
    assert len(again) > 0
    assert (before["to_on"].to_list() < again["from_on"]).all()
    held = files["shareholders"].group_by("uscc").agg(pl.col("share_pct").cast(pl.Float64).sum())
    assert (held["share_pct"] == 100.0).all()
    groups = files["enterprise-groups"]
    codes = files["registration"]["uscc"]
    assert groups["parent"].is_in(codes.implode()).mean() > 0.95  # the others are mistyped there
    assert set(groups.filter(pl.col("role") == "parent")["uscc"]) == set(groups["parent"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"as_of": date(2019, 1, 1)}, "choose a day between"),
        ({"as_of": date(2031, 1, 1)}, "choose a day between"),
        ({"firms": 0}, "choose 1 to"),
        ({"residents": 10**9}, "choose 1 to"),
    ],
)
def test_what_the_city_cannot_be_is_refused_in_words(tmp_path, wrong, message):
    asked: dict[str, Any] = {
        "firms": 10,
        "residents": 10,
        "seed": DEFAULT_SEED,
        "as_of": date(2025, 10, 31),
    }
    with pytest.raises(ValueError, match=message):
        write_city(tmp_path, **(asked | wrong))
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_a_month_later_waits_for_a_person(october, november, tmp_path):
    datasets = builtin_datasets()
    for city, day in ((october, date(2025, 10, 31)), (november, date(2025, 11, 30))):
        for name, file in city.report.files.items():
            found = ingest(file, datasets[name], root=tmp_path, delivered_on=day)
            assert found.release.standing == "in force", (name, found.release.exceeded)
