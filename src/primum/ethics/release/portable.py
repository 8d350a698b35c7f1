"""A study without the places of its files: what a Release needs of it, and nothing of the machine that it ran on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from primum.ethics.release.layout import POLICY


def portable_study(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resolved study in which every path is the bare name of its file, and the policy is the Release's own."""
    cohort = dict(study["cohort"])
    cohort["source"] = _bare(cohort["source"])
    external = cohort.get("external") or {}
    cohort["external"] = {name: {**file, "source": _bare(file["source"])} for name, file in external.items()}
    model = {**study["model"], "backbone": _bare(study["model"]["backbone"])}
    knowledge = {**study["knowledge"], "rules": [_bare(name) for name in study["knowledge"]["rules"]]}
    return {**study, "cohort": cohort, "model": model, "knowledge": knowledge, "policy": POLICY}


def _bare(place: str) -> str:
    """Return the last part of an absolute path; a name, or the id of a model on a hub, stays as it is."""
    return PurePath(place).name if PurePath(place).is_absolute() else place
