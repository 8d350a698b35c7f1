"""Bringing a room's tables to the form that this version writes, by Alembic, each room with its own steps."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from importlib.resources import as_file, files

import sqlalchemy as sa

from primum.errors import InputError
from primum.ethics.database.connecting import writing


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The tables of one room."""

    package: str
    """Whose folder `migrations` holds Alembic's env.py and versions, e.g. "primum.ethics.ledger"."""
    newest: str
    """The last step under `migrations/versions`."""
    version_table: str
    """Where the database keeps which step it is at; its own for each room."""
    metadata: sa.MetaData
    """The tables as this version uses them."""
    what: str
    """What they are, with its article, for errors: "the ledger"."""
    error: type[InputError]
    """What is raised where a later version wrote them."""
    lock: int
    """The PostgreSQL advisory lock under which the room is written, and its tables are created."""


def upgrade(engine: sa.Engine, schema: Schema) -> None:
    """Create or upgrade the tables; does nothing where they are as this version writes them.

    Raises:
        InputError: of the schema's class: a later version of primum wrote them.
    """
    if version_of(engine, schema) == schema.newest:
        return
    _log_ahead(engine)
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    with writing(engine, lock=schema.lock) as connection, as_file(files(schema.package) / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as exc:
            raise schema.error(f"{schema.what} was written by a later version of primum; update primum.") from exc


def migrate(schema: Schema) -> None:
    """Run the steps on the connection that `upgrade` handed over, inside its transaction: all that an env.py does."""
    from alembic import context

    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=schema.metadata,
        version_table=schema.version_table,
    )
    with context.begin_transaction():
        context.run_migrations()


def version_of(engine: sa.Engine, schema: Schema) -> str | None:
    """Return the step that the tables are at; None where there are no tables."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(schema.version_table):
            return None
        found = connection.execute(sa.text(f"SELECT version_num FROM {schema.version_table}")).scalar()
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
