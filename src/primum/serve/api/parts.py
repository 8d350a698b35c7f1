"""What routes are handed: the parts of the service, and the shape of a refusal in the OpenAPI document.

The functions that hand them out are coroutines: FastAPI would send any other to a thread and wait for it.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from primum.ethics.ledger import Ledger
from primum.serve.cases import Cases
from primum.serve.desk import Desk
from primum.serve.security.faults import KINDS
from primum.serve.uses import Uses


class FieldShown(BaseModel):
    """What is wrong with one field; never what it held."""

    field: str
    message: str


class ErrorShown(BaseModel):
    """The one shape of everything that is refused."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "ok": False,
                "error": "invalid",
                "message": "The inputs are not as the study's columns: inputs.age.",
                "status": 422,
                "errors": [{"field": "inputs.age", "message": "must be a number (years)."}],
                "request": "5f2c1a90b7d34e68",
            }
        }
    )
    ok: bool = False
    error: str = Field(description=f"One of {', '.join(KINDS)}.")
    message: str
    status: int
    errors: list[FieldShown]
    request: str = Field(description="Id of the request; it is in the header X-Request-Id and in the log too.")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route's OpenAPI says of these statuses, and of those that every guarded route may answer."""
    told = {
        400: "The request cannot be read.",
        401: "Nobody has shown who they are.",
        403: "The role, the token or the page may not do this.",
        404: "There is no such thing.",
        409: "It is not in the state for this.",
        413: "The body is too large.",
        422: "The request is not as expected; `errors` says which fields.",
        429: "Too many questions or requests; come back after `Retry-After` seconds.",
        503: "Not now: too slow, stopping, expired, or nothing can be written down.",
    }
    return {
        status: {"model": ErrorShown, "description": told[status]} for status in {400, 401, 403, 422, 429, *statuses}
    }


def desk_of(request: Request) -> Desk:
    """Return the desk where questions are asked."""
    desk: Desk = request.app.state.desk
    return desk


async def cases_of(request: Request) -> Cases:
    """Return the Cases."""
    return desk_of(request).cases


async def ledger_of(request: Request) -> Ledger:
    """Return the Ledger."""
    ledger: Ledger = request.app.state.ledger
    return ledger


async def uses_of(request: Request) -> Uses:
    """Return which Release answers by default."""
    uses: Uses = request.app.state.uses
    return uses


async def _desk(request: Request) -> Desk:
    return desk_of(request)


TheDesk = Annotated[Desk, Depends(_desk)]
TheCases = Annotated[Cases, Depends(cases_of)]
TheLedger = Annotated[Ledger, Depends(ledger_of)]
TheUses = Annotated[Uses, Depends(uses_of)]
CaseId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of a Case, 32 hexadecimal digits.")]


def as_json(value: Any, status: int = 200) -> Response:
    """Return plain values or dataclasses as a JSON response, without a second look at what was built here."""
    content = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(content, status_code=status, media_type="application/json")
