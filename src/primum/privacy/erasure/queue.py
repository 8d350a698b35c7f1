"""The queue of re-tunings that erasures ask for: one small file each, in `retune` beside the study's list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from primum.files import write_json

_FOLDER = "retune"


def add_request(erased: Path, *, request: str, asked: str, study: str, rebuild: Sequence[Mapping[str, Any]]) -> Path:
    """Write that a study must be run again, and return the file.

    Args:
        erased: the study's list of erased patients.
        request: the request's number; says nothing of the patient.
        asked: when, in UTC.
        study: the study's name.
        rebuild: the folders that learnt from the patient and what of each.
    """
    path = erased.parent / _FOLDER / f"{request}.json"
    entry = {"format": 1, "request": request, "asked": asked, "study": study, "state": "waiting"}
    write_json(path, {**entry, "rebuild": [dict(one) for one in rebuild]})
    return path


def waiting(erased: Path, study: str) -> list[Path]:
    """Return the requests of a study beside its list that no run has answered yet, the oldest first."""
    asked = {file: _read(file) for file in sorted((erased.parent / _FOLDER).glob("*.json"))}
    return [file for file, one in asked.items() if one.get("state") == "waiting" and one.get("study") == study]


def settle(requests: Sequence[Path], *, run: Path) -> None:
    """Write into requests that this run, which began after them, has answered them."""
    for file in requests:
        write_json(file, {**_read(file), "state": "done", "by": str(run.resolve())})


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return {}
    return value if isinstance(value, dict) else {}
