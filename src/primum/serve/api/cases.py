"""Cases: one's own, all of them for a reviewer, and the decision of who asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel

from primum.evidence.regions import Region
from primum.serve.answering import Explanation
from primum.serve.api.bodies import Decide, Search
from primum.serve.api.parts import CaseId, TheCases, TheDesk, as_json, refusals
from primum.serve.cases import Case, CaseHead, Cases
from primum.serve.deciding import decide
from primum.serve.desk import Desk
from primum.serve.people import Principal, needs
from primum.serve.placing import Placed
from primum.serve.security.faults import Refused

router = APIRouter(prefix="/api/v1", tags=["cases"])
Reader = Annotated[Principal, Depends(needs("cases.own"))]
PictureName = Annotated[Literal["image", "prior"], Path(description="Of the image asked about, or of before.")]
PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "The image."}}
Decider = Annotated[Principal, Depends(needs("decide"))]


class CasesShown(BaseModel):
    """Cases without what was asked and answered."""

    ok: bool = True
    cases: list[CaseHead]


def readable(cases: Cases, case: str, who: Principal) -> Case:
    """Return a Case that a person may read: their own, or any for who reads all.

    Raises:
        Refused: there is none that they may read; which of the two is not told.
    """
    found = cases.get(case)
    if found.head.owner != who.id and not who.may("cases.all"):
        raise Refused("not_found", "There is no such Case.")
    return found


def decided_by(body: Decide, desk: Desk, case: str, who: Principal, *, review: bool) -> CaseHead:
    """Write down a decision as the API takes it."""
    regions = [
        Placed(region=Region(label=one.label, box=one.box), stance=one.stance, mark=one.mark) for one in body.regions
    ]
    return decide(
        desk, case, who, body.decision, answer=body.answer, reason=body.reason, review=review, regions=regions
    )


@router.get("/cases", response_model=CasesShown, responses=refusals())
def listed(
    cases: TheCases,
    who: Reader,
    mine: Annotated[bool, Query(description="Only one's own.")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[float | None, Query(ge=0, le=1e12, description="Asked before, seconds since 1970.")] = None,
) -> Response:
    """List Cases, newest first: one's own, and for a reviewer everybody's."""
    owner = None if who.may("cases.all") and not mine else who.id
    return as_json({"ok": True, "cases": cases.heads(owner=owner, limit=limit, before=before)})


@router.post("/cases/search", response_model=CasesShown, responses=refusals())
def searched(body: Search, cases: TheCases, who: Reader) -> Response:
    """List the Cases of a patient, whose id belongs into no address and no log: one's own, for a reviewer all."""
    owner = None if who.may("cases.all") else who.id
    return as_json({"ok": True, "cases": cases.heads(owner=owner, patient=body.patient, limit=body.limit)})


@router.get("/cases/{case}", response_model=Case, responses=refusals(404))
def shown(case: CaseId, cases: TheCases, who: Reader) -> Response:
    """Open a Case: what was asked, what was answered, and what people decided."""
    return as_json(readable(cases, case, who))


@router.get("/cases/{case}/images/{name}", response_class=Response, responses={**refusals(404), **PNG})
def image(case: CaseId, name: PictureName, cases: TheCases, who: Reader) -> Response:
    """Return an image of a Case: the one that was asked about, or the one of before. A PNG without any header."""
    readable(cases, case, who)
    return Response(cases.picture(case, name), media_type="image/png")


@router.get("/cases/{case}/reasons", response_model=Explanation, responses=refusals(404, 409, 503))
async def reasons(case: CaseId, desk: TheDesk, who: Reader) -> Response:
    """Say which words and vitals speak for the answer, or that the reasons do not hold and are withheld."""
    from starlette.concurrency import run_in_threadpool

    found = await run_in_threadpool(readable, desk.cases, case, who)
    return as_json(await desk.explain(found))


@router.post("/cases/{case}/decision", response_model=CaseHead, responses=refusals(404, 409))
def decided(case: CaseId, body: Decide, desk: TheDesk, who: Decider) -> Response:
    """Accept, correct or refuse the answer of one's own Case. A held Case waits for a review all the same."""
    readable(desk.cases, case, who)
    return as_json(decided_by(body, desk, case, who, review=False))
