"""What a run's folder knows: its findings, and the values of its small files by key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from primum.errors import InputError
from primum.ethics.portable import bare
from primum.evidence.finding import Finding, read_findings

_FILES = (
    "study.yaml",
    "cohort.json",
    "environment.json",
    "verdict.json",
    "model/calibration.json",
    "model/conformal.json",
    "model/abstention.json",
    "model/novelty.json",
    "model/rules.json",
)

_ABSENT: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The findings and files that papers are filled from."""

    findings: Sequence[Finding]
    values: Mapping[str, Mapping[str, Any]]
    """Content of each small file, by its name; empty for one that is not there."""
    files: frozenset[str]
    """Every file and folder of the run, by its relative path."""
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Sections that the run's report has: name, then title by language."""

    def value(self, key: str) -> Any:
        """Return what FILE:KEY holds; None where the file or the key is missing, or is empty."""
        value = self._found(key)
        return None if value is _ABSENT or value in ("", [], {}, ()) else value

    def holds(self, key: str) -> bool:
        """Return whether FILE:KEY is there at all, be it with nothing in it."""
        return self._found(key) is not _ABSENT

    def _found(self, key: str) -> Any:
        file, _, path = key.partition(":")
        value: Any = self.values.get(file) or {}
        for part in path.split("."):
            value = value.get(part, _ABSENT) if isinstance(value, Mapping) else _ABSENT
        return value


def read_facts(run_dir: Path, sections: Mapping[str, Mapping[str, str]] | None = None) -> Facts:
    """Return the facts of a run's folder; `sections` are those of its report, with their titles by language.

    Raises:
        InputError: findings.jsonl is missing, or a file is damaged.
    """
    return Facts(
        findings=read_findings(run_dir / "findings.jsonl"),
        values={name: read_mapping(run_dir / name) for name in _FILES},
        files=frozenset(str(path.relative_to(run_dir).as_posix()) for path in run_dir.rglob("*")),
        sections=sections or {},
    )


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the keys and values of a JSON or YAML file; none where there is no such file.

    Raises:
        InputError: the file is damaged.
    """
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text) if path.suffix == ".json" else bare(yaml.safe_load(text))
    except (ValueError, yaml.YAMLError):
        raise InputError(f"{path}: is damaged; run primum again to make it anew.") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected keys and values; run primum again to make it anew.")
    return value
