"""What becomes of each policy of a run, the acts of people on it, and the rules for both.

Each rule is one condition under which a change is refused, the same on both databases. On SQLite
each is a trigger of its own, on PostgreSQL all rules of an event stand in one function.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ACTIVE = """NOT EXISTS (SELECT 1 FROM actor WHERE name = NEW.actor AND since <= NEW.at
    AND (until IS NULL OR until > NEW.at))"""

HOLDS_ROLE = """EXISTS (SELECT 1 FROM actor_role r WHERE r.actor = NEW.actor AND r.at <= NEW.at
    AND r.change = 'granted' AND (
        (NEW.step = 'started' AND r.role = 'operator')
        OR (NEW.step = 'approved' AND r.role = 'approver')
        OR (NEW.step IN ('discarded', 'recalled') AND r.role IN ('approver', 'operator')))
    AND NOT EXISTS (SELECT 1 FROM actor_role x WHERE x.actor = r.actor AND x.role = r.role
        AND x.change = 'revoked' AND x.id > r.id))"""

STARTED_IT = """EXISTS (SELECT 1 FROM run_act a WHERE a.run_id = NEW.run_id
    AND a.step = 'started' AND a.actor = NEW.actor)"""

MINE = "SELECT 1 FROM run_policy p WHERE p.run_id = NEW.run_id AND p.policy = NEW.policy"

WROTE_IT = """EXISTS (SELECT 1 FROM run_policy p
    JOIN policy_release r ON r.content_hash = p.content_hash
    WHERE p.run_id = NEW.run_id AND p.policy = NEW.policy AND (r.author = NEW.actor
        OR EXISTS (SELECT 1 FROM policy_act s WHERE s.content_hash = r.content_hash
            AND s.step = 'submitted' AND s.actor = NEW.actor)))"""

NEWER = """EXISTS (SELECT 1 FROM run_policy p
    JOIN run_policy later ON later.policy = p.policy AND later.id > p.id
        AND later.state <> 'discarded'
    WHERE p.run_id = NEW.run_id AND p.policy = NEW.policy)"""

ACT_FOR_EVER = "an act is never changed: it is what somebody has signed"

ACT_RULES = (
    ("EXISTS (SELECT 1 FROM run_act WHERE id = NEW.id)", ACT_FOR_EVER),
    (
        """EXISTS (SELECT 1 FROM run_act a WHERE a.run_id = NEW.run_id AND a.policy = NEW.policy
            AND a.step = NEW.step AND (a.actor = NEW.actor OR NEW.step = 'started'))""",
        "this step is done already",
    ),
    (ACTIVE, "the actor is not active at the time of the act"),
    (f"NOT {HOLDS_ROLE}", "the actor does not hold the role that this step needs"),
    (
        """EXISTS (SELECT 1 FROM actor_role WHERE actor = NEW.actor AND at > NEW.at)
            OR EXISTS (SELECT 1 FROM run_act a WHERE a.run_id = NEW.run_id AND a.at > NEW.at)""",
        "an act cannot be dated before a change of the actor's roles or the act before it",
    ),
    (
        """NEW.step = 'started'
            AND EXISTS (SELECT 1 FROM run_policy p WHERE p.run_id = NEW.run_id)""",
        "the run is decided already: nobody starts it any more",
    ),
    (
        f"""NEW.step IN ('approved', 'discarded')
            AND NOT EXISTS ({MINE} AND p.state = 'held')""",
        "nothing is held there: it is decided already, or superseded by a later run",
    ),
    (
        f"NEW.step IN ('approved', 'discarded') AND {STARTED_IT}",
        "whoever started a run does not decide what is held of it: that takes a second person",
    ),
    (
        f"NEW.step = 'approved' AND {WROTE_IT}",
        "whoever wrote or submitted a policy does not approve what the brake holds of it",
    ),
    (
        f"NEW.step = 'approved' AND {NEWER}",
        "a later run has decided this policy: look at that one",
    ),
    (
        f"""NEW.step = 'recalled'
            AND NOT EXISTS ({MINE} AND p.state IN ('accepted', 'approved'))""",
        "nothing came of it, so nothing can be recalled",
    ),
    (
        "NEW.step IN ('discarded', 'recalled') AND trim(NEW.reason) = ''",
        "discarding and recalling need a reason",
    ),
)
"""What may not be inserted into run_act, and why; the first that holds is told."""

ACTS = "SELECT count(DISTINCT a.actor) FROM run_act a WHERE a.run_id = NEW.run_id AND"

POLICY_INSERTED = (
    (
        """EXISTS (SELECT 1 FROM run_policy WHERE id = NEW.id
            OR (run_id = NEW.run_id AND policy = NEW.policy))""",
        "what became of a policy in a run is written once",
    ),
    (
        "NEW.state NOT IN ('accepted', 'held')",
        "a policy of a run begins as accepted or held",
    ),
)

POLICY_UPDATED = (
    (
        """NEW.id <> OLD.id OR NEW.run_id <> OLD.run_id OR NEW.policy <> OLD.policy
            OR NEW.version <> OLD.version OR NEW.content_hash <> OLD.content_hash
            OR NEW.base_run IS DISTINCT FROM OLD.base_run
            OR NEW.counts <> OLD.counts OR NEW.reasons <> OLD.reasons""",
        "of a policy of a run nothing is changed but its state",
    ),
    (
        """NOT ((OLD.state = 'held' AND NEW.state IN ('approved', 'discarded', 'superseded'))
            OR (OLD.state IN ('accepted', 'approved') AND NEW.state = 'recalled'))""",
        "a policy of a run does not go from that state to this one",
    ),
    (
        f"""NEW.state = 'approved' AND (
            ({ACTS} (a.step = 'started' OR (a.step = 'approved' AND a.policy = NEW.policy))) < 2
            OR ({ACTS} a.step = 'approved' AND a.policy = NEW.policy
                AND a.actor = NEW.decided_by) = 0)""",
        "two people must stand behind it: who started the run and an approver, or two approvers",
    ),
    (
        f"""NEW.state = 'discarded' AND ({ACTS} a.step = 'discarded'
            AND a.policy = NEW.policy AND a.actor = NEW.decided_by) = 0""",
        "somebody must have signed that it is discarded",
    ),
    (
        """NEW.state = 'superseded' AND NOT EXISTS (SELECT 1 FROM run_policy later
            WHERE later.policy = NEW.policy AND later.id > NEW.id)""",
        "no later run has decided this policy",
    ),
    (
        f"""NEW.state = 'recalled'
            AND ({ACTS} a.step = 'recalled' AND a.policy = NEW.policy) < 2""",
        "two people must stand behind a recall",
    ),
)

LOCKS = {
    "check_run_act": """PERFORM 1 FROM actor WHERE name = NEW.actor FOR UPDATE;
        PERFORM 1 FROM run WHERE id = NEW.run_id FOR UPDATE;
        PERFORM 1 FROM run_policy WHERE run_id = NEW.run_id AND policy = NEW.policy FOR UPDATE;""",
}
"""What PostgreSQL holds so that of two acts at once the second sees the first."""

CHECKED = (
    ("run_act", "INSERT", "check_run_act", ACT_RULES),
    ("run_policy", "INSERT", "check_run_policy", POLICY_INSERTED),
    ("run_policy", "UPDATE", "check_run_policy_state", POLICY_UPDATED),
)
NEVER = (
    ("run_act", "UPDATE", ACT_FOR_EVER),
    ("run_act", "DELETE", ACT_FOR_EVER),
    ("run_policy", "DELETE", "what became of a policy in a run is never deleted"),
)


def upgrade() -> None:
    _create_tables()
    guards = _guards_of_sqlite() if _dialect() == "sqlite" else _guards_of_postgresql()
    for statement in guards:
        op.execute(sa.text(statement.replace(":", r"\:")))


def _dialect() -> str:
    return op.get_context().dialect.name


def _quoted(message: str) -> str:
    return "'" + message.replace("'", "''") + "'"


def _guards_of_sqlite() -> list[str]:
    made = []

    def refuse(name: str, when: str, table: str, condition: str, message: str) -> None:
        made.append(
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {condition}\n"
            f"BEGIN SELECT RAISE(ABORT, {_quoted(message)}); END"
        )

    for table, event, name, rules in CHECKED:
        # of several triggers SQLite may ask any first, so each is silent where an earlier holds
        before: list[str] = []
        for number, (rule, message) in enumerate(rules, start=1):
            rule = rule.replace("IS DISTINCT FROM", "IS NOT")
            alone = "".join(f" AND NOT ({earlier})" for earlier in before)
            refuse(f"{name}_{number:02d}", event, table, f"({rule}){alone}", message)
            before.append(rule)
    for table, event, message in NEVER:
        refuse(f"{table}_no_{event.lower()}", event, table, "true", message)
    return made


def _guards_of_postgresql() -> list[str]:
    made = []
    for table, event, name, rules in CHECKED:
        checks = "\n".join(
            f"IF {rule} THEN RAISE EXCEPTION {_quoted(message.replace('%', '%%'))} "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF;"
            for rule, message in rules
        )
        made.append(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
            f"BEGIN\n{LOCKS.get(name, '')}\n{checks}\nRETURN NEW;\nEND\n$$"
        )
        made.append(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    for table, event, message in NEVER:
        events = "DELETE OR TRUNCATE" if event == "DELETE" else event
        made.append(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {events} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change({_quoted(message)})"
        )
    return made


def _create_tables() -> None:
    op.create_table(
        "run_policy",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("policy", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("base_run", sa.String(length=40), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "state IN ('accepted', 'held', 'approved', 'discarded', 'superseded', 'recalled')",
            name=op.f("ck_run_policy_state"),
        ),
        sa.ForeignKeyConstraint(["base_run"], ["run.id"], name=op.f("fk_run_policy_base_run_run")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_policy_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_policy")),
        sa.UniqueConstraint("run_id", "policy", name=op.f("uq_run_policy_run_id_policy")),
    )
    op.create_index("ix_run_policy_policy", "run_policy", ["policy", "id"])
    op.create_table(
        "run_act",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("policy", sa.String(length=100), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.CheckConstraint("length(signature) = 128", name=op.f("ck_run_act_signature")),
        sa.CheckConstraint("(step = 'started') = (policy = '')", name=op.f("ck_run_act_policy")),
        sa.CheckConstraint(
            "step IN ('started', 'approved', 'discarded', 'recalled')", name=op.f("ck_run_act_step")
        ),
        sa.ForeignKeyConstraint(["actor"], ["actor.name"], name=op.f("fk_run_act_actor_actor")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_act_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_act")),
        sa.UniqueConstraint(
            "run_id", "policy", "step", "actor", name=op.f("uq_run_act_run_id_policy_step_actor")
        ),
    )
    started = sa.text("step = 'started'")
    op.create_index(
        "uq_run_act_started",
        "run_act",
        ["run_id"],
        unique=True,
        sqlite_where=started,
        postgresql_where=started,
    )
