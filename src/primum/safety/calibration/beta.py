"""Beta calibration: log probability and log counter-probability have a weight each, so that both ends bend alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from primum.evidence.predictions import FloatArray
from primum.safety.calibration.scores import EDGE, BoolArray, sigmoid
from primum.safety.calibration.vector import fit_line


def fit_beta(probability: FloatArray, came: BoolArray) -> Mapping[str, Any]:
    """Return the weights of one column's beta map, which never falls.

    Args:
        probability: shape (n,).
        came: shape (n,).
    Source: Kull, Silva Filho & Flach 2017, AISTATS: logistic regression on ln p and -ln(1 - p); a weight that would be
        negative is set to 0 and the other fitted again.
    """
    features = _features(probability)
    kept = [0, 1]
    line = fit_line(features, came)
    if (line[:2] <= 0).any() and not (line[:2] <= 0).all():
        kept = [int(np.argmax(line[:2]))]
        line = fit_line(features[:, kept], came)
    weights = np.zeros(2)
    weights[kept] = line[:-1]
    return {"weights": weights.tolist(), "intercept": float(line[-1])}


def apply_beta(numbers: Mapping[str, Any], probability: FloatArray) -> FloatArray:
    """Return one column's calibrated probabilities, shape (n,)."""
    return sigmoid(_features(probability) @ np.array(numbers["weights"]) + numbers["intercept"])


def _features(probability: FloatArray) -> FloatArray:
    p = np.clip(probability, EDGE, 1 - EDGE)
    return np.column_stack([np.log(p), -np.log1p(-p)])
