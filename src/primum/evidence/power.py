"""How large a gap an audit could have seen, and how many patients it would have needed.

Both follow from the usual sample size for two shares (Fleiss, Levin & Paik 2003, Statistical Methods for Rates and
Proportions, section 4.2), with the critical value of the simultaneous intervals in place of 1.96: an audit of many
slices must see more to be as sure.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from primum.evidence.predictions import FloatArray

POWER = 0.8
"""The chance of seeing a gap that is there, by which "could have seen" is meant; the convention of trials."""
Z_POWER = NormalDist().inv_cdf(POWER)
"""The normal quantile of that chance."""
_MOST = 10_000_000
"""Where no number of patients of the slice suffices, because the others are too few."""


def detectable_gap(share: FloatArray, n: FloatArray, others: FloatArray, *, critical: float) -> FloatArray:
    """Return the smallest gap between two shares that is seen with 80 % power; 1 where even that is not, or n is 0.

    Args:
        share: the share expected of both when there is no gap, shape (m,), in [0, 1].
        n: records in the slice's denominator, shape (m,).
        others: records in the comparison's, shape (m,).
        critical: two-sided critical value of the interval that decides.
    """
    low, high = np.zeros(len(share)), np.ones(len(share))
    for _ in range(40):  # bisection to 1e-12
        middle = (low + high) / 2
        seen = _excess(middle, share, n, others, critical) >= 0
        low, high = np.where(seen, low, middle), np.where(seen, middle, high)
    return high


def needed(gap: float, share: FloatArray, others: FloatArray, *, critical: float) -> FloatArray:
    """Return how many records of a slice are needed to see a gap with 80 % power, shape (m,); NaN where none suffice.

    The comparison keeps its size, or has the slice's where that is larger.
    """
    low, high = np.zeros(len(share)), np.full(len(share), float(_MOST))
    for _ in range(50):
        middle = (low + high) / 2
        seen = _excess(np.full(len(share), gap), share, middle, np.maximum(others, middle), critical) >= 0
        low, high = np.where(seen, low, middle), np.where(seen, middle, high)
    return np.where(high > 0.99 * _MOST, np.nan, np.ceil(high))


def _excess(gap: FloatArray, share: FloatArray, n: FloatArray, others: FloatArray, critical: float) -> FloatArray:
    """Return by how much a gap exceeds what is needed to see it; negative where it cannot be seen."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = np.clip(share - gap, 0.0, 1.0)
        # A gap may also lie above a small share: the direction with less room is the one that can be seen at all.
        lower = np.where(share - gap < 0, np.clip(share + gap, 0.0, 1.0), lower)
        pooled = (n * lower + others * share) / (n + others)
        null = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / others))
        alternative = np.sqrt(lower * (1 - lower) / n + share * (1 - share) / others)
        needed_gap = critical * null + Z_POWER * alternative
        return np.where((n > 0) & (others > 0), np.nan_to_num(gap - needed_gap, nan=-1.0), -1.0)
