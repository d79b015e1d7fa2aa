"""What matches use up: a person, a loan, a device counts once among the policies of a group.

It is held by one award, whatever the policy and subject, by a constraint of the database. It is
kept as a keyed hash: a loan's number or a device's could tell who somebody is.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Row,
    String,
    Table,
    delete,
    select,
    tuple_,
    update,
)

from awards.award import Pace, award_table, write_in_batches
from engine.part_outcome import KEY
from ledger.database import Instant, insert_absent, metadata, reading

claim_table = Table(
    "claim",
    metadata,
    Column("claim_group", String(100), nullable=False),
    Column("claimed", String(64), nullable=False),  # keyed hash of what is claimed
    Column("award_id", String(32), ForeignKey(award_table.c.id), nullable=False),
    Column("claimed_at", Instant, nullable=False),
    PrimaryKeyConstraint("claim_group", "claimed"),  # held once
    Index("ix_claim_award_id", "award_id"),
)
ENDED = ("declined", "withdrawn")
"""States of an award that give free what it held, and that stand against nothing any more."""
CLAIM_SCHEMA = {**dict.fromkeys(KEY, pl.String()), "group": pl.String(), "claimed": pl.String()}
LOST_SCHEMA = {
    **dict.fromkeys(KEY, pl.String()),
    "group": pl.String(),
    "to_policy": pl.String(),
    "to_subject": pl.String(),
    "to_period": pl.String(),
    "to_award": pl.Boolean(),  # an award holds it already
}
CLAIMED_BY_AWARD = "they claim what an award holds already"
"""Why matches are held, or an award is not raised."""
_AT_ONCE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose award or match holds what another one claims."""

    policy: str
    subject: str
    period: str
    item: str
    is_award: bool


def read_claims(
    matches: pl.DataFrame,
    groups: Mapping[str, str],
    key: bytes,
    former: Sequence[tuple[str, str]] = (),
) -> pl.DataFrame:
    """What matches claim, in the columns of CLAIM_SCHEMA, a row for each.

    `groups` is each policy's claim group by `id@version`; `claims` of a match is a JSON list. A
    person whose id was another before (`former`: old, new) is claimed under the first one too.
    """
    if not groups or "claims" not in matches.columns:
        return pl.DataFrame(schema=CLAIM_SCHEMA)
    version = pl.concat_str("policy", pl.lit("@"), "version")
    group = version.replace_strict(groups, default=None, return_dtype=pl.String)
    claiming = (
        matches.filter(pl.col("claims") != "")
        .select(*KEY, group.alias("group"), pl.col("claims").str.json_decode(pl.List(pl.String)))
        .filter(pl.col("group").is_not_null())
        .explode("claims")
        .filter(pl.col("claims").is_not_null())
    )
    before = {new: old for old, new in former}
    distinct = claiming.select("group", "claims").unique()
    hashed = distinct.with_columns(
        pl.Series(
            "claimed",
            [_hash(key, group, before.get(value, value)) for group, value in distinct.iter_rows()],
            dtype=pl.String,
        )
    )
    found = claiming.join(hashed, on=["group", "claims"], how="left", maintain_order="left")
    return found.select(*CLAIM_SCHEMA).unique(maintain_order=True)


def lose_claims(
    matches: pl.DataFrame, claims: pl.DataFrame, holders: Mapping[tuple[str, str], Holder]
) -> pl.DataFrame:
    """The matches that claim what is another's, in the columns of LOST_SCHEMA.

    What an award holds already (`holders`, by group and hash) stays its own. Of matches the one
    with the higher amount has it, a known amount before an open one; of equal ones the first by
    policy, subject, period and item. A match has all that it claims or nothing: what it would have
    had is free for the next.
    """
    if claims.is_empty():
        return pl.DataFrame(schema=LOST_SCHEMA)
    pair = pl.struct("group", "claimed")
    pairs = ["group", "claimed"]
    held = pl.DataFrame(list(holders), schema=dict.fromkeys(pairs, pl.String), orient="row")
    held = held.with_columns(pl.lit(True).alias("held"))
    contested = claims.join(held, on=pairs, how="left").filter(
        pair.is_duplicated() | pl.col("held")
    )
    ranked = (
        claims.join(contested.select(KEY).unique(), on=KEY, how="semi")
        .join(matches.select(*KEY, "amount_fen"), on=KEY, how="left")
        .sort(
            ["amount_fen", *KEY, "group", "claimed"],
            descending=[True, *[False] * (len(KEY) + 2)],
            nulls_last=True,
        )
    )
    taken = dict(holders)
    lost: list[tuple[str | bool, ...]] = []
    for (*name, _), rows in ranked.group_by([*KEY, "amount_fen"], maintain_order=True):
        policy, subject, period, item = (str(part) for part in name)
        wanted = list(rows.select("group", "claimed").iter_rows())
        mine = Holder(policy=policy, subject=subject, period=period, item=item, is_award=False)
        others = (taken.get(one) for one in wanted)
        against = next((h for h in others if h is not None and not _same(h, mine)), None)
        if against is None:
            taken.update({pair: taken.get(pair, mine) for pair in wanted})
            continue
        group = next(g for g, c in wanted if taken.get((g, c)) == against)
        holder = (against.policy, against.subject, against.period, against.is_award)
        lost.append((policy, subject, period, item, group, *holder))
    return pl.DataFrame(lost, schema=LOST_SCHEMA, orient="row")


def read_holders(connection: Connection, groups: Iterable[str]) -> dict[tuple[str, str], Holder]:
    """What awards of these groups hold, those declined or withdrawn left out."""
    return {
        (row.claim_group, row.claimed): Holder(
            policy=row.policy,
            subject=row.subject,
            period=row.period,
            item=row.item,
            is_award=True,
        )
        for row in _read_held(connection, groups)
    }


def _read_held(connection: Connection, groups: Iterable[str]) -> Sequence[Row[Any]]:
    """What awards of these groups hold, with the award's id and key; of those that have not
    ended."""
    query = (
        select(
            claim_table.c.claim_group,
            claim_table.c.claimed,
            claim_table.c.award_id,
            *(award_table.c[name] for name in KEY),
        )
        .join_from(claim_table, award_table, claim_table.c.award_id == award_table.c.id)
        .where(claim_table.c.claim_group.in_(sorted(set(groups))))
        .where(award_table.c.state.not_in(ENDED))
    )
    return connection.execute(query).all()


def take_claims(
    connection: Connection, wanted: Mapping[str, Sequence[tuple[str, str]]], now: datetime
) -> set[str]:
    """Give awards, by id, what they claim: pairs of group and hash; those that did not get it all.

    In the transaction that writes the awards. What an ended award held is free. Whoever did not get
    everything gets nothing: the caller takes its award back.
    """
    # sorted, so that all take their locks in one order
    rows = sorted((*pair, award_id) for award_id, pairs in wanted.items() for pair in pairs)
    failed: set[str] = set()
    ended = select(award_table.c.id).where(award_table.c.state.in_(ENDED))
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        pairs = [(group, claimed) for group, claimed, _ in some]
        key = tuple_(claim_table.c.claim_group, claim_table.c.claimed)
        connection.execute(
            delete(claim_table).where(key.in_(pairs), claim_table.c.award_id.in_(ended))
        )
        connection.execute(
            insert_absent(connection, claim_table),
            [
                {"claim_group": group, "claimed": claimed, "award_id": award, "claimed_at": now}
                for group, claimed, award in some
            ],
        )
        columns = claim_table.c
        found = connection.execute(
            select(columns.claim_group, columns.claimed, columns.award_id).where(key.in_(pairs))
        )
        owner = {(group, claimed): award_id for group, claimed, award_id in found}
        failed |= {award for group, claimed, award in some if owner.get((group, claimed)) != award}
    if failed:
        connection.execute(delete(claim_table).where(claim_table.c.award_id.in_(sorted(failed))))
    return failed


def keep_claims(
    connection: Connection,
    opened: Iterable[str],
    claimed: Mapping[str, Iterable[str] | None],
    now: datetime,
) -> set[str]:
    """Of awards just written those that hold what they claim; the others are taken back.

    `claimed` has for an award, by id, what it claims: group and hash with a line break between.
    """
    opened = set(opened)
    wanted = {award: some for award in opened if (some := _as_pairs(claimed.get(award)))}
    if not wanted:
        return opened
    failed = take_claims(connection, wanted, now)
    for award in sorted(failed):
        connection.execute(delete(award_table).where(award_table.c.id == award))
    return opened - failed


def retake_claims(
    connection: Connection, claimed: Mapping[str, Iterable[str] | None], now: datetime
) -> set[str]:
    """Of awards that are about to be opened again, by id, those that do not get what they claim."""
    return take_claims(connection, {award: _as_pairs(some) for award, some in claimed.items()}, now)


def renew_claims(engine: Engine, matches: pl.DataFrame, *, now: datetime, pace: Pace) -> set[str]:
    """Enter what the awards of these matches claim by now and do not hold yet.

    An award grows with its rows, and one of a time before claims were kept has none. `claimed` of a
    match has what `keep_claims` takes. Returns the awards, by id, of whose claims another award
    holds a part: they must not be paid more.
    """
    claiming = matches.filter(pl.col("claimed").list.len() > 0)
    columns = award_table.c
    query = select(columns.id, columns.policy, columns.subject, columns.period, columns.item)
    query = query.where(columns.policy.in_(claiming["policy"].unique().sort().to_list()))
    with reading(engine) as connection:
        found = connection.execute(query.where(columns.state.not_in(ENDED)))
        standing = {tuple(key): award_id for award_id, *key in found}
        pairs = {
            standing[key]: _as_pairs(claimed)
            for *name, claimed in claiming.select(*KEY, "claimed").iter_rows()
            if (key := tuple(name)) in standing
        }
        groups = {group for some in pairs.values() for group, _ in some}
        owners = _read_owners(connection, groups)
    rows = [(award, pair) for award, some in pairs.items() for pair in some if pair not in owners]

    def write(connection: Connection, chunk: Sequence[tuple[str, tuple[str, str]]]) -> int:
        for award_id, (group, claimed) in chunk:
            connection.execute(
                insert_absent(connection, claim_table).values(
                    claim_group=group, claimed=claimed, award_id=award_id, claimed_at=now
                )
            )
            ended = select(award_table.c.id).where(award_table.c.state.in_(ENDED))
            connection.execute(
                update(claim_table)
                .where(claim_table.c.claim_group == group, claim_table.c.claimed == claimed)
                .where(claim_table.c.award_id.in_(ended))
                .values(award_id=award_id, claimed_at=now)
            )
        return len(chunk)

    if rows:
        write_in_batches(engine, rows, write, pace)
        with reading(engine) as connection:  # of two rows, or two runs, one got it
            owners = _read_owners(connection, groups)
    return {
        award for award, some in pairs.items() if any(owners.get(pair) != award for pair in some)
    }


def _read_owners(connection: Connection, groups: Iterable[str]) -> dict[tuple[str, str], str]:
    """Which award, by id, holds what of these groups."""
    held = _read_held(connection, groups)
    return {(row.claim_group, row.claimed): row.award_id for row in held}


def _as_pairs(claimed: Iterable[str] | None) -> list[tuple[str, str]]:
    pairs = (text.rsplit("\n", 1) for text in (() if claimed is None else claimed))
    return [(group, value) for group, value in pairs]


def _same(holder: Holder, match: Holder) -> bool:
    names = ("policy", "subject", "period", "item")
    return all(getattr(holder, name) == getattr(match, name) for name in names)


def _hash(key: bytes, group: str, value: str) -> str:
    return hmac.new(key, f"claim\n{group}\n{value}".encode(), hashlib.sha256).hexdigest()
