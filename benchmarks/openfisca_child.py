"""The simple policies in OpenFisca, run by `benchmarks.other_engines` in an environment of its own.

Every distinct condition is a variable, which OpenFisca works out once and keeps; each policy has a
variable for who is eligible and one for the amount. Codes are enumerations, put in as numbers, and
all subjects are one simulation: the way in which OpenFisca is fastest.

    python openfisca_child.py SPECIFICATION.json FACTS.parquet
"""

import json
import sys
import time
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import DateUnit
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

MONTH = "2025-09"
PERSON = build_entity(key="person", plural="persons", label="Person", is_person=True)


def declare_facts(system: TaxBenefitSystem, codes: dict[str, list[str]], table: Any) -> None:
    """An input variable for each column."""
    for name in table.column_names:
        if name in codes:
            members = {f"v{place}": code for place, code in enumerate(codes[name])}
            known = Enum(name, members)
            declare(system, name, Enum, possible_values=known, default_value=next(iter(known)))
        else:
            declare(system, name, bool if str(table.schema.field(name).type) == "bool" else int)


def declare(system: TaxBenefitSystem, name: str, value_type: type, **more: Any) -> None:
    """A variable of the month."""
    attributes = {
        "value_type": value_type,
        "entity": PERSON,
        "definition_period": DateUnit.MONTH,
        "label": name,
        **more,
    }
    system.add_variable(type(name, (Variable,), attributes))


def test(condition: list[Any], codes: dict[str, list[str]]) -> Any:
    """The formula of a condition."""
    fact, is_, value = condition

    def formula(person: Any, period: Any, parameters: Any = None) -> Any:
        found = person(fact, period)
        match is_:
            case "ge":
                return found >= value
            case "le":
                return found <= value
            case "true":
                return found
            case "false":
                return np.logical_not(found)
        wanted = [codes[fact].index(code) for code in value if code in codes[fact]]
        return np.isin(np.asarray(found), wanted)

    return formula


def who(clauses: list[Any], names: dict[str, str]) -> Any:
    """The formula of who is eligible."""

    def formula(person: Any, period: Any, parameters: Any = None) -> Any:
        result = True
        for group, conditions in clauses:
            held = [person(names[json.dumps(each)], period) for each in conditions]
            match group:
                case "any":
                    result = result * np.logical_or.reduce(held)
                case "none":
                    result = result * np.logical_not(np.logical_or.reduce(held))
                case _:
                    for each in held:
                        result = result * each
        return result

    return formula


def how_much(name: str, share: dict[str, Any]) -> Any:
    """The formula of the amount in fen; its product needs more than OpenFisca's 32 bits."""

    def formula(person: Any, period: Any, parameters: Any = None) -> Any:
        eligible = person(f"{name}_eligible", period)
        if share["fact"] is None:
            return eligible * share["most_fen"]
        sums = person(share["fact"], period).astype(np.int64)
        amount = np.minimum((sums * share["thousandths"] + 500) // 1000, share["most_fen"])
        return eligible * amount

    return formula


def main(specification: str, facts: str) -> None:
    """Decide all and tell what came out and how long it took, facts put in beforehand."""
    with open(specification, encoding="utf-8") as file:
        given = json.load(file)
    codes, policies = given["codes"], given["policies"]
    table = pq.read_table(facts)
    system = TaxBenefitSystem([PERSON])
    declare_facts(system, codes, table)
    names: dict[str, str] = {}
    for policy in policies:
        for _, conditions in policy["clauses"]:
            for condition in conditions:
                key = json.dumps(condition)
                if key not in names:
                    names[key] = f"condition_{len(names)}"
                    declare(system, names[key], bool, formula=test(condition, codes))
        name = policy["name"]
        declare(system, f"{name}_eligible", bool, formula=who(policy["clauses"], names))
        declare(system, name, int, formula=how_much(name, policy["share"]))
    simulation = SimulationBuilder.build_default_simulation(system, table.num_rows)
    for name in table.column_names:
        simulation.set_input(name, MONTH, table[name].to_numpy())
    started, worked = time.perf_counter(), time.process_time()
    sums = {}
    for policy in policies:
        name = policy["name"]
        amount = simulation.calculate(name, MONTH)
        eligible = simulation.calculate(f"{name}_eligible", MONTH)
        sums[name] = [int(eligible.sum()), int(amount.sum(dtype=np.int64))]
    spent = time.perf_counter() - started, time.process_time() - worked
    told = {"rows": table.num_rows, "sums": sums, "seconds": spent[0], "processors": spent[1]}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
