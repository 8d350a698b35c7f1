"""The hazard table: each hazard, how likely it was measured to be, what is in force against it, and what is left.

The words are those of ISO 14971:2019 (hazard, harm, severity, risk control, residual risk); no conformity is claimed.
What is measured is how often the hazard occurs, not how often harm follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict

from primum.ethics.gate import SEVERITY, matches, target_kind
from primum.ethics.policy import TargetKind, Where, Words
from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS

ControlKind = Literal["calibration", "conformal", "abstention", "novelty", "rules", "person"]
_SMALL_CELL = 5
"""A group of fewer patients has no figure in the table."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Residual(_Strict):
    """Which finding says what is left of a hazard when a control is in force."""

    control: ControlKind
    where: Where


class Measure(Where):
    """Which findings tell how likely a hazard is, and for which target types there can be such."""

    applies_to: Annotated[tuple[TargetKind, ...], BeforeValidator(_listed)] = ("any",)


class Hazard(_Strict):
    """One entry of hazards.yaml."""

    hazard: str
    """Its name."""
    title: Words
    harm: Words
    measured: tuple[Measure, ...]
    controls: tuple[ControlKind, ...] = ()
    """What can be in force against it in use, beside the policy's rules before use."""
    residual: Residual | None = None


class _Table(_Strict):
    hazards: tuple[Hazard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What can be in force against a hazard in use."""

    kind: ControlKind
    in_force: bool
    says: Mapping[str, Any]
    """Its settings: the risk and threshold of abstention, the coverage of sets, the method of calibration, the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardRow:
    """One row of the table."""

    hazard: Hazard
    measured: tuple[int, ...]
    """Places in the list of findings: of each measure the worst that is surely so, in the hazard's order."""
    unmeasured: tuple[str, ...]
    """Metrics that would tell and were not measured; all of them where `measured` is empty."""
    rules: tuple[tuple[str, str], ...]
    """Rules of the policy that judged these measures and their outcomes, the worst first."""
    controls: tuple[Control, ...]
    residual: int | None
    """Place of the finding that says what is left; None: not known."""


@cache
def known_hazards() -> tuple[Hazard, ...]:
    """Return the hazards of hazards.yaml."""
    text = (resources.files("primum.ethics") / "hazards.yaml").read_text(encoding="utf-8")
    return _Table.model_validate(yaml.safe_load(text)).hazards


def hazard_rows(
    findings: Sequence[Finding],
    verdict: Mapping[str, Any],
    *,
    study: Mapping[str, Any],
    trust: Mapping[str, Mapping[str, Any]],
) -> list[HazardRow]:
    """Return the hazard table of a run.

    Args:
        findings: of the run.
        verdict: verdict.json's content.
        study: the resolved study.
        trust: what was saved beside the model, by name: calibration, conformal, abstention, novelty.
    """
    return [_row(hazard, findings, verdict, study, trust) for hazard in known_hazards()]


def severity_of(study: Mapping[str, Any]) -> str | None:
    """Return the severity of harm as the study states it (intended_use.risk); None where it does not."""
    use = study.get("intended_use")
    risk = use.get("risk") if isinstance(use, Mapping) else None
    return str(risk) if risk else None


def _row(
    hazard: Hazard,
    findings: Sequence[Finding],
    verdict: Mapping[str, Any],
    study: Mapping[str, Any],
    trust: Mapping[str, Mapping[str, Any]],
) -> HazardRow:
    kind = target_kind(findings)
    fitting = [one for one in hazard.measured if kind is None or {"any", kind} & set(one.applies_to)]
    found = {one.metric: worst_of(one, findings) for one in fitting}
    metrics = {name for name, place in found.items() if place is not None}
    controls = tuple(_control(kind, study, trust) for kind in hazard.controls)
    left = hazard.residual
    in_force = left is not None and any(one.kind == left.control and one.in_force for one in controls)
    return HazardRow(
        hazard=hazard,
        measured=tuple(place for place in found.values() if place is not None),
        unmeasured=tuple(name for name, place in found.items() if place is None),
        rules=_rules(metrics, findings, verdict),
        controls=controls,
        residual=worst_of(left.where, findings) if left is not None and in_force else None,
    )


def worst_of(where: Where, findings: Sequence[Finding]) -> int | None:
    """Return the place of the worst finding that its interval shows, those with patients enough before the others."""
    fitting = [
        place
        for place, finding in enumerate(findings)
        if finding.value is not None and matches(where, finding) and (not finding.slice or finding.n >= _SMALL_CELL)
    ]
    return max(fitting, key=lambda place: (findings[place].enough, _badness(findings[place])), default=None)


def _badness(finding: Finding) -> tuple[float, float]:
    """Return how bad a finding is at least, by the end of its interval that speaks for the model; then its value."""
    value = float(finding.value or 0.0)
    low = value if finding.low is None else finding.low
    high = value if finding.high is None else finding.high
    # A gap is what the group is served worse by: above 0 it is harmed, below 0 the others are.
    direction = "lower" if finding.metric.endswith("_gap") else METRICS.get(finding.metric).direction
    if direction == "higher":
        return -high, -value
    if direction == "zero":
        return max(low, -high, 0.0), abs(value)
    return low, value


def _rules(metrics: set[str], findings: Sequence[Finding], verdict: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    judged = []
    for rule in verdict.get("rules") or ():
        places = rule.get("findings") or ()
        if any(0 <= place < len(findings) and findings[place].metric in metrics for place in places):
            judged.append((str(rule.get("rule")), str(rule.get("outcome"))))
    return tuple(sorted(judged, key=lambda one: (-SEVERITY.get(one[1], 2), one[0])))


def _control(kind: ControlKind, study: Mapping[str, Any], trust: Mapping[str, Mapping[str, Any]]) -> Control:
    saved = trust.get(kind) or {}
    if kind == "person":
        use = study.get("intended_use")
        user = str(use.get("user") or "") if isinstance(use, Mapping) else ""
        return Control(kind=kind, in_force=bool(user), says={"user": user.rstrip(".")})
    if kind == "abstention":
        threshold = saved.get("threshold")
        return Control(
            kind=kind, in_force=threshold is not None, says={"risk": saved.get("risk"), "threshold": threshold}
        )
    if kind == "calibration":
        method = (saved.get("common") or {}).get("method")
        return Control(kind=kind, in_force=method not in (None, "none"), says={"method": method})
    if kind == "conformal":
        return Control(kind=kind, in_force=bool(saved), says={"coverage": saved.get("coverage")})
    return Control(kind=kind, in_force=bool(saved), says={})
