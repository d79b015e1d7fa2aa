"""How a row and a candidate compare: numbers between 0 and 1 with a meaning each."""

from typing import Any

import numpy as np
import numpy.typing as npt

from profiles.linkage_register import Ints, Parted, Register

Floats = npt.NDArray[np.float64]

FEATURES = (
    "core",  # cosine of the trade names' n-grams
    "whole",  # cosine of the whole names'
    "same core",
    "same head",  # the first two characters of the trade name
    "same form",
    "other form",
    "same branch",  # both are no branch, or the same one
    "other branch",
    "same place",  # the place in the name
    "other place",
    "alike",  # how many firms have the candidate's trade name, in the logarithm
    "person",  # cosine of the representatives' names, 0 where one is missing
    "same person",
    "other person",
    "namesakes",  # as alike, for the representative
    "street",
    "same house",
    "other house",
    "same rooms",  # share of the numbers behind the house that agree
    "other rooms",
    "same region",
    "other region",
)
"""Names of the columns that `compare_pairs` gives, in their order."""


def compare_pairs(
    register: Register, parted: Parted, matrices: dict[str, Any], rows: Ints, firms: Ints
) -> Floats:
    """One row of `FEATURES` for each pair; what is missing on a side counts neither way."""
    known = register.parted
    cosine = {
        view: np.asarray(
            matrices[view][rows].multiply(register.matrices[view][firms]).sum(axis=1)
        ).ravel()
        for view in ("core", "whole", "person", "street")
    }
    names, others = _take(parted.names, rows), _take(known.names, firms)
    addresses, places = _take(parted.addresses, rows), _take(known.addresses, firms)
    persons, regions = _take(parted.persons, rows), _take(parted.regions, rows)
    form = _compare([name.form for name in names], [name.form for name in others])
    branch = [name.branch for name in names], [name.branch for name in others]
    same_branch = np.array([a == b for a, b in zip(*branch, strict=True)], dtype=float)
    place = np.array(
        [_same_place(a.place, b.place) for a, b in zip(names, others, strict=True)]
    ).reshape(-1, 2)
    person = _compare(persons, _take(known.persons, firms))
    house = _compare([a.house for a in addresses], [a.house for a in places])
    rooms = np.array(
        [_same_rooms(a.rest, b.rest) for a, b in zip(addresses, places, strict=True)]
    ).reshape(-1, 2)
    region = _compare(regions, _take(known.regions, firms))
    return np.column_stack(
        [
            cosine["core"],
            cosine["whole"],
            [a.core == b.core for a, b in zip(names, others, strict=True)],
            [a.core[:2] == b.core[:2] for a, b in zip(names, others, strict=True)],
            form,
            same_branch,
            1 - same_branch,
            place,
            np.log(register.alike[firms]) / 10,
            cosine["person"],
            person,
            np.log(register.namesakes[firms]) / 10,
            cosine["street"],
            house,
            rooms,
            region,
        ]
    ).astype(np.float64)


def _take(values: Any, places: Ints) -> list[Any]:
    return [values[place] for place in places.tolist()]


def _compare(left: list[str], right: list[str]) -> Floats:
    """Two columns: known and the same, known and different."""
    pairs = [
        (bool(a and a == b), bool(a and b and a != b)) for a, b in zip(left, right, strict=True)
    ]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _same_place(left: str, right: str) -> tuple[float, float]:
    """示范 and 示范市示范一区 do not contradict each other; 示范一区 and 示范二区 do."""
    if not left or not right:
        return (0.0, 0.0)
    same = left.rstrip("省市区县") in right or right.rstrip("省市区县") in left
    return (float(same), float(not same))


def _same_rooms(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[float, float]:
    if not left or not right:
        return (0.0, 0.0)
    shared = len(set(left) & set(right)) / max(len(set(left)), len(set(right)))
    return (shared, 1 - shared)
