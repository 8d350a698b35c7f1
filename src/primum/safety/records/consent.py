"""Consent: how many records have none, and for how many nobody wrote down whether they have."""

from __future__ import annotations

from primum.cohort import Cohort
from primum.evidence.finding import Finding
from primum.safety.records.told import share

_LEFT_OUT = "share of the records read that do not grant consent and were left out; Clopper and Pearson's interval"
_UNWRITTEN = "share of the records read whose consent is empty, which counts as refused; Clopper and Pearson's interval"


def consent_findings(cohort: Cohort) -> list[Finding]:
    """Return the shares left out for want of consent and without an answer; nothing when no consent column is named."""
    if cohort.roles.consent is None:
        return []
    read = int(cohort.source.get("records_read", len(cohort)))
    out = int(cohort.source.get("excluded_without_consent", 0))
    empty = int(cohort.source.get("consent_empty", 0))
    column = cohort.roles.consent.column
    return [
        share("consent_missing", empty, read, pillar="ethics", column=column, method=_UNWRITTEN),
        share("consent_refused", out - empty, read, pillar="ethics", column=column, method=_LEFT_OUT),
    ]
