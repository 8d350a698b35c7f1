"""Bringing a ledger's tables to the form that this version writes."""

from __future__ import annotations

import sqlite3
from importlib.resources import as_file, files

import sqlalchemy as sa

from primum.errors import LedgerError
from primum.ethics.ledger.tables import VERSION_TABLE, writing

NEWEST = "0001"
"""The last step under `migrations/versions`."""


def upgrade(engine: sa.Engine) -> None:
    """Create or upgrade the tables; does nothing where they are as this version writes them.

    Raises:
        LedgerError: a later version of primum wrote them.
    """
    if version_of(engine) == NEWEST:
        return
    _log_ahead(engine)
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    with writing(engine) as connection, as_file(files("primum.ethics.ledger") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as exc:
            raise LedgerError("the ledger was written by a later version of primum; update primum.") from exc


def version_of(engine: sa.Engine) -> str | None:
    """Return the step that the tables are at; None where there are no tables."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(VERSION_TABLE):
            return None
        found = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
        return None if found is None else str(found)


def _log_ahead(engine: sa.Engine) -> None:
    """Let a new SQLite file log ahead: one flush to the disk an append in the place of three, and readers never wait.

    The mode is kept in the file. Where another process is about to do the same it may be too busy; it stays as it is.
    """
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError:
        return
    finally:
        connection.close()
