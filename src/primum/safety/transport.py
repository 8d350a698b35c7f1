"""Transport: what changes when the model goes to another hospital or another time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from primum.evidence import Finding
from primum.evidence.intervals import LEVEL, mover
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray
from primum.evidence.split_names import is_external
from primum.safety.metrics import TRANSPORTED, transport_name

_METHOD = (
    "difference of two figures on different patients; interval recovered from the two intervals (Zou & Donner 2008)"
)


def transport_findings(measured: Sequence[Finding]) -> list[Finding]:
    """Return, for every figure over everybody, external minus test, for each external set and each of its sites.

    Args:
        measured: the findings on test and external; only figures of both with an interval are compared. The patients of
            the two are different ones, since no patient is in two splits.
    """
    plain = [f for f in measured if f.metric in TRANSPORTED and not f.versus and f.class_ is None]
    home = {f.metric: f for f in plain if f.split == "test" and not f.slice}
    away = [f for f in plain if is_external(f.split) and set(f.slice) <= {"site"}]
    return [_change(there, home[there.metric]) for there in away if there.metric in home]


def _change(there: Finding, here: Finding) -> Finding:
    known = None not in (there.value, there.low, there.high, here.value, here.low, here.high)
    value = low = high = None
    if known:
        value = float(there.value or 0.0) - float(here.value or 0.0)
        ends = mover(_one(there.value), (_one(there.low), _one(there.high)), _one(here.value), _pair(here))
        low, high = float(ends[0][0]), float(ends[1][0])
    metric = transport_name(there.metric)
    return Finding(
        pillar="safety",
        metric=metric,
        value=value,
        low=low,
        high=high,
        level=LEVEL if known else None,
        n=there.n,
        slice=there.slice,
        versus={"split": "test"},
        split=there.split,
        enough=there.enough and here.enough and known,
        method=_METHOD,
        reference=METRICS.get(metric).reference,
        detail={"external": there.value, "test": here.value, "versus_n": here.n},
    )


def _one(value: float | None) -> FloatArray:
    return np.array([value], dtype=np.float64)


def _pair(finding: Finding) -> tuple[FloatArray, FloatArray]:
    return _one(finding.low), _one(finding.high)
