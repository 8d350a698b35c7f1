"""How the tables of a ledger come to be, step by step, for Alembic."""

__all__: list[str] = []
