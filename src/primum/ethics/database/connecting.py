"""How each database is opened, and made to let one writer in at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

_BUSY_S = 120


def engine_of(url: sa.URL) -> sa.Engine:
    """Return an engine whose transactions begin when they are told to."""
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_S, "check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # The driver's own BEGIN comes too late and asks for too little: see `writing`.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=FULL")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("primum_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def writing(engine: sa.Engine, *, lock: int | None) -> Iterator[sa.Connection]:
    """Yield a connection in a transaction that ends with the block, whole or not at all.

    SQLite takes the write lock at once (BEGIN IMMEDIATE), so that nobody reads what another is about to change;
    PostgreSQL takes the advisory lock, which also orders the creation of the tables.

    Args:
        engine: from `engine_of`.
        lock: of the advisory lock that PostgreSQL takes, shared by nobody else who writes under it; None: rows are
            locked as they are changed, and writers do not wait for each other.
    """
    with engine.connect().execution_options(primum_writes=True) as connection, connection.begin():
        if lock is not None and connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
        yield connection
