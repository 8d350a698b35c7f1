"""The hazard table: what can go wrong, how likely it was measured to be, what is in force against it, what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from primum.ethics.hazards import Control, HazardRow, hazard_rows, severity_of
from primum.study.report.context import Context
from primum.study.report.wording import number, percent, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One finding in words."""

    text: str
    figures: str
    enough: bool
    place: int
    """Of the finding, to point to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One hazard in words."""

    title: str
    harm: str
    measures: Sequence[Measure]
    unmeasured: str
    """The measures that are missing, in words; empty where none is."""
    rules: Sequence[tuple[str, str, str]]
    """Name, outcome and the outcome's word."""
    in_force: Sequence[str]
    not_in_force: Sequence[str]
    residual: Measure | None


def hazards_section(context: Context) -> Mapping[str, object]:
    """Return the rows of the table, those that a rule holds first, and the severity that the study states."""
    run = context.run
    trust = {
        "calibration": run.calibration,
        "conformal": run.conformal,
        "abstention": run.abstention,
        "novelty": run.novelty,
        "rules": run.rules,
    }
    rows = hazard_rows(run.findings, run.verdict, study=run.study, trust=trust)
    severity = severity_of(run.study)
    words = context.words
    stated = words("hazards.not_stated") if severity is None else words.known(f"risk.{severity}", otherwise=severity)
    return {
        "rows": [_row(row, context) for row in rows],
        "severity": stated,
        "lead": words("hazards.lead", severity=stated, measured=sum(bool(r.measured) for r in rows), all=len(rows)),
    }


def _row(row: HazardRow, context: Context) -> Row:
    words, hazard = context.words, row.hazard
    names = words.listing([context.title(metric) for metric in row.unmeasured])
    unmeasured = ""
    if row.unmeasured:
        unmeasured = words("hazards.part_unmeasured", listing=names) if row.measured else words("hazards.unmeasured")
    return Row(
        title=getattr(hazard.title, words.lang),
        harm=getattr(hazard.harm, words.lang),
        measures=[_measure(place, context) for place in row.measured],
        unmeasured=unmeasured,
        rules=[
            (name, outcome, words.known(f"hazards.outcome.{outcome}", otherwise=outcome)) for name, outcome in row.rules
        ],
        in_force=[_said(one, context) for one in row.controls if one.in_force],
        not_in_force=[words(f"hazards.without.{one.kind}") for one in row.controls if not one.in_force],
        residual=None if row.residual is None else _measure(row.residual, context),
    )


def _measure(place: int, context: Context) -> Measure:
    finding = context.run.findings[place]
    about = [finding.class_ or "", context.group(finding.slice) if finding.slice else ""]
    about += [context.split(finding.split) if finding.split else ""]
    where = " · ".join(part for part in about if part)
    signed = finding.metric.endswith(("_gap", "_transport"))
    value = number(finding.value, signed=signed)
    return Measure(
        text=context.title(finding.metric) + (f" ({where})" if where else ""),
        figures=f"{value} · {context.span(finding, signed=signed)} · n = {whole(finding.n)}",
        enough=finding.enough,
        place=place,
    )


def _said(control: Control, context: Context) -> str:
    says, words = control.says, context.words
    if control.kind == "person":
        return words("hazards.with.person", user=says["user"])
    if control.kind == "abstention":
        return words(
            "hazards.with.abstention", threshold=f"{float(says['threshold']):.3f}", risk=percent(float(says["risk"]))
        )
    if control.kind == "conformal":
        return words("hazards.with.conformal", coverage=percent(float(says["coverage"])))
    if control.kind == "calibration":
        method = str(says["method"])
        return words("hazards.with.calibration", method=words.known(f"trust.method.{method}", otherwise=method))
    return words(f"hazards.with.{control.kind}")
