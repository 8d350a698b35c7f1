"""Routes for programs, below /api/v1, and what machines watch: health, readiness, metrics."""

from primum.serve.api.routers import ROUTERS

__all__ = ["ROUTERS"]
