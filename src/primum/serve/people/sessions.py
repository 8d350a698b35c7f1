"""Sessions: kept on the server, by a random id that is new at every login and known to the browser alone."""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa

from primum.ethics.database import writing
from primum.serve.people.accounts import Account, Clock, account_of
from primum.serve.people.secrets_kept import derived, kept, new_secret
from primum.serve.people.tables import accounts, sessions

_SEEN_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who signed in."""

    account: Account
    secret: str
    """What the cookie holds."""

    @property
    def csrf(self) -> str:
        """What a request that changes something must carry beside the cookie: another site can read neither."""
        return csrf_of(self.secret)


class Sessions:
    """The sessions of a database.

    Args:
        engine: whose tables are up to date.
        idle_s: a session unused for so long has ended.
        longest_s: one that began so long ago has ended, used or not.
        clock: seconds since 1970.
    """

    def __init__(self, engine: sa.Engine, *, idle_s: float, longest_s: float, clock: Clock = time.time) -> None:
        self._engine = engine
        self._idle_s = idle_s
        self._longest_s = longest_s
        self._clock = clock

    def begin(self, account: Account) -> Session:
        """Begin a session with an id of its own; sessions long ended are swept out."""
        secret, now = new_secret(), self._clock()
        ended = sa.or_(sessions.c.created < now - self._longest_s, sessions.c.seen < now - self._idle_s)
        with writing(self._engine, lock=None) as connection:
            connection.execute(sa.delete(sessions).where(ended))
            row = {"hash": kept(secret), "account": account.id, "created": now, "seen": now}
            connection.execute(sa.insert(sessions).values(**row))
        return Session(account=account, secret=secret)

    def find(self, secret: str) -> Session | None:
        """Return the session of a cookie; None where it ended, never was, or its account is closed."""
        now = self._clock()
        asked = (
            sa.select(accounts, sessions.c.seen.label("seen"))
            .join(sessions, sessions.c.account == accounts.c.id)
            .where(
                sessions.c.hash == kept(secret),
                sessions.c.created >= now - self._longest_s,
                sessions.c.seen >= now - self._idle_s,
                accounts.c.active,
            )
        )
        with self._engine.connect() as connection:
            row = connection.execute(asked).mappings().first()
        if row is None:
            return None
        if now - row["seen"] > _SEEN_EVERY_S:
            with writing(self._engine, lock=None) as connection:
                connection.execute(sa.update(sessions).where(sessions.c.hash == kept(secret)).values(seen=now))
        return Session(account=account_of(row), secret=secret)

    def end(self, secret: str) -> None:
        """End a session, if there is such a one."""
        with writing(self._engine, lock=None) as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.hash == kept(secret)))

    def end_all(self, account: str) -> None:
        """End every session of an account."""
        with writing(self._engine, lock=None) as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.account == account))


def csrf_of(secret: str) -> str:
    """Return the token against forged requests that belongs to a session, or to a login form's cookie."""
    return derived(secret, "csrf")
