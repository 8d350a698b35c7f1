"""The room of Cases that wait for a person: the queue, who takes on what, and one's own Cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from primum.serve.api.parts import CaseId, TheDesk
from primum.serve.api.reviews import Reviewer, assigned
from primum.serve.page.rendering import go, render
from primum.serve.page.session import Door
from primum.serve.people.access import needs
from primum.serve.people.principal import Principal

router = APIRouter(include_in_schema=False, prefix="/reviews")
Reader = Annotated[Principal, Depends(needs("cases.own"))]
_SHOWN = 100


@router.get("")
def queue(request: Request, desk: TheDesk, people: Door, who: Reader) -> Response:
    """Show what waits, the most urgent first, to reviewers; and one's own Cases to everybody who has some."""
    waiting = desk.cases.heads(waiting=True, limit=_SHOWN) if who.may("review") else []
    readers = [one for one in people.accounts.all() if one.role == "reviewer" and one.active] if waiting else []
    own = desk.cases.heads(owner=who.id, limit=_SHOWN)
    return render(request, "reviews.html", room="reviews", waiting=waiting, readers=readers, own=own)


@router.post("/{case}/assign")
def assign(
    case: CaseId, desk: TheDesk, people: Door, who: Reviewer, to: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """Give a waiting Case to a reviewer, or back to the queue."""
    assigned(desk.cases, people, case, who, to)
    return go("/reviews")
