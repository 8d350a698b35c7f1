"""The door: who asks is found out, and whether they may, before a route does anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from primum.serve.people.permissions import Action
from primum.serve.people.principal import Principal
from primum.serve.security.faults import Refused

Door = Callable[[Request], Awaitable[Principal]]


def needs(action: Action) -> Door:
    """Return the dependency that lets in who may take `action`.

    It answers 401 where nobody has shown who they are, 403 where they may not, and 403 where a request that changes
    something comes with a session but without its token against forgery.

    Example:
        `@router.get("/cases")` over `def cases(who: Annotated[Principal, Depends(needs("cases.own"))])`
    """

    async def door(request: Request) -> Principal:
        principal: Principal | None = await request.app.state.people.asking(request)
        if principal is None:
            raise Refused(
                "unauthenticated",
                "Sign in, or send an API token as `Authorization: Bearer`.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if not principal.may(action):
            raise Refused("forbidden", f"The role {principal.role} may not do this.")
        request.state.principal = principal
        return principal

    door.__name__ = f"needs_{action.replace('.', '_')}"
    return door
