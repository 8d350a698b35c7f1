"""Gaps in how well each record is served, where that is a number from 0 to 1 of its own, such as an overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from primum.evidence.finding import Finding
from primum.evidence.predictions import FloatArray, Predictions
from primum.evidence.slices import MAX_DEPTH
from primum.fairness.families import ALPHA, levels_of
from primum.fairness.gap_findings import findings_of
from primum.fairness.gaps import gaps_of_mean
from primum.fairness.means import Mean
from primum.fairness.problems import audited

_METHOD = (
    "everybody else's mean minus the group's; Welch's interval, simultaneous over {slices} slices (max-t, z = {z:.2f})"
)


def quality_gap_findings(
    predictions: Predictions, qualities: Mapping[str, FloatArray], *, split: str, depth: int = MAX_DEPTH, seed: int = 7
) -> list[Finding]:
    """Return by how much each group is served worse than everybody else: `<quality>_gap`, above 0 for worse.

    The qualities share the error that an audit may make, as all gaps of one split that a policy judges do.

    Args:
        predictions: one split's, for its groups, sites and patients.
        qualities: name -> how well each record is served, 1 perfectly and 0 not at all, NaN where that is undefined,
            shape (n,).
        split: its name.
        depth: most attributes that an intersection combines.
        seed: of the simulations.
    """
    findings: list[Finding] = []
    for name, values in qualities.items():
        known = ~np.isnan(values)
        part = predictions.take(known)
        if not len(part) or not (part.groups or part.site is not None):
            continue
        table = audited(part, split=split, depth=depth, seed=seed)
        if not table.slices.axes:
            continue
        lost = Mean(metric=name, values=1.0 - values[known])
        everybody = table.slices.count(np.zeros(len(part), dtype=np.int64), 1)[:, 0]
        depths = sorted({axis.depth for axis in table.slices.axes})
        for level in levels_of(table, [everybody], alpha=ALPHA / len(qualities), depths=depths):
            gaps = gaps_of_mean(table, level, lost)
            gaps = replace(gaps, slice_value=1.0 - gaps.slice_value, versus_value=1.0 - gaps.versus_value)
            findings += findings_of(table, level, f"{name}_gap", gaps, class_=None, role="headline", method=_METHOD)
    return findings
