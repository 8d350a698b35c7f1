"""From what went wrong to one shape: JSON for programs, a page for people where there is one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from primum.errors import DefectError, LedgerError, OutputError, PrimumError
from primum.serve.security.faults import KINDS, FieldFault, Refused, shown_name
from primum.serve.security.guard import Guard
from primum.serve.security.limits import Limits
from primum.serve.security.speaking import asked_language, in_words, of_kind

PageOf = Callable[[Request, Refused], Awaitable[Response]]
_BY_STATUS = {status: kind for kind, status in reversed(list(KINDS.items()))}
_TAGS = ("str", "bool", "int", "float", "constrained-str")
"""What pydantic calls the forms that a value may have, in the place of a fault."""


def install(app: FastAPI, *, limits: Limits | None = None, secure: bool = False) -> None:
    """Put the guard around an application, and give everything that goes wrong in it one shape.

    A page says how it shows a refusal through `app.state.refusal_page`, of type PageOf.
    """
    app.add_middleware(Guard, limits=limits or Limits(), secure=secure, render=respond)

    async def handle(request: Request, exc: Exception) -> Response:
        return await respond(request, refusal_of(exc, known=_names(request)))

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


def _names(request: Request) -> set[str]:
    """Return the names that a body may have: those of its route's document, and the columns of what is served."""
    told: Callable[[], Collection[str]] = getattr(request.app.state, "column_names", lambda: ())
    found = {*told(), *_TAGS}
    dependant = getattr(request.scope.get("route"), "dependant", None)
    for one in getattr(dependant, "body_params", ()):
        kind = one.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            schema = kind.model_json_schema()
            for part in (schema, *schema.get("$defs", {}).values()):
                found |= set(part.get("properties", ()))
    return found


def refusal_of(exc: Exception, *, known: Collection[str] = ()) -> Refused:
    """Return the refusal that an exception comes to.

    Args:
        exc: what went wrong.
        known: names that a body may have; others are not repeated.

    What the caller gave wrongly is 4xx; a ledger or a disk that cannot be written is 503; a defect is raised again.
    """
    if isinstance(exc, Refused):
        return exc
    if isinstance(exc, RequestValidationError):
        return _of_validation(exc, known)
    if isinstance(exc, HTTPException):
        return _of_status(exc)
    if isinstance(exc, LedgerError | OutputError):
        return Refused("unavailable", "What happens here cannot be written down now, so nothing is done; try later.")
    if isinstance(exc, PrimumError) and not isinstance(exc, DefectError):
        return Refused("invalid", str(exc))
    raise exc


def _of_validation(exc: RequestValidationError, known: Collection[str]) -> Refused:
    faults = [FieldFault(field=_place(one["loc"], known), message=str(one["msg"])) for one in exc.errors()[:20]]
    if any(one["type"] == "json_invalid" for one in exc.errors()):
        return Refused("malformed", "The body is not JSON.")
    named = ", ".join(dict.fromkeys(fault.field for fault in faults))
    return Refused("invalid", f"The request is not as expected: {named}.", errors=faults)


def _place(parts: tuple[object, ...], known: Collection[str]) -> str:
    """Return where a fault is; of a body, a key that is no name of the route's may be somebody's words."""
    inner = parts[1:] if len(parts) > 1 else parts
    if parts[0] != "body" or len(parts) == 1:
        return ".".join(str(p) for p in inner)
    return ".".join(str(p) if isinstance(p, int) else shown_name(str(p), known) for p in inner)


def _of_status(exc: HTTPException) -> Refused:
    kind = _BY_STATUS.get(exc.status_code, "defect" if exc.status_code >= 500 else "malformed")
    return Refused(kind, of_kind(kind, "en"), headers=cast(dict[str, str], exc.headers or {}))
