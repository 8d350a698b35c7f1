"""Random effects: one figure from several places, how far places differ, and what a further place can expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.evidence.intervals import LEVEL
from primum.evidence.predictions import FloatArray
from primum.later import stats

LEAST_PLACES = 3
"""Fewer places tell nothing of how far places differ."""
_STEPS = 500
_DRAWS = 2000
_HALVINGS = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """What k places tell together, on the scale of their figures."""

    mean: float
    """Of the distribution that the places' true figures are drawn from."""
    low: float
    """Ends of the mean's interval."""
    high: float
    next_low: float
    """Ends of the interval in which the true figure of a further place like these lies."""
    next_high: float
    tau: float
    """Standard deviation between the places' true figures."""
    i2: float
    """Share of the spread that is not chance, in [0, 1]."""
    places: int


def pooled(values: FloatArray, variances: FloatArray) -> Pooled:
    """Return the random-effects summary of independent estimates, by restricted maximum likelihood.

    The mean's interval is Hartung and Knapp's with k - 1 degrees of freedom, never narrower than that of the weights
    alone (their factor is kept at 1 or more, as Röver, Knapp & Friede propose, since few places can agree by chance).
    The prediction interval also counts how badly few places tell how far they differ (see `next_place`). Both suppose
    estimates that are nearly normal on this scale.

    Args:
        values: shape (k,), k at least 3.
        variances: squared standard errors, above 0, shape (k,).
    Source: Hartung & Knapp 2001, Statistics in Medicine 20; Röver, Knapp & Friede 2015, BMC Med. Res. Methodol. 15:99;
        Debray et al. 2017, BMJ 356:i6460.
    """
    k = len(values)
    tau2 = between_variance(values, variances)
    weights = 1 / (variances + tau2)
    mean = float(weights @ values / weights.sum())
    factor = max(1.0, float(weights @ (values - mean) ** 2) / (k - 1))
    error2 = factor / float(weights.sum())
    half = float(stats.t.ppf((1 + LEVEL) / 2, k - 1)) * np.sqrt(error2)
    next_low, next_high = next_place(values, variances)
    q = _heterogeneity(values, variances)
    return Pooled(
        mean=mean,
        low=mean - float(half),
        high=mean + float(half),
        next_low=next_low,
        next_high=next_high,
        tau=float(np.sqrt(tau2)),
        i2=max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0,
        places=k,
    )


def next_place(values: FloatArray, variances: FloatArray, *, seed: int = 7) -> tuple[float, float]:
    """Return the interval in which the true figure of a further place lies.

    The usual interval (one estimate of the variance between places, Student's t with k - 2 degrees of freedom) held
    91 % of further places, not 95 %, with six or ten places of unequal size (benchmarks/new_place.py).
    Here the variance is drawn from what the
    places leave open, which is exact for normal estimates: at its true value Cochran's Q, with weights that count it,
    is chi-squared with k - 1 degrees of freedom, and independent of the mean. Mean and further place are normal given
    the variance. (Hartung and Knapp's error, which the source draws the mean with, is near 0 where few places agree by
    chance.)

    Args:
        values: shape (k,).
        variances: shape (k,).
        seed: of the 2,000 draws.
    Source: Nagashima, Noma & Furukawa 2019, Stat. Methods Med. Res. 28(6), with the Q profile of Viechtbauer 2007,
        Statistics in Medicine 26(1), in place of the distribution of DerSimonian and Laird's Q.
    """
    k, generator = len(values), np.random.default_rng(seed)
    even = (np.arange(_DRAWS) + 0.5) / _DRAWS  # a Latin hypercube: both are spread evenly
    spread = stats.chi2.ppf(even, k - 1)
    low, high = np.zeros(_DRAWS), np.full(_DRAWS, 1e3 * max(float(np.var(values)), float(variances.max())))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = _profile(values, variances, middle)[0] > spread
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    _, mean, weight = _profile(values, variances, low)
    drawn = mean + generator.permutation(stats.norm.ppf(even)) * np.sqrt(1 / weight + low)
    ends = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(ends[0]), float(ends[1])


def _profile(values: FloatArray, variances: FloatArray, tau2: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Q, the mean and the sum of the weights for each variance between places, shapes (draws,)."""
    w = 1 / (variances + tau2[:, None])  # (draws, k)
    total = w.sum(1)
    mean = (w @ values) / total
    return (w * (values - mean[:, None]) ** 2).sum(1), mean, total


def between_variance(values: FloatArray, variances: FloatArray) -> float:
    """Return the variance between places by restricted maximum likelihood, from DerSimonian and Laird's estimate on.

    Source: DerSimonian & Laird 1986, Controlled Clinical Trials 7(3); Viechtbauer 2005, J. Educ. Behav. Stat. 30(3).
    """
    tau2 = moment_variance(values, variances)
    for _ in range(_STEPS):
        w = 1 / (variances + tau2)
        mean = w @ values / w.sum()
        found = float((w**2 @ ((values - mean) ** 2 - variances)) / (w**2).sum() + 1 / w.sum())
        found = max(found, 0.0)
        if abs(found - tau2) < 1e-12 + 1e-9 * tau2:
            return found
        tau2 = found
    return tau2


def moment_variance(values: FloatArray, variances: FloatArray) -> float:
    """Return DerSimonian and Laird's estimate of the variance between places."""
    w = 1 / variances
    spare = float(w.sum() - (w**2).sum() / w.sum())
    return max(0.0, (_heterogeneity(values, variances) - (len(values) - 1)) / spare)


def _heterogeneity(values: FloatArray, variances: FloatArray) -> float:
    """Return Cochran's Q."""
    w = 1 / variances
    return float(w @ (values - w @ values / w.sum()) ** 2)
