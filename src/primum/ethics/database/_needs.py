"""Imported first: says which extra to install where the libraries underneath are missing."""

from __future__ import annotations

from primum.extras import require

for _module in ("sqlalchemy", "alembic"):
    require(_module, extra="oversight", purpose="The database")
