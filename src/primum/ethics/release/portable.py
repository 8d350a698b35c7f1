"""A study without the places of its files: what a Release needs of it, and nothing of the machine that it ran on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from primum.ethics.release.layout import POLICY


def portable_study(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resolved study in which an absolute path is the bare name of its file, and the policy the Release's."""
    return {**{key: _bare(value) for key, value in study.items()}, "policy": POLICY}


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _bare(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_bare(below) for below in value]
    return PurePath(value).name if isinstance(value, str) and PurePath(value).is_absolute() else value
