"""Releases that are served here, and which of them answers where none is named."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, Field

from primum.serve.api.parts import TheDesk, TheUses, as_json, refusals
from primum.serve.engine import OpenedRelease
from primum.serve.people import Principal, needs
from primum.serve.uses import Changed

router = APIRouter(prefix="/api/v1", tags=["releases"])
Reader = Annotated[Principal, Depends(needs("releases.read"))]
Changer = Annotated[Principal, Depends(needs("releases.change"))]
ReleaseId = Annotated[str, Path(max_length=64, description="SHA-256 of the Release, or its first digits.")]


class ColumnShown(BaseModel):
    """A column that a question may fill in."""

    column: str
    kind: str = Field(description="text, number, category, or attribute.")
    unit: str | None = None
    range: tuple[float, float] | None = None
    levels: list[str] = []


class ReleaseShown(BaseModel):
    """A Release that is served here."""

    id: str
    study: str
    question: str
    kind: str
    classes: list[str]
    verdict: str
    policy: str
    expires: str
    in_date: bool
    in_use: bool
    columns: list[ColumnShown]
    intended_use: dict[str, str]


class ReleasesShown(BaseModel):
    """All that are served here."""

    ok: bool = True
    releases: list[ReleaseShown]


class ReleaseOpened(ReleaseShown):
    """One Release with its card."""

    card: dict[str, Any]


def shown(release: OpenedRelease, *, in_use: bool) -> dict[str, Any]:
    """Return what is shown of a Release, as plain values."""
    card = release.card
    return {
        "id": release.id,
        "study": release.study,
        "question": str(card.get("question") or ""),
        "kind": release.run.kind,
        "classes": [*release.run.model.classes],
        "verdict": release.manifest.verdict,
        "policy": str(card["verdict"]["policy"]),
        "expires": "" if release.expires is None else release.expires.isoformat(),
        "in_date": release.in_date(),
        "in_use": in_use,
        "columns": columns_of(release),
        "intended_use": {str(k): str(v) for k, v in (card.get("intended_use") or {}).items()},
    }


def columns_of(release: OpenedRelease) -> list[dict[str, Any]]:
    """Return the columns that a question may fill in: notes, vitals, and attributes that are none of these."""
    vitals = release.run.model.inputs.get("vitals")
    levels = {code.name: [*code.levels] for code in getattr(vitals, "codes", ())}
    found: list[dict[str, Any]] = [{"column": name, "kind": "text"} for name in release.roles.inputs.text]
    found += [
        {
            "column": role.column,
            "kind": role.kind,
            "unit": role.unit,
            "range": role.range,
            "levels": levels.get(role.column, []),
        }
        for role in release.roles.inputs.vitals
    ]
    known = {one["column"] for one in found}
    others = [role.column for role in release.roles.sensitive] + [release.roles.site or ""]
    return found + [{"column": one, "kind": "attribute"} for one in others if one and one not in known]


@router.get("/releases", response_model=ReleasesShown, responses=refusals())
async def listed(desk: TheDesk, who: Reader) -> Response:
    """List the Releases that are served here."""
    engine = desk.engine
    found = [shown(one, in_use=one.id == engine.default.id) for one in engine.releases.values()]
    return as_json({"ok": True, "releases": found})


@router.get("/releases/{release}", response_model=ReleaseOpened, responses=refusals(404))
async def opened(release: ReleaseId, desk: TheDesk, who: Reader) -> Response:
    """Show a Release with its card."""
    found = desk.engine.release(release)
    return as_json({**shown(found, in_use=found.id == desk.engine.default.id), "card": found.card})


@router.post("/releases/{release}/promote", response_model=Changed, responses=refusals(404, 409, 503))
def promote(release: ReleaseId, desk: TheDesk, uses: TheUses, who: Changer) -> Response:
    """Ask that a Release answer where none is named; in effect when as many people asked as its policy wants."""
    return as_json(uses.promote(desk.engine.release(release), who))


@router.post("/releases/{release}/rollback", response_model=Changed, responses=refusals(404, 409, 503))
def roll_back(release: ReleaseId, desk: TheDesk, uses: TheUses, who: Changer) -> Response:
    """Ask that the Release before this one answer again."""
    return as_json(uses.roll_back(desk.engine.release(release), who))
