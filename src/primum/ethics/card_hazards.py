"""The hazard table in the card: as JSON in both languages, and as lines of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from primum.ethics.card_words import say
from primum.ethics.hazards import Control, HazardRow, hazard_rows, severity_of
from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS
from primum.i18n import translate

_NOT_MEASURED = "not measured"
_NOT_KNOWN = "not known"
_NOT_STATED = "not stated"

Line = Callable[[Finding], dict[str, Any]]


def card_hazards(
    findings: Sequence[Finding],
    verdict: Mapping[str, Any],
    *,
    study: Mapping[str, Any],
    trust: Mapping[str, Mapping[str, Any]],
    line: Line,
    lang: str = "en",
) -> list[dict[str, Any]]:
    """Return the hazard table as plain JSON.

    Args:
        findings: of the run.
        verdict: verdict.json's content.
        study: the resolved study.
        trust: what was saved beside the model, by name.
        line: how the card writes a finding.
        lang: of what the controls say, en or zh.
    """
    severity = severity_of(study) or _NOT_STATED
    rows = hazard_rows(findings, verdict, study=study, trust=trust)
    return [_as_json(row, findings, line, severity=severity, lang=lang) for row in rows]


def _as_json(row: HazardRow, findings: Sequence[Finding], line: Line, *, severity: str, lang: str) -> dict[str, Any]:
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
            {"control": one.kind, "in_force": one.in_force, "says": control_text(one, lang)} for one in row.controls
        ],
        "residual": _NOT_KNOWN if row.residual is None else told(row.residual),
    }


def control_text(control: Control, lang: str = "en") -> str:
    """Return what a control does."""
    return say(f"control.{control.kind}.{'on' if control.in_force else 'off'}", lang, **control.says)


def hazard_lines(
    hazards: Sequence[Mapping[str, Any]], figure: Callable[[Mapping[str, Any]], str], lang: str = "en"
) -> list[str]:
    """Return one line a hazard; `figure` writes a figure with its interval."""
    return [_line_of(one, figure, lang) for one in hazards]


def _about(line: Mapping[str, Any], lang: str) -> str:
    """Return what a figure is called and what it is about, e.g. "Sensitivity (Heart_Disease, external:zurich)"."""
    group = [f"{key} = {value}" for key, value in line["slice"].items()]
    parts = [*([line["class"]] if line["class"] else []), *group, *([line["split"]] if line["split"] else [])]
    title = title_of(line, lang)
    return say("hazard.about", lang, title=title, about=", ".join(parts)) if parts else title


def title_of(line: Mapping[str, Any], lang: str) -> str:
    """Return what people call the metric of one of the card's figures."""
    metric = str(line["metric"])
    return METRICS.get(metric).title[lang] if metric in METRICS else str(line["title"])


def _line_of(one: Mapping[str, Any], figure: Callable[[Mapping[str, Any]], str], lang: str) -> str:
    likelihood, residual = one["likelihood"], one["residual"]
    told = [] if isinstance(likelihood, str) else [f"{_about(x, lang)} {figure(x)}" for x in likelihood]
    told += [f"{METRICS.get(name).title[lang]} {say('not_measured', lang)}" for name in one["not_measured"]]
    rules = [
        f"{rule['rule']}{say('colon', lang)}{translate('outcome.' + rule['outcome'], lang)}" for rule in one["rules"]
    ]
    controls = [control["says"] for control in one["controls"]]
    joined = say("semicolon", lang).join
    return say(
        "hazard",
        lang,
        title=one["title"][lang],
        likelihood=joined(told),
        controls=joined([*rules, *controls]) or say("none", lang),
        residual=say("not_known", lang)
        if isinstance(residual, str)
        else f"{_about(residual, lang)} {figure(residual)}",
    )
