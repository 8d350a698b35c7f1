"""Where the service keeps what it keeps."""

from __future__ import annotations

import os

DATABASE_FILE = "primum-serve.sqlite"
DATABASE_VARIABLE = "PRIMUM_DB"


def database_place(given: str | None = None) -> str:
    """Return the service's database: `given`, else PRIMUM_DB, else primum-serve.sqlite in the current folder.

    Args:
        given: a path or an SQLAlchemy URL.
    """
    return given or os.environ.get(DATABASE_VARIABLE) or DATABASE_FILE
