"""How a check of the records says what it found: one Finding, with its interval or as an exact count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from primum.evidence.finding import Finding, Pillar
from primum.evidence.intervals import LEVEL, clopper_pearson
from primum.evidence.metrics import METRICS
from primum.later import stats

SMALL = 5
"""Groups of fewer patients have no figures of their own."""


def told(
    metric: str,
    value: float | None,
    *,
    n: int,
    bounds: tuple[float, float] | None = None,
    pillar: Pillar = "safety",
    split: str | None = None,
    class_: str | None = None,
    slice_: Mapping[str, str] | None = None,
    versus: Mapping[str, str] | None = None,
    enough: bool = True,
    method: str,
    **detail: Any,
) -> Finding:
    """Return a finding about the records; without `bounds` its value is an exact count."""
    return Finding(
        pillar=pillar,
        metric=metric,
        value=None if value is None else float(value),
        low=None if bounds is None else float(bounds[0]),
        high=None if bounds is None else float(bounds[1]),
        level=None if bounds is None else LEVEL,
        n=int(n),
        slice=slice_ or {},
        versus=versus or {},
        class_=class_,
        split=split,
        enough=enough,
        method=method,
        reference=METRICS.get(metric).reference,
        detail={key: float(one) if isinstance(one, np.floating) else one for key, one in detail.items()},
    )


def share(metric: str, hits: int, n: int, **more: Any) -> Finding:
    """Return a finding on a share of n records, with Clopper and Pearson's interval."""
    bounds = clopper_pearson(hits, n) if n else (0.0, 1.0)
    return told(metric, hits / n if n else None, n=n, bounds=bounds, records=hits, **more)


def critical_of(figures: int) -> float:
    """Return the two-sided normal critical value at which so many intervals hold together (Bonferroni)."""
    return float(stats.norm.isf((1 - LEVEL) / 2 / max(figures, 1)))
