"""The file of patients' keys: one key a patient and generation, wrapped by a master key.

A SQLite file, so that several processes may use it at once and a change is whole or not at all. Patients stand in it as
keyed hashes. Deleted keys are overwritten with zeros (`secure_delete`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from primum.errors import SealError
from primum.files import write_private, writing_failed
from primum.privacy.at_rest.envelope import Wrapped

_TABLES = """
CREATE TABLE IF NOT EXISTS keys(
    patient TEXT NOT NULL, generation INTEGER NOT NULL, master TEXT NOT NULL, wrapped BLOB NOT NULL,
    PRIMARY KEY (patient, generation)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shredded(patient TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@contextmanager
def opened(path: Path, *, change: bool = False) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a file of keys; with `change`, one transaction that is whole, and a new file if need be.

    Raises:
        SealError: there is no file to read, or it is something else, damaged, or locked by another process for long.
        OutputError: it cannot be made or written to.
    """
    if not path.exists():
        if not change:
            raise SealError(f"{path}: no such file of patients' keys; restore it, or seal something first.")
        _make(path)
    try:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_TABLES)
            if change:
                connection.execute("BEGIN IMMEDIATE")
            yield connection
            if change:
                connection.execute("COMMIT")
    except sqlite3.OperationalError as exc:
        if not os.access(path, os.W_OK):
            raise writing_failed(path, PermissionError(13, "Permission denied")) from exc
        raise SealError(
            f"{path}: the keys of patients cannot be read ({exc}); try again, or restore the file."
        ) from exc
    except sqlite3.DatabaseError as exc:
        raise SealError(f"{path}: not a file of patients' keys, or damaged; restore it from its backup.") from exc


def _make(path: Path) -> None:
    try:
        write_private(path, b"")
    except OSError:
        if not path.exists():  # otherwise another process was quicker
            raise


def newest(connection: sqlite3.Connection, patient: str, generation: int | None = None) -> Wrapped | None:
    """Return a patient's key of a generation, the newest by default; None where there is none."""
    wanted = "" if generation is None else " AND generation = :generation"
    row = connection.execute(
        f"SELECT patient, generation, master, wrapped FROM keys WHERE patient = :patient{wanted} "
        "ORDER BY generation DESC LIMIT 1",
        {"patient": patient, "generation": generation},
    ).fetchone()
    return None if row is None else _row(row)


def everyone(connection: sqlite3.Connection) -> list[Wrapped]:
    """Return all keys."""
    return [_row(row) for row in connection.execute("SELECT patient, generation, master, wrapped FROM keys")]


def put(connection: sqlite3.Connection, key: Wrapped) -> None:
    """Store a key in place of one of the same patient and generation."""
    connection.execute(
        "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?)", (key.patient, key.generation, key.master, key.wrapped)
    )


def is_shredded(connection: sqlite3.Connection, patient: str) -> bool:
    """Return whether a patient's keys were destroyed."""
    return connection.execute("SELECT 1 FROM shredded WHERE patient = ?", (patient,)).fetchone() is not None


def destroy(connection: sqlite3.Connection, patient: str) -> int:
    """Destroy all keys of a patient, remember that this was done, and return how many there were."""
    gone = connection.execute("DELETE FROM keys WHERE patient = ?", (patient,)).rowcount
    connection.execute("INSERT OR IGNORE INTO shredded VALUES (?)", (patient,))
    return int(gone)


def _row(row: tuple[str, int, str, bytes]) -> Wrapped:
    patient, generation, master, wrapped = row
    return Wrapped(patient=patient, generation=generation, master=master, wrapped=wrapped)
