"""Refusing a request: one exception, which becomes the one error shape for programs and a page for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from primum.errors import PrimumError, nearest

_LONGEST_NAME = 60

KINDS: Mapping[str, int] = {
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "csrf": 403,
    "password_change": 403,
    "cross_site": 403,
    "not_found": 404,
    "method": 405,
    "timeout": 408,
    "conflict": 409,
    "too_large": 413,
    "media_type": 415,
    "invalid": 422,
    "rate_limited": 429,
    "busy": 429,
    "defect": 500,
    "unavailable": 503,
}
"""Every kind of refusal and its HTTP status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFault:
    """What is wrong with one field of a request; never what it held."""

    field: str
    message: str


def shown_name(name: str, known: Collection[str]) -> str:
    """Return a name that somebody gave a field, where it is one that is known or nearly is; else "?".

    Who mistypes a column is told which; a patient's name in the place of one is not repeated.
    """
    return name if name in known or (len(name) <= _LONGEST_NAME and nearest(name, known)) else "?"


class Refused(PrimumError):
    """A request that is not carried out.

    Args:
        kind: a key of KINDS; it gives the status.
        message: one sentence; never a word of a patient's record.
        errors: what is wrong field by field.
        headers: for the response, e.g. Retry-After.
        key: of the sentence in the catalogues that a page shows in the place of the message, below `refused.`; left
            out: the kind's.
        values: of the sentence's placeholders.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        errors: Sequence[FieldFault] = (),
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        values: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.key = key or kind
        self.values = dict(values or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind]

    def to_json(self, request_id: str) -> dict[str, Any]:
        """Return the one error shape."""
        return {
            "ok": False,
            "error": self.kind,
            "message": self.message,
            "status": self.status,
            "errors": [{"field": one.field, "message": one.message} for one in self.errors],
            "request": request_id,
        }
