"""Alembic's entry."""

from __future__ import annotations

from primum.ethics.database import migrate
from primum.serve.people.tables import SCHEMA

migrate(SCHEMA)
