"""From a template and its values to a page that carries nothing inline and escapes everything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from primum.serve.page.wording import language_of, words
from primum.serve.people.keeper import Asking
from primum.serve.people.permissions import Action
from primum.serve.security.faults import Refused
from primum.serve.security.speaking import in_words, translated

ROOMS: Mapping[str, tuple[str, Action]] = {
    "consult": ("/", "answer"),
    "reviews": ("/reviews", "cases.own"),
    "releases": ("/releases", "releases.read"),
    "assurance": ("/assurance", "assurance.read"),
    "ledger": ("/ledger", "ledger.read"),
    "people": ("/people", "people.manage"),
}
"""The rooms of the page: where each is, and what one must be allowed to do to see its name."""


_TOLD = ("invalid", "conflict", "unavailable")
"""Kinds of refusal of which the sentence of the very refusal says more than their kind's."""


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page.

    Args:
        request: whose it answers; says the language and who is signed in.
        template: a file of `templates`.
        status: of the response.
        values: for the template, beside those that every page has.
    """
    lang, asking = language_of(request), _asking(request)
    common = {
        "words": words(lang),
        "lang": lang,
        "who": None if asking is None else asking.principal,
        "csrf": "" if asking is None or asking.session is None else asking.session.csrf,
        "rooms": [] if asking is None else [(n, u) for n, (u, a) in ROOMS.items() if asking.principal.may(a)],
        "here": request.url.path + (f"?{request.url.query}" if request.method == "GET" and request.url.query else ""),
        "room": "",
        "stamp": stamp(),
    }
    html = environment().get_template(template).render({**common, **values})
    return HTMLResponse(html, status_code=status)


def go(place: str) -> RedirectResponse:
    """Return a redirection to be followed with GET."""
    return RedirectResponse(place, status_code=303)


async def refusal_page(request: Request, refused: Refused) -> Response:
    """Return what a person sees of a refusal: the door where nobody is signed in, else a page that says why."""
    part = request.headers.get("hx-request") == "true"
    if refused.kind == "unauthenticated" and part:
        return Response(status_code=401, headers={"hx-redirect": "/login"})
    if refused.kind == "unauthenticated" and request.method == "GET":
        return go(f"/login?next={quote(request.url.path)}")
    if refused.kind == "password_change":
        return go("/account")
    said = sentence(request, refused)
    if part:
        return render(request, "parts/refused.html", status=refused.status, said=said)
    shown = request.scope.get("state", {}).get("request_id", "")
    told = in_words(refused, language_of(request))
    return render(request, "refused.html", status=refused.status, said=said, refused=told, request_id=shown)


def sentence(request: Request, refused: Refused) -> str:
    """Return why a request is refused, in the reader's language."""
    lang = language_of(request)
    speak = words(lang)
    if refused.key != refused.kind and f"refused.{refused.key}" in speak:
        return speak(f"refused.{refused.key}", **refused.values)
    if refused.kind in _TOLD or f"refused.{refused.kind}" not in speak:
        return translated(refused.message, lang) or speak("refused.other")
    return speak(f"refused.{refused.kind}", **refused.values)


@cache
def environment() -> Environment:
    """Return the templates: every value is escaped, and one that is missing is a defect."""
    made = Environment(
        loader=PackageLoader("primum.serve.page"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(moment=moment, day=day, percent=percent, short=short)
    return made


@cache
def stamp() -> str:
    """Return what changes in the address of style and script when they change, so that browsers may keep them."""
    folder = files("primum.serve.page") / "static"
    parts = [path.read_bytes() for path in sorted(folder.iterdir(), key=lambda one: one.name)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def moment(value: float | str | None) -> str:
    """Return a time as 2026-11-26 14:05 UTC, from seconds since 1970 or ISO 8601; – for none."""
    if value is None or value == "":
        return "–"
    at = datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else datetime.fromisoformat(value)
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(value: float | str | None) -> str:
    """Return the day of a time."""
    return moment(value)[:10]


def percent(value: float | None) -> str:
    """Return a share in whole per cent; what is not nothing is never shown as 0 %, nor what is not all as 100 %."""
    if value is None:
        return "–"
    if 0 < value < 0.01:
        return "<1 %"
    if 0.99 < value < 1:
        return ">99 %"
    return f"{value:.0%}".replace("%", " %")


def short(value: str) -> str:
    """Return the beginning of a hash."""
    return value[:12]


def _asking(request: Request) -> Asking | None:
    return getattr(request.state, "asking", None)
