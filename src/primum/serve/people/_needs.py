"""Imported first: says which extra to install where the libraries underneath are missing."""

from __future__ import annotations

from primum.extras import require

for _module in ("fastapi", "sqlalchemy", "alembic", "argon2", "python_multipart"):
    require(_module, extra="serve", purpose="The service")
