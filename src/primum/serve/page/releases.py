"""The rooms of Releases and of their assurance: what is served here, why it may be, and who put it into use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import FileResponse, Response

from primum.ethics.ledger import Entry, Ledger
from primum.ethics.release.layout import RUN_SIGNATURES
from primum.ethics.signing import Signature, read_signature, signature_files
from primum.evidence import METRICS
from primum.serve.api.parts import TheDesk, TheUses
from primum.serve.api.releases import Changer, ReleaseId
from primum.serve.engine import OpenedRelease
from primum.serve.page.rendering import go, render, sentence
from primum.serve.page.wording import language_of
from primum.serve.people.access import needs
from primum.serve.people.principal import Principal
from primum.serve.security.faults import Refused
from primum.serve.security.headers import REPORT_POLICY

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(needs("releases.read"))]
Assured = Annotated[Principal, Depends(needs("assurance.read"))]
_WORST_FIRST = ("block", "review", "note", "pass")
_SPLITS = ("test", "external")


@router.get("/releases")
def listed(request: Request, desk: TheDesk, who: Reader) -> Response:
    """Show the Releases that are served here."""
    engine = desk.engine
    return render(
        request, "releases.html", room="releases", releases=list(engine.releases.values()), used=engine.default.id
    )


@router.get("/releases/{release}")
def shown(
    release: ReleaseId,
    request: Request,
    desk: TheDesk,
    who: Reader,
    asked: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show one Release: verdict, findings, intended use, signatures, history."""
    return _page(request, desk.engine.release(release), who, asked=asked)


@router.post("/releases/{release}/promote")
def promote(release: ReleaseId, request: Request, desk: TheDesk, uses: TheUses, who: Changer) -> Response:
    """Ask that a Release be in use."""
    chosen = desk.engine.release(release)
    try:
        changed = uses.promote(chosen, who)
    except Refused as refused:
        return _page(request, chosen, who, fault=refused)
    return go(f"/releases/{chosen.id}?asked={'done' if changed.effective else 'proposed'}")


@router.post("/releases/{release}/rollback")
def roll_back(release: ReleaseId, request: Request, desk: TheDesk, uses: TheUses, who: Changer) -> Response:
    """Ask that the Release before this one be in use again."""
    chosen = desk.engine.release(release)
    try:
        changed = uses.roll_back(chosen, who)
    except Refused as refused:
        return _page(request, chosen, who, fault=refused)
    return go(f"/releases/{chosen.id}?asked={'done' if changed.effective else 'proposed'}")


@router.get("/assurance")
def assurance(desk: TheDesk, who: Assured) -> Response:
    """Go to the report of the Release in use."""
    return go(f"/assurance/{desk.engine.default.id}")


@router.get("/assurance/{release}")
def report(release: ReleaseId, request: Request, desk: TheDesk, who: Assured) -> Response:
    """Show the report of a Release, in a frame of its own."""
    chosen, all_ = desk.engine.release(release), list(desk.engine.releases.values())
    return render(request, "assurance.html", room="assurance", release=chosen, releases=all_)


@router.get("/assurance/{release}/report")
def report_file(release: ReleaseId, desk: TheDesk, who: Assured) -> Response:
    """Return the report itself, with a policy under which it can reach nothing of the page around it."""
    return _file(desk.engine.release(release), "report.html", "text/html; charset=utf-8", policy=REPORT_POLICY)


@router.get("/releases/{release}/card")
def card(release: ReleaseId, desk: TheDesk, who: Reader) -> Response:
    """Return the card as text."""
    return _file(desk.engine.release(release), "card.md", "text/plain; charset=utf-8")


def _file(release: OpenedRelease, name: str, kind: str, *, policy: str | None = None) -> Response:
    path = release.folder / name
    if not path.is_file():
        raise Refused("not_found", "This Release has no such file.")
    return FileResponse(path, media_type=kind, headers={} if policy is None else {"content-security-policy": policy})


def _page(
    request: Request,
    chosen: OpenedRelease,
    who: Principal,
    *,
    asked: str = "",
    fault: Refused | None = None,
) -> Response:
    lang, state = language_of(request), request.app.state
    ledger: Ledger = state.ledger
    return render(
        request,
        "release.html",
        status=200 if fault is None else fault.status,
        room="releases",
        release=chosen,
        in_use=chosen.id == state.engine.default.id,
        may_change=who.may("releases.change"),
        asked=asked if asked in ("done", "proposed") else "",
        said="" if fault is None else sentence(request, fault),
        rules=rules_of(chosen.folder, lang),
        figures={split: _figures(chosen.card, split, lang) for split in _SPLITS},
        signatures=_signatures(chosen.folder),
        history=[one for one in state.uses.history() if one.release == chosen.id],
        entries=_written(ledger.entries(subject=chosen.id)),
    )


def rules_of(folder: Path, lang: str) -> list[dict[str, Any]]:
    """Return what the policy's rules came to, the worst first, each in the reader's language."""
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    found = [
        {
            "rule": one["rule"],
            "outcome": one["outcome"],
            "because": one.get("sentences", {}).get(lang) or one["because"],
            "answers_to": one.get("answers_to", []),
        }
        for one in verdict["rules"]
    ]
    return sorted(found, key=lambda one: _WORST_FIRST.index(one["outcome"]) if one["outcome"] in _WORST_FIRST else 9)


def _figures(card: Mapping[str, Any], split: str, lang: str) -> list[dict[str, Any]]:
    found = (card.get("performance") or {}).get(split)
    if not isinstance(found, list):  # "not measured"
        return []
    shown = []
    for one in found:
        metric = METRICS.get(one["metric"]) if one["metric"] in METRICS else None
        if not one.get("slice"):
            title = one["title"] if metric is None else metric.title[lang]
            shown.append({**one, "title": title, "share": metric is not None and metric.unit == "fraction"})
    return shown


def _signatures(folder: Path) -> list[Signature]:
    """Return who signed the run and the Release, in order; all were checked when it was opened."""
    paths = [*sorted((folder / RUN_SIGNATURES).glob("*.json")), *signature_files(folder)]
    found = [one for path in paths if (one := read_signature(path)) is not None]
    return sorted(found, key=lambda one: one.at)


def _written(entries: Sequence[Entry]) -> list[Entry]:
    return [one for one in entries if one.kind != "deployment"]
