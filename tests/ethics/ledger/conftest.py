"""Ledgers on both databases."""

from __future__ import annotations

import pytest

from primum.ethics.ledger import Ledger


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
