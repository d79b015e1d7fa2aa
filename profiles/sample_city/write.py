"""All files of the city on one day, in three passes: the roll, the firms, the residents."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from profiles.sample_city import (
    answer_files,
    firm_files,
    firm_lists,
    firm_records,
    firm_series,
    people_files,
    people_records,
    region_files,
    relation_files,
    support_files,
    verified_files,
    work_files,
)
from profiles.sample_city.careers import form_careers
from profiles.sample_city.city import DEFAULT_SEED, City, found_city
from profiles.sample_city.delivery import CityReport, Delivery
from profiles.sample_city.draw import Ints
from profiles.sample_city.firms import form_firms
from profiles.sample_city.insured_months import make_medical_insurance
from profiles.sample_city.people import form_people
from profiles.sample_city.roll import Roll, blocks, call_roll, numbers_of


def write_city(
    target: Path,
    *,
    firms: int,
    residents: int,
    seed: int = DEFAULT_SEED,
    as_of: date,
    block: int = 50_000,
    insured_months: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> CityReport:
    """Write one file for each dataset into `target`, as the departments deliver on `as_of`.

    `firms` and `residents` are counted (the residents to within 2 %) on 30 September 2025. The
    same seed and sizes on another day give the same city at another time of its history.
    `insured_months` adds medical insurance, so many months of every resident: at the scale of a
    city the bulk of all rows. `block` is how many firms or households are held at once; it does
    not change what is written.
    `on_progress(done, total)` is told firms and households. ValueError if `as_of` or a size is out
    of range, OSError if `target` cannot be written.
    """
    city = found_city(firms=firms, residents=residents, seed=seed, as_of=as_of)
    total = city.firms_known + city.households_known
    roll = call_roll(city)
    done = 0
    with Delivery(city, target) as delivery:
        _deliver_figures(delivery, city)
        deliver_residents = partial(_deliver_residents, insured_months=insured_months)
        for deliver, size in (
            (_deliver_firms, city.firms_known),
            (deliver_residents, city.households_known),
        ):
            for index in blocks(size, block):
                deliver(delivery, city, roll, index)
                done += len(index)
                if on_progress is not None:
                    on_progress(done, total)
        return delivery.report(as_of)


def _deliver_figures(delivery: Delivery, city: City) -> None:
    figures = {
        "disability-employment-ratio": region_files.make_disability_employment_ratio(city),
        "flexible-lowest-tier": region_files.make_flexible_lowest_tier(city),
    }
    for dataset, frame in figures.items():
        delivery.deliver(dataset, frame)


def _deliver_firms(delivery: Delivery, city: City, roll: Roll, index: Ints) -> None:
    firms = form_firms(city, index)
    makers = {
        "registration": firm_files.make_registration,
        "size-class": firm_files.make_size_class,
        "annual-accounts": firm_files.make_annual_accounts,
        "disabled-staff": firm_files.make_disabled_staff,
        "unemployment-insurance": firm_series.make_unemployment_insurance,
        "vat-filing": firm_series.make_vat_filing,
        "hnte-certificates": firm_lists.make_hnte_certificates,
        "titles": firm_lists.make_titles,
        "sishang-register": firm_lists.make_sishang_register,
        "serious-dishonesty-list": firm_lists.make_serious_dishonesty_list,
        "abnormal-operation-list": firm_lists.make_abnormal_operation_list,
        "zombie-list": firm_lists.make_zombie_list,
        "labour-dispatch-licences": firm_lists.make_labour_dispatch_licences,
        "ecology-review": firm_lists.make_ecology_review,
        "industry-lists": firm_records.make_industry_lists,
        "administrative-penalties": firm_records.make_administrative_penalties,
        "enterprise-identifier-changes": firm_records.make_enterprise_identifier_changes,
        "enterprise-accounts": verified_files.make_enterprise_accounts,
        "enterprise-contacts": verified_files.make_enterprise_contacts,
        "answers-enterprise": answer_files.make_enterprise_answers,
    }
    for dataset, make in makers.items():
        delivery.deliver(dataset, make(city, firms))
    by_roll = {
        "legal-representatives": relation_files.make_legal_representatives,
        "shareholders": relation_files.make_shareholders,
    }
    for dataset, find in by_roll.items():
        delivery.deliver(dataset, find(city, roll, firms))
    delivery.deliver("enterprise-groups", relation_files.make_enterprise_groups(city, firms))
    benefit = work_files.make_unemployment_benefit(city, roll, firms)
    delivery.deliver("unemployment-benefit", benefit)


def _deliver_residents(
    delivery: Delivery, city: City, roll: Roll, index: Ints, *, insured_months: int
) -> None:
    people = form_people(city, index)
    ids = numbers_of(roll, people)
    careers = form_careers(city, roll, people)
    by_person = {
        "household-register": people_files.make_household_register,
        "kindergarten": people_files.make_kindergarten,
        "disability-certificates": people_files.make_disability_certificates,
        "social-assistance": support_files.make_social_assistance,
        "orphan-support": support_files.make_orphan_support,
        "answers-resident": answer_files.make_resident_answers,
        "military-service": people_records.make_military_service,
        "resident-accounts": verified_files.make_resident_accounts,
        "resident-contacts": verified_files.make_resident_contacts,
        "households": relation_files.make_households,
        "household-members": relation_files.make_household_members,
        "marriages": relation_files.make_marriages,
        "guardians": relation_files.make_guardians,
    }
    for dataset, make in by_person.items():
        delivery.deliver(dataset, make(city, people, ids))
    by_career = {
        "graduation": people_files.make_graduation,
        "severe-disability-no-work": people_files.make_severe_disability_no_work,
        "work-injury-nursing": support_files.make_work_injury_nursing,
        "employee-insurance": work_files.make_employee_insurance,
        "flexible-employment": work_files.make_flexible_employment,
        "flexible-contributions": work_files.make_flexible_contributions,
        "public-payroll": work_files.make_public_payroll,
    }
    for dataset, draw_up in by_career.items():
        delivery.deliver(dataset, draw_up(city, people, ids, careers))
    employment = work_files.make_employment(city, roll, people, ids, careers)
    delivery.deliver("employment", employment)
    if insured_months:
        insured = make_medical_insurance(city, people, ids, insured_months)
        delivery.deliver("medical-insurance", insured)
