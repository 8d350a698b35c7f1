"""Isotonic calibration: the rising steps that fit best, joined by straight lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from primum.evidence.predictions import FloatArray
from primum.later import optimize
from primum.safety.calibration.scores import BoolArray


def fit_isotonic(probability: FloatArray, came: BoolArray) -> Mapping[str, Any]:
    """Return the corners of one column's map; values stay 1 / (n + 2) away from 0 and 1, which n records cannot show.

    Args:
        probability: shape (n,).
        came: shape (n,).
    Source: Zadrozny & Elkan 2002, KDD; the distance from 0 and 1 is Laplace's rule of succession.
    """
    x, place, n = np.unique(probability, return_inverse=True, return_counts=True)
    share = np.bincount(place, came.astype(np.float64)) / n
    y = optimize.isotonic_regression(share, weights=n.astype(np.float64)).x
    edge = 1 / (len(probability) + 2)
    y = np.clip(y, edge, 1 - edge)
    corner = np.ones(len(y), dtype=bool)
    corner[1:-1] = (np.diff(y)[:-1] != 0) | (np.diff(y)[1:] != 0)
    return {"from": x[corner].tolist(), "to": y[corner].tolist()}


def apply_isotonic(numbers: Mapping[str, Any], probability: FloatArray) -> FloatArray:
    """Return one column's calibrated probabilities, shape (n,)."""
    return np.asarray(np.interp(probability, numbers["from"], numbers["to"]))
