"""Policies, people and runs for the tests of what becomes of each policy of a run."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from engine.brake import Excess, Figures, Held
from engine.run import Run, finish_run
from engine.run_act import (
    RunAct,
    approve_held,
    discard_held,
    recall_policy,
    run_act_table,
    sign_start,
    signed_text,
)
from engine.run_policy import (
    Decided,
    RunPolicy,
    find_bases,
    list_run_policies,
    settle_policies,
)
from ledger.actor import ROLES
from ledger.database import reading
from ledger.refusal import refusals
from ledger.signing import sign
from policies.load import load_policies
from policies.policy import Policy
from policies.publication import Signer, submit
from policies.release import files_of
from tests.storage_world import ACTOR, NOW, make_run, minutes_later
from tests.support.policy_texts import vocabulary
from tests.support.publishing import make_actor

TEXT = """
policy: {policy}
version: "1"
title: {{zh: 示范补贴, en: Grant of the sample city}}
audience: enterprise
authority: 示范市人社局
level: city
basis: [{{document: 示范市补贴办法}}]
effective: {{from: 2026-01-01}}
clauses: [{{id: large, says: 人数不少于5人, source: 二, when: ui_insured_count >= 5}}]
benefit: {{amount: 1000}}
"""
FIGURES = Figures(audience=100, reached=90, eligible=90, amount_fen=900, before=1, gained=89)
OVER = Held(excesses=(Excess(limit="gained_share", figure=89, allowed=Fraction(1, 5), of=1),))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Who writes policies, who starts runs, two who approve, and one who does everything."""

    engine: Engine
    policies: dict[str, Policy]
    author: Signer
    starter: Signer
    first: Signer
    second: Signer
    all: Signer

    def run(self, snapshot: str = "a", starter: Signer | None = None) -> Run:
        run = make_run(self.engine, snapshot)
        if starter is not None:
            with self.engine.begin() as connection:
                sign_start(connection, run, starter, now=NOW)
        return finish_run(
            self.engine,
            run.id,
            outcome_hash=snapshot * 64,
            outcome_path=f"outcomes/{run.id}",
            counts={},
            actor=ACTOR,
            now=NOW,
        )

    def settle(self, run: Run, base: str | None = None, **held: Held | None) -> list[RunPolicy]:
        decided = [
            Decided(policy=self.policies[name], base_run=base, figures=FIGURES, held=why)
            for name, why in held.items()
        ]
        return settle_policies(self.engine, run, decided, actor=ACTOR, now=NOW)

    def hold(self, snapshot: str = "a", starter: Signer | None = None) -> RunPolicy:
        (one,) = self.settle(self.run(snapshot, starter), city=OVER)
        return one

    def approve(self, one: RunPolicy, signer: Signer, minute: float = 1) -> RunPolicy:
        with self.engine.begin() as connection:
            return approve_held(connection, one, signer, now=minutes_later(minute))

    def discard(self, one: RunPolicy, signer: Signer, reason: str = "wrong") -> RunPolicy:
        with self.engine.begin() as connection:
            return discard_held(connection, one, signer, now=minutes_later(1), reason=reason)

    def recall(self, one: RunPolicy, signer: Signer, minute: float = 2) -> RunPolicy:
        with self.engine.begin() as connection:
            return recall_policy(connection, one, signer, now=minutes_later(minute), reason="wrong")

    def states(self, run_id: str) -> dict[str, str]:
        with reading(self.engine) as connection:
            return {one.policy: one.state for one in list_run_policies(connection, run_id)}

    def base(self, policy: str = "city") -> str | None:
        with reading(self.engine) as connection:
            return find_bases(connection, [policy]).get(policy)

    def act(
        self, run: Run, one: RunPolicy | None, step: str, signer: Signer, **changes: Any
    ) -> None:
        """An act as somebody writes it who goes round the program, signed with a true key."""
        values: dict[str, Any] = {
            "run_id": run.id,
            "policy": "" if one is None else one.policy,
            "step": step,
            "actor": signer.name,
            "at": minutes_later(1),
            "reason": "why",
            "signature": "",
            **changes,
        }
        act = RunAct(**values)
        values["signature"] = sign(signer.private_key, signed_text(run, one, act))
        with self.engine.begin() as connection, refusals():
            connection.execute(insert(run_act_table).values(values))


@pytest.fixture
def world(database: Engine, tmp_path: Path) -> World:
    policies = {}
    with database.begin() as connection:
        author = make_actor(connection, "wang", "author", "approver", now=NOW)
        for name in ("city", "town", "village"):
            path = tmp_path / f"{name}.yaml"
            path.write_text(TEXT.format(policy=name), encoding="utf-8")
            loaded = load_policies([path], vocabulary())
            policies[name] = loaded.policies[0]
            submit(
                connection, loaded.policies[0], files_of(loaded.policies[0], loaded),
                signer=author, now=NOW,
            )  # fmt: skip
        return World(
            engine=database,
            policies=policies,
            author=author,
            starter=make_actor(connection, "sun", "operator", "approver", now=NOW),
            first=make_actor(connection, "li", "approver", now=NOW),
            second=make_actor(connection, "zhou", "approver", now=NOW),
            all=make_actor(connection, "zhao", *ROLES, now=NOW),
        )
