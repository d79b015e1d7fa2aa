"""Which kinds a notice may be of, changed where millions of notices may lie already."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

_CHECK = re.compile(r"(CONSTRAINT ck_notice_kind CHECK )\(kind IN \([^()]*\)\)")


def allow_notices(kinds: Sequence[str]) -> None:
    """Let a notice be of these kinds and no other.

    SQLite changes no constraint of a table that is there, and the way around it, a new table in the
    old one's place, fails where rows refer to the old. So the table's text is replaced, as SQLite's
    own guide to such changes says (lang_altertable, section 7).
    """
    condition = f"(kind IN ({', '.join(repr(kind) for kind in kinds)}))"
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE notice DROP CONSTRAINT ck_notice_kind")
        op.execute(f"ALTER TABLE notice ADD CONSTRAINT ck_notice_kind CHECK {condition}")
        return
    connection = op.get_bind()
    text = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'notice'"
    ).scalar_one()
    changed, times = _CHECK.subn(lambda found: found[1] + condition, text)
    if times != 1:
        raise sa.exc.InvalidRequestError("the table notice has no constraint on its kinds")
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = 'notice'", (changed,)
    )
    # every connection, this one too, reads the tables anew by it
    connection.exec_driver_sql(f"PRAGMA schema_version = {int(version) + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
