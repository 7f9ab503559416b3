"""Alembic's entry: runs revisions on the connection, and in the transaction, that `migrate` opened."""

from alembic import context

from invoke_adapters.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by rebuilding it
    transactional_ddl=True,
)
context.run_migrations()
