"""The tables of accounts, sessions, API tokens and failed attempts. No secret is kept, only hashes of secrets."""

from __future__ import annotations

import sqlalchemy as sa

from primum.errors import ServiceError
from primum.ethics.database import Schema

metadata = sa.MetaData()
accounts = sa.Table(
    "primum_accounts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text),
    sa.Column("subject", sa.Text, unique=True),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("must_change", sa.Boolean, nullable=False),
    sa.Column("created", sa.Float(53), nullable=False),
    sa.Column("last_login", sa.Float(53)),
)
sessions = sa.Table(
    "primum_sessions",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, sa.ForeignKey("primum_accounts.id"), nullable=False, index=True),
    sa.Column("created", sa.Float(53), nullable=False),
    sa.Column("seen", sa.Float(53), nullable=False),
)
tokens = sa.Table(
    "primum_tokens",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    sa.Column("account", sa.Text, sa.ForeignKey("primum_accounts.id"), nullable=False, index=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created", sa.Float(53), nullable=False),
    sa.Column("expires", sa.Float(53), nullable=False),
)
attempts = sa.Table(
    "primum_attempts",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("since", sa.Float(53), nullable=False),
)
SCHEMA = Schema(
    package="primum.serve.people",
    newest="0001",
    version_table="primum_people_version",
    metadata=metadata,
    what="the table of accounts",
    error=ServiceError,
    lock=0x70656F706C65,
)
