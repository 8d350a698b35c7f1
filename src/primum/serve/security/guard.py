"""The outermost layer: an id for every request, limits, headers, a log line without a patient, and no traceback out.

The log says which route was asked, never which address: an address may hold what somebody typed. It says where a
defect stands and what class of exception it was, never its message: that may hold what a record says.
"""

from __future__ import annotations

import logging
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from primum.serve.security.bodies import check_address, check_body, read_body, replayed
from primum.serve.security.faults import Refused
from primum.serve.security.headers import protect
from primum.serve.security.limits import Limits

access = logging.getLogger("primum.serve.access")
logger = logging.getLogger(__name__)
Render = Callable[[Request, Refused], Awaitable[Response]]
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """An ASGI layer around the whole application.

    Args:
        app: what it protects.
        limits: of bodies.
        secure: whether people reach the service over TLS.
        render: makes the response of a refusal.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits, secure: bool, render: Render) -> None:
        self._app = app
        self._limits = limits
        self._secure = secure
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, request_id, status = time.perf_counter(), secrets.token_hex(8), 0
        scope.setdefault("state", {})["request_id"] = request_id

        async def protected(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                protect(headers, secure=self._secure)
            await send(message)

        try:
            await self._carry(scope, receive, protected)
        except Exception as exc:
            logger.error("defect request=%s %s", request_id, describe(exc))
            if status == 0:
                refused = Refused("defect", "The service made a mistake; it was written down under this request's id.")
                await self._refuse(refused, scope, receive, protected)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            elapsed = (time.perf_counter() - began) * 1000
            access.info(
                "request=%s method=%s route=%s status=%d ms=%.1f", request_id, _method(scope), route, status, elapsed
            )

    async def _carry(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            check_address(scope)
            if scope["method"] not in _BODILESS:
                body = await read_body(scope, receive, self._limits)
                check_body(scope, body, self._limits)
                receive = replayed(body, receive)
        except Refused as refused:
            await self._refuse(refused, scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _refuse(self, refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._render(Request(scope, receive), refused)
        await response(scope, receive, send)


def describe(exc: BaseException) -> str:
    """Return the classes of an exception and its causes with their places, without a word of what they say."""
    link: BaseException | None = exc
    said: list[str] = []
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        frames = traceback.StackSummary.extract(traceback.walk_tb(link.__traceback__), capture_locals=False)
        places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-6:])
        said.append(f"{type(link).__name__} at {places or 'nowhere'}")
        link = link.__cause__ or link.__context__
    return "; from ".join(said)


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method.isalpha() and len(method) <= 10 else "-"
