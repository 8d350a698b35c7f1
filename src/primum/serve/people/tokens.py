"""API tokens: for programs, each with its scopes and its end, shown once."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from primum.errors import ServiceError, nearest
from primum.ethics.database import writing
from primum.serve.people.accounts import Account, Clock, account_of
from primum.serve.people.permissions import SCOPES, allowed
from primum.serve.people.secrets_kept import kept, new_secret
from primum.serve.people.tables import accounts, tokens
from primum.serve.security.faults import Refused

PREFIX = "primum_"
"""Every token begins so, for scanners that look for secrets in places where they should not be."""
LONGEST_DAYS = 366
_DAY_S = 86400.0
_REMEMBERED_S = 2.0
_MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of an API token."""

    id: str
    account: str
    """The id of whose it is."""
    label: str
    """What it is for, in its owner's words."""
    scopes: tuple[str, ...]
    created: float
    expires: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    found: tuple[Account, frozenset[str]]
    since: float
    expires: float


class Tokens:
    """The API tokens of a database.

    What `find` found is remembered for two seconds, by the hash of the secret, so that not every request asks the
    database. What this process revokes, and any change of an account here, is forgotten at once; what another process
    over the same database revokes is known within those two seconds.

    Args:
        engine: whose tables are up to date.
        clock: seconds since 1970.
    """

    def __init__(self, engine: sa.Engine, *, clock: Clock = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self._remembered: dict[str, _Remembered] = {}
        self._changes = 0
        self._lock = threading.Lock()

    def make(self, account: Account, label: str, scopes: Collection[str], *, days: int) -> tuple[Token, str]:
        """Make a token and return it with its secret, which nobody can be shown again.

        Args:
            account: whose it is.
            label: 1 to 80 characters.
            scopes: names from SCOPES, all of which the account's role may do.
            days: until it ends, 1 to 366.
        Raises:
            ServiceError: one of them is not allowed.
        """
        wanted = _checked(account, scopes)
        if not 1 <= days <= LONGEST_DAYS:
            raise ServiceError(f"days: expected 1 to {LONGEST_DAYS}, got {days}.")
        plain = " ".join(label.split())
        if not (1 <= len(plain) <= 80 and plain.isprintable()):
            raise ServiceError("label: expected 1 to 80 characters that say what the token is for.")
        secret, now = new_secret(PREFIX), self._clock()
        token = Token(
            id=secrets.token_hex(8),
            account=account.id,
            label=plain,
            scopes=wanted,
            created=now,
            expires=now + days * _DAY_S,
        )
        with writing(self._engine, lock=None) as connection:
            connection.execute(
                sa.insert(tokens).values(
                    id=token.id,
                    hash=kept(secret),
                    account=account.id,
                    label=plain,
                    scopes=" ".join(wanted),
                    created=now,
                    expires=token.expires,
                )
            )
        return token, secret

    def find(self, secret: str) -> tuple[Account, frozenset[str]] | None:
        """Return whose a token is and what for; None where it ended, was revoked, or its account is closed."""
        asked = (
            sa.select(accounts, tokens.c.scopes.label("scopes"), tokens.c.expires.label("expires"))
            .join(tokens, tokens.c.account == accounts.c.id)
            .where(tokens.c.hash == kept(secret), tokens.c.expires > self._clock(), accounts.c.active)
        )
        changes, now = self._changes, self._clock()
        with self._engine.connect() as connection:
            row = connection.execute(asked).mappings().first()
        if row is None:
            return None
        found = account_of(row), frozenset(row["scopes"].split())
        with self._lock:
            if changes == self._changes:  # else it may have been revoked since the database was asked
                if len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[kept(secret)] = _Remembered(found=found, since=now, expires=row["expires"])
        return found

    def remembered(self, secret: str) -> tuple[Account, frozenset[str]] | None:
        """Return what `find` found within the last two seconds, without the database; None where it must be asked."""
        one, now = self._remembered.get(kept(secret)), self._clock()
        fresh = one is not None and one.since <= now < min(one.since + _REMEMBERED_S, one.expires)
        return one.found if one is not None and fresh else None

    def forget(self) -> None:
        """Forget what is remembered: a token or an account was changed."""
        with self._lock:
            self._changes += 1
            self._remembered.clear()

    def of(self, account: str) -> list[Token]:
        """Return an account's tokens, newest first."""
        asked = sa.select(tokens).where(tokens.c.account == account).order_by(tokens.c.created.desc())
        names = ("id", "account", "label", "created", "expires")
        with self._engine.connect() as connection:
            rows = connection.execute(asked).mappings()
            return [Token(**{name: row[name] for name in names}, scopes=tuple(row["scopes"].split())) for row in rows]

    def revoke(self, token: str, *, account: str) -> None:
        """Take an account's token back.

        Raises:
            Refused: it has none of this id.
        """
        mine = (tokens.c.id == token) & (tokens.c.account == account)
        with writing(self._engine, lock=None) as connection:
            if connection.execute(sa.delete(tokens).where(mine)).rowcount != 1:
                raise Refused("not_found", "There is no such token.")
        self.forget()

    def revoke_all(self, account: str) -> None:
        """Take every token of an account back."""
        with writing(self._engine, lock=None) as connection:
            connection.execute(sa.delete(tokens).where(tokens.c.account == account))
        self.forget()


def _checked(account: Account, scopes: Collection[str]) -> tuple[str, ...]:
    known = {scope: scope for scope in SCOPES if allowed(account.role, scope)}
    for scope in scopes:
        if scope not in known:
            raise ServiceError(
                f"scopes: {scope[:40]!r} is not for the role {account.role}{nearest(scope, known)}; "
                f"choose from {', '.join(known)}."
            )
    if not scopes:
        raise ServiceError(f"scopes: name at least one of {', '.join(known)}.")
    return tuple(scope for scope in known if scope in scopes)
