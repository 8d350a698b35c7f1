"""How the tables of accounts come to be, step by step, for Alembic."""

__all__: list[str] = []
