"""Putting the page into an application."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from primum.serve.page import consult, ledger, people, releases, reviews, session
from primum.serve.page.rendering import refusal_page

STATIC = Path(__file__).parent / "static"


class Kept(StaticFiles):
    """Style, script and icon, which browsers may keep: their address changes when they do."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def install(app: FastAPI) -> None:
    """Add the page's routes.

    The application's state must hold `people`, `ledger`, `desk` and `uses`.
    """
    for router in (session.router, consult.router, reviews.router, releases.router, ledger.router, people.router):
        app.include_router(router)
    app.mount("/static", Kept(directory=STATIC), name="static")
    app.state.refusal_page = refusal_page
