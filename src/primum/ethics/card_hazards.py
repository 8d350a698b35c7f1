"""The hazard table in the card: as JSON in both languages, and as lines of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from primum.ethics.hazards import Control, HazardRow, hazard_rows, severity_of
from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS

_NOT_MEASURED = "not measured"
_NOT_KNOWN = "not known"
_NOT_STATED = "not stated"
_CONTROLS: Mapping[str, Mapping[bool, str]] = {
    "calibration": {True: "probabilities corrected ({method})", False: "probabilities as the model gives them"},
    "conformal": {True: "sets that hold the truth in {coverage:.0%}", False: "no sets"},
    "abstention": {True: "answers only when surer than {threshold:.3f}", False: "no abstention in force"},
    "novelty": {True: "flag on records unlike training", False: "no such flag"},
    "rules": {True: "clinical rules at answer time", False: "no clinical rules"},
    "person": {True: "review by {user}", False: "no reader of the answer stated"},
}

Line = Callable[[Finding], dict[str, Any]]


def card_hazards(
    findings: Sequence[Finding],
    verdict: Mapping[str, Any],
    *,
    study: Mapping[str, Any],
    trust: Mapping[str, Mapping[str, Any]],
    line: Line,
) -> list[dict[str, Any]]:
    """Return the hazard table as plain JSON.

    Args:
        findings: of the run.
        verdict: verdict.json's content.
        study: the resolved study.
        trust: what was saved beside the model, by name.
        line: how the card writes a finding.
    """
    severity = severity_of(study) or _NOT_STATED
    rows = hazard_rows(findings, verdict, study=study, trust=trust)
    return [_as_json(row, findings, severity, line) for row in rows]


def _as_json(row: HazardRow, findings: Sequence[Finding], severity: str, line: Line) -> dict[str, Any]:
    def told(place: int) -> dict[str, Any]:
        return {**line(findings[place]), "split": findings[place].split, "class": findings[place].class_}

    return {
        "hazard": row.hazard.hazard,
        "title": row.hazard.title.model_dump(),
        "harm": row.hazard.harm.model_dump(),
        "likelihood": [told(place) for place in row.measured] or _NOT_MEASURED,
        "not_measured": list(row.unmeasured),
        "severity": severity,
        "rules": [{"rule": name, "outcome": outcome} for name, outcome in row.rules],
        "controls": [
            {"control": one.kind, "in_force": one.in_force, "says": control_text(one)} for one in row.controls
        ],
        "residual": _NOT_KNOWN if row.residual is None else told(row.residual),
    }


def control_text(control: Control) -> str:
    """Return what a control does, in English."""
    return _CONTROLS[control.kind][control.in_force].format(**control.says)


def hazard_lines(hazards: Sequence[Mapping[str, Any]], figure: Callable[[Mapping[str, Any]], str]) -> list[str]:
    """Return one line a hazard; `figure` writes a figure with its interval."""
    return [_line_of(one, figure) for one in hazards]


def _about(line: Mapping[str, Any]) -> str:
    """Return what a figure is called and what it is about, e.g. "Sensitivity (Heart_Disease, external:zurich)"."""
    group = [f"{key} = {value}" for key, value in line["slice"].items()]
    parts = [*([line["class"]] if line["class"] else []), *group, *([line["split"]] if line["split"] else [])]
    return f"{line['title']} ({', '.join(parts)})" if parts else str(line["title"])


def _line_of(one: Mapping[str, Any], figure: Callable[[Mapping[str, Any]], str]) -> str:
    likelihood, residual = one["likelihood"], one["residual"]
    told = [] if isinstance(likelihood, str) else [f"{_about(x)} {figure(x)}" for x in likelihood]
    told += [f"{METRICS.get(name).title['en']} {_NOT_MEASURED}" for name in one["not_measured"]]
    left = residual if isinstance(residual, str) else f"{_about(residual)} {figure(residual)}"
    rules = [f"{rule['rule']}: {rule['outcome']}" for rule in one["rules"]]
    controls = [control["says"] for control in one["controls"]]
    in_force = "; ".join([*rules, *controls]) or "none"
    return f"{one['title']['en']}. Likelihood: {'; '.join(told)}. Controls: {in_force}. Residual: {left}."
