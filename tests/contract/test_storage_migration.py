"""Tables and migrations, the same on both databases."""

import contextlib

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, delete, exc, inspect, text, update

import awards.award
import awards.budget
import awards.claims
import awards.reservation
import engine.run
import engine.run_act
import engine.run_instance
import engine.run_policy
import engine.run_record
import engine.schedule
import ledger.actor
import ledger.journal
import ledger.lease
import notifier.channels.inbox
import notifier.notice
import policies.act
import policies.release
import profiles.link
from ledger.database import metadata, migrate, open_database, reading
from ledger.journal import seal
from ledger.migrations.notice_kinds import allow_notices
from notifier.compose import compose_notices
from tests.storage_world import NOW, all_rows, make_card, many_matches, take_in

TABLES = {
    ledger.actor.actor_table,
    ledger.actor.role_table,
    policies.act.act_table,
    policies.release.file_table,
    policies.release.import_table,
    policies.release.release_file_table,
    policies.release.release_table,
    awards.award.award_table,
    awards.award.adjustment_table,
    awards.claims.claim_table,
    awards.award.recall_table,
    awards.budget.budget_table,
    awards.reservation.reservation_table,
    engine.run.run_table,
    engine.run_instance.instance_table,
    engine.schedule.schedule_table,
    engine.run_act.run_act_table,
    engine.run_policy.run_policy_table,
    engine.run_record.run_figures_table,
    engine.run_record.run_pass_table,
    ledger.journal.journal_entry,
    ledger.journal.journal_cursor,
    ledger.lease.lease_table,
    notifier.channels.inbox.inbox_table,
    notifier.notice.notice_table,
    notifier.notice.delivery_table,
    profiles.link.link_table,
}


def test_tables_and_migrations_agree(database: Engine) -> None:
    assert set(metadata.tables.values()) == TABLES
    with reading(database) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_migration_may_be_repeated(database: Engine) -> None:
    migrate(database)
    migrate(database)


def test_migration_killed_midway_leaves_nothing_and_runs_again(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    engine = open_database(empty_database_url)
    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(op, "execute", killed)  # the tables are there, their guards are not yet
        migrate(engine)
    assert inspect(engine).get_table_names() == []
    migrate(engine)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
    engine.dispose()


def test_notices_that_are_there_survive_new_kinds(database: Engine) -> None:
    take_in(database, many_matches(2))
    seal(database, now=NOW)
    compose_notices(database, {"elder-allowance": make_card()}, now=NOW)
    before = all_rows(database, notifier.notice.notice_table)
    with database.begin() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            allow_notices(("award_opened", "another"))
    assert all_rows(database, notifier.notice.notice_table) == before != []
    changed = update(notifier.notice.notice_table)
    with database.begin() as connection:
        connection.execute(changed.values(kind="another"))
    with pytest.raises(exc.IntegrityError), database.begin() as connection:
        connection.execute(changed.values(kind="amount_changed"))
    # what refers to the notices still does
    with pytest.raises(exc.IntegrityError), database.begin() as connection:
        connection.execute(delete(notifier.notice.notice_table))
