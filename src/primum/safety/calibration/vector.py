"""Vector scaling: each class's score has a slope and an intercept of its own (two classes and labels: Platt's line)."""

from __future__ import annotations

import numpy as np

from primum.evidence.predictions import FloatArray
from primum.later import optimize
from primum.safety.calibration.scores import BoolArray, sigmoid, softmax

_PULL = 1.0
"""Strength of the pull towards slope 1 and intercept 0, in records: separated classes have no finite slope."""
_SLOPES = (0.0, 20.0)


def fit_line(features: FloatArray, came: BoolArray, *, pull: float = _PULL) -> FloatArray:
    """Return slopes and the intercept of the pulled logistic regression of `came` on features, shape (q + 1,).

    Args:
        features: shape (n, q).
        came: shape (n,).
        pull: strength of the pull towards slopes 1 and intercept 0, in records.
    Source: Platt 1999, Advances in Large Margin Classifiers.
    """
    table = np.column_stack([features, np.ones(len(features))])
    start = np.append(np.ones(features.shape[1]), 0.0)
    beta = start.copy()
    for _ in range(100):
        fitted = sigmoid(table @ beta)
        gradient = table.T @ (fitted - came) + pull * (beta - start)
        curvature = (table * (fitted * (1 - fitted))[:, None]).T @ table + pull * np.eye(len(start))
        step = np.linalg.solve(curvature, gradient)
        beta = beta - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-10:
            break
    beta[:-1] = np.clip(beta[:-1], *_SLOPES)
    return beta


def fit_vector(scores: FloatArray, truth: BoolArray, *, pull: float = _PULL) -> tuple[FloatArray, FloatArray]:
    """Return slope and intercept of each class's score, shapes (k,) and (k,).

    Args:
        scores: log probabilities, shape (n, k).
        truth: shape (n, k).
        pull: as in `fit_line`.
    Source: Guo et al. 2017, ICML, section 4.2; the pull is ours.
    """
    k = scores.shape[1]
    start = np.concatenate([np.ones(k), np.zeros(k)])

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        slopes, intercepts = values[:k], values[k:]
        shares = softmax(slopes * scores + intercepts)
        away = values - start
        wrong = shares - truth
        value = -np.log(np.maximum(shares[truth], 1e-300)).sum() + 0.5 * pull * (away**2).sum()
        return float(value), np.concatenate([(wrong * scores).sum(0), wrong.sum(0)]) + pull * away

    bounds = [_SLOPES] * k + [(None, None)] * k
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    return found.x[:k], found.x[k:]
