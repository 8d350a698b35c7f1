"""The keeper of the door: accounts, sessions and tokens of one database, and what happens to them in the Ledger."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from primum.errors import ServiceError
from primum.ethics.database import engine_of, upgrade
from primum.ethics.ledger import Ledger
from primum.ethics.ledger.place import address_of
from primum.serve.people.accounts import Account, Accounts, Clock
from primum.serve.people.attempts import Attempts
from primum.serve.people.passwords import matches, one_time_password, outdated
from primum.serve.people.principal import Principal
from primum.serve.people.rates import Rates
from primum.serve.people.rules import PeopleRules
from primum.serve.people.sessions import Session, Sessions
from primum.serve.people.sign_on import Identity
from primum.serve.people.tables import SCHEMA
from primum.serve.people.tokens import Tokens
from primum.serve.security.faults import Refused

TERMINAL = "terminal"
"""Who the Ledger says changed an account where it was done at the terminal of the service."""
SIGN_ON = "sign-on"
"""Who the Ledger says changed an account where the hospital's own sign-on did."""
_BEARER = "bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who sent a request, and how that is known."""

    principal: Principal
    session: Session | None
    """None where it came with an API token."""
    must_change: bool


class People:
    """Everything about who may use the service.

    Args:
        engine: of the database; its tables are up to date.
        ledger: where logins and changes of accounts are written; None: nowhere.
        rules: what holds for everybody.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        ledger: Ledger | None = None,
        rules: PeopleRules | None = None,
        clock: Clock = time.time,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self.rules = rules or PeopleRules()
        self.tokens = Tokens(engine, clock=clock)
        self.accounts = Accounts(engine, clock=clock, changed=self.tokens.forget)
        self.sessions = Sessions(engine, idle_s=self.rules.idle_s, longest_s=self.rules.longest_s, clock=clock)
        self.attempts = Attempts(engine, clock=clock)
        self.of_accounts = Rates(self.rules.account_per_minute)
        self.of_addresses = Rates(self.rules.address_per_minute)

    @classmethod
    def open(
        cls, place: str, *, ledger: Ledger | None = None, rules: PeopleRules | None = None, clock: Clock = time.time
    ) -> People:
        """Return the people of the database at a path or SQLAlchemy URL; its tables are created or upgraded.

        Raises:
            ServiceError: the database cannot be opened; the message holds no password.
        """
        address = address_of(place)
        try:
            if address.get_backend_name() == "sqlite" and address.database:
                Path(address.database).parent.mkdir(parents=True, exist_ok=True)
            engine = engine_of(address)
            upgrade(engine, SCHEMA)
        except (SQLAlchemyError, OSError) as exc:
            raise ServiceError(
                f"{address.render_as_string()}: the database cannot be opened; check the address (--db) and the rights."
            ) from exc
        return cls(engine, ledger=ledger, rules=rules, clock=clock)

    async def asking(self, request: Request) -> Asking | None:
        """Return who sent a request; None where it does not show it, or shows it wrongly.

        An API token comes before a cookie: a program's request is never taken for a person's.
        """
        header = request.headers.get("authorization", "")
        if header[: len(_BEARER)].lower() == _BEARER:
            secret = header[len(_BEARER) :].strip()
            found = self.tokens.remembered(secret) or await run_in_threadpool(self.tokens.find, secret)
            return None if found is None else _asking(*found)
        cookie = request.cookies.get(self.rules.cookie)
        return await run_in_threadpool(self._of_session, cookie) if cookie else None

    def sign_in(self, name: str, password: str, *, address: str, before: str | None = None) -> Session:
        """Return a new session for who gives the right name and password.

        Args:
            name: of the account.
            password: as typed.
            address: that the request came from.
            before: the cookie that came with it; that session ends, so that nobody else can have set it.
        Raises:
            Refused: they are wrong, the account is closed, or too many attempts failed; the three look alike for a
                name that exists and for one that does not, and take the same time.
        """
        wait = self.attempts.begin(name, address)
        if wait:
            raise Refused(
                "rate_limited",
                f"Too many attempts failed. Try again in {(wait + 59) // 60} minutes.",
                headers={"Retry-After": str(wait)},
                key="locked_out",
                values={"minutes": (wait + 59) // 60},
            )
        account = self.accounts.named(name)
        kept = self.accounts.password_of("" if account is None else account.id)
        right = matches(kept, password)
        if account is None or kept is None or not right or not account.active:
            self._note_login(account, accepted=False)
            raise Refused("unauthenticated", "The name or the password is wrong.", key="wrong_password")
        self.attempts.succeeded(name, address)
        if outdated(kept):
            self.accounts.renew_hash(account.id, password)
        return self.let_in(account, before=before)

    def let_in(self, account: Account, *, before: str | None = None) -> Session:
        """Begin a session for an account that showed who it is, and write it into the Ledger first."""
        self._note_login(account, accepted=True)
        if before:
            self.sessions.end(before)
        self.accounts.came_in(account.id)
        return self.sessions.begin(account)

    def vouched(self, identity: Identity, *, before: str | None = None) -> Session:
        """Return a new session for whom the hospital's own sign-on vouches; the account is made at the first time.

        Raises:
            Refused: the account is closed, or another account has the name.
        """
        account = self.accounts.of_subject(identity.subject)
        if account is None:
            account = self.accounts.add(identity.name, identity.role, subject=identity.subject)
            self.note("made", account, by=SIGN_ON)
        if not account.active:
            self._note_login(account, accepted=False)
            raise Refused("forbidden", "This account is closed.", key="account_closed")
        return self.let_in(self.change(account.id, by=SIGN_ON, role=identity.role), before=before)

    def add(self, name: str, role: str, *, by: str = TERMINAL, password: str | None = None) -> tuple[Account, str]:
        """Make an account; without a password, return one that its owner must change at first use."""
        given = password or one_time_password()
        account = self.accounts.add(name, role, password=given, must_change=password is None)
        self.note("made", account, by=by)
        return account, given

    def change_password(self, account: Account, old: str, new: str, *, address: str) -> Session:
        """Change one's own password and return a new session; all others end.

        Raises:
            Refused: the old password is wrong, too many attempts failed, or the new one may not be used.
        """
        self.sign_in(account.name, old, address=address)
        if old == new:
            raise Refused("invalid", "The new password is the old one; choose another.", key="password_same")
        self.accounts.set_password(account.id, new)
        self.sessions.end_all(account.id)
        self.note("password_changed", account, by=account.name)
        return self.sessions.begin(self.accounts.get(account.id))

    def reset_password(self, account: str, *, by: str) -> str:
        """Give an account a password that must be changed at first use, and return it; its sessions end."""
        given, of = one_time_password(), self.accounts.get(account)
        self.accounts.set_password(account, given, must_change=True)
        self.sessions.end_all(account)
        self.attempts.forget(of.name)
        self.note("password_reset", of, by=by)
        return given

    def change(self, account: str, *, by: str, role: str | None = None, active: bool | None = None) -> Account:
        """Give an account another role, close it or open it again; its sessions end, and its tokens where it loses."""
        before = self.accounts.get(account)
        now = before
        if role is not None and role != before.role:
            now = self.accounts.set_role(account, role)
            self.tokens.revoke_all(account)
            self.note("role_changed", now, by=by)
        if active is not None and active != before.active:
            now = self.accounts.set_active(account, active)
            self.note("opened" if active else "closed", now, by=by)
        if now != before:
            self.sessions.end_all(account)
        return now

    def note(self, action: str, account: Account, *, by: str) -> None:
        """Write into the Ledger what happened to an account."""
        if self._ledger is not None:
            self._ledger.append("account", account.id, action=action, name=account.name, role=account.role, by=by)

    def close(self) -> None:
        """Give the database's connections back."""
        self._engine.dispose()

    def _of_session(self, cookie: str) -> Asking | None:
        session = self.sessions.find(cookie)
        if session is None:
            return None
        account = session.account
        who = Principal(id=account.id, name=account.name, role=account.role, via="session")
        return Asking(principal=who, session=session, must_change=account.must_change)

    def _note_login(self, account: Account | None, *, accepted: bool) -> None:
        if self._ledger is None:
            return
        # A name that nobody has may be a password typed into the wrong field: it is not written.
        subject, name, role = ("nobody", "", "") if account is None else (account.id, account.name, account.role)
        self._ledger.append("login", subject, name=name, role=role, accepted=accepted)


def _asking(account: Account, scopes: frozenset[str]) -> Asking:
    """Return who asks by a token."""
    who = Principal(id=account.id, name=account.name, role=account.role, via="token", scopes=scopes)
    return Asking(principal=who, session=None, must_change=False)
