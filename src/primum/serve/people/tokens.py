"""API tokens: for programs, each with its scopes and its end, shown once."""

from __future__ import annotations

import secrets
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


class Tokens:
    """The API tokens of a database."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = time.time) -> None:
        self._engine = engine
        self._clock = clock

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
            sa.select(accounts, tokens.c.scopes.label("scopes"))
            .join(tokens, tokens.c.account == accounts.c.id)
            .where(tokens.c.hash == kept(secret), tokens.c.expires > self._clock(), accounts.c.active)
        )
        with self._engine.connect() as connection:
            row = connection.execute(asked).mappings().first()
        return None if row is None else (account_of(row), frozenset(row["scopes"].split()))

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

    def revoke_all(self, account: str) -> None:
        """Take every token of an account back."""
        with writing(self._engine, lock=None) as connection:
            connection.execute(sa.delete(tokens).where(tokens.c.account == account))


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
