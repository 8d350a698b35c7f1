"""Reviews: held Cases by urgency, who takes them on, and what the reader decides."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from primum.serve.api.bodies import Assign, Decide
from primum.serve.api.cases import CasesShown, decided_by
from primum.serve.api.parts import CaseId, TheCases, TheDesk, as_json, refusals
from primum.serve.cases import CaseHead
from primum.serve.people import People, Principal, needs
from primum.serve.people.api import people_of
from primum.serve.security.faults import Refused

router = APIRouter(prefix="/api/v1", tags=["reviews"])
Reviewer = Annotated[Principal, Depends(needs("review"))]


@router.get("/reviews", response_model=CasesShown, responses=refusals())
def waiting(cases: TheCases, who: Reviewer, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
    """List held Cases that wait for a reader: the most urgent first, then the oldest."""
    return as_json({"ok": True, "cases": cases.heads(waiting=True, limit=limit)})


@router.post("/reviews/{case}/assign", response_model=CaseHead, responses=refusals(404, 409))
def assign(
    case: CaseId, body: Assign, cases: TheCases, who: Reviewer, people: Annotated[People, Depends(people_of)]
) -> Response:
    """Take a held Case on, give it to another reviewer, or give it back."""
    return as_json(assigned(cases, people, case, who, body.account))


def assigned(cases: TheCases, people: People, case: str, who: Principal, account: str | None) -> CaseHead:
    """Give a held Case to a reviewer: oneself, or the account named; nobody with an empty one.

    Raises:
        Refused: there is no such Case or reviewer, or the reviewer asked the question.
    """
    if account == "":
        return cases.assign(case, "", "")
    if account is None or account == who.id:
        chosen, name = who.id, who.name
    else:
        found = people.accounts.get(account)
        if found.role != "reviewer" or not found.active:
            raise Refused("invalid", "Only a reviewer can take a Case on.", key="no_reviewer")
        chosen, name = found.id, found.name
    if cases.get(case).head.owner == chosen:
        raise Refused("forbidden", "Nobody reviews their own Case.", key="own_case")
    return cases.assign(case, chosen, name)


@router.post("/reviews/{case}", response_model=CaseHead, responses=refusals(404, 409))
def review(case: CaseId, body: Decide, desk: TheDesk, who: Reviewer) -> Response:
    """Decide on a held Case of somebody else's."""
    return as_json(decided_by(body, desk, case, who, review=True))
