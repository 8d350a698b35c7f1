"""Boxes that were left out because they surround nothing."""

from __future__ import annotations

from primum.cohort import Cohort
from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS


def box_findings(cohort: Cohort) -> list[Finding]:
    """Return how many boxes have no area; nothing where the target is none of boxes."""
    dropped = cohort.source.get("boxes_without_area")
    if dropped is None:
        return []
    return [
        Finding(
            pillar="safety",
            metric="boxes_without_area",
            value=float(dropped),
            level=None,
            n=len(cohort),
            method="count of boxes whose right edge is not right of the left one, or whose lower edge is not below the "
            "upper one; exact",
            reference=METRICS.get("boxes_without_area").reference,
        )
    ]
