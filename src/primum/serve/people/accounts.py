"""Accounts: made, changed and closed by an administrator, never deleted, so that old Cases keep their people."""

from __future__ import annotations

import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from primum.errors import ServiceError, nearest
from primum.ethics.database import writing
from primum.serve.people.passwords import check_password, hash_password
from primum.serve.people.permissions import ROLES, Role
from primum.serve.people.tables import accounts
from primum.serve.security.faults import Refused

Clock = Callable[[], float]
_NAME = re.compile(r"[^\W_][\w .@'-]{0,78}[\w.]|[^\W_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody, or some system, that may use the service."""

    id: str
    """32 hexadecimal digits."""
    name: str
    role: Role
    active: bool
    must_change: bool
    """Whether the password was given by somebody else and must be changed first."""
    created: float
    """Seconds since 1970, UTC."""
    last_login: float | None
    has_password: bool
    """False for who comes in through the hospital's own sign-on only."""


class Accounts:
    """The accounts of a database.

    Args:
        engine: whose tables are up to date.
        clock: seconds since 1970.
        changed: is told after every change of an account.
    """

    def __init__(
        self, engine: sa.Engine, *, clock: Clock = time.time, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._changed = changed

    def add(
        self,
        name: str,
        role: str,
        *,
        password: str | None = None,
        must_change: bool = False,
        subject: str | None = None,
    ) -> Account:
        """Make an account.

        Args:
            name: 1 to 80 letters, digits, blanks and . @ ' - _; upper and lower case are the same name.
            role: a name from ROLES.
            password: None: it cannot sign in with one.
            must_change: whether it must be changed at first use.
            subject: whom the hospital's own sign-on knows it as: its issuer, a blank, its identifier.
        Raises:
            ServiceError: there is no such role.
            Refused: the name is not allowed or taken, or the password too easy.
        """
        kept = _checked_name(name)
        if password is not None:
            check_password(password, name=kept)
        row = {
            "id": secrets.token_hex(16),
            "name": kept,
            "name_key": name_key(kept),
            "role": known_role(role),
            "password": None if password is None else hash_password(password),
            "subject": subject,
            "active": True,
            "must_change": must_change,
            "created": self._clock(),
        }
        try:
            with writing(self._engine, lock=None) as connection:
                connection.execute(sa.insert(accounts).values(**row))
        except IntegrityError as exc:
            raise Refused(
                "conflict", "There is an account of that name already; choose another.", key="name_taken"
            ) from exc
        return self.get(str(row["id"]))

    def get(self, account: str) -> Account:
        """Return the account with this id.

        Raises:
            Refused: there is none.
        """
        found = self._one(accounts.c.id == account)
        if found is None:
            raise Refused("not_found", "There is no such account.")
        return found

    def named(self, name: str) -> Account | None:
        """Return the account of a name, in any case; None where nobody has it."""
        return self._one(accounts.c.name_key == name_key(name))

    def of_subject(self, subject: str) -> Account | None:
        """Return the account that the hospital's own sign-on knows as `subject`."""
        return self._one(accounts.c.subject == subject)

    def all(self) -> list[Account]:
        """Return every account by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(accounts).order_by(accounts.c.name_key)).mappings()
            return [account_of(row) for row in rows]

    def password_of(self, account: str) -> str | None:
        """Return what is kept of the password."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(accounts.c.password).where(accounts.c.id == account)).scalar()

    def set_password(self, account: str, password: str, *, must_change: bool = False) -> None:
        """Keep another password.

        Raises:
            Refused: too easy, or there is no such account.
        """
        check_password(password, name=self.get(account).name)
        self._change(account, password=hash_password(password), must_change=must_change)

    def renew_hash(self, account: str, password: str) -> None:
        """Keep the same password with today's settings."""
        self._change(account, password=hash_password(password))

    def set_role(self, account: str, role: str) -> Account:
        """Give another role.

        Raises:
            ServiceError: no such role.
            Refused: no such account, or nobody would be left to manage accounts.
        """
        self._change(account, role=known_role(role))
        return self.get(account)

    def set_active(self, account: str, active: bool) -> Account:
        """Close an account, or open it again.

        Raises:
            Refused: no such account, or nobody would be left to manage accounts.
        """
        self._change(account, active=active)
        return self.get(account)

    def came_in(self, account: str) -> None:
        """Keep when somebody signed in."""
        self._change(account, last_login=self._clock())

    def _change(self, account: str, **values: object) -> None:
        with writing(self._engine, lock=_ACCOUNTS_LOCK) as connection:
            done = connection.execute(sa.update(accounts).where(accounts.c.id == account).values(**values))
            if done.rowcount != 1:
                raise Refused("not_found", "There is no such account.")
            left = sa.select(sa.func.count()).where(accounts.c.role == "admin", accounts.c.active)
            if ({"role", "active"} & set(values)) and not connection.execute(left).scalar():
                raise Refused("conflict", "This is the last administrator; make another one first.", key="last_admin")
        self._changed()

    def _one(self, where: sa.ColumnElement[bool]) -> Account | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(accounts).where(where)).mappings().first()
            return None if row is None else account_of(row)


_ACCOUNTS_LOCK = 0x6163636F756E
"""Changes of accounts wait for each other, so that two cannot take away the last two administrators at once."""


def _checked_name(name: str) -> str:
    kept = " ".join(unicodedata.normalize("NFKC", name).split())
    if _NAME.fullmatch(kept) is None:
        raise Refused(
            "invalid",
            "A name has 1 to 80 letters, digits, blanks and . @ ' - _, and starts with a letter or digit.",
            key="name_form",
        )
    return kept


def account_of(row: sa.RowMapping) -> Account:
    """Return the account of a row of its table."""
    names = ("id", "name", "role", "active", "must_change", "created", "last_login")
    return Account(**{name: row[name] for name in names}, has_password=row["password"] is not None)


def name_key(name: str) -> str:
    """Return what two names share that are one: compatible characters, blanks and case are the same."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def known_role(role: str) -> Role:
    """Return a role by its name.

    Raises:
        ServiceError: there is none; all are named.
    """
    for one in ROLES:
        if one == role:
            return one
    raise ServiceError(f"role: {role[:40]!r} is not known{nearest(role, ROLES)}; choose one of {', '.join(ROLES)}.")
