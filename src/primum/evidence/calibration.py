"""Calibration within the slices of an axis: slope and intercept by logistic regression, and the binned error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray, IntArray
from primum.evidence.slices import group_sums
from primum.evidence.sums import N_BINS, bin_of

BoolArray = npt.NDArray[np.bool_]

_GRID = 2048
"""Above `_EXACT` records, probabilities are gathered into this many bins a slice, each at its mean log odds."""
_EXACT = 200_000
_STEPS = 30
_FAR = 30.0
"""Log odds beyond which a probability is as good as 0 or 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure of m slices with its interval; every array has shape (m,), NaN where it is not defined."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


def slope_and_intercept(
    probability: FloatArray, came: FloatArray, group: IntArray, m: int, *, critical: float
) -> tuple[Estimate, Estimate]:
    """Return each slice's calibration slope, and its intercept at slope 1.

    Args:
        probability: shape (n,), in [0, 1].
        came: whether it came true, 0 or 1, shape (n,).
        group: each record's slice, shape (n,).
        m: number of slices.
        critical: two-sided critical value of the intervals.
    Source: Cox 1958, Biometrika 45; intervals from the Fisher information (Wald). Where outcomes are separated by the
        probability, there is no finite slope and the figure is not defined.
    """
    with np.errstate(divide="ignore"):
        odds = np.clip(np.log(probability) - np.log1p(-probability), -_FAR, _FAR)
    weight, x, y, of = _gathered(probability, odds, came, group, m)
    a, b = np.zeros(m), np.ones(m)
    for _ in range(_STEPS):
        step, information = _newton(weight, x, y, of, m, a, b)
        a, b = a + step[0], b + step[1]
        if np.nanmax(np.abs(step), initial=0.0) < 1e-9:
            break
    slope = _estimate(b, information[1] if m else b, critical, limit=np.abs(step[1]) < 1e-4)
    alone, of_intercept = np.zeros(m), np.zeros(m)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(alone[of] + x)))
        of_intercept = group_sums(of, m, weight * p * (1 - p))
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.clip(np.bincount(of, y - weight * p, m) / of_intercept, -2, 2)
        alone = alone + np.nan_to_num(change)
        if np.nanmax(np.abs(change), initial=0.0) < 1e-9:
            break
    with np.errstate(divide="ignore"):
        intercept = _estimate(alone, 1 / of_intercept, critical, limit=np.abs(change) < 1e-4)
    return slope, intercept


def _gathered(
    probability: FloatArray, odds: FloatArray, came: FloatArray, group: IntArray, m: int
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Return weight, log odds, outcomes and slice of each record, or of each bin where there are very many records."""
    if len(odds) <= _EXACT:
        return np.ones(len(odds)), odds, came, group
    key = group * _GRID + np.minimum((probability * _GRID).astype(np.int64), _GRID - 1)
    weight = group_sums(key, m * _GRID)
    used: IntArray = np.flatnonzero(weight).astype(np.int64)
    x = group_sums(key, m * _GRID, odds)[used] / weight[used]
    return weight[used], x, group_sums(key, m * _GRID, came)[used], used // _GRID


def _newton(
    weight: FloatArray, x: FloatArray, y: FloatArray, of: IntArray, m: int, a: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return one Newton step for intercept and slope, shape (2, m), and the variances at this point, shape (2, m)."""
    p = 1 / (1 + np.exp(-np.clip(a[of] + b[of] * x, -_FAR, _FAR)))
    spread = weight * p * (1 - p)
    s0, s1, s2 = (np.bincount(of, spread * x**power, m) for power in (0, 1, 2))
    g0, g1 = np.bincount(of, y - weight * p, m), np.bincount(of, (y - weight * p) * x, m)
    determinant = s0 * s2 - s1**2
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.stack([(s2 * g0 - s1 * g1) / determinant, (s0 * g1 - s1 * g0) / determinant])
        variances = np.stack([s2 / determinant, s0 / determinant])
    return np.clip(step, -2, 2), variances


def _estimate(value: FloatArray, variance: FloatArray, critical: float, *, limit: BoolArray) -> Estimate:
    fine = limit & np.isfinite(variance) & (variance > 0) & (np.abs(value) < _FAR)
    half = critical * np.sqrt(np.where(fine, variance, np.nan))
    shown = np.where(fine, value, np.nan)
    return Estimate(value=shown, low=shown - half, high=shown + half)


def binned_errors(
    probability: FloatArray, came: FloatArray, group: IntArray, m: int, *, alpha: float, draws: int, seed: int
) -> Estimate:
    """Return each slice's expected calibration error over 15 equal bins.

    The interval is the basic one of a bootstrap of the bins' counts (a Poisson number of records in each bin, of which
    a binomial number comes true), reflected at the value because resampling adds to a calibration error.

    Source: Guo et al. 2017, ICML; Davison & Hinkley 1997, section 5.2 (basic interval).
    """
    bins = group * N_BINS + bin_of(probability)
    n, said, true = (np.bincount(bins, w, m * N_BINS).reshape(m, N_BINS) for w in (None, probability, came))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.abs(said - true).sum(1) / n.sum(1)
        mean = np.where(n > 0, said / n, 0.0)
        share = np.clip(np.where(n > 0, true / n, 0.0), 0.0, 1.0)
    generator = np.random.default_rng(seed)
    drawn = generator.poisson(n, size=(draws, m, N_BINS))
    came_true = generator.binomial(drawn, share)
    with np.errstate(divide="ignore", invalid="ignore"):
        again = np.abs(drawn * mean - came_true).sum(2) / drawn.sum(2)
    some = n.sum(1) > 0
    ends = np.full((2, m), np.nan)
    ends[:, some] = np.nanquantile(again[:, some], [alpha / 2, 1 - alpha / 2], axis=0)
    low = np.minimum(np.maximum(2 * value - ends[1], 0.0), value)
    return Estimate(value=value, low=low, high=np.maximum(2 * value - ends[0], value))
