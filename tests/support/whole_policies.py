"""Policies that together use every element of clause trees, tables, choices, scopes and amounts."""

from collections.abc import Mapping

import polars as pl

from language.column import NOT_APPLICABLE

WHOLE: Mapping[str, str] = {
    "trees": """
        parameters:
          share:
            {by: ent_size, source: 一, rows: {large: 30%, "medium, small": 60%, micro: unknown}}
          sector: {by: gbt4754_code, system: GB/T 4754-2017, source: 一, list: [C, F51]}
        facts:
          per_head: {is: revenue / staff_prev_year}
          standing:
            choose:
              - {when: is_zombie or credit_abnormal_operation, value: 0}
              - {when: hnte_valid and per_head > 20, value: 3}
              - {value: 1}
        clauses:
          - {id: waits, says: 一, when: ui_paid_months >= 6, not_yet: true}
          - id: either
            says: 二
            any:
              - {id: sector, says: 二, when: sector}
              - {id: rich, says: 二, when: per_head >= 33.3}
              - {id: office, says: 二, judged_by: 区局}
              - id: stands
                says: 二
                all:
                  - {id: standing, says: 二, when: standing >= 1}
                  - {id: rated, says: 二, when: '$has(share)'}
          - id: never
            says: 三
            none:
              - {id: zombie, says: 三, when: is_zombie and not first_sishang}
              - {id: dishonest, says: 三, when: credit_serious_dishonest}
        benefit: {amount: [revenue, {times: share}, {at_most: 500}, {minus: 'rd_expense ?? 1'}]}
    """,
    "place-and-day": """
        effective: {from: 2023-01-01, to: 2025-06-30, at: approved_on}
        window: {from: 2025-03-01, to: 2026-06-30}
        region: {of: ent_region, in: ["440000", "350200"], except: ["440300"]}
        parameters:
          least:
            at: approved_on
            by: ent_size
            values:
              - {from: 2023-06-01, source: 一, rows: {large: 300, small: 60, else: 80}}
              - {from: 2024-01-01, source: 二, rows: {large: 400, "small, micro": 80}}
          years: {value: 1, source: 一}
        clauses:
          - {id: big, says: 一, when: '$has(least) and revenue >= least'}
          - {id: old, says: 二, when: '$years(registered_on, $latest(approved_on, as_of)) >= years'}
        benefit: {amount: [revenue / 3, {round: down to 10}, {nothing_below: 20}]}
    """,
    "any-and-else": """
        parameters:
          rate:
            by: [ent_size, vat_type]
            source: 一
            rows: {large: {any: 2%}, micro: {general: 5%, else: 1%}, else: {any: 3%}}
          scale:
            by: revenue
            source: 一
            tiers: [{over: 0, up_to: 100, each: 7, gives: 3}, {over: 100, rate: 0.5‰}]
        clauses:
          - {id: rated, says: 一, when: '$has(rate)'}
          - id: much
            says: 二
            when: rate * 100 + scale / 9 >= 4 or revenue / staff_prev_year > 33
        benefit: {amount: [revenue, {times: rate}, {plus: scale}]}
    """,
    "portions": """
        clauses:
          - {id: honest, says: 一, when: not credit_serious_dishonest}
        benefit:
          portions:
            - {id: base, says: 一, when: staff_prev_year > 33, amount: [revenue, {at_most: 500}]}
            - id: more
              says: 二
              when: 'ent_size in ["small", "micro"] ? hnte_valid : is_zombie'
              amount: 7
          amount:
            - highest_portion
            - {plus: rd_expense, when: first_sishang}
            - {round: half up to 0.1}
          also: {told: {label: 另, amount: [rd_expense / staff_prev_year, {round: up to 1}]}}
        delivery:
          - {when: ent_is_labor_dispatch, by: invite, says: 一}
          - {by: direct}
    """,
}  # fmt: skip


def fill_missing(frame: pl.DataFrame, other: pl.DataFrame, keep: pl.Series) -> pl.DataFrame:
    """Each fact that is missing gets the other frame's value, but for the rows in `keep`.

    The other's value may be missing too, or that the fact does not apply.
    """
    filled: list[pl.Series] = []
    for name in frame.columns:
        if name == "subject" or name.endswith(NOT_APPLICABLE):
            continue
        flag = name + NOT_APPLICABLE
        open_ = frame[name].is_null() & ~keep.shuffle(seed=len(filled))
        if flag in frame.columns:
            open_ = open_ & ~frame[flag]
            filled.append(frame[flag].zip_with(~open_, other[flag]))
        filled.append(frame[name].zip_with(~open_, other[name]))
    return frame.with_columns(filled)
