"""From a sample to the population it was drawn from: how many are unique there, and how many look like a patient.

Both are estimates by a model of how combinations of values are spread; they need the size of the population, which no
sample tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.evidence.intervals import LEVEL
from primum.evidence.predictions import FloatArray, IntArray
from primum.later import optimize, special, stats

_LARGE = 60
"""Patients of a class above whom its size in the population is taken as sample size over sampling fraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniqueness:
    """The share of a population that is unique in it."""

    value: float
    low: float | None
    """None where the fit lies at the edge of the model, so that there is no interval."""
    high: float | None


def population_uniqueness(sizes: IntArray, population: int) -> Uniqueness:
    """Return the estimated share of the population that is alone with its combination of values.

    Pitman's two-parameter model is fitted by maximum likelihood to the sizes of the classes; under it, a person is
    alone among N with probability (theta + alpha)_(N-1) / (theta + 1)_(N-1), rising factorials. The interval is by
    the delta method on the logit scale.

    Args:
        sizes: patients in each class of the sample, shape (classes,), each above 0.
        population: people in the population, at least as many as in the sample.
    Source: Pitman 1995, Probab. Theory Relat. Fields 102; Hoshino 2001, Journal of Official Statistics 17(4).
    """
    values, counts = np.unique(sizes, return_counts=True)

    def loss(at: FloatArray) -> float:
        return -_log_likelihood(*_parameters(at), values, counts)

    fits = [optimize.minimize(loss, start, method="Nelder-Mead") for start in ([-2.0, 1.0], [0.0, 3.0], [-6.0, 2.0])]
    best = min(fits, key=lambda fit: float(fit.fun)).x

    def logit(at: FloatArray) -> float:
        share = _alone(*_parameters(at), population)
        return float(share - np.log1p(-np.exp(min(share, -1e-12))))

    value = float(special.expit(logit(best)))
    error = _error(loss, logit, best)
    if error is None:
        return Uniqueness(value=value, low=None, high=None)
    half = float(stats.norm.isf((1 - LEVEL) / 2)) * error
    low, high = special.expit([logit(best) - half, logit(best) + half])
    return Uniqueness(value=value, low=float(low), high=float(high))


def _parameters(at: FloatArray) -> tuple[float, float]:
    """Return alpha in (0, 1) and theta above -alpha from two free numbers."""
    alpha = float(special.expit(np.clip(at[0], -14, 14)))
    return alpha, float(np.exp(np.clip(at[1], -20, 20))) - alpha


def _log_likelihood(alpha: float, theta: float, values: IntArray, counts: IntArray) -> float:
    n, classes = int((values * counts).sum()), int(counts.sum())
    # The product of theta + i alpha is alpha^u Gamma(theta / alpha + u) / Gamma(theta / alpha); its first factor,
    # theta, is left out on both sides so that a negative theta can be told.
    ratio = theta / alpha
    opened = (classes - 1) * np.log(alpha) + special.gammaln(ratio + classes) - special.gammaln(ratio + 1)
    seated = special.gammaln(theta + n) - special.gammaln(theta + 1)
    shared = (counts * (special.gammaln(values - alpha) - special.gammaln(1 - alpha))).sum()
    return float(opened - seated + shared)


def _alone(alpha: float, theta: float, population: int) -> float:
    """Return the logarithm of the share that is alone."""
    top = special.gammaln(theta + alpha + population - 1) - special.gammaln(theta + alpha)
    under = special.gammaln(theta + population) - special.gammaln(theta + 1)
    return float(min(top - under, -1e-12))


def _error(loss: object, figure: object, at: FloatArray, step: float = 1e-3) -> float | None:
    """Return the standard error of a figure of the parameters, or None where the likelihood is flat or at an edge."""
    assert callable(loss) and callable(figure)
    moves = step * np.eye(2)
    hessian = np.array(
        [
            [loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b) for b in moves] for a in moves
        ]
    ) / (4 * step**2)  # fmt: skip
    slope = np.array([figure(at + a) - figure(at - a) for a in moves]) / (2 * step)
    if not np.all(np.isfinite(hessian)) or np.linalg.eigvalsh(hessian)[0] < 1e-6:
        return None
    return float(np.sqrt(slope @ np.linalg.solve(hessian, slope)))


def journalist_risk(size: IntArray, population: int) -> FloatArray:
    """Return the expected chance of naming the right person of the population for each patient's record, shape (n,).

    A class of f in a sample of n from N has F in the population, negative binomial given f with the sampling fraction
    p = n / N as chance; the mean of 1 / F is p^f / f x 2F1(f, f; f + 1; 1 - p).

    Args:
        size: how many patients of the sample look like each patient, shape (n,).
        population: people in the population, at least n.
    Source: Benedetti & Franconi 1998, NTTS; Polettini 2003, CENEX-SDC report.
    """
    p = len(size) / population
    if p >= 1:
        return np.asarray(1.0 / size)
    sizes, place = np.unique(size, return_inverse=True)
    f = sizes.astype(np.float64)
    mean = p / f
    few = f <= _LARGE
    mean[few] = p ** f[few] / f[few] * special.hyp2f1(f[few], f[few], f[few] + 1, 1 - p)
    return np.asarray(mean[place])
