"""Routes for programs, below /api/v1, and what machines watch: health, readiness, metrics; `routers` gathers them."""
