"""Cheap models of anything from anything: ridge regression on sparse features, always asked about held-out records."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FOLDS = 5
_PENALTY = 1.0
_STEPS = 25


def fitted(features: Any, wanted: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return weights, shape (d, k), and the mean of each column of `wanted`, shape (k,), by conjugate gradients.

    Args:
        features: sparse matrix, shape (n, d).
        wanted: shape (n, k).
    Source: Hoerl & Kennard 1970, Technometrics 12(1); Hestenes & Stiefel 1952.
    """
    mean = wanted.mean(axis=0)
    weights = np.zeros((features.shape[1], wanted.shape[1]))
    residual = features.T @ (wanted - mean)
    direction = residual.copy()
    size = (residual**2).sum(axis=0)
    start = np.maximum(size, 1e-300)
    for _ in range(_STEPS):
        if (size <= 1e-8 * start).all():
            break
        image = features.T @ (features @ direction) + _PENALTY * direction
        step = size / np.maximum((direction * image).sum(axis=0), 1e-300)
        weights += step * direction
        residual -= step * image
        following = (residual**2).sum(axis=0)
        direction = residual + following / np.maximum(size, 1e-300) * direction
        size = following
    return weights, mean


def folds_of(groups: IntArray) -> IntArray:
    """Return each record's fold by a hash of its group's number, so that a patient is in one fold; shape (n,)."""
    value = (groups.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return ((value >> np.uint64(33)) % np.uint64(FOLDS)).astype(np.int64)


def held_out(features: Any, wanted: FloatArray, folds: IntArray) -> tuple[FloatArray, list[FloatArray]]:
    """Return each record's excess score over the base rate from a model that has not seen it, and the folds' weights.

    Args:
        features: sparse matrix, shape (n, d).
        wanted: 0 or 1, shape (n, k).
        folds: shape (n,).
    Returns:
        Scores, shape (n, k): about P(class | record) minus the base rate, shrunken; weights, one (d, k) a fold.
    """
    score = np.zeros_like(wanted)
    weights: list[FloatArray] = []
    for fold in range(FOLDS):
        mine = folds == fold
        weight = fitted(features[~mine], wanted[~mine])[0] if (~mine).any() else np.zeros((features.shape[1], 1))
        weights.append(weight)
        if mine.any():
            score[mine] = features[mine] @ weight
    return score, weights
