"""The door: who asks is found out, and whether they may, before a route does anything.

Forged requests (CSRF) are kept out twice. A browser says where a request comes from (Sec-Fetch-Site, else Origin), and
one that changes something must come from this very site. Beside a session's cookie it must also carry a token that
only pages of this site know: the header `X-CSRF-Token`, or the field `csrf` of a form.
Source: OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "Fetch Metadata" and "HMAC-based token".
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request

from primum.serve.people.keeper import Asking, People
from primum.serve.people.permissions import Action
from primum.serve.people.principal import Principal
from primum.serve.people.secrets_kept import same
from primum.serve.people.sessions import Session
from primum.serve.security.faults import Refused

Door = Callable[[Request], Awaitable[Principal]]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def needs(action: Action) -> Door:
    """Return the dependency that lets in who may take `action`.

    It answers 401 where nobody has shown who they are, 403 where they may not, 403 where a request that changes
    something is not from this site or lacks its token, and 429 where they ask too often.

    Example:
        `@router.get("/cases")` over `def cases(who: Annotated[Principal, Depends(needs("cases.own"))])`
    """

    async def door(request: Request) -> Principal:
        people: People = request.app.state.people
        asking = await people.asking(request)
        _slow_down(people, asking, request)
        if asking is None:
            raise Refused(
                "unauthenticated",
                "Sign in, or send an API token as `Authorization: Bearer`.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        request.state.asking = asking
        if asking.session is not None and request.method not in SAFE:
            same_site(request)
            await _carries_token(request, asking.session)
        try:
            _check_may(asking, action)
        except Refused:
            await request.close()  # uploaded files, where the form had some
            raise
        return asking.principal

    door.__name__ = f"needs_{action.replace('.', '_')}"
    door.action = action  # type: ignore[attr-defined]
    return door


def _check_may(asking: Asking, action: Action) -> None:
    if not asking.principal.may(action):
        raise Refused("forbidden", f"The role {asking.principal.role} may not do this.")
    if asking.must_change and action != "self":
        raise Refused("password_change", "Change the password that you were given first.")


async def anybody(request: Request) -> Asking | None:
    """Return who asks, where they show it: the dependency of the few routes that are open to all."""
    people: People = request.app.state.people
    asking = await people.asking(request)
    _slow_down(people, asking, request)
    request.state.asking = asking
    if request.method not in SAFE:
        same_site(request)
    return asking


def address_of(request: Request) -> str:
    """Return the address that a request came from."""
    return request.client.host if request.client else ""


def same_site(request: Request) -> None:
    """Check that a browser's request comes from a page of this site; programs that send neither header pass.

    Raises:
        Refused: it comes from elsewhere.
    """
    said = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if said is not None:
        here = said in ("same-origin", "none")
    else:
        here = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not here:
        raise Refused("cross_site", "This request comes from another site.")


async def _carries_token(request: Request, session: Session) -> None:
    given = request.headers.get(CSRF_HEADER, "")
    if not given and request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else ""
    if not same(given, session.csrf):
        await request.close()  # uploaded files, where the form had some
        raise Refused("csrf", "The token against forged requests is missing or old; load the page again.")


def _slow_down(people: People, asking: Asking | None, request: Request) -> None:
    if asking is None:
        wait = people.of_addresses.take(address_of(request))
    else:
        wait = people.of_accounts.take(asking.principal.id)
    if wait:
        raise Refused("rate_limited", "Too many requests; slow down.", headers={"Retry-After": str(math.ceil(wait))})
