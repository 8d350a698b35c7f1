"""Simultaneous intervals: how far out the ends must lie so that all slices together hold with the wanted confidence.

The largest of many standardised differences (max-t) has a distribution that depends on how the slices overlap. Under
the hypothesis that no slice differs, the overlaps follow from counts alone, so the quantile is simulated from the
counts and never from records (Hothorn, Bretz & Westfall 2008, Biometrical Journal 50(3); Westfall & Young 1993).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from primum.evidence.predictions import FloatArray
from primum.evidence.slices import Axis
from primum.later import sparse, stats

DRAWS = 10_000
"""Draws of the maximum: a 95 % quantile is then known to about one hundredth."""
MOST = 2_000
"""Most contrasts whose joint distribution is simulated; above, Sidak's bound, which is a little wider, is taken."""
_RIDGE = 1e-6
"""Added to the correlations: the two slices of a two-level attribute are one contrast twice."""


def sidak(n: int, alpha: float) -> float:
    """Return the critical value for n two-sided statements that together have confidence 1 - alpha (Sidak 1967)."""
    return float(stats.norm.isf((1 - (1 - alpha) ** (1 / max(n, 1))) / 2))


def critical_value(
    axes: Sequence[Axis], counts: Sequence[FloatArray], alpha: float, *, pairs: bool = False, seed: int = 7
) -> float:
    """Return the critical value for "slice against everybody else" over all slices and several independent metrics.

    Args:
        axes: whose slices are compared.
        counts: for each metric, how many records in its denominator every cell has, shape (n_cells,).
        alpha: how often at least one interval may miss when no slice differs.
        pairs: also cover the differences between any two slices of an axis that has more than two.
        seed: of the simulation.
    Returns:
        A value between the two-sided normal quantile of one statement and Sidak's of all.
    """
    n_contrasts = len(counts) * sum(_contrasts(len(axis), pairs) for axis in axes)
    bound = sidak(n_contrasts, alpha)
    if n_contrasts <= 1 or n_contrasts > MOST * len(counts):
        return bound
    generator = np.random.default_rng(seed)
    largest = np.zeros(DRAWS)
    factors: dict[bytes, FloatArray | None] = {}
    for of_cells in counts:
        key = of_cells.tobytes()
        if key not in factors:
            factors[key] = _factor(axes, of_cells, pairs=pairs)
        factor = factors[key]
        if factor is None:
            continue
        for start in range(0, DRAWS, 1000):
            draws = np.abs(factor @ generator.standard_normal((factor.shape[1], min(1000, DRAWS - start))))
            part = largest[start : start + 1000]
            np.maximum(part, draws.max(0), out=part)
    return float(np.clip(np.quantile(largest, 1 - alpha), stats.norm.isf(alpha / 2), bound))


def _contrasts(levels: int, pairs: bool) -> int:
    return levels + (levels * (levels - 1) // 2 if pairs and levels > 2 else 0)


def _factor(axes: Sequence[Axis], of_cells: FloatArray, *, pairs: bool) -> FloatArray | None:
    """Return a matrix whose product with independent normals has the contrasts' joint distribution; None for none.

    A contrast is the mean of one slice minus the mean of another; with independent records of equal variance the
    covariance of two contrasts is the sum over cells of count x weight x weight.
    """
    total = of_cells.sum()
    rows, constants = [], []
    for axis in axes:
        members = axis.members()
        n = members @ of_cells
        rest = total - n
        usable = np.flatnonzero((n > 0) & (rest > 0))
        rows.append(sparse.diags_array(1 / n[usable] + 1 / rest[usable]) @ members[usable])
        constants.append(-1 / rest[usable])
        if pairs and len(axis) > 2:
            present = np.flatnonzero(n > 0)
            first, second = np.triu_indices(len(present), k=1)
            scaled = sparse.diags_array(1 / n[present]) @ members[present]
            rows.append(scaled[first] - scaled[second])
            constants.append(np.zeros(len(first)))
    weights = sparse.csr_array(sparse.vstack(rows)) if rows else None
    if weights is None or weights.shape[0] == 0:
        return None
    constant = np.concatenate(constants)
    weighted = sparse.csr_array(weights @ sparse.diags_array(of_cells))
    sums = np.asarray(weighted.sum(1)).ravel()
    covariance = (weighted @ weights.T).toarray()
    covariance += np.outer(sums, constant) + np.outer(constant, sums) + total * np.outer(constant, constant)
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    correlation[np.diag_indices_from(correlation)] = 1 + _RIDGE
    factor: FloatArray = np.linalg.cholesky(correlation)
    return factor
