"""What a run's folder holds, read for the report; every file but the findings and the verdict may be missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from primum.errors import InputError
from primum.evidence.finding import Finding, read_findings
from primum.evidence.marks import MarkedTable, read_marks
from primum.evidence.predictions import Predictions

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """The files of one run; an empty mapping or None stands for a file that is not there."""

    study: Json
    """study.yaml, resolved."""
    cohort: Json
    environment: Json
    findings: list[Finding]
    verdict: Json
    predictions: Predictions | None
    history: Json
    baselines: Json
    calibration: Json = field(default_factory=dict)
    """model/calibration.json."""
    conformal: Json = field(default_factory=dict)
    abstention: Json = field(default_factory=dict)
    novelty: Json = field(default_factory=dict)
    """model/novelty.json."""
    rules: Json = field(default_factory=dict)
    """model/rules.json."""
    uncalibrated: Predictions | None = None
    """The predictions before calibration, where it changed them."""
    marks: MarkedTable | None = None
    """What was marked in every picture; None where the target is of another kind."""

    @property
    def name(self) -> str:
        """The study's name."""
        return str(self.study.get("study") or "")

    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes or labels; empty for a number or when there are no predictions."""
        return () if self.predictions is None else self.predictions.classes

    def target_type(self) -> str:
        """Return classes, labels or number, from the predictions or else from the study."""
        if self.predictions is not None:
            return self.predictions.target_type
        target = (self.study.get("cohort") or {}).get("target") or {}
        return str(target.get("type") or "classes") if isinstance(target, Mapping) else "classes"

    def judged_kind(self) -> str:
        """Return the kind of target that figures are read by: as `target_type`, or regions for marked places."""
        return self.target_type() if self.marks is None else "regions"


def read_run(folder: Path) -> RunFiles:
    """Return the files of a run's folder.

    Raises:
        InputError: the folder, findings.jsonl or verdict.json is missing, or a file is damaged.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; a report is made from the folder of a finished run.")
    if not (folder / "verdict.json").is_file():
        raise InputError(f"{folder}: holds no verdict.json; a report is made from the folder of a finished run.")
    return RunFiles(
        study=_yaml(folder / "study.yaml"),
        cohort=_json(folder / "cohort.json"),
        environment=_json(folder / "environment.json"),
        findings=read_findings(folder / "findings.jsonl"),
        verdict=_json(folder / "verdict.json"),
        predictions=_predictions(folder / "predictions.parquet"),
        history=_json(folder / "history.json"),
        baselines=_json(folder / "baselines.json"),
        calibration=_json(folder / "model" / "calibration.json"),
        conformal=_json(folder / "model" / "conformal.json"),
        abstention=_json(folder / "model" / "abstention.json"),
        novelty=_json(folder / "model" / "novelty.json"),
        rules=_json(folder / "model" / "rules.json"),
        uncalibrated=_predictions(folder / "uncalibrated.parquet"),
        marks=_marks(folder / "regions.parquet"),
    )


def _json(path: Path) -> Json:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise InputError(f"{path}: not valid JSON; run primum again to make it anew.") from exc
    return _mapping(value, path)


def _yaml(path: Path) -> Json:
    if not path.is_file():
        return {}
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError) as exc:
        raise InputError(f"{path}: not valid YAML; run primum again to make it anew.") from exc
    return _mapping(value, path)


def _mapping(value: object, path: Path) -> Json:
    if not isinstance(value, Mapping):
        raise InputError(f"{path}: expected keys and values, got {type(value).__name__}; run primum again.")
    return value


def _marks(path: Path) -> MarkedTable | None:
    return read_marks(path) if path.is_file() else None


def _predictions(path: Path) -> Predictions | None:
    if not path.is_file():
        return None
    from primum.evidence import read_predictions  # the table reader is needed only where there is a table

    return read_predictions(path)
