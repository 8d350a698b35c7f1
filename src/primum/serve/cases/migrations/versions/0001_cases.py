"""Cases, what people decided on them, and the keys that seal both."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the four tables."""
    _create_cases()
    _create_decisions()
    op.create_table(
        "primum_case_keys",
        sa.Column("patient", sa.Text, primary_key=True),
        sa.Column("master", sa.Text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table("primum_case_shredded", sa.Column("patient", sa.Text, primary_key=True))


def _create_cases() -> None:
    texts = ("release", "study", "owner", "owner_name", "patient", "state")
    op.create_table(
        "primum_cases",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.Float(53), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("urgency", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("because", "input_sha256", "answer_sha256")),
        sa.Column("ledger", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("assigned", "assigned_name")),
        sa.Column("sealed", sa.LargeBinary),
    )
    for name in ("owner", "patient", "state"):
        op.create_index(f"ix_primum_cases_{name}", "primum_cases", [name])


def _create_decisions() -> None:
    op.create_table(
        "primum_decisions",
        sa.Column("case", sa.Text, sa.ForeignKey("primum_cases.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float(53), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("by", "by_name", "role")),
        sa.Column("review", sa.Boolean, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("ledger", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
    )
