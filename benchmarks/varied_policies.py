"""Policies for measuring: a handful of real kinds, varied in their thresholds.

Each comes twice, written independently: as a policy file, and its verdict as one condition of
rule-engine's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent

_HEAD = """\
policy: {name}
version: 1
title: {{zh: 测算用政策}}
audience: enterprise
authority: 示范市
level: city
basis: [{{document: 测算用}}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariedPolicy:
    """One policy: its file's text, its verdict for rule-engine, and the facts that verdict uses."""

    name: str
    text: str
    condition: str
    facts: tuple[str, ...]


def vary_policies(count: int) -> list[VariedPolicy]:
    """So many policies, the kinds in turn, each with other thresholds than the last."""
    policies = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        text, condition, facts = kind(number // len(KINDS))
        name = f"{kind.__name__.strip('_').replace('_', '-')}-{number}"
        policies.append(
            VariedPolicy(
                name=name,
                text=_HEAD.format(name=name) + dedent(text),
                condition=" ".join(condition.split()),
                facts=tuple(facts.split()),
            )
        )
    return policies


Written = tuple[str, str, str]


def _job_retention(step: int) -> Written:
    months, limit, share = 10 + step % 6, 5 + step * 0.25, 50 + step % 20
    text = f"""
        region: "990100"
        parameters:
          limit: {{by: ui_insured_count, source: 一, rows: {{up to 30: 20, over 30: {limit}}}}}
          share: {{by: ent_size, source: 一, rows: {{large: 30%, "medium, small, micro": {share}%}}}}
        facts:
          rate: {{is: ui_benefit_recipients * 100 / ui_insured_avg_prev_year}}
        clauses:
          - {{id: kind, says: 一, when: 'ent_type in ["enterprise", "social_org", "law_firm"]'}}
          - {{id: months, says: 一, when: ui_paid_months >= {months}}}
          - {{id: few, says: 一, when: rate <= limit}}
          - id: none-of-these
            says: 一
            none:
              - {{id: zombie, says: 一, when: is_zombie}}
              - {{id: dishonest, says: 一, when: credit_serious_dishonest}}
              - {{id: abnormal, says: 一, when: credit_abnormal_operation}}
        benefit: {{amount: [ui_premium_prev_year, {{times: share}}]}}
        delivery:
          - {{when: ent_is_labor_dispatch, by: invite}}
          - {{by: confirm}}
    """
    condition = f"""
        ent_region =~ "9901.*" and ent_type in ["enterprise", "social_org", "law_firm"]
        and ui_paid_months >= {months}
        and ui_benefit_recipients * 100 / ui_insured_avg_prev_year
            <= (ui_insured_count <= 30 ? 20 : {limit})
        and not (is_zombie or credit_serious_dishonest or credit_abnormal_operation)
    """
    return text, condition, (
        "ent_region ent_type ui_paid_months ui_benefit_recipients ui_insured_avg_prev_year "
        "ui_insured_count is_zombie credit_serious_dishonest credit_abnormal_operation"
    )  # fmt: skip


def _small_sales(step: int) -> Written:
    limit = 6 + step
    text = f"""
        parameters:
          limit:
            by: vat_period
            values:
              - {{from: 2019-01-01, source: 一, rows: {{month: 15万, quarter: 45万}}}}
              - {{from: 2023-01-01, source: 二, rows: {{month: {limit}万, quarter: {3 * limit}万}}}}
          rate:
            values:
              - {{from: 2019-01-01, source: 一, value: 3%}}
              - {{from: 2023-01-01, source: 二, value: 1%}}
        clauses:
          - {{id: small, says: 一, when: vat_type == "small_scale"}}
          - {{id: limit-kept, says: 一, when: vat_sales - vat_real_estate_sales <= limit}}
        benefit: {{amount: [vat_sales, {{minus: vat_real_estate_sales}}, {{times: rate}}]}}
    """
    condition = f"""
        vat_type == "small_scale" and vat_sales - vat_real_estate_sales
            <= (vat_period == "month" ? {limit}0000 : {3 * limit}0000)
    """
    return text, condition, "vat_type vat_sales vat_real_estate_sales vat_period"


def _high_tech(step: int) -> Written:
    low = 200 + 50 * step
    text = f"""
        region: {{in: ["990100"], except: ["990104"]}}
        parameters:
          award: {{by: hnte_event, source: 一, rows: {{first: 20万, recert: 10万}}}}
          research:
            by: rd_expense
            source: 一
            rows: {{under {low}万: 0, from {low}万 under 5000万: 20万, from 5000万: 40万}}
        clauses:
          - {{id: recognised, says: 一, when: $has(award)}}
          - {{id: research-done, says: 一, when: rd_expense >= {low}0000}}
        benefit:
          amount:
            - award
            - {{plus: 10万, when: first_sishang}}
            - {{plus: research}}
            - {{at_most: 60万}}
        delivery: direct
    """
    condition = f"""
        ent_region =~ "9901.*" and not ent_region =~ "990104.*"
        and hnte_event in ["first", "recert"] and rd_expense >= {low}0000
    """
    return text, condition, "ent_region hnte_event rd_expense"


def _levy_relief(step: int) -> Written:
    small, percent = 20 + step, 1 + step * 0.05
    text = f"""
        facts:
          ratio: {{is: disabled_staff_prev_year * 100 / staff_prev_year}}
          levy:
            is: '$max(0, staff_prev_year * 0.016 - disabled_staff_prev_year) * avg_wage_prev_year'
        clauses:
          - id: relieved
            says: 一
            any:
              - {{id: few-staff, says: 一, when: staff_prev_year <= {small}}}
              - {{id: enough, says: 一, when: ratio >= {percent}}}
          - {{id: wage, says: 一, when: avg_wage_prev_year > 60000}}
        benefit: {{kind: relief, amount: [levy, {{times: 50%}}, {{round: down to 10}}]}}
    """
    condition = f"""
        (staff_prev_year <= {small} or disabled_staff_prev_year * 100 / staff_prev_year >= {percent})
        and avg_wage_prev_year > 60000
    """
    return text, condition, "staff_prev_year disabled_staff_prev_year avg_wage_prev_year"


def _young_industry(step: int) -> Written:
    year, sector = 2008 + step % 15, ("C35", "C", "I65", "F51")[step % 4]
    text = f"""
        region: {{in: ["990101", "990102", "440000"]}}
        parameters:
          favoured: {{by: gbt4754_code, system: GB/T 4754-2017, source: 一, list: [{sector}, M73]}}
        clauses:
          - {{id: trade, says: 一, when: favoured}}
          - {{id: size, says: 一, when: 'ent_size in ["small", "micro"]'}}
          - {{id: young, says: 一, when: 'registered_on >= $date({year}, 7, 1)'}}
          - {{id: honest, says: 一, when: not credit_serious_dishonest}}
        benefit: {{amount: {10_000 + 500 * step}}}
    """
    condition = f"""
        ent_region =~ "(990101|990102|44).*" and gbt4754_code =~ "({sector}|M73).*"
        and ent_size in ["small", "micro"] and registered_on >= d"{year}-07-01"
        and not credit_serious_dishonest
    """
    return text, condition, (
        "ent_region gbt4754_code ent_size registered_on credit_serious_dishonest"
    )  # fmt: skip


def _research_share(step: int) -> Written:
    percent, floor = 3 + step * 0.1, 500 + 100 * step
    text = f"""
        parameters:
          scale:
            by: rd_expense
            source: 一
            tiers:
              - {{over: 0, up_to: 1000万, rate: 1%}}
              - {{over: 1000万, up_to: 5000万, each: 100万, gives: 5000}}
              - {{over: 5000万, rate: 0.2%}}
        facts:
          share: {{is: rd_expense * 100 / revenue}}
        clauses:
          - {{id: sales, says: 一, when: revenue >= {floor}0000}}
          - {{id: research, says: 一, when: share >= {percent:.1f}}}
          - {{id: staffed, says: 一, when: staff_prev_year * 10 >= ui_insured_count * 9}}
        benefit: {{amount: [scale, {{at_most: 100万}}, {{round: half up to 100}}]}}
    """
    condition = f"""
        revenue >= {floor}0000 and rd_expense * 100 / revenue >= {percent:.1f}
        and staff_prev_year * 10 >= ui_insured_count * 9
    """
    return text, condition, "revenue rd_expense staff_prev_year ui_insured_count"


KINDS: tuple[Callable[[int], Written], ...] = (
    _job_retention, _small_sales, _high_tech, _levy_relief, _young_industry, _research_share,
)  # fmt: skip
