"""Signing in and out, the language, and one's own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from primum.errors import PrimumError
from primum.i18n import LANGUAGES
from primum.serve.page.rendering import ROOMS, go, render, sentence
from primum.serve.page.wording import LANGUAGE_COOKIE
from primum.serve.people.access import address_of, anybody, needs
from primum.serve.people.api import people_of
from primum.serve.people.cookies import clear_cookie, set_cookie
from primum.serve.people.keeper import Asking, People
from primum.serve.people.permissions import SCOPES, allowed
from primum.serve.people.principal import Principal
from primum.serve.people.sign_on import SignOn
from primum.serve.security.faults import Refused

router = APIRouter(include_in_schema=False)
Door = Annotated[People, Depends(people_of)]
Somebody = Annotated[Asking | None, Depends(anybody)]
Self = Annotated[Principal, Depends(needs("self"))]
Field = Annotated[str, Form(max_length=1024)]
_YEAR_S = 31_536_000
SSO_COOKIE = "primum_sso"
_SSO_S = 600


@router.get("/login")
def login_form(request: Request, asking: Somebody, next: str = "/") -> Response:
    """Show the door."""
    if asking is not None:
        return go(_first_room(asking.principal))
    return _door(request, next)


@router.post("/login")
def login(
    request: Request, people: Door, asking: Somebody, name: Field, password: Field, next: Field = "/"
) -> Response:
    """Sign in and go on to where one was going."""
    before = request.cookies.get(people.rules.cookie)
    try:
        session = people.sign_in(name, password, address=address_of(request), before=before)
    except Refused as refused:
        return _door(request, next, refused)
    place = _here(next)
    who = Principal(id=session.account.id, name=session.account.name, role=session.account.role, via="session")
    response = go(_first_room(who) if place == "/" else place)
    set_cookie(response, session.secret, people.rules)
    return response


@router.get("/sso")
async def sso(request: Request, people: Door, asking: Somebody, next: str = "/") -> Response:
    """Go to the hospital's own sign-on."""
    address, kept = await _sign_on(request).begin(_here(next))
    response = go(address)
    response.set_cookie(
        SSO_COOKIE, kept, max_age=_SSO_S, path="/sso", secure=people.rules.secure, httponly=True, samesite="lax"
    )
    return response


@router.get("/sso/back")
async def sso_back(
    request: Request,
    people: Door,
    asking: Somebody,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4096)] = "",
) -> Response:
    """Come back from there."""
    identity, place = await _sign_on(request).finish(request.cookies.get(SSO_COOKIE, ""), state=state, code=code)
    before = request.cookies.get(people.rules.cookie)
    session = await run_in_threadpool(people.vouched, identity, before=before)
    who = Principal(id=session.account.id, name=session.account.name, role=session.account.role, via="session")
    response = go(_first_room(who) if place == "/" else place)
    response.delete_cookie(SSO_COOKIE, path="/sso")
    set_cookie(response, session.secret, people.rules)
    return response


@router.post("/logout")
def logout(request: Request, people: Door, who: Self) -> Response:
    """Sign out."""
    cookie = request.cookies.get(people.rules.cookie)
    if cookie:
        people.sessions.end(cookie)
    response = go("/login")
    clear_cookie(response, people.rules)
    return response


@router.get("/language")
def language(
    people: Door, asking: Somebody, lang: Annotated[str, Query(max_length=8)] = "en", next: str = "/"
) -> Response:
    """Speak another language from now on."""
    response = go(_here(next))
    if lang in LANGUAGES:
        secure = people.rules.secure
        response.set_cookie(LANGUAGE_COOKIE, lang, max_age=_YEAR_S, httponly=True, samesite="lax", secure=secure)
    return response


@router.get("/account")
def account(request: Request, people: Door, who: Self) -> Response:
    """Show one's own account."""
    return _account(request, people, who)


@router.post("/account/password")
def change_password(request: Request, people: Door, who: Self, old: Field, new: Field) -> Response:
    """Change one's password."""
    try:
        session = people.change_password(people.accounts.get(who.id), old, new, address=address_of(request))
    except PrimumError as exc:
        return _account(request, people, who, fault=exc)
    asking: Asking = request.state.asking
    request.state.asking = Asking(principal=asking.principal, session=session, must_change=False)
    response = _account(request, people, who, done="password")
    set_cookie(response, session.secret, people.rules)
    return response


@router.post("/account/tokens")
def make_token(
    request: Request,
    people: Door,
    who: Self,
    label: Field,
    days: Annotated[int, Form()],
    scopes: Annotated[list[str], Form()],
) -> Response:
    """Make an API token and show it once."""
    mine = people.accounts.get(who.id)
    try:
        _, secret = people.tokens.make(mine, label, scopes, days=days)
    except PrimumError as exc:
        return _account(request, people, who, fault=exc)
    people.note("token_made", mine, by=who.name)
    return _account(request, people, who, secret=secret)


@router.post("/account/tokens/{token}/revoke")
def revoke_token(token: str, request: Request, people: Door, who: Self) -> Response:
    """Take one of one's API tokens back."""
    people.tokens.revoke(token, account=who.id)
    people.note("token_revoked", people.accounts.get(who.id), by=who.name)
    return _account(request, people, who, done="revoked")


def said(request: Request, fault: PrimumError | None) -> str:
    """Return why something was not done, in the reader's language; nothing where it was."""
    if fault is None:
        return ""
    return sentence(request, fault if isinstance(fault, Refused) else Refused("invalid", str(fault)))


def _sign_on(request: Request) -> SignOn:
    sign_on: SignOn | None = getattr(request.app.state, "sign_on", None)
    if sign_on is None:
        raise Refused("not_found", "There is no other sign-on here.")
    return sign_on


def _door(request: Request, place: str, refused: Refused | None = None) -> Response:
    status = 200 if refused is None else refused.status
    single = getattr(request.app.state, "sign_on", None) is not None
    values = {"next": _here(place), "said": said(request, refused), "sso": single}
    response = render(request, "login.html", status=status, **values)
    if refused is not None:
        response.headers.update(refused.headers)
    return response


def _account(
    request: Request,
    people: People,
    who: Principal,
    *,
    fault: PrimumError | None = None,
    done: str = "",
    secret: str = "",
) -> Response:
    status = 200 if fault is None else fault.status if isinstance(fault, Refused) else 422
    asking: Asking = request.state.asking
    return render(
        request,
        "account.html",
        status=status,
        room="account",
        said=said(request, fault),
        done=done,
        secret=secret,
        must_change=asking.must_change,
        tokens=people.tokens.of(who.id),
        scopes=[scope for scope in SCOPES if allowed(who.role, scope)],
    )


def _here(place: str) -> str:
    """Return a place of this site, whatever was asked for: never another site's."""
    plain = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return place if plain and "\\" not in place else "/"


def _first_room(who: Principal) -> str:
    return next(place for place, action in ROOMS.values() if who.may(action))
