"""How a figure about changed records is told: which change it is about, and on test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS


def told(
    metric: str,
    value: float,
    ends: tuple[float, float],
    n: int,
    enough: bool,
    method: str,
    name: str,
    detail: Mapping[str, Any],
) -> Finding:
    """Return the finding.

    Args:
        metric: its name.
        value: its value.
        ends: of its interval.
        n: patients.
        enough: whether these are enough to tell.
        method: of the interval.
        name: of the perturbation or search.
        detail: what else is known.
    """
    return Finding(
        pillar="safety",
        metric=metric,
        value=value,
        low=ends[0],
        high=ends[1],
        n=n,
        versus={"perturbation": name},
        split="test",
        enough=enough,
        method=method,
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
