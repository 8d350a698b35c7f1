"""The Ledger: what happened, and whether anybody changed it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from primum.ethics.ledger import KINDS
from primum.serve.api.parts import TheLedger, as_json, refusals
from primum.serve.people import Principal, needs
from primum.serve.security.faults import Refused

router = APIRouter(prefix="/api/v1", tags=["ledger"])
Auditor = Annotated[Principal, Depends(needs("ledger.read"))]


class EntryShown(BaseModel):
    """One entry: hashes, figures and short words."""

    number: int
    at: str
    kind: str
    subject: str
    content: dict[str, Any]
    previous: str
    hash: str


class EntriesShown(BaseModel):
    """Entries in order."""

    ok: bool = True
    entries: list[EntryShown]


class CheckedShown(BaseModel):
    """What a verification found; `ok` says whether all is right."""

    ok: bool
    entries: int
    fault: str | None
    number: int | None
    head: dict[str, Any]


@router.get("/ledger", response_model=EntriesShown, responses=refusals(503))
def entries(
    ledger: TheLedger,
    who: Auditor,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    subject: Annotated[str | None, Query(max_length=120)] = None,
    last: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """List entries: the last ones, of one kind, or about one subject."""
    if kind is not None and kind not in KINDS:
        raise Refused("invalid", f"There is no such kind of entry; there are {', '.join(KINDS)}.")
    found = ledger.entries(kind=kind, subject=subject, last=last)
    return as_json({"ok": True, "entries": [one.to_json() for one in found]})


@router.get("/ledger/verify", response_model=CheckedShown, responses=refusals(503))
def verify(ledger: TheLedger, who: Auditor) -> Response:
    """Read every entry and say which is the first that was changed, removed, moved or put in."""
    found = ledger.verify()
    return as_json(
        {
            "ok": found.ok,
            "entries": found.entries,
            "fault": found.fault,
            "number": found.number,
            "head": found.head.to_json(),
        }
    )
