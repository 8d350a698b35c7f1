"""The room of the Ledger: search and verification."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from primum.ethics.ledger import KINDS, Checked, Ledger
from primum.i18n import translate
from primum.serve.api.parts import TheLedger
from primum.serve.page.rendering import render
from primum.serve.page.wording import language_of
from primum.serve.people.access import needs
from primum.serve.people.principal import Principal

router = APIRouter(include_in_schema=False, prefix="/ledger")
Reader = Annotated[Principal, Depends(needs("ledger.read"))]
_SHOWN = 100


@router.get("")
def entries(
    request: Request,
    ledger: TheLedger,
    who: Reader,
    kind: Annotated[str, Query(max_length=40)] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show the newest entries, of one kind or about one thing."""
    return _room(request, ledger, kind=kind if kind in KINDS else "", subject=subject.strip())


@router.get("/verify")
def verify(request: Request, ledger: TheLedger, who: Reader) -> Response:
    """Read the whole ledger and say whether it is whole."""
    checked = ledger.verify()
    fault = "" if checked.ok else _fault(request, checked)
    if request.headers.get("hx-request") == "true":
        return render(request, "parts/checked.html", checked=checked, fault=fault)
    return _room(request, ledger, checked=checked, fault=fault)


def _room(
    request: Request,
    ledger: Ledger,
    *,
    kind: str = "",
    subject: str = "",
    checked: Checked | None = None,
    fault: str = "",
) -> Response:
    found = ledger.entries(kind=kind or None, subject=subject or None, last=_SHOWN)
    return render(
        request,
        "ledger.html",
        room="ledger",
        kinds=list(KINDS),
        kind=kind,
        subject=subject,
        entries=found[::-1],
        total=ledger.head().number,
        checked=checked,
        fault=fault,
    )


def _fault(request: Request, checked: Checked) -> str:
    values = {"number": checked.number, "entries": checked.entries}
    return translate(f"ledger.fault.{checked.fault}", language_of(request), **values)
