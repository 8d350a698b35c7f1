"""Which vitals go together, so that one can stand in for another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from primum.cohort.records import VitalColumn
from primum.later import stats
from primum.transparency.overall.asking import FloatArray, absent

STRONG = 0.5
"""Association above which vitals are permuted as a group too, and accumulated local effects are to be read."""
_FEWEST = 20
"""Records that have both vitals, below which nothing is said of how they go together."""


def associations(vitals: Sequence[VitalColumn]) -> FloatArray:
    """Return how strongly each two vitals go together, 0 to 1, shape (v, v), with 1 on the diagonal.

    Numbers: the size of Spearman's rank correlation. Categories: Cramér's V, corrected for chance. A number and a
    category: the correlation ratio of the ranks, corrected for chance.
    Source: Bergsma 2013, J. Korean Stat. Soc. 42(3), for V; Kelley 1935, PNAS 21(9), for the ratio.
    """
    found = np.eye(len(vitals))
    for i, j in combinations(range(len(vitals)), 2):
        found[i, j] = found[j, i] = _association(vitals[i], vitals[j])
    return found


def groups_of(association: FloatArray) -> list[tuple[int, ...]]:
    """Return the groups of two and more that go together: average linkage, cut at STRONG."""
    if len(association) < 2:
        return []
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    distance = squareform(1.0 - association, checks=False)
    label = hierarchy.fcluster(hierarchy.linkage(distance, "average"), 1.0 - STRONG, "distance")
    groups = [tuple(np.flatnonzero(label == one).tolist()) for one in np.unique(label)]
    return sorted(group for group in groups if len(group) > 1)


def _association(a: VitalColumn, b: VitalColumn) -> float:
    there = ~(absent(a.values) | absent(b.values))
    x, y = _codes(a, there), _codes(b, there)
    if there.sum() < _FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    if a.kind == b.kind == "number":
        return abs(float(stats.spearmanr(x, y).statistic))
    if a.kind == "number":
        return _ratio(stats.rankdata(x), y.astype(np.int64))
    if b.kind == "number":
        return _ratio(stats.rankdata(y), x.astype(np.int64))
    return _cramer(x.astype(np.int64), y.astype(np.int64))


def _codes(vital: VitalColumn, there: npt.NDArray[np.bool_]) -> FloatArray:
    values = vital.values[there]
    if vital.kind == "number":
        return values.astype(np.float64)
    return np.unique(values.astype(str), return_inverse=True)[1].astype(np.float64)


def _ratio(ranks: FloatArray, level: npt.NDArray[np.int64]) -> float:
    n, k = len(ranks), int(level.max()) + 1
    if n <= k:
        return 0.0
    counts = np.bincount(level)
    means = np.bincount(level, weights=ranks) / counts
    between = float(counts @ (means - ranks.mean()) ** 2) / float(((ranks - ranks.mean()) ** 2).sum())
    return float(np.sqrt(max(0.0, 1 - (1 - between) * (n - 1) / (n - k))))


def _cramer(x: npt.NDArray[np.int64], y: npt.NDArray[np.int64]) -> float:
    table = np.zeros((int(x.max()) + 1, int(y.max()) + 1))
    np.add.at(table, (x, y), 1)
    n = table.sum()
    phi2 = float(stats.chi2_contingency(table, correction=False).statistic) / n
    r, k = table.shape
    corrected = max(0.0, phi2 - (k - 1) * (r - 1) / (n - 1))
    smaller = min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(min(1.0, corrected / smaller))) if smaller > 0 else 0.0
