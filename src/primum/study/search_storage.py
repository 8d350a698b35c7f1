"""Where a search keeps its trials: SQLite beside the results, or any database that several machines can reach."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from primum.errors import StudyError
from primum.extras import require

_ATTEMPTS = 6
_PAUSE_S = 0.5


@contextmanager
def opened_storage(url: str | None, *, folder: Path) -> Iterator[Any]:
    """Yield what `open_storage` returns and close its connections afterwards."""
    storage = open_storage(url, folder=folder)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def open_storage(url: str | None, *, folder: Path) -> Any:
    """Return an Optuna storage for the SQLAlchemy `url`, or for `folder`/search.db.

    Raises:
        StudyError: the database cannot be opened; the message shows the address without its password.
        ExtraMissingError: Optuna or the database's driver is not installed.
    """
    storages = require("optuna.storages", extra="train", purpose="A search")
    if url is None:
        folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{folder / 'search.db'}"
    address, settings = _address(url)
    sql_errors = require("sqlalchemy.exc", extra="train", purpose="A search").SQLAlchemyError
    for attempt in range(_ATTEMPTS):
        try:
            return storages.RDBStorage(address.render_as_string(hide_password=False), engine_kwargs=settings)
        except sql_errors as exc:
            # Two processes that begin at the same moment both create the tables: the later one finds them next time.
            if attempt + 1 == _ATTEMPTS:
                shown = address.render_as_string(hide_password=True)
                raise StudyError(
                    f"--storage {shown}: the database cannot be opened; check address and rights."
                ) from exc
            time.sleep(_PAUSE_S)
    raise AssertionError("unreachable")


def process_name() -> str:
    """Return a name of this process that no other running process has: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def is_gone(process: str) -> bool:
    """Return whether the named process ran on this machine and does not any more."""
    host, _, number = process.rpartition(":")
    if host != socket.gethostname() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _address(url: str) -> tuple[Any, dict[str, Any]]:
    """The parsed address, PostgreSQL's with its present driver named, and the engine's settings."""
    engine = require("sqlalchemy.engine", extra="train", purpose="A search")
    errors = require("sqlalchemy.exc", extra="train", purpose="A search")
    try:
        address = engine.make_url(url)
    except errors.ArgumentError as exc:
        raise StudyError(
            "--storage: expected an SQLAlchemy URL such as sqlite:///search.db or postgresql://user@host/name."
        ) from exc
    if address.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        require("psycopg", extra="scale", purpose="A search kept in PostgreSQL")
        return address.set(drivername="postgresql+psycopg"), {"pool_pre_ping": True}
    if address.drivername.startswith("sqlite"):
        return address, {"connect_args": {"timeout": 60}}
    return address, {}
