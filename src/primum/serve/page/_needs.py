"""Imported first: says which extra to install where the libraries underneath are missing."""

from __future__ import annotations

from primum.extras import require

for _module in ("fastapi", "python_multipart"):
    require(_module, extra="serve", purpose="The page")
