"""Run by Alembic: migrate in the transaction of `ledger.database.migrate`."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,  # SQLite too: the transaction is begun by us, not by the driver
)
with context.begin_transaction():
    context.run_migrations()
