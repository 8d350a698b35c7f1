"""Routes for programs: signing in and out, one's password and API tokens, and the accounts for who manages them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from primum.serve.people.access import address_of, anybody, needs
from primum.serve.people.bodies import (
    AccountMade,
    AccountShown,
    ChangeAccount,
    ChangePassword,
    Done,
    NewAccount,
    NewToken,
    PasswordMade,
    SessionShown,
    SignIn,
    TokenMade,
    TokenShown,
)
from primum.serve.people.cookies import clear_cookie, set_cookie
from primum.serve.people.keeper import Asking, People
from primum.serve.people.principal import Principal
from primum.serve.people.sessions import Session
from primum.serve.security.faults import Refused
from primum.serve.security.shown import refusals

router = APIRouter(prefix="/api/v1", tags=["people"], responses=refusals(404, 409, 413, 503))
Self = Annotated[Principal, Depends(needs("self"))]
Manager = Annotated[Principal, Depends(needs("people.manage"))]


async def people_of(request: Request) -> People:
    """Return the keeper of the door."""
    people: People = request.app.state.people
    return people


Door = Annotated[People, Depends(people_of)]


@router.post("/session", dependencies=[Depends(anybody)])
def sign_in(body: SignIn, request: Request, response: Response, people: Door) -> SessionShown:
    """Sign in: the cookie of a new session comes with the answer."""
    before = request.cookies.get(people.rules.cookie)
    session = people.sign_in(body.name, body.password, address=address_of(request), before=before)
    set_cookie(response, session.secret, people.rules)
    return _shown(session)


@router.get("/session")
def whoami(request: Request, who: Self) -> SessionShown:
    """Say who is signed in."""
    return _shown(_session(request))


@router.delete("/session")
def sign_out(request: Request, response: Response, people: Door, who: Self) -> Done:
    """Sign out."""
    people.sessions.end(_session(request).secret)
    clear_cookie(response, people.rules)
    return Done()


@router.post("/session/password")
def change_password(
    body: ChangePassword, request: Request, response: Response, people: Door, who: Self
) -> SessionShown:
    """Change one's password; every other session of the account ends."""
    account = _session(request).account
    session = people.change_password(account, body.old, body.new, address=address_of(request))
    set_cookie(response, session.secret, people.rules)
    return _shown(session)


@router.get("/tokens")
def tokens(people: Door, who: Self) -> list[TokenShown]:
    """List one's API tokens, newest first."""
    return [TokenShown.of(token) for token in people.tokens.of(who.id)]


@router.post("/tokens", status_code=201)
def make_token(body: NewToken, people: Door, who: Self) -> TokenMade:
    """Make an API token. Its secret is in this answer and nowhere else."""
    account = people.accounts.get(who.id)
    token, secret = people.tokens.make(account, body.label, body.scopes, days=body.days)
    people.note("token_made", account, by=who.name)
    return TokenMade(**TokenShown.of(token).model_dump(), token=secret)


@router.delete("/tokens/{token}")
def revoke_token(token: str, people: Door, who: Self) -> Done:
    """Take one of one's API tokens back."""
    people.tokens.revoke(token, account=who.id)
    people.note("token_revoked", people.accounts.get(who.id), by=who.name)
    return Done()


@router.get("/people")
def accounts(people: Door, who: Manager) -> list[AccountShown]:
    """List the accounts by name."""
    return [AccountShown.of(account) for account in people.accounts.all()]


@router.post("/people", status_code=201)
def make_account(body: NewAccount, people: Door, who: Manager) -> AccountMade:
    """Make an account. The password in this answer must be changed at first use."""
    account, password = people.add(body.name, body.role, by=who.name)
    return AccountMade(**AccountShown.of(account).model_dump(), password=password)


@router.patch("/people/{account}")
def change_account(account: str, body: ChangeAccount, people: Door, who: Manager) -> AccountShown:
    """Give an account another role, close it or open it again; its sessions end, and with a new role its tokens."""
    return AccountShown.of(people.change(account, by=who.name, role=body.role, active=body.active))


@router.post("/people/{account}/password")
def reset_password(account: str, people: Door, who: Manager) -> PasswordMade:
    """Give an account a password that must be changed at first use."""
    return PasswordMade(password=people.reset_password(account, by=who.name))


def _session(request: Request) -> Session:
    asking: Asking = request.state.asking
    if asking.session is None:
        raise Refused("forbidden", "This needs a session, not an API token.")
    return asking.session


def _shown(session: Session) -> SessionShown:
    account = session.account
    return SessionShown(
        id=account.id, name=account.name, role=account.role, must_change=account.must_change, csrf=session.csrf
    )
