"""Calibrating probabilities again within a slice, by maps that keep their order.

Two classes and each label: Platt 1999, log odds to slope times log odds plus intercept, slope above 0. More classes:
Guo et al. 2017, section 4.2, one temperature. Fitted by Newton's method on few numbers, with a weak pull towards no
change, so that a handful of calibration records cannot turn a probability into a certainty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray

FEWEST = 50
"""Records for a map of a slice's own."""
_PULL = 1.0
"""Strength of the pull towards slope 1 and intercept 0, in records."""
_SLOPES = (0.05, 20.0)
_EDGE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalibration:
    """Slope and intercept of each answer's log probability (classes) or log odds (labels)."""

    slopes: tuple[float, ...]
    """Above 0; the same for all classes."""
    intercepts: tuple[float, ...]

    def apply(self, probabilities: FloatArray, kind: Literal["classes", "labels"]) -> FloatArray:
        """Return the corrected probabilities, shape (n, k); rows sum to 1 for classes."""
        p = np.clip(probabilities, _EDGE, 1 - _EDGE)
        slopes, intercepts = np.array(self.slopes), np.array(self.intercepts)
        if kind == "labels":
            corrected: FloatArray = _sigmoid(slopes * (np.log(p) - np.log1p(-p)) + intercepts)
            return corrected
        scores = slopes * np.log(p) + intercepts
        scores = np.exp(scores - scores.max(1, keepdims=True))
        shares: FloatArray = scores / scores.sum(1, keepdims=True)
        return shares


def fit_recalibration(
    probabilities: FloatArray,
    truth: npt.NDArray[np.bool_],
    kind: Literal["classes", "labels"],
    *,
    otherwise: Recalibration | None = None,
) -> Recalibration:
    """Return the map fitted on these records; `otherwise` (or no change) where there are fewer than FEWEST.

    Args:
        probabilities: shape (n, k).
        truth: which classes or labels each record has, shape (n, k).
        kind: classes or labels.
        otherwise: the map for too few records.
    """
    k = truth.shape[1]
    if len(truth) < FEWEST:
        return otherwise or Recalibration(slopes=(1.0,) * k, intercepts=(0.0,) * k)
    p = np.clip(probabilities, _EDGE, 1 - _EDGE)
    if kind == "labels":
        fits = [_platt(np.log(p[:, c]) - np.log1p(-p[:, c]), truth[:, c]) for c in range(k)]
        return Recalibration(slopes=tuple(f[0] for f in fits), intercepts=tuple(f[1] for f in fits))
    if k == 2:
        slope, intercept = _platt(np.log(p[:, 1]) - np.log(p[:, 0]), truth[:, 1])
        return Recalibration(slopes=(slope, slope), intercepts=(0.0, intercept))
    slope = _inverse_temperature(np.log(p), truth)
    return Recalibration(slopes=(slope,) * k, intercepts=(0.0,) * k)


def _platt(score: FloatArray, came: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and intercept of the pulled logistic regression of `came` on `score`."""
    features = np.column_stack([score, np.ones_like(score)])
    start = np.array([1.0, 0.0])
    beta = start.copy()
    for _ in range(50):
        fitted = _sigmoid(features @ beta)
        gradient = features.T @ (fitted - came) + _PULL * (beta - start)
        curvature = (features * (fitted * (1 - fitted))[:, None]).T @ features + _PULL * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        beta = beta - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-10:
            break
    return float(np.clip(beta[0], *_SLOPES)), float(beta[1])


def _inverse_temperature(scores: FloatArray, truth: npt.NDArray[np.bool_]) -> float:
    """Return the slope of the log probabilities that makes the log loss smallest; convex in the slope."""
    slope = 1.0
    for _ in range(50):
        shares = np.exp(slope * scores - (slope * scores).max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        mean = (shares * scores).sum(1)
        gradient = float((mean - scores[truth]).sum()) + _PULL * (slope - 1.0)
        curvature = float(((shares * scores**2).sum(1) - mean**2).sum()) + _PULL
        step = float(np.clip(gradient / curvature, -0.5, 0.5))
        slope = float(np.clip(slope - step, *_SLOPES))
        if abs(step) < 1e-10:
            break
    return slope


def _sigmoid(value: FloatArray) -> FloatArray:
    result: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * value))
    return result
