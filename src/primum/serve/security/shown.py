"""The shape of a refusal in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from primum.serve.security.faults import KINDS


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
