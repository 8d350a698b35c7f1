"""From what went wrong to one shape: JSON for programs, a page for people where there is one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from primum.errors import DefectError, LedgerError, OutputError, PrimumError
from primum.serve.security.faults import KINDS, FieldFault, Refused
from primum.serve.security.guard import Guard
from primum.serve.security.limits import Limits
from primum.serve.security.speaking import asked_language, in_words, of_kind

PageOf = Callable[[Request, Refused], Awaitable[Response]]
_BY_STATUS = {status: kind for kind, status in reversed(list(KINDS.items()))}
_NAMED = re.compile(r"[A-Za-z_][\w.:-]{0,60}")


def install(app: FastAPI, *, limits: Limits | None = None, secure: bool = False) -> None:
    """Put the guard around an application, and give everything that goes wrong in it one shape.

    A page says how it shows a refusal through `app.state.refusal_page`, of type PageOf.
    """
    app.add_middleware(Guard, limits=limits or Limits(), secure=secure, render=respond)

    async def handle(request: Request, exc: Exception) -> Response:
        return await respond(request, refusal_of(exc))

    for kind in (PrimumError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


async def respond(request: Request, refused: Refused) -> Response:
    """Return the response of a refusal."""
    page: PageOf | None = getattr(request.app.state, "refusal_page", None) if "app" in request.scope else None
    if page is not None and wants_page(request):
        response = await page(request, refused)
        response.headers.update(refused.headers)
        return response
    shown = in_words(refused, asked_language(request)).to_json(request.scope.get("state", {}).get("request_id", ""))
    return JSONResponse(shown, status_code=refused.status, headers=refused.headers)


def wants_page(request: Request) -> bool:
    """Return whether a person's browser asks for a page."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def refusal_of(exc: Exception) -> Refused:
    """Return the refusal that an exception comes to.

    What the caller gave wrongly is 4xx; a ledger or a disk that cannot be written is 503; a defect is raised again.
    """
    if isinstance(exc, Refused):
        return exc
    if isinstance(exc, RequestValidationError):
        return _of_validation(exc)
    if isinstance(exc, HTTPException):
        return _of_status(exc)
    if isinstance(exc, LedgerError | OutputError):
        return Refused("unavailable", "What happens here cannot be written down now, so nothing is done; try later.")
    if isinstance(exc, PrimumError) and not isinstance(exc, DefectError):
        return Refused("invalid", str(exc))
    raise exc


def _of_validation(exc: RequestValidationError) -> Refused:
    faults = [FieldFault(field=_place(one["loc"]), message=str(one["msg"])) for one in exc.errors()[:20]]
    if any(one["type"] == "json_invalid" for one in exc.errors()):
        return Refused("malformed", "The body is not JSON.")
    named = ", ".join(dict.fromkeys(fault.field for fault in faults))
    return Refused("invalid", f"The request is not as expected: {named}.", errors=faults)


def _place(parts: tuple[object, ...]) -> str:
    """Return where a fault is; a key that is no plain name may be somebody's words and is left out."""
    inner = parts[1:] if len(parts) > 1 else parts
    return ".".join(str(p) if isinstance(p, int) or _NAMED.fullmatch(str(p)) else "?" for p in inner)


def _of_status(exc: HTTPException) -> Refused:
    kind = _BY_STATUS.get(exc.status_code, "defect" if exc.status_code >= 500 else "malformed")
    return Refused(kind, of_kind(kind, "en"), headers=cast(dict[str, str], exc.headers or {}))
