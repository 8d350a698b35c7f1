"""Where the ledger is: a file beside the runs, unless PRIMUM_LEDGER or --db names another place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from primum.errors import LedgerError
from primum.extras import require

LEDGER_FILE = "ledger.sqlite"
LEDGER_VARIABLE = "PRIMUM_LEDGER"
_PURPOSE = "The ledger"


def ledger_place(folder: Path | None, *, given: str | None = None) -> str:
    """Return the place of the ledger: `given`, else PRIMUM_LEDGER, else ledger.sqlite in `folder`.

    Args:
        folder: what holds the run or Release; None: `runs` in the current folder.
        given: a path or an SQLAlchemy URL.
    """
    named = given or os.environ.get(LEDGER_VARIABLE)
    return named or str((Path("runs") if folder is None else folder) / LEDGER_FILE)


def address_of(place: str) -> Any:
    """Return the SQLAlchemy URL of a place: a path means SQLite; PostgreSQL's driver is named.

    Raises:
        LedgerError: it looks like a URL and is none.
        ExtraMissingError: SQLAlchemy or the database's driver is not installed.
    """
    engine = require("sqlalchemy.engine", extra="oversight", purpose=_PURPOSE)
    errors = require("sqlalchemy.exc", extra="oversight", purpose=_PURPOSE)
    if "://" not in place:
        return engine.URL.create("sqlite", database=str(Path(place).absolute()))
    try:
        address = engine.make_url(place)
    except errors.ArgumentError as exc:
        raise LedgerError(
            "--db: expected a path, or a URL such as sqlite:///ledger.sqlite or postgresql://user@host/name."
        ) from exc
    backend = address.drivername.partition("+")[0]
    if backend in ("postgres", "postgresql"):
        require("psycopg", extra="scale", purpose="A ledger in PostgreSQL")
        return address.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise LedgerError(f"--db: a ledger is kept in SQLite or PostgreSQL, not in {backend}.")
    return address
