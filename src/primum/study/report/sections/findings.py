"""Every finding, one row each, to sort and filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.study.report.context import Context
from primum.study.report.wording import interval, number, whole


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
    """Return the rows of the table of findings, in the file's order so that verdicts can point to them."""
    rows = [_row(place, finding, context) for place, finding in enumerate(context.run.findings)]
    return {"rows": rows, "splits": list(dict.fromkeys(row.split for row in rows))}


def _row(place: int, finding: Finding, context: Context) -> FindingRow:
    signed = finding.metric.endswith(("_gain", "_gap"))
    source = f"{finding.method} {finding.reference}".strip()
    return FindingRow(
        number=place,
        pillar=context.words.known(f"pillar.{finding.pillar}", otherwise=finding.pillar),
        metric=context.title(finding.metric),
        name=finding.metric,
        about=_about(finding, context),
        split=context.split(finding.split),
        value=number(finding.value, signed=signed),
        interval=interval(finding.low, finding.high, signed=signed),
        n=whole(finding.n),
        sort_value="" if finding.value is None else repr(float(finding.value)),
        sort_n=finding.n,
        enough=finding.enough,
        method=source,
    )


def _about(finding: Finding, context: Context) -> str:
    parts = []
    if finding.class_ is not None:
        parts.append(finding.class_)
    if finding.slice:
        parts.append(context.group(finding.slice))
    if "baseline" in finding.versus:
        parts.append(context.words("gain.versus", baseline=context.baseline(finding.versus["baseline"])))
    elif finding.versus:
        parts.append(context.words("gain.versus", baseline=context.group(finding.versus)))
    return " · ".join(parts) or context.words("everybody")
