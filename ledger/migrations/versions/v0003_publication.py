"""Actors and roles; releases of policies, the acts by which they are published, and their guards.

Each rule is one condition under which a change is refused, the same on both databases. On SQLite
each is a trigger of its own, on PostgreSQL all rules of a table stand in one function.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ACTIVE = """NOT EXISTS (SELECT 1 FROM actor WHERE name = NEW.actor AND since <= NEW.at
    AND (until IS NULL OR until > NEW.at))"""

HOLDS_ROLE = """EXISTS (SELECT 1 FROM actor_role r WHERE r.actor = NEW.actor AND r.at <= NEW.at
    AND r.change = 'granted' AND (
        (NEW.step = 'submitted' AND r.role = 'author')
        OR (NEW.step = 'reviewed' AND r.role = 'reviewer')
        OR (NEW.step IN ('approved', 'imported') AND r.role = 'approver')
        OR (NEW.step = 'published' AND r.role = 'operator')
        OR (NEW.step = 'withdrawn' AND r.role IN ('approver', 'operator')))
    AND NOT EXISTS (SELECT 1 FROM actor_role x WHERE x.actor = r.actor AND x.role = r.role
        AND x.change = 'revoked' AND x.id > r.id))"""


def _done(acts: str) -> str:
    return f"EXISTS (SELECT 1 FROM policy_act a WHERE a.content_hash = NEW.content_hash AND {acts})"


SUBMITTED_BY_ACTOR = _done("a.step = 'submitted' AND a.actor = NEW.actor")
SAME_STEP = _done("a.step = NEW.step")
SAME_STEP_BY_ACTOR = _done("a.step = NEW.step AND a.actor = NEW.actor")
LATER = _done("a.at > NEW.at")
BEYOND_SUBMISSION = _done("a.step <> 'submitted'")
SUBMITTED = _done("a.step = 'submitted'")
REVIEWED = _done("a.step = 'reviewed'")
APPROVED = _done("a.step = 'approved'")
PUBLISHED = _done("a.step IN ('published', 'imported')")
BEYOND_IMPORT = _done("a.step <> 'imported'")

WROTE_IT = f"""(EXISTS (SELECT 1 FROM policy_release WHERE content_hash = NEW.content_hash
        AND author = NEW.actor)
    OR {SUBMITTED_BY_ACTOR})"""

OTHER_IN_FORCE = """EXISTS (SELECT 1 FROM policy_release mine
    JOIN policy_release other ON other.policy = mine.policy AND other.version = mine.version
        AND other.content_hash <> mine.content_hash
    JOIN policy_act a ON a.content_hash = other.content_hash
    WHERE mine.content_hash = NEW.content_hash AND a.step IN ('published', 'imported'))"""

NEVER_CHANGED = {
    "actor_role": "a change of a role is never changed, only followed by another",
    "policy_file": "what was submitted is never changed",
    "policy_import": "what was imported is never changed",
    "policy_release": "a release is never changed: submit the new content",
    "release_file": "what was submitted is never changed",
    "policy_act": "an act is never changed: it is what somebody has signed",
}
"""Tables whose rows are neither updated nor deleted."""

# On SQLite a REPLACE would delete the row that is there without asking the triggers on deletion.
RULES = {
    "actor": (
        (
            "EXISTS (SELECT 1 FROM actor WHERE name = NEW.name OR public_key = NEW.public_key)",
            "there is an actor of this name or key already",
        ),
    ),
    "actor_role": (
        (
            "EXISTS (SELECT 1 FROM actor_role WHERE id = NEW.id)",
            NEVER_CHANGED["actor_role"],
        ),
        (ACTIVE, "nobody gets or loses a role before an actor begins or after it has ended"),
        (
            """EXISTS (SELECT 1 FROM actor_role WHERE actor = NEW.actor AND at > NEW.at)
            OR EXISTS (SELECT 1 FROM policy_act WHERE actor = NEW.actor AND at > NEW.at)""",
            "a change of a role cannot be dated before what the actor has done since",
        ),
    ),
    "policy_file": (
        (
            "EXISTS (SELECT 1 FROM policy_file WHERE hash = NEW.hash)",
            NEVER_CHANGED["policy_file"],
        ),
    ),
    "policy_import": (
        (
            "EXISTS (SELECT 1 FROM policy_import WHERE hash = NEW.hash)",
            NEVER_CHANGED["policy_import"],
        ),
    ),
    "policy_release": (
        (
            "EXISTS (SELECT 1 FROM policy_release WHERE content_hash = NEW.content_hash)",
            NEVER_CHANGED["policy_release"],
        ),
    ),
    "release_file": (
        (
            "EXISTS (SELECT 1 FROM policy_act WHERE content_hash = NEW.content_hash)",
            NEVER_CHANGED["release_file"],
        ),
        (
            """EXISTS (SELECT 1 FROM release_file
            WHERE content_hash = NEW.content_hash AND path = NEW.path)""",
            NEVER_CHANGED["release_file"],
        ),
    ),
    "policy_act": (
        ("EXISTS (SELECT 1 FROM policy_act WHERE id = NEW.id)", NEVER_CHANGED["policy_act"]),
        (
            f"""NEW.step <> 'submitted' AND {SAME_STEP}
            OR {SAME_STEP_BY_ACTOR}""",
            "this step is done already",
        ),
        (ACTIVE, "the actor is not active at the time of the act"),
        (
            f"""NEW.step IN ('reviewed', 'approved', 'published', 'imported') AND {WROTE_IT}""",
            "whoever wrote or submitted a policy cannot review, approve or publish it",
        ),
        (f"NOT {HOLDS_ROLE}", "the actor does not hold the role that this step needs"),
        (
            f"""EXISTS (SELECT 1 FROM actor_role WHERE actor = NEW.actor AND at > NEW.at)
            OR {LATER}""",
            "an act cannot be dated before a change of the actor's roles or the act before it",
        ),
        (
            f"NEW.step = 'submitted' AND {BEYOND_SUBMISSION}",
            "its review has begun: nobody submits the same content once more",
        ),
        (
            f"""NEW.step = 'submitted' AND NOT {SUBMITTED}
            AND NOT EXISTS (SELECT 1 FROM policy_release
                WHERE content_hash = NEW.content_hash AND author = NEW.actor)""",
            "a release is first submitted by its author",
        ),
        (
            f"""NEW.step = 'reviewed' AND NOT {SUBMITTED}
            OR NEW.step = 'approved' AND NOT {REVIEWED}
            OR NEW.step = 'published' AND NOT {APPROVED}
            OR NEW.step = 'withdrawn' AND NOT {PUBLISHED}
            """,
            "the step before is missing (submitted, reviewed, approved, published, withdrawn)",
        ),
        (
            f"""NEW.step = 'imported' AND ({BEYOND_IMPORT}
            OR NOT EXISTS (SELECT 1 FROM policy_release r
                JOIN policy_import i ON i.hash = r.import_hash
                WHERE r.content_hash = NEW.content_hash AND i.importer = NEW.actor))""",
            "only a release of an archive is imported, by whoever imports the archive",
        ),
        (
            f"NEW.step IN ('published', 'imported') AND {OTHER_IN_FORCE}",
            "this version is published already with other content: give it a new version",
        ),
        (
            """NEW.step IN ('published', 'imported') AND trim(NEW.reason) = ''
            AND EXISTS (SELECT 1 FROM policy_release
                WHERE content_hash = NEW.content_hash AND effective_from < NEW.day)""",
            "it begins before the day of its publication: that needs a reason",
        ),
        (
            "NEW.step = 'withdrawn' AND trim(NEW.reason) = ''",
            "a withdrawal needs a reason",
        ),
        (
            "NEW.step <> 'withdrawn' AND {day_of_act} <> NEW.day",
            "the day of an act is the day on which it is done",
        ),
    ),
}
"""What may not be inserted, and why; the first that holds is told."""

ACTOR_CHANGED = """NEW.name <> OLD.name OR NEW.public_key <> OLD.public_key
    OR NEW.since <> OLD.since OR OLD.until IS NOT NULL OR NEW.until IS NULL"""
ENDS_ONLY = "of an actor nothing is changed but its end, once"

DAY_OF_ACT = {"sqlite": "substr(NEW.at, 1, 10)", "postgresql": "(NEW.at AT TIME ZONE 'UTC')::date"}
LOCKS = {
    "actor_role": "PERFORM 1 FROM actor WHERE name = NEW.actor FOR UPDATE;",
    "policy_act": """PERFORM 1 FROM actor WHERE name = NEW.actor FOR UPDATE;
        PERFORM 1 FROM policy_release WHERE policy = (SELECT policy FROM policy_release
            WHERE content_hash = NEW.content_hash) ORDER BY content_hash FOR UPDATE;""",
}
"""What PostgreSQL holds so that of two acts at once the second sees the first."""


def upgrade() -> None:
    _create_actors()
    _create_releases()
    guards = _guards_of_sqlite() if _dialect() == "sqlite" else _guards_of_postgresql()
    for statement in guards:
        op.execute(sa.text(statement.replace(":", r"\:")))


def _dialect() -> str:
    return op.get_context().dialect.name


def _quoted(message: str) -> str:
    return "'" + message.replace("'", "''") + "'"


def _rules_of(table: str) -> list[tuple[str, str]]:
    day = DAY_OF_ACT[_dialect()]
    return [(rule.replace("{day_of_act}", day), message) for rule, message in RULES[table]]


def _guards_of_sqlite() -> list[str]:
    made = []

    def refuse(name: str, when: str, table: str, condition: str, message: str) -> None:
        made.append(
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {condition}\n"
            f"BEGIN SELECT RAISE(ABORT, {_quoted(message)}); END"
        )

    for table in RULES:
        # of several triggers SQLite may ask any first, so each is silent where an earlier holds
        before: list[str] = []
        for number, (rule, message) in enumerate(_rules_of(table), start=1):
            alone = "".join(f" AND NOT ({earlier})" for earlier in before)
            refuse(f"{table}_rule_{number:02d}", "INSERT", table, f"({rule}){alone}", message)
            before.append(rule)
    for table, message in NEVER_CHANGED.items():
        refuse(f"{table}_no_update", "UPDATE", table, "true", message)
        refuse(f"{table}_no_delete", "DELETE", table, "true", message)
    refuse("actor_no_update", "UPDATE", "actor", ACTOR_CHANGED, ENDS_ONLY)
    refuse("actor_no_delete", "DELETE", "actor", "true", ENDS_ONLY)
    return made


def _guards_of_postgresql() -> list[str]:
    made = [
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
        END
        $$
        """
    ]
    for table in RULES:
        checks = "\n".join(
            f"IF {rule} THEN RAISE EXCEPTION {_quoted(message.replace('%', '%%'))} "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF;"
            for rule, message in _rules_of(table)
        )
        made.append(
            f"CREATE FUNCTION check_{table}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
            f"BEGIN\n{LOCKS.get(table, '')}\n{checks}\nRETURN NEW;\nEND\n$$"
        )
        made.append(
            f"CREATE TRIGGER {table}_rules BEFORE INSERT ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION check_{table}()"
        )
    for table, message in {**NEVER_CHANGED, "actor": ENDS_ONLY}.items():
        refusal = f"EXECUTE FUNCTION refuse_change({_quoted(message)})"
        if table != "actor":
            made.append(
                f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
                f"FOR EACH STATEMENT {refusal}"
            )
        made.append(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT {refusal}"
        )
    made.append(
        f"CREATE TRIGGER actor_no_update BEFORE UPDATE ON actor FOR EACH ROW "
        f"WHEN ({ACTOR_CHANGED}) EXECUTE FUNCTION refuse_change({_quoted(ENDS_ONLY)})"
    )
    return made


def _create_actors() -> None:
    op.create_table(
        "actor",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_actor_until")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_actor")),
        sa.UniqueConstraint("public_key", name=op.f("uq_actor_public_key")),
    )
    op.create_table(
        "actor_role",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("change", sa.String(length=10), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.CheckConstraint(
            "role IN ('author', 'reviewer', 'approver', 'operator', 'finance', 'auditor')",
            name=op.f("ck_actor_role_role"),
        ),
        sa.CheckConstraint("change IN ('granted', 'revoked')", name=op.f("ck_actor_role_change")),
        sa.ForeignKeyConstraint(["actor"], ["actor.name"], name=op.f("fk_actor_role_actor_actor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actor_role")),
    )
    op.create_index("ix_actor_role_actor", "actor_role", ["actor"], unique=False)


def _create_releases() -> None:
    op.create_table(
        "policy_file",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_policy_file")),
    )
    op.create_table(
        "policy_import",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("signer", sa.String(length=60), nullable=False),
        sa.Column("importer", sa.String(length=60), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.CheckConstraint("signer <> importer", name=op.f("ck_policy_import_two_persons")),
        sa.ForeignKeyConstraint(
            ["importer"], ["actor.name"], name=op.f("fk_policy_import_importer_actor")
        ),
        sa.ForeignKeyConstraint(
            ["signer"], ["actor.name"], name=op.f("fk_policy_import_signer_actor")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_policy_import")),
    )
    op.create_table(
        "policy_release",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("adopted_by", sa.String(length=12), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("author", sa.String(length=60), nullable=True),
        sa.Column("import_hash", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(author IS NULL) <> (import_hash IS NULL)", name=op.f("ck_policy_release_origin")
        ),
        sa.ForeignKeyConstraint(
            ["author"], ["actor.name"], name=op.f("fk_policy_release_author_actor")
        ),
        sa.ForeignKeyConstraint(
            ["import_hash"],
            ["policy_import.hash"],
            name=op.f("fk_policy_release_import_hash_policy_import"),
        ),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_policy_release")),
    )
    op.create_index("ix_policy_release_policy", "policy_release", ["policy", "version"])
    op.create_table(
        "release_file",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_hash"],
            ["policy_release.content_hash"],
            name=op.f("fk_release_file_content_hash_policy_release"),
        ),
        sa.ForeignKeyConstraint(
            ["file_hash"], ["policy_file.hash"], name=op.f("fk_release_file_file_hash_policy_file")
        ),
        sa.PrimaryKeyConstraint("content_hash", "path", name=op.f("pk_release_file")),
    )
    op.create_table(
        "policy_act",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.CheckConstraint(
            "step IN ('submitted', 'reviewed', 'approved', 'published', 'imported', 'withdrawn')",
            name=op.f("ck_policy_act_step"),
        ),
        sa.CheckConstraint("length(signature) = 128", name=op.f("ck_policy_act_signature")),
        sa.ForeignKeyConstraint(["actor"], ["actor.name"], name=op.f("fk_policy_act_actor_actor")),
        sa.ForeignKeyConstraint(
            ["content_hash"],
            ["policy_release.content_hash"],
            name=op.f("fk_policy_act_content_hash_policy_release"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_act")),
        sa.UniqueConstraint(
            "content_hash", "step", "actor", name=op.f("uq_policy_act_content_hash_step_actor")
        ),
    )
    once = sa.text("step <> 'submitted'")
    op.create_index(
        "uq_policy_act_once",
        "policy_act",
        ["content_hash", "step"],
        unique=True,
        sqlite_where=once,
        postgresql_where=once,
    )
