"""Gaps of many slices as findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS
from primum.evidence.slices import Axis
from primum.fairness.families import Level
from primum.fairness.problems import Audited
from primum.fairness.shares import USUAL_GAP, Gaps

EVERYONE_ELSE = {"group": "everyone else"}
"""The comparison of a slice that is not one of two groups."""


def findings_of(
    audited: Audited, level: Level, metric: str, gaps: Gaps, *, class_: str | None, role: str, method: str
) -> list[Finding]:
    """Return one finding a slice; undefined gaps only of single attributes and pairs, where silence would mislead."""
    enough = gaps.enough(level.depth)
    text = method.format(slices=level.n_slices, z=level.critical)
    base = Finding(
        pillar="fairness",
        metric=metric,
        value=None,
        n=0,
        class_=class_,
        split=audited.split,
        level=None,
        method=text,
        reference=METRICS.get(metric).reference,
    )
    findings = []
    for row, (axis, index) in enumerate(level.slices()):
        known = bool(np.isfinite(gaps.value[row]))
        if not known and (level.depth == 3 or role != "headline"):
            continue
        findings.append(
            replace(
                base,
                value=float(gaps.value[row]) if known else None,
                low=float(gaps.low[row]) if known else None,
                high=float(gaps.high[row]) if known else None,
                level=0.95 if known else None,
                n=int(gaps.n[row]),
                slice=axis.slice_of(index),
                versus=versus_of(axis, index),
                enough=bool(enough[row]),
                detail=_detail(gaps, row, depth=level.depth, role=role),
            )
        )
    return findings


def versus_of(axis: Axis, index: int) -> dict[str, str]:
    """Return the comparison of a slice: the other group of two, or everyone else."""
    if axis.depth == 1 and len(axis) == 2:
        return axis.slice_of(1 - index)
    return dict(EVERYONE_ELSE)


def _detail(gaps: Gaps, row: int, *, depth: int, role: str) -> dict[str, Any]:
    wanted = gaps.needed[row]
    return {
        "slice_value": _plain(gaps.slice_value[row]),
        "versus_value": _plain(gaps.versus_value[row]),
        "versus_n": int(gaps.versus_n[row]),
        "detectable": _plain(min(gaps.detectable[row], 1.0)),
        "needed": {f"{USUAL_GAP:g}": int(wanted) if np.isfinite(wanted) else None},
        "depth": depth,
        "role": role,
    }


def _plain(value: float) -> float | None:
    """Return a number for JSON, None for what is not finite."""
    return float(value) if np.isfinite(value) else None
