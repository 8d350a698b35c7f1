"""Imported first: says which extra to install where the libraries underneath are missing."""

from __future__ import annotations

from primum.extras import require

require("fastapi", extra="serve", purpose="The service")
