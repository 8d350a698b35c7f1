"""Entries that cannot be changed or deleted by a plain statement, and the one row that says where they end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TABLE = "primum_ledger_entries"
_REFUSAL = "the ledger is append-only"


def upgrade() -> None:
    """Create both tables, and triggers that refuse UPDATE and DELETE of entries."""
    op.create_table(
        _TABLE,
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("at", "kind", "subject", "content", "previous")),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("primum_ledger_subject", _TABLE, ["subject"])
    op.create_table(
        "primum_ledger_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("hash", "key", "signature")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _refuse_in_sqlite()
    elif op.get_bind().dialect.name == "postgresql":
        _refuse_in_postgresql()


def _refuse_in_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER primum_ledger_no_{verb.lower()} BEFORE {verb} ON {_TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )


def _refuse_in_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION primum_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER primum_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {_TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION primum_ledger_refuse()"
    )
