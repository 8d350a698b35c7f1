"""The tables of Cases, of what people decided on them, and of the keys that seal both."""

from __future__ import annotations

import sqlalchemy as sa

from primum.errors import ServiceError
from primum.ethics.database import Schema
from primum.ethics.ledger.tables import LOCK

metadata = sa.MetaData()
cases = sa.Table(
    "primum_cases",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", sa.Float(53), nullable=False),
    sa.Column("release", sa.Text, nullable=False),
    sa.Column("study", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("owner_name", sa.Text, nullable=False),
    sa.Column("patient", sa.Text, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Column("urgency", sa.Integer, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("input_sha256", sa.Text, nullable=False),
    sa.Column("answer_sha256", sa.Text, nullable=False),
    sa.Column("ledger", sa.BigInteger, nullable=False),
    sa.Column("assigned", sa.Text, nullable=False),
    sa.Column("assigned_name", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary),
)
decisions = sa.Table(
    "primum_decisions",
    metadata,
    sa.Column("case", sa.Text, sa.ForeignKey("primum_cases.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Float(53), nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("by_name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("review", sa.Boolean, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("ledger", sa.BigInteger, nullable=False),
    sa.Column("sealed", sa.LargeBinary),
)
pictures = sa.Table(
    "primum_pictures",
    metadata,
    sa.Column("case", sa.Text, sa.ForeignKey("primum_cases.id"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
keys = sa.Table(
    "primum_case_keys",
    metadata,
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("master", sa.Text, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
shredded = sa.Table("primum_case_shredded", metadata, sa.Column("patient", sa.Text, primary_key=True))
SCHEMA = Schema(
    package="primum.serve.cases",
    newest="0002",
    version_table="primum_cases_version",
    metadata=metadata,
    what="the table of Cases",
    error=ServiceError,
    lock=LOCK,
)
"""Cases are written in the transactions of their ledger entries, and so under the ledger's lock."""
