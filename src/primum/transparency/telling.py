"""A figure of this pillar as a Finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS


def figure(
    metric: str,
    value: float,
    ends: tuple[float, float] | None,
    n: int,
    *,
    method: str,
    enough: bool,
    split: str = "test",
    versus: Mapping[str, str] | None = None,
    detail: Mapping[str, Any],
) -> Finding:
    """Return a figure with its interval, None for an exact count; the source is that of its metric."""
    return Finding(
        pillar="transparency",
        metric=metric,
        value=value,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        level=LEVEL if ends else None,
        n=n,
        versus=versus or {},
        split=split,
        enough=enough,
        method=method,
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
