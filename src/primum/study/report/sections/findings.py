"""Every finding, one row each, to sort and filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.i18n import compared_with, known
from primum.study.report.context import Context
from primum.study.report.methods import method_in
from primum.study.report.sections.fairness.gather import SMALLEST_CELL, worst_first, worst_key
from primum.study.report.wording import interval, number, whole

MOST_FAIRNESS = 250
"""Findings on fairness that are listed beside those that a verdict points to."""
MOST_LINKS = 6
"""Findings that the verdict names for a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One finding in words."""

    number: int
    pillar: str
    metric: str
    name: str
    about: str
    split: str
    value: str
    interval: str
    n: str
    sort_value: str
    sort_n: int
    enough: bool
    method: str


def findings_section(context: Context) -> Mapping[str, object]:
    """Return the rows of the table of findings, in the file's order so that verdicts can point to them.

    An audit of many intersections has tens of thousands of findings; those that a verdict points to are kept, and the
    worst of the others.
    """
    findings = context.run.findings
    rows = [_row(place, findings[place], context) for place in _kept(context)]
    return {
        "rows": rows,
        "splits": list(dict.fromkeys(row.split for row in rows)),
        "left": f"{len(findings) - len(rows):,}" if len(findings) > len(rows) else "",
    }


def _kept(context: Context) -> list[int]:
    """Return the places of the findings that are listed, in the file's order."""
    findings = context.run.findings
    kept = {place for place, finding in enumerate(findings) if finding.pillar != "fairness"}
    for rule in context.run.verdict.get("rules") or ():
        if isinstance(rule, Mapping):
            kept.update(worst_first(findings, rule.get("findings") or ())[:MOST_LINKS])
    fair = [place for place, finding in enumerate(findings) if finding.pillar == "fairness" and place not in kept]
    fair.sort(key=lambda place: (len(findings[place].slice) > 1, worst_key(findings[place])))
    return sorted([*kept, *fair[: max(0, MOST_FAIRNESS)]])


def _row(place: int, finding: Finding, context: Context) -> FindingRow:
    signed = finding.metric.endswith(("_gain", "_gap", "_change"))
    hidden = finding.pillar == "fairness" and finding.n < SMALLEST_CELL and bool(finding.slice)
    source = f"{method_in(context.words.lang, finding.method)} {finding.reference}".strip()
    return FindingRow(
        number=place,
        pillar=context.words.known(f"pillar.{finding.pillar}", otherwise=finding.pillar),
        metric=context.title(finding.metric),
        name=finding.metric,
        about=_about(finding, context),
        split=context.split(finding.split),
        value="·" if hidden else number(finding.value, signed=signed),
        interval="·" if hidden else interval(finding.low, finding.high, signed=signed),
        n=f"< {SMALLEST_CELL}" if hidden else whole(finding.n),
        sort_value="" if finding.value is None or hidden else repr(float(finding.value)),
        sort_n=min(finding.n, SMALLEST_CELL - 1) if hidden else finding.n,
        enough=finding.enough,
        method=source,
    )


def _versus(finding: Finding, context: Context) -> str:
    (kind, name), *more = finding.versus.items()
    told = compared_with(kind, name, context.words.lang)
    named = told != name or known(f"versus.{kind}.{name}", context.words.lang)
    return told if named and not more else context.group(finding.versus)


def _about(finding: Finding, context: Context) -> str:
    parts = []
    if finding.class_ is not None:
        parts.append(finding.class_)
    if finding.slice:
        parts.append(context.group(finding.slice))
    if finding.versus:
        parts.append(context.words("gain.versus", baseline=_versus(finding, context)))
    return " · ".join(parts) or context.words("everybody")
