"""What routes are handed: the parts of the service.

The functions that hand them out are coroutines: FastAPI would send any other to a thread and wait for it.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Depends, Path, Request, Response

from primum.ethics.ledger import Ledger
from primum.serve.cases import Cases
from primum.serve.desk import Desk
from primum.serve.security.shown import refusals
from primum.serve.uses import Uses

__all__ = ["CaseId", "TheCases", "TheDesk", "TheLedger", "TheUses", "as_json", "desk_of", "refusals"]


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
