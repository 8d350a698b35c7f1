"""Alembic's entry: the steps run on the connection that `upgrade` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from primum.ethics.ledger.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
