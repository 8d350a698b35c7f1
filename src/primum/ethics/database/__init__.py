"""The database underneath the Ledger and the service: engines, one writer at a time, and tables brought up to date."""

from primum.ethics.database import _needs  # noqa: F401 - comes first
from primum.ethics.database.connecting import engine_of, writing
from primum.ethics.database.upgrading import Schema, migrate, upgrade, version_of

__all__ = ["Schema", "engine_of", "migrate", "upgrade", "version_of", "writing"]
