"""Ledgers on both databases."""

from __future__ import annotations

import pytest

from primum.ethics.ledger import Ledger


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request, tmp_path):
    """The address of an empty ledger."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite")
    return request.getfixturevalue("database")


@pytest.fixture
def ledger(place):
    """An empty ledger."""
    with Ledger.open(place) as opened:
        yield opened
