"""What machines watch: whether the process lives, whether it can answer, and how it is doing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from primum.errors import PrimumError
from primum.serve.api.parts import TheDesk, TheLedger, as_json, refusals
from primum.serve.metrics import CONTENT_TYPE, Metrics
from primum.serve.people import Principal, needs
from primum.serve.security.faults import Refused

router = APIRouter(tags=["health"])
Watcher = Annotated[Principal, Depends(needs("metrics.read"))]


class Alive(BaseModel):
    """The process lives."""

    ok: bool = True


class Ready(BaseModel):
    """The service can answer."""

    ok: bool = True
    releases: int


@router.get("/healthz", response_model=Alive)
async def alive() -> Response:
    """Say that the process lives; nothing is looked at."""
    return as_json({"ok": True})


@router.get("/readyz", response_model=Ready, responses={503: refusals(503)[503]})
async def ready(desk: TheDesk, ledger: TheLedger, request: Request) -> Response:
    """Say whether questions can be answered: a Release is in date and the database answers."""
    in_date = [one for one in desk.engine.releases.values() if one.in_date()]
    if getattr(request.app.state, "stopping", False) or not in_date:
        raise Refused("unavailable", "The service is stopping, or no Release is in date.")
    try:
        await run_in_threadpool(ledger.head)
    except PrimumError:
        raise Refused("unavailable", "The database does not answer.") from None
    return as_json({"ok": True, "releases": len(in_date)})


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, **refusals()})
async def metrics(request: Request, desk: TheDesk, who: Watcher) -> Response:
    """Return counts and times in the form of Prometheus; no patient is in them."""
    kept: Metrics = request.app.state.metrics
    content: Any = kept.text(desk)
    return Response(content, media_type=CONTENT_TYPE)
