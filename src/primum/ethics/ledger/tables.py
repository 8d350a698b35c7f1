"""The ledger's tables."""

from __future__ import annotations

import sqlalchemy as sa

from primum.errors import LedgerError
from primum.ethics.database import Schema

metadata = sa.MetaData()
entries = sa.Table(
    "primum_ledger_entries",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
heads = sa.Table(
    "primum_ledger_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)
LOCK = 0x7072696D756D
"""The number of the PostgreSQL advisory lock under which entries are written: "primum" in ASCII."""
SCHEMA = Schema(
    package="primum.ethics.ledger",
    newest="0001",
    version_table="primum_ledger_version",
    metadata=metadata,
    what="the ledger",
    error=LedgerError,
    lock=LOCK,
)
