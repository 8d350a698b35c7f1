"""Lock-out: who fails too often waits, whether or not there is such an account."""

from __future__ import annotations

import math
import time

import sqlalchemy as sa

from primum.ethics.database import writing
from primum.serve.people.accounts import Clock, name_key
from primum.serve.people.secrets_kept import kept
from primum.serve.people.tables import attempts

WINDOW_S = 15 * 60.0
"""Failures are forgotten so long after the first of them; who is locked out waits until then."""
PAIR, NAME, ADDRESS = 5, 30, 60
"""Failures within the window that lock out: for one name from one address; for one name from anywhere, so that many
addresses cannot share the work; from one address for any name, so that one cannot go through all names. The first is
low and the second high, so that a stranger cannot easily keep somebody out who comes from elsewhere."""


class Attempts:
    """The failed attempts of a database, which all processes share."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, name: str, address: str) -> int:
        """Count an attempt before it is looked at, so that many at once cannot slip past the limit together.

        Returns:
            How many seconds must pass before one is looked at; 0: this one is.
        """
        now, limits = self._clock(), _limits(name, address)
        with writing(self._engine, lock=_ATTEMPTS_LOCK) as connection:
            connection.execute(sa.delete(attempts).where(attempts.c.since <= now - WINDOW_S))
            rows = connection.execute(sa.select(attempts).where(attempts.c.key.in_(limits))).mappings().all()
            full = [row["since"] + WINDOW_S for row in rows if row["failures"] >= limits[row["key"]]]
            if full:
                return max(1, math.ceil(float(max(full)) - now))
            known = {row["key"] for row in rows}
            more = sa.update(attempts).where(attempts.c.key.in_(known)).values(failures=attempts.c.failures + 1)
            connection.execute(more)
            fresh = [{"key": key, "failures": 1, "since": now} for key in limits if key not in known]
            if fresh:
                connection.execute(sa.insert(attempts), fresh)
        return 0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures for this name from this address, and count this attempt nowhere else either."""
        pair, *others = _limits(name, address)
        less = sa.update(attempts).where(attempts.c.key.in_(others), attempts.c.failures > 0)
        with writing(self._engine, lock=_ATTEMPTS_LOCK) as connection:
            connection.execute(sa.delete(attempts).where(attempts.c.key == pair))
            connection.execute(less.values(failures=attempts.c.failures - 1))

    def forget(self, name: str) -> None:
        """Let a name in again from anywhere, as an administrator asks who gave it a new password."""
        _, of_name, _ = _limits(name, "")
        with writing(self._engine, lock=None) as connection:
            connection.execute(sa.delete(attempts).where(attempts.c.key == of_name))


_ATTEMPTS_LOCK = 0x617474656D70


def _limits(name: str, address: str) -> dict[str, int]:
    """Return the keys that an attempt counts under, hashed: what is typed as a name may be a password."""
    key = name_key(name)[:200]
    return {kept(f"pair\n{key}\n{address}"): PAIR, kept(f"name\n{key}"): NAME, kept(f"address\n{address}"): ADDRESS}
