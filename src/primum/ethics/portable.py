"""A study without the places of its files: what a Release needs of it, and nothing of the machine that it ran on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any


def portable_study(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resolved study in which an absolute path is the bare name of its file, and the policy the Release's."""
    return {**bare(study), "policy": "policy.yaml"}


def bare(value: Any) -> Any:
    """Return a value in which each absolute path, at any depth, is the bare name of its file."""
    if isinstance(value, Mapping):
        return {key: bare(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [bare(below) for below in value]
    return PurePath(value).name if isinstance(value, str) and PurePath(value).is_absolute() else value
