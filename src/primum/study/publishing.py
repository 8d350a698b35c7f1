"""What leaves a run: its findings without the figures of groups of one to four."""

from __future__ import annotations

from collections.abc import Iterable

from primum.evidence import Finding, withheld
from primum.safety.records import RECORD_METRICS

_AS_THEY_ARE = RECORD_METRICS | {"representation", "representation_gap"}
"""Metrics that say that something is rare, which is their point, or count faults of records rather than people."""


def published(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that files, report, card and printed output may hold."""
    return withheld(findings, but=_AS_THEY_ARE)
