"""A catalogue from elsewhere beside our policies: what differs, what is new, what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.catalogue_file import BadCell, ItemFile, ItemRow
from policies.item_columns import ItemColumn, read_cell
from policies.policy import Policy

Items = Sequence[tuple[Policy, Mapping[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDifference:
    """An element of a known item that the file and the policy say differently."""

    row: int
    policy: str
    column: str
    field: str
    in_file: str
    in_policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a file says beside the policies: rows known (with their policy), differences, new."""

    known: tuple[tuple[int, str], ...]
    differences: tuple[CellDifference, ...]
    new: tuple[ItemRow, ...]
    bad: tuple[BadCell, ...]
    unknown: tuple[str, ...]


def compare_items(file: ItemFile, items: Items) -> Imported:
    """Find the policy of each row and compare the columns that the file has.

    A row is known by policy and version, else by its codes, else by its exact name. What could be
    several policies, or is one that an earlier row was about, is refused.
    """
    known: dict[str, int] = {}
    differences: list[CellDifference] = []
    new: list[ItemRow] = []
    bad = list(file.bad)
    for row in file.rows:
        found, named = _find(row, items)
        if len(found) > 1:
            keys = ", ".join(policy.key for policy, _ in found)
            bad.append(
                _row(row, named, f"this is said of several: {keys}; add 政策标识 and 政策版本")
            )
            continue
        if not found:
            new.append(row)
            continue
        policy, item = found[0]
        if policy.key in known:
            why = f"row {known[policy.key]} is about {policy.key} already"
            bad.append(_row(row, named, why))
            continue
        known[policy.key] = row.row
        for column in file.columns:
            said = row.cells.get(column.field)
            ours = _as_read(column, item[column.field])
            if said is not None and said != ours:
                differences.append(
                    CellDifference(
                        row=row.row,
                        policy=policy.key,
                        column=column.zh,
                        field=column.field,
                        in_file=said,
                        in_policy=ours,
                    )
                )
    return Imported(
        known=tuple((row, key) for key, row in known.items()),
        differences=tuple(differences),
        new=tuple(new),
        bad=tuple(sorted(bad, key=lambda cell: cell.row)),
        unknown=file.unknown,
    )


def _as_read(column: ItemColumn, text: str) -> str:
    """What would be read of our own cell, so that separators make no difference."""
    try:
        return read_cell(column, text)
    except ValueError:
        return text.strip()


def _row(row: ItemRow, named: str, why: str) -> BadCell:
    return BadCell(row=row.row, place=str(row.row), column=named, why=why)


def _find(row: ItemRow, items: Items) -> tuple[list[tuple[Policy, Mapping[str, str]]], str]:
    """The policies that a row may be about, and the Chinese name of what tells."""
    for fields, named in (
        (("policy", "version"), "政策标识"),
        (("policy",), "政策标识"),
        (("task_code",), "实施编码"),
        (("catalog_code", "dept_name"), "基本编码"),
        (("task_name", "dept_name"), "事项名称"),
    ):
        said = [row.cells.get(field, "") for field in fields]
        if not all(said):
            continue
        found = [pair for pair in items if [pair[1][field] for field in fields] == said]
        if found:
            return found, named
        if fields == ("policy",):
            return [], named
    if not row.cells.get("dept_name") and (name := row.cells.get("task_name")):
        return [pair for pair in items if pair[1]["task_name"] == name], "事项名称"
    return [], "事项名称"
